//! How a provider fails: what kind of failure, and whether it changed anything.
//!
//! The engine decides by [`Class`] whether to try again and by [`Effect`] what to write down; the
//! rest is for people. A message never carries a sensitive value.

use std::time::Duration;

use aurak_model::Name;

use crate::call::Applied;

/// A call failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// What kind of failure.
    pub class: Class,
    /// Whether it changed anything.
    pub effect: Effect,
    /// What was asked and what was answered, in the service's own words. The first line stands by
    /// itself; more of them are details.
    pub message: String,
    /// The status of the answer: `409 Conflict`, `exit status 2`.
    pub status: Option<Name>,
    /// The service's code for it.
    pub code: Option<Name>,
    /// What to do about it.
    pub help: Option<String>,
}

/// What kind of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// May work when tried again.
    Transient {
        /// How long the service asks to wait.
        after: Option<Duration>,
    },
    /// Something else is going on with the object: wait and try again.
    Conflict,
    /// A create found the object already there.
    Exists {
        /// Its id.
        id: Name,
    },
    /// The object that was to be changed is not there.
    Gone,
    /// Will not work however often it is tried.
    Permanent,
}

/// Whether a failed call changed anything.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It did not.
    None,
    /// It failed by itself, and nobody can tell what it did before. It may be tried again.
    Untold,
    /// It may have: recovery must find out or ask.
    Unknown,
    /// An object is there but incomplete.
    Partial(Box<Applied>),
}

impl ProviderError {
    /// An error of a class that changed nothing.
    pub fn new(class: Class, message: impl Into<String>) -> ProviderError {
        ProviderError {
            class,
            effect: Effect::None,
            message: message.into(),
            status: None,
            code: None,
            help: None,
        }
    }

    /// One that no repetition helps against.
    pub fn permanent(message: impl Into<String>) -> ProviderError {
        ProviderError::new(Class::Permanent, message)
    }

    /// One that may be over soon.
    pub fn transient(message: impl Into<String>) -> ProviderError {
        ProviderError::new(Class::Transient { after: None }, message)
    }

    /// Something else is going on with the object.
    pub fn conflict(message: impl Into<String>) -> ProviderError {
        ProviderError::new(Class::Conflict, message)
    }

    /// The object is not there.
    pub fn gone(message: impl Into<String>) -> ProviderError {
        ProviderError::new(Class::Gone, message)
    }

    /// The object is there already.
    pub fn exists(id: impl Into<Name>, message: impl Into<String>) -> ProviderError {
        ProviderError::new(Class::Exists { id: id.into() }, message)
    }

    /// A provider was asked for a type or action that it does not have: an error in the engine or
    /// in a state of another version.
    pub fn no_such(what: &str, name: &str) -> ProviderError {
        ProviderError::permanent(format!("there is no {what} `{name}`"))
            .help("the state may come from a newer version: run the one that wrote it")
    }

    /// A provider was asked for something that it does not do.
    pub fn unsupported(what: &str, name: &str) -> ProviderError {
        ProviderError::permanent(format!("{name} does not support {what}"))
    }

    /// Says what it changed.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> ProviderError {
        self.effect = effect;
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> ProviderError {
        self.help = Some(help.into());
        self
    }

    /// Gives the status of the answer.
    #[must_use]
    pub fn status(mut self, status: impl Into<Name>) -> ProviderError {
        self.status = Some(status.into());
        self
    }

    /// Gives the service's code.
    #[must_use]
    pub fn code(mut self, code: impl Into<Name>) -> ProviderError {
        self.code = Some(code.into());
        self
    }

    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.class, Class::Transient { .. } | Class::Conflict)
    }
}
