//! Apply and destroy: take the lease, clean up after a killed run, plan, ask, execute, and plan and
//! execute again what could only be planned then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_exec::{Cancel, Limits, Stop};
use aurak_lang::{MemorySources, SourceError, Sources};
use aurak_model::event::Report;
use aurak_model::plan::Mode;
use aurak_model::record::{EndResult, OperationId};
use aurak_model::{Address, Diagnostic, Event, Files, Plan, PlanReport};
use aurak_plan::Options;
use aurak_state::{Holder, Identity, Key, StoreError};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::error::{RunError, state};
use crate::file::{self, SavedPlan};
use crate::planning::{
    IN_MOTION, Loaded, PlanOutcome, empty, load, needed_key, other_names, plan_from, seal_base,
};
use crate::pool::ProviderPool;
use crate::session::Session;
use crate::stale;
use crate::work::Work;

/// What the planner says of an object that is in the way of a create.
const EXISTS: &str = "exists";
/// Two first runs of a stack met.
const BEGUN_BY_ANOTHER: &str = "another run began this state meanwhile";

/// What an apply is to do, and how.
pub struct Request {
    /// What to plan.
    pub options: Options,
    /// The bounds of execution.
    pub limits: Limits,
    /// How long to wait for a lock that somebody else holds.
    pub lock_timeout: Duration,
    /// A new state, although this folder holds one under another name.
    pub new: bool,
    /// How many deferred resources may be created without another approval.
    pub deferred_max: usize,
    /// Where the user asks to stop.
    pub cancel: Cancel,
    /// Where events go.
    pub events: UnboundedSender<Event>,
}

/// Whoever stands behind a run.
#[async_trait]
pub trait Approver: Send + Sync {
    /// Whether this plan is to be applied.
    async fn approve(&self, plan: &Plan, report: &PlanReport, files: &Files) -> bool;
    /// This plan has nothing to approve, and goes ahead or is the end of it.
    async fn unasked(&self, _plan: &Plan, _report: &PlanReport, _files: &Files) {}
    /// Somebody else has the lease, and the run waits for it.
    async fn waiting_for(&self, holder: &Holder);
    /// What an earlier, interrupted run left was brought in order, or is waited for.
    async fn recovered(&self, findings: &[Diagnostic]);
}

/// How an apply ended.
#[derive(Debug)]
pub enum Applied {
    /// There was nothing to do.
    Nothing {
        /// What else there is to say.
        report: Box<PlanReport>,
        /// The texts that findings point into.
        files: Box<Files>,
    },
    /// It was not approved; nothing was changed.
    Declined,
    /// It was executed.
    Executed {
        /// How it ended.
        end: EndResult,
        /// Everything there is to tell.
        findings: Vec<Diagnostic>,
        /// The texts that findings point into.
        files: Box<Files>,
        /// The plan that wants another approval, where the end says so.
        follow_up: Option<Box<FollowUp>>,
    },
}

/// What wants another approval.
#[derive(Debug)]
pub struct FollowUp {
    /// The plan, to show.
    pub plan: Plan,
    /// Findings and figures.
    pub report: PlanReport,
    /// The plan, to save, where it can be.
    pub file: Option<Vec<u8>>,
    /// Why it was not applied at once.
    pub why: String,
}

/// Plans and applies.
pub async fn apply(
    session: &Session,
    request: Request,
    approver: &dyn Approver,
) -> Result<Applied, RunError> {
    let loaded = load(session).await?;
    let (identity, exists) = choose(session, &loaded, &request).await?;
    if request.options.mode == Mode::Destroy && !exists {
        return Err(RunError::NoState {
            stack: identity.stack.to_string(),
            environment: identity.environment.as_deref().map(String::from),
        });
    }
    if !exists {
        return apply_first(session, &identity, loaded, &request, approver).await;
    }
    needed_key(session, &identity).await?;
    let work = Work::open(session, &identity, true, &request, approver).await?;
    let result = apply_held(session, &work, loaded, &request, approver).await;
    work.close().await;
    result
}

