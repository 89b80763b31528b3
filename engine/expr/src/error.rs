//! What an expression can fail with: one message, one place, one way out.

/// The place of an error that nobody has placed yet; never leaves the crate.
const UNPLACED: usize = usize::MAX;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// One line; never holds a sensitive value.
    pub message: String,
    /// The first byte of the place in the text.
    pub start: usize,
    /// The byte after the place.
    pub end: usize,
    /// What to do next.
    pub help: Option<String>,
}

/// The kinds of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no expression.
    Syntax,
    /// Nothing has this name.
    UndefinedName(String),
    /// Something was looked for in a value that does not have it.
    UndefinedAttribute,
    /// An operation does not fit its operands.
    Type,
    /// A filter, test or function does not exist or was called in the wrong way.
    Call,
    /// The scope put a question; the answer comes with the next round, so give up quietly.
    Asked,
    /// Anything else, such as a file that cannot be read.
    Other,
}

impl ExprError {
    /// An error without a place: the evaluation that meets it knows where it is.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> ExprError {
        ExprError { kind, message: message.into(), start: UNPLACED, end: UNPLACED, help: None }
    }

    /// The answer of a scope that has put a question.
    pub fn asked() -> ExprError {
        ExprError::new(ErrorKind::Asked, "an answer from outside is needed first")
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> ExprError {
        self.help = Some(help.into());
        self
    }

    /// Whether the scope put a question.
    pub fn is_asked(&self) -> bool {
        self.kind == ErrorKind::Asked
    }

    /// Puts it at a place, unless a place nearer to the cause is known.
    pub(crate) fn at(mut self, span: Place) -> ExprError {
        if self.start == UNPLACED {
            (self.start, self.end) = (span.start, span.end);
        }
        self
    }

    /// Puts it at a place, whatever place it had in another text.
    pub(crate) fn moved_to(mut self, span: Place) -> ExprError {
        (self.start, self.end) = (span.start, span.end);
        self
    }
}

/// A stretch of the text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Place {
    pub(crate) fn new(start: usize, end: usize) -> Place {
        Place { start, end: end.max(start) }
    }
}

/// Boxed inside the crate: evaluation recurses, and small results keep its frames small.
pub(crate) type Res<T> = Result<T, Box<ExprError>>;

/// Shorthands for errors that get their place from whoever called.
pub(crate) fn type_error<T>(message: impl Into<String>) -> Res<T> {
    Err(Box::new(ExprError::new(ErrorKind::Type, message)))
}

pub(crate) fn call_error<T>(message: impl Into<String>) -> Res<T> {
    Err(Box::new(ExprError::new(ErrorKind::Call, message)))
}

/// Adds a place to a result that has none.
pub(crate) trait Placed<T> {
    fn at(self, place: Place) -> Res<T>;
    fn or_help(self, help: impl FnOnce() -> String) -> Res<T>;
}

impl<T> Placed<T> for Res<T> {
    fn at(self, place: Place) -> Res<T> {
        self.map_err(|e| Box::new(e.at(place)))
    }
    fn or_help(self, help: impl FnOnce() -> String) -> Res<T> {
        self.map_err(|mut e| {
            if e.help.is_none() {
                e.help = Some(help());
            }
            e
        })
    }
}
