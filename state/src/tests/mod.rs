//! The stores: one suite that all of them pass, and what is particular to the one on disk.

mod conformance;
mod damage;
mod fixture;
mod processes;
mod property;
mod samples;
mod sealing;
mod slow;
mod sqlite;
