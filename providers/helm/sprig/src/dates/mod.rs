//! Dates and durations, with Go's layouts.

pub(crate) mod civil;
mod duration;
mod functions;
mod layout;
mod parse;
mod span;
mod time;
mod zone;

pub(crate) use functions::add_all;
pub use span::Duration;
pub(crate) use time::{Time, clock};
pub(crate) use zone::Zone;
