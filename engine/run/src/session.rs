//! What a run works with: sources, providers, stores, keys and clocks, all handed in.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::RunError;
use async_trait::async_trait;
use aurak_api::Registry;
use aurak_lang::{LoadRequest, Sources};
use aurak_model::Schemas;
use aurak_state::{Clock, Identity, Key, Store, StoreError};

/// Everything that a verb needs from outside.
#[derive(Clone)]
pub struct Session {
    /// The stack's files and environment.
    pub sources: Arc<dyn Sources>,
    /// The choices made on the command line.
    pub request: LoadRequest,
    /// The providers.
    pub registry: Arc<Registry>,
    /// What these know about types.
    pub schemas: Arc<Schemas>,
    /// The folder that relative paths of resources start at, where there is one on this machine.
    pub folder: Option<PathBuf>,
    /// Where states are.
    pub stores: Arc<dyn Stores>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who is at work.
    pub me: Me,
}

/// Who is at work.
#[derive(Clone)]
pub struct Me {
    /// `user@host`.
    pub who: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Finds out the commit that the sources are at. Asked only when something is written down: it
    /// may take long in a large repository.
    pub commit: Arc<dyn Fn() -> Option<String> + Send + Sync>,
}

/// Where states and their keys are.
#[async_trait]
pub trait Stores: Send + Sync {
    /// What is there for a stack and environment; `None` where there is nothing yet.
    async fn find(&self, stack: &str, environment: Option<&str>) -> Result<Option<Identity>, RunError>;

    /// Opens a store that is there: to write, or strictly for reading.
    async fn open(
        &self,
        identity: &Identity,
        key: Option<Arc<Key>>,
        write: bool,
    ) -> Result<Arc<dyn Store>, StoreError>;

    /// Creates a store.
    async fn create(&self, identity: &Identity, key: Option<Arc<Key>>) -> Result<Arc<dyn Store>, StoreError>;

    /// All stores that belong to the stack's folder.
    async fn list(&self) -> Result<Vec<Identity>, StoreError>;

    /// The key of a store, where there is one.
    async fn key(&self, identity: &Identity) -> Result<Option<Arc<Key>>, StoreError>;

    /// Makes the key of a store that has none, and keeps it.
    async fn make_key(&self, identity: &Identity) -> Result<Arc<Key>, StoreError>;

    /// Where the file of a state's key is or would be, to tell a person.
    fn key_file(&self, _: &Identity) -> Option<PathBuf> {
        None
    }

    /// Where commands that run for a store keep their lock files.
    fn lock_dir(&self, identity: &Identity) -> Option<PathBuf>;
}
