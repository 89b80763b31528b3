//! What people and programs get to see: plans, events, errors and state as text, JSON and graphs.
//!
//! Everything here is a pure function of data from `model` and of a [`Style`]; nothing prints, asks
//! the terminal or reads the environment. Colour only repeats what words and symbols say already, and
//! what comes from outside is cleaned of control characters before it is shown.
//!
//! - [`diagnostics`]: errors, warnings and notes with the lines they are about
//! - [`plan`]: a plan as text; [`json`]: plans and events as documented JSON
//! - [`progress`]: the display of a run, live or as lines
//! - [`graph`]: what waits for what, as a tree or as DOT
//! - [`schema`]: types and their attributes
//! - [`state`]: rows of the state

pub mod diagnostics;
pub mod graph;
pub mod json;
pub mod plan;
pub mod progress;
pub mod schema;
pub mod state;

mod paint;
mod style;
mod text;
mod value;
mod words;

pub use style::{Detail, Style};
pub use text::clean;
pub use words::{about, elapsed};

#[cfg(test)]
mod fixtures;
