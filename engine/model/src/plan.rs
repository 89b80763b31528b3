//! The plan: everything that execution needs and nothing that it would have to decide.
//!
//! A plan is immutable data. What only apply can tell is an `Unknown` leaf that points to a row or
//! into the plan's arena of deferred values; execution fills it in. Sensitive leaves are in clear in
//! memory only: `run` seals them before a plan is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Name};
use crate::path::Path;
use crate::record::{Lifecycle, Row, Slot};
use crate::schema::ReplaceOrder;
use crate::snapshot::{Override, ProviderNode};
use crate::value::{Map, NodeId, Type, Value};

/// The version of the stored form.
pub const FORMAT: u32 = 1;

/// What is to be done, and why, and on which grounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the stored form.
    pub format: u32,
    /// The stack's name.
    pub stack: Name,
    /// The environment, where the stack has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Name>,
    /// What it is for.
    pub mode: Mode,
    /// What it rests on.
    pub base: Base,
    /// What changes, most dangerous first, then by address. What stays is only counted.
    pub changes: Vec<Change>,
    /// How many resources stay as they are.
    pub unchanged: u64,
    /// Deferred values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Deferred>,
    /// The provider nodes that steps use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<ProviderNode>,
    /// The steps; every step stands after all that it waits for.
    pub steps: Vec<Step>,
    /// What cannot be planned before something of this plan is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<DeferredBlock>,
    /// Outputs as they will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputChange>,
    /// Conditions that can only be judged during apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<DeferredCondition>,
    /// Overrides that took part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Procedures: the phase that this plan is; plain plans have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Name>,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Make reality what the configuration says.
    Apply,
    /// Delete everything.
    Destroy,
}

/// What a plan rests on: it is stale when one of these moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Base {
    /// The store.
    pub state: Name,
    /// Its serial when the plan was made.
    pub serial: u64,
    /// The digest of the sources.
    pub program: String,
    /// Rows that the plan touches or reads. A row that is not there yet has version 0.
    pub rows: BTreeMap<Address, RowBase>,
    /// What is only read, of which something went into the plan.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub existing: BTreeMap<Address, ReadBase>,
}

/// What a plan rests on in an object that is only read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadBase {
    /// The type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// Whom to ask.
    pub provider: ProviderNode,
    /// The provider's id of the object.
    pub id: Name,
    /// With what is read on use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// The leaves that an expression used, as they were read.
    pub values: Vec<(Path, Value)>,
}

/// What a plan rests on in one row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowBase {
    /// The version of the row.
    pub version: u64,
    /// The refreshed leaves that a diff or an expression used.
    pub paths: Vec<Path>,
    /// Their keyed digest; filled in by `run`, empty in a plan that is applied at once.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// What happens to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A new object.
    Create,
    /// The object changes in place.
    Update,
    /// A new object takes its place.
    Replace(ReplaceOrder),
    /// The object goes.
    Delete,
    /// The row goes, the object stays.
    Forget,
    /// An `existing` resource is read during apply.
    Read,
    /// An object that is there already is taken over; it may change in place too.
    Import,
    /// The row gets another address.
    Move,
    /// Nothing, but worth a line: drift that is accepted, or bookkeeping in the row.
    NoOp,
}

/// One address and what happens to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub address: Address,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// What happens.
    pub action: Action,
    /// Why, the decisive reason first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Leaves that change: refreshed against planned. For a create, what it is made with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Leaves that moved outside aurak: previous against refreshed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Difference>,
    /// Where the block stands, `file:line:column`; for a delete, where it last stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The steps that make it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepId>,
    /// How long it will take, in milliseconds, as far as that was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_ms: Option<u64>,
    /// The address it had before, for a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Address>,
    /// The data that is lost with the object, in the words of its type. Part of the plan and no
    /// finding, so that a saved plan says it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_loss: Option<String>,
}

