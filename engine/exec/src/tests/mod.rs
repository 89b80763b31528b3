//! Execution against a small world in virtual time.

mod kit;
mod watched;

mod bounds;
mod deferred;
mod durability;
mod ends;
mod makespan;
mod model;
mod order;
mod recovery;
mod retries;
mod rows;
mod stopping;
