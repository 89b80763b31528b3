//! What the planner knows of the outside: the state's rows, and answers to its questions.
//!
//! The planner never reads anything itself. It puts [`Ask`]s; `run` answers them in one batch and
//! calls it again. A failure is an answer too.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Name, ProviderAddress};
use crate::record::{Pending, ProviderRow, Row, Slot};
use crate::value::Value;

/// The state as the planner sees it: the fold of all records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateDoc {
    /// Identity of the store; a plan is bound to it.
    pub id: Name,
    /// The stack's name.
    pub stack: Name,
    /// The environment, where the stack has some.
    pub environment: Option<Name>,
    /// How many records there are: grows with every append.
    pub serial: u64,
    /// What each address holds.
    pub rows: BTreeMap<Address, Arc<Row>>,
    /// Provider nodes that rows use, as last configured.
    pub providers: BTreeMap<ProviderAddress, ProviderRow>,
    /// Outputs of the last apply.
    pub outputs: BTreeMap<Name, Value>,
    /// Intents without an outcome: what a killed run may or may not have done.
    pub pending: Vec<Pending>,
    /// Overrides in force.
    pub overrides: Vec<Override>,
    /// How long operations took, in milliseconds, by address and by type: `create group`,
    /// `create azure.resource_group`.
    pub durations: BTreeMap<Name, u64>,
}

/// A value that stands above the configuration until it is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// The resource.
    pub address: Address,
    /// The attribute.
    pub path: crate::Path,
    /// Its value.
    pub value: Value,
    /// Who asked for it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// A provider node with its configuration, for a question or a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderNode {
    /// Its address.
    pub address: ProviderAddress,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// Its configuration; in a plan it may hold unknown parts.
    pub config: Value,
    /// The resources that its world comes from: what it made dies with these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Address>,
}

impl ProviderNode {
    /// Tells nodes apart, for the time of one plan.
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.address.hash(&mut hasher);
        format!("{:?}", self.config.reveal()).hash(&mut hasher);
        hasher.finish()
    }
}

/// A question of the planner.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// The text of a file, relative to the stack's folder.
    File(Name),
    /// The files that match, relative to the stack's folder.
    Glob(Name),
    /// An environment variable.
    Env(Name),
    /// What a row's object looks like now. Put only where the prefetch could not know: the
    /// provider's configuration differs from the recorded one, or the object is `existing`.
    Read {
        /// The instance that wants to know.
        address: Address,
        /// Which of its objects.
        slot: Slot,
        /// The type.
        type_name: Name,
        /// Whom to ask.
        provider: ProviderNode,
        /// The provider's id of the object.
        id: Name,
        /// The world that it was made in, where that is recorded.
        world: Option<Name>,
        /// The attributes as last known, which some providers read with.
        last: Value,
        /// With what is read on use.
        whole: bool,
    },
    /// Whether an object with this natural key is there already.
    Find {
        /// The instance that wants to know.
        address: Address,
        /// Which of its objects.
        slot: Slot,
        /// The type.
        type_name: Name,
        /// Whom to ask.
        provider: ProviderNode,
        /// The natural key.
        key: Name,
        /// The collection that would list it.
        collection: Option<Name>,
        /// The attributes that it is to have.
        planned: Value,
    },
    /// What an update would lead to, as the service sees it.
    Preview {
        /// The instance.
        address: Address,
        /// The type.
        type_name: Name,
        /// Whom to ask.
        provider: ProviderNode,
        /// What it is to be.
        desired: Value,
        /// What it is.
        live: Value,
    },
    /// The resources that a composite stands for.
    Expand {
        /// The composite.
        address: Address,
        /// Its type.
        type_name: Name,
        /// Whom to ask.
        provider: ProviderNode,
        /// Its attributes.
        desired: Value,
    },
}

/// The name of a question: two questions with the same key have the same answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskKey {
    /// See [`Ask::File`].
    File(Name),
    /// See [`Ask::Glob`].
    Glob(Name),
    /// See [`Ask::Env`].
    Env(Name),
    /// See [`Ask::Read`]; by the object's id and who is asked, as an object is looked for where it was and
    /// where it would be now.
    Read(Address, Slot, Name, u64),
    /// See [`Ask::Find`]; by the natural key.
    Find(Address, Slot, Name),
    /// See [`Ask::Preview`]; counted, because it may be put three times for an address.
    Preview(Address, u8),
    /// See [`Ask::Expand`]; counted likewise.
    Expand(Address, u8),
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A file's text.
    File(Arc<str>),
    /// Paths.
    Glob(Vec<Name>),
    /// A variable's value, or that it is not set.
    Env(Option<Name>),
    /// What was read or found.
    Object(Refreshed),
    /// What a preview led to, and for which question.
    Preview {
        /// The question's desired value, to see whether the answer still fits.
        desired: Value,
        /// The attributes afterwards.
        planned: Value,
    },
    /// A composite's parts, and for which question.
    Children {
        /// The question's desired value, to see whether the answer still fits.
        desired: Value,
        /// The parts.
        children: Vec<Child>,
    },
    /// The object was made in another world than the one that the provider reaches; both are named.
    Elsewhere(String),
    /// It could not be answered, and why.
    Failed(String),
}

/// A part of a composite.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// What follows the `/` in its address.
    pub name: Name,
    /// Its type.
    pub type_name: Name,
    /// Its attributes.
    pub attributes: Value,
    /// Names of other parts that come before it.
    pub after: Vec<Name>,
}

/// What a provider says about an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refreshed {
    /// It is there.
    Found {
        /// The provider's id.
        id: Name,
        /// Its whole body.
        attributes: Value,
    },
    /// It is not there.
    Absent,
    /// It is there but cannot be read just now, such as what lives in a stopped cluster.
    Asleep(String),
    /// It could not be read.
    Unreadable(String),
    /// Several objects fit a natural key; their ids.
    Ambiguous(Vec<Name>),
}

/// All that is known of the outside in a round of planning.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The current objects of rows, as the prefetch read them with the recorded providers. A row
    /// that is missing here was not read (its type says so, or it has no object).
    pub rows: BTreeMap<Address, Refreshed>,
    /// Those of them that could not be read because their recorded provider leads to where they are not, or
    /// nowhere: another one may reach them.
    pub astray: BTreeSet<Address>,
    /// Answers so far.
    pub answers: BTreeMap<AskKey, Answer>,
}

impl Ask {
    /// The question's name; `count` tells the tries of a preview or an expansion apart.
    pub fn key(&self, count: u8) -> AskKey {
        match self {
            Ask::File(path) => AskKey::File(path.clone()),
            Ask::Glob(pattern) => AskKey::Glob(pattern.clone()),
            Ask::Env(name) => AskKey::Env(name.clone()),
            Ask::Read { address, slot, id, provider, .. } => {
                AskKey::Read(address.clone(), *slot, id.clone(), provider.digest())
            }
            Ask::Find { address, slot, key, .. } => AskKey::Find(address.clone(), *slot, key.clone()),
            Ask::Preview { address, .. } => AskKey::Preview(address.clone(), count),
            Ask::Expand { address, .. } => AskKey::Expand(address.clone(), count),
        }
    }
}
