//! What an interrupted run left behind: intents without an outcome.
//!
//! Each is settled before anything new is planned. A call that waits at the service is waited for. A
//! create is looked for, and taken over where it is there; where nobody but a person can tell, it
//! becomes a question and stays open, and never a second create. One that is not there may still be on
//! its way: it stays open too, and the create that the next plan makes goes under its key. An update or a delete is read, and
//! what is there is written down: the next plan does the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use aurak_api::{Applied, Call, CancelToken, Class, Effect, Progress, Provider, ProviderError};
use aurak_model::plan::{RowPlan, Work};
use aurak_model::record::{CallKind, Intent, Object, Outcome, Pending, RowChange};
use aurak_model::schema::provider_of;
use aurak_model::snapshot::{ProviderNode, Refreshed};
use aurak_model::{
    Address, Diagnostic, Name, Plan, ProviderAddress, Record, Row, Severity, Slot, StateDoc, Value,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::context::Context;
use crate::error::{ExecError, Failure};
use crate::executor::words;
use crate::panic::answered;
use crate::refusal::{question_help, refusal};
use crate::resolve::{Resolver, Unresolved};
use crate::rows::{Home, Rows, Seen, left_beside, nothing, object, set_aside, still_needing, with_object};
use crate::stop::Stop;
use crate::whereabouts::{Patience, Settled, Whereabouts, find_out, settled};

/// How many are settled at once. A run leaves as many as it had slots; most are only read.
const AT_ONCE: usize = 16;
/// How often it is looked whether a process that outlived its run has ended.
const LOCK_POLL: Duration = Duration::from_millis(100);
/// How long a create is looked for that is not there, because it may still be on its way: a service goes
/// on with a request whose caller is dead, and an object that appears after it was looked for would be
/// in no state. Services act within a second or two of the request. It counts from the recovery, and not
/// from the intent: when the call was last sent again nobody wrote down, and the clock of the day may
/// have jumped since.
const ON_ITS_WAY: Duration = Duration::from_secs(3);
/// How often it is looked for until then.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// A provider that wants to be asked again at once would keep a core busy.
const SHORTEST_POLL: Duration = Duration::from_millis(10);
/// Volatile attributes of providers whose providers have volatile attributes, and so on: deeper than
/// any real stack, and an end to a circle.
const DEEPEST: usize = 16;

/// What a recovery found and did.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Notes on what was settled, and an error for each question that only a person can answer: with
    /// one of those nothing must be planned.
    pub findings: Vec<Diagnostic>,
    /// How many intents were settled. With any, the state has to be read again. Those that are left
    /// without an error are creates of which nothing is to be seen.
    pub settled: usize,
}

/// Settles the pending intents of a state.
pub async fn recover(context: &Context, state: &StateDoc) -> Result<Recovered, ExecError> {
    let mut openers = Openers {
        context,
        state,
        resolver: Resolver::over(&[], &context.schemas, Rows::new(state)),
        open: HashMap::new(),
        gone: BTreeSet::new(),
    };
    let rows = Mutex::new(Rows::new(state));
    // What is in something that is settled as well comes after that: it may be gone with it, or there is
    // no way to it before.
    let open: BTreeMap<&Address, &ProviderAddress> =
        state.pending.iter().map(|pending| (&pending.intent.address, &pending.intent.provider)).collect();
    let mut groups: BTreeMap<usize, Vec<&Pending>> = BTreeMap::new();
    for pending in &state.pending {
        groups.entry(level(state, &open, &pending.intent.provider, DEEPEST)).or_default().push(pending);
    }
    let mut recovered = Recovered::default();
    for group in groups.into_values() {
        let mut cases = Vec::new();
        for pending in group {
            let intent = &pending.intent;
            let provider = tokio::select! {
                biased;
                provider = openers.open(&intent.provider, &intent.type_name, DEEPEST) => provider,
                () = context.cancel.reached(Stop::Finish) => Err(stopped()),
            };
            let around = state.providers.get(&intent.provider).map_or(&[][..], |provider| &provider.needs);
            let lost = around.iter().find(|need| openers.gone.contains(*need)).cloned();
            cases.push(Case { context, state, rows: &rows, pending, provider, lost });
        }
        let settling: Vec<BoxFuture<'_, _>> = cases.iter().map(|case| case.settle().boxed()).collect();
        let mut settling = stream::iter(settling).buffered(AT_ONCE);
        while let Some(settled) = settling.next().await {
            let (finding, settled) = settled?;
            recovered.findings.push(finding);
            recovered.settled += usize::from(settled);
        }
        openers.resolver.rows.apply(&rows.lock().await.changes());
    }
    Ok(recovered)
}

