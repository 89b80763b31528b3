//! What an execution is given, and what it gives back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{Provider, ProviderError};
use aurak_model::record::{EndResult, IdempotencyKey, OperationId};
use aurak_model::snapshot::ProviderNode;
use aurak_model::{Diagnostic, Name, Plan, Schemas, StepEnd};
use aurak_state::{Clock, Store};

use crate::error::ExecError;
use crate::lease::LeaseKeeper;
use crate::reporter::Counts;
use crate::stop::Cancel;

/// Opens providers: the registry of a run, with whatever it adds to a configuration.
#[async_trait]
pub trait Providers: Send + Sync {
    /// Opens one. The configuration is whole; its secrets are marked and in clear. Called once for
    /// each node of a plan that a step needs.
    async fn open(&self, node: &ProviderNode) -> Result<Arc<dyn Provider>, ProviderError>;
}

#[async_trait]
impl Providers for aurak_api::Registry {
    async fn open(&self, node: &ProviderNode) -> Result<Arc<dyn Provider>, ProviderError> {
        self.configure(&node.type_name, &node.config).await
    }
}

/// Draws idempotency keys. No two may ever be equal.
pub type Keys = Arc<dyn Fn() -> IdempotencyKey + Send + Sync>;

/// Everything around a plan. Cheap to clone: a run makes one and uses it for recovery and for each
/// of its plans.
#[derive(Clone)]
pub struct Context {
    /// Where the journal is written.
    pub store: Arc<dyn Store>,
    /// The right to write there.
    pub lease: LeaseKeeper,
    /// Opens providers.
    pub providers: Arc<dyn Providers>,
    /// What they know.
    pub schemas: Arc<Schemas>,
    /// The bounds.
    pub limits: Limits,
    /// Time for records.
    pub clock: Arc<dyn Clock>,
    /// The run.
    pub operation: OperationId,
    /// Draws idempotency keys.
    pub keys: Keys,
    /// Spreads retries; equal seeds give equal waits.
    pub seed: u64,
    /// Where the user asks to stop.
    pub cancel: Cancel,
    /// Where processes that work for calls keep their lock files.
    pub lock_dir: Option<PathBuf>,
}

impl Context {
    /// How many calls may run at once for each provider node of a plan.
    pub(crate) fn widths(&self, plan: &Plan) -> Vec<usize> {
        let width = |node: &ProviderNode| {
            let given = self.limits.per_provider.get(&node.type_name).copied();
            let schema = self.schemas.providers.get(&node.type_name);
            given.or(schema.map(|schema| schema.concurrency)).unwrap_or(1)
        };
        plan.providers.iter().map(width).collect()
    }
}

/// How much at once, how often, how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many steps run at once: `--parallelism`.
    pub parallelism: usize,
    /// How many for one provider node, by provider type, where the schema's number is not wanted.
    pub per_provider: BTreeMap<Name, usize>,
    /// How often a call is made that fails in passing, the first time included. Where the service
    /// says when to come back there is no such limit, only the step's time.
    pub tries: u32,
    /// How long a step may take where neither it nor its type says so.
    pub timeout: Duration,
    /// After how long without any movement it is said what everything waits for.
    pub stalled_after: Duration,
    /// How long a call that was told to end early may take to do so.
    pub grace: Duration,
    /// How long the right to write lasts without being renewed.
    pub lease: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // More than one provider allows, so that several can be kept busy.
            parallelism: 64,
            per_provider: BTreeMap::new(),
            // With the waits of `backoff` about a minute: longer outages deserve a person.
            tries: 8,
            timeout: Duration::from_secs(3600),
            stalled_after: Duration::from_secs(60),
            grace: Duration::from_secs(2),
            // Short enough that a stopped machine does not keep others out for long, long enough
            // that a slow disk does not lose it.
            lease: Duration::from_secs(30),
        }
    }
}

/// How an execution ended.
#[derive(Debug)]
pub struct ExecResult {
    /// In a word; never `NeedsApproval`, which only the run can know.
    pub end: EndResult,
    /// How many steps of this plan ended how.
    pub counts: Counts,
    /// How each step ended, by its id; `None` where the execution ended before it did.
    pub steps: Vec<Option<StepEnd>>,
    /// What to tell: failed steps in the order of failing, then conditions that do not hold.
    pub findings: Vec<Diagnostic>,
    /// Why it could not go on, where it could not.
    pub error: Option<ExecError>,
}
