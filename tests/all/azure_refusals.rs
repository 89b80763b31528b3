//! What Azure refuses, as somebody who uses aurak sees it: in the plan where that can be known, and with
//! what Azure said and what to do where only Azure knows. See `tests/azure_refusals.yaml`.

use std::collections::BTreeMap;
use std::fs;

use aurak_tests::process::Folder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::AURAK;
use crate::docs::repository;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    refusal: String,
    #[serde(default)]
    before: BTreeMap<String, Value>,
    then: BTreeMap<String, Value>,
    at: Verb,
    says: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Plan,
    Apply,
}

/// A stack of these resources and the group.
fn stack(resources: &BTreeMap<String, Value>) -> String {
    let mut all = resources.clone();
    let group = json!({ "type": "azure.resource_group", "name": "refusals", "location": "westeurope" });
    all.insert("group".to_string(), group);
    let stack = json!({ "aurak": 1, "name": "refusals", "providers": { "azure": {} }, "resources": all });
    serde_yaml::to_string(&stack).unwrap()
}

/// Everything on one line, as no terminal folds it.
fn told(folder: &Folder, args: &[&str]) -> (Option<i32>, String) {
    let done = folder.run(&[&["--sandbox"], args].concat()).unwrap();
    let text = done.stdout + &done.stderr;
    (done.code, text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn refused(case: &Case) -> Result<(), String> {
    let mut folder = Folder::in_memory(AURAK).map_err(|error| error.to_string())?;
    folder.set("AURAK_SANDBOX_SPEED", "5000");
    let write = |resources| folder.write("aurak.yaml", stack(resources)).map_err(|error| error.to_string());
    if !case.before.is_empty() {
        write(&case.before)?;
        match told(&folder, &["apply", "--yes"]) {
            (Some(0), _) => {}
            (_, text) => return Err(format!("what comes before was refused: {text}")),
        }
    }
    write(&case.then)?;
    let (code, text) = told(&folder, &["plan"]);
    let (code, text) = match (case.at, code) {
        (Verb::Plan, _) => (code, text),
        (Verb::Apply, Some(0)) => told(&folder, &["apply", "--yes"]),
        (Verb::Apply, _) => return Err(format!("the plan was refused already: {text}")),
    };
    if code != Some(1) {
        return Err(format!("it was not refused ({code:?}): {text}"));
    }
    let mut rest = text.as_str();
    for wanted in &case.says {
        let Some((_, after)) = rest.split_once(wanted.as_str()) else {
            return Err(format!("it does not say `{wanted}`: {text}"));
        };
        rest = after;
    }
    Ok(())
}

#[test]
fn what_azure_refuses_is_told_with_what_to_do() {
    let text = fs::read_to_string(repository().join("tests/azure_refusals.yaml")).unwrap();
    let cases: Vec<Case> = serde_yaml::from_str(&text).unwrap();
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| refused(case).err().map(|why| format!("{}: {why}", case.refusal)))
        .collect();
    assert!(failed.is_empty(), "{} of {}:\n- {}\n", failed.len(), cases.len(), failed.join("\n- "));
}
