//! A provider whose calls take virtual time and go as scripted, and plans in a few words.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{Applied, Call, Progress, Provider, ProviderError, Readiness, Recovery, Update};
use aurak_model::event::{Event, Report, StepEnd, Verb};
use aurak_model::plan::{Base, Mode, Plan, RowPlan, Step, Work};
use aurak_model::record::{EndResult, IdempotencyKey, Object, OperationId, Outcome, RowChange};
use aurak_model::schema::{ActionSchema, ProviderSchema, TypeSchema};
use aurak_model::snapshot::{ProviderNode, Refreshed};
use aurak_model::{
    Address, Attribute, Diagnostic, Kind, Name, Path, ProviderAddress, Record, Row, Schemas, Slot, StateDoc,
    StepId, Type, Value,
};
use aurak_state::{Clock, Holder, Identity, Key, MemoryStore, Store};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep};

use super::watched::{Durable, WatchedStore};
use crate::{Cancel, Context, ExecResult, LeaseKeeper, Limits, Providers, Recovered, Reporter};

pub(super) const LEASE: Duration = Duration::from_secs(30);

pub(super) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(super) fn provider_address(text: &str) -> ProviderAddress {
    ProviderAddress::new(&aurak_model::ModuleAddress::root(), text, None)
}

/// Virtual time; `suspended` is what only the clock of leases sees.
pub(super) struct TestClock {
    since: Instant,
    suspended: AtomicU64,
}

impl TestClock {
    pub(super) fn suspend(&self, time: Duration) {
        self.suspended.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        1_000_000 + self.since.elapsed().as_millis() as u64
    }
    fn boot_ms(&self) -> u64 {
        self.since.elapsed().as_millis() as u64 + self.suspended.load(Ordering::SeqCst)
    }
    fn boot_id(&self) -> String {
        "test".into()
    }
}

/// What the provider and the store saw, in order, with the time in milliseconds.
pub(super) struct Log {
    since: Instant,
    lines: Mutex<Vec<(u64, String)>>,
}

impl Log {
    pub(super) fn note(&self, line: String) {
        self.lines.lock().unwrap().push((self.since.elapsed().as_millis() as u64, line));
    }
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).collect()
    }
    pub(super) fn timed(&self) -> String {
        let lines = self.lines.lock().unwrap();
        lines.iter().map(|(ms, line)| format!("{ms} {line}")).collect::<Vec<_>>().join("\n")
    }
    pub(super) fn calls(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| !line.starts_with("append")).collect()
    }
}

/// How a call goes, instead of well.
pub(super) enum Act {
    /// It fails and changes nothing but what the error says.
    Fail(ProviderError),
    /// It takes effect, and fails all the same: a lost reply.
    DoneBut(ProviderError),
    /// The service goes on by itself and asks to come back this often, a second apart.
    Wait(u32),
    /// It never answers.
    Hang,
    /// It panics.
    Panic,
}

/// A world of objects. A call takes `ms` of the desired attributes, or a second.
pub(super) struct World {
    pub(super) name: Option<Name>,
    pub(super) log: Arc<Log>,
    durable: Arc<Mutex<Durable>>,
    pub(super) objects: Mutex<BTreeMap<Name, Value>>,
    acts: Mutex<HashMap<String, VecDeque<Act>>>,
    /// What each waiting operation will come to.
    waiting: Mutex<HashMap<String, (u32, Progress)>>,
    running: Mutex<(usize, usize)>,
    made: AtomicU64,
    /// Answers `recover`.
    pub(super) recovery: Mutex<Option<Recovery>>,
    /// Answers `find`, before the objects are looked at.
    pub(super) found: Mutex<Option<Refreshed>>,
}

impl World {
    /// Scripts a call: `create a`, `update ID`, `delete ID`, `read ID`, `resume a`, `open t`.
    pub(super) fn act(&self, call: &str, act: Act) {
        self.acts.lock().unwrap().entry(call.to_string()).or_default().push_back(act);
    }

    pub(super) fn put(&self, id: &str, value: Value) {
        self.objects.lock().unwrap().insert(id.into(), value);
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().map(ToString::to_string).collect()
    }

    /// The most calls that ever ran at once.
    pub(super) fn most_at_once(&self) -> usize {
        self.running.lock().unwrap().1
    }

    fn next(&self, call: &str) -> Option<Act> {
        self.acts.lock().unwrap().get_mut(call)?.pop_front()
    }

