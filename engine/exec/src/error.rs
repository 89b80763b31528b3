//! What ends an execution early. A step that fails is no such error: it is in the result.

use aurak_model::{Diagnostic, Path};
use aurak_state::StoreError;

/// Why an execution or a recovery could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The plan contradicts itself: it was changed by hand, or the planner is wrong.
    #[error("the plan cannot be executed: {0}")]
    BadPlan(String),
    /// The right to write is gone: nothing was sent or written since.
    #[error("the lock on the state was lost while the run was under way")]
    LeaseLost(#[source] Box<StoreError>),
    /// The state could not be written. What is running at services is in the journal.
    #[error("could not write to the state")]
    Store(#[source] Box<StoreError>),
    /// Steps are left, none of them can start, and none runs.
    #[error("nothing can start any more, and {left} steps are left")]
    Stuck {
        /// How many.
        left: usize,
    },
}

impl From<StoreError> for ExecError {
    fn from(error: StoreError) -> ExecError {
        match error {
            StoreError::LeaseLost { .. } => ExecError::LeaseLost(Box::new(error)),
            other => ExecError::Store(Box::new(other)),
        }
    }
}

impl ExecError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            ExecError::BadPlan(_) => Some("make the plan again".to_string()),
            ExecError::LeaseLost(source) => Some(source.help().unwrap_or_else(|| {
                "nothing was sent or written after it was lost; run the command again, it continues from the \
                 journal"
                    .to_string()
            })),
            ExecError::Store(source) => Some(source.help().unwrap_or_else(|| {
                "nothing more was started; once the state can be written, run the command again: it continues \
                 from the journal"
                    .to_string()
            })),
            ExecError::Stuck { .. } => Some("run the command again".to_string()),
        }
    }
}

/// Why a step cannot be done: what a person reads, before it becomes a diagnostic.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// A stable word for the kind.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) help: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), detail: None, help: None }
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Failure {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// A value that does not fit, at a path of an attribute.
    pub(crate) fn shape(path: &Path, message: &str, help: Option<String>) -> Failure {
        Failure {
            code: "type",
            message: format!("`{path}` turned out to be unusable: {message}"),
            detail: Some("nothing was sent".to_string()),
            help,
        }
    }

    pub(crate) fn diagnostic(self, summary: String) -> Diagnostic {
        let Failure { code, message, detail, help } = self;
        let mut diagnostic = Diagnostic::error(code, format!("{summary}: {message}"));
        diagnostic.detail = detail;
        diagnostic.help = help;
        diagnostic
    }
}
