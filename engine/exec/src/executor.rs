//! Runs one step: makes its call, waits, tries again, and finds out what became of calls that went
//! unanswered.
//!
//! Relies on its intent being durable. Asks the lease before anything is sent. Writes nothing: what
//! must be durable on the way (a handle to wait with, the intent of an adoption's update) goes to
//! the dispatcher and is waited for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aurak_api::{Applied, Call, Class, Effect, Progress, ProviderError, Update};
use aurak_model::record::IdempotencyKey;
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Name, Value};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::error::Failure;
use crate::job::{Earlier, Ended, Job, Msg, Remains, Task};
use crate::refusal::{cannot_tell, exists, its_own, question, refusal, same};
use crate::whereabouts::{Patience, READY_POLL, Settled, Whereabouts, find_out, is_ours, settled};

/// A provider that wants to be asked again at once would keep a core busy.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// How far a step has come, for whoever gives it up.
#[derive(Default)]
struct Position {
    /// A call is under way.
    calling: AtomicBool,
    /// Something may be going on or be there at the service.
    open: AtomicBool,
    /// A try went unanswered: what later ones are told does not say that it came to nothing.
    unanswered: AtomicBool,
    /// What it waits for.
    why: Mutex<Option<String>>,
}

impl Position {
    fn remains(&self) -> Remains {
        match self.open.load(Ordering::Relaxed) {
            true => Remains::Open,
            false => Remains::Settled,
        }
    }