/// A leaf that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// Before; `None` where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::present")]
    pub before: Option<Value>,
    /// After; `None` where nothing will be.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::present")]
    pub after: Option<Value>,
    /// Whether it forces a new object.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forces: bool,
    /// The place in the configuration that it comes from, `file:line:column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Why something happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is in the configuration and not in the state.
    NotYetThere,
    /// It is in the state, but its object is gone.
    ObjectGone,
    /// Its configuration changed.
    ConfigurationChanged,
    /// It was changed outside aurak and is set back.
    ChangedOutside,
    /// An attribute that cannot be changed is to change.
    ImmutableAttribute {
        /// Which.
        path: Path,
    },
    /// An attribute that cannot be changed needs something that is made or replaced.
    ImmutableNeeds {
        /// Which attribute.
        path: Path,
        /// What it needs.
        needs: Address,
    },
    /// It is of another type now.
    TypeChanged {
        /// The type that it had.
        before: Name,
    },
    /// What it lives in is made anew.
    WithinReplaced {
        /// That.
        within: Address,
    },
    /// A value of `replace_when` changed.
    ReplaceWhen,
    /// The command line asked for it.
    Requested,
    /// An earlier run was stopped half-way through making it.
    Incomplete {
        /// What is known about it.
        why: String,
    },
    /// It is no longer in the configuration.
    NotInConfiguration,
    /// Its `when` is false now.
    WhenFalse,
    /// Its key is no longer in `for_each`.
    KeyGone,
    /// Everything is to go.
    Destroy,
    /// An older object that a replacement left behind.
    LeftOver {
        /// The provider's id of that.
        id: Name,
    },
    /// The temporary object of a rotation that was cut off.
    LeftOfRotation,
    /// It dies with what it lives in.
    DeletedWith {
        /// That.
        parent: Address,
    },
    /// It is kept when it leaves the stack: `retain`.
    Retained,
    /// The configuration takes over an object that is there.
    Adopted {
        /// The provider's id.
        id: Name,
    },
    /// An override sets it.
    Overridden {
        /// Which path.
        path: Path,
        /// Who asked for it.
        who: String,
    },
    /// It could not be previewed and was planned offline.
    PlannedOffline {
        /// Why.
        why: String,
    },
    /// Only the row is brought up to date.
    Bookkeeping,
}

/// A step: an index into [`Plan::steps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

/// One unit of execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the list.
    pub id: StepId,
    /// The resource; for a join, the block or module that it stands for.
    pub address: Address,
    /// The resource's type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// Which of the row's objects.
    pub slot: Slot,
    /// What to do.
    pub work: Work,
    /// The provider node, an index into [`Plan::providers`]; none where only the row is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<u32>,
    /// What must be done before, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepId>,
    /// Calls with the same text never overlap.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::present")]
    pub serialise: Option<Value>,
    /// How long it usually takes, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_ms: Option<u64>,
    /// After how many seconds it is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Makes an object and records it. Where the row has a current object (create-first), that one
    /// becomes the old one in the same record.
    Create {
        /// The attributes that we own.
        desired: Value,
        /// Take an object over that is there already.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        adopt: bool,
        /// The natural key, where the type has one: to find an object whose creation went
        /// unanswered.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::value::present"
        )]
        key: Option<Value>,
        /// What else the row says.
        row: RowPlan,
    },
    /// Changes an object and records it.
    Update {
        /// The provider's id.
        id: Name,
        /// The attributes that we own.
        desired: Value,
        /// The object as last read.
        live: Value,
        /// What is no longer asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unset: Vec<Path>,
        /// What else the row says.
        row: RowPlan,
    },
    /// Deletes an object and its record.
    Delete {
        /// The provider's id. Of a temporary object the row says it in the end, since mostly the same
        /// plan makes it; then it is empty here.
        id: Name,
        /// The object as last read.
        live: Value,
    },
    /// Drops a row's object from the state; reality stays.
    Forget,
    /// Writes the row: what was refreshed, adopted or moved.
    Record {
        /// The provider's id.
        id: Name,
        /// The attributes that we own.
        desired: Value,
        /// The whole object.
        attributes: Value,
        /// The address that the row had, for a move.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Address>,
        /// What else the row says.
        row: RowPlan,
    },
    /// Reads an `existing` resource; its attributes are there for others, nothing is recorded.
    Read {
        /// The provider's id.
        id: Value,
        /// With what is read on use.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        whole: bool,
    },
    /// Calls an action of the type on the object that the row has when the step begins.
    Invoke {
        /// Which.
        action: Name,
        /// With what.
        args: Value,
    },
    /// Waits until an object is ready.
    Wait {
        /// For what, for people.
        what: String,
    },
    /// Done when all before it are: one node in place of many edges. With the slot of older objects it
    /// says that the object which a create replaces stays, set aside.
    Join,
}

/// What a row says besides its object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowPlan {
    /// What it needs, for the order of its delete: resources and blocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Address>,
    /// How it wants to be treated when it leaves the configuration.
    #[serde(default, skip_serializing_if = "Lifecycle::is_default")]
    pub lifecycle: Lifecycle,
    /// The version of the type.
    pub schema_version: u32,
    /// Where the block stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The values of `replace_when`, to see them change.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub replace_when: Value,
}

