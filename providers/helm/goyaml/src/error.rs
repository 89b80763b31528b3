//! What can go wrong, in the words of the Go programs where they have words for it.

use thiserror::Error;

use crate::limits::Exceeded;

/// Why a text was not read or a value not written.
///
/// The text of every variant but [`Error::Limit`] is what the Go program says, to the letter, since
/// charts compare and show it (`fromYaml` puts it under the key `Error`). That is why a context repeats
/// its source.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The text is not YAML, or not such as is read here.
    #[error("yaml: {}{problem}", at(.line))]
    Syntax {
        /// The line as Go counts it: from one for what the scanner finds, from zero for what the
        /// parser finds, and none where that would be zero.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
    /// The text is YAML, but has no value.
    #[error("yaml: {0}")]
    Decode(String),
    /// Keys that stand twice in a map, when read strictly.
    #[error("yaml: unmarshal errors:\n  {}", .0.join("\n  "))]
    Duplicates(Vec<String>),
    /// A key that cannot be the key of a JSON object.
    #[error("{0}")]
    Key(String),
    /// A value that JSON cannot hold, or that is not of the kind asked for.
    #[error("json: {0}")]
    Json(String),
    /// Which of two conversions the source went wrong in.
    #[error("{context}: {source}")]
    Within {
        /// The conversion.
        context: &'static str,
        /// What went wrong in it.
        source: Box<Error>,
    },
    /// More than the caller allows; no Go program says this.
    #[error("{0}")]
    Limit(#[from] Exceeded),
}

impl Error {
    pub(crate) fn within(self, context: &'static str) -> Error {
        match self {
            // A limit is ours, and says where it was reached by itself.
            Error::Limit(limit) => Error::Limit(limit),
            other => Error::Within { context, source: Box::new(other) },
        }
    }
}

fn at(line: &Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}
