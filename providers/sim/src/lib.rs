//! A simulated world: a service with groups, networks, clusters and what lives in them, in memory
//! and in virtual time.
//!
//! It is what the engine is tested against. It refuses what a real service refuses (see
//! `service`), keeps values in forms of its own, takes its time, fails on demand, and remembers
//! every request. Everything is the same for the same seed. Time is tokio's: with a paused clock an
//! hour passes in no time.
//!
//! The same world can be served from a process of its own ([`remote`]), for tests that kill.

mod behaviour;
mod body;
#[cfg(test)]
mod conforms;
mod draw;
pub mod faults;
pub mod log;
mod objects;
mod provider;
pub mod remote;
mod service;
#[cfg(test)]
mod tests;
mod types;
pub mod wire;
mod world;

pub use faults::{Chaos, Fault, FaultKind};
pub use log::Entry;
pub use objects::SimObject;
pub use wire::Op;
pub use world::{World, provider_types};

/// The account that is used where none is named.
pub const MAIN: &str = "main";
