//! What a disk does to a state: a power cut at any instant of a run, told from the run's system calls.
//!
//! [`image`] is a disk that keeps what was synchronised apart from what was not, [`power`] the run,
//! its cuts, and what has to hold after each.

pub mod image;
pub mod power;

/// How many cases are tried: a sample, or as many as the environment asks for.
pub fn cases(sample: usize) -> usize {
    std::env::var("AURAK_DISK_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(sample)
}