    async fn call(
        &self,
        call: &Call,
        line: String,
        ms: u64,
        effect: impl FnOnce() -> Progress + Send,
    ) -> Result<Progress, ProviderError> {
        assert!(self.durable.lock().unwrap().intents.contains(&call.key), "`{line}` before its intent");
        self.log.note(line.clone());
        {
            let mut running = self.running.lock().unwrap();
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        let ended = Ended(&self.running);
        let act = self.next(&line);
        // The effect lies between the call and its answer, so that a kill can fall on either side.
        sleep(Duration::from_millis(ms / 2)).await;
        let mut effect = Some(effect);
        let mut take = || (effect.take().unwrap())();
        let progress = act.is_none().then(&mut take);
        sleep(Duration::from_millis(ms - ms / 2)).await;
        drop(ended);
        if let Some(progress) = progress {
            return Ok(progress);
        }
        match act {
            None => unreachable!(),
            Some(Act::Fail(error)) => Err(error),
            Some(Act::DoneBut(error)) => {
                take();
                Err(error)
            }
            Some(Act::Wait(times)) => {
                let handle = format!("op-{}", call.address);
                self.waiting.lock().unwrap().insert(handle.clone(), (times, take()));
                Ok(Progress::Waiting {
                    handle: handle.into(),
                    why: format!("{times} to go"),
                    poll: Duration::from_secs(1),
                })
            }
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Panic) => panic!("scripted"),
        }
    }

    fn make(&self, id: Name, desired: &Value) -> Progress {
        let mut map = desired.as_map().cloned().unwrap_or_default();
        map.insert("id", Value::String(id.clone()));
        map.insert("token", Value::from(format!("token-of-{id}")));
        let attributes = Value::from(map);
        self.objects.lock().unwrap().insert(id.clone(), attributes.clone());
        Progress::Done(Applied { id, attributes })
    }
}

struct Ended<'a>(&'a Mutex<(usize, usize)>);
impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}

fn ms_of(value: &Value) -> u64 {
    value.as_map().and_then(|map| map.get("ms")).and_then(Value::as_int).unwrap_or(1000) as u64
}

#[async_trait]
impl Provider for World {
    fn world(&self) -> Option<Name> {
        self.name.clone()
    }

