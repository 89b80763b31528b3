//! A store whose process dies at an append that was chosen before: the append is written or not, and
//! nobody ever learns which. A store on disk is asked from threads that hold the paused clock still,
//! so that no lease runs out while the disk is slow.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurak_model::{Diagnostic, Record, StateDoc};
use aurak_state::{Appended, Fence, HistoryEntry, Holder, Identity, Lease, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// When a process dies; shared by the stores that it opens.
#[derive(Default)]
pub(crate) struct Death {
    inner: Mutex<Inner>,
    /// Told when the moment is there.
    pub(crate) now: Notify,
}

#[derive(Default)]
struct Inner {
    /// How many appends are still to come, and whether the last one is written.
    left: Option<(u64, bool)>,
    dead: bool,
}

/// What becomes of an append.
enum Fate {
    Lives,
    DiesBefore,
    DiesAfter,
}

impl Death {
    /// The next process dies at its `at`th append, which is written or not; or at none.
    pub(crate) fn at(&self, at: Option<(u64, bool)>) {
        let mut inner = self.lock();
        *inner = Inner { left: at, dead: false };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self) -> Fate {
        let mut inner = self.lock();
        if inner.dead {
            return Fate::DiesBefore;
        }
        let Some((left, written)) = inner.left else { return Fate::Lives };
        if left > 1 {
            inner.left = Some((left - 1, written));
            return Fate::Lives;
        }
        inner.dead = true;
        if written { Fate::DiesAfter } else { Fate::DiesBefore }
    }

    async fn die<T>(&self) -> T {
        self.now.notify_one();
        std::future::pending().await
    }
}

/// See the module.
pub(crate) struct Mortal {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) death: Arc<Death>,
    /// Whether it lives on disk.
    pub(crate) disk: bool,
}

impl Mortal {
    async fn ask<T, F>(&self, ask: impl FnOnce(Arc<dyn Store>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let answer = ask(self.store.clone());
        let runtime = Handle::current();
        if !self.disk {
            return answer.await;
        }
        match tokio::task::spawn_blocking(move || runtime.block_on(answer)).await {
            Ok(answer) => answer,
            // The runtime is going down with the process.
            Err(_) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Store for Mortal {
    fn identity(&self) -> Identity {
        self.store.identity()
    }

    async fn document(&self) -> Result<StateDoc, StoreError> {
        self.ask(|store| async move { store.document().await }).await
    }

    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        self.ask(move |store| async move { store.acquire(holder, ttl).await }).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError> {
        let lease = lease.clone();
        self.ask(move |store| async move { store.renew(&lease).await }).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.ask(move |store| async move { store.release(lease).await }).await
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.ask(|store| async move { store.holder().await }).await
    }

    async fn break_lease(&self) -> Result<Option<Holder>, StoreError> {
        self.ask(|store| async move { store.break_lease().await }).await
    }

    async fn append(&self, fence: Fence, records: Vec<Record>) -> Result<Appended, StoreError> {
        let fate = self.death.append();
        if matches!(fate, Fate::DiesBefore) {
            return self.death.die().await;
        }
        let appended = self.ask(move |store| async move { store.append(fence, records).await }).await;
        match fate {
            Fate::DiesAfter => self.death.die().await,
            Fate::Lives | Fate::DiesBefore => appended,
        }
    }

    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        self.ask(move |store| async move { store.put_parts(fence, parts).await }).await
    }

    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        let digests = digests.to_vec();
        self.ask(move |store| async move { store.parts(&digests).await }).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        self.ask(move |store| async move { store.records(after, limit).await }).await
    }

    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.ask(move |store| async move { store.history(limit).await }).await
    }

    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError> {
        self.ask(|store| async move { store.check().await }).await
    }

    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.ask(|store| async move { store.fork().await }).await
    }
}
