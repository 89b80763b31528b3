//! Stores in memory by the scenario's clock, and a ring that keeps their keys: a plan is saved with
//! the key of a state that the apply has yet to make.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aurak_run::{RunError, Stores};
use aurak_state::{Clock, Identity, Key, MemoryStore, Store, StoreError};

/// See the module.
pub(crate) struct KeyedStores {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    stores: BTreeMap<String, Arc<MemoryStore>>,
    keys: BTreeMap<String, Arc<Key>>,
}

impl KeyedStores {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> KeyedStores {
        KeyedStores { clock, inner: Mutex::default() }
    }

    /// The store of a stack, where there is one.
    pub(crate) fn get(&self, stack: &str, environment: Option<&str>) -> Option<Arc<MemoryStore>> {
        let is = |store: &&Arc<MemoryStore>| {
            let identity = store.identity();
            &*identity.stack == stack && identity.environment.as_deref() == environment
        };
        self.inner().stores.values().find(is).cloned()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Stores for KeyedStores {
    async fn find(&self, stack: &str, environment: Option<&str>) -> Result<Option<Identity>, RunError> {
        Ok(self.get(stack, environment).map(|store| store.identity()))
    }

    async fn open(
        &self,
        identity: &Identity,
        _key: Option<Arc<Key>>,
        _write: bool,
    ) -> Result<Arc<dyn Store>, StoreError> {
        match self.get(&identity.stack, identity.environment.as_deref()) {
            Some(store) => Ok(store),
            None => Err(StoreError::NotFound { dir: identity.folder().into() }),
        }
    }

    async fn create(&self, identity: &Identity, key: Option<Arc<Key>>) -> Result<Arc<dyn Store>, StoreError> {
        let store = Arc::new(MemoryStore::new(identity.clone(), key).with_clock(self.clock.clone()));
        self.inner().stores.insert(identity.folder(), store.clone());
        Ok(store)
    }

    async fn list(&self) -> Result<Vec<Identity>, StoreError> {
        Ok(self.inner().stores.values().map(|store| store.identity()).collect())
    }

    async fn key(&self, identity: &Identity) -> Result<Option<Arc<Key>>, StoreError> {
        Ok(self.inner().keys.get(&identity.folder()).cloned())
    }

    async fn make_key(&self, identity: &Identity) -> Result<Arc<Key>, StoreError> {
        let key = Arc::new(Key::generate()?);
        self.inner().keys.insert(identity.folder(), key.clone());
        Ok(key)
    }

    fn lock_dir(&self, _identity: &Identity) -> Option<PathBuf> {
        None
    }
}
