//! When the state cannot be written: a full disk, a file that was taken away. Nothing new leaves;
//! what is under way gets a moment to end, and what came of it is written if the state lets us after
//! all. What stays in doubt is said step by step.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aurak_model::Record;
use aurak_model::event::StepEnd;
use aurak_model::plan::Work;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until};

use crate::dispatch::{Batch, Dispatcher, Effect};
use crate::error::ExecError;
use crate::job::Msg;
use crate::stop::Stop;

/// How often what came of calls is written again. A disk that has no room for longer needs a person.
const TRIES: u32 = 5;
/// How long it is waited in between.
const TRY_AGAIN: Duration = Duration::from_secs(1);

impl Dispatcher<'_> {
    /// Ends the run over a state that could not be written, and saves what it can.
    pub(crate) async fn salvage(&mut self, error: ExecError, receiver: &mut UnboundedReceiver<Msg>) {
        self.stop = Stop::Now;
        self.now.cancel();
        let lease = self.context.lease.clone();
        // Who is told to end does so within this time, and then has something to say.
        let until = Instant::now() + self.context.limits.grace + TRY_AGAIN;
        self.recall();
        while !self.running.is_empty() && lease.check().is_ok() {
            tokio::select! {
                Some(msg) = receiver.recv() => self.take(msg),
                () = lease.lost() => {}
                () = sleep_until(until) => break,
            }
        }
        for _ in 0..TRIES {
            if lease.check().is_err() || self.batch.is_empty() {
                break;
            }
            let records = self.batch.records.clone();
            let written = match records.is_empty() {
                true => true,
                false => self.context.store.append(lease.fence(), records).await.is_ok(),
            };
            if written {
                let Batch { effects, .. } = std::mem::take(&mut self.batch);
                self.commit(effects);
                break;
            }
            sleep(TRY_AGAIN).await;
        }
        self.give_up(error);
    }

    /// Puts back what was not written, without the calls that have not left.
    fn recall(&mut self) {
        let Batch { records, effects } = std::mem::take(&mut self.flight);
        let later = std::mem::take(&mut self.batch);
        self.batch.records = records.into_iter().chain(later.records).collect();
        self.batch.effects = effects.into_iter().chain(later.effects).collect();
        let mut unsent = HashSet::new();
        for effect in &self.batch.effects {
            let Effect::Spawn(job) = effect else { continue };
            unsent.insert(job.step);
            let intent = self.running.remove(&job.step).and_then(|running| running.intent);
            if let Some(intent) = intent {
                let ours = |record: &Record| matches!(record, Record::Intent(it) if it.key == intent.key);
                self.batch.records.retain(|record| !ours(record));
            }
        }
        self.batch.effects.retain(|effect| match effect {
            Effect::Started(step) => !unsent.contains(step),
            Effect::Spawn(_) => false,
            Effect::Finished { .. } | Effect::Durable(_) | Effect::Adopt(..) => true,
        });
    }

    /// How steps ended of which nothing is written, and what is in doubt about the others that began.
    pub(crate) fn unwritten(&self, error: &ExecError) -> HashMap<u32, StepEnd> {
        let mut ends = HashMap::new();
        for step in self.running.keys() {
            let why = match &self.plan.steps[*step as usize].work {
                Work::Create { .. } | Work::Update { .. } | Work::Delete { .. } | Work::Invoke { .. } => {
                    format!("{error}, and how the call ended is not known")
                }
                _ => error.to_string(),
            };
            ends.insert(*step, StepEnd::Left { why });
        }
        for effect in self.flight.effects.iter().chain(&self.batch.effects) {
            let Effect::Finished { step, end, .. } = effect else { continue };
            let end = match end {
                StepEnd::Done => StepEnd::Left { why: self.doubt(*step, error) },
                other => other.clone(),
            };
            ends.insert(*step, end);
        }
        ends
    }

    /// What was done by a step and is not written down.
    fn doubt(&self, step: u32, error: &ExecError) -> String {
        let it = &self.plan.steps[step as usize];
        let row = self.resolver.rows.get(&it.address);
        let id = row.and_then(|row| row.object(it.slot)).map(|object| &object.id);
        match (&it.work, id) {
            (Work::Create { .. }, Some(id)) => {
                format!("it was made (`{id}`), which is not written down: {error}")
            }
            (Work::Update { .. }, Some(id)) => {
                format!("it was changed (`{id}`), which is not written down: {error}")
            }
            (Work::Delete { id, .. }, _) if id.is_empty() => {
                format!("its temporary object was deleted, which is not written down: {error}")
            }
            (Work::Delete { id, .. }, _) => {
                format!("it was deleted (`{id}`), which is not written down: {error}")
            }
            (Work::Invoke { action, .. }, _) => {
                format!("`{action}` was done, which is not written down: {error}")
            }
            _ => error.to_string(),
        }
    }
}
