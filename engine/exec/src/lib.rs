//! Executes plans: starts steps in order, within bounds, and writes down what happens so that
//! nothing is lost whatever happens.
//!
//! [`execute`] runs a plan, [`recover`] finds out what an interrupted run left behind. Both work in a
//! [`Context`] that the run makes once. Inside, a dispatcher owns the ready set, is the only caller
//! of the store and linearises the events; an executor per step makes the calls.
//!
//! A run, from the outside:
//!
//! 1. acquire a lease from the store and keep it with [`LeaseKeeper::start`];
//! 2. [`recover`], if the state has pending intents;
//! 3. append `Record::Begin`; plan, [`execute`]; plan what was deferred, announce it with
//!    [`Reporter::replanning`], [`execute`] again under the same operation;
//! 4. append `Record::End`, [`Reporter::finish`], [`LeaseKeeper::release`].
//!
//! Makes no choices: what to do is in the plan. Never prints, never reads the environment.

mod backoff;
mod closing;
mod conditions;
mod context;
mod dispatch;
mod end;
mod error;
mod execute;
mod executor;
mod graph;
mod job;
mod lease;
mod nodes;
mod open;
mod panic;
mod ready;
mod recover;
mod refusal;
mod reporter;
mod resolve;
mod rows;
mod salvage;
mod start;
mod stop;
mod unused;
mod whereabouts;

pub use context::{Context, ExecResult, Keys, Limits, Providers};
pub use error::ExecError;
pub use execute::execute;
pub use lease::LeaseKeeper;
pub use recover::{Recovered, drop_attempts, drop_unseen, recover};
pub use reporter::{Counts, Reporter};
pub use stop::{Cancel, Stop};
pub use unused::drop_unused_providers;

#[cfg(test)]
mod tests;