    async fn read(&self, _: &str, id: &str, _: &Value) -> Result<Refreshed, ProviderError> {
        self.log.note(format!("read {id}"));
        sleep(Duration::from_millis(10)).await;
        match self.next(&format!("read {id}")) {
            Some(Act::Fail(error)) => return Err(error),
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Panic) => panic!("scripted"),
            _ => {}
        }
        Ok(match self.objects.lock().unwrap().get(id) {
            Some(attributes) => Refreshed::Found { id: id.into(), attributes: attributes.clone() },
            None => Refreshed::Absent,
        })
    }

    fn readiness(&self, _: &str, attributes: &Value) -> Readiness {
        match attributes.at(&Path::key("any")).and_then(Value::as_str) {
            Some("making") => Readiness::Waiting("it is being made".into()),
            Some("broken") => Readiness::Failed("no room".into()),
            _ => Readiness::Ready,
        }
    }

    async fn find(&self, _: &str, key: &str, _: &Value) -> Result<Refreshed, ProviderError> {
        self.log.note(format!("find {key}"));
        sleep(Duration::from_millis(10)).await;
        if let Some(found) = self.found.lock().unwrap().clone() {
            return Ok(found);
        }
        let objects = self.objects.lock().unwrap();
        let name = |value: &Value| value.as_map().and_then(|map| map.get("name")).cloned();
        Ok(match objects.iter().find(|(_, value)| name(value) == Some(key.into())) {
            Some((id, attributes)) => Refreshed::Found { id: id.clone(), attributes: attributes.clone() },
            None => Refreshed::Absent,
        })
    }

    async fn create(&self, call: &Call, _: &str, desired: &Value) -> Result<Progress, ProviderError> {
        assert!(!desired.has_unknown(), "unknown values reach the provider");
        let line = format!("create {}", call.address);
        self.call(call, line, ms_of(desired), || {
            let n = self.made.fetch_add(1, Ordering::SeqCst);
            // A second object of an address has another id.
            let mut id = format!("id-{}", call.address);
            if self.objects.lock().unwrap().contains_key(id.as_str()) {
                id = format!("{id}-{n}");
            }
            self.make(id.into(), desired)
        })
        .await
    }

    async fn update(&self, call: &Call, _: &str, update: &Update) -> Result<Progress, ProviderError> {
        assert!(!update.desired.has_unknown(), "unknown values reach the provider");
        let line = format!("update {}", update.id);
        self.call(call, line, ms_of(&update.desired), || self.make(update.id.clone(), &update.desired)).await
    }

    async fn delete(&self, call: &Call, _: &str, id: &str, live: &Value) -> Result<Progress, ProviderError> {
        self.call(call, format!("delete {id}"), ms_of(live), || {
            self.objects.lock().unwrap().remove(id);
            Progress::Deleted
        })
        .await
    }

    async fn invoke(
        &self,
        call: &Call,
        _: &str,
        _: &str,
        action: &str,
        args: &Value,
    ) -> Result<Progress, ProviderError> {
        self.call(call, format!("invoke {action}"), ms_of(args), || Progress::Deleted).await
    }

    async fn resume(&self, call: &Call, _: &str, handle: &Value) -> Result<Progress, ProviderError> {
        let line = format!("resume {}", call.address);
        self.log.note(line.clone());
        let durable = self.durable.lock().unwrap().handles.get(&call.key).cloned();
        assert_eq!(durable.as_ref(), Some(handle), "`{line}` before its handle is durable");
        match self.next(&line) {
            Some(Act::Fail(error)) => return Err(error),
            Some(Act::Hang) => std::future::pending().await,
            _ => {}
        }
        let name = handle.as_str().unwrap().to_string();
        let mut waiting = self.waiting.lock().unwrap();
        let Some((left, progress)) = waiting.get_mut(&name) else {
            return Err(ProviderError::gone("no such operation"));
        };
        *left = left.saturating_sub(1);
        match *left {
            0 => Ok(progress.clone()),
            left => Ok(Progress::Waiting {
                handle: handle.clone(),
                why: format!("{left} to go"),
                poll: Duration::from_secs(1),
            }),
        }
    }

    async fn recover(&self, call: &Call, _: &str, _: &Value) -> Result<Recovery, ProviderError> {
        self.log.note(format!("recover {}", call.address));
        let answer = self.recovery.lock().unwrap().clone();
        Ok(answer.unwrap_or_else(|| Recovery::Ask("the service names it".into())))
    }
}

/// Everything that a test needs.
pub(super) struct Kit {
    pub(super) world: Arc<World>,
    pub(super) store: Arc<WatchedStore>,
    pub(super) clock: Arc<TestClock>,
    pub(super) log: Arc<Log>,
    pub(super) context: Context,
    pub(super) opened: Arc<Mutex<Vec<ProviderNode>>>,
    pub(super) open_fails: Arc<Mutex<Option<ProviderError>>>,
}

struct Opener {
    world: Arc<World>,
    opened: Arc<Mutex<Vec<ProviderNode>>>,
    fails: Arc<Mutex<Option<ProviderError>>>,
}

#[async_trait]
impl Providers for Opener {
    async fn open(&self, node: &ProviderNode) -> Result<Arc<dyn Provider>, ProviderError> {
        assert!(!node.config.has_unknown());
        self.opened.lock().unwrap().push(node.clone());
        sleep(Duration::from_millis(1)).await;
        match self.world.next(&format!("open {}", node.address)) {
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Panic) => panic!("scripted"),
            _ => {}
        }
        match &*self.fails.lock().unwrap() {
            Some(error) => Err(error.clone()),
            None => Ok(self.world.clone()),
        }
    }
}

/// The type of all objects.
pub(super) fn schema() -> TypeSchema {
    let mut schema = TypeSchema::new("t.thing");
    let settle = ActionSchema { idempotent: true, ..ActionSchema::default() };
    schema.actions.insert("settle".into(), settle);
    for (name, attribute) in [
        ("id", Attribute { computed: true, ..Attribute::of(Kind::String) }),
        ("name", Attribute::of(Kind::String)),
        ("size", Attribute { maximum: Some(10), ..Attribute::of(Kind::Integer) }),
        (
            "fixed",
            Attribute {
                immutable: vec![aurak_model::schema::Immutable::Always],
                ..Attribute::of(Kind::String)
            },
        ),
        (
            "tags",
            Attribute { items: Some(Box::new(Attribute::of(Kind::String))), ..Attribute::of(Kind::Map) },
        ),
        ("any", Attribute::of(Kind::Any)),
        ("ms", Attribute::of(Kind::Integer)),
        ("secret", Attribute { sensitive: true, ..Attribute::of(Kind::String) }),
        ("token", Attribute { computed: true, volatile: true, ..Attribute::of(Kind::String) }),
    ] {
        schema.attributes.insert(name.into(), attribute);
    }
    schema
}

