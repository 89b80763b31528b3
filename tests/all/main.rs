//! The integration tests, in one binary: linking is the dearest part of a small machine's build.

mod architecture;
mod convergence;
mod scenarios;
