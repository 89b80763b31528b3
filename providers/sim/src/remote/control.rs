//! What a test may do to a world from outside of it, as data.

use std::collections::BTreeMap;
use std::time::Duration;

use aurak_model::{Name, Value};
use serde::{Deserialize, Serialize};

use crate::faults::{Chaos, Fault, FaultKind};
use crate::log::Entry;
use crate::objects::SimObject;
use crate::wire::Op;
use crate::world::World;

/// A command to a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// See [`World::add`].
    Add {
        /// Where.
        world: Name,
        /// What.
        type_name: Name,
        /// Its attributes.
        attributes: Value,
    },
    /// See [`World::edit`].
    Edit {
        /// Which.
        id: Name,
        /// What in it.
        path: String,
        /// Its new value.
        value: Value,
    },
    /// See [`World::unset`].
    Unset {
        /// Which.
        id: Name,
        /// What in it.
        path: String,
    },
    /// See [`World::remove`].
    Remove {
        /// Which.
        id: Name,
    },
    /// See [`World::fault`].
    Fault(Fault),
    /// See [`World::chaos`].
    Chaos(Option<Chaos>),
    /// See [`World::latency`].
    Latency {
        /// For which requests.
        op: Option<Op>,
        /// For which type.
        type_name: Option<Name>,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// See [`World::second`].
    Second {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// See [`World::calm`].
    Calm,
    /// See [`World::faults_left`].
    FaultsLeft,
    /// See [`World::faults_met`].
    FaultsMet,
    /// See [`World::objects`].
    Objects,
    /// See [`World::log`].
    Log,
    /// See [`World::clear_log`].
    ClearLog,
    /// See [`World::draw`].
    Draw,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    /// It is done.
    Done,
    /// It made this.
    Added(Name),
    /// The faults.
    Faults(Vec<Fault>),
    /// How many requests met which.
    Met(BTreeMap<FaultKind, u64>),
    /// The objects.
    Objects(Vec<SimObject>),
    /// The log.
    Log(Vec<Entry>),
    /// Text.
    Text(String),
    /// It cannot be done, and why.
    Failed(String),
}

impl World {
    /// Carries out a command.
    pub fn command(&self, command: Command) -> Result {
        let done = |outcome: std::result::Result<(), String>| match outcome {
            Ok(()) => Result::Done,
            Err(why) => Result::Failed(why),
        };
        match command {
            Command::Add { world, type_name, attributes } => {
                match self.add(&world, &type_name, &attributes) {
                    Ok(id) => Result::Added(id),
                    Err(why) => Result::Failed(why),
                }
            }
            Command::Edit { id, path, value } => done(self.edit(&id, &path, value)),
            Command::Unset { id, path } => done(self.unset(&id, &path)),
            Command::Remove { id } => done(self.remove(&id)),
            Command::Fault(fault) => {
                self.fault(fault);
                Result::Done
            }
            Command::Chaos(chaos) => {
                self.chaos(chaos);
                Result::Done
            }
            Command::Latency { op, type_name, ms } => {
                self.latency(op, type_name.as_deref(), Duration::from_millis(ms));
                Result::Done
            }
            Command::Second { ms } => {
                self.second(Duration::from_millis(ms));
                Result::Done
            }
            Command::Calm => {
                self.calm();
                Result::Done
            }
            Command::FaultsLeft => Result::Faults(self.faults_left()),
            Command::FaultsMet => Result::Met(self.faults_met()),
            Command::Objects => Result::Objects(self.objects()),
            Command::Log => Result::Log(self.log()),
            Command::ClearLog => {
                self.clear_log();
                Result::Done
            }
            Command::Draw => Result::Text(self.draw()),
        }
    }
}
