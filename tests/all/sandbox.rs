//! The sandbox as its commands serve it: in the background for any client, and for one stack with
//! `--sandbox`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aurak_tests::process::{Folder, Running, has_tool, until};
use aurak_tests::shapes::{Checked, Shapes};
use rustix::process::Signal;

use crate::AURAK;
use crate::docs::repository;

/// The example, in a folder of its own.
fn aks() -> Folder {
    let mut folder = Folder::new(AURAK).unwrap();
    folder.set("AURAK_SANDBOX_SPEED", "2000");
    fs::copy(repository().join("examples/aks/aurak.yaml"), folder.path("aurak.yaml")).unwrap();
    folder
}

/// Where the specification's shapes are, if they are at hand.
const SHAPES: &str = "../shared/reference/arm_shapes.txt";

/// What was sent to a sandbox beside what the specification of Azure lets in.
pub(crate) fn against_shapes(log: &Path) -> Option<Checked> {
    let shapes = Shapes::read(&repository().join(SHAPES))?;
    Some(shapes.check(&fs::read_to_string(log).unwrap()))
}

/// What was sent to a sandbox is what the specification of Azure lets in.
pub(crate) fn check_shapes(log: &Path) {
    let Some(Checked { bodies, misfits }) = against_shapes(log) else { return };
    assert!(bodies > 2, "{bodies} bodies in {}", log.display());
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

fn run(folder: &Folder, args: &[&str], code: i32) -> String {
    let done = folder.run(args).unwrap();
    assert_eq!(done.code, Some(code), "aurak {}\n{}{}", args.join(" "), done.stdout, done.stderr);
    assert!(!done.stdout.contains("panicked") && !done.stderr.contains("panicked"), "{}", done.stderr);
    done.stdout + &done.stderr
}

#[test]
fn an_environment_is_made_and_taken_down_in_a_sandbox_of_its_own() {
    let folder = aks();
    let plan = run(&folder, &["--sandbox", "plan", "--exit-code"], 2);
    assert!(plan.starts_with("aks") && plan.contains("sandbox: nothing of this is real"), "{plan}");
    let count = plan.lines().filter(|line| line.starts_with("+ ")).count();
    assert!(count >= 45, "{count} resources\n{plan}");
    run(&folder, &["--sandbox", "apply", "--yes"], 0);
    let again = run(&folder, &["--sandbox", "plan", "--exit-code"], 0);
    assert!(again.contains("nothing to do"), "{again}");
    let endpoint = run(&folder, &["--sandbox", "output", "endpoint"], 0);
    assert!(endpoint.contains(".hcp.westeurope.azmk8s.io"), "{endpoint}");
    let kubeconfig = run(&folder, &["--sandbox", "output", "kubeconfig", "--reveal"], 0);
    assert!(kubeconfig.starts_with("apiVersion: v1\n"), "{kubeconfig}");
    let sensitive = run(&folder, &["--sandbox", "output", "kubeconfig"], 1);
    assert!(sensitive.contains("the output `kubeconfig` is sensitive"), "{sensitive}");
    // Without the sandbox nothing of it is known.
    let state = run(&folder, &["state", "list"], 1);
    assert!(state.contains("has no state yet"), "{state}");
    run(&folder, &["--sandbox", "destroy", "--yes"], 0);
    let dir = folder.path(".aurak/sandbox");
    let emptied = run(&folder, &["sandbox", "reset", "--dir", &dir.display().to_string()], 0);
    assert!(emptied.contains("emptied: 0 resources are gone"), "{emptied}");
}

#[test]
fn the_tour_of_the_example_goes_from_nothing_to_nothing() {
    if !has_tool("curl").unwrap() {
        return;
    }
    let mut folder = aks();
    folder.set("SPEED", "2000");
    fs::copy(repository().join("examples/aks/tour.sh"), folder.path("tour.sh")).unwrap();
    let done = Running::start(folder.under(&["sh", "tour.sh"])).unwrap().end().unwrap();
    let text = done.stdout + &done.stderr;
    assert_eq!(done.code, Some(0), "{text}");
    for there in [
        "50 to create",
        "done in",
        "nothing to do; 50 as they should be",
        "TLS1_2 → TLS1_0",
        "1 to change, 1 drifted; 49 as they should be",
        "50 deleted",
        "emptied: 0 resources are gone",
    ] {
        assert!(text.contains(there), "no `{there}` in\n{text}");
    }
    assert_eq!(folder.left_behind(), Vec::<String>::new());
    check_shapes(&folder.path(".aurak/tour/requests.ndjson"));
}

#[test]
fn a_state_of_the_sandbox_never_touches_azure() {
    let mut folder = aks();
    run(&folder, &["--sandbox", "apply", "--yes", "--only", "group"], 0);
    // As if it had been made with a sandbox in the background.
    fs::rename(folder.path(".aurak/sandbox/aks"), folder.path(".aurak/aks")).unwrap();
    for (name, value) in
        [("TENANT_ID", "t"), ("CLIENT_ID", "c"), ("CLIENT_SECRET", "canary"), ("SUBSCRIPTION_ID", "s")]
    {
        folder.set(&format!("AZURE_{name}"), value);
    }
    for command in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"]] {
        let refused = run(&folder, command, 1).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(refused.contains("it was made in `azure/sandbox/"), "{refused}");
        assert!(refused.contains("but the provider `azure` is in `azure/public/t/s`"), "{refused}");
        assert!(!refused.contains("canary"), "{refused}");
    }
}

