//! Exit codes: part of the interface, listed in `docs/reference/exit-codes.md`.

use std::process::ExitCode;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done, and there is nothing to report.
    Done,
    /// It was not done, or not all of it.
    Error,
    /// `plan --exit-code`: there are changes.
    Changes,
    /// What was approved was done, the rest needs another approval.
    NeedsApproval,
    /// It was interrupted; the state is safe.
    Interrupted,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Changes => 2,
            Exit::NeedsApproval => 4,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        exit.code().into()
    }
}
