//! The dispatcher: decides what starts, writes the journal, and says what happens.
//!
//! It is the only caller of the store and the only writer of events. What happened and what is about
//! to happen gather in a [`Batch`]; one append makes a batch durable, and only then do its events go
//! out, its executors start, and those who wait for a record go on. While an append is in flight the
//! next batch gathers. So a call leaves after its intent is on disk, nothing that depends on a step
//! starts before the step's outcome is, and a display never shows what a crash could take back.
//!
//! The parts: `start` prepares steps, `open` opens providers and reads volatile attributes, `end`
//! turns what executors return into records, `salvage` saves what it can where
//! the state cannot be written, `closing` does what comes last.

use std::collections::{HashMap, HashSet};

use aurak_api::CancelToken;
use aurak_model::estimate::group_key;
use aurak_model::event::{Report, StepEnd};
use aurak_model::plan::{Plan, RowPlan, Work};
use aurak_model::record::{IdempotencyKey, Intent, ProviderRow};
use aurak_model::{Address, Diagnostic, Name, ProviderAddress, Record, Slot, StateDoc, Step, StepId, Value};
use aurak_state::StoreError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until};

use crate::conditions::Conditions;
use crate::context::Context;
use crate::error::ExecError;
use crate::graph::Graph;
use crate::job::{Job, Msg};
use crate::nodes::{Nodes, Waiter};
use crate::ready::Ready;
use crate::reporter::{Counts, Reporter};
use crate::resolve::Resolver;
use crate::rows::Rows;
use crate::stop::Stop;

/// How often executors are let run before an append, so that outcomes which are about to arrive go
/// into the same one. Each round costs microseconds, an append a wait for the disk.
const GATHERING: usize = 4;

pub(crate) struct Dispatcher<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a StateDoc,
    pub(crate) context: &'a Context,
    pub(crate) reporter: &'a mut Reporter,
    pub(crate) graph: Graph,
    pub(crate) ready: Ready,
    /// Steps that need no slot, to be done at once.
    pub(crate) at_once: Vec<u32>,
    pub(crate) resolver: Resolver<'a>,
    pub(crate) nodes: Nodes,
    pub(crate) conditions: Conditions<'a>,
    /// Rows that are being read for volatile attributes, and who waits for them.
    pub(crate) reading: HashMap<Address, Vec<Waiter>>,
    /// Addresses whose older object goes in this plan, or stays set aside: a create keeps the current
    /// one for that.
    pub(crate) has_older: HashSet<&'a Address>,
    /// The steps that write what is now the current object of addresses of which this plan deletes another.
    pub(crate) written: HashMap<&'a Address, u32>,
    /// Recorded nodes that lead through what this run has renamed, as they are written down by now.
    pub(crate) renamed_providers: HashMap<ProviderAddress, ProviderRow>,
    /// The new names of rows that such nodes of the plan lead through.
    pub(crate) renamed: HashMap<Address, Address>,
    /// Who makes what in this run, by provider, type and natural key: names that only apply can tell
    /// may turn out to be the same.
    pub(crate) claims: HashMap<(ProviderAddress, Name, Name), &'a Address>,
    pub(crate) phase: Vec<Phase>,
    /// Steps whose start was made known.
    pub(crate) begun: Vec<bool>,
    /// Steps that have a slot and wait for a provider or a row.
    pub(crate) held: usize,
    /// Steps that are not ended.
    pub(crate) open_steps: usize,
    pub(crate) running: HashMap<u32, Running>,
    pub(crate) batch: Batch,
    /// What is being written.
    pub(crate) flight: Batch,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) sender: UnboundedSender<Msg>,
    /// Tells executors that waits are given up.
    pub(crate) now: CancelToken,
    pub(crate) stop: Stop,
    pub(crate) ends: Vec<Option<StepEnd>>,
    pub(crate) counts: Counts,
    pub(crate) findings: Vec<Diagnostic>,
    pub(crate) error: Option<ExecError>,
    /// Providers of intents that stay open for the next run.
    pub(crate) left_open: HashSet<ProviderAddress>,
    /// When something started or ended last.
    moved: Instant,
    /// How much longer nothing may move before it is said why.
    patience: Duration,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for others, or for a slot.
    Waiting,
    /// It has a slot and waits for a provider or a row.
    Held,
    /// Its intent is on the way, or it runs.
    Begun,
    /// It is over, at the latest with the next append.
    Over,
}

