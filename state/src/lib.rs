//! Stores: where a stack keeps what it made.
//!
//! A store is a journal of [`Record`](aurak_model::Record)s and what they [`fold`](fold::fold)
//! into: rows, provider nodes, outputs, pending intents. [`Store`] is the interface; [`MemoryStore`]
//! and [`SqliteStore`] pass the same conformance suite. One writer at a time holds a
//! [lease](lease::Lease), and every append carries the lease's fence, so that a writer that was
//! overtaken can do no harm. Sensitive leaves are [sealed](sealing) on the way in and opened on the
//! way out; nothing in clear reaches a file.
//!
//! Relies on `model` only. Does not plan, does not call providers, does not print.

mod check;
pub mod clock;
pub mod error;
pub mod fold;
mod history;
pub mod identity;
pub mod lease;
pub mod memory;
pub mod record_json;
pub mod sealing;
pub mod sqlite;
pub mod store;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::StoreError;
pub use fold::fold;
pub use identity::Identity;
pub use lease::{Fence, Holder, Lease};
pub use memory::MemoryStore;
pub use sealing::Key;
pub use sqlite::{FILE, Found, SqliteStore, list_stores};
pub use store::{Appended, HistoryEntry, Store};

#[cfg(test)]
mod tests;
