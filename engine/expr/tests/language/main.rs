//! The tests of the expression language, in one binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

mod errors;
mod table;
mod world;
