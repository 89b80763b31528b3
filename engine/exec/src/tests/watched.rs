//! A store that notes appends, takes time for them, and can fail.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurak_model::record::{IdempotencyKey, RowChange};
use aurak_model::{Diagnostic, Record, StateDoc, StepId, Value};
use aurak_state::{Appended, Fence, HistoryEntry, Holder, Identity, Lease, MemoryStore, Store, StoreError};
use tokio::time::sleep;

use super::kit::Log;

/// What is durable: keys of intents, and addresses whose steps have an outcome.
#[derive(Default)]
pub(super) struct Durable {
    pub(super) intents: BTreeSet<IdempotencyKey>,
    pub(super) handles: HashMap<IdempotencyKey, Value>,
    pub(super) outcomes: BTreeSet<StepId>,
}

/// A store that notes appends, takes time for them, and can fail.
pub(super) struct WatchedStore {
    pub(super) inner: MemoryStore,
    pub(super) log: Arc<Log>,
    pub(super) durable: Arc<Mutex<Durable>>,
    pub(super) delay: Mutex<Duration>,
    pub(super) fail_at: Mutex<Option<usize>>,
    pub(super) appends: Mutex<Vec<Vec<Record>>>,
}

#[async_trait]
impl Store for WatchedStore {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }
    async fn document(&self) -> Result<StateDoc, StoreError> {
        self.inner.document().await
    }
    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        self.inner.acquire(holder, ttl).await
    }
    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError> {
        self.inner.renew(lease).await
    }
    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.inner.release(lease).await
    }
    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.inner.holder().await
    }
    async fn break_lease(&self) -> Result<Option<Holder>, StoreError> {
        self.inner.break_lease().await
    }
    async fn append(&self, fence: Fence, records: Vec<Record>) -> Result<Appended, StoreError> {
        let delay = *self.delay.lock().unwrap();
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if let Some(left) = &mut *self.fail_at.lock().unwrap() {
            match left.checked_sub(1) {
                None => return Err(StoreError::Closed),
                Some(fewer) => *left = fewer,
            }
        }
        let open = self.inner.document().await?.pending;
        let appended = self.inner.append(fence, records.clone()).await?;
        self.log.note(format!("append {}", records.iter().map(word).collect::<Vec<_>>().join(", ")));
        let mut durable = self.durable.lock().unwrap();
        for record in &records {
            match record {
                Record::Intent(intent) => {
                    let key = &intent.key;
                    // Only by a create of which nothing was to be seen.
                    let again = open.iter().any(|open| open.intent.key == *key);
                    assert!(durable.intents.insert(key.clone()) || again, "a key is used twice");
                }
                Record::Waiting { key, handle } => {
                    durable.handles.insert(key.clone(), handle.clone());
                }
                Record::Outcome(outcome) => {
                    durable.outcomes.insert(outcome.step);
                }
                _ => {}
            }
        }
        self.appends.lock().unwrap().push(records);
        Ok(appended)
    }
    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        self.inner.put_parts(fence, parts).await
    }
    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.inner.parts(digests).await
    }
    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        self.inner.records(after, limit).await
    }
    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.inner.history(limit).await
    }
    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError> {
        self.inner.check().await
    }
    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.inner.fork().await
    }
}

/// A record in a word.
fn word(record: &Record) -> String {
    match record {
        Record::Begin(_) => "begin".into(),
        Record::Intent(intent) => format!("intent {}", intent.address),
        Record::Waiting { .. } => "handle".into(),
        Record::Outcome(outcome) => {
            let end = if outcome.error.is_some() { "failed" } else { "done" };
            let rows: Vec<String> = outcome
                .rows
                .iter()
                .map(|change| match change {
                    RowChange::Put(row) => format!(" +{}", row.address),
                    RowChange::Remove(address) => format!(" -{address}"),
                })
                .collect();
            format!("{end} {}{}", outcome.step.0, rows.concat())
        }
        Record::Provider(row) => format!("provider {}", row.address),
        Record::ProviderGone { address } => format!("no provider {address}"),
        Record::Output { name, .. } => format!("output {name}"),
        Record::Override(_) | Record::OverrideGone { .. } => "override".into(),
        Record::End { .. } => "end".into(),
    }
}
