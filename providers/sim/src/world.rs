//! A world: the service behind a lock, with time, faults and a log.
//!
//! A request takes its latency in two halves, with the effect between them. A caller that goes away
//! in the first half leaves nothing behind; one that goes away in the second leaves the effect and
//! never learns of it. That is what a killed run looks like from the service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{ProviderError, ProviderType, Registry};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Map, Name, Path, Value};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::behaviour;
use crate::body;
use crate::faults::{Chaos, Fault, FaultKind, Faults, hash};
use crate::log::Entry;
use crate::objects::SimObject;
use crate::provider::{Kind, SimType};
use crate::service::{Now, Service};
use crate::types;
use crate::wire::{Body, Link, Op, Refusal, RefusalClass, Reply, Request};

/// How long an answer takes where nothing else is said, in milliseconds. Reads are quicker.
const READ_MS: u64 = 20;
const WRITE_MS: u64 = 200;
/// After how many seconds a late request acts: longer than anybody looks for what it makes.
const LATE_S: u64 = 60;
/// After how long a lingering request acts: services do within a second or two.
const LINGERS_S: u32 = 2;
/// How many times as long a slow request takes.
const SLOW: u32 = 50;

/// A simulated world. Clones are the same world.
#[derive(Clone, Debug)]
pub struct World(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    service: Service,
    faults: Faults,
    log: Vec<Entry>,
    /// When the world began; set by the first request.
    start: Option<Instant>,
    /// The latest time that was seen, so that a look from outside a runtime does not go back.
    latest_ms: u64,
    /// How long a second of a long operation takes.
    second: Duration,
    /// Latencies by word and type; the most exact one counts.
    latency: Vec<(Option<Op>, Option<Name>, Duration)>,
    /// Whether latencies vary, by chance but the same for the same seed.
    jitter: bool,
    seed: u64,
    /// Requests that act later.
    late: Vec<Late>,
}

/// A request whose sender may be dead when it acts.
#[derive(Debug)]
struct Late {
    due_ms: u64,
    /// Its place in the log.
    entry: usize,
    request: Request,
}

impl World {
    /// An empty world. The same seed gives the same ids, latencies and faults.
    pub fn new(seed: u64) -> World {
        World(Arc::new(Mutex::new(Inner {
            service: Service::default(),
            faults: Faults::new(seed),
            log: Vec::new(),
            start: None,
            latest_ms: 0,
            late: Vec::new(),
            second: Duration::from_secs(1),
            latency: Vec::new(),
            jitter: false,
            seed,
        })))
    }

    /// The kinds of provider that lead to this world.
    pub fn provider_types(&self) -> Vec<Arc<dyn ProviderType>> {
        provider_types(&(Arc::new(self.clone()) as Arc<dyn Link>))
    }

    /// A registry with these and nothing else.
    pub fn registry(&self) -> Registry {
        self.provider_types().into_iter().fold(Registry::new(), Registry::with)
    }

    /// How long requests take: those of a word, of a type, or all.
    pub fn latency(&self, op: Option<Op>, type_name: Option<&str>, latency: Duration) {
        self.lock().latency.push((op, type_name.map(Name::from), latency));
    }

    /// Whether latencies vary.
    pub fn jitter(&self, jitter: bool) {
        self.lock().jitter = jitter;
    }

    /// How long a second of a long operation takes; shorter where time is real.
    pub fn second(&self, second: Duration) {
        self.lock().second = second;
    }

    /// Makes something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Makes things go wrong by chance, or no longer.
    pub fn chaos(&self, chaos: Option<Chaos>) {
        self.lock().faults.chaos(chaos);
    }

    /// Another seed, for everything that is left to chance from here on.
    pub fn seed(&self, seed: u64) {
        let mut inner = self.lock();
        inner.seed = seed;
        inner.faults.seed(seed);
    }

    /// Lets nothing go wrong any more.
    pub fn calm(&self) {
        self.lock().faults.clear();
    }