    fn set_open(&self, open: bool) {
        self.open.store(open || self.unanswered.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn set_unanswered(&self, unanswered: bool) {
        self.unanswered.store(unanswered, Ordering::Relaxed);
    }

    fn set_calling(&self, calling: bool) {
        self.calling.store(calling, Ordering::Relaxed);
    }

    fn why(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what is waited for; whether that is news.
    fn waits_for(&self, why: &str) -> bool {
        let mut now = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        let news = now.as_deref() != Some(why);
        if news {
            *now = Some(why.to_string());
        }
        news
    }
}

/// Runs a step to its end, its time, or the end of the run's patience.
pub(crate) async fn run(job: Job) -> Ended {
    let position = Position::default();
    let until = Instant::now() + job.timeout;
    let drive = Drive { job: &job, position: &position, until };
    let ended = tokio::select! {
        biased;
        ended = drive.run() => Some(ended),
        () = tokio::time::sleep_until(until) => None,
        () = given_up(&job, &position) => {
            let why = position.why().unwrap_or_else(|| "the answer to a call".to_string());
            return Ended::Left { why, remains: position.remains() };
        }
    };
    match ended {
        // What was done is told, though it cannot be written any more.
        Some(done @ (Ended::Applied(_) | Ended::Deleted | Ended::Done)) => done,
        // Whatever it made of it: without the lease nothing is decided here.
        Some(_) | None if job.lease.check().is_err() => Ended::LeaseLost,
        Some(ended) => ended,
        None => timed_out(&job, &position),
    }
}

/// Ends when the run gives up waits; a call that is under way gets a moment to end by itself.
async fn given_up(job: &Job, position: &Position) {
    job.now.cancelled().await;
    if position.calling.load(Ordering::Relaxed) {
        sleep(job.grace).await;
    }
}

fn timed_out(job: &Job, position: &Position) -> Ended {
    let time = words(job.timeout);
    let message = match position.why() {
        Some(why) => format!("it was not done within {time}; it last waited for: {why}"),
        None => format!("it was not done within {time}"),
    };
    let remains = position.remains();
    let detail = match remains {
        Remains::Open => "it may still go on at the service",
        Remains::Settled | Remains::Partial(_) => "nothing was changed",
    };
    let help = match job.task {
        // How long an action may take its type says.
        Task::Invoke { .. } => "run the command again: it is invoked again",
        _ => "run the command again: it goes on from there; `timeouts` in the resource gives it more time",
    };
    let failure = Failure::new("timeout", message).detail(detail).help(help);
    Ended::Failed { failure, remains }
}

pub(crate) fn words(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

struct Drive<'a> {
    job: &'a Job,
    position: &'a Position,
    until: Instant,
}

/// What follows an error.
enum Then {
    Again(Duration),
    /// The create goes on as an update of this object, which an earlier create of ours made, or somebody
    /// else.
    Adopt {
        update: Update,
        ours: bool,
    },
    End(Ended),
}

impl Drive<'_> {
    async fn run(&self) -> Ended {
        match (&self.job.task, &self.job.key) {
            (Task::Read { id, last, whole }, _) => self.read(id, last, *whole).await,
            (Task::Wait { id, last, what }, _) => self.wait(id, last, what).await,
            (task, Some(key)) => self.change(task.clone(), key.clone()).await,
            (_, None) => failed(Failure::new("plan", "a call without an intent"), Remains::Settled),
        }
    }

    /// Whether anything may be sent.
    fn may_send(&self) -> bool {
        self.job.lease.check().is_ok()
    }

    fn patience(&self) -> Patience<'_> {
        Patience { lease: &self.job.lease, backoff: &self.job.backoff }
    }

    /// Waits until nothing goes on any more with an object that was found.
    async fn settled(&self, found: Applied) -> Settled {
        let (provider, type_name) = (&*self.job.provider, &self.job.type_name);
        settled(provider, type_name, found, self.patience(), |why| self.says(why)).await
    }

    fn says(&self, why: &str) {
        if self.position.waits_for(why) {
            self.job.tell(Msg::Progress { step: self.job.step, message: why.to_string() });
        }
    }

    /// A create, an update, a delete or an action.
    async fn change(&self, mut task: Task, mut key: IdempotencyKey) -> Ended {
        let mut backoff = self.job.backoff.clone();
        let mut handle: Option<Value> = None;
        // A create of ours went unanswered before: what is found there may be ours.
        let mut unseen = match &task {
            Task::Create { earlier, .. } => earlier.clone(),
            _ => None,
        };
        let mut ours: Option<Applied> = None;
        loop {
            if !self.may_send() {
                return Ended::LeaseLost;
            }
            let call = self.job.call(&key, self.until.saturating_duration_since(Instant::now()));
            self.position.set_open(true);
            self.position.set_calling(true);
            let result = match &handle {
                Some(handle) => self.job.provider.resume(&call, &self.job.type_name, handle).await,
                None => self.call(&call, &task).await,
            };
            self.position.set_calling(false);
            let error = match result {
                Ok(Progress::Waiting { handle: next, why, poll }) => {
                    backoff.reset();
                    if handle.as_ref() != Some(&next) && !self.journal(&key, &next).await {
                        return Ended::LeaseLost;
                    }
                    handle = Some(next);
                    self.says(&why);
                    sleep(poll.max(SHORTEST_POLL)).await;
                    continue;
                }
                Ok(progress) => return done(&task, progress),
                Err(error) => error,
            };
            let waited = handle.is_some();
            if matches!(error.effect, Effect::Unknown) && !waited {
                self.position.set_unanswered(true);
            }
            if let Some(left) = self.left(&error, waited) {
                return left;
            }
            match self.after(&error, &task, &call, waited, &mut unseen, &mut backoff).await {
                // What an earlier create of ours made is not forgotten because it cannot be brought in line.
                Then::End(Ended::Failed { failure, remains: Remains::Settled }) if let Some(ours) = ours => {
                    return failed(failure, Remains::Partial(Box::new(ours)));
                }
                Then::End(ended) => return ended,
                Then::Again(wait) => sleep(wait).await,
                Then::Adopt { update, ours: made } => {
                    let Some(next) = self.adopting(&update.id, made).await else { return Ended::LeaseLost };
                    ours = made.then(|| Applied { id: update.id.clone(), attributes: update.live.clone() });
                    (key, task) = (next, Task::Update(update));
                    self.position.set_unanswered(false);
                    backoff.reset();
                }
            }
        }
    }

    /// A call that ended early because waits are given up is no failure: the next run finds out what
    /// became of it. One that failed for a reason of its own at that moment is one.
    fn left(&self, error: &ProviderError, waited: bool) -> Option<Ended> {
        if !self.job.now.is_cancelled() {
            return None;
        }
        let open = match (&error.effect, &error.class) {
            (Effect::Unknown, _) => true,
            (Effect::None, Class::Transient { .. } | Class::Conflict) => waited,
            (Effect::None | Effect::Untold | Effect::Partial(_), _) => return None,
        };
        self.position.set_open(open);
        Some(Ended::Left { why: error.message.clone(), remains: self.position.remains() })
    }

    async fn call(&self, call: &Call, task: &Task) -> Result<Progress, ProviderError> {
        let (provider, type_name) = (&self.job.provider, &self.job.type_name);
        match task {
            Task::Create { desired, .. } => provider.create(call, type_name, desired).await,
            Task::Update(update) => provider.update(call, type_name, update).await,
            Task::Delete { id, live } => provider.delete(call, type_name, id, live).await,
            Task::Invoke { id, action, args, .. } => provider.invoke(call, type_name, id, action, args).await,
            Task::Read { .. } | Task::Wait { .. } => Err(ProviderError::permanent("a question is no call")),
        }
    }

    /// What follows an error of a call, or of asking how far it is.
    async fn after(
        &self,
        error: &ProviderError,
        task: &Task,
        call: &Call,
        waited: bool,
        unseen: &mut Option<Earlier>,
        backoff: &mut crate::backoff::Backoff,
    ) -> Then {
        if let Effect::Partial(applied) = &error.effect {
            return end(refusal(error), Remains::Partial(applied.clone()));
        }
        // Asking how far a call has come fails without ending it, unless the service says that it
        // has ended.
        let over = match (&error.class, &error.effect) {
            (Class::Transient { .. } | Class::Conflict, _) => !waited,
            (_, Effect::Unknown) => !waited,
            _ => true,
        };
        if over {
            if let (Task::Create { desired, natural_key, .. }, Effect::Unknown) = (task, &error.effect) {
                self.says("it is looked for: a create went unanswered");
                let this = || Some(Earlier { key: call.key.clone(), same: true });
                let (provider, type_name) = (&*self.job.provider, &self.job.type_name);
                match find_out(provider, call, type_name, natural_key.as_ref(), desired, self.patience())
                    .await
                {
                    // It cannot be what this call made.
                    Whereabouts::Found(found) if let Some(of) = self.owner(&found.id).await => {
                        return end(self.owned(&of), Remains::Settled);
                    }
                    Whereabouts::Found(found) => match self.settled(found).await {
                        Settled::Ready(applied) => return Then::End(Ended::Applied(applied)),
                        Settled::Failed(applied, why) => {
                            return end(Failure::new("refused", why), Remains::Partial(Box::new(applied)));
                        }
                        Settled::Gone => *unseen = this(),
                        Settled::CannotTell(why) => return end(cannot_tell(&why), Remains::Open),
                    },
                    Whereabouts::Nothing | Whereabouts::Repeat => *unseen = this(),
                    Whereabouts::Ask(why) => {
                        let why = format!("{}; {why}", error.message);
                        return end(question(&self.job.address, &why), Remains::Open);
                    }
                    Whereabouts::CannotTell(why) => return end(cannot_tell(&why), Remains::Open),
                }
            }
            self.position.set_open(false);
            if let (Task::Invoke { action, idempotent: false, .. }, Effect::Unknown) = (task, &error.effect) {
                // As in a recovery: an action may not bear being done twice.
                let failure = Failure::new(
                    "unanswered",
                    format!("it is not known whether `{action}` was done: {}", error.message),
                );
                return end(
                    failure.detail("it was not done again").help("look at the service, then plan again"),
                    Remains::Settled,
                );
            }
        }
        let remains = || self.position.remains();
        match &error.class {
            Class::Transient { after } => {
                let wait = backoff.failed(*after);
                if after.is_none() && backoff.failures() >= self.job.tries {
                    let times = backoff.failures();
                    let mut failure = refusal(error);
                    failure.message = format!("{} (tried {times} times)", failure.message);
                    return end(failure, remains());
                }
                self.position.waits_for(&error.message);
                self.job.tell(Msg::Retry {
                    step: self.job.step,
                    why: error.message.clone(),
                    attempt: backoff.failures() + 1,
                    after: wait,
                    throttled: after.is_some(),
                });
                Then::Again(wait)
            }
            Class::Conflict => {
                self.says(&error.message);
                Then::Again(backoff.conflict())
            }
            Class::Gone if matches!(task, Task::Delete { .. }) => Then::End(Ended::Deleted),
            // Nothing runs on what is not there.
            Class::Gone if matches!(task, Task::Invoke { .. }) => Then::End(Ended::Done),
            Class::Exists { id } if let Some(of) = self.owner(id).await => end(self.owned(&of), remains()),
            Class::Exists { id } => match task {
                Task::Create { desired, .. } => match self.made(unseen.as_ref(), call, desired, id).await {
                    Ok(Some(made)) => self.adopt(id, desired, !made.same, true, error).await,
                    _ if matches!(task, Task::Create { adopt: true, .. }) => {
                        self.adopt(id, desired, true, false, error).await
                    }
                    Ok(None) => end(exists(&self.job.address, id, error), remains()),
                    Err(error) => end(cannot_tell(&error.message), Remains::Open),
                },
                _ => end(refusal(error), remains()),
            },
            Class::Gone | Class::Permanent => end(refusal(error), remains()),
        }
    }

    /// The create of ours that made an object which is there, if one did.
    async fn made<'e>(
        &self,
        unseen: Option<&'e Earlier>,
        call: &Call,
        desired: &Value,
        id: &Name,
    ) -> Result<Option<&'e Earlier>, ProviderError> {
        let Some(earlier) = unseen else { return Ok(None) };
        let call = Call { key: earlier.key.clone(), ..call.clone() };
        let (provider, type_name) = (&*self.job.provider, &self.job.type_name);
        let ours = is_ours(provider, &call, type_name, desired, id, self.patience()).await?;
        Ok(Some(earlier).filter(|_| ours))
    }

    /// An object belongs to an address already, perhaps to the one that it was to be made for.
    fn owned(&self, of: &Address) -> Failure {
        match *of == self.job.address {
            true => its_own(&self.job.address),
            false => same(&self.job.address, &self.job.type_name, of),
        }
    }

    /// Takes an object over that is there.
    async fn adopt(
        &self,
        id: &Name,
        desired: &Value,
        change: bool,
        ours: bool,
        error: &ProviderError,
    ) -> Then {
        let job = self.job;
        let unreadable = |why: String| {
            let message = format!("it is there already (`{id}`) and cannot be taken over: {why}");
            end(Failure::new("exists", message).detail("nothing was changed"), Remains::Settled)
        };
        let mut there = self.patience().ask(|| job.provider.read(&job.type_name, id, desired)).await;
        if let Ok(Refreshed::Found { id, attributes }) = there {
            there = match self.settled(Applied { id, attributes }).await {
                Settled::Ready(Applied { id, attributes }) => Ok(Refreshed::Found { id, attributes }),
                Settled::Failed(_, why) | Settled::CannotTell(why) => return unreadable(why),
                Settled::Gone => Ok(Refreshed::Absent),
            };
        }
        match there {
            Ok(Refreshed::Found { id, attributes }) if !change || covers(desired, &attributes) => {
                Then::End(Ended::Applied(Applied { id, attributes }))
            }
            Ok(Refreshed::Found { id, attributes }) => {
                let update = Update { id, desired: desired.clone(), live: attributes, unset: Vec::new() };
                Then::Adopt { update, ours }
            }
            Ok(Refreshed::Absent) => end(refusal(error), Remains::Settled),
            Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => unreadable(why),
            Ok(Refreshed::Ambiguous(_)) => unreadable("the id is not unique".to_string()),
            Err(error) => unreadable(error.message),
        }
    }

    /// Has a handle written down; false where the run ended meanwhile.
    async fn journal(&self, key: &IdempotencyKey, handle: &Value) -> bool {
        let (durable, written) = oneshot::channel();
        let (key, handle) = (key.clone(), handle.clone());
        self.job.tell(Msg::Waiting { key, handle, durable });
        written.await.is_ok()
    }

    /// The address that an object has already.
    async fn owner(&self, id: &Name) -> Option<Address> {
        let (answer, owner) = oneshot::channel();
        self.job.tell(Msg::Owner { step: self.job.step, id: id.clone(), answer });
        owner.await.ok().flatten()
    }

    /// Has the intent of an update written down, and gets its key.
    async fn adopting(&self, id: &Name, ours: bool) -> Option<IdempotencyKey> {
        let (durable, written) = oneshot::channel();
        self.job.tell(Msg::Adopting { step: self.job.step, id: id.clone(), ours, durable });
        written.await.ok()
    }

    async fn read(&self, id: &Name, last: &Value, whole: bool) -> Ended {
        let job = self.job;
        let (provider, type_name) = (&job.provider, &job.type_name);
        let read = match whole {
            true => self.patience().ask(|| provider.read_volatile(type_name, id, last)).await,
            false => self.patience().ask(|| provider.read(type_name, id, last)).await,
        };
        let failure = match read {
            Ok(Refreshed::Found { id, attributes }) => return Ended::Read(Applied { id, attributes }),
            Ok(Refreshed::Absent) => Failure::new("absent", format!("there is no object with the id `{id}`"))
                .help("`existing` resources must be there; correct the id, or make it a resource"),
            Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => Failure::new("unreadable", why),
            Ok(Refreshed::Ambiguous(_)) => {
                Failure::new("unreadable", format!("several objects have the id `{id}`"))
            }
            Err(error) => refusal(&error),
        };
        failed(failure, Remains::Settled)
    }

    async fn wait(&self, id: &Name, last: &Value, what: &str) -> Ended {
        let job = self.job;
        loop {
            match self.patience().ask(|| job.provider.read(&job.type_name, id, last)).await {
                Ok(Refreshed::Found { .. }) => return Ended::Done,
                Ok(Refreshed::Absent) => self.says(&format!("{what}: it is not there yet")),
                Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => {
                    self.says(&format!("{what}: {why}"));
                }
                Ok(Refreshed::Ambiguous(_)) => {
                    let message = format!("several objects have the id `{id}`");
                    return failed(Failure::new("unreadable", message), Remains::Settled);
                }
                Err(error) => return failed(refusal(&error), Remains::Settled),
            }
            sleep(READY_POLL).await;
        }
    }
}

fn failed(failure: Failure, remains: Remains) -> Ended {
    Ended::Failed { failure, remains }
}

fn end(failure: Failure, remains: Remains) -> Then {
    Then::End(failed(failure, remains))
}

/// The end of a call that went well.
fn done(task: &Task, progress: Progress) -> Ended {
    match (task, progress) {
        (Task::Create { .. } | Task::Update(_), Progress::Done(applied)) => Ended::Applied(applied),
        (Task::Delete { .. }, Progress::Done(_) | Progress::Deleted) => Ended::Deleted,
        (Task::Create { .. } | Task::Update(_), _) => failed(
            Failure::new("provider", "the provider says that the object is gone, and it was to be there")
                .help("make the plan again"),
            Remains::Open,
        ),
        _ => Ended::Done,
    }
}

/// Whether everything that is asked for is so already.
fn covers(desired: &Value, live: &Value) -> bool {
    match (desired, live) {
        (Value::Map(desired), Value::Map(live)) => desired.iter().all(|(key, value)| match live.get(key) {
            Some(live) => covers(value, live),
            None => value.is_null(),
        }),
        (desired, live) => desired.reveal() == live.reveal(),
    }
}