impl Kit {
    pub(super) async fn new() -> Kit {
        let since = Instant::now();
        let clock = Arc::new(TestClock { since, suspended: AtomicU64::new(0) });
        let log = Arc::new(Log { since, lines: Mutex::default() });
        let durable = Arc::new(Mutex::new(Durable::default()));
        let world = Arc::new(World {
            name: Some("earth".into()),
            log: log.clone(),
            durable: durable.clone(),
            objects: Mutex::default(),
            acts: Mutex::default(),
            waiting: Mutex::default(),
            running: Mutex::default(),
            made: AtomicU64::new(0),
            recovery: Mutex::default(),
            found: Mutex::default(),
        });
        let identity = Identity::new("stack", None).unwrap();
        let inner =
            MemoryStore::new(identity, Some(Arc::new(Key::generate().unwrap()))).with_clock(clock.clone());
        let store = Arc::new(WatchedStore {
            inner,
            log: log.clone(),
            durable,
            delay: Mutex::default(),
            fail_at: Mutex::default(),
            appends: Mutex::default(),
        });
        let mut schemas = Schemas::default();
        schemas.types.insert("t.thing".into(), Arc::new(schema()));
        let attributes =
            [("url".into(), Attribute::of(Kind::String)), ("token".into(), Attribute::of(Kind::String))];
        schemas.providers.insert(
            "t".into(),
            Arc::new(ProviderSchema {
                name: "t".into(),
                attributes: attributes.into(),
                concurrency: 16,
                ..ProviderSchema::default()
            }),
        );
        let opened = Arc::new(Mutex::new(Vec::new()));
        let open_fails = Arc::new(Mutex::new(None));
        let opener = Opener { world: world.clone(), opened: opened.clone(), fails: open_fails.clone() };
        let lease = store.acquire(Holder::new("me", 1, "here", None), LEASE).await.unwrap();
        let drawn = AtomicU64::new(0);
        let context = Context {
            store: store.clone(),
            lease: LeaseKeeper::start(store.clone(), lease, clock.clone()),
            providers: Arc::new(opener),
            schemas: Arc::new(schemas),
            limits: Limits::default(),
            clock: clock.clone(),
            operation: OperationId("op-1".into()),
            keys: Arc::new(move || {
                IdempotencyKey(format!("key-{}", drawn.fetch_add(1, Ordering::SeqCst)).into())
            }),
            seed: 42,
            cancel: Cancel::new(),
            lock_dir: None,
        };
        Kit { world, store, clock, log, context, opened, open_fails }
    }

    pub(super) async fn state(&self) -> StateDoc {
        self.store.document().await.unwrap()
    }

    /// Executes a plan against what is in the store.
    pub(super) async fn run(&self, plan: &Plan) -> Ran {
        let state = self.state().await;
        let (sender, receiver) = unbounded_channel();
        let mut reporter = Reporter::new(sender);
        let result = crate::execute(&self.context, plan, &state, &mut reporter).await;
        reporter.finish(result.end);
        drop(reporter);
        Ran::new(plan, result, receiver)
    }

    pub(super) async fn recover(&self) -> Recovered {
        let state = self.state().await;
        crate::recover(&self.context, &state).await.unwrap()
    }

    /// Puts a row into the state, and its object into the world.
    pub(super) async fn has(&self, name: &str, desired: Value) {
        let id: Name = format!("id-{name}").into();
        let Progress::Done(applied) = self.world.make(id, &desired) else { panic!() };
        self.has_row(row(name, &applied, desired)).await;
    }

    pub(super) async fn has_row(&self, row: Row) {
        let provider = aurak_model::record::ProviderRow {
            address: row.provider.clone(),
            type_name: "t".into(),
            config: Value::map::<Name>([]),
            needs: Vec::new(),
        };
        let outcome = Outcome {
            operation: OperationId("before".into()),
            step: StepId(u32::MAX),
            key: None,
            rows: vec![RowChange::Put(Arc::new(row))],
            error: None,
            took: None,
            at_ms: 0,
        };
        let records = vec![Record::Provider(provider), Record::Outcome(outcome)];
        self.store.append(self.context.lease.fence(), records).await.unwrap();
        self.log.lines.lock().unwrap().clear();
    }
}

