//! Taking something out of the state by hand: its object stays where it is.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aurak_exec::{Cancel, Limits};
use aurak_model::record::{Outcome, RowChange};
use aurak_model::{Address, Diagnostic, Files, Plan, PlanReport, ProviderAddress, Record, StateDoc, StepId};
use aurak_plan::Options;
use aurak_state::{Holder, Identity};

use crate::apply::{Approver, Request};
use crate::error::{RunError, state};
use crate::prefetch::rows_behind;
use crate::session::Session;
use crate::work::{Work, executing};

/// How many addresses a refusal names.
const MOST_NAMED: usize = 5;

/// What was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Whether there was a row.
    pub row: bool,
    /// How many attempts without a known end were dropped.
    pub attempts: usize,
}

/// What is to be forgotten of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forget {
    /// Its row, and attempts of killed runs whose end nobody knows.
    All,
    /// The attempts only.
    Attempts,
}

/// Forgets something of an address.
pub async fn forget(
    session: &Session,
    identity: &Identity,
    address: &Address,
    what: Forget,
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
        let row = what == Forget::All && previous.rows.contains_key(address);
        if row {
            keep_the_way(&previous, address)?;
        }
        let attempts =
            aurak_exec::drop_attempts(&work.context, &previous, address).await.map_err(executing)?;
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

/// Refuses to forget what a provider is configured from while there are rows of that provider: nobody
/// could read or delete their objects any more.
fn keep_the_way(doc: &StateDoc, address: &Address) -> Result<(), RunError> {
    let reached: BTreeSet<&ProviderAddress> = doc
        .providers
        .values()
        .filter(|provider| {
            rows_behind(&provider.config).contains(address) || provider.needs.contains(address)
        })
        .map(|provider| &provider.address)
        .collect();
    let rows = doc.rows.values().map(|row| (&row.provider, &row.address));
    let open = doc.pending.iter().map(|pending| (&pending.intent.provider, &pending.intent.address));
    let inside: BTreeSet<&Address> = rows
        .chain(open)
        .filter(|(provider, inside)| reached.contains(provider) && *inside != address)
        .map(|(_, inside)| inside)
        .collect();
    if inside.is_empty() {
        return Ok(());
    }
    let mut named: Vec<String> = inside.iter().take(MOST_NAMED).map(|inside| format!("`{inside}`")).collect();
    if inside.len() > MOST_NAMED {
        named.push(format!("and {} more", inside.len() - MOST_NAMED));
    }
    let finding = Diagnostic::error(
        "in_use",
        format!("`{address}` is not forgotten: the way to what lives in it leads through it"),
    )
    .detail(format!("without it, nobody could read or delete {}", named.join(", ")))
    .help("forget what lives in it first, or have it deleted")
    .about(address);
    Err(RunError::Findings { findings: vec![finding], files: Box::default() })
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
