//! The integration tests, in one binary: linking is the dearest part of a small machine's build.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod azure;
mod azure_refusals;
mod bad_stacks;
mod canaries;
mod convergence;
mod damaged;
mod docs;
mod durability;
mod examples;
mod full_disk;
mod generated;
mod interrupts;
mod kill;
mod lifecycle;
mod locks;
mod makespan;
mod power_cut;
mod properties;
mod read_only;
mod sandbox;
mod sandbox_canaries;
mod sandbox_faults;
mod sandbox_kills;
mod saved_plans;
mod scenarios;
mod soak;
mod targets;

/// `aurak`, as the tests that need processes start it.
const AURAK: &str = env!("CARGO_BIN_EXE_aurak-for-tests");