/// A row as an earlier run left it.
pub(super) fn row(name: &str, applied: &Applied, desired: Value) -> Row {
    Row {
        address: address(name),
        type_name: "t.thing".into(),
        version: 0,
        schema_version: 1,
        provider: provider_address("t"),
        world: Some("earth".into()),
        current: Some(Object {
            id: applied.id.clone(),
            desired,
            attributes: aurak_api::drop_volatile(&applied.attributes, &schema()),
            incomplete: None,
            since: 0,
        }),
        old: None,
        temporary: None,
        needs: Vec::new(),
        lifecycle: aurak_model::record::Lifecycle::default(),
        place: None,
        replace_when: Value::Null,
    }
}

/// What came of an execution.
pub(super) struct Ran {
    pub(super) result: ExecResult,
    pub(super) events: Vec<Event>,
    names: Vec<String>,
}

impl Ran {
    pub(super) fn new(plan: &Plan, result: ExecResult, mut receiver: UnboundedReceiver<Event>) -> Ran {
        let mut events = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            events.push(event);
        }
        let names = plan.steps.iter().map(|step| step.address.to_string()).collect();
        let ran = Ran { result, events, names };
        ran.check();
        ran
    }

    /// What holds for every stream of events.
    fn check(&self) {
        assert!(self.events.iter().map(|event| event.n).eq(0..self.events.len() as u64), "numbered from 0");
        assert!(matches!(self.events.first().unwrap().report, Report::Started { .. }));
        assert!(matches!(self.events.last().unwrap().report, Report::Finished { .. }));
        let mut started = BTreeSet::new();
        let mut finished = BTreeSet::new();
        for event in &self.events {
            match &event.report {
                Report::StepStarted { step } => {
                    assert!(started.insert(*step), "{step:?} starts twice");
                }
                Report::StepFinished { step, end, .. } => {
                    assert!(finished.insert(*step), "{step:?} ends twice");
                    assert_eq!(self.result.steps[step.0 as usize].as_ref(), Some(end));
                    if matches!(end, StepEnd::Done | StepEnd::Failed(_)) {
                        assert!(started.contains(step), "{step:?} ends before it starts");
                    }
                }
                Report::StepProgress { step, .. } | Report::StepRetry { step, .. } => {
                    assert!(started.contains(step) && !finished.contains(step));
                }
                _ => {}
            }
        }
        if !matches!(self.result.error, Some(crate::ExecError::BadPlan(_))) {
            assert_eq!(finished.len(), self.names.len(), "every step has an end");
        }
    }

    /// The events in words, with the time.
    pub(super) fn story(&self) -> String {
        let name = |step: &StepId| &self.names[step.0 as usize];
        let mut lines = Vec::new();
        for event in &self.events {
            let line = match &event.report {
                Report::Started { .. } => continue,
                Report::StepStarted { step } => format!("start {}", name(step)),
                Report::StepProgress { step, message } => format!("{}: {message}", name(step)),
                Report::StepRetry { step, why, attempt, .. } => {
                    format!("{}: try {attempt} after {why}", name(step))
                }
                Report::StepFinished { step, end, .. } => match end {
                    StepEnd::Done => format!("done {}", name(step)),
                    StepEnd::Failed(why) => format!("failed {}: {why}", name(step)),
                    StepEnd::Skipped { why, because } => {
                        format!("skipped {}: {why} ({})", name(step), because.map_or("-", |s| name(&s)))
                    }
                    StepEnd::Left { why } => format!("left {}: {why}", name(step)),
                },
                Report::Stalled { blocked } => {
                    let blocked: Vec<String> =
                        blocked.iter().map(|(step, why)| format!("{}: {why}", name(step))).collect();
                    format!("stalled [{}]", blocked.join("; "))
                }
                Report::Stopping { now } => format!("stopping{}", if *now { " now" } else { "" }),
                Report::Replanning { .. } => "replanning".to_string(),
                Report::Finished { result, done, failed, skipped } => {
                    format!("{result:?}: {done} done, {failed} failed, {skipped} skipped")
                }
            };
            lines.push(format!("{} {line}", event.at_ms));
        }
        lines.join("\n")
    }

    pub(super) fn done(&self) -> &Ran {
        assert_eq!(self.result.end, EndResult::Done, "{}", self.story());
        self
    }

    /// The one failure, whole.
    pub(super) fn failure(&self) -> String {
        let [diagnostic] = &self.result.findings[..] else { panic!("{:#?}", self.result.findings) };
        told(diagnostic)
    }

    /// How long it was said to take, before it began.
    pub(super) fn about_ms(&self) -> Option<u64> {
        match self.events.first().unwrap().report {
            Report::Started { about_ms, .. } => about_ms,
            _ => None,
        }
    }

    pub(super) fn ms(&self) -> u64 {
        self.events.last().unwrap().at_ms
    }
}

