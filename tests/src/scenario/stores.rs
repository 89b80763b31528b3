//! Stores by the scenario's clock, in memory or in a folder, and a ring that keeps their keys: a plan
//! is saved with the key of a state that the apply has yet to make.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aurak_run::{RunError, Stores};
use aurak_state::{Clock, Identity, Key, MemoryStore, SqliteStore, Store, StoreError};
use tempfile::TempDir;

use super::mortal::{Death, Mortal};

/// See the module.
pub(crate) struct KeyedStores {
    clock: Arc<dyn Clock>,
    /// When the process that uses them dies.
    pub(crate) death: Arc<Death>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    stores: BTreeMap<String, Kept>,
    keys: BTreeMap<String, Arc<Key>>,
    disk: Option<TempDir>,
}

#[derive(Clone)]
enum Kept {
    Memory(Arc<MemoryStore>),
    Disk(Arc<SqliteStore>),
}

impl Kept {
    fn store(&self) -> Arc<dyn Store> {
        match self {
            Kept::Memory(store) => store.clone(),
            Kept::Disk(store) => store.clone(),
        }
    }
}

impl KeyedStores {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> KeyedStores {
        KeyedStores { clock, death: Arc::default(), inner: Mutex::default() }
    }

    /// From here on stores are made on disk.
    pub(crate) fn on_disk(&self) -> std::io::Result<()> {
        self.inner().disk = Some(TempDir::new()?);
        Ok(())
    }

    /// The store of a stack, where there is one.
    pub(crate) fn get(&self, stack: &str, environment: Option<&str>) -> Option<Arc<dyn Store>> {
        let is = |kept: &&Kept| {
            let identity = kept.store().identity();
            &*identity.stack == stack && identity.environment.as_deref() == environment
        };
        let kept = self.inner().stores.values().find(is).cloned()?;
        Some(self.mortal(&kept))
    }

    /// All bytes that are kept, as they are kept.
    pub(crate) fn bytes(&self) -> Vec<Vec<u8>> {
        let inner = self.inner();
        let mut bytes = Vec::new();
        for kept in inner.stores.values() {
            match kept {
                Kept::Memory(store) => bytes.extend(store.journal().into_iter().map(String::into_bytes)),
                Kept::Disk(store) => {
                    let files = std::fs::read_dir(store.dir()).into_iter().flatten().flatten();
                    bytes.extend(files.filter_map(|file| std::fs::read(file.path()).ok()));
                }
            }
        }
        bytes
    }

    fn mortal(&self, kept: &Kept) -> Arc<dyn Store> {
        let disk = matches!(kept, Kept::Disk(_));
        Arc::new(Mortal { store: kept.store(), death: self.death.clone(), disk })
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
        let folder = identity.folder();
        let mut inner = self.inner();
        if inner.stores.contains_key(&folder) {
            return Err(StoreError::Exists { dir: folder.into() });
        }
        let kept = match &inner.disk {
            None => {
                let store = MemoryStore::new(identity.clone(), key).with_clock(self.clock.clone());
                Kept::Memory(Arc::new(store))
            }
            Some(disk) => {
                let dir = disk.path().join(&folder);
                drop(SqliteStore::create(&dir, identity.clone(), key.clone())?);
                Kept::Disk(Arc::new(SqliteStore::open_with_clock(&dir, key, self.clock.clone())?))
            }
        };
        inner.stores.insert(folder, kept.clone());
        drop(inner);
        Ok(self.mortal(&kept))
    }

    async fn list(&self) -> Result<Vec<Identity>, StoreError> {
        Ok(self.inner().stores.values().map(|kept| kept.store().identity()).collect())
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
