//! What the integration tests share: scripted scenarios, processes, traces, random worlds and graphs.

pub mod disk;
pub mod kill;
pub mod lifecycle;
pub mod makespan;
pub mod process;
pub mod scenario;
pub mod soak;
pub mod trace;
pub mod world_gen;