/// The first apply of a stack: nothing is created, not even the state, before there is a plan that
/// was approved.
async fn apply_first(
    session: &Session,
    identity: &Identity,
    loaded: Loaded,
    request: &Request,
    approver: &dyn Approver,
) -> Result<Applied, RunError> {
    let pool = ProviderPool::new(session.registry.clone());
    let previous = Arc::new(empty(identity));
    let options = request.options.clone();
    let outcome = tokio::select! {
        outcome = plan_from(session, &pool, loaded.clone(), identity.clone(), false, previous, options) => outcome?,
        () = request.cancel.reached(Stop::Finish) => return Err(RunError::Stopped),
    };
    let outcome = match approved(outcome, request, approver).await? {
        Approval::Given(outcome) => *outcome,
        Approval::Nothing(outcome) => return Ok(nothing(*outcome)),
        Approval::Declined => return Ok(Applied::Declined),
    };
    let work = Work::open(session, identity, false, request, approver).await.map_err(begun_by_another)?;
    let result = async {
        // Between its creation and the lease another run may have used it: the plan was made for an
        // empty one.
        match work.document().await?.serial {
            0 => work.execute(session, loaded, outcome, request).await,
            _ => Err(RunError::Stale { why: BEGUN_BY_ANOTHER.to_string() }),
        }
    }
    .await;
    work.close().await;
    result
}

/// A state that a plan was to begin is there, or is elsewhere.
fn begun_by_another(error: RunError) -> RunError {
    let why = match error {
        RunError::State { source: StoreError::Exists { .. }, .. } => BEGUN_BY_ANOTHER.to_string(),
        RunError::State { source: StoreError::Begun { dir }, .. } => {
            format!("it was applied before, and began the state in `{}`", dir.display())
        }
        other => return other,
    };
    RunError::Stale { why }
}

/// What became of a plan before anything is done.
enum Approval {
    Given(Box<PlanOutcome>),
    Nothing(Box<PlanOutcome>),
    Declined,
}

fn nothing(outcome: PlanOutcome) -> Applied {
    Applied::Nothing { report: Box::new(outcome.report), files: Box::new(outcome.files) }
}

async fn approved(
    outcome: PlanOutcome,
    request: &Request,
    approver: &dyn Approver,
) -> Result<Approval, RunError> {
    if !outcome.plan.has_changes() {
        approver.unasked(&outcome.plan, &outcome.report, &outcome.files).await;
    }
    if outcome.plan.steps.is_empty() && outcome.plan.is_empty() {
        tell_nothing(&outcome.plan, request);
        return Ok(Approval::Nothing(Box::new(outcome)));
    }
    if outcome.plan.has_changes() && !approver.approve(&outcome.plan, &outcome.report, &outcome.files).await {
        return Ok(Approval::Declined);
    }
    if request.cancel.is_stopping() {
        return Err(RunError::Stopped);
    }
    Ok(Approval::Given(Box::new(outcome)))
}

/// The events of a run that has nothing to do. It is no operation, and none is recorded.
fn tell_nothing(plan: &Plan, request: &Request) {
    let started = Report::Started {
        operation: OperationId("".into()),
        stack: plan.stack.clone(),
        environment: plan.environment.clone(),
        steps: Vec::new(),
        about_ms: None,
    };
    let finished = Report::Finished { result: EndResult::Done, done: 0, failed: 0, skipped: 0 };
    for (n, report) in [(0, started), (1, finished)] {
        // Who does not listen any more needs no events.
        let _ = request.events.send(Event { n, at_ms: 0, report });
    }
}

async fn apply_held(
    session: &Session,
    work: &Work,
    loaded: Loaded,
    request: &Request,
    approver: &dyn Approver,
) -> Result<Applied, RunError> {
    let (mut previous, recovered) = work.recover(approver, false).await?;
    let deadline = Instant::now() + if recovered { request.limits.timeout } else { Duration::ZERO };
    let outcome = loop {
        let outcome = tokio::select! {
            outcome = work.plan(session, &loaded, previous.clone(), request, deadline, approver) => outcome,
            () = request.cancel.reached(Stop::Finish) => return Err(RunError::Stopped),
        };
        match outcome {
            // What was not to be seen a moment ago is.
            Err(RunError::Findings { findings, files })
                if !previous.pending.is_empty() && findings.iter().any(|finding| finding.code == EXISTS) =>
            {
                let open = previous.pending.len();
                previous = work.recover(approver, true).await?.0;
                if previous.pending.len() == open {
                    return Err(RunError::Findings { findings, files });
                }
            }
            other => break other?,
        }
    };
    let outcome = match approved(outcome, request, approver).await? {
        Approval::Given(outcome) => work.drop_unseen(*outcome).await?,
        Approval::Nothing(outcome) => return Ok(nothing(work.drop_unseen(*outcome).await?)),
        // For somebody who said no nothing is dropped either.
        Approval::Declined => return Ok(Applied::Declined),
    };
    work.execute(session, loaded, outcome, request).await
}

