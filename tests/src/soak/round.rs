//! A round: the stack changes, things go wrong, it is applied, and everything that has to hold is looked
//! at.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aurak_api::Registry;
use aurak_core::{CoreOptions, CoreType, Supervisor};
use aurak_exec::{Cancel, Limits};
use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::plan::Mode;
use aurak_model::record::EndResult;
use aurak_model::span::Files;
use aurak_model::{Diagnostic, Event, Plan, PlanReport, Severity, StateDoc};
use aurak_plan::Options as Wanted;
use aurak_run::{Applied, Approver, DiskStores, KeySource, Me, Request, RunError, Session};
use aurak_sim::remote::{Command, CommandResult, RemoteWorld};
use aurak_sim::{Chaos, FaultKind};
use aurak_state::{Holder, Identity, Key, Store, StoreError, SystemClock};
use tokio::sync::mpsc;

use super::gauge::{Gauge, ticks};
use super::report::{Ended, Rest};
use super::town::{Town, Turn};
use super::watch::Watch;
use super::{AT_ONCE, Options};
use crate::kill::look::look;
use crate::lifecycle::rng::Rng;

/// Of a thousand requests, so many go wrong at most.
const MOST_FAULTS: usize = 60;

/// What a run has to get over by itself.
const HARMLESS: &[FaultKind] = &[
    FaultKind::Transient,
    FaultKind::Throttled,
    FaultKind::Throttled,
    FaultKind::Conflict,
    FaultKind::Lost,
    FaultKind::Lost,
    FaultKind::Dropped,
    FaultKind::Slow,
];

/// What ends steps too.
const HARMFUL: &[FaultKind] =
    &[FaultKind::Permanent, FaultKind::Partial, FaultKind::FailsLater, FaultKind::Unreadable];

/// A journal is kept whole, and a check reads all of it: beyond this many records everything is destroyed
/// and a new state begun, or the rounds of an hour would take longer and longer.
const MOST_RECORDS: u64 = 40_000;

/// How often in a row a run may want another approval.
const MOST_APPROVALS: usize = 3;

/// What was left behind by runs that have ended is gone after this.
const AT_REST: Duration = Duration::from_secs(20);

/// How often it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Everything that a soak is done with.
pub struct Soak {
    session: Session,
    remote: RemoteWorld,
    /// Its process.
    world: String,
    state: PathBuf,
    town: Town,
    rng: Rng,
    watch: Arc<Watch>,
    options: Options,
    ended: Ended,
    /// How many records the journal has.
    records: u64,
    /// What the process held after the first round.
    first: Option<Rest>,
    began: Instant,
}

/// How an apply ended.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Done,
    /// The known part is done; the rest wants another approval.
    Approval(String),
    /// Why not.
    Otherwise(String),
}

type Outcome<T> = Result<T, String>;

impl Soak {
    /// A soak in the world behind a socket, of a process, with its state in a folder.
    pub fn new(
        socket: &Path,
        world: &str,
        state: &Path,
        options: &Options,
        watch: Arc<Watch>,
    ) -> Outcome<Soak> {
        let remote = RemoteWorld::new(socket);
        let mut registry = remote.registry();
        let core = CoreOptions { folder: state.to_path_buf(), supervisor: Supervisor::this_program() };
        registry.add(Arc::new(CoreType::new(core)));
        let mut rng = Rng::new(options.seed);
        let town = Town::new(options.resources, &mut rng);
        let key = Key::generate().map_err(|error| error.to_string())?.to_base64().to_string();
        Ok(Soak {
            session: session(
                registry,
                DiskStores::new("states".into(), Some(state.into()), Arc::new(OneKey(key))),
            ),
            remote,
            world: world.to_string(),
            state: state.to_path_buf(),
            town,
            rng,
            watch,
            options: options.clone(),
            ended: Ended::default(),
            records: 0,
            first: None,
            began: Instant::now(),
        })
    }

