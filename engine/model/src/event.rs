//! What execution reports: the only way out of it.
//!
//! Events are numbered from 0. The first is [`Report::Started`] with the whole list of steps, the
//! last is the one [`Report::Finished`]. Displays, logs and pictures are folds over this stream.

use serde::{Deserialize, Serialize};

use crate::address::{Address, Name};
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, StepId, Work};
use crate::record::{EndResult, OperationId, Slot};

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number.
    pub n: u64,
    /// Milliseconds since the run started.
    pub at_ms: u64,
    /// What happened.
    pub report: Report,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The run starts.
    Started {
        /// The run.
        operation: OperationId,
        /// The stack.
        stack: Name,
        /// The environment.
        environment: Option<Name>,
        /// All steps, by id.
        steps: Vec<StepInfo>,
        /// How long they will take in all, within the bounds of the run, where enough was learned.
        about_ms: Option<u64>,
    },
    /// A step starts.
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A step says what it waits for.
    StepProgress {
        /// Which.
        step: StepId,
        /// In its own words.
        message: String,
    },
    /// A call failed and is tried again.
    StepRetry {
        /// Which.
        step: StepId,
        /// Why it failed.
        why: String,
        /// The number of the try that follows.
        attempt: u32,
        /// In how many milliseconds.
        after_ms: u64,
    },
    /// A step ended.
    StepFinished {
        /// Which.
        step: StepId,
        /// How long it took.
        took_ms: u64,
        /// How.
        end: StepEnd,
    },
    /// Nothing moves: for each step that could, why it does not.
    Stalled {
        /// Which, and why.
        blocked: Vec<(StepId, String)>,
    },
    /// The user asked to stop.
    Stopping {
        /// Waits are given up too.
        now: bool,
    },
    /// A later plan is made for what was deferred, and its steps follow under a new `Started`.
    Replanning {
        /// What is planned now.
        blocks: Vec<Address>,
    },
    /// The run ended.
    Finished {
        /// How.
        result: EndResult,
        /// How many steps were done.
        done: u32,
        /// How many failed.
        failed: u32,
        /// How many were not started.
        skipped: u32,
    },
}

/// A step, as far as a display needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepInfo {
    /// Which.
    pub step: StepId,
    /// The resource.
    pub address: Address,
    /// The type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// What it does.
    pub verb: Verb,
    /// To which of the row's objects.
    #[serde(default)]
    pub slot: Slot,
    /// The action that it invokes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Name>,
    /// What it waits for.
    pub after: Vec<StepId>,
    /// How long it usually takes.
    pub usual_ms: Option<u64>,
}

/// What a step does, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Creates.
    Create,
    /// Updates.
    Update,
    /// Deletes.
    Delete,
    /// Forgets.
    Forget,
    /// Writes a row.
    Record,
    /// Reads.
    Read,
    /// Invokes an action.
    Invoke,
    /// Waits.
    Wait,
    /// Joins; not shown.
    Join,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// It is done.
    Done,
    /// It failed.
    Failed(Box<Diagnostic>),
    /// It was not started, because another failed or the run was stopped.
    Skipped {
        /// Why.
        why: String,
        /// The step at the root of it.
        because: Option<StepId>,
    },
    /// It was left at the service; the next run goes on with it.
    Left {
        /// What it waited for.
        why: String,
    },
}

impl Work {
    /// The word for it.
    pub fn verb(&self) -> Verb {
        match self {
            Work::Create { .. } => Verb::Create,
            Work::Update { .. } => Verb::Update,
            Work::Delete { .. } => Verb::Delete,
            Work::Forget => Verb::Forget,
            Work::Record { .. } => Verb::Record,
            Work::Read { .. } => Verb::Read,
            Work::Invoke { .. } => Verb::Invoke,
            Work::Wait { .. } => Verb::Wait,
            Work::Join => Verb::Join,
        }
    }
}

impl Plan {
    /// The steps as a display needs them.
    pub fn step_infos(&self) -> Vec<StepInfo> {
        self.steps
            .iter()
            .map(|step| StepInfo {
                step: step.id,
                address: step.address.clone(),
                type_name: step.type_name.clone(),
                verb: step.work.verb(),
                slot: step.slot,
                action: match &step.work {
                    Work::Invoke { action, .. } => Some(action.clone()),
                    _ => None,
                },
                after: step.after.clone(),
                usual_ms: step.usual_ms,
            })
            .collect()
    }
}
