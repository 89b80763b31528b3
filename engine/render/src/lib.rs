//! What people and programs get to see: plans, events, errors and state as text, JSON and graphs.
//!
//! Everything here is a pure function of data from `model` and of a [`Style`]; nothing prints, asks
//! the terminal or reads the environment. Colour only repeats what words and symbols say already, and
//! what comes from outside is cleaned of control characters before it is shown.
//!
//! - [`diagnostics`]: errors, warnings and notes with the lines they are about
//! - [`plan`]: a plan as text; [`json`]: plans and events as documented JSON

pub mod diagnostics;
pub mod json;
pub mod plan;

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
