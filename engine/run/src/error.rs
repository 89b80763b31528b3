//! Why a verb could not do its work.

use std::path::PathBuf;

use aurak_model::{Address, Diagnostic, Files, Name};
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
    /// The state was sealed with a key that is not here.
    #[error("the key of this state (`{key_id}`) is not here")]
    KeyMissing {
        /// Its id.
        key_id: String,
        /// Where its file would be.
        file: Option<PathBuf>,
    },
    /// A plan was to be saved, and a run is, or was cut off, in the middle of calls.
    #[error(
        "the plan cannot be saved: a run {} in the middle of {}",
        if *.goes_on { "is" } else { "was cut off" },
        quoted(.addresses)
    )]
    OpenCalls {
        /// What these calls were for.
        addresses: Vec<Address>,
        /// Whether that run goes on.
        goes_on: bool,
    },
    /// The state holds something that another version of a type wrote, and that this one cannot read.
    #[error("`{address}` was written by version {found} of {type_name}, and this aurak has version {ours}")]
    OtherVersion {
        /// What it is about.
        address: Address,
        /// Its type.
        type_name: Name,
        /// The version that wrote it.
        found: u32,
        /// The version that is here.
        ours: u32,
        /// Whether it is a call without an outcome, and not a row.
        open: bool,
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
            RunError::KeyMissing { file, .. } => {
                let file = file.as_ref().map_or_else(String::new, |file| {
                    format!(", or bring its file back to `{}`", file.display())
                });
                format!(
                    "give it in AURAK_KEY, or its passphrase in AURAK_PASSPHRASE{file}; `aurak state list` and \
                     `aurak state check` do without"
                )
            }
            RunError::OpenCalls { goes_on: true, .. } => "plan again when it has ended".to_string(),
            RunError::OpenCalls { goes_on: false, .. } => {
                "the next apply finds out what became of them, and a plan from before would be stale: run \
                 `aurak apply`, or drop them with `aurak state rm --attempt ADDRESS`"
                    .to_string()
            }
            RunError::OtherVersion { open: true, address, .. } => format!(
                "a call for it was cut off: run `aurak apply` of the version that began it, or drop the call with \
                 `aurak state rm --attempt '{address}'`"
            ),
            RunError::OtherVersion { open: false, .. } => {
                "use the aurak that wrote it, or a newer one".to_string()
            }
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

fn quoted(addresses: &[Address]) -> String {
    let quoted: Vec<String> = addresses.iter().map(|address| format!("`{address}`")).collect();
    quoted.join(", ")
}

fn count(findings: &[Diagnostic]) -> String {
    match findings.iter().filter(|finding| finding.is_error()).count() {
        1 => "1 error".to_string(),
        n => format!("{n} errors"),
    }
}
