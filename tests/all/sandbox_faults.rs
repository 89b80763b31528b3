//! An environment in a sandbox where a fifth of all requests goes wrong: whatever the luck, commands
//! that are repeated until they are done lead to one and the same world, and to an empty one in the end.
//!
//! `AURAK_FAULT_SEEDS` says how many seeds are played (tests/faults.sh plays 200), `AURAK_FAULT_SEED`
//! with which they begin.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use aurak_tests::number;
use aurak_tests::process::Folder;
use serde_json::Value;

use crate::AURAK;
use crate::docs::repository;

/// Lives at once: most of the time they wait.
const AT_ONCE: usize = 8;

/// How often a command is repeated: what the service itself failed at is for the next run.
const MOST_RUNS: usize = 12;

/// Each until it is done; what is there after the last ones is compared.
const BEFORE: &[&str] = &["apply", "--yes", "--var", "services=[api, web]"];
const AFTER: &[&str] = &["apply", "--yes", "--var", "services=[web, mail]"];
const NOTHING_LEFT: &[&str] = &["plan", "--exit-code", "--var", "services=[web, mail]"];
const END: &[&str] = &["destroy", "--yes"];

/// What differs from one world to another: drawn, counted or dated.
const OF_CHANCE: &[&str] = &[
    "clientId",
    "createdBy",
    "createdOn",
    "createdAt",
    "creationTime",
    "eTag",
    "etag",
    "fqdn",
    "azurePortalFQDN",
    "id",
    "ipAddress",
    "ipv4Address",
    "issuer",
    "issuerURL",
    "keyCreationTime",
    "key1",
    "key2",
    "lastEnabledTime",
    "lastModifiedTime",
    "nameServers",
    "nsdname",
    "host",
    "objectId",
    "principalId",
    "resourceGuid",
    "resourceId",
    "resourceUID",
    "subnet",
    "systemData",
    "tenantId",
    "uniqueId",
    "updatedBy",
    "updatedOn",
    "vnetSubnetID",
];

/// A stack, and a sandbox that serves it.
struct Life {
    folder: Folder,
    served: String,
}

impl Life {
    /// With the luck of a seed, or without any mischance.
    fn new(seed: Option<u64>) -> Result<Life, String> {
        let folder = Folder::in_memory(AURAK).map_err(|error| error.to_string())?;
        let served = folder.path("served").display().to_string();
        let mut life = Life { folder, served };
        let stack = repository().join("examples/aks/aurak.yaml");
        fs::copy(stack, life.folder.path("aurak.yaml")).map_err(|error| error.to_string())?;
        let faults = seed.map(|seed| format!("--faults={seed}:20"));
        let mut start = vec!["start", "--speed", "3000"];
        start.extend(faults.as_deref());
        let exports = life.sandbox(&start)?;
        life.folder.evaluate(&exports);
        Ok(life)
    }

    fn sandbox(&self, args: &[&str]) -> Result<String, String> {
        let args = [&["sandbox"], args, &["--dir", &self.served]].concat();
        let done = self.folder.run(&args).map_err(|error| error.to_string())?;
        match done.code {
            Some(0) => Ok(done.stdout),
            _ => Err(format!("aurak {}\n{}{}", args.join(" "), done.stdout, done.stderr)),
        }
    }

    /// Repeats a command until it is done. What goes wrong on the way is no matter, unless aurak does.
    fn until_done(&self, args: &[&str]) -> Result<(), String> {
        let mut said = String::new();
        for _ in 0..MOST_RUNS {
            // One that takes too long is killed, as a job would be; the next run goes on from there.
            let done = match self.folder.run(args) {
                Ok(done) => done,
                Err(error) => {
                    said.push_str(&format!("aurak {}: {error}\n", args.join(" ")));
                    continue;
                }
            };
            let run = format!("aurak {}\n{}{}", args.join(" "), done.stdout, done.stderr);
            if run.contains("panicked") || run.contains("this is an error in aurak") {
                return Err(format!("broken: {run}"));
            }
            if done.code == Some(0) {
                return Ok(());
            }
            said.push_str(&run);
        }
        Err(format!("not done after {MOST_RUNS} runs\n{said}"))
    }

    fn world(&self) -> Result<BTreeMap<String, Value>, String> {
        world_of(&self.sandbox(&["dump"])?)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.sandbox(&["stop"]);
    }
}

/// Everything that is in a world, without what is different in every one.
pub(crate) fn world_of(dump: &str) -> Result<BTreeMap<String, Value>, String> {
    let mut world = BTreeMap::new();
    for line in dump.lines() {
        let mut body: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let id = body["id"].as_str().unwrap_or_default().to_ascii_lowercase();
        let mut within = id.splitn(4, '/').last().unwrap_or_default().to_string();
        // Their names follow from ids that are drawn; there is one of each in what is played here.
        if let Some((before, _)) = within.split_once("/roleassignments/") {
            within = format!("{before}/roleassignments");
            body["name"] = Value::Null;
        }
        forget_chance(&mut body);
        if world.insert(within, body).is_some() {
            return Err(format!("{id} is there twice"));
        }
    }
    Ok(world)
}

fn forget_chance(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !OF_CHANCE.contains(&name.as_str()));
            map.values_mut().for_each(forget_chance);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_chance),
        // The subscription.
        Value::String(text) if text.starts_with("/subscriptions/") => {
            *text = text.splitn(4, '/').last().unwrap_or_default().to_string();
        }
        _ => {}
    }
}

/// Plays a life; what was there before its end.
fn play(seed: Option<u64>) -> Result<BTreeMap<String, Value>, String> {
    let life = Life::new(seed)?;
    life.until_done(BEFORE)?;
    life.until_done(AFTER)?;
    life.until_done(NOTHING_LEFT)?;
    let world = life.world()?;
    life.until_done(END)?;
    match life.world()?.keys().next() {
        None => Ok(world),
        Some(left) => Err(format!("{left} is left over")),
    }
}

/// Where two worlds differ.
fn difference(wanted: &BTreeMap<String, Value>, there: &BTreeMap<String, Value>) -> Option<String> {
    let ids = wanted.keys().chain(there.keys());
    ids.filter(|id| wanted.get(*id) != there.get(*id))
        .map(|id| {
            let show =
                |world: &BTreeMap<String, Value>| world.get(id).map_or("nothing".into(), Value::to_string);
            format!("{id}\n  without faults: {}\n  came out: {}", show(wanted), show(there))
        })
        .next()
}

#[test]
fn whatever_the_luck_the_world_is_the_same() {
    let (first, count) = (number("AURAK_FAULT_SEED").unwrap_or(1), number("AURAK_FAULT_SEEDS").unwrap_or(4));
    let wanted = play(None).unwrap_or_else(|why| panic!("without faults: {why}"));
    assert!(wanted.len() > 15, "{:?}", wanted.keys());
    let next = AtomicU64::new(first);
    let failed: Mutex<Vec<String>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let why = match play(Some(seed)) {
                        Ok(there) => difference(&wanted, &there),
                        Err(why) => Some(why),
                    };
                    if let Some(why) = why {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(format!("== seed {seed}: {why}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failed.is_empty(), "{} of {count} seeds failed\n{}", failed.len(), failed.join("\n"));
}