/// How many open calls lead to a provider, one inside the other.
fn level(
    state: &StateDoc,
    open: &BTreeMap<&Address, &ProviderAddress>,
    provider: &ProviderAddress,
    depth: usize,
) -> usize {
    let (Some(provider), Some(depth)) = (state.providers.get(provider), depth.checked_sub(1)) else {
        return 0;
    };
    let leads = |need: &Address| {
        let own = open.get(need).copied();
        let outside = own.or_else(|| state.rows.get(need).map(|row| &row.provider));
        usize::from(own.is_some()) + outside.map_or(0, |provider| level(state, open, provider, depth))
    };
    provider.needs.iter().map(leads).max().unwrap_or(0)
}

fn stopped() -> Failure {
    Failure::new("interrupted", "the run was stopped").help("run the command again")
}

/// An intent, and whom to ask about it.
struct Case<'a> {
    context: &'a Context,
    state: &'a StateDoc,
    /// The rows as they are by now: two open calls may belong to one row.
    rows: &'a Mutex<Rows<'a>>,
    pending: &'a Pending,
    provider: Result<Arc<dyn Provider>, Failure>,
    /// What the provider's world came from, where that is not there any more.
    lost: Option<Address>,
}

/// What is known about it in the end.
enum Verdict {
    /// The call has ended well, and this is the object.
    Done(Applied),
    /// The object is there.
    There(Applied),
    /// It is there, but incomplete, and why.
    Incomplete(Applied, String),
    /// The object is gone.
    Gone,
    /// It was not done, or it is not known and does not matter: the next plan sees.
    NotDone(String),
    /// A create whose object is not there, or not there yet.
    Unseen,
    /// It does not matter whether it was done: doing it again is as good.
    Again(String),
    /// It was settled by hand meanwhile.
    ByHand,
    /// Only a person can tell, and why.
    Ask(String),
    /// It cannot be found out for now, and why.
    Later(Failure),
}

