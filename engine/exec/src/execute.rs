//! The entry: a plan in, a world changed, a result out.

use aurak_model::event::Report;
use aurak_model::record::EndResult;
use aurak_model::{Estimate, Plan, StateDoc};

use crate::context::{Context, ExecResult};
use crate::dispatch::Dispatcher;
use crate::error::ExecError;
use crate::reporter::{Counts, Reporter};

/// Executes a plan against the state that it was made from.
///
/// Reports `Started`, everything about steps, `Stopping` and `Stalled`; `Finished` is for the caller
/// ([`Reporter::finish`]), who may have more plans to execute. Writes intents, handles, outcomes,
/// provider nodes and outputs; `Begin` and `End` are for the caller too.
///
/// Dropping the future abandons what runs; the journal knows of it.
pub async fn execute(
    context: &Context,
    plan: &Plan,
    state: &StateDoc,
    reporter: &mut Reporter,
) -> ExecResult {
    let widths = context.widths(plan);
    let estimate = Estimate::of(&plan.steps, context.limits.parallelism, &widths);
    reporter.report(Report::Started {
        operation: context.operation.clone(),
        stack: plan.stack.clone(),
        environment: plan.environment.clone(),
        steps: plan.step_infos(),
        about_ms: estimate.map(|estimate| estimate.ms),
    });
    match Dispatcher::new(plan, state, context, reporter) {
        Ok((mut dispatcher, mut receiver)) => {
            dispatcher.run(&mut receiver).await;
            dispatcher.close().await
        }
        Err(error) => refused(plan, error),
    }
}

fn refused(plan: &Plan, error: ExecError) -> ExecResult {
    ExecResult {
        end: EndResult::Failed,
        counts: Counts::default(),
        steps: vec![None; plan.steps.len()],
        findings: Vec::new(),
        error: Some(error),
    }
}
