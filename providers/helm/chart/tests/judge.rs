//! The tests of the crate from outside.
