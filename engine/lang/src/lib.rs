//! From sources to a checked program and everything that is wrong with it.

#![allow(dead_code)]
pub mod glob;
mod paths;
pub mod sources;
pub mod yaml;

pub use sources::{MemorySources, Recording, SourceError, Sources};