impl Case<'_> {
    /// Settles it; says so, and whether it is settled.
    async fn settle(&self) -> Result<(Diagnostic, bool), ExecError> {
        let found_out = AssertUnwindSafe(self.find_out()).catch_unwind();
        let verdict = tokio::select! {
            biased;
            verdict = tokio::time::timeout(self.within(), found_out) => match verdict {
                Ok(Ok(verdict)) => verdict?,
                Ok(Err(_)) => Verdict::Later(
                    Failure::new("panic", "the provider broke off with an error of its own")
                        .help("this is an error in aurak: please report it. Then run the command again"),
                ),
                Err(_) => Verdict::Later(
                    Failure::new("timeout", format!("it was not done within {}", words(self.within())))
                        .detail("it may still go on at the service")
                        .help("run the command again: it goes on from there"),
                ),
            },
            () = self.context.cancel.reached(Stop::Finish) => {
                Verdict::Later(stopped())
            }
        };
        self.conclude(verdict).await
    }

    async fn find_out(&self) -> Result<Verdict, ExecError> {
        let intent = &self.pending.intent;
        let call = self.call();
        if let Some(path) = call.lock_file() {
            unlocked(&path).await;
        }
        let provider = match &self.provider {
            Ok(provider) => &**provider,
            Err(failure) => {
                return Ok(match self.gone_around().await {
                    Some(around) => Verdict::NotDone(format!("what it was in, `{around}`, is gone")),
                    None => Verdict::Later(failure.clone()),
                });
            }
        };
        if let Some(handle) = &self.pending.handle
            && let Some(verdict) = self.resume(provider, &call, handle).await?
        {
            return Ok(verdict);
        }
        let backoff = self.backoff();
        let patience = Patience { lease: &self.context.lease, backoff: &backoff };
        let type_name = &intent.type_name;
        Ok(match (&intent.call, &intent.id) {
            (CallKind::Create, _) => {
                let key = intent.natural_key.as_ref();
                let until = Instant::now() + ON_ITS_WAY;
                let whereabouts = loop {
                    match find_out(provider, &call, type_name, key, &intent.desired, patience).await {
                        // Whoever is asked looks at once, and must not be told too early.
                        Whereabouts::Nothing | Whereabouts::Ask(_) if Instant::now() < until => {
                            sleep(LOOK_AGAIN).await;
                        }
                        whereabouts => break whereabouts,
                    }
                };
                match whereabouts {
                    Whereabouts::Found(found) => {
                        match settled(provider, type_name, found, patience, |_| {}).await {
                            Settled::Ready(applied) => Verdict::There(applied),
                            Settled::Failed(applied, why) => Verdict::Incomplete(applied, why),
                            Settled::Gone => Verdict::NotDone("it is gone again".to_string()),
                            Settled::CannotTell(why) => Verdict::Later(Failure::new("unanswered", why)),
                        }
                    }
                    Whereabouts::Nothing => Verdict::Unseen,
                    Whereabouts::Repeat => Verdict::NotDone("it was not made".to_string()),
                    Whereabouts::Ask(_) if self.was_settled_by_hand().await? => Verdict::ByHand,
                    Whereabouts::Ask(why) => Verdict::Ask(why),
                    Whereabouts::CannotTell(why) => Verdict::Later(Failure::new("unanswered", why)),
                }
            }
            (CallKind::Update | CallKind::Delete, Some(id)) => {
                let last =
                    self.row().and_then(|row| row.object(intent.slot)).map(|object| &object.attributes);
                let last = last.unwrap_or(&Value::Null);
                match patience.ask(|| provider.read(type_name, id, last)).await {
                    Ok(Refreshed::Found { id, attributes }) => {
                        let found = Applied { id, attributes };
                        match settled(provider, type_name, found, patience, |_| {}).await {
                            Settled::Ready(applied) | Settled::Failed(applied, _) => Verdict::There(applied),
                            Settled::Gone => Verdict::Gone,
                            Settled::CannotTell(why) => Verdict::NotDone(why),
                        }
                    }
                    Ok(Refreshed::Absent) => Verdict::Gone,
                    Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => {
                        Verdict::NotDone(format!("it cannot be read just now: {why}"))
                    }
                    Ok(Refreshed::Ambiguous(_)) => Verdict::NotDone("its id is not unique".to_string()),
                    Err(error) => Verdict::NotDone(format!("it cannot be read just now: {error}")),
                }
            }
            // The next plan invokes it again where there is still something to do.
            (CallKind::Invoke(action), _) if self.is_idempotent(action) => {
                Verdict::Again(format!("`{action}` is done again where that is still needed"))
            }
            (CallKind::Invoke(action), _) => {
                Verdict::NotDone(format!("whether `{action}` was done is not known"))
            }
            (CallKind::Update | CallKind::Delete, None) => {
                Verdict::NotDone("the journal does not say which object it was".to_string())
            }
        })
    }

    /// What its provider's world came from and the state does not hold any more. Nobody forgets that by
    /// hand while something is in it.
    async fn gone_around(&self) -> Option<Address> {
        if let Some(lost) = &self.lost {
            return Some(lost.clone());
        }
        let rows = self.rows.lock().await;
        let provider = self.state.providers.get(&self.pending.intent.provider)?;
        let gone = |need: &&Address| rows.get(need).is_none_or(|row| row.current.is_none());
        provider.needs.iter().find(gone).cloned()
    }

    /// What an object belongs to by now, if it is not what the call was for.
    fn owner(&self, rows: &Rows<'_>, id: &Name) -> Option<Address> {
        let Intent { type_name, address, provider, slot, .. } = &self.pending.intent;
        let world = self.provider.as_ref().ok().and_then(|provider| provider.world());
        let owner = rows.owner(id, type_name, provider, world.as_ref());
        // Where it is what the call was for, it was imported since.
        owner.filter(|of| {
            let own = rows.get(of).and_then(|row| row.object(*slot)).is_some_and(|object| object.id == *id);
            of != address || !own
        })
    }

    fn is_idempotent(&self, action: &Name) -> bool {
        let schema = self.context.schemas.types.get(&self.pending.intent.type_name);
        schema.and_then(|schema| schema.actions.get(action)).is_some_and(|action| action.idempotent)
    }

    /// Waits for what goes on at the service; `None` where only a look at the object can tell.
    async fn resume(
        &self,
        provider: &dyn Provider,
        call: &Call,
        handle: &Value,
    ) -> Result<Option<Verdict>, ExecError> {
        let intent = &self.pending.intent;
        let mut handle = handle.clone();
        let mut backoff = self.backoff();
        loop {
            self.context.lease.check()?;
            let error = match provider.resume(call, &intent.type_name, &handle).await {
                Ok(Progress::Done(_)) if intent.call == CallKind::Delete => return Ok(Some(Verdict::Gone)),
                Ok(Progress::Done(applied)) => return Ok(Some(Verdict::Done(applied))),
                Ok(Progress::Deleted) if matches!(intent.call, CallKind::Invoke(_)) => {
                    return Ok(Some(Verdict::Done(Applied { id: "".into(), attributes: Value::Null })));
                }
                Ok(Progress::Deleted) => return Ok(Some(Verdict::Gone)),
                Ok(Progress::Waiting { handle: next, why: _, poll }) => {
                    backoff.reset();
                    if next != handle {
                        handle = next;
                        let waiting = Record::Waiting { key: intent.key.clone(), handle: handle.clone() };
                        self.append(vec![waiting]).await?;
                    }
                    sleep(poll.max(SHORTEST_POLL)).await;
                    continue;
                }
                Err(error) => error,
            };
            let wait = match (&error.class, error.effect) {
                (_, Effect::Partial(applied)) => {
                    return Ok(Some(Verdict::Incomplete(*applied, error.message)));
                }
                (Class::Transient { after }, _) => {
                    let wait = backoff.failed(*after);
                    if after.is_none() && backoff.failures() >= self.context.limits.tries {
                        let failure = Failure::new("unavailable", error.message);
                        return Ok(Some(Verdict::Later(failure.help("run the command again"))));
                    }
                    wait
                }
                (Class::Conflict, _) => backoff.conflict(),
                (Class::Gone, _) if intent.call == CallKind::Delete => return Ok(Some(Verdict::Gone)),
                // The operation ended badly, and the service says that nothing came of it.
                (Class::Permanent | Class::Gone | Class::Exists { .. }, Effect::None)
                    if intent.call == CallKind::Create =>
                {
                    return Ok(Some(Verdict::NotDone(error.message)));
                }
                (Class::Permanent | Class::Gone | Class::Exists { .. }, _) => return Ok(None),
            };
            sleep(wait).await;
        }
    }

    /// Whether the row was written after the intent: somebody imported the object.
    async fn was_settled_by_hand(&self) -> Result<bool, ExecError> {
        let intent = &self.pending.intent;
        let Some(row) = self.row().filter(|row| row.object(intent.slot).is_some()) else { return Ok(false) };
        let later = self.context.store.records(row.version, usize::MAX).await?;
        let key = |record: &Record| matches!(record, Record::Intent(other) if other.key == intent.key);
        Ok(!later.iter().any(|(_, record)| key(record)))
    }

    async fn conclude(&self, verdict: Verdict) -> Result<(Diagnostic, bool), ExecError> {
        let intent = &self.pending.intent;
        let address = &intent.address;
        let mut written = self.rows.lock().await;
        let before = written.get(address).cloned();
        let before = before.as_ref();
        let doing = match &intent.call {
            CallKind::Create => "creating",
            CallKind::Update => "updating",
            CallKind::Delete => "deleting",
            CallKind::Invoke(action) => &format!("invoking `{action}` on"),
        };
        let interrupted = format!("a run was interrupted while {doing} `{address}`");
        let note = |text: &str| {
            let summary = format!("{interrupted}: {text}");
            Diagnostic { severity: Severity::Note, ..Diagnostic::error("recovered", summary) }.about(address)
        };
        let verdict = match verdict {
            Verdict::Done(applied) | Verdict::There(applied) | Verdict::Incomplete(applied, _)
                if intent.call == CallKind::Create
                    && let Some(of) = self.owner(&written, &applied.id) =>
            {
                Verdict::NotDone(format!("what is there belongs to `{of}` by now"))
            }
            verdict => verdict,
        };
        let (finding, rows, error) = match verdict {
            Verdict::Done(_) if matches!(intent.call, CallKind::Invoke(_)) => {
                (note("it has ended well since"), Vec::new(), None)
            }
            Verdict::Again(why) => (note(&why), Vec::new(), Some("the run was interrupted")),
            Verdict::Done(applied) => match self.found(before, &applied, None, true) {
                Ok(rows) => (note("it has ended well since"), rows, None),
                Err(failure) => return Ok(self.open(&interrupted, failure)),
            },
            Verdict::There(applied) => {
                let creates = intent.call == CallKind::Create;
                match self.found(before, &applied, None, creates) {
                    Ok(rows) if creates => (note("it is there, and was taken over"), rows, None),
                    Ok(rows) => (note("what is there was recorded"), rows, Some("the run was interrupted")),
                    Err(failure) => return Ok(self.open(&interrupted, failure)),
                }
            }
            Verdict::Incomplete(applied, why) => match self.found(before, &applied, Some(why), false) {
                Ok(rows) => (note("it is there, but incomplete"), rows, Some("the run was interrupted")),
                Err(failure) => return Ok(self.open(&interrupted, failure)),
            },
            Verdict::Gone => {
                let own = [(address.clone(), intent.slot)];
                let gone = if intent.call == CallKind::Delete { &own[..] } else { &[] };
                let rows = written.without(gone.iter().chain(&intent.takes));
                let error = (intent.call != CallKind::Delete).then_some("the object is gone");
                (note("it is gone"), rows, error)
            }
            Verdict::NotDone(why) => {
                let mut finding = note(&why);
                if matches!(intent.call, CallKind::Invoke(_)) {
                    finding.severity = Severity::Warning;
                }
                (finding, Vec::new(), Some("the run was interrupted"))
            }
            // Its request may still be on its way: it stays open, so that what makes it now goes under
            // the same key.
            Verdict::Unseen => return Ok((note("it was not made"), false)),
            Verdict::ByHand => (note("it was imported since"), Vec::new(), None),
            Verdict::Ask(why) => {
                let failure =
                    Failure::new("unanswered", format!("it is not known whether it was made: {why}"))
                        .detail("it will not be made a second time before this is settled")
                        .help(question_help(address));
                return Ok(self.open(&interrupted, failure));
            }
            Verdict::Later(failure) => return Ok(self.open(&interrupted, failure)),
        };
        written.apply(&rows);
        let outcome = Outcome {
            operation: self.context.operation.clone(),
            step: intent.step,
            key: Some(intent.key.clone()),
            rows,
            error: error.map(str::to_string),
            took: None,
            at_ms: self.context.clock.now_ms(),
        };
        self.append(vec![Record::Outcome(outcome)]).await?;
        Ok((finding, true))
    }

    /// It stays open.
    fn open(&self, interrupted: &str, failure: Failure) -> (Diagnostic, bool) {
        (failure.diagnostic(interrupted.to_string()).about(&self.pending.intent.address), false)
    }

    /// The row with what was found; `done` says whether it is what was asked for.
    fn found(
        &self,
        before: Option<&Arc<Row>>,
        applied: &Applied,
        incomplete: Option<String>,
        done: bool,
    ) -> Result<Vec<RowChange>, Failure> {
        let intent = &self.pending.intent;
        let schemas = &self.context.schemas;
        let recorded = before.and_then(|row| row.object(intent.slot));
        // A create that took over what was there has become an update, of another object than the row's.
        let adopts = intent.call == CallKind::Update
            && intent.slot == Slot::Current
            && recorded
                .is_none_or(|object| intent.id.as_ref() != Some(&object.id) && object.id != applied.id);
        let creates = intent.call == CallKind::Create || adopts;
        // What was there before was not made in part.
        let incomplete = incomplete.filter(|_| intent.call == CallKind::Create);
        if creates && recorded.is_some_and(|object| object.id == applied.id) {
            // Imported since, or taken over by an earlier recovery.
            return Ok(Vec::new());
        }
        let plan = match (&intent.row, before) {
            // Until it is known to be as it is asked for, it may still use what it was made from.
            (Some(row), Some(before)) if !creates && !done => {
                let needs: BTreeSet<&Address> = row.needs.iter().chain(&before.needs).collect();
                RowPlan { needs: needs.into_iter().cloned().collect(), ..row.clone() }
            }
            (Some(row), _) => row.clone(),
            // A delete that was not done: the row stays as it is.
            (None, Some(row)) => RowPlan::of(row),
            (None, None) => return Ok(Vec::new()),
        };
        let made: Object = match recorded {
            _ if adopts && !done => object(schemas, &intent.type_name, applied, nothing(), None),
            // What was asked for before is what the next plan goes by: then it unsets what an
            // unfinished update was to unset.
            Some(recorded) if !creates && !done => {
                let before = recorded.incomplete.clone();
                object(schemas, &intent.type_name, applied, recorded.desired.clone(), before)
            }
            _ => object(schemas, &intent.type_name, applied, intent.desired.clone(), incomplete),
        };
        let world = match &self.provider {
            Ok(provider) => provider.world(),
            Err(_) => before.and_then(|row| row.world.clone()),
        };
        let here = |row: &Row| {
            row.type_name == intent.type_name
                && row.world == world
                && (world.is_some() || row.provider == intent.provider)
        };
        let stood = before.filter(|row| creates && intent.slot == Slot::Current && row.current.is_some());
        let aside = match stood {
            None => None,
            // It was gone when this was made: what is of another type, or in another world, goes first.
            Some(row) if !here(row) => Some(Row { current: None, ..(**row).clone() }),
            Some(row) if row.old.is_some() => {
                return Err(Failure::new("unanswered", "three objects of it exist, and a row holds two")
                    .help("delete what should not be there, and forget the rest with `aurak state rm`"));
            }
            Some(row) if made.incomplete.is_some() => {
                let row = left_beside(row, &plan.needs, made);
                return Ok(vec![RowChange::Put(Arc::new(row))]);
            }
            // Whatever stood there is not lost: the next plan deletes what is set aside.
            Some(row) => Some(set_aside(row)),
        };
        let home = Home {
            address: &intent.address,
            type_name: &intent.type_name,
            provider: &intent.provider,
            world: world.clone(),
            row: &plan,
            now: self.state.serial + 1,
        };
        let row = with_object(aside.as_ref().or(before.map(|row| &**row)), home, intent.slot, made);
        let row = still_needing(row, before.map(|row| &**row), intent.slot);
        Ok(vec![RowChange::Put(Arc::new(row))])
    }

    /// How long it may take to find out.
    fn within(&self) -> Duration {
        let intent = &self.pending.intent;
        let of_type = self.context.schemas.types.get(&intent.type_name).map(|ty| ty.timeouts);
        let seconds = of_type.and_then(|times| match intent.call {
            CallKind::Create => times.create,
            CallKind::Update => times.update,
            CallKind::Delete => times.delete,
            CallKind::Invoke(_) => None,
        });
        seconds.map_or(self.context.limits.timeout, Duration::from_secs)
    }

    /// The row as it was when the recovery began.
    fn row(&self) -> Option<&Arc<Row>> {
        self.state.rows.get(&self.pending.intent.address)
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.context.seed, u64::from(self.pending.intent.step.0))
    }

    fn call(&self) -> Call {
        Call {
            key: self.pending.intent.key.clone(),
            address: self.pending.intent.address.clone(),
            progress: Arc::new(|_| {}),
            cancel: CancelToken::new(),
            deadline: None,
            lock_dir: self.context.lock_dir.clone(),
        }
    }

    async fn append(&self, records: Vec<Record>) -> Result<(), ExecError> {
        self.context.lease.check()?;
        self.context.store.append(self.context.lease.fence(), records).await?;
        Ok(())
    }
}

