//! Opened providers: each configuration of a node is opened once in a run.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aurak_api::{Provider, ProviderError, Registry};
use aurak_exec::Providers;
use aurak_model::{ProviderAddress, ProviderNode, Value};
use tokio::sync::Mutex;

/// Opens providers and keeps them open.
pub(crate) struct ProviderPool {
    registry: Arc<Registry>,
    open: Mutex<HashMap<ProviderAddress, Vec<Opened>>>,
    requests: AtomicU64,
}

struct Opened {
    config: Value,
    provider: Arc<dyn Provider>,
}

impl ProviderPool {
    /// A pool of the registry's providers.
    pub(crate) fn new(registry: Arc<Registry>) -> ProviderPool {
        ProviderPool { registry, open: Mutex::default(), requests: AtomicU64::new(0) }
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were made for plans so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Providers for ProviderPool {
    async fn open(&self, node: &ProviderNode) -> Result<Arc<dyn Provider>, ProviderError> {
        let mut open = self.open.lock().await;
        let known = open.entry(node.address.clone()).or_default();
        if let Some(opened) = known.iter().find(|opened| opened.config == node.config) {
            return Ok(opened.provider.clone());
        }
        let provider = self.registry.configure(&node.type_name, &node.config).await?;
        known.push(Opened { config: node.config.clone(), provider: provider.clone() });
        Ok(provider)
    }
}
