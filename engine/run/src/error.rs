//! Why a verb could not do its work.

use aurak_model::{Diagnostic, Files};
use aurak_state::StoreError;

use crate::file::PlanFileError;

/// A verb failed. Nothing was changed unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration or the plan has errors.
    #[error("{} found", count(.findings))]
    Findings {
        /// What is wrong, and everything else that was found.
        findings: Vec<Diagnostic>,
        /// The texts that they point into.
        files: Box<Files>,
    },
    /// The state could not be used.
    #[error("could not {doing}")]
    State {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        source: StoreError,
    },
    /// The saved plan could not be used.
    #[error("could not use the saved plan")]
    PlanFile(#[from] PlanFileError),
    /// The saved plan is stale.
    #[error("the plan is stale: {why}")]
    Stale {
        /// What moved.
        why: String,
    },
    /// There is no state yet.
    #[error("`{stack}` has no state yet{}", in_environment(.environment.as_deref()))]
    NoState {
        /// The stack.
        stack: String,
        /// The environment.
        environment: Option<String>,
    },
    /// This stack has a state under another name.
    #[error("`{stack}` has no state, but this folder holds the state of {}", .others.join(", "))]
    OtherName {
        /// The name as it is now.
        stack: String,
        /// The names that there are.
        others: Vec<String>,
    },
    /// The store at a place belongs to another stack.
    #[error("the state there belongs to `{found}`, not to `{wanted}`")]
    OthersState {
        /// Whose it is.
        found: String,
        /// Who wanted it.
        wanted: String,
    },
    /// The questions of the planner do not end.
    #[error("planning did not come to an end after {rounds} rounds of questions")]
    Endless {
        /// How many rounds.
        rounds: u32,
    },
    /// The execution could not go on.
    #[error("the run ended early")]
    Execution {
        /// Why.
        source: Box<aurak_exec::ExecError>,
    },
    /// The run was stopped before it changed anything.
    #[error("stopped; nothing was changed")]
    Stopped,
}

impl RunError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            RunError::State { source, .. } => return source.help(),
            RunError::PlanFile(error) => return error.help(),
            RunError::Stale { .. } => "plan again and review what is different".to_string(),
            RunError::NoState { .. } => "`aurak apply` makes it".to_string(),
            RunError::OtherName { .. } => {
                "if its name was changed by mistake, change it back; for a new state beside it, add `--new`"
                    .to_string()
            }
            RunError::Execution { source } => return source.help(),
            RunError::OthersState { .. } => {
                "name another place with `--state`, or use its own stack".to_string()
            }
            RunError::Endless { .. } => "this is an error in aurak; please report the stack".to_string(),
            RunError::Findings { .. } | RunError::Stopped => return None,
        })
    }
}

/// Makes an error of a store one of a verb.
pub(crate) fn state(doing: &'static str) -> impl FnOnce(StoreError) -> RunError {
    move |source| RunError::State { doing, source }
}

fn in_environment(environment: Option<&str>) -> String {
    environment.map_or_else(String::new, |environment| format!(" in the environment `{environment}`"))
}

fn count(findings: &[Diagnostic]) -> String {
    match findings.iter().filter(|finding| finding.is_error()).count() {
        1 => "1 error".to_string(),
        n => format!("{n} errors"),
    }
}
