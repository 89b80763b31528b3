//! What is asked of a world and what it answers, as plain data: the same in memory and over a socket.
//!
//! Values carry no marks here; the provider guard takes them off on the way in.

use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{Applied, Class, Effect, Listed, Progress, ProviderError};
use aurak_model::record::IdempotencyKey;
use aurak_model::snapshot::{Child, Refreshed};
use aurak_model::{Address, Name, Path, Value};
use serde::{Deserialize, Serialize};

/// A way to a world.
#[async_trait]
pub trait Link: Send + Sync {
    /// Puts a request and waits for the answer.
    async fn send(&self, request: Request) -> Result<Reply, ProviderError>;
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Whose objects: an account, or the id of a cluster.
    pub world: Name,
    /// The type; for an action or an opening, the provider.
    pub type_name: Name,
    /// The resource that it is made for, where it changes something.
    pub address: Option<Address>,
    /// The key of the call, where it changes something.
    pub key: Option<IdempotencyKey>,
    /// What is asked.
    pub body: Body,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Opens a provider.
    Open {
        /// Its configuration.
        config: Value,
    },
    /// Lists a collection.
    List {
        /// Which.
        collection: Name,
    },
    /// Reads an object.
    Read {
        /// Which.
        id: Name,
    },
    /// Looks for an object.
    Find {
        /// Its natural key.
        key: Name,
    },
    /// Asks what an update would lead to.
    Preview {
        /// What it is to be.
        desired: Value,
        /// What it is.
        live: Value,
    },
    /// Asks what a composite stands for.
    Expand {
        /// Its attributes.
        desired: Value,
    },
    /// Makes an object.
    Create {
        /// Its attributes.
        desired: Value,
    },
    /// Changes one.
    Update {
        /// Which.
        id: Name,
        /// What we own of it.
        desired: Value,
        /// What is no longer ours.
        unset: Vec<Path>,
    },
    /// Deletes one.
    Delete {
        /// Which.
        id: Name,
    },
    /// Calls an action.
    Invoke {
        /// On which object.
        id: Name,
        /// Which.
        action: Name,
        /// With what.
        args: Value,
    },
    /// Asks how far a long operation is.
    Resume {
        /// Which.
        operation: Name,
    },
    /// Asks what became of an unanswered create.
    Recover,
}

/// The word for a request, in faults and in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the request of the same name")]
pub enum Op {
    Open,
    List,
    Read,
    Find,
    Preview,
    Expand,
    Create,
    Update,
    Delete,
    Invoke,
    Resume,
    Recover,
}

impl Op {
    /// Whether it asks for a change.
    pub fn writes(self) -> bool {
        matches!(self, Op::Create | Op::Update | Op::Delete | Op::Invoke)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Op::Open => "open",
            Op::List => "list",
            Op::Read => "read",
            Op::Find => "find",
            Op::Preview => "preview",
            Op::Expand => "expand",
            Op::Create => "create",
            Op::Update => "update",
            Op::Delete => "delete",
            Op::Invoke => "invoke",
            Op::Resume => "resume",
            Op::Recover => "recover",
        }
    }

    /// The request of a word.
    pub fn parse(word: &str) -> Option<Op> {
        use Op::*;
        [Open, List, Read, Find, Preview, Expand, Create, Update, Delete, Invoke, Resume, Recover]
            .into_iter()
            .find(|op| op.word() == word)
    }
}

