//! What a disk does to a state: a power cut at any instant of a run, told from the run's system calls.
//!
//! [`image`] is a disk that keeps what was synchronised apart from what was not, [`power`] the run,
//! its cuts, and what has to hold after each. [`full`] is a disk without room, [`mount`] how a process
//! gets small and read-only disks.

use std::sync::{Mutex, PoisonError};
use std::thread;

pub mod full;
pub mod image;
pub mod mount;
pub mod power;

/// How many cases are tried: a sample, or as many as the environment asks for.
pub fn cases(sample: usize) -> usize {
    crate::number("AURAK_DISK_CASES").map_or(sample, |cases| cases as usize)
}

/// Does something for each of these, some at once, and collects what it says is wrong.
pub fn each<T: Sync>(
    at_once: usize,
    cases: &[T],
    judge: impl Fn(&T) -> Result<(), String> + Sync,
) -> Vec<String> {
    let (todo, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    let next = || todo.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(case) = next() {
                    if let Err(why) = judge(case) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(why);
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}