#[test]
fn what_must_not_overlap_is_no_matter_for_who_applies() {
    let folder = Folder::with_stack(
        AURAK,
        r#"
aurak: 1
name: many
providers:
  azure: {}
resources:
  group: { type: azure.resource_group, name: many, location: westeurope }
  network:
    type: azure.virtual_network
    name: many
    group: "{{ group.id }}"
    location: westeurope
    properties: { addressSpace: { addressPrefixes: [10.0.0.0/16] } }
  subnets:
    type: azure.subnet
    for_each: { s0: 0, s1: 1, s2: 2, s3: 3, s4: 4, s5: 5, s6: 6, s7: 7, s8: 8, s9: 9 }
    name: "{{ each.key }}"
    network: "{{ network.id }}"
    properties: { addressPrefix: "10.0.{{ each.value }}.0/24" }
  cluster:
    type: azure.managed_cluster
    name: c
    group: "{{ group.id }}"
    location: westeurope
    identity: { type: SystemAssigned }
    properties:
      dnsPrefix: c
      agentPoolProfiles: [{ name: system, mode: System, count: 1, vmSize: Standard_D2s_v5 }]
  pools:
    type: azure.agent_pool
    for_each: [a, b, c, d, e, f]
    name: "{{ each.key }}"
    cluster: "{{ cluster.id }}"
    properties: { mode: User, count: 1, vmSize: Standard_D2s_v5 }
"#,
    );
    let mut folder = folder.unwrap();
    folder.set("AURAK_SANDBOX_SPEED", "1000");
    for verb in ["apply", "destroy"] {
        let text = run(&folder, &["--sandbox", verb, "--yes"], 0);
        for refusal in ["AnotherOperationInProgress", "OperationNotAllowed", "Conflict", "retry"] {
            assert!(!text.contains(refusal), "{text}");
        }
    }
    // Nor is Azure bothered with what it would refuse.
    let requests = fs::read_to_string(folder.path(".aurak/sandbox/requests.ndjson")).unwrap();
    let refused = requests.lines().filter(|line| line.contains("\"status\":409"));
    assert_eq!(refused.count(), 0);
    check_shapes(&folder.path(".aurak/sandbox/requests.ndjson"));
}

#[test]
fn a_plan_is_rehearsed_in_a_copy() {
    let mut folder = aks();
    let dir = folder.path("real").display().to_string();
    let exports = run(&folder, &["sandbox", "start", "--dir", &dir, "--speed", "2000"], 0);
    folder.evaluate(&exports);
    let log = |folder: &Folder| run(folder, &["sandbox", "log", "--dir", &dir, "--writes"], 0);
    run(&folder, &["apply", "--yes"], 0);
    let change = ["--var", "services=[api, web, mail, extra]"];
    run(&folder, &[&["plan", "-o", "change.plan"], &change[..]].concat(), 0);
    let (writes, state) = (log(&folder), fs::read(folder.path(".aurak/aks/state.db")).unwrap());

    let copied = run(&folder, &["sandbox", "copy"], 0);
    assert!(copied.contains("copied: ") && copied.contains("and the state"), "{copied}");
    let same = run(&folder, &["--sandbox", "plan", "--exit-code"], 0);
    assert!(same.contains("nothing to do; 50 as they should be"), "{same}");
    run(&folder, &["--sandbox", "apply", "change.plan"], 0);
    run(&folder, &[&["--sandbox", "plan", "--exit-code"], &change[..]].concat(), 0);
    assert!(run(&folder, &["--sandbox", "state", "list"], 0).contains("files[\"extra\"]"));

    // Where it was copied from, nothing was changed.
    assert_eq!(log(&folder), writes);
    assert_eq!(fs::read(folder.path(".aurak/aks/state.db")).unwrap(), state);
    let full = run(&folder, &["sandbox", "copy"], 1);
    assert!(full.contains("`--replace` gives them up"), "{full}");
    run(&folder, &["sandbox", "copy", "--replace"], 0);
    run(&folder, &["--sandbox", "plan", "--exit-code"], 0);
    run(&folder, &["apply", "change.plan"], 0);
    run(&folder, &["sandbox", "stop", "--dir", &dir], 0);
}