impl RowPlan {
    /// What a row says as it is.
    pub fn of(row: &Row) -> RowPlan {
        RowPlan {
            needs: row.needs.clone(),
            lifecycle: row.lifecycle.clone(),
            schema_version: row.schema_version,
            place: row.place.clone(),
            replace_when: row.replace_when.clone(),
        }
    }
}

/// A value that apply works out: a node of the arena.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deferred {
    /// The scalar's text, with its braces.
    pub expression: String,
    /// What its names stand for: pruned to what was read, with unknown leaves in it.
    pub refs: Map,
    /// What it will be.
    #[serde(default, skip_serializing_if = "Type::is_any")]
    pub ty: Type,
    /// Whether it must not be shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// Where the expression stands, `file:line:column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Something that has to wait for a later plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeferredBlock {
    /// The block or instance.
    pub address: Address,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// What it waits for: nodes are resolved to rows here.
    pub waits_for: Vec<Address>,
    /// Why, for people.
    pub why: String,
}

/// An output and how it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputChange {
    /// Its name.
    pub name: Name,
    /// As recorded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::present")]
    pub before: Option<Value>,
    /// As it will be; `None` where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::present")]
    pub after: Option<Value>,
}

/// A condition that apply judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeferredCondition {
    /// The resource that it belongs to; a check of the stack has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Judged after the resource's steps; otherwise before them.
    pub after: bool,
    /// The condition.
    pub that: Value,
    /// What to say where it does not hold.
    pub message: Value,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Plan {
    /// A node of the arena.
    pub fn node(&self, id: NodeId) -> Option<&Deferred> {
        self.nodes.get(id.0 as usize)
    }

    /// Calls `f` with every value in the plan, to seal, open or renumber them.
    pub fn for_each_value_mut(&mut self, f: &mut dyn FnMut(&mut Value)) {
        let Plan {
            format: _,
            stack: _,
            environment: _,
            mode: _,
            base: Base { state: _, serial: _, program: _, rows: _, existing },
            changes,
            unchanged: _,
            nodes,
            providers,
            steps,
            deferred: _,
            outputs,
            conditions,
            overrides,
            phase: _,
        } = self;
        for base in existing.values_mut() {
            f(&mut base.provider.config);
            base.values.iter_mut().for_each(|(_, value)| f(value));
        }
        for change in changes {
            for Difference { path: _, before, after, forces: _, place: _ } in
                change.differences.iter_mut().chain(&mut change.drift)
            {
                before.iter_mut().chain(after).for_each(&mut *f);
            }
        }
        for node in nodes {
            let mut refs = Value::from(std::mem::take(&mut node.refs));
            f(&mut refs);
            if let Value::Map(map) = refs {
                node.refs = std::sync::Arc::unwrap_or_clone(map);
            }
        }
        for provider in providers {
            f(&mut provider.config);
        }
        for step in steps {
            step.serialise.iter_mut().for_each(&mut *f);
            step.work.for_each_value_mut(f);
        }
        for OutputChange { name: _, before, after } in outputs {
            before.iter_mut().chain(after).for_each(&mut *f);
        }
        for condition in conditions {
            f(&mut condition.that);
            f(&mut condition.message);
        }
        for over in overrides {
            f(&mut over.value);
        }
    }

    /// Whether nothing is to be done or shown: no change but drift, no deferred part, no output.
    pub fn is_empty(&self) -> bool {
        !self.has_changes()
    }

    /// Whether `plan --exit-code` says that there is something to do. Drift that is accepted is not;
    /// a row that protects its object in another way is.
    pub fn has_changes(&self) -> bool {
        let counts =
            |change: &Change| change.action != Action::NoOp || change.reasons.contains(&Reason::Bookkeeping);
        self.changes.iter().any(counts)
            || !self.deferred.is_empty()
            || self.outputs.iter().any(|output| output.before != output.after)
    }
}

impl Work {
    /// Calls `f` with every value in it.
    pub fn for_each_value_mut(&mut self, f: &mut dyn FnMut(&mut Value)) {
        match self {
            Work::Create { desired, adopt: _, key, row } => {
                f(desired);
                key.iter_mut().for_each(&mut *f);
                f(&mut row.replace_when);
            }
            Work::Update { id: _, desired, live, unset: _, row } => {
                f(desired);
                f(live);
                f(&mut row.replace_when);
            }
            Work::Delete { id: _, live } => f(live),
            Work::Record { id: _, desired, attributes, from: _, row } => {
                f(desired);
                f(attributes);
                f(&mut row.replace_when);
            }
            Work::Read { id, whole: _ } => f(id),
            Work::Invoke { action: _, args } => f(args),
            Work::Forget | Work::Wait { .. } | Work::Join => {}
        }
    }
}
