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

/// A number of the environment. What is none is a mistake that would make a proof smaller without a word.
pub fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.replace('_', "").parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is `{text}`, and should be a number")))
}