/// The sources of a saved plan, which are all that there is.
struct Carried(MemorySources);

impl Sources for Carried {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.0.read(path).map_err(|error| match error {
            SourceError::NotFound => SourceError::Other(
                "the saved plan does not carry it, because its name was not known; `aurak apply` without \
                 a saved plan reads it"
                    .to_string(),
            ),
            other => other,
        })
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, SourceError> {
        self.0.glob(pattern)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }
}

/// Applies a saved plan. The sources of the session count only where the stack's file is there.
pub async fn apply_saved(
    session: &Session,
    saved: SavedPlan,
    request: Request,
    approver: &dyn Approver,
) -> Result<Applied, RunError> {
    stale::check_sources(&saved.sources, &*session.sources)?;
    let SavedPlan { identity, plan, sources, request: choices, only, replace, folder: _ } = saved;
    let options = Options { mode: plan.mode, only: only.clone(), replace: replace.clone() };
    let request = Request { options, ..request };
    let session =
        Session { sources: Arc::new(Carried(sources.clone())), request: choices, ..session.clone() };
    let found = session.stores.find(&identity.stack, identity.environment.as_deref()).await?;
    if let Some(found) = &found {
        if found.id != identity.id {
            return Err(RunError::Stale { why: "the state was created after the plan was made".to_string() });
        }
    } else if plan.base.serial > 0 {
        return Err(RunError::NoState {
            stack: identity.stack.to_string(),
            environment: identity.environment.as_deref().map(String::from),
        });
    }
    let loaded = load(&session).await?;
    let work = Work::open(&session, &identity, found.is_some(), &request, approver).await;
    let work = work.map_err(begun_by_another)?;
    let result = async {
        let (previous, _) = work.recover(approver, false).await?;
        let key = work.key.as_deref();
        tokio::select! {
            checked = stale::check_base(&session, &work.pool, &plan, &previous, key) => checked?,
            () = request.cancel.reached(Stop::Finish) => return Err(RunError::Stopped),
        }
        let outcome = PlanOutcome {
            report: PlanReport::default(),
            files: loaded.program.files.clone(),
            identity: work.store.identity(),
            exists: true,
            previous,
            sources,
            program: loaded.program.clone(),
            not_carried: Vec::new(),
            snapshot: Arc::default(),
            plan,
            only,
            replace,
        };
        let outcome = work.drop_unseen(outcome).await?;
        work.execute(&session, loaded, outcome, &request).await
    }
    .await;
    work.close().await;
    result
}

/// The store that a run writes to: the one of this name, or a new one; and whether it is there.
async fn choose(session: &Session, loaded: &Loaded, request: &Request) -> Result<(Identity, bool), RunError> {
    let environment = loaded.program.environment.clone();
    let found = session.stores.find(&loaded.stack, environment.as_deref()).await?;
    if let Some(identity) = found {
        return Ok((identity, true));
    }
    if !request.new {
        let others = other_names(session, &loaded.stack, environment.as_deref()).await?;
        if !others.is_empty() {
            return Err(RunError::OtherName { stack: loaded.stack.to_string(), others });
        }
    }
    Ok((Identity::new(loaded.stack.clone(), environment).map_err(state("name a new state"))?, false))
}

/// The bytes of a plan's file. Refused while calls of a cut-off run are open: what recovery finds
/// out makes the plan stale at once.
pub fn save(session: &Session, outcome: &PlanOutcome, key: &Key) -> Result<Vec<u8>, RunError> {
    if !outcome.previous.pending.is_empty() {
        let open = outcome.previous.pending.iter();
        let addresses: BTreeSet<Address> = open.map(|pending| pending.intent.address.clone()).collect();
        let goes_on = outcome.report.findings.iter().any(|finding| finding.code == IN_MOTION);
        return Err(RunError::OpenCalls { addresses: addresses.into_iter().collect(), goes_on });
    }
    let mut plan = outcome.plan.clone();
    seal_base(&mut plan, &outcome.previous, &outcome.snapshot.rows, key);
    let saved = SavedPlan {
        // A state that the plan begins has this key too.
        identity: Identity { key_id: Some(key.id().into()), ..outcome.identity.clone() },
        plan,
        sources: outcome.sources.clone(),
        request: session.request.clone(),
        only: outcome.only.clone(),
        replace: outcome.replace.clone(),
        folder: session.folder.as_deref().and_then(|folder| folder.to_str()).map(String::from),
    };
    Ok(file::write(&saved, key)?)
}
