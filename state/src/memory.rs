//! A store in memory: for tests, simulations and forks.
//!
//! It keeps the same sealed records as a store on disk, in the same form, so that what works here
//! works there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurak_model::{Diagnostic, Record, StateDoc};

use crate::check;
use crate::clock::{Clock, SystemClock};
use crate::error::StoreError;
use crate::fold::{empty, fold};
use crate::history::history;
use crate::identity::Identity;
use crate::lease::{Fence, Held, Holder, Lease, admit};
use crate::record_json;
use crate::sealing::Key;
use crate::sealing::leaves::{Sealer, Way};
use crate::sealing::parts::{open_part, seal_part};
use crate::store::{Appended, HistoryEntry, Store};

/// A store in memory.
pub struct MemoryStore {
    key: Option<Arc<Key>>,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

/// What a store holds, leaves sealed.
#[derive(Clone)]
pub(crate) struct Content {
    pub(crate) identity: Identity,
    pub(crate) doc: StateDoc,
    /// The journal; the record at index `i` has the serial `i + 1`.
    pub(crate) journal: Vec<String>,
    /// Sealed parts by digest.
    pub(crate) parts: BTreeMap<String, Vec<u8>>,
}

struct Inner {
    content: Content,
    fence: u64,
    held: Option<Held>,
}

impl MemoryStore {
    /// An empty store; with a key, this key becomes its own.
    pub fn new(mut identity: Identity, key: Option<Arc<Key>>) -> MemoryStore {
        identity.key_id = key.as_ref().map(|key| key.id().into());
        let doc = empty(&identity);
        MemoryStore::with_content(
            Content { identity, doc, journal: Vec::new(), parts: BTreeMap::new() },
            key,
            Arc::new(SystemClock),
        )
    }

    /// The same store by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> MemoryStore {
        self.clock = clock;
        self
    }

    /// The journal as it is kept, leaves sealed.
    pub fn journal(&self) -> Vec<String> {
        self.lock().content.journal.clone()
    }

    pub(crate) fn with_content(
        content: Content,
        key: Option<Arc<Key>>,
        clock: Arc<dyn Clock>,
    ) -> MemoryStore {
        MemoryStore { key, clock, inner: Mutex::new(Inner { content, fence: 0, held: None }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is made whole before it is put in place.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether this fence may write now.
    fn admit(&self, fence: Fence, clock: &dyn Clock) -> Result<Held, StoreError> {
        admit(self.held.clone(), self.fence, fence, clock)
    }

    fn records(&self, after: u64) -> Result<Vec<(u64, Record)>, StoreError> {
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        self.content
            .journal
            .iter()
            .zip(1..)
            .skip(from)
            .map(|(json, serial)| Ok((serial, record_json::decode(json, serial)?)))
            .collect()
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn identity(&self) -> Identity {
        self.lock().content.identity.clone()
    }

    async fn document(&self) -> Result<StateDoc, StoreError> {
        let Content { identity, mut doc, .. } = {
            let inner = self.lock();
            Content {
                identity: inner.content.identity.clone(),
                doc: inner.content.doc.clone(),
                journal: Vec::new(),
                parts: BTreeMap::new(),
            }
        };
        Sealer { store: &identity.id, key: self.key.as_deref(), way: Way::Open }.document(&mut doc)?;
        Ok(doc)
    }

    async fn acquire(&self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        let mut inner = self.lock();
        if let Some(held) = &inner.held
            && !held.expired(&*self.clock)
        {
            return Err(StoreError::Held { holder: Box::new(held.lease.holder.clone()) });
        }
        inner.fence += 1;
        let held = Held::begin(Fence(inner.fence), holder, ttl, &*self.clock);
        Ok(inner.held.insert(held).lease.clone())
    }

    async fn renew(&self, lease: &Lease) -> Result<Lease, StoreError> {
        let mut inner = self.lock();
        let mut held = inner.admit(lease.fence, &*self.clock)?;
        held.extend(&*self.clock);
        Ok(inner.held.insert(held).lease.clone())
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.held.take_if(|held| held.lease.fence == lease.fence);
        Ok(())
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        Ok(self.lock().held.as_ref().map(|held| held.lease.holder.clone()))
    }

    async fn break_lease(&self) -> Result<Option<Holder>, StoreError> {
        Ok(self.lock().held.take().map(|held| held.lease.holder))
    }

    async fn append(&self, fence: Fence, mut records: Vec<Record>) -> Result<Appended, StoreError> {
        let mut inner = self.lock();
        inner.admit(fence, &*self.clock)?;
        let id = inner.content.identity.id.clone();
        let sealer = Sealer { store: &id, key: self.key.as_deref(), way: Way::Seal };
        let mut json = Vec::with_capacity(records.len());
        for (record, serial) in records.iter_mut().zip(inner.content.doc.serial + 1..) {
            record_json::assign_version(record, serial);
            sealer.record(record)?;
            json.push(record_json::encode(record)?);
        }
        let Content { doc, journal, .. } = &mut inner.content;
        for (record, json) in records.iter().zip(json) {
            fold(doc, record, doc.serial + 1);
            journal.push(json);
        }
        Ok(Appended { serial: doc.serial })
    }

    async fn put_parts(&self, fence: Fence, parts: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.admit(fence, &*self.clock)?;
        for (digest, bytes) in parts {
            if !inner.content.parts.contains_key(&digest) {
                let sealed = seal_part(&inner.content.identity, self.key.as_deref(), &digest, &bytes)?;
                inner.content.parts.insert(digest, sealed);
            }
        }
        Ok(())
    }

    async fn parts(&self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        let inner = self.lock();
        let part = |digest: &String| {
            let sealed = inner.content.parts.get(digest).map(Vec::as_slice);
            open_part(&inner.content.identity, self.key.as_deref(), digest, sealed)
        };
        digests.iter().map(part).collect()
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        let inner = self.lock();
        let id = &inner.content.identity.id;
        let sealer = Sealer { store: id, key: self.key.as_deref(), way: Way::Open };
        let mut records = inner.records(after)?;
        records.truncate(limit);
        for (_, record) in &mut records {
            sealer.record(record)?;
        }
        Ok(records)
    }

    async fn history(&self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        let records = self.lock().records(0)?;
        Ok(history(records.iter().map(|(serial, record)| (*serial, record)), limit))
    }

    async fn check(&self) -> Result<Vec<Diagnostic>, StoreError> {
        let inner = self.lock();
        let Content { identity, doc, parts, .. } = &inner.content;
        let journal = |record: &mut dyn FnMut(u64, Record)| {
            inner.records(0)?.into_iter().for_each(|(serial, next)| record(serial, next));
            Ok(())
        };
        check::check(identity, self.key.as_deref(), doc, journal, |digest| Ok(parts.get(digest).cloned()))
    }

    async fn fork(&self) -> Result<Arc<dyn Store>, StoreError> {
        let content = self.lock().content.clone();
        Ok(Arc::new(MemoryStore::with_content(content, self.key.clone(), self.clock.clone())))
    }
}
