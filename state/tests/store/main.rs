//! The stores: one suite that all of them pass, and what is particular to the one on disk.

mod conformance;
mod samples;
mod slow;