/// A diagnostic, whole.
pub(super) fn told(diagnostic: &Diagnostic) -> String {
    let mut text = format!("{} [{}]", diagnostic.summary, diagnostic.code);
    for more in diagnostic.detail.iter().chain(&diagnostic.help) {
        text.push_str(&format!("\n  {more}"));
    }
    text
}

/// Makes plans.
pub(super) struct Planner {
    pub(super) plan: Plan,
}

impl Planner {
    pub(super) fn new() -> Planner {
        let plan = Plan {
            format: aurak_model::plan::FORMAT,
            stack: "stack".into(),
            environment: None,
            mode: Mode::Apply,
            base: Base::default(),
            changes: Vec::new(),
            unchanged: 0,
            nodes: Vec::new(),
            providers: vec![ProviderNode {
                address: provider_address("t"),
                type_name: "t".into(),
                config: Value::map::<Name>([]),
                needs: Vec::new(),
            }],
            steps: Vec::new(),
            deferred: Vec::new(),
            outputs: Vec::new(),
            conditions: Vec::new(),
            overrides: Vec::new(),
            phase: None,
        };
        Planner { plan }
    }

    /// A step; `after` names addresses, each standing for its last step.
    pub(super) fn step(&mut self, name: &str, work: Work, after: &[&str]) -> &mut Step {
        let id = StepId(self.plan.steps.len() as u32);
        let find = |wanted: &&str| {
            let found = self.plan.steps.iter().rev().find(|step| step.address.as_str() == *wanted);
            found.unwrap_or_else(|| panic!("no step {wanted}")).id
        };
        let after = after.iter().map(find).collect();
        let provider = (!matches!(work.verb(), Verb::Join | Verb::Record | Verb::Forget)).then_some(0);
        self.plan.steps.push(Step {
            id,
            address: address(name),
            type_name: "t.thing".into(),
            slot: Slot::Current,
            work,
            provider,
            after,
            serialise: None,
            usual_ms: None,
            timeout_s: None,
        });
        self.plan.steps.last_mut().unwrap()
    }

    pub(super) fn create(&mut self, name: &str, desired: Value, after: &[&str]) -> &mut Step {
        self.step(name, Work::Create { desired, adopt: false, key: None, row: RowPlan::default() }, after)
    }

    /// A create of a type with a natural key, the name.
    pub(super) fn keyed(&mut self, name: &str, adopt: bool) -> &mut Step {
        let desired = Value::map([("name", Value::from(name))]);
        let key = Some(Value::from(name));
        self.step(name, Work::Create { desired, adopt, key, row: RowPlan::default() }, &[])
    }

    pub(super) fn update(&mut self, name: &str, desired: Value, live: Value, after: &[&str]) -> &mut Step {
        let id = format!("id-{name}").into();
        self.step(name, Work::Update { id, desired, live, unset: Vec::new(), row: RowPlan::default() }, after)
    }

    pub(super) fn delete(&mut self, name: &str, after: &[&str]) -> &mut Step {
        let id = format!("id-{name}").into();
        self.step(name, Work::Delete { id, live: Value::Null }, after)
    }

    pub(super) fn join(&mut self, name: &str, after: &[&str]) -> &mut Step {
        self.step(name, Work::Join, after)
    }
}

/// Attributes with a duration.
pub(super) fn lasting(ms: i64) -> Value {
    Value::map([("ms", Value::Int(ms))])
}

/// An attribute of a row, to come.
pub(super) fn later(row: &str, path: &str) -> Value {
    Value::of_row(&address(row), Path::parse(path).unwrap(), Type::Any)
}