    /// Lets nothing go wrong for a while, and then what was meant to.
    pub fn pause_faults(&self, paused: bool) {
        self.lock().faults.pause(paused);
    }

    /// Faults that have not met their request.
    pub fn faults_left(&self) -> Vec<Fault> {
        self.lock().faults.left()
    }

    /// From now on an account asks for this token.
    pub fn ask_token(&self, account: &str, token: &str) {
        self.lock().service.tokens.insert(account.into(), token.to_string());
    }

    /// Somebody else makes an object. Rules of the service do not apply to them.
    pub fn add(&self, world: &str, type_name: &str, attributes: &Value) -> Result<Name, String> {
        let schema = types::schema(type_name).ok_or_else(|| format!("there is no type `{type_name}`"))?;
        let behaviour =
            behaviour::of(type_name).ok_or_else(|| format!("{type_name} is not one object but many"))?;
        let sent = attributes.as_map().ok_or("attributes are a map")?;
        let mut inner = self.lock();
        let (id, number) = inner.service.objects.next_id(behaviour);
        let mut body = body::normalise(schema, sent);
        behaviour::compute(type_name, &id, &mut body, None);
        inner.service.objects.put(SimObject {
            id: id.clone(),
            world: world.into(),
            type_name: schema.name.clone(),
            number,
            body: body::normalise(schema, &body),
            made_by: None,
        });
        Ok(id)
    }

    /// Somebody else changes a part of an object, also one that the service decides.
    pub fn edit(&self, id: &str, path: &str, value: Value) -> Result<(), String> {
        self.change(id, path, |_, body, path| match body::set(&body.clone().into(), &path.0, value) {
            Value::Map(map) => (*map).clone(),
            _ => body.clone(),
        })?;
        // What the service works out follows: a kubeconfig holds the token that opens the cluster.
        let mut inner = self.lock();
        if !inner.service.is_busy(id) {
            inner.service.recompute(id, None);
        }
        Ok(())
    }

    /// Somebody else takes a part of an object away.
    pub fn unset(&self, id: &str, path: &str) -> Result<(), String> {
        self.change(id, path, body::unset)
    }

    fn change(
        &self,
        id: &str,
        path: &str,
        change: impl FnOnce(&aurak_model::TypeSchema, &Map, &Path) -> Map,
    ) -> Result<(), String> {
        let path = Path::parse(path).map_err(|e| e.to_string())?;
        let mut inner = self.lock();
        let mut object =
            inner.service.objects.get(id).cloned().ok_or_else(|| format!("there is no `{id}`"))?;
        let schema = types::schema(&object.type_name)
            .ok_or_else(|| format!("there is no type `{}`", object.type_name))?;
        object.body = change(schema, &object.body, &path);
        inner.service.objects.put(object);
        Ok(())
    }

    /// Somebody else deletes an object, and what lives and dies with it.
    pub fn remove(&self, id: &str) -> Result<(), String> {
        let mut inner = self.lock();
        if inner.service.objects.get(id).is_none() {
            return Err(format!("there is no `{id}`"));
        }
        inner.service.erase(id);
        Ok(())
    }

    /// How many requests met which fault so far.
    pub fn faults_met(&self) -> BTreeMap<FaultKind, u64> {
        self.lock().faults.met()
    }

    /// An object.
    pub fn get(&self, id: &str) -> Option<SimObject> {
        self.lock().settled().service.objects.get(id).cloned()
    }

    /// A part of an object.
    pub fn value(&self, id: &str, path: &str) -> Option<Value> {
        let path = Path::parse(path).ok()?;
        Value::from(self.get(id)?.body).at(&path).cloned()
    }

    /// All objects, by world and type, in the order in which they were made.
    pub fn objects(&self) -> Vec<SimObject> {
        self.lock().settled().service.objects.all().cloned().collect()
    }

