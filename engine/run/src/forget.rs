//! Taking something out of the state by hand: its object stays where it is.

use std::time::Duration;

use async_trait::async_trait;
use aurak_exec::{Cancel, Limits};
use aurak_model::record::{Outcome, RowChange};
use aurak_model::{Address, Diagnostic, Files, Plan, PlanReport, Record, StepId};
use aurak_plan::Options;
use aurak_state::{Holder, Identity};

use crate::apply::{Approver, Request};
use crate::error::{RunError, state};
use crate::session::Session;
use crate::work::{Work, executing};

/// What was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Whether there was a row.
    pub row: bool,
    /// How many attempts without a known end were dropped.
    pub attempts: usize,
}

/// Forgets an address: its row, and attempts of killed runs whose end nobody knows.
pub async fn forget(
    session: &Session,
    identity: &Identity,
    address: &Address,
) -> Result<Forgotten, RunError> {
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let request = Request {
        options: Options::default(),
        limits: Limits::default(),
        lock_timeout: Duration::ZERO,
        new: false,
        deferred_max: 0,
        cancel: Cancel::new(),
        events,
    };
    let work = Work::open(session, identity, true, &request, &Nobody).await?;
    let result = async {
        let previous = work.store.document().await.map_err(state("read the state"))?;
        let attempts =
            aurak_exec::drop_attempts(&work.context, &previous, address).await.map_err(executing)?;
        let row = previous.rows.contains_key(address);
        if row {
            let outcome = Outcome {
                operation: work.operation.clone(),
                step: StepId(0),
                key: None,
                rows: vec![RowChange::Remove(address.clone())],
                error: None,
                took: None,
                at_ms: session.clock.now_ms(),
            };
            let records = vec![Record::Outcome(outcome)];
            work.store.append(work.lease.fence(), records).await.map_err(state("write to the state"))?;
        }
        Ok(Forgotten { row, attempts })
    }
    .await;
    work.close().await;
    result
}

/// Stands behind what is never asked: nothing is planned here and no lock is waited for.
struct Nobody;

#[async_trait]
impl Approver for Nobody {
    async fn approve(&self, _: &Plan, _: &PlanReport, _: &Files) -> bool {
        false
    }
    async fn waiting_for(&self, _: &Holder) {}
    async fn recovered(&self, _: &[Diagnostic]) {}
}
