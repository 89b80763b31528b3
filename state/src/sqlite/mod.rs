//! A store in a folder: `state.db`, an SQLite database, and a lock file while somebody writes.
//!
//! All SQL of aurak is in this module. The connection lives on a thread of its own and is asked by
//! messages, so that a commit that waits for the disk stops nobody else.
//!
//! The database is in write-ahead mode while a lease is held and goes back to a single file when
//! the lease is given back: a reader then creates no file beside it, and what lies in the folder
//! between two runs is whole. `synchronous=FULL` makes every commit wait for the disk.

mod append;
mod check;
mod database;
mod fork;
mod holding;
mod list;
mod lockfile;
mod parts;
mod plate;
mod read;
pub(crate) mod refusal;
mod sum;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use aurak_model::{Diagnostic, Record, StateDoc};

pub use list::{Found, list_stores};

use crate::clock::{Clock, SystemClock};
use crate::error::StoreError;
use crate::identity::Identity;
use crate::lease::{Fence, Holder, Lease};
use crate::sealing::Key;
use crate::sqlite::database::{Database, Mode};
use crate::sqlite::worker::Worker;
use crate::store::{Appended, HistoryEntry, Store};

/// The database's name in the store's folder.
pub const FILE: &str = "state.db";

/// A store in a folder.
pub struct SqliteStore {
    dir: PathBuf,
    identity: Arc<RwLock<Identity>>,
    worker: Worker,
}

impl SqliteStore {
    /// Creates a store in a folder that has none; the folder is made where it is missing.
    pub fn create(
        dir: impl AsRef<Path>,
        identity: Identity,
        key: Option<Arc<Key>>,
    ) -> Result<SqliteStore, StoreError> {
        database::create(dir.as_ref(), identity, key.as_deref())?;
        SqliteStore::open(dir, key)
    }

    /// Opens a store to read and write.
    pub fn open(dir: impl AsRef<Path>, key: Option<Arc<Key>>) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(dir.as_ref(), key, Arc::new(SystemClock), Mode::ReadWrite)
    }

    /// Opens a store to read, and never changes or creates a file. Works beside a writer.
    pub fn open_read_only(dir: impl AsRef<Path>, key: Option<Arc<Key>>) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(dir.as_ref(), key, Arc::new(SystemClock), Mode::ReadOnly)
    }

    /// Opens a store whose commits do not wait for the disk: what a failing machine leaves of it may
    /// be anything. Only for the proof that the others do wait; lints forbid every other use.
    #[doc(hidden)]
    pub fn open_unsynchronised(
        dir: impl AsRef<Path>,
        key: Option<Arc<Key>>,
    ) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(dir.as_ref(), key, Arc::new(SystemClock), Mode::Unsynchronised)
    }

    /// Opens a store to read and write, by another clock.
    pub fn open_with_clock(
        dir: impl AsRef<Path>,
        key: Option<Arc<Key>>,
        clock: Arc<dyn Clock>,
    ) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(dir.as_ref(), key, clock, Mode::ReadWrite)
    }

    /// What the store in a folder is, without its key.
    pub fn identify(dir: impl AsRef<Path>) -> Result<Identity, StoreError> {
        let database = Database::open(dir.as_ref(), None, Arc::new(SystemClock), Mode::ReadOnly)?;
        let identity = database.identity();
        Ok(identity)
    }

    /// The store's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn open_with(
        dir: &Path,
        key: Option<Arc<Key>>,
        clock: Arc<dyn Clock>,
        mode: Mode,
    ) -> Result<SqliteStore, StoreError> {
        let database = Database::open(dir, key, clock, mode)?;
        let identity = database.shared_identity();
        Ok(SqliteStore { dir: dir.to_path_buf(), identity, worker: Worker::start(database)? })
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn identity(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn document(&self) -> Result<StateDoc, StoreError> {
        self.worker.ask(|database| database.document()).await
    }

    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        self.worker.ask(move |database| database.acquire(holder, ttl)).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError> {
        let fence = lease.fence;
        self.worker.ask(move |database| database.renew(fence)).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.worker.ask(move |database| database.release(lease.fence)).await
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.worker.ask(|database| database.holder()).await
    }

    async fn at_work(&self, host: &str) -> Result<Option<Holder>, StoreError> {
        let host = host.to_string();
        self.worker.ask(move |database| database.at_work(&host)).await
    }

    async fn break_lease(&self) -> Result<Option<Holder>, StoreError> {
        self.worker.ask(|database| database.break_lease()).await
    }

    async fn append(&self, fence: Fence, records: Vec<Record>) -> Result<Appended, StoreError> {
        self.worker.ask(move |database| database.append(fence, records)).await
    }

    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        self.worker.ask(move |database| database.put_parts(fence, &parts)).await
    }

    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        let digests = digests.to_vec();
        self.worker.ask(move |database| database.parts(&digests)).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        self.worker.ask(move |database| database.records(after, limit)).await
    }

    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.worker.ask(move |database| database.history(limit)).await
    }

    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError> {
        self.worker.ask(|database| database.check()).await
    }

    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.worker.ask(|database| database.fork()).await
    }
}