    /// The requests so far.
    pub fn log(&self) -> Vec<Entry> {
        self.lock().log.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.lock().log.clear();
    }

    /// How many requests there were of a word, and of a type where one is given.
    pub fn count(&self, op: Op, type_name: Option<&str>) -> usize {
        let fits = |entry: &&Entry| entry.op == op && type_name.is_none_or(|name| *entry.type_name == *name);
        self.lock().log.iter().filter(fits).count()
    }

    /// How many requests asked for a change.
    pub fn writes(&self) -> usize {
        self.lock().log.iter().filter(|entry| entry.op.writes()).count()
    }

    /// The world as text: every object with everything in it.
    pub fn draw(&self) -> String {
        crate::draw::draw(&self.objects())
    }

    /// The requests that asked for a change, a line each.
    pub fn draw_writes(&self) -> String {
        self.log().iter().filter(|entry| entry.op.writes()).map(|entry| format!("{entry}\n")).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in a test must not hide the world from the next look.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kinds of provider that lead to a world by this way.
pub fn provider_types(link: &Arc<dyn Link>) -> Vec<Arc<dyn ProviderType>> {
    [Kind::Sim, Kind::Inner]
        .map(|kind| Arc::new(SimType::new(kind, link.clone())) as Arc<dyn ProviderType>)
        .to_vec()
}

impl Inner {
    fn now(&mut self) -> Now {
        let now = Instant::now();
        let start = *self.start.get_or_insert(now);
        let ms = u64::try_from(now.saturating_duration_since(start).as_millis()).unwrap_or(u64::MAX);
        self.latest_ms = self.latest_ms.max(ms);
        let second_ms = u64::try_from(self.second.as_millis()).unwrap_or(u64::MAX);
        Now { ms: self.latest_ms, second_ms }
    }

    fn settled(&mut self) -> &mut Inner {
        self.catch_up();
        self
    }

    /// Keeps a late request.
    fn keep(&mut self, entry: usize, request: Request) {
        let now = self.now();
        self.late.push(Late { due_ms: now.ms + LATE_S * now.second_ms, entry, request });
    }

    /// Does what was due until now.
    fn catch_up(&mut self) -> Now {
        let now = self.now();
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|late| late.due_ms <= now.ms);
        self.late = late;
        for Late { due_ms, entry, request } in due {
            let then = Now { ms: due_ms, ..now };
            self.service.settle(then);
            let answer = self.service.answer(&request, None, then);
            let made = self.service.made.take();
            if let Some(entry) = self.log.get_mut(entry) {
                (entry.result, entry.made) = (describe(&answer), made);
            }
        }
        self.service.settle(now);
        now
    }

    fn latency(&self, request: &Request, number: usize) -> Duration {
        let op = request.body.op();
        let fits = |(o, t, _): &&(Option<Op>, Option<Name>, Duration)| {
            o.is_none_or(|o| o == op) && t.as_ref().is_none_or(|t| *t == request.type_name)
        };
        let exact = |(o, t, _): &&(Option<Op>, Option<Name>, Duration)| (t.is_some(), o.is_some());
        // Of equally exact ones the last counts.
        let set = self.latency.iter().filter(fits).max_by_key(exact).map(|(_, _, latency)| *latency);
        let latency = set.unwrap_or(Duration::from_millis(if op.writes() { WRITE_MS } else { READ_MS }));
        if !self.jitter {
            return latency;
        }
        let percent = hash(self.seed, &what(request), u32::try_from(number).unwrap_or(0)) % 200;
        latency.mul_f64(percent as f64 / 100.0)
    }
}

impl World {
    /// Does what a request asks for, now. What it held is free again, unless an operation goes on and
    /// holds it.
    fn act(
        &self,
        request: &Request,
        fault: Option<FaultKind>,
        holds: Option<String>,
        entry: usize,
    ) -> Result<Reply, Refusal> {
        let mut inner = self.lock();
        let now = inner.catch_up();
        if let Some(holds) = holds {
            inner.service.busy.remove(&holds);
        }
        let answer = inner.service.answer(request, fault, now);
        let made = inner.service.made.take();
        if let Some(entry) = inner.log.get_mut(entry) {
            (entry.result, entry.made) = (describe(&answer), made);
        }
        answer
    }
}

/// What a request is about, in a word.
fn what(request: &Request) -> String {
    match &request.body {
        Body::Open { .. } => String::new(),
        Body::List { collection } => collection.to_string(),
        Body::Read { id } | Body::Update { id, .. } | Body::Delete { id } => id.to_string(),
        Body::Find { key } => key.to_string(),
        Body::Create { desired } | Body::Preview { desired, .. } | Body::Expand { desired } => {
            let key = behaviour::of(&request.type_name).and_then(|b| b.key_of(desired.as_map()?));
            key.unwrap_or_default()
        }
        Body::Invoke { id, action, .. } => format!("{action} {id}"),
        Body::Resume { operation } => operation.to_string(),
        Body::Recover => request.key.as_ref().map(|key| key.0.to_string()).unwrap_or_default(),
    }
}

/// A request that is under way: it holds what it changes, and lets go of it however it ends.
struct UnderWay {
    world: World,
    entry: usize,
    holds: Option<String>,
}

impl UnderWay {
    /// Leaves what it holds to the operation that goes on.
    fn hand_over(&mut self) {
        self.holds = None;
    }

