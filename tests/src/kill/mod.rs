//! The kill matrix: a long scenario, run by real processes against a world in a process of its own,
//! stopped at every write of its store and at random instants, and then run again.
//!
//! [`stop`] is what stops a process at a write, and how a stop is said in words. [`scenario`] is what
//! is run, [`bench`] the processes and folders that it takes, [`said`] what a run calls an error,
//! [`look`] what a world and a state look like apart from ids that were drawn, [`case`] one stop and its
//! judgement, and [`matrix`] all of them: `tests/kill.sh`.

pub mod bench;
pub mod case;
pub mod look;
pub mod matrix;
pub mod said;
pub mod scenario;
pub mod stop;
