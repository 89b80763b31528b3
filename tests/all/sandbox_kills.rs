//! Runs against a sandbox that are killed: a pool is rotated as if nothing had happened, and a cluster
//! that is being made is waited for, and not asked for twice.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aurak_state::Key;
use aurak_tests::kill::stop::{STOP, Stop, WRITES};
use aurak_tests::process::{Folder, until};
use rustix::process::Signal;
use serde_json::Value;

use crate::AURAK;
use crate::sandbox::check_shapes;
use crate::sandbox_faults::world_of;

/// Runs at once.
const AT_ONCE: usize = 3;

/// How many runs a killed one may need after it.
const MOST_RUNS: usize = 3;

const STACK: &str = r#"
aurak: 1
name: pools
inputs:
  size: { type: string, default: Standard_D2s_v5 }
providers:
  azure: {}
resources:
  group: { type: azure.resource_group, name: pools, location: westeurope }
  cluster:
    type: azure.managed_cluster
    name: c
    group: "{{ group.id }}"
    location: westeurope
    identity: { type: SystemAssigned }
    properties:
      dnsPrefix: c
      agentPoolProfiles: [{ name: system, mode: System, count: 1, vmSize: Standard_D2s_v5 }]
  pool:
    type: azure.agent_pool
    name: work
    cluster: "{{ cluster.id }}"
    properties: { mode: User, count: 2, vmSize: "{{ size }}" }
"#;

const LARGER: &[&str] = &["--sandbox", "--var", "size=Standard_D4s_v5"];

fn folder(key: &str, speed: &str) -> Folder {
    let mut folder = Folder::in_memory(AURAK).unwrap();
    folder.set("AURAK_KEY", key);
    folder.set("AURAK_SANDBOX_SPEED", speed);
    folder.write("aurak.yaml", STACK).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn run(folder: &Folder, args: &[&str]) -> Result<String, String> {
    let done = folder.run(args).map_err(|error| error.to_string())?;
    match done.code {
        Some(0) => Ok(done.stdout),
        code => Err(format!("aurak {}: {code:?}\n{}{}", args.join(" "), done.stdout, done.stderr)),
    }
}

fn world(folder: &Folder) -> Result<BTreeMap<String, Value>, String> {
    let dir = folder.path(".aurak/sandbox").display().to_string();
    world_of(&run(folder, &["sandbox", "dump", "--dir", &dir])?)
}

/// A copy of a folder in which the rotation is killed, and gone on with.
fn killed(base: &Folder, key: &str, stop: Stop) -> Result<BTreeMap<String, Value>, String> {
    let mut folder = folder(key, "3000");
    copy(&base.path(".aurak"), &folder.path(".aurak"));
    folder.set(STOP, &stop.to_string());
    let apply = [LARGER, &["apply", "--yes"]].concat();
    let done = folder.run(&apply).map_err(|error| error.to_string())?;
    if stop != Stop::Never && done.signal != Some(9) {
        return Err(format!("it was not killed\n{}{}", done.stdout, done.stderr));
    }
    folder.set(STOP, "-");
    let mut last = Ok(String::new());
    for _ in 0..MOST_RUNS {
        last = run(&folder, &apply);
        if last.is_ok() {
            break;
        }
    }
    last?;
    run(&folder, &[LARGER, &["plan", "--exit-code"]].concat())?;
    run(&folder, &["--sandbox", "state", "check"])?;
    world(&folder)
}

#[test]
fn a_pool_that_is_rotated_may_be_killed_at_each_step() {
    let key = Key::generate().unwrap().to_base64().to_string();
    let base = folder(&key, "3000");
    run(&base, &["--sandbox", "apply", "--yes"]).unwrap();
    let plan = run(&base, &[LARGER, &["plan"]].concat()).unwrap();
    assert!(plan.contains("rotate, about") && plan.contains("Standard_D2s_v5 → Standard_D4s_v5"), "{plan}");

    // How many writes it takes when nobody kills it, and what comes of it.
    let mut whole = folder(&key, "3000");
    copy(&base.path(".aurak"), &whole.path(".aurak"));
    let notes = whole.root().join("writes");
    whole.set(STOP, "-");
    whole.set(WRITES, &notes.display().to_string());
    run(&whole, &[LARGER, &["apply", "--yes"]].concat()).unwrap();
    let writes = fs::read_to_string(notes).unwrap().lines().count() as u64;
    let wanted = world(&whole).unwrap();
    check_shapes(&whole.path(".aurak/sandbox/requests.ndjson"));
    let pools: Vec<&String> = wanted.keys().filter(|id| id.contains("/agentpools/")).collect();
    assert!(writes > 8 && pools.len() == 2, "{writes} writes, {pools:?}");

    let stops: Vec<Stop> = (1..=writes).flat_map(|n| [Stop::Before(n), Stop::After(n)]).collect();
    let next = AtomicUsize::new(0);
    let failed: Mutex<Vec<String>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(stop) = stops.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let why = match killed(&base, &key, *stop) {
                        Ok(there) if there == wanted => continue,
                        Ok(there) => format!("another world came out: {there:#?}"),
                        Err(why) => why,
                    };
                    failed.lock().unwrap().push(format!("== {stop}: {why}"));
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} stops failed\n{}", failed.len(), stops.len(), failed.join("\n"));
}

#[test]
fn a_cluster_that_is_being_made_is_waited_for_and_not_made_again() {
    let key = Key::generate().unwrap().to_base64().to_string();
    // Its creation takes seconds.
    let mut folder = folder(&key, "100");
    let dir = folder.path("served").display().to_string();
    let exports = run(&folder, &["sandbox", "start", "--dir", &dir, "--speed", "100"]).unwrap();
    folder.evaluate(&exports);
    let log = |folder: &Folder| run(folder, &["sandbox", "log", "--dir", &dir, "--writes"]).unwrap();
    let puts = |text: &str| {
        let of_cluster = |line: &&str| line.contains("PUT") && line.contains("/managedClusters/c");
        text.lines().filter(of_cluster).filter(|line| !line.contains("agentPools")).count()
    };
    let running = folder.start(&["apply", "--yes"]).unwrap();
    until("the cluster is asked for", || (puts(&log(&folder)) == 1).then_some(())).unwrap();
    // What it said is to be in the journal, as what it was asked for is already.
    until("it is waited for", || {
        let shown = run(&folder, &["state", "list"]).unwrap_or_default();
        (!shown.is_empty()).then_some(())
    })
    .unwrap();
    running.signal(Signal::KILL).unwrap();
    drop(running);
    let again = run(&folder, &["apply", "--yes"]).unwrap();
    run(&folder, &["plan", "--exit-code"]).unwrap();
    let text = log(&folder);
    assert_eq!(puts(&text), 1, "{text}\n{again}");
    run(&folder, &["destroy", "--yes"]).unwrap();
    run(&folder, &["sandbox", "stop", "--dir", &dir]).unwrap();
}