/// Ends when no process holds the lock any more: a command outlives its run for a moment, and what
/// it still does must be seen.
async fn unlocked(path: &FilePath) {
    loop {
        // No file: there was no process, or it has tidied up.
        let Ok(file) = File::open(path) else { return };
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => sleep(LOCK_POLL).await,
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => return,
        }
    }
}

/// Opens recorded provider nodes.
struct Openers<'a> {
    context: &'a Context,
    state: &'a StateDoc,
    resolver: Resolver<'a>,
    open: HashMap<ProviderAddress, Result<Arc<dyn Provider>, Failure>>,
    /// What was looked for and is not there any more.
    gone: BTreeSet<Address>,
}

impl Openers<'_> {
    async fn open(
        &mut self,
        address: &ProviderAddress,
        type_name: &Name,
        depth: usize,
    ) -> Result<Arc<dyn Provider>, Failure> {
        if let Some(known) = self.open.get(address) {
            return known.clone();
        }
        let opened = self.configure(address, type_name, depth).await.map_err(|failure| Failure {
            message: format!("the provider `{address}` could not be opened: {}", failure.message),
            ..failure
        });
        self.open.insert(address.clone(), opened.clone());
        opened
    }

    async fn configure(
        &mut self,
        address: &ProviderAddress,
        type_name: &Name,
        depth: usize,
    ) -> Result<Arc<dyn Provider>, Failure> {
        let node = match self.state.providers.get(address) {
            Some(row) => row.node(),
            None => ProviderNode {
                address: address.clone(),
                type_name: provider_of(type_name).into(),
                config: Value::map::<Name>([]),
                needs: Vec::new(),
            },
        };
        let config = loop {
            match self.resolver.resolve(&node.config) {
                Ok(config) => break config,
                Err(Unresolved::Read(row)) => Box::pin(self.see(&row, depth)).await?,
                Err(other) => return Err(other.failure()),
            }
        };
        let node = ProviderNode { config, ..node };
        let opened = self.patiently(|context| context.providers.open(&node)).await;
        opened.map_err(|error| refusal(&error))
    }

    /// Reads a row for its volatile attributes.
    async fn see(&mut self, address: &Address, depth: usize) -> Result<(), Failure> {
        let cannot = |why: String| Failure::new("volatile", format!("`{address}` cannot be read: {why}"));
        let Some(depth) = depth.checked_sub(1) else {
            return Err(cannot("its provider needs itself".to_string()));
        };
        let row = self.resolver.rows.get(address).cloned();
        let Some((row, object)) = row.as_ref().and_then(|row| Some((row, row.current.as_ref()?))) else {
            return Err(cannot("it is not in the state".to_string()));
        };
        let provider = self.open(&row.provider, &row.type_name, depth).await?;
        let read =
            self.patiently(|_| provider.read_volatile(&row.type_name, &object.id, &object.attributes)).await;
        match read {
            Ok(Refreshed::Found { id, attributes }) => {
                self.resolver
                    .rows
                    .see(address, Seen { type_name: row.type_name.clone(), id, attributes, whole: true });
                Ok(())
            }
            Ok(Refreshed::Absent) => {
                self.gone.insert(address.clone());
                Err(cannot("it is not there any more".to_string()))
            }
            Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => Err(cannot(why)),
            Ok(Refreshed::Ambiguous(_)) => Err(cannot("its id is not unique".to_string())),
            Err(error) => Err(cannot(error.message)),
        }
    }

    async fn patiently<'f, T>(
        &self,
        ask: impl Fn(&'f Context) -> crate::whereabouts::Answer<'f, T>,
    ) -> Result<T, ProviderError>
    where
        Self: 'f,
    {
        let backoff = Backoff::new(self.context.seed, 0);
        let context: &Context = self.context;
        let patience = Patience { lease: &context.lease, backoff: &backoff };
        answered(context.limits.timeout, patience.ask(|| ask(context))).await
    }
}