impl Body {
    /// The word for it.
    pub fn op(&self) -> Op {
        match self {
            Body::Open { .. } => Op::Open,
            Body::List { .. } => Op::List,
            Body::Read { .. } => Op::Read,
            Body::Find { .. } => Op::Find,
            Body::Preview { .. } => Op::Preview,
            Body::Expand { .. } => Op::Expand,
            Body::Create { .. } => Op::Create,
            Body::Update { .. } => Op::Update,
            Body::Delete { .. } => Op::Delete,
            Body::Invoke { .. } => Op::Invoke,
            Body::Resume { .. } => Op::Resume,
            Body::Recover => Op::Recover,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// A provider is open; the world that its objects live in.
    Opened(Name),
    /// The objects of a collection: id, natural key, body.
    Listed(Vec<(Name, Option<Name>, Value)>),
    /// An object, or what is known of it.
    Object(Refreshed),
    /// A body.
    Previewed(Value),
    /// The parts of a composite: name, type, attributes, what comes before.
    Children(Vec<(Name, Name, Value, Vec<Name>)>),
    /// It is done.
    Done {
        /// The object's id.
        id: Name,
        /// Its body.
        attributes: Value,
    },
    /// It is gone.
    Deleted,
    /// It goes on.
    Waiting {
        /// The operation, to ask again.
        operation: Name,
        /// What is waited for.
        why: String,
        /// When to ask again, in milliseconds.
        poll_ms: u64,
    },
    /// Nobody can tell what became of it.
    Lost(String),
    /// No.
    Refused(Refusal),
}

/// A failure as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind.
    pub class: RefusalClass,
    /// Whether it took effect: unknown to the caller.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// An object that is there but incomplete: id and body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<(Name, Value)>,
    /// In words.
    pub message: String,
    /// As the service names it.
    pub code: String,
}

/// What kind of failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the class of the same name in `aurak_api::Class`")]
pub enum RefusalClass {
    Transient { after_ms: Option<u64> },
    Conflict,
    Exists { id: Name },
    Gone,
    Permanent,
}

impl Refusal {
    pub(crate) fn new(class: RefusalClass, code: &str, message: impl Into<String>) -> Refusal {
        Refusal { class, unanswered: false, partial: None, message: message.into(), code: code.to_string() }
    }

    pub(crate) fn permanent(code: &str, message: impl Into<String>) -> Refusal {
        Refusal::new(RefusalClass::Permanent, code, message)
    }
}

impl From<Refusal> for ProviderError {
    fn from(refusal: Refusal) -> ProviderError {
        let Refusal { class, unanswered, partial, message, code } = refusal;
        let status = match &class {
            RefusalClass::Transient { after_ms: Some(_) } => "429 Too Many Requests",
            RefusalClass::Transient { after_ms: None } => "503 Service Unavailable",
            RefusalClass::Conflict | RefusalClass::Exists { .. } => "409 Conflict",
            RefusalClass::Gone => "404 Not Found",
            RefusalClass::Permanent => "400 Bad Request",
        };
        let class = match class {
            RefusalClass::Transient { after_ms } => {
                Class::Transient { after: after_ms.map(Duration::from_millis) }
            }
            RefusalClass::Conflict => Class::Conflict,
            RefusalClass::Exists { id } => Class::Exists { id },
            RefusalClass::Gone => Class::Gone,
            RefusalClass::Permanent => Class::Permanent,
        };
        let effect = match partial {
            Some((id, attributes)) => Effect::Partial(Box::new(Applied { id, attributes })),
            None if unanswered => Effect::Unknown,
            None => Effect::None,
        };
        let error = ProviderError::new(class, message).effect(effect);
        // Who never got an answer saw no status.
        if unanswered { error } else { error.status(status).code(code) }
    }
}

impl Reply {
    /// The answer to a call that changes something.
    pub(crate) fn progress(self) -> Result<Progress, ProviderError> {
        Ok(match self {
            Reply::Done { id, attributes } => Progress::Done(Applied { id, attributes }),
            Reply::Deleted => Progress::Deleted,
            Reply::Waiting { operation, why, poll_ms } => Progress::Waiting {
                handle: Value::map([("operation", Value::from(operation))]),
                why,
                poll: Duration::from_millis(poll_ms),
            },
            other => return Err(other.unexpected()),
        })
    }

    pub(crate) fn object(self) -> Result<Refreshed, ProviderError> {
        match self {
            Reply::Object(refreshed) => Ok(refreshed),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn listed(self) -> Result<Vec<Listed>, ProviderError> {
        match self {
            Reply::Listed(objects) => {
                Ok(objects.into_iter().map(|(id, key, attributes)| Listed { id, key, attributes }).collect())
            }
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn children(self) -> Result<Vec<Child>, ProviderError> {
        match self {
            Reply::Children(children) => Ok(children
                .into_iter()
                .map(|(name, type_name, attributes, after)| Child { name, type_name, attributes, after })
                .collect()),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn unexpected(self) -> ProviderError {
        match self {
            Reply::Refused(refusal) => refusal.into(),
            _ => ProviderError::permanent("the world gave an answer to another question"),
        }
    }
}
