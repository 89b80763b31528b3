//! The tests of the expression language, in one binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

mod table;
mod world;
