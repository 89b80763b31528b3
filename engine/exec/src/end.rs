//! The end of steps: what an executor returns becomes an outcome and rows, those who waited may
//! start, and those who hang on a failure never do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurak_api::Applied;
use aurak_model::event::StepEnd;
use aurak_model::plan::Work;
use aurak_model::record::{CallKind, IdempotencyKey, Intent, Object, Outcome, Row, RowChange};
use aurak_model::{Address, Diagnostic, Name, Record, Slot, StepId};
use tokio::sync::oneshot;

use crate::conditions::{judge, makes};
use crate::dispatch::{Dispatcher, Effect, Phase, Running};
use crate::error::{ExecError, Failure};
use crate::job::{Ended, Remains};
use crate::rows::{Home, Seen, left_beside, nothing, object, set_aside, still_needing, with_object};

impl Dispatcher<'_> {
    /// An executor is done.
    pub(crate) fn ended(&mut self, step: u32, ended: Ended) {
        let Some(running) = self.running.remove(&step) else { return };
        let took = running.since.elapsed();
        match ended {
            Ended::Applied(applied) => {
                let changes = self.applied(step, &running, &applied, None);
                self.done(step, running, changes, took);
            }
            Ended::Deleted => {
                let it = &self.plan.steps[step as usize];
                let own = (it.address.clone(), it.slot);
                let changes = self.resolver.rows.without([&own].into_iter().chain(&self.taken_with(step)));
                let changes = changes.into_iter().map(|change| self.needing_no_more(change)).collect();
                if it.slot == Slot::Current {
                    self.resolver.rows.unsee(&it.address);
                }
                self.done(step, running, changes, took);
            }
            Ended::Read(applied) => {
                self.see_applied(step, &applied);
                self.done(step, running, Vec::new(), took);
            }
            Ended::Done => self.done(step, running, Vec::new(), took),
            Ended::Failed { failure, remains } => {
                match remains {
                    Remains::Open => self.leave_open(&running),
                    Remains::Settled => {
                        self.outcome(step, &running, Vec::new(), Some(&failure.message), None)
                    }
                    Remains::Partial(applied) => {
                        let changes = self.applied(step, &running, &applied, Some(&failure.message));
                        self.outcome(step, &running, changes, Some(&failure.message), None);
                    }
                }
                self.fail(step, failure, took);
            }
            Ended::Left { why, remains } => {
                match remains {
                    Remains::Open => self.leave_open(&running),
                    Remains::Settled | Remains::Partial(_) => {
                        self.outcome(step, &running, Vec::new(), Some("the run was stopped"), None);
                    }
                }
                self.over(step);
                self.batch.effects.push(Effect::Finished { step, took, end: StepEnd::Left { why } });
            }
            Ended::LeaseLost => {
                let lost = self.context.lease.check().err();
                self.give_up(lost.map_or(ExecError::Stuck { left: self.open_steps }, ExecError::from));
            }
        }
    }

    /// What dies with an object that is deleted. It is forgotten in the record that says so: a run that
    /// ends between the two would leave rows behind whose provider is gone and cannot be asked.
    pub(crate) fn taken_with(&self, step: u32) -> Vec<(Address, Slot)> {
        let (mut open, mut taken) = (vec![step], BTreeSet::new());
        while let Some(from) = open.pop() {
            for dependant in self.graph.dependants(from) {
                let it = &self.plan.steps[*dependant as usize];
                let dies = matches!(it.work, Work::Forget)
                    && self
                        .resolver
                        .rows
                        .get(&it.address)
                        .is_some_and(|row| self.lives_in(row, &self.plan.steps[from as usize].address));
                if dies && taken.insert((&it.address, it.slot)) {
                    open.push(*dependant);
                }
            }
        }
        taken.into_iter().map(|(address, slot)| (address.clone(), slot)).collect()
    }

    /// A row that is left with its current object needs what that was made from, as this plan wrote it, and
    /// no more.
    fn needing_no_more(&self, change: RowChange) -> RowChange {
        let RowChange::Put(row) = &change else { return change };
        let written = self.written.get(&row.address).map(|step| &self.plan.steps[*step as usize]);
        let done = written.filter(|step| matches!(self.ends[step.id.0 as usize], Some(StepEnd::Done)));
        match done.map(|step| &step.work) {
            Some(Work::Create { row: plan, .. } | Work::Update { row: plan, .. })
                if row.old.is_none() && row.temporary.is_none() && row.needs != plan.needs =>
            {
                RowChange::Put(Arc::new(Row { needs: plan.needs.clone(), ..(**row).clone() }))
            }
            _ => change,
        }
    }

    /// Whether a row says that its object dies with another, or its provider's world comes from there.
    fn lives_in(&self, row: &Row, address: &Address) -> bool {
        let provider = self.renamed_providers.get(&row.provider);
        let provider = provider.or_else(|| self.state.providers.get(&row.provider));
        // One that this run recorded first is in the plan only.
        let needs = provider.map(|provider| &provider.needs[..]).or_else(|| self.nodes.needs(&row.provider));
        row.lifecycle.deleted_with.as_ref() == Some(address) || needs.is_some_and(|it| it.contains(address))
    }

    fn done(&mut self, step: u32, running: Running, changes: Vec<RowChange>, took: Duration) {
        self.ready.succeeded(step);
        // The rows are judged as they will be.
        self.take_over(&changes);
        let broken = self.judge_after(step);
        let it = &self.plan.steps[step as usize];
        let verb = match &it.work {
            Work::Create { .. } => Some("create"),
            Work::Update { .. } => Some("update"),
            Work::Delete { .. } => Some("delete"),
            _ => None,
        };
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let learned = verb.map(|verb| (Name::from(format!("{verb} {}", it.address)), ms));
        let error = broken.as_ref().map(|failure| failure.message.as_str());
        self.outcome(step, &running, changes, error, learned);
        match broken {
            None => self.succeed(step, took),
            Some(failure) => {
                let summary = format!("a condition of `{}` does not hold", it.address);
                let diagnostic = failure.diagnostic(summary).about(&it.address);
                self.fail_with(step, diagnostic, took);
            }
        }
    }

    /// The rows after an object was made or changed; `incomplete` says why it is not to be relied
    /// upon.
    fn applied(
        &mut self,
        step: u32,
        running: &Running,
        applied: &Applied,
        incomplete: Option<&str>,
    ) -> Vec<RowChange> {
        let it = &self.plan.steps[step as usize];
        let making = &running.making;
        let Some(row) = &making.row else { return Vec::new() };
        let before = self.resolver.rows.get(&it.address).cloned();
        let now = self.resolver.rows.now();
        let creates = matches!(it.work, Work::Create { .. });
        let aside = match &before {
            // Create-first: the object that is there has yet to go, and a later step deletes it.
            Some(row) if creates && it.slot == Slot::Current && self.has_older.contains(&it.address) => {
                row.current.is_some().then(|| set_aside(row))
            }
            _ => None,
        };
        let home = Home {
            address: &it.address,
            type_name: &it.type_name,
            provider: &self.nodes.list[making.node].node.address,
            world: self.nodes.open(making.node).and_then(|open| open.world.clone()),
            row,
            now,
        };
        let recorded = before.as_ref().and_then(|row| row.object(it.slot));
        // What was there before, and is taken over, was not made in part.
        let call = running.intent.as_ref().map(|intent| &intent.call);
        let makes = running.ours || call == Some(&CallKind::Create);
        let schemas = &self.context.schemas;
        let made: Object = match (incomplete, recorded) {
            // An update that got half-way: what was asked for before is what the next plan goes by.
            (Some(_), Some(recorded)) if !creates && recorded.id == applied.id => {
                let before = recorded.incomplete.clone();
                object(schemas, &it.type_name, applied, recorded.desired.clone(), before)
            }
            // Nothing was asked of it before.
            (Some(_), _) if !makes => object(schemas, &it.type_name, applied, nothing(), None),
            (incomplete, _) => {
                let incomplete = incomplete.map(str::to_string);
                object(schemas, &it.type_name, applied, making.desired.clone(), incomplete)
            }
        };
        if let (Some(_), Some(before), true) = (&aside, &before, made.incomplete.is_some()) {
            return vec![RowChange::Put(Arc::new(left_beside(before, &row.needs, made)))];
        }
        let row = with_object(aside.as_ref().or(before.as_deref()), home, it.slot, made);
        let row = still_needing(row, before.as_deref(), it.slot);
        self.see_applied(step, applied);
        vec![RowChange::Put(Arc::new(row))]
    }

    fn see_applied(&mut self, step: u32, applied: &Applied) {
        let it = &self.plan.steps[step as usize];
        if it.slot == Slot::Current {
            let Applied { id, attributes } = applied.clone();
            self.resolver
                .rows
                .see(&it.address, Seen { type_name: it.type_name.clone(), id, attributes, whole: false });
        }
    }

    pub(crate) fn outcome(
        &mut self,
        step: u32,
        running: &Running,
        rows: Vec<RowChange>,
        error: Option<&str>,
        took: Option<(Name, u64)>,
    ) {
        // What has no intent leaves no trace.
        let Some(intent) = &running.intent else { return };
        self.take_over(&rows);
        self.batch.records.push(Record::Outcome(Outcome {
            operation: self.context.operation.clone(),
            step: StepId(step),
            key: Some(intent.key.clone()),
            rows,
            error: error.map(str::to_string),
            took,
            at_ms: self.context.clock.now_ms(),
        }));
    }

    /// Takes over what a step wrote. Providers that were opened by an object which is not the one any more
    /// are opened anew.
    fn take_over(&mut self, changes: &[RowChange]) {
        for change in changes {
            let (address, after) = match change {
                RowChange::Put(row) => (&row.address, row.current.as_ref()),
                RowChange::Remove(address) => (address, None),
            };
            let before = self.resolver.rows.get(address).and_then(|row| row.current.as_ref());
            if before.is_some() && before.map(|object| &object.id) != after.map(|object| &object.id) {
                self.nodes.close_from(address);
            }
        }
        self.resolver.rows.apply(changes);
    }

    /// An intent stays open: the next run needs its provider to find out.
    fn leave_open(&mut self, running: &Running) {
        self.left_open.extend(running.intent.as_ref().map(|intent| intent.provider.clone()));
    }

    /// A create takes over an object that differs: its intent is settled, and an update's opened.
    pub(crate) fn adopting(
        &mut self,
        step: u32,
        id: Name,
        ours: bool,
        durable: oneshot::Sender<IdempotencyKey>,
    ) {
        let key = (self.context.keys)();
        let Some(running) = self.running.get_mut(&step) else { return };
        running.ours = ours;
        let Some(intent) = &mut running.intent else { return };
        let now = self.context.clock.now_ms();
        let settled = Outcome {
            operation: self.context.operation.clone(),
            step: StepId(step),
            key: Some(intent.key.clone()),
            rows: Vec::new(),
            error: None,
            took: None,
            at_ms: now,
        };
        let call = CallKind::Update;
        *intent =
            Intent { key: key.clone(), call, id: Some(id), natural_key: None, at_ms: now, ..intent.clone() };
        self.batch.records.push(Record::Outcome(settled));
        self.batch.records.push(Record::Intent(intent.clone()));
        self.batch.effects.push(Effect::Adopt(durable, key));
    }

    fn judge_after(&mut self, step: u32) -> Option<Failure> {
        let it = &self.plan.steps[step as usize];
        if !makes(&it.work, it.slot) {
            return None;
        }
        let conditions = self.conditions.after.remove(&it.address)?;
        conditions
            .into_iter()
            .find_map(|condition| judge(&mut self.resolver, condition).err())
            .map(crate::resolve::Unresolved::failure)
    }

    /// A step is done: those who waited for nothing else may start.
    pub(crate) fn succeed(&mut self, step: u32, took: Duration) {
        self.over(step);
        self.batch.effects.push(Effect::Finished { step, took, end: StepEnd::Done });
        for i in 0..self.graph.dependants(step).len() {
            let dependant = self.graph.dependants(step)[i];
            let waiting = &mut self.graph.waiting[dependant as usize];
            *waiting -= 1;
            if *waiting == 0 && self.phase[dependant as usize] == Phase::Waiting {
                self.enter(dependant);
            }
        }
    }

    /// A step failed: nothing that hangs on it starts.
    pub(crate) fn fail(&mut self, step: u32, failure: Failure, took: Duration) {
        let it = &self.plan.steps[step as usize];
        let verb = match &it.work {
            Work::Create { .. } => "create",
            Work::Update { .. } => "update",
            Work::Delete { .. } => "delete",
            Work::Forget => "forget",
            Work::Record { .. } => "record",
            Work::Read { .. } => "read",
            Work::Invoke { action, .. } => &format!("invoke `{action}` on"),
            Work::Wait { .. } => "wait for",
            Work::Join => "finish",
        };
        let diagnostic = failure.diagnostic(format!("could not {verb} `{}`", it.address)).about(&it.address);
        self.fail_with(step, diagnostic, took);
    }

    fn fail_with(&mut self, step: u32, diagnostic: Diagnostic, took: Duration) {
        self.over(step);
        let it = &self.plan.steps[step as usize];
        self.findings.push(diagnostic.clone());
        let end = StepEnd::Failed(Box::new(diagnostic));
        self.batch.effects.push(Effect::Finished { step, took, end });
        let why = format!("`{}` failed", it.address);
        let mut open: Vec<u32> = self.graph.dependants(step).to_vec();
        while let Some(dependant) = open.pop() {
            if self.phase[dependant as usize] == Phase::Over {
                continue;
            }
            self.over(dependant);
            let end = StepEnd::Skipped { why: why.clone(), because: Some(StepId(step)) };
            self.batch.effects.push(Effect::Finished { step: dependant, took: Duration::ZERO, end });
            open.extend_from_slice(self.graph.dependants(dependant));
        }
    }

    pub(crate) fn over(&mut self, step: u32) {
        self.phase[step as usize] = Phase::Over;
        self.open_steps -= 1;
        self.ready.release(step);
    }
}
