//! The tests of the crate from outside, in one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod limits;
mod tables;
mod trees;