/// Drops the open attempts of an address: somebody looked, and says that nothing is there. Returns
/// how many there were.
pub async fn drop_attempts(
    context: &Context,
    state: &StateDoc,
    address: &Address,
) -> Result<usize, ExecError> {
    drop_those(context, state, "dropped by hand", |intent| intent.address == *address).await
}

/// Drops the attempts that a recovery saw nothing of and that a plan does not make again. Returns how
/// many there were.
pub async fn drop_unseen(context: &Context, state: &StateDoc, plan: &Plan) -> Result<usize, ExecError> {
    let creates = plan.steps.iter().filter(|step| matches!(step.work, Work::Create { .. }));
    let made: BTreeSet<(&Address, Slot)> = creates.map(|step| (&step.address, step.slot)).collect();
    drop_those(context, state, "it was not made", |intent| !made.contains(&(&intent.address, intent.slot)))
        .await
}

async fn drop_those(
    context: &Context,
    state: &StateDoc,
    why: &str,
    which: impl Fn(&Intent) -> bool,
) -> Result<usize, ExecError> {
    let open = state.pending.iter().map(|pending| &pending.intent).filter(|intent| which(intent));
    let records: Vec<Record> = open.map(|intent| Record::Outcome(dropped(context, intent, why))).collect();
    let count = records.len();
    if count > 0 {
        context.lease.check()?;
        context.store.append(context.lease.fence(), records).await?;
    }
    Ok(count)
}

/// An attempt that came to nothing.
pub(crate) fn dropped(context: &Context, intent: &Intent, why: &str) -> Outcome {
    Outcome {
        operation: context.operation.clone(),
        step: intent.step,
        key: Some(intent.key.clone()),
        rows: Vec::new(),
        error: Some(why.to_string()),
        took: None,
        at_ms: context.clock.now_ms(),
    }
}
