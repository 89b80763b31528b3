//! Putting documents together: modules are called, names looked up, edges drawn.

mod edges;
mod modules;
mod names;
mod targets;

pub(crate) use modules::{Linked, modules};
pub(crate) use names::names;