    /// Rounds until it is time to end.
    pub async fn run(&mut self, until: Instant) -> Outcome<Ended> {
        for number in 1.. {
            let last = number == self.options.rounds || Instant::now() >= until;
            self.watch.begin_round();
            self.round(number, last).await.map_err(|why| format!("round {number}: {why}"))?;
            self.watch.end_round();
            if last {
                break;
            }
            self.pause().await;
        }
        Ok(std::mem::take(&mut self.ended))
    }

    async fn round(&mut self, number: u64, last: bool) -> Outcome<()> {
        let full = self.records > MOST_RECORDS;
        let turn = match self.town.turn(&mut self.rng) {
            _ if full => Turn::Destroy,
            turn => turn,
        };
        let files = self.town.files().into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        self.session.sources = Arc::new(MemorySources { files, ..MemorySources::default() });
        let mode = if turn == Turn::Destroy { Mode::Destroy } else { Mode::Apply };
        // In every other round a run has to get there in spite of what goes wrong.
        let harmful = self.rng.once_in(2);
        self.chaos(harmful).await?;
        let times = if harmful { 1 + self.rng.below(2) } else { 1 };
        for time in 1..=times {
            let only =
                if self.rng.once_in(10) { vec![Town::part(&mut self.rng).to_string()] } else { Vec::new() };
            let stop = self.rng.once_in(5).then(|| self.rng.below(1500) as u64);
            let text = format!(
                "round {number}, {turn:?}, harmful: {harmful}, time {time}, stop {stop:?}, only {only:?}"
            );
            self.watch.doing(text.clone());
            // A part cannot always be had alone: what it deletes may be used by what is left out.
            let whole = stop.is_none() && only.is_empty() && !harmful;
            let end = self.apply(mode, only, stop).await;
            match end.map_err(|why| format!("{text}: {why}"))? {
                End::Otherwise(why) | End::Approval(why) if whole => {
                    return Err(format!("{text}: it did not get over it: {why}"));
                }
                _ => {}
            }
        }
        self.check(number, false).await?;
        if number == 1 || last || full || self.rng.once_in(3) {
            self.command(Command::Calm).await?;
            self.settle(number, mode).await?;
            self.ended.settled += 1;
        }
        let faults = self.command(Command::FaultsMet).await?;
        if let CommandResult::Met(met) = faults {
            self.ended.faults =
                met.into_iter().map(|(kind, n)| (format!("{kind:?}").to_lowercase(), n)).collect();
        }
        self.command(Command::ClearLog).await?;
        self.rest(number).await?;
        if full {
            let removed = std::fs::remove_dir_all(&self.state);
            removed.map_err(|error| format!("round {number}: removing the state: {error}"))?;
            self.ended.states += 1;
            self.records = 0;
        }
        Ok(())
    }

    /// Lets things go wrong.
    async fn chaos(&mut self, harmful: bool) -> Outcome<()> {
        let mut kinds = HARMLESS.to_vec();
        if harmful {
            kinds.extend(HARMFUL);
        }
        let per_mille = u32::try_from(self.rng.below(MOST_FAULTS)).unwrap_or(0);
        self.command(Command::Chaos(Some(Chaos { per_mille, kinds, in_a_row: 2 }))).await.map(drop)
    }

    async fn command(&self, command: Command) -> Outcome<CommandResult> {
        self.remote.command(command).await.map_err(|error| format!("the world: {error}"))
    }

    /// Applies or destroys; an error is what must not happen. What wants another approval, such as the
    /// replacement of what had an older object still to be deleted, gets it.
    async fn apply(&mut self, mode: Mode, only: Vec<String>, stop: Option<u64>) -> Outcome<End> {
        let mut end = self.apply_once(mode, only.clone(), stop).await?;
        for _ in 0..MOST_APPROVALS {
            let End::Approval(_) = end else { break };
            end = self.apply_once(mode, only.clone(), stop).await?;
        }
        Ok(end)
    }

