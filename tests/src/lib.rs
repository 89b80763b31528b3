//! What the integration tests share: scripted scenarios, processes, traces, random worlds.

pub mod kill;
pub mod lifecycle;
pub mod process;
pub mod scenario;
pub mod trace;
pub mod world_gen;
