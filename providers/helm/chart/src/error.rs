//! What can go wrong, in Helm's words where Helm has words for it.

use thiserror::Error;

use crate::render::Failure;

/// Why a chart was not read or its values not computed.
#[derive(Debug, Error)]
pub enum Error {
    /// What Helm refuses too, in its words.
    #[error("{0}")]
    Refused(String),
    /// A limit of ours was reached; Helm would have gone on.
    #[error("{0}")]
    Limit(String),
    /// Where something went wrong. The context is part of Helm's message.
    #[error("{context}: {source}")]
    Within {
        /// What was being done.
        context: String,
        /// What went wrong.
        source: Box<Error>,
    },
    /// A text that is not the YAML it should be. The message has the line where there is one.
    #[error("{0}")]
    Yaml(#[from] aurak_goyaml::Error),
    /// Values that are not as a chart's `values.schema.json` wants them; a line for each place.
    #[error("{0}")]
    Schema(String),
    /// A template that could not be read or failed.
    #[error("{0}")]
    Template(Box<Failure>),
    /// A file that could not be read.
    #[error("{what}: {source}")]
    Io {
        /// What was being done with which file.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Template(Box::new(failure))
    }
}

impl Error {
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    pub(crate) fn limit(text: impl Into<String>) -> Self {
        Self::Limit(text.into())
    }

    pub(crate) fn within(self, context: impl Into<String>) -> Self {
        Self::Within { context: context.into(), source: Box::new(self) }
    }
}

/// A text as Go's `%q` prints it.
pub(crate) fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&aurak_gotemplate::strconv::quote(text.as_bytes())).into_owned()
}