    async fn apply_once(&mut self, mode: Mode, only: Vec<String>, stop: Option<u64>) -> Outcome<End> {
        let (events, mut receiver) = mpsc::unbounded_channel::<Event>();
        let cancel = Cancel::new();
        let request = Request {
            options: Wanted { mode, only, replace: Vec::new() },
            limits: Limits {
                parallelism: AT_ONCE,
                // Their own numbers are what a real service bears.
                per_provider: ["sim", "inner", "core"].map(|name| (name.into(), AT_ONCE)).into(),
                ..Limits::default()
            },
            lock_timeout: Duration::from_secs(5),
            new: false,
            deferred_max: 1000,
            cancel: cancel.clone(),
            events,
        };
        let watch = self.watch.clone();
        let watching = tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                watch.event(&event);
            }
        });
        let twice = self.rng.once_in(2);
        let stopping = stop.map(|ms| {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                cancel.stop();
                if twice {
                    tokio::time::sleep(Duration::from_millis(ms / 3)).await;
                    cancel.stop();
                }
            })
        });
        let applied = aurak_run::apply(&self.session, request, &Yes).await;
        if let Some(stopping) = stopping {
            stopping.abort();
        }
        watching.await.map_err(|error| error.to_string())?;
        judged(applied)
    }

    /// Everything is in order in the state. Before the world is calm there may be what is only worth
    /// knowing: calls without an outcome, and what needs something that was forgotten.
    async fn check(&self, number: u64, whole: bool) -> Outcome<()> {
        self.watch.doing(format!("round {number}, state check"));
        let Some(store) = self.store().await? else { return Ok(()) };
        let findings = store.check().await.map_err(|error| format!("state check: {error}"))?;
        let wrong: Vec<String> = findings
            .iter()
            .filter(|finding| whole || finding.severity != Severity::Note)
            .map(|finding| finding.summary.to_string())
            .collect();
        match wrong.as_slice() {
            [] => Ok(()),
            wrong => Err(format!("state check found: {}", wrong.join("; "))),
        }
    }

    async fn store(&self) -> Outcome<Option<Arc<dyn Store>>> {
        let found = self.session.stores.find("town", None).await.map_err(|error| told(&error))?;
        let Some(identity) = found else { return Ok(None) };
        let key = self.session.stores.key(&identity).await.map_err(|error| error.to_string())?;
        let store = self.session.stores.open(&identity, key, false).await;
        store.map(Some).map_err(|error| format!("opening the state: {error}"))
    }

    async fn document(&self) -> Outcome<StateDoc> {
        match self.store().await? {
            Some(store) => store.document().await.map_err(|error| error.to_string()),
            None => Ok(StateDoc::default()),
        }
    }

    /// In a calm world one run gets there, and then there is nothing to do.
    async fn settle(&mut self, number: u64, mode: Mode) -> Outcome<()> {
        self.watch.doing(format!("round {number}, in a calm world"));
        if let End::Otherwise(why) | End::Approval(why) = self.apply(mode, Vec::new(), None).await? {
            return Err(format!("in a calm world: {why}"));
        }
        let wanted = Wanted { mode, only: Vec::new(), replace: Vec::new() };
        let planned = aurak_run::plan(&self.session, wanted).await.map_err(|error| told(&error))?;
        if !planned.plan.changes.is_empty() || !planned.plan.steps.is_empty() {
            let changes: Vec<String> =
                planned.plan.changes.iter().map(|change| change.address.to_string()).collect();
            return Err(format!("planned again, it is not empty: {}", changes.join(", ")));
        }
        drop(planned);
        self.check(number, true).await?;
        let CommandResult::Objects(objects) = self.command(Command::Objects).await? else {
            return Err("the world gave another answer".to_string());
        };
        let document = self.document().await?;
        let wrong = look(&objects, &[], &document).wrong;
        if mode == Mode::Destroy && !document.rows.is_empty() {
            return Err(format!("{} rows are left", document.rows.len()));
        }
        match wrong.as_slice() {
            [] => Ok(()),
            wrong => Err(format!("world and state differ: {}", wrong.join("; "))),
        }
    }

    /// What ended left nothing behind.
    async fn rest(&mut self, number: u64) -> Outcome<()> {
        self.watch.doing(format!("round {number}, coming to rest"));
        let document = self.document().await?;
        let size = |name: &str| std::fs::metadata(self.state.join(name)).map_or(0, |file| file.len());
        if self.first.is_none() {
            // What is there for good is known once all else is gone.
            tokio::time::sleep(LOOK_AGAIN * 20).await;
        }
        let until = Instant::now() + AT_REST;
        let rest = loop {
            let rest = Rest {
                held: Gauge::of("self"),
                tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64,
                state: size("state.db"),
                beside: size("state.db-wal") + size("state.db-shm"),
                records: document.serial,
                rows: document.rows.len() as u64,
            };
            let first = *self.first.get_or_insert(rest);
            if !rest.holds_more_than(&first) {
                break rest;
            }
            if Instant::now() > until {
                return Err(format!(
                    "something is left behind: after the first round {first:?}, now {rest:?}"
                ));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        self.ended.rest.push(rest);
        self.records = rest.records;
        Ok(())
    }

    /// Leaves the machine to others for a while.
    async fn pause(&self) {
        let used = Duration::from_millis(10 * (ticks("self") + ticks(&self.world)));
        let wanted = used.mul_f64(100.0 / self.options.percent.max(1) as f64);
        tokio::time::sleep(wanted.saturating_sub(self.began.elapsed())).await;
    }
}

/// How an apply ended; an error where it must not end like that.
fn judged(applied: Result<Applied, RunError>) -> Outcome<End> {
    Ok(match applied {
        Ok(Applied::Nothing { .. } | Applied::Executed { end: EndResult::Done, .. }) => End::Done,
        Ok(Applied::Executed {
            end: end @ (EndResult::Failed | EndResult::Interrupted), findings, ..
        }) => End::Otherwise(format!("{end:?}: {}", summaries(&findings))),
        Ok(Applied::Executed { end: EndResult::NeedsApproval, follow_up, .. }) => {
            let why = follow_up.map(|follow_up| follow_up.why).unwrap_or_default();
            End::Approval(why)
        }
        Ok(Applied::Declined) => return Err("it was declined, which nobody did".to_string()),
        Err(error @ (RunError::Findings { .. } | RunError::Stopped)) => End::Otherwise(told(&error)),
        // There is nothing to destroy.
        Err(RunError::NoState { .. }) => End::Done,
        Err(error) => return Err(told(&error)),
    })
}

fn summaries(findings: &[Diagnostic]) -> String {
    let texts: Vec<&str> = findings.iter().map(|finding| &*finding.summary).collect();
    texts.join("; ")
}

/// An error with its causes.
fn told(error: &RunError) -> String {
    let mut text = error.to_string();
    if let RunError::Findings { findings, .. } = error {
        text = format!("{text}: {}", summaries(findings));
    }
    let mut cause = error.source();
    while let Some(why) = cause {
        text = format!("{text}: {why}");
        cause = why.source();
    }
    text
}

fn session(registry: Registry, stores: DiskStores) -> Session {
    Session {
        folder: None,
        sources: Arc::new(MemorySources::default()),
        request: LoadRequest::default(),
        schemas: Arc::new(registry.schemas()),
        registry: Arc::new(registry),
        stores: Arc::new(stores),
        clock: Arc::new(SystemClock),
        me: Me {
            who: "soak@here".to_string(),
            host: "here".to_string(),
            pid: std::process::id(),
            commit: Arc::new(|| None),
        },
    }
}

/// The key of the only state.
struct OneKey(String);

impl KeySource for OneKey {
    fn find(&self, _: &Identity) -> Result<Option<Key>, StoreError> {
        Key::from_base64(&self.0).map(Some)
    }

    fn make(&self, _: &Identity) -> Result<Key, StoreError> {
        Key::from_base64(&self.0)
    }
}

struct Yes;

#[async_trait]
impl Approver for Yes {
    async fn approve(&self, _: &Plan, _: &PlanReport, _: &Files) -> bool {
        true
    }

    async fn waiting_for(&self, _: &Holder) {}

    async fn recovered(&self, _: &[Diagnostic]) {}
}
