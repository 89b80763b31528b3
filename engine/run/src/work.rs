//! Holding a store for writing: its key, the lease, and what a killed run left behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurak_exec::{Context, Keys, LeaseKeeper, Providers, Stop};
use aurak_model::record::{IdempotencyKey, OperationId};
use aurak_model::{Diagnostic, Severity, StateDoc};
use aurak_state::{Holder, Identity, Key, Store, StoreError};
use tokio::time::Instant;

use crate::apply::{Approver, Request};
use crate::error::{RunError, state};
use crate::planning::PlanOutcome;
use crate::pool::ProviderPool;
use crate::session::Session;
use crate::upgrade::upgraded;

/// How often a waiting run looks whether the lease is free.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A recovery that takes longer says what it waits for.
const TELL_AFTER: Duration = Duration::from_secs(5);

/// A store that is held for writing, and what goes with it.
pub(crate) struct Work {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) key: Option<Arc<Key>>,
    pub(crate) lease: LeaseKeeper,
    pub(crate) pool: Arc<ProviderPool>,
    pub(crate) operation: OperationId,
    pub(crate) context: Context,
}

impl Work {
    pub(crate) async fn open(
        session: &Session,
        identity: &Identity,
        exists: bool,
        request: &Request,
        approver: &dyn Approver,
    ) -> Result<Work, RunError> {
        let key = match session.stores.key(identity).await.map_err(state("find the stack's key"))? {
            Some(key) => Some(key),
            None if !exists || identity.key_id.is_none() => {
                Some(session.stores.make_key(identity).await.map_err(state("make the stack's key"))?)
            }
            None => None,
        };
        let store = match exists {
            true => {
                session.stores.open(identity, key.clone(), true).await.map_err(state("open the state"))?
            }
            false => session.stores.create(identity, key.clone()).await.map_err(state("create the state"))?,
        };
        // Whoever put another file in its place meant another state than the one that was looked at.
        if store.identity().id != identity.id {
            return Err(RunError::Stale {
                why: "the state was replaced by another one meanwhile".to_string(),
            });
        }
        let operation = OperationId(uuid::Uuid::new_v4().to_string().into());
        let me = &session.me;
        let holder = Holder::new(me.who.clone(), me.pid, me.host.clone(), Some(operation.clone()));
        let lease = acquire(&*store, holder, request, approver).await?;
        let lease = LeaseKeeper::start(store.clone(), lease, session.clock.clone());
        let pool = Arc::new(ProviderPool::new(session.registry.clone()));
        let keys: Keys = Arc::new(|| IdempotencyKey(uuid::Uuid::new_v4().to_string().into()));
        let context = Context {
            store: store.clone(),
            lease: lease.clone(),
            providers: pool.clone() as Arc<dyn Providers>,
            schemas: session.schemas.clone(),
            limits: request.limits.clone(),
            clock: session.clock.clone(),
            operation: operation.clone(),
            keys,
            seed: session.clock.now_ms(),
            cancel: request.cancel.clone(),
            lock_dir: session.stores.lock_dir(identity),
        };
        Ok(Work { store, key, lease, pool, operation, context })
    }

    /// Gives the lease back. What goes wrong here has no more effect: the lease runs out.
    pub(crate) async fn close(&self) {
        let _ = self.lease.clone().release().await;
    }

    /// The state.
    pub(crate) async fn document(&self) -> Result<Arc<StateDoc>, RunError> {
        let stored = self.store.document().await.map_err(state("read the state"))?;
        upgraded(stored, &self.context.schemas).map(Arc::new)
    }

    /// Brings in order what a killed run left; the state afterwards, and whether there was anything.
    /// The second time only what was found then is told.
    pub(crate) async fn recover(
        &self,
        approver: &dyn Approver,
        again: bool,
    ) -> Result<(Arc<StateDoc>, bool), RunError> {
        let (state, recovered) = self.settle(approver, again).await?;
        match self.without_unused(&state).await? {
            true => Ok((self.document().await?, recovered)),
            false => Ok((state, recovered)),
        }
    }

    /// Drops the providers that nothing uses any more; whether there were any.
    async fn without_unused(&self, state: &StateDoc) -> Result<bool, RunError> {
        aurak_exec::drop_unused_providers(&self.context, state).await.map_err(executing)
    }

    /// Closes the creates of which a recovery saw nothing and which a plan does not make again. What
    /// is deferred or left out may come to them yet.
    pub(crate) async fn drop_unseen(&self, mut outcome: PlanOutcome) -> Result<PlanOutcome, RunError> {
        let PlanOutcome { plan, previous, only, .. } = &outcome;
        if previous.pending.is_empty() || !plan.deferred.is_empty() || !only.is_empty() {
            return Ok(outcome);
        }
        if aurak_exec::drop_unseen(&self.context, previous, plan).await.map_err(executing)? > 0 {
            let state = self.document().await?;
            outcome.previous = match self.without_unused(&state).await? {
                true => self.document().await?,
                false => state,
            };
        }
        Ok(outcome)
    }

    async fn settle(&self, approver: &dyn Approver, again: bool) -> Result<(Arc<StateDoc>, bool), RunError> {
        let previous = self.document().await?;
        if previous.pending.is_empty() {
            return Ok((previous, false));
        }
        let recovering = aurak_exec::recover(&self.context, &previous);
        tokio::pin!(recovering);
        let recovered = tokio::select! {
            biased;
            recovered = &mut recovering => recovered,
            () = tokio::time::sleep(TELL_AFTER) => {
                approver.recovered(&[still_going_on(&previous)]).await;
                recovering.await
            }
        };
        let recovered = recovered.map_err(executing)?;
        let (errors, settled): (Vec<_>, Vec<_>) =
            recovered.findings.into_iter().partition(Diagnostic::is_error);
        if !settled.is_empty() && (recovered.settled > 0 || !again) {
            approver.recovered(&settled).await;
        }
        // What could not be found out because of that is no error.
        if self.context.cancel.is_stopping() {
            return Err(RunError::Stopped);
        }
        match errors.is_empty() {
            true => Ok((self.document().await?, true)),
            false => Err(RunError::Findings { findings: errors, files: Box::default() }),
        }
    }
}

/// What a recovery waits for.
fn still_going_on(previous: &StateDoc) -> Diagnostic {
    let open: BTreeSet<String> =
        previous.pending.iter().map(|pending| format!("`{}`", pending.intent.address)).collect();
    let open: Vec<String> = open.into_iter().collect();
    let summary = format!("what an interrupted run began is waited for: {}", open.join(", "));
    Diagnostic { severity: Severity::Note, ..Diagnostic::error("recovered", summary) }
}

pub(crate) fn executing(error: aurak_exec::ExecError) -> RunError {
    RunError::Execution { source: Box::new(error) }
}

/// Waits for the lease as long as the request lets it.
async fn acquire(
    store: &dyn Store,
    holder: Holder,
    request: &Request,
    approver: &dyn Approver,
) -> Result<aurak_state::Lease, RunError> {
    let deadline = Instant::now() + request.lock_timeout;
    let mut told = false;
    loop {
        match store.acquire(holder.clone(), request.limits.lease).await {
            Ok(lease) => return Ok(lease),
            Err(StoreError::Held { holder: other }) => {
                if Instant::now() >= deadline {
                    return Err(state("lock the state")(StoreError::Held { holder: other }));
                }
                if !std::mem::replace(&mut told, true) {
                    approver.waiting_for(&other).await;
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                    () = request.cancel.reached(Stop::Finish) => return Err(RunError::Stopped),
                }
            }
            Err(error) => return Err(state("lock the state")(error)),
        }
    }
}
