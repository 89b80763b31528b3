//! Plans and events as JSON for programs: documented (`docs/reference/plan-json.md`), versioned, and
//! with nothing sensitive in it.
//!
//! These are projections, not the stored forms: what is stored may change with the engine, what is
//! promised here may only grow. Every struct of `model` is taken apart by name, so that a new field
//! cannot slip in or be forgotten unseen.

mod event;
mod plan;
mod state;
mod value;

pub use event::{EVENT_FORMAT, event};
pub use plan::{PLAN_FORMAT, plan};
pub use state::{STATE_FORMAT, row, state};
pub use value::value;

use aurak_model::span::Files;
use aurak_model::{Diagnostic, Label, Severity};
use serde_json::{Value as Json, json};

/// One object from entries; those that are null are left out.
fn object(entries: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    Json::Object(
        entries.into_iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.to_string(), v)).collect(),
    )
}

/// A message as JSON: `severity, code, summary, detail, help, address, labels [{ place, text }]`.
pub fn diagnostic(diagnostic: &Diagnostic, files: &Files) -> Json {
    let Diagnostic { severity, code, summary, detail, labels, help, address } = diagnostic;
    let labels: Vec<Json> = labels
        .iter()
        .map(|Label { span, text }| {
            json!({
                "file": files.name(span.file), "line": span.line, "column": span.col,
                "length": span.len, "text": text,
            })
        })
        .collect();
    object([
        ("severity", severity_word(*severity).into()),
        ("code", code.as_str().into()),
        ("summary", summary.as_str().into()),
        ("detail", detail.as_deref().into()),
        ("help", help.as_deref().into()),
        ("address", address.as_ref().map(aurak_model::Address::as_str).into()),
        ("labels", labels.into()),
    ])
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests;
