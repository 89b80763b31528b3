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
    /// How long the messages are of the errors that lie within this one, the innermost first. Each is
    /// an end of the message.
    within: Vec<usize>,
}

impl Error {
    /// The error of a function.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Function, message.into())
    }

    /// An error for a limit that was reached.
    #[must_use]
    pub fn limit(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Limit, message.into())
    }

    pub(crate) fn of(kind: ErrorKind, message: String) -> Self {
        Self { kind, message, within: Vec::new() }
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

    /// Says what was being done, in front of the message, as `%w` of Go does. An error for a limit stays
    /// one.
    #[must_use]
    pub fn within(mut self, what: &str) -> Self {
        self.within.push(self.message.len());
        Self { message: format!("{what}{}", self.message), ..self }
    }

    /// The messages that `errors.Unwrap` of Go would find one after another: this one, that of the error
    /// within it, and so on.
    pub fn chain(&self) -> impl Iterator<Item = &str> {
        let inner = self.within.iter().rev().filter_map(|length| {
            self.message.len().checked_sub(*length).and_then(|start| self.message.get(start..))
        });
        std::iter::once(self.message.as_str()).chain(inner)
    }

    /// As [`within`](Self::within), for an error that gets its place.
    pub(crate) fn placed(self, what: &str) -> Self {
        let kind = if self.kind == ErrorKind::Limit { ErrorKind::Limit } else { ErrorKind::Execution };
        Self { kind, message: format!("{what}{}", self.message), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
