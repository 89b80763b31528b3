//! Execution against a small world in virtual time.

mod kit;

mod order;
