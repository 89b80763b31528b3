//! What the integration tests share: scripted scenarios, processes, traces.

pub mod process;
pub mod scenario;
pub mod trace;
