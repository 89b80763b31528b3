//! What the state keeps: records of the journal, and the rows that they fold into.
//!
//! Records are append-only. A record is canonical JSON with a version and a kind. Sensitive leaves
//! are sealed by the store on the way in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Name, ProviderAddress};
use crate::plan::{Mode, StepId};
use crate::snapshot::{Override, ProviderNode};
use crate::value::Value;

/// The version of the stored form.
pub const FORMAT: u32 = 1;

/// Which object of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// The one that the address stands for.
    #[default]
    Current,
    /// One that a replacement has yet to delete.
    Old,
    /// One that only lives during a rotation.
    Temporary,
}

/// What the state keeps for an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub address: Address,
    /// The type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// The serial of the record that wrote it last; the store fills it in.
    #[serde(default)]
    pub version: u64,
    /// The version of the type.
    pub schema_version: u32,
    /// The provider node that made it.
    pub provider: ProviderAddress,
    /// The world that it lives in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<Name>,
    /// The object that the address stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Object>,
    /// The one that a replacement has yet to delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Object>,
    /// The one of a rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Object>,
    /// What it needs, for the order of deletes: resources and blocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Address>,
    /// How it wants to be treated when it leaves the configuration.
    #[serde(default, skip_serializing_if = "Lifecycle::is_default")]
    pub lifecycle: Lifecycle,
    /// Where the block last stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The values of `replace_when` at the last apply.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub replace_when: Value,
}

/// An object in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// The provider's id.
    pub id: Name,
    /// What we own of it, as last applied.
    pub desired: Value,
    /// The whole of it, as last seen: outputs and what others set. Volatile leaves are left out.
    pub attributes: Value,
    /// Why it cannot be relied upon: a creation that failed half-way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// When it came into the state, as a number that only grows: tells which of two was there first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub since: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What is remembered for the time when the block is no longer in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Refuses to be deleted or replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prevent_destroy: bool,
    /// Forgotten, not deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retain: bool,
    /// The new object first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub create_before_destroy: bool,
    /// It dies with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_with: Option<Address>,
}

impl Lifecycle {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == Lifecycle::default()
    }
}

/// A provider node as last configured, kept while a row uses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderRow {
    /// Which.
    pub address: ProviderAddress,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// Its configuration. A volatile leaf is an `Unknown` that points to the row which it is read from.
    pub config: Value,
    /// The resources that its world comes from: what it made dies with these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Address>,
}

impl ProviderRow {
    /// The node as it was then.
    pub fn node(&self) -> ProviderNode {
        ProviderNode {
            address: self.address.clone(),
            type_name: self.type_name.clone(),
            config: self.config.clone(),
            needs: self.needs.clone(),
        }
    }
}

/// A run that changes something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub Name);

/// A key that a service may use to tell a repeated call from a new one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(pub Name);

/// A record of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A run begins.
    Begin(Operation),
    /// A call is about to be made.
    Intent(Intent),
    /// A call goes on at the service: how to ask for its end.
    Waiting {
        /// The intent's key.
        key: IdempotencyKey,
        /// What the provider needs to go on.
        handle: Value,
    },
    /// A step ended.
    Outcome(Outcome),
    /// A provider node was opened with this configuration.
    Provider(ProviderRow),
    /// A provider node that no row uses any more.
    ProviderGone {
        /// Which.
        address: ProviderAddress,
    },
    /// An output has this value now; none takes it away.
    Output {
        /// Which.
        name: Name,
        /// Its value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::value::present"
        )]
        value: Option<Value>,
    },
    /// An override is set.
    Override(Override),
    /// An override is taken back.
    OverrideGone {
        /// The resource.
        address: Address,
        /// The attribute.
        path: crate::Path,
    },
    /// A run ended.
    End {
        /// Which.
        operation: OperationId,
        /// When, in milliseconds since 1970.
        at_ms: u64,
        /// How.
        result: EndResult,
    },
}

/// A run: who, when, from what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Which.
    pub id: OperationId,
    /// What for.
    pub mode: Mode,
    /// Who, as `user@host`.
    pub who: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The commit that the sources were at, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest of the plan's open part.
    pub plan: String,
    /// The digests of the sources' parts, by path; the parts are kept beside the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<(Name, Name)>,
    /// The phase of a procedure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Name>,
}

/// What is about to be done, durable before it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The run.
    pub operation: OperationId,
    /// The step.
    pub step: StepId,
    /// The key that goes with the call, in clear.
    pub key: IdempotencyKey,
    /// The resource.
    pub address: Address,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// Which object.
    pub slot: Slot,
    /// The provider node.
    pub provider: ProviderAddress,
    /// The call.
    pub call: CallKind,
    /// The provider's id, where there is one already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Name>,
    /// The natural key, where the type has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub natural_key: Option<Name>,
    /// What it is to become; sealed leaves and all.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub desired: Value,
    /// What the row will say besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<crate::plan::RowPlan>,
    /// The objects that die with one that is deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<(Address, Slot)>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// The kind of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// Makes an object.
    Create,
    /// Changes one.
    Update,
    /// Deletes one.
    Delete,
    /// Calls an action.
    Invoke(Name),
}

/// How a step ended, durable before anything that waits for it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The run.
    pub operation: OperationId,
    /// The step.
    pub step: StepId,
    /// The intent's key; steps that only write rows have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// What becomes of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowChange>,
    /// Why it failed; `None` where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to learn from how long it took: `create group` and milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<(Name, u64)>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowChange {
    /// It is this now.
    Put(Arc<Row>),
    /// It goes.
    Remove(Address),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndResult {
    /// Everything was done.
    Done,
    /// Some steps failed.
    Failed,
    /// It was stopped.
    Interrupted,
    /// The known part was done; the rest needs another approval.
    NeedsApproval,
}

/// An intent without an outcome, and how far it is known to have come.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The intent.
    pub intent: Intent,
    /// How to ask the service for the end of it.
    pub handle: Option<Value>,
}

impl Row {
    /// The object of a slot.
    pub fn object(&self, slot: Slot) -> Option<&Object> {
        match slot {
            Slot::Current => self.current.as_ref(),
            Slot::Old => self.old.as_ref(),
            Slot::Temporary => self.temporary.as_ref(),
        }
    }

    /// The place of a slot, to change it.
    pub fn slot_mut(&mut self, slot: Slot) -> &mut Option<Object> {
        match slot {
            Slot::Current => &mut self.current,
            Slot::Old => &mut self.old,
            Slot::Temporary => &mut self.temporary,
        }
    }

    /// Whether it holds no object at all.
    pub fn is_vacant(&self) -> bool {
        self.current.is_none() && self.old.is_none() && self.temporary.is_none()
    }
}
