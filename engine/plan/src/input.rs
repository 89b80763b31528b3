//! What goes into a planning and what comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_model::plan::Mode;
use aurak_model::{Address, Ask, AskKey, Plan, PlanReport, Program, Schemas, Snapshot, StateDoc};

/// Everything that a plan is made from. Shared, so that the many small views that expressions are
/// evaluated against can hold on to it.
#[derive(Clone)]
pub struct PlanInput {
    /// The checked configuration.
    pub program: Arc<Program>,
    /// The state as it is.
    pub previous: Arc<StateDoc>,
    /// What is known of the outside.
    pub snapshot: Arc<Snapshot>,
    /// What is known about types.
    pub schemas: Arc<Schemas>,
    /// What the user asked for.
    pub options: Options,
}

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Converge or destroy.
    pub mode: Mode,
    /// Only these and what they need: addresses, blocks or modules. Empty: everything.
    pub only: Vec<String>,
    /// Make these anew.
    pub replace: Vec<Address>,
}

impl Default for Options {
    fn default() -> Options {
        Options { mode: Mode::Apply, only: Vec::new(), replace: Vec::new() }
    }
}

/// A plan, what there is to say about it, and what has to be answered before it counts.
#[derive(Debug)]
pub struct Planned {
    /// The plan; only to be used when there are no asks and the report has no error.
    pub plan: Plan,
    /// Findings and figures.
    pub report: PlanReport,
    /// Questions that have no answer yet: answer them all, then plan again.
    pub asks: BTreeMap<AskKey, Ask>,
}
