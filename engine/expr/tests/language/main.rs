//! The tests of the expression language, in one binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

mod captures;
mod errors;
mod properties;
mod references;
mod shape;
mod table;
mod world;
