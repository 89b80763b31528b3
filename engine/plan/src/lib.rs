//! The pure planner.

pub mod diff;
