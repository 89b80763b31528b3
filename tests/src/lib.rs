//! What the integration tests share: scripted scenarios, processes, traces, random worlds and graphs,
//! fuzz targets.

pub mod disk;
pub mod kill;
pub mod lifecycle;
pub mod makespan;
pub mod order;
pub mod process;
pub mod scenario;
pub mod shapes;
pub mod soak;
pub mod targets;
pub mod trace;
pub mod world_gen;
