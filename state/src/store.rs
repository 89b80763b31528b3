//! The interface of all stores.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_model::record::{EndResult, Operation};
use aurak_model::{Diagnostic, Record, StateDoc};

use crate::error::StoreError;
use crate::identity::Identity;
use crate::lease::{Fence, Holder, Lease};

/// Where a stack keeps what it made.
#[async_trait]
pub trait Store: Send + Sync {
    /// What this store is.
    fn identity(&self) -> Identity;

    /// The fold of all records. Sealed leaves are opened where the store was given its key, and stay
    /// sealed otherwise.
    async fn document(&self) -> Result<StateDoc, StoreError>;

    /// Takes the right to write. [`StoreError::Held`] says who has it; a holder that is known to be
    /// dead or whose lease ran out is taken over at once, with a greater fence.
    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError>;

    /// Extends a lease by its time from now; one that ran out is lost.
    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError>;

    /// Gives a lease back. One that was lost meanwhile is not an error.
    async fn release(&self, lease: Lease) -> Result<(), StoreError>;

    /// Who has the right to write, as far as the store knows.
    async fn holder(&self) -> Result<Option<Holder>, StoreError>;

    /// Who is at work now: who has the right to write and is not known to be gone. `host` is this machine.
    async fn at_work(&self, _host: &str) -> Result<Option<Holder>, StoreError> {
        Ok(None)
    }

    /// Takes the right to write away from whoever has it, and says who that was.
    async fn break_lease(&self) -> Result<Option<Holder>, StoreError>;

    /// Writes records, all or none, durable on return. Refuses a lease that is lost. The serial of
    /// the record becomes the version of the rows that it writes.
    async fn append(&self, fence: Fence, records: Vec<Record>) -> Result<Appended, StoreError>;

    /// Keeps parts of sources by their digest, sealed; those that are there already are not written
    /// again.
    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError>;

    /// The parts of these digests, in this order; one that is not there is an error.
    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError>;

    /// The records that follow a serial, oldest first, opened as [`document`](Store::document) is.
    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError>;

    /// The latest runs, newest first.
    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError>;

    /// Looks for what is wrong with what is stored.
    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError>;

    /// A copy in memory with the same content and key, and nobody holding it.
    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError>;
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The serial of the last record: how many there are now.
    pub serial: u64,
}

/// A run, as the journal tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// The serial of its first record.
    pub serial: u64,
    /// Who, when, from what.
    pub operation: Operation,
    /// When it ended and how; none where it is running or was killed.
    pub end: Option<(u64, EndResult)>,
    /// How many steps ended well.
    pub done: u64,
    /// How many failed.
    pub failed: u64,
}