#[test]
fn one_in_the_background_serves_any_client_until_it_is_stopped() {
    let folder = aks();
    let dir = folder.path("served").display().to_string();
    let at = |command: &str| ["sandbox", command, "--dir", &dir].map(str::to_string);
    let ask = |words: &[String], code: i32| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&folder, &words, code)
    };
    assert!(ask(&at("status"), 1).contains("no sandbox runs"));
    let mut start = at("start").to_vec();
    start.extend(["--speed", "2000"].map(str::to_string));
    let exports = ask(&start, 0);
    assert!(exports.lines().all(|line| line.starts_with("export A")), "{exports}");
    let mut as_json = at("env").to_vec();
    as_json.push("--json".to_string());
    let variables: BTreeMap<String, String> = serde_json::from_str(&ask(&as_json, 0)).unwrap();
    assert_eq!(variables.len(), exports.lines().count());
    assert!(ask(&start, 0).contains("a sandbox runs already"), "starting twice is no error");
    // Who serves a world keeps others from it.
    assert!(ask(&at("reset"), 1).contains("another sandbox serves the world"));

    let mut client = aks();
    for (name, value) in &variables {
        client.set(name, value);
    }
    run(&client, &["apply", "--yes"], 0);
    run(&client, &["plan", "--exit-code"], 0);
    let mut writes = at("log").to_vec();
    writes.push("--writes".to_string());
    let log = ask(&writes, 0);
    assert!(log.contains("/managedClusters/demo") && !log.contains("  GET "), "{log}");
    let secret = &variables["AZURE_CLIENT_SECRET"];
    assert!(!fs::read_to_string(folder.path("served/requests.ndjson")).unwrap().contains(secret));

    // A kill loses nothing, and a second start goes on with the same world.
    assert!(ask(&at("stop"), 0).contains("stopped; the world stays"));
    assert!(ask(&at("status"), 1).contains("no sandbox runs"));
    let again = ask(&start, 0);
    let url = again.lines().find_map(|line| line.strip_prefix("export AURAK_SANDBOX_URL=")).unwrap();
    let url = url.trim_matches('\'');
    client.set("AURAK_SANDBOX_URL", url);
    client.set("AZURE_AUTHORITY_HOST", url);
    run(&client, &["plan", "--exit-code"], 0);
    run(&client, &["destroy", "--yes"], 0);
    ask(&at("stop"), 0);
    assert!(ask(&at("reset"), 0).contains("emptied: 0 resources are gone"));
}

#[test]
fn when_the_one_that_serves_is_killed_another_goes_on_at_the_same_place() {
    let mut folder = aks();
    folder.set("AURAK_SANDBOX_SPEED", "300");
    let dir = folder.path(".aurak/sandbox").display().to_string();
    let log = folder.path(".aurak/sandbox/requests.ndjson");
    let server = ["sandbox", "start", "--foreground", "--speed", "300", "--dir", &dir];
    let server = folder.start(&server).unwrap();
    until("the sandbox serves", || server.said().0.contains("export AZURE_").then_some(())).unwrap();
    let applies = folder.start(&["--sandbox", "apply", "--yes"]).unwrap();
    let being_made = || fs::read_to_string(&log).ok().filter(|log| log.contains("/managedClusters/demo"));
    until("the cluster is being made", being_made).unwrap();
    server.signal(Signal::KILL).unwrap();
    server.end().unwrap();
    let done = applies.end().unwrap();
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    run(&folder, &["--sandbox", "plan", "--exit-code"], 0);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}
