//! What came of a row, as a line.

use aurak_model::plan::{Action, Reason};
use aurak_model::schema::ReplaceOrder;
use aurak_model::{Diagnostic, Path, Value};
use aurak_plan::Planned;
use aurak_plan::diff::{Compare, compare, leaf_differences};

pub(crate) struct Came {
    pub(crate) text: String,
    /// The object afterwards, where it stays and changes.
    pub(crate) after: Option<Value>,
}

/// What was said before anything was planned.
pub(crate) fn refused_by_the_language(found: String) -> Came {
    Came { text: format!("error {found}"), after: None }
}

/// A finding in a line: where it is about, and why.
pub(crate) fn finding(found: &Diagnostic) -> String {
    let label = found.labels.first().map(|label| label.text.as_str()).filter(|text| !text.is_empty());
    let path = found.summary.split('`').nth(1).unwrap_or_default();
    format!("{path}: {}", found.detail.as_deref().or(label).unwrap_or(&found.summary))
}

/// What the planner says; the comparison tells what a plan has no line for.
pub(crate) fn came(planned: &Planned, comparison: &Compare<'_>) -> Came {
    if let Some(found) = planned.report.findings.first() {
        let word = if found.code == "refused" { "refused" } else { "error" };
        return Came { text: format!("{word} {}", finding(found)), after: None };
    }
    let compared = compare(comparison);
    let mut parts = Vec::new();
    let change = planned.plan.changes.first();
    let mut after = None;
    match change.map(|change| (change, change.action)) {
        None => {}
        Some((change, Action::NoOp)) if change.differences.is_empty() => {}
        Some((change, Action::Update)) => {
            parts.push(format!("update {}", paths(change.differences.iter().map(|d| &d.path))));
            after = Some(known(&compared.planned, comparison.refreshed));
        }
        Some((change, Action::Replace(order))) => {
            let because = change.reasons.iter().filter_map(because).collect::<Vec<_>>().join(", ");
            let word = match order {
                ReplaceOrder::Rotate => "rotate",
                ReplaceOrder::CreateFirst => "replace create-first",
                ReplaceOrder::DeleteFirst => "replace",
            };
            parts.push(format!("{word} because {because}"));
        }
        Some((_, action)) => parts.push(format!("{action:?}")),
    }
    if after.is_some() || parts.is_empty() {
        // What is not as asked for and yet stays is somebody else's.
        let yields = leaf_differences(Some(comparison.desired), Some(&compared.desired));
        if !yields.is_empty() {
            parts.push(format!("yields {}", paths(yields.iter().map(|d| &d.path))));
        }
        let mut renewed = Vec::new();
        unknown_at(&compared.planned, &Path::root(), &mut renewed);
        if !renewed.is_empty() {
            parts.push(format!("renews {}", paths(renewed.iter())));
        }
    }
    if !compared.unset.is_empty() && after.is_some() {
        parts.push(format!("unsets {}", paths(compared.unset.iter())));
    }
    if parts.is_empty() {
        parts.push("no change".to_string());
    }
    Came { text: parts.join("; "), after }
}

fn because(reason: &Reason) -> Option<String> {
    match reason {
        Reason::ImmutableAttribute { path } => Some(path.to_string()),
        Reason::Requested => Some("--replace".to_string()),
        _ => None,
    }
}

fn paths<'a>(paths: impl Iterator<Item = &'a Path>) -> String {
    paths.map(|path| path.to_string().replace("properties.", ".")).collect::<Vec<_>>().join(" ")
}

fn unknown_at(value: &Value, path: &Path, out: &mut Vec<Path>) {
    match value {
        Value::Unknown(_) => out.push(path.clone()),
        Value::Map(map) => {
            map.iter().for_each(|(key, value)| unknown_at(value, &path.join(key.clone()), out))
        }
        _ => {}
    }
}

/// The object once everything is known: what is computed again has some value.
fn known(planned: &Value, before: &Value) -> Value {
    match planned {
        Value::Unknown(_) => match before {
            Value::Null => Value::string("new"),
            before => before.clone(),
        },
        Value::Map(map) => Value::map(map.iter().map(|(key, value)| {
            let before = before.as_map().and_then(|map| map.get(key)).unwrap_or(&Value::Null);
            (key.clone(), known(value, before))
        })),
        value => value.clone(),
    }
}
