//! A store whose disk is far away: everything that it writes takes 50 ms.

use std::sync::Arc;
use std::time::Duration;

use crate::{Appended, Fence, HistoryEntry, Holder, Identity, Lease, Store, StoreError};
use async_trait::async_trait;
use aurak_model::{Diagnostic, Record, StateDoc};

const LATENCY: Duration = Duration::from_millis(50);

pub(crate) struct Slow(pub(crate) Arc<dyn Store>);

#[async_trait]
impl Store for Slow {
    fn identity(&self) -> Identity {
        self.0.identity()
    }
    async fn document(&self) -> Result<StateDoc, StoreError> {
        self.0.document().await
    }
    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        tokio::time::sleep(LATENCY).await;
        self.0.acquire(holder, ttl).await
    }
    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError> {
        tokio::time::sleep(LATENCY).await;
        self.0.renew(lease).await
    }
    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        tokio::time::sleep(LATENCY).await;
        self.0.release(lease).await
    }
    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.0.holder().await
    }
    async fn break_lease(&self) -> Result<Option<Holder>, StoreError> {
        tokio::time::sleep(LATENCY).await;
        self.0.break_lease().await
    }
    async fn append(&self, fence: Fence, records: Vec<Record>) -> Result<Appended, StoreError> {
        tokio::time::sleep(LATENCY).await;
        let appended = self.0.append(fence, records).await;
        tokio::time::sleep(LATENCY).await;
        appended
    }
    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        tokio::time::sleep(LATENCY).await;
        self.0.put_parts(fence, parts).await
    }
    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.0.parts(digests).await
    }
    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        self.0.records(after, limit).await
    }
    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.0.history(limit).await
    }
    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError> {
        self.0.check().await
    }
    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.0.fork().await
    }
}
