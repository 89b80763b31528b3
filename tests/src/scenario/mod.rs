//! Scripted scenarios in the simulated world: the main test of the engine.
//!
//! A scenario is one text file in `tests/scenarios`: sources, changes of the world and commands in,
//! plans and the end state out. It is run against the real engine with a store in memory and virtual
//! time. With `AURAK_BLESS=1` what came out is written into the file, to be read and committed.

mod events;
mod options;
pub mod rows;
pub mod script;
mod stage;
mod stores;
pub mod world;

pub use stage::{Played, play};
