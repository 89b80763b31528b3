//! What a run reported, as lines: without times and numbers, which other tests look at.

use std::collections::BTreeMap;

use aurak_model::event::{StepInfo, Verb};
use aurak_model::plan::StepId;
use aurak_model::record::EndResult;
use aurak_model::{Event, Report, Slot, StepEnd};

/// The lines of a run, in the order of its events.
pub(crate) fn draw(events: &[Event]) -> String {
    let mut steps: BTreeMap<StepId, StepInfo> = BTreeMap::new();
    let mut lines = Vec::new();
    let name = |steps: &BTreeMap<StepId, StepInfo>, step: &StepId| match steps.get(step) {
        Some(info) => {
            let action = info.action.as_ref().map_or_else(String::new, |action| format!(" {action}"));
            let slot = if info.slot == Slot::Temporary { " (temporary)" } else { "" };
            format!("{}{action} {}{slot}", symbol(info.verb), info.address)
        }
        None => format!("step {}", step.0),
    };
    for event in events {
        match &event.report {
            Report::Started { operation: _, stack: _, environment: _, steps: all, about_ms: _ } => {
                steps = all.iter().map(|info| (info.step, info.clone())).collect();
            }
            Report::StepStarted { step: _ } | Report::StepProgress { step: _, message: _ } => {}
            Report::StepRetry { step, why, attempt: _, after_ms: _ } => {
                lines.push(format!("{}: again, because: {why}", name(&steps, step)));
            }
            Report::StepFinished { step, took_ms: _, end } => {
                if steps.get(step).is_some_and(|info| info.verb == Verb::Join) {
                    continue;
                }
                let name = name(&steps, step);
                lines.push(match end {
                    StepEnd::Done => name,
                    StepEnd::Failed(diagnostic) => format!("{name}: failed: {diagnostic}"),
                    StepEnd::Skipped { why, because: _ } => format!("{name}: skipped: {why}"),
                    StepEnd::Left { why } => format!("{name}: left: {why}"),
                });
            }
            Report::Stalled { blocked } => {
                lines.push("nothing moves:".to_string());
                lines.extend(blocked.iter().map(|(step, why)| format!("    {}: {why}", name(&steps, step))));
            }
            Report::Stopping { now } => {
                lines.push(if *now { "stopping at once" } else { "stopping" }.to_string());
            }
            Report::Replanning { blocks } => {
                let blocks: Vec<&str> = blocks.iter().map(|block| block.as_str()).collect();
                lines.push(format!("planning {}", blocks.join(", ")));
            }
            Report::Finished { result, done, failed, skipped } => {
                lines.push(format!("{}: {done} done, {failed} failed, {skipped} skipped", word(*result)));
            }
        }
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn symbol(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "+",
        Verb::Update => "~",
        Verb::Delete => "-",
        Verb::Forget => "forget",
        Verb::Record => "record",
        Verb::Read => "read",
        Verb::Invoke => "invoke",
        Verb::Wait => "wait",
        Verb::Join => "join",
    }
}

pub(crate) fn word(result: EndResult) -> &'static str {
    match result {
        EndResult::Done => "done",
        EndResult::Failed => "failed",
        EndResult::Interrupted => "interrupted",
        EndResult::NeedsApproval => "the rest needs another approval",
    }
}
