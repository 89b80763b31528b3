//! The one error of this crate: what Go would have said, and whether one of our own limits spoke.

use std::fmt;

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no template.
    Parse,
    /// A template failed; the message says where.
    Execution,
    /// A function refused; the place is not known yet.
    Function,
    /// A limit of [`Limits`](crate::Limits) was reached; the message says which.
    Limit,
}

/// An error with the text Go has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// The error of a function.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Function, message: message.into() }
    }

    /// An error for a limit that was reached.
    #[must_use]
    pub fn limit(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Limit, message: message.into() }
    }

    pub(crate) fn of(kind: ErrorKind, message: String) -> Self {
        Self { kind, message }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Says what was being done, in front of the message. An error for a limit stays one.
    #[must_use]
    pub fn within(self, what: &str) -> Self {
        Self { kind: self.kind, message: format!("{what}{}", self.message) }
    }

    /// As [`within`](Self::within), for an error that gets its place.
    pub(crate) fn placed(self, what: &str) -> Self {
        let kind = if self.kind == ErrorKind::Limit { ErrorKind::Limit } else { ErrorKind::Execution };
        Self { kind, message: format!("{what}{}", self.message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
