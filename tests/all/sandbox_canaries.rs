//! What Azure gives out that is secret, and what aurak logs in with: an environment is made in the
//! sandbox, and then nothing that was written, said or shown of a process has any of it but what the
//! user asked for, and the sandbox's own world, which stands for the cloud.

use std::collections::BTreeSet;
use std::fs;

use aurak_tests::process::{Done, Folder};

use crate::AURAK;
use crate::canaries::{Guard, Watch, files};
use crate::docs::repository;

/// More that is secret than the example asks for.
const OUTPUTS: &str = r#"
  account_key: { value: "{{ account.keys.key1 }}", sensitive: true }
  node_key: { value: "{{ nodes.private_pem }}", sensitive: true }
"#;

/// A key that nodes let in.
const KEY: &str = "\nresources:\n  nodes: { type: core.private_key, algorithm: ed25519 }";

#[test]
fn secrets_of_azure_are_where_the_user_asked_for_them() {
    let mut folder = Folder::new(AURAK).unwrap();
    folder.set("AURAK_SANDBOX_SPEED", "2000");
    let example = fs::read_to_string(repository().join("examples/aks/aurak.yaml")).unwrap();
    folder.write("aurak.yaml", example.replacen("\nresources:", KEY, 1) + OUTPUTS).unwrap();
    let served = folder.root().join("served").display().to_string();
    let record = folder.root().join("record.ndjson").display().to_string();
    let guard = Guard::start();
    let mut watch = Watch::new();
    let mut said: Vec<(String, Done)> = Vec::new();
    let mut run = |folder: &Folder, code: i32, args: &[&str]| {
        let done = folder.run(args).unwrap();
        assert_eq!(done.code, Some(code), "{args:?}: {done:?}");
        let text = done.stdout.clone();
        said.push((args.join(" "), done));
        text
    };

    // What serves needs to hand out what to log in with: that is what `start` is for.
    let start = ["sandbox", "start", "--dir", &served, "--speed", "2000", "--record", &record];
    let exports = folder.run(&start).unwrap();
    assert_eq!(exports.code, Some(0), "{exports:?}");
    folder.evaluate(&exports.stdout);
    let secret =
        exports.stdout.split("AZURE_CLIENT_SECRET='").nth(1).and_then(|rest| rest.split('\'').next());
    watch.also(secret.unwrap());

    run(&folder, 2, &["plan", "--exit-code"]);
    run(&folder, 0, &["plan", "-o", "../saved.plan"]);
    run(&folder, 0, &["apply", "../saved.plan", "--json"]);
    let mut asked_for = |name: &str, from: &str, to: &str| {
        let done = folder.run(&["output", name, "--reveal"]).unwrap();
        assert_eq!(done.code, Some(0), "{name}: {done:?}");
        let after = done.stdout.split_once(from).map(|(_, after)| after).unwrap_or_default();
        let secret = after.split(to).next().unwrap_or_default().trim().to_string();
        assert!(secret.len() >= 16, "{name}: {}", done.stdout);
        watch.also(&secret);
    };
    asked_for("kubeconfig", "token:", "\n");
    asked_for("account_key", "", "\n");
    asked_for("node_key", "PRIVATE KEY-----\n", "\n");

    run(&folder, 0, &["plan", "--detail"]);
    run(&folder, 0, &["plan", "--json"]);
    run(&folder, 0, &["show", "--json"]);
    run(&folder, 0, &["show", "--detail"]);
    run(&folder, 0, &["output"]);
    run(&folder, 0, &["output", "--json"]);
    run(&folder, 1, &["output", "kubeconfig"]);
    run(&folder, 0, &["state", "show", "cluster", "--detail"]);
    run(&folder, 0, &["state", "show", "account", "--json"]);
    run(&folder, 0, &["sandbox", "log", "--dir", &served]);
    run(&folder, 0, &["apply", "--yes", "--replace", "account"]);
    run(&folder, 0, &["destroy", "--yes"]);
    run(&folder, 0, &["sandbox", "stop", "--dir", &served]);

    for (what, done) in &said {
        watch.look_at(what, done);
    }
    for path in files(folder.root()) {
        let name = path.strip_prefix(folder.root()).unwrap().display().to_string();
        if !name.starts_with("served/azure.db") {
            watch.look(&name, &fs::read(&path).unwrap());
        }
    }
    assert!(folder.root().join("served/requests.ndjson").exists());
    assert!(fs::metadata(&record).unwrap().len() > 10_000);
    for line in guard.end() {
        watch.look("the list of processes", line.as_bytes());
    }
    assert!(watch.looked_at > 60, "{}", watch.looked_at);
    assert_eq!(watch.seen, BTreeSet::new());
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}
