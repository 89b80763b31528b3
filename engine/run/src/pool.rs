//! Opened providers: each configuration of a node is opened once in a run. Questions that change
//! nothing are put through the pool, which counts them and puts them again where they fail in
//! passing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{Class, Provider, ProviderError, Registry};
use aurak_exec::Providers;
use aurak_model::{ProviderAddress, ProviderNode, Value};

/// How long one question may take. Commands that read may be slow; for ever is a plan that never ends.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);

/// How often a question is put. With the waits below that is about six seconds: longer outages are
/// shown to whoever waits for the plan.
const TRIES: u32 = 6;

/// The first wait; it doubles.
const FIRST: Duration = Duration::from_millis(200);

/// Opens providers and keeps them open.
pub(crate) struct ProviderPool {
    registry: Arc<Registry>,
    nodes: Mutex<HashMap<ProviderAddress, Arc<Node>>>,
    requests: AtomicU64,
    in_passing: Mutex<Option<String>>,
}

/// What is known of a provider node. Opening one keeps nobody from another.
type Node = tokio::sync::Mutex<Vec<Tried>>;

/// A configuration and what came of opening it.
struct Tried {
    config: Value,
    result: Result<Arc<dyn Provider>, ProviderError>,
}

impl ProviderPool {
    /// A pool of the registry's providers.
    pub(crate) fn new(registry: Arc<Registry>) -> ProviderPool {
        ProviderPool {
            registry,
            nodes: Mutex::default(),
            requests: AtomicU64::new(0),
            in_passing: Mutex::default(),
        }
    }

    /// How many requests were made for the plan so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Another plan is made: what failed is tried again.
    pub(crate) async fn begin(&self) {
        self.requests.store(0, Ordering::Relaxed);
        lock(&self.in_passing).take();
        let nodes: Vec<_> = lock(&self.nodes).values().cloned().collect();
        for node in nodes {
            node.lock().await.retain(|tried| tried.result.is_ok());
        }
    }

    /// The last failure since the beginning of the plan that may be over soon.
    pub(crate) fn failed_in_passing(&self) -> Option<String> {
        lock(&self.in_passing).clone()
    }

    /// Opens a provider for questions. One that cannot be opened is tried for a while, and then not
    /// again for the same plan: thousands of questions may need it.
    pub(crate) async fn reach(&self, node: &ProviderNode) -> Result<Arc<dyn Provider>, ProviderError> {
        let cell = self.node(&node.address);
        let mut tried = cell.lock().await;
        if let Some(known) = tried.iter().find(|tried| tried.config == node.config) {
            return known.result.clone();
        }
        let configure = || self.registry.configure(&node.type_name, &node.config);
        let result = self.patiently(configure).await;
        tried.push(Tried { config: node.config.clone(), result: result.clone() });
        result
    }

    /// Puts a question to a service, again where it fails in passing.
    pub(crate) async fn ask<T, F>(&self, question: impl Fn() -> F) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let counted = || {
            self.requests.fetch_add(1, Ordering::Relaxed);
            question()
        };
        self.patiently(counted).await
    }

    /// Repeats what may fail in passing.
    pub(crate) async fn patiently<T, F>(&self, question: impl Fn() -> F) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let mut tries = 1;
        loop {
            let answer = tokio::time::timeout(ANSWER_WITHIN, question()).await.unwrap_or_else(|_| {
                let minutes = ANSWER_WITHIN.as_secs() / 60;
                Err(ProviderError::permanent(format!("there was no answer within {minutes} minutes")))
            });
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => error,
            };
            if tries == TRIES {
                *lock(&self.in_passing) = Some(error.to_string());
                return Err(error);
            }
            let wait = match error.class {
                Class::Transient { after: Some(after) } => after,
                _ => FIRST * 2_u32.pow(tries - 1),
            };
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    fn node(&self, address: &ProviderAddress) -> Arc<Node> {
        lock(&self.nodes).entry(address.clone()).or_default().clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For steps, which have a patience of their own.
#[async_trait]
impl Providers for ProviderPool {
    async fn open(&self, node: &ProviderNode) -> Result<Arc<dyn Provider>, ProviderError> {
        let cell = self.node(&node.address);
        let mut tried = cell.lock().await;
        let known = tried.iter().position(|tried| tried.config == node.config);
        if let Some(Tried { result: Ok(provider), .. }) = known.and_then(|i| tried.get(i)) {
            return Ok(provider.clone());
        }
        let provider = self.registry.configure(&node.type_name, &node.config).await?;
        if let Some(failed) = known {
            tried.swap_remove(failed);
        }
        tried.push(Tried { config: node.config.clone(), result: Ok(provider.clone()) });
        Ok(provider)
    }
}