/// A step whose intent is on the way or durable.
pub(crate) struct Running {
    pub(crate) since: Instant,
    pub(crate) intent: Option<Intent>,
    pub(crate) making: Making,
    /// What it waits for, where it said so.
    pub(crate) why: Option<String>,
    /// A create has become an update of what an earlier create of ours made.
    pub(crate) ours: bool,
}

/// What is recorded when it is done.
pub(crate) struct Making {
    pub(crate) desired: Value,
    pub(crate) row: Option<RowPlan>,
    pub(crate) node: usize,
}

/// What the next append makes durable, and what follows then.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) effects: Vec<Effect>,
}

/// What waits for an append.
pub(crate) enum Effect {
    Started(u32),
    Finished { step: u32, took: Duration, end: StepEnd },
    Spawn(Box<Job>),
    Durable(oneshot::Sender<()>),
    Adopt(oneshot::Sender<IdempotencyKey>, IdempotencyKey),
}

impl<'a> Dispatcher<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        state: &'a StateDoc,
        context: &'a Context,
        reporter: &'a mut Reporter,
    ) -> Result<(Dispatcher<'a>, UnboundedReceiver<Msg>), ExecError> {
        let graph = Graph::new(plan, &context.schemas)?;
        let (sender, receiver) = unbounded_channel();
        let has_older = plan
            .steps
            .iter()
            .filter(|step| {
                let older = matches!(step.work, Work::Delete { .. } | Work::Forget | Work::Join);
                step.slot == Slot::Old && older
            })
            .map(|step| &step.address)
            .collect();
        let beside: HashSet<&Address> = plan
            .steps
            .iter()
            .filter(|step| step.slot != Slot::Current && matches!(step.work, Work::Delete { .. }))
            .map(|step| &step.address)
            .collect();
        let writes = |step: &&Step| {
            step.slot == Slot::Current
                && matches!(step.work, Work::Create { .. } | Work::Update { .. })
                && beside.contains(&step.address)
        };
        let written = plan.steps.iter().filter(writes).map(|step| (&step.address, step.id.0)).collect();
        let count = plan.steps.len();
        let dispatcher = Dispatcher {
            plan,
            state,
            context,
            reporter,
            graph,
            ready: Ready::new(context.limits.parallelism, context.widths(plan)),
            at_once: Vec::new(),
            resolver: Resolver::new(plan, &context.schemas, Rows::new(state)),
            nodes: Nodes::new(plan),
            conditions: Conditions::new(plan),
            reading: HashMap::new(),
            has_older,
            written,
            renamed_providers: HashMap::new(),
            renamed: HashMap::new(),
            claims: HashMap::new(),
            phase: vec![Phase::Waiting; count],
            begun: vec![false; count],
            held: 0,
            open_steps: count,
            running: HashMap::new(),
            batch: Batch::default(),
            flight: Batch::default(),
            tasks: JoinSet::new(),
            sender,
            now: CancelToken::new(),
            stop: Stop::No,
            ends: vec![None; count],
            counts: Counts::default(),
            findings: Vec::new(),
            error: None,
            left_open: HashSet::new(),
            moved: Instant::now(),
            patience: context.limits.stalled_after,
        };
        Ok((dispatcher, receiver))
    }

    /// Runs until nothing is left to be done, or nothing can be.
    pub(crate) async fn run(&mut self, receiver: &mut UnboundedReceiver<Msg>) {
        for step in 0..self.plan.steps.len() as u32 {
            if self.graph.waiting[step as usize] == 0 {
                self.enter(step);
            }
        }
        let context = self.context;
        let mut append = None;
        loop {
            while self.tasks.try_join_next().is_some() {}
            // Before anything is started: the user may have asked between two plans, or while an
            // append was under way.
            while self.stop < context.cancel.level() {
                self.stopping();
            }
            self.start_what_can();
            if append.is_none() && !self.batch.is_empty() {
                self.gather(receiver).await;
                if self.batch.records.is_empty() {
                    let Batch { effects, .. } = std::mem::take(&mut self.batch);
                    self.commit(effects);
                    continue;
                }
                if let Err(lost) = context.lease.check() {
                    return self.give_up(lost.into());
                }
                self.flight = std::mem::take(&mut self.batch);
                append = Some(context.store.append(context.lease.fence(), self.flight.records.clone()));
            }
            if append.is_none() && self.is_over() {
                return;
            }
            let stalled_at = self.moved + self.patience;
            tokio::select! {
                biased;
                result = pending_or(&mut append), if append.is_some() => {
                    append = None;
                    match result {
                        Ok(_) => {
                            let Batch { effects, .. } = std::mem::take(&mut self.flight);
                            self.commit(effects);
                        }
                        Err(error @ StoreError::LeaseLost { .. }) => return self.give_up(error.into()),
                        Err(error) => return self.salvage(error.into(), receiver).await,
                    }
                }
                () = context.cancel.reached(self.next_stop()), if self.stop != Stop::Now => {}
                () = context.lease.lost() => {
                    let lost = context.lease.check().err();
                    return self.give_up(lost.map_or(ExecError::Stuck { left: self.open_steps }, ExecError::from));
                }
                Some(msg) = receiver.recv() => self.take(msg),
                () = sleep_until(stalled_at) => self.stalled(),
            }
            if self.error.is_some() {
                return;
            }
        }
    }

    /// Takes what has arrived, and what is about to.
    async fn gather(&mut self, receiver: &mut UnboundedReceiver<Msg>) {
        for _ in 0..GATHERING {
            if self.running.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
            let mut news = false;
            while let Ok(msg) = receiver.try_recv() {
                news = true;
                self.take(msg);
            }
            if !news {
                return;
            }
            self.start_what_can();
        }
    }

    fn next_stop(&self) -> Stop {
        match self.stop {
            Stop::No => Stop::Finish,
            Stop::Finish | Stop::Now => Stop::Now,
        }
    }

    fn is_over(&self) -> bool {
        self.batch.is_empty() && self.running.is_empty() && (self.stop != Stop::No || self.held == 0)
    }

    /// The user asked to stop, once more.
    fn stopping(&mut self) {
        self.stop = self.next_stop();
        self.reporter.report(Report::Stopping { now: self.stop == Stop::Now });
        if self.stop == Stop::Now {
            self.now.cancel();
        }
    }

    /// Nothing more can be written: everything stops where it is.
    pub(crate) fn give_up(&mut self, error: ExecError) {
        if let ExecError::LeaseLost(lost) = &error
            && let StoreError::LeaseLost { why, .. } = &**lost
        {
            self.context.lease.lose(*why);
        }
        self.tasks.abort_all();
        self.error.get_or_insert(error);
    }

    /// A step that waits for nothing more.
    pub(crate) fn enter(&mut self, step: u32) {
        let it = &self.plan.steps[step as usize];
        match self.lane(it) {
            None => self.at_once.push(step),
            Some(lane) => {
                let group = it.serialise.as_ref().map(|text| self.group(text));
                self.ready.push(step, self.graph.remaining[step as usize], lane, group);
            }
        }
    }

    /// The text that tells which steps exclude each other. Where it cannot be worked out, equal
    /// questions count as equal answers; the step itself will say what is wrong.
    fn group(&mut self, text: &Value) -> String {
        match self.resolver.resolve(text) {
            Ok(text) => group_key(&text),
            Err(_) => group_key(text),
        }
    }

    /// The lane of a step; none where it is done without a provider.
    fn lane(&self, step: &Step) -> Option<usize> {
        let node = step.provider? as usize;
        match &step.work {
            Work::Join | Work::Forget => None,
            // Bookkeeping of an object that stays with its provider.
            Work::Record { from, .. } => {
                let before = self.resolver.rows.get(from.as_ref().unwrap_or(&step.address));
                let address = &self.plan.providers[node].address;
                match before.is_some_and(|row| row.provider == *address) {
                    true => None,
                    false => Some(node),
                }
            }
            Work::Create { .. }
            | Work::Update { .. }
            | Work::Delete { .. }
            | Work::Read { .. }
            | Work::Invoke { .. }
            | Work::Wait { .. } => Some(node),
        }
    }

    /// Starts whatever may start now.
    fn start_what_can(&mut self) {
        while self.stop == Stop::No && self.error.is_none() {
            if let Some(step) = self.at_once.pop() {
                self.begin(step);
            } else if let Some(step) = self.ready.pop() {
                self.begin(step);
            } else {
                return;
            }
        }
    }

    fn begin(&mut self, step: u32) {
        self.phase[step as usize] = Phase::Held;
        self.held += 1;
        self.prepare(step);
    }

    /// A batch is durable.
    pub(crate) fn commit(&mut self, effects: Vec<Effect>) {
        let effects = match self.context.cancel.is_stopping() {
            true => self.call_off(effects),
            false => effects,
        };
        for effect in effects {
            match effect {
                Effect::Started(step) => {
                    self.move_on();
                    self.begun[step as usize] = true;
                    self.reporter.report(Report::StepStarted { step: StepId(step) });
                }
                Effect::Finished { step, took, end } => {
                    self.move_on();
                    self.count(step, &end);
                    self.ends[step as usize] = Some(end.clone());
                    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                    self.reporter.report(Report::StepFinished { step: StepId(step), took_ms, end });
                }
                Effect::Spawn(job) => {
                    let (sender, step) = (self.sender.clone(), job.step);
                    self.tasks.spawn(async move {
                        let ended = crate::panic::guarded(crate::executor::run(*job)).await;
                        let _ = sender.send(Msg::Ended { step, ended });
                    });
                }
                // Whoever waited may have been given up.
                Effect::Durable(durable) => drop(durable.send(())),
                Effect::Adopt(durable, key) => drop(durable.send(key)),
            }
        }
    }

    /// The user asked to stop while intents were written: their calls do not leave any more, and the
    /// intents are settled.
    fn call_off(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut off = HashSet::new();
        for effect in &effects {
            let Effect::Spawn(job) = effect else { continue };
            let Some(running) = self.running.remove(&job.step) else { continue };
            self.outcome(job.step, &running, Vec::new(), Some("the run was stopped"), None);
            self.over(job.step);
            off.insert(job.step);
        }
        let kept = |effect: &Effect| match effect {
            Effect::Started(step) => !off.contains(step),
            Effect::Spawn(job) => !off.contains(&job.step),
            Effect::Finished { .. } | Effect::Durable(_) | Effect::Adopt(..) => true,
        };
        effects.into_iter().filter(kept).collect()
    }

    fn move_on(&mut self) {
        self.moved = Instant::now();
        self.patience = self.context.limits.stalled_after;
    }

    pub(crate) fn count(&mut self, step: u32, end: &StepEnd) {
        if matches!(self.plan.steps[step as usize].work, Work::Join) {
            return;
        }
        let add = |counts: &mut Counts| match end {
            StepEnd::Done => counts.done += 1,
            StepEnd::Failed(_) => counts.failed += 1,
            StepEnd::Skipped { .. } => counts.skipped += 1,
            StepEnd::Left { .. } => counts.left += 1,
        };
        add(&mut self.counts);
        self.reporter.count(add);
    }

    pub(crate) fn take(&mut self, msg: Msg) {
        match msg {
            Msg::Opened { node, result } => self.opened(node, result),
            Msg::Seen { address, result } => self.seen(&address, result),
            Msg::Progress { step, message } => {
                if let Some(running) = self.running.get_mut(&step) {
                    running.why = Some(message.clone());
                    self.reporter.report(Report::StepProgress { step: StepId(step), message });
                }
            }
            Msg::Retry { step, why, attempt, after, throttled } => {
                if throttled {
                    self.ready.throttled(step);
                }
                if let Some(running) = self.running.get_mut(&step) {
                    running.why = Some(why.clone());
                    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                    self.reporter.report(Report::StepRetry { step: StepId(step), why, attempt, after_ms });
                }
            }
            Msg::Waiting { key, handle, durable } => {
                self.batch.records.push(Record::Waiting { key, handle });
                self.batch.effects.push(Effect::Durable(durable));
            }
            Msg::Owner { step, id, answer } => {
                // Who gave up waits has no question any more.
                let _ = answer.send(self.owner(step, &id));
            }
            Msg::Adopting { step, id, ours, durable } => self.adopting(step, id, ours, durable),
            Msg::Ended { step, ended } => self.ended(step, ended),
        }
    }

    /// The address that an object belongs to which is in the way of a step; it may be the step's own.
    fn owner(&self, step: u32, id: &Name) -> Option<Address> {
        let it = &self.plan.steps[step as usize];
        let node = self.running.get(&step)?.making.node;
        let provider = &self.nodes.list[node].node.address;
        let world = self.nodes.open(node).and_then(|open| open.world.as_ref());
        self.resolver.rows.owner(id, &it.type_name, provider, world)
    }

    /// Nothing moved for a while: says why, unless something is really at work.
    fn stalled(&mut self) {
        self.moved = Instant::now();
        self.patience = self.patience.saturating_mul(2);
        if self.running.values().any(|running| running.why.is_none()) {
            return;
        }
        let blocked = self.blocked();
        if !blocked.is_empty() {
            self.reporter.report(Report::Stalled { blocked });
        }
    }
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.effects.is_empty()
    }
}

/// Polls what is there; only used where something is.
async fn pending_or<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
