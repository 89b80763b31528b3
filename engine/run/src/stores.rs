//! Where states are: in folders on a disk, or in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aurak_state::identity::folder;
use aurak_state::{Identity, Key, MemoryStore, SqliteStore, Store, StoreError, list_stores};

use crate::error::{RunError, state};
use crate::session::Stores;

/// Where keys come from.
pub trait KeySource: Send + Sync {
    /// The key of a store, where there is one.
    fn find(&self, identity: &Identity) -> Result<Option<Key>, StoreError>;
    /// The file that it is or would be in, to tell a person.
    fn file(&self, _: &Identity) -> Option<PathBuf> {
        None
    }
    /// Makes one and keeps it.
    fn make(&self, identity: &Identity) -> Result<Key, StoreError>;
    /// Notes that the state of this identity is begun in a folder; says where it was begun before.
    /// Where nothing can be noted, nothing was.
    fn begin(&self, _: &Identity, _: &Path) -> Option<PathBuf> {
        None
    }
    /// It was not begun after all.
    fn not_begun(&self, _: &Identity) {}
}

/// States in folders: `ROOT/NAME@ENV/`, or one folder that was named explicitly.
pub struct DiskStores {
    root: PathBuf,
    explicit: Option<PathBuf>,
    keys: Arc<dyn KeySource>,
}

impl DiskStores {
    /// States below a folder, or in exactly one.
    pub fn new(root: PathBuf, explicit: Option<PathBuf>, keys: Arc<dyn KeySource>) -> DiskStores {
        DiskStores { root, explicit, keys }
    }

    /// The folder of a store.
    pub fn dir(&self, stack: &str, environment: Option<&str>) -> PathBuf {
        match &self.explicit {
            Some(dir) => dir.clone(),
            None => self.root.join(folder(stack, environment)),
        }
    }
}

#[async_trait]
impl Stores for DiskStores {
    async fn find(&self, stack: &str, environment: Option<&str>) -> Result<Option<Identity>, RunError> {
        let identity = match SqliteStore::identify(self.dir(stack, environment)) {
            Ok(identity) => identity,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(state("find the state")(error)),
        };
        if &*identity.stack != stack || identity.environment.as_deref() != environment {
            return Err(RunError::OthersState {
                found: identity.folder(),
                wanted: folder(stack, environment),
            });
        }
        Ok(Some(identity))
    }

    async fn open(
        &self,
        identity: &Identity,
        key: Option<Arc<Key>>,
        write: bool,
    ) -> Result<Arc<dyn Store>, StoreError> {
        let dir = self.dir(&identity.stack, identity.environment.as_deref());
        Ok(match write {
            true => Arc::new(SqliteStore::open(&dir, key)?),
            false => Arc::new(SqliteStore::open_read_only(&dir, key)?),
        })
    }

    async fn create(&self, identity: &Identity, key: Option<Arc<Key>>) -> Result<Arc<dyn Store>, StoreError> {
        let dir = self.dir(&identity.stack, identity.environment.as_deref());
        // An identity comes from a saved plan or is new: one that began a state already is of a plan
        // that was applied, and would make everything a second time.
        if let Some(dir) = self.keys.begin(identity, &std::path::absolute(&dir).unwrap_or(dir.clone())) {
            return Err(StoreError::Begun { dir });
        }
        match SqliteStore::create(&dir, identity.clone(), key) {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => {
                self.keys.not_begun(identity);
                Err(error)
            }
        }
    }

    async fn list(&self) -> Result<Vec<Identity>, StoreError> {
        match self.explicit {
            Some(_) => Ok(Vec::new()),
            // One that cannot be read is no reason to refuse another; `state check` tells about it.
            None => {
                Ok(list_stores(&self.root)?.into_iter().filter_map(|found| found.identity.ok()).collect())
            }
        }
    }

    async fn key(&self, identity: &Identity) -> Result<Option<Arc<Key>>, StoreError> {
        Ok(self.keys.find(identity)?.map(Arc::new))
    }

    async fn make_key(&self, identity: &Identity) -> Result<Arc<Key>, StoreError> {
        self.keys.make(identity).map(Arc::new)
    }

    fn key_file(&self, identity: &Identity) -> Option<PathBuf> {
        self.keys.file(identity)
    }

    fn lock_dir(&self, identity: &Identity) -> Option<PathBuf> {
        Some(self.dir(&identity.stack, identity.environment.as_deref()).join("running"))
    }
}

/// A store and its key.
type Kept = (Arc<MemoryStore>, Arc<Key>);

/// States in memory, for tests and rehearsals.
#[derive(Default)]
pub struct MemoryStores {
    stores: Mutex<BTreeMap<String, Kept>>,
}

impl MemoryStores {
    /// The store of a stack, where there is one.
    pub fn get(&self, stack: &str, environment: Option<&str>) -> Option<Arc<MemoryStore>> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.get(&folder(stack, environment)).map(|(store, _)| store.clone())
    }
}

#[async_trait]
impl Stores for MemoryStores {
    async fn find(&self, stack: &str, environment: Option<&str>) -> Result<Option<Identity>, RunError> {
        Ok(self.get(stack, environment).map(|store| store.identity()))
    }

    async fn open(
        &self,
        identity: &Identity,
        _: Option<Arc<Key>>,
        _: bool,
    ) -> Result<Arc<dyn Store>, StoreError> {
        match self.get(&identity.stack, identity.environment.as_deref()) {
            Some(store) => Ok(store),
            None => Err(StoreError::NotFound { dir: identity.folder().into() }),
        }
    }

    async fn create(&self, identity: &Identity, key: Option<Arc<Key>>) -> Result<Arc<dyn Store>, StoreError> {
        let key = match key {
            Some(key) => key,
            None => Arc::new(Key::generate()?),
        };
        let store = Arc::new(MemoryStore::new(identity.clone(), Some(key.clone())));
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.insert(identity.folder(), (store.clone(), key));
        Ok(store)
    }

    async fn list(&self) -> Result<Vec<Identity>, StoreError> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stores.values().map(|(store, _)| store.identity()).collect())
    }

    async fn key(&self, identity: &Identity) -> Result<Option<Arc<Key>>, StoreError> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stores.get(&identity.folder()).map(|(_, key)| key.clone()))
    }

    async fn make_key(&self, _: &Identity) -> Result<Arc<Key>, StoreError> {
        Key::generate().map(Arc::new)
    }

    fn lock_dir(&self, _: &Identity) -> Option<PathBuf> {
        None
    }
}