    fn result(&self, text: String) {
        if let Some(entry) = self.world.lock().log.get_mut(self.entry) {
            entry.result = text;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(holds) = self.holds.take() {
            self.world.lock().service.busy.remove(&holds);
        }
    }
}

#[async_trait]
impl Link for World {
    async fn send(&self, request: Request) -> Result<Reply, ProviderError> {
        let (mut under_way, fault, half) = match self.arrive(&request) {
            Ok(arrived) => arrived,
            Err(refused) => {
                let Refused { entry, half, refusal } = *refused;
                sleep(half * 2).await;
                UnderWay { world: self.clone(), entry, holds: None }.result(refusal.code.clone());
                return Err(refusal.into());
            }
        };
        sleep(half).await;
        let op = request.body.op();
        if fault == Some(FaultKind::Late) {
            self.lock().keep(under_way.entry, request.clone());
            std::future::pending::<()>().await;
        }
        if fault == Some(FaultKind::Hangs) {
            std::future::pending::<()>().await;
        }
        let holds = under_way.holds.clone();
        let answer = if fault == Some(FaultKind::Lingers) {
            let (caller, answered) = oneshot::channel();
            let (world, entry, request) = (self.clone(), under_way.entry, request.clone());
            let later = self.lock().second * LINGERS_S;
            tokio::spawn(async move {
                sleep(later).await;
                let holds = holds.filter(|_| !caller.is_closed());
                let answer = world.act(&request, fault, holds, entry);
                // Whoever sent it may be dead.
                let _ = caller.send(answer);
            });
            // The task ends with an answer unless the runtime ends, and this with it.
            answered.await.unwrap_or_else(|_| Err(no_answer(op)))
        } else {
            self.act(&request, fault, holds, under_way.entry)
        };
        under_way.hand_over();
        sleep(half).await;
        match (fault, answer) {
            (Some(FaultKind::Lost), Ok(_)) => {
                under_way.result("lost".to_string());
                Err(no_answer(op).into())
            }
            (_, Ok(reply)) => Ok(reply),
            (_, Err(refusal)) => Err(refusal.into()),
        }
    }
}

/// The connection broke: nobody on this side knows what became of the request.
fn no_answer(op: Op) -> Refusal {
    let class = RefusalClass::Transient { after_ms: None };
    let mut refusal = Refusal::new(class, "", "the connection was lost before the answer came");
    refusal.unanswered = op.writes();
    refusal
}

/// A request that may go on: what it holds, the fault that it meets, half its latency.
type Arrived = (UnderWay, Option<FaultKind>, Duration);

/// A request that may not: its place in the log, half its latency, and why.
struct Refused {
    entry: usize,
    half: Duration,
    refusal: Refusal,
}

impl World {
    fn arrive(&self, request: &Request) -> Result<Arrived, Box<Refused>> {
        let mut inner = self.lock();
        let now = inner.catch_up();
        let op = request.body.op();
        let what = what(request);
        let entry = inner.log.len();
        inner.log.push(Entry {
            at_ms: now.ms,
            op,
            world: request.world.clone(),
            type_name: request.type_name.clone(),
            what: what.clone(),
            address: request.address.clone(),
            key: request.key.clone(),
            made: None,
            result: String::new(),
        });
        let mut half = inner.latency(request, entry) / 2;
        let mut names: Vec<&str> = vec![&request.type_name, &what];
        names.extend(request.address.as_ref().map(|address| address.as_str()));
        let fault = inner.faults.meet(op, &names);
        if fault == Some(FaultKind::Slow) {
            half *= SLOW;
        }
        let refused = |class, code: &str, message: String| {
            Err(Box::new(Refused { entry, half, refusal: Refusal::new(class, code, message) }))
        };
        let about = format!("{} of {} {what}", op.word(), request.type_name);
        match fault {
            Some(FaultKind::Transient) => {
                let class = RefusalClass::Transient { after_ms: None };
                return refused(
                    class,
                    "ServiceUnavailable",
                    format!("{about}: the service is not available"),
                );
            }
            Some(FaultKind::Throttled) => {
                let class = RefusalClass::Transient { after_ms: Some(10 * now.second_ms) };
                return refused(class, "TooManyRequests", format!("{about}: too many requests"));
            }
            Some(FaultKind::Conflict) => {
                let message = format!("{about}: another operation is under way");
                return refused(RefusalClass::Conflict, "OperationInProgress", message);
            }
            Some(FaultKind::Dropped) => {
                let mut refusal = no_answer(op);
                refusal.code = "Dropped".to_string();
                return Err(Box::new(Refused { entry, half, refusal }));
            }
            // The asking is refused, which says nothing about what goes on.
            Some(FaultKind::Permanent) if op == Op::Resume => {
                let mut refusal = Refusal::permanent("NotAllowed", format!("{about}: not allowed"));
                refusal.unanswered = true;
                return Err(Box::new(Refused { entry, half, refusal }));
            }
            Some(FaultKind::Permanent) => {
                return refused(RefusalClass::Permanent, "NotAllowed", format!("{about}: not allowed"));
            }
            Some(FaultKind::Unreadable) if matches!(op, Op::List | Op::Read | Op::Find) => {
                return refused(RefusalClass::Permanent, "Forbidden", format!("{about}: not allowed"));
            }
            _ => {}
        }
        let holds = inner.service.exclusive(request);
        if let Some(key) = &holds {
            if let Some(other) = inner.service.busy.get(key) {
                let message = format!("{about}: {other} is under way");
                return refused(RefusalClass::Conflict, "OperationInProgress", message);
            }
            inner.service.busy.insert(key.clone(), about);
        }
        Ok((UnderWay { world: self.clone(), entry, holds }, fault, half))
    }
}

fn describe(answer: &Result<Reply, Refusal>) -> String {
    match answer {
        Err(refusal) => refusal.code.clone(),
        Ok(Reply::Done { id, .. } | Reply::Object(Refreshed::Found { id, .. })) => id.to_string(),
        Ok(Reply::Deleted) => "deleted".to_string(),
        Ok(Reply::Waiting { operation, .. }) => operation.to_string(),
        Ok(Reply::Listed(objects)) => objects.len().to_string(),
        Ok(Reply::Object(Refreshed::Absent)) => "absent".to_string(),
        Ok(Reply::Opened(world)) => world.to_string(),
        Ok(_) => "done".to_string(),
    }
}
