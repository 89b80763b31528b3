//! Stops: how they are said, and the store that carries one out.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurak_model::{Diagnostic, Record, StateDoc};
use aurak_run::{RunError, Stores};
use aurak_state::{Appended, Fence, HistoryEntry, Holder, Identity, Key, Lease, Store, StoreError};
use rustix::process::{Signal, getpid, kill_process};

/// The variable that stops a process at a write.
pub const STOP: &str = "AURAK_TEST_STOP";
/// The variable that names the file in which writes are noted.
pub const WRITES: &str = "AURAK_TEST_WRITES";

/// The variable that says how many milliseconds every write takes longer, as if the store were far away.
pub const FAR: &str = "AURAK_TEST_FAR_STORE";

/// Where a run is stopped, by the number of a write or the time since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Nowhere.
    Never,
    /// Before the n-th write reaches the store, from 1.
    Before(u64),
    /// After the n-th write is durable.
    After(u64),
    /// After so long, wherever it is.
    At(Duration),
}

impl Stop {
    /// The write at which it stops, where it is at one.
    pub fn write(self) -> Option<u64> {
        match self {
            Stop::Before(write) | Stop::After(write) => Some(write),
            Stop::Never | Stop::At(_) => None,
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Stop> {
        if text == "-" {
            return Some(Stop::Never);
        }
        let (word, number) = text.split_once('-')?;
        Some(match word {
            "before" => Stop::Before(number.parse().ok()?),
            "after" => Stop::After(number.parse().ok()?),
            "at" => Stop::At(Duration::from_micros(number.strip_suffix("us")?.parse().ok()?)),
            _ => return None,
        })
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Never => f.write_str("-"),
            Stop::Before(n) => write!(f, "before-{n}"),
            Stop::After(n) => write!(f, "after-{n}"),
            Stop::At(time) => write!(f, "at-{}us", time.as_micros()),
        }
    }
}

/// The stores of the product, counted, one write of which is the end of this process.
pub struct StoppingStores {
    stores: Arc<dyn Stores>,
    writes: Arc<Writes>,
}

impl StoppingStores {
    /// These stores, as the environment of this process says.
    pub fn of_process(stores: Arc<dyn Stores>) -> StoppingStores {
        let stop = std::env::var(STOP).ok().and_then(|text| Stop::parse(&text)).unwrap_or(Stop::Never);
        let notes = std::env::var_os(WRITES).map(PathBuf::from);
        let far = std::env::var(FAR).ok().and_then(|text| text.parse().ok()).map(Duration::from_millis);
        StoppingStores { stores, writes: Arc::new(Writes { stop, notes, far, count: AtomicU64::new(0) }) }
    }

    fn stopping(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Stopping { store, writes: self.writes.clone() })
    }
}

struct Writes {
    stop: Stop,
    notes: Option<PathBuf>,
    far: Option<Duration>,
    count: AtomicU64,
}

impl Writes {
    /// Does a write, or ends the process before or after it.
    async fn write<T>(
        &self,
        word: &str,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(notes) = &self.notes
            && let Ok(mut file) = OpenOptions::new().create(true).append(true).open(notes)
        {
            // Read only where a run was not stopped.
            let _ = writeln!(file, "{word}");
        }
        if self.stop == Stop::Before(number) {
            end().await;
        }
        if let Some(far) = self.far {
            tokio::time::sleep(far).await;
        }
        let written = write.await;
        if self.stop == Stop::After(number) {
            end().await;
        }
        written
    }
}

/// Ends this process as `kill -9` does.
async fn end() {
    let _ = kill_process(getpid(), Signal::KILL);
    std::future::pending::<()>().await;
}

#[async_trait]
impl Stores for StoppingStores {
    async fn find(&self, stack: &str, environment: Option<&str>) -> Result<Option<Identity>, RunError> {
        self.stores.find(stack, environment).await
    }

    async fn open(
        &self,
        identity: &Identity,
        key: Option<Arc<Key>>,
        write: bool,
    ) -> Result<Arc<dyn Store>, StoreError> {
        Ok(self.stopping(self.stores.open(identity, key, write).await?))
    }

    async fn create(&self, identity: &Identity, key: Option<Arc<Key>>) -> Result<Arc<dyn Store>, StoreError> {
        let store = self.writes.write("create", self.stores.create(identity, key)).await?;
        Ok(self.stopping(store))
    }

    async fn list(&self) -> Result<Vec<Identity>, StoreError> {
        self.stores.list().await
    }

    async fn key(&self, identity: &Identity) -> Result<Option<Arc<Key>>, StoreError> {
        self.stores.key(identity).await
    }

    async fn make_key(&self, identity: &Identity) -> Result<Arc<Key>, StoreError> {
        self.stores.make_key(identity).await
    }

    fn key_file(&self, identity: &Identity) -> Option<PathBuf> {
        self.stores.key_file(identity)
    }

    fn lock_dir(&self, identity: &Identity) -> Option<PathBuf> {
        self.stores.lock_dir(identity)
    }
}

struct Stopping {
    store: Arc<dyn Store>,
    writes: Arc<Writes>,
}

#[async_trait]
impl Store for Stopping {
    fn identity(&self) -> Identity {
        self.store.identity()
    }

    async fn document(&self) -> Result<StateDoc, StoreError> {
        self.store.document().await
    }

    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        self.writes.write("acquire", self.store.acquire(holder, ttl)).await
    }

    // Not counted: the clock makes it, and random instants meet it.
    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError> {
        self.store.renew(lease).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.writes.write("release", self.store.release(lease)).await
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.store.holder().await
    }

    async fn break_lease(&self) -> Result<Option<Holder>, StoreError> {
        self.store.break_lease().await
    }

    async fn append(&self, fence: Fence, records: Vec<Record>) -> Result<Appended, StoreError> {
        self.writes.write("append", self.store.append(fence, records)).await
    }

    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        self.writes.write("put_parts", self.store.put_parts(fence, parts)).await
    }

    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.parts(digests).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        self.store.records(after, limit).await
    }

    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.store.history(limit).await
    }

    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError> {
        self.store.check().await
    }

    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.store.fork().await
    }
}
