//! The types `core.*`, which need no service: values, random values, files, waiting, commands.
//!
//! Each type is a file in `types/` and a file here. The types are told where the stack's folder is
//! and how to start the supervisor of commands; beyond that they read nothing of the process that
//! they run in.

mod command;
mod data;
mod duration;
mod file;
mod private_key;
mod provider;
mod random;
mod sleep;
pub mod supervisor;

pub use provider::{CoreOptions, CoreType};
pub use supervisor::Supervisor;
