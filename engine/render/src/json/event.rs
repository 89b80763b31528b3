//! `aurak.event/1`: one object for each event of a run, made to be written one to a line.

use aurak_model::event::{Event, Report, StepEnd, StepInfo};
use aurak_model::record::EndResult;
use aurak_model::span::Files;
use aurak_model::{Address, StepId};
use serde_json::{Value as Json, json};

use super::{diagnostic, object};

/// The name and version of the form.
pub const EVENT_FORMAT: &str = "aurak.event/1";

/// An event.
pub fn event(event: &Event, files: &Files) -> Json {
    let Event { n, at_ms, report } = event;
    let (name, fields) = report_of(report, files);
    let mut out = serde_json::Map::new();
    out.insert("format".into(), EVENT_FORMAT.into());
    out.insert("n".into(), (*n).into());
    out.insert("at_ms".into(), (*at_ms).into());
    out.insert("event".into(), name.into());
    if let Json::Object(fields) = fields {
        out.extend(fields);
    }
    Json::Object(out)
}

fn report_of(report: &Report, files: &Files) -> (&'static str, Json) {
    match report {
        Report::Started { operation, stack, environment, steps, about_ms } => (
            "started",
            object([
                ("operation", Some(&*operation.0).filter(|id| !id.is_empty()).into()),
                ("stack", (&**stack).into()),
                ("environment", environment.as_deref().into()),
                ("steps", steps.iter().map(step_info).collect()),
                ("about_ms", (*about_ms).into()),
            ]),
        ),
        Report::StepStarted { step } => ("step_started", json!({ "step": step.0 })),
        Report::StepProgress { step, message } => {
            ("step_progress", json!({ "step": step.0, "message": message }))
        }
        Report::StepRetry { step, why, attempt, after_ms } => {
            ("step_retry", json!({ "step": step.0, "why": why, "attempt": attempt, "after_ms": after_ms }))
        }
        Report::StepFinished { step, took_ms, end } => {
            let (word, mut fields) = match end {
                StepEnd::Done => ("done", json!({})),
                StepEnd::Failed(why) => ("failed", json!({ "error": diagnostic(why, files) })),
                StepEnd::Skipped { why, because } => (
                    "skipped",
                    object([("why", why.as_str().into()), ("because", because.map(|b| b.0).into())]),
                ),
                StepEnd::Left { why } => ("left", json!({ "why": why })),
            };
            if let Json::Object(fields) = &mut fields {
                fields.insert("step".into(), step.0.into());
                fields.insert("took_ms".into(), (*took_ms).into());
                fields.insert("end".into(), word.into());
            }
            ("step_finished", fields)
        }
        Report::Stalled { blocked } => {
            let blocked: Vec<Json> =
                blocked.iter().map(|(StepId(step), why)| json!({ "step": step, "why": why })).collect();
            ("stalled", json!({ "blocked": blocked }))
        }
        Report::Stopping { now } => ("stopping", json!({ "now": now })),
        Report::Replanning { blocks } => {
            let blocks: Vec<&str> = blocks.iter().map(Address::as_str).collect();
            ("replanning", json!({ "blocks": blocks }))
        }
        Report::Finished { result, done, failed, skipped } => {
            let result = match result {
                EndResult::Done => "done",
                EndResult::Failed => "failed",
                EndResult::Interrupted => "interrupted",
                EndResult::NeedsApproval => "needs_approval",
            };
            ("finished", json!({ "result": result, "done": done, "failed": failed, "skipped": skipped }))
        }
    }
}

fn step_info(info: &StepInfo) -> Json {
    let StepInfo { step, address, type_name, verb, slot, action, after, usual_ms } = info;
    object([
        ("step", step.0.into()),
        ("address", address.as_str().into()),
        ("type", (&**type_name).into()),
        ("verb", serde_json::to_value(verb).unwrap_or_default()),
        ("slot", serde_json::to_value(slot).unwrap_or_default()),
        ("action", action.as_deref().into()),
        ("after", after.iter().map(|StepId(id)| Json::from(*id)).collect()),
        ("about_ms", (*usual_ms).into()),
    ])
}
