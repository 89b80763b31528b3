//! Preparing a step: fills in its values, checks them, and writes its intent into the batch. Steps
//! that only write rows are done here.

use std::sync::Arc;
use std::time::Duration;

use aurak_api::Update;
use aurak_expr::{ErrorKind, MapScope, Template, coerce, truthy};
use aurak_model::plan::{RowPlan, Step, Work};
use aurak_model::record::{CallKind, IdempotencyKey, Intent, Outcome, Pending, RowChange};
use aurak_model::schema::{Immutable, Timeouts};
use aurak_model::{Kind, Map, Name, Object, Path, ProviderAddress, Record, Row, Slot, TypeSchema, Value};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::conditions::judge;
use crate::dispatch::{Dispatcher, Effect, Making, Phase, Running};
use crate::error::Failure;
use crate::job::{Earlier, Job, Task};
use crate::nodes::{Open, Status, Waiter};
use crate::recover::dropped;
use crate::refusal::same;
use crate::resolve::{Mixed, Unresolved};
use crate::rows::{Home, with_object, without_object};
use crate::stop::Stop;

/// What a step comes to once its values are known.
enum Prepared {
    /// A call, or a question.
    Call(Box<ToCall>),
    /// Rows, without any call.
    Rows(Vec<RowChange>),
}

struct ToCall {
    task: Task,
    making: Making,
    intent: Option<ToIntend>,
}

/// What only an intent says of a call.
struct ToIntend {
    call: CallKind,
    id: Option<Name>,
    natural_key: Option<Name>,
    /// What the create takes the place of.
    earlier: Option<Earlier>,
}

/// What stands in the way of a step.
enum Obstacle {
    /// A provider is to be opened.
    Node(usize),
    /// A value is not there.
    Unresolved(Unresolved),
}

impl From<Unresolved> for Obstacle {
    fn from(unresolved: Unresolved) -> Obstacle {
        Obstacle::Unresolved(unresolved)
    }
}

impl From<Failure> for Obstacle {
    fn from(failure: Failure) -> Obstacle {
        Obstacle::Unresolved(Unresolved::Failed(failure))
    }
}

impl<'a> Dispatcher<'a> {
    /// Prepares a step that has a slot. Where something must be opened or read first, the step is
    /// prepared again when that is done.
    pub(crate) fn prepare(&mut self, step: u32) {
        if self.stop != Stop::No || self.phase[step as usize] != Phase::Held {
            return;
        }
        let plan = self.plan;
        let it = &plan.steps[step as usize];
        match self.prepared(it) {
            Ok(prepared) => {
                self.held -= 1;
                self.start(step, it, prepared);
            }
            Err(Obstacle::Node(node)) => {
                self.nodes.list[node].waiters.push(Waiter::Step(step));
                self.open(node);
            }
            Err(Obstacle::Unresolved(Unresolved::Read(row))) => self.see(row, Waiter::Step(step)),
            Err(Obstacle::Unresolved(other)) => {
                self.held -= 1;
                self.batch.effects.push(Effect::Started(step));
                self.fail(step, other.failure(), Duration::ZERO);
            }
        }
    }

    fn prepared(&mut self, step: &'a Step) -> Result<Prepared, Obstacle> {
        self.judge_before(step)?;
        let node = step.provider.map(|node| node as usize);
        match &step.work {
            Work::Join => Ok(Prepared::Rows(Vec::new())),
            Work::Forget => {
                let before = self.resolver.rows.get(&step.address);
                Ok(Prepared::Rows(before.map(|row| without_object(row, step.slot)).into_iter().collect()))
            }
            Work::Record { id, desired, attributes, from, row } => {
                let desired = self.desired(step, desired, None)?;
                let attributes = self.resolver.resolve(attributes)?;
                let row = self.row_plan(row)?;
                let object = Object { id: id.clone(), desired, attributes, incomplete: None, since: 0 };
                let changes = self.recorded(step, from.as_ref(), object, &row)?;
                if let Some(from) = from {
                    self.rename_in_providers(from, &step.address);
                }
                Ok(Prepared::Rows(changes))
            }
            Work::Create { desired, adopt, key, row } => {
                let node = self.open_node(step)?.0;
                let before = self.resolver.rows.get(&step.address);
                if step.slot == Slot::Current
                    && before.is_some_and(|row| row.current.is_some() && row.old.is_some())
                {
                    return Err(Failure::new("plan", "an older object of it has yet to be deleted")
                        .detail("nothing was sent")
                        .help("make the plan again")
                        .into());
                }
                let desired = self.desired(step, desired, None)?;
                let natural_key = match key {
                    // It would stand in the journal in clear, so whoever recovers does without.
                    Some(key) => Some(self.resolver.resolve(key)?).filter(|key| !key.has_marks()),
                    None => None,
                };
                let natural_key = natural_key.as_ref().and_then(text);
                // A temporary object has its name for a while only.
                if let Some(key) = natural_key.as_ref().filter(|_| step.slot == Slot::Current) {
                    let provider = self.nodes.list[node].node.address.clone();
                    let claim = (provider, step.type_name.clone(), key.clone());
                    let first = *self.claims.entry(claim).or_insert(&step.address);
                    if first != &step.address {
                        return Err(same(&step.address, &step.type_name, first).into());
                    }
                }
                let row = self.row_plan(row)?;
                let earlier = self.earlier(step, natural_key.as_ref(), &desired);
                let task = Task::Create {
                    desired: desired.clone(),
                    adopt: *adopt,
                    natural_key: natural_key.clone(),
                    earlier: earlier.clone(),
                };
                let making = Making { desired, row: Some(row), node };
                let intent = ToIntend { call: CallKind::Create, id: None, natural_key, earlier };
                Ok(call(task, making, Some(intent)))
            }
            Work::Update { id, desired, live, unset, row } => {
                let node = self.open_in_world(step)?;
                let live = self.resolver.resolve(live)?;
                let desired = self.desired(step, desired, Some(&live))?;
                let row = self.row_plan(row)?;
                let task = Task::Update(Update {
                    id: id.clone(),
                    desired: desired.clone(),
                    live,
                    unset: unset.clone(),
                });
                let making = Making { desired, row: Some(row), node };
                let intent = ToIntend {
                    call: CallKind::Update,
                    id: Some(id.clone()),
                    natural_key: None,
                    earlier: None,
                };
                Ok(call(task, making, Some(intent)))
            }
            Work::Delete { id, live } => {
                let node = self.open_in_world(step)?;
                let (id, live) = match step.slot {
                    // Mostly this run made it, so the plan could not say which it is.
                    Slot::Temporary => {
                        let row = self.resolver.rows.get(&step.address);
                        let Some(object) = row.and_then(|row| row.temporary.as_ref()) else {
                            return Ok(Prepared::Rows(Vec::new()));
                        };
                        (&object.id.clone(), object.attributes.clone())
                    }
                    Slot::Current | Slot::Old => (id, self.resolver.resolve(live)?),
                };
                let task = Task::Delete { id: id.clone(), live };
                let making = Making { desired: Value::Null, row: None, node };
                let intent = ToIntend {
                    call: CallKind::Delete,
                    id: Some(id.clone()),
                    natural_key: None,
                    earlier: None,
                };
                Ok(call(task, making, Some(intent)))
            }
            Work::Invoke { action, args } => {
                let node = self.open_in_world(step)?;
                let args = self.resolver.resolve(args)?;
                let row = self.resolver.rows.get(&step.address);
                let Some(id) = row.and_then(|row| row.object(step.slot)).map(|object| object.id.clone())
                else {
                    let message = format!("there is no object to invoke `{action}` on");
                    return Err(Failure::new("absent", message).help("make the plan again").into());
                };
                let schema = self.resolver.schema(&step.type_name);
                let idempotent =
                    schema.and_then(|ty| ty.actions.get(action)).is_some_and(|action| action.idempotent);
                let making = Making { desired: args.clone(), row: None, node };
                let task = Task::Invoke { id: id.clone(), action: action.clone(), args, idempotent };
                let intent = ToIntend {
                    call: CallKind::Invoke(action.clone()),
                    id: Some(id),
                    natural_key: None,
                    earlier: None,
                };
                Ok(call(task, making, Some(intent)))
            }
            Work::Read { id, whole } => {
                let node = self.open_node(step)?.0;
                let id = self.resolver.resolve(id)?;
                if id.has_marks() {
                    return Err(Failure::new("sensitive", "its id turned out to be sensitive")
                        .detail("nothing was sent")
                        .help("ids are shown and recorded in clear: take it from something that is no secret")
                        .into());
                }
                let Some(id) = text(&id) else {
                    return Err(Failure::new("absent", "its id turned out to be null").into());
                };
                let making = Making { desired: Value::Null, row: None, node };
                Ok(call(Task::Read { id, last: Value::Null, whole: *whole }, making, None))
            }
            Work::Wait { what } => {
                if node.is_none() {
                    return Ok(Prepared::Rows(Vec::new()));
                }
                let node = self.open_node(step)?.0;
                let row = self.resolver.rows.get(&step.address);
                let Some(object) = row.and_then(|row| row.object(step.slot)) else {
                    return Err(Failure::new("absent", "there is no object to wait for").into());
                };
                let task =
                    Task::Wait { id: object.id.clone(), last: object.attributes.clone(), what: what.clone() };
                let making = Making { desired: Value::Null, row: None, node };
                Ok(call(task, making, None))
            }
        }
    }

    fn start(&mut self, step: u32, it: &Step, prepared: Prepared) {
        match prepared {
            Prepared::Rows(changes) => {
                self.batch.effects.push(Effect::Started(step));
                if let Work::Record { .. } = &it.work
                    && let Some(node) = it.provider
                    && let Err(failure) = self.record_node(node as usize)
                {
                    return self.fail(step, failure, Duration::ZERO);
                }
                if !matches!(it.work, Work::Join | Work::Wait { .. }) {
                    self.resolver.rows.apply(&changes);
                    self.batch.records.push(Record::Outcome(Outcome {
                        operation: self.context.operation.clone(),
                        step: it.id,
                        key: None,
                        rows: changes,
                        error: None,
                        took: None,
                        at_ms: self.context.clock.now_ms(),
                    }));
                }
                self.succeed(step, Duration::ZERO);
            }
            Prepared::Call(call) => {
                let ToCall { task, making, intent } = *call;
                let Some(Open { provider, .. }) = self.nodes.open(making.node).cloned() else {
                    return self.fail(step, Failure::new("plan", "its provider is not open"), Duration::ZERO);
                };
                let intent = match intent {
                    None => None,
                    Some(intended) => {
                        if let Err(failure) = self.record_node(making.node) {
                            self.batch.effects.push(Effect::Started(step));
                            return self.fail(step, failure, Duration::ZERO);
                        }
                        let intent = self.intent(it, &making, intended);
                        self.drop_earlier(&intent);
                        self.batch.records.push(Record::Intent(intent.clone()));
                        Some(intent)
                    }
                };
                let key = intent.as_ref().map(|intent| intent.key.clone());
                let job = self.job(step, it, provider, task, key);
                self.batch.effects.push(Effect::Started(step));
                self.batch.effects.push(Effect::Spawn(Box::new(job)));
                self.phase[step as usize] = Phase::Begun;
                self.running
                    .insert(step, Running { since: Instant::now(), intent, making, why: None, ours: false });
            }
        }
    }

    /// The create of an earlier run that this one takes the place of: a recovery saw nothing of it,
    /// and it may still be on its way.
    fn earlier(&self, step: &Step, natural_key: Option<&Name>, desired: &Value) -> Option<Earlier> {
        let mut intents = self.state.pending.iter().map(|pending| &pending.intent);
        let of_step = |intent: &&Intent| {
            intent.call == CallKind::Create
                && (&intent.address, &intent.type_name, intent.slot)
                    == (&step.address, &step.type_name, step.slot)
        };
        let intent = intents.rfind(of_step)?;
        let same = intent.natural_key.as_ref() == natural_key && intent.desired == *desired;
        Some(Earlier { key: intent.key.clone(), same })
    }

    /// What asked for something else in the place of what is made now is not made again: seen later, it
    /// would be taken for this one.
    fn drop_earlier(&mut self, now: &Intent) {
        if now.call != CallKind::Create {
            return;
        }
        for Pending { intent, .. } in &self.state.pending {
            let takes_its_place = intent.call == CallKind::Create
                && (&intent.address, intent.slot) == (&now.address, now.slot)
                && intent.key != now.key;
            if takes_its_place {
                let outcome = dropped(self.context, intent, "another create takes its place");
                self.batch.records.push(Record::Outcome(outcome));
            }
        }
    }

    fn intent(&self, step: &Step, making: &Making, intended: ToIntend) -> Intent {
        let ToIntend { call, id, natural_key, earlier } = intended;
        let key = match earlier {
            // A service that knows the key answers with the object that it made under it.
            Some(Earlier { key, same: true }) => key,
            _ => (self.context.keys)(),
        };
        Intent {
            operation: self.context.operation.clone(),
            step: step.id,
            key,
            address: step.address.clone(),
            type_name: step.type_name.clone(),
            slot: step.slot,
            provider: self.nodes.list[making.node].node.address.clone(),
            call,
            id,
            natural_key,
            desired: making.desired.clone(),
            row: making.row.clone(),
            takes: match step.work {
                Work::Delete { .. } => self.taken_with(step.id.0),
                _ => Vec::new(),
            },
            at_ms: self.context.clock.now_ms(),
        }
    }

    fn job(
        &self,
        step: u32,
        it: &Step,
        provider: Arc<dyn aurak_api::Provider>,
        task: Task,
        key: Option<IdempotencyKey>,
    ) -> Job {
        let limits = &self.context.limits;
        let of_type = self.resolver.schema(&it.type_name).map_or(Timeouts::default(), |ty| ty.timeouts);
        let usual = match &it.work {
            Work::Create { .. } => of_type.create,
            Work::Update { .. } => of_type.update,
            Work::Delete { .. } => of_type.delete,
            Work::Read { .. } => of_type.read,
            _ => None,
        };
        Job {
            step,
            address: it.address.clone(),
            type_name: it.type_name.clone(),
            provider,
            task,
            key,
            timeout: it.timeout_s.or(usual).map_or(limits.timeout, Duration::from_secs),
            tries: limits.tries.max(1),
            grace: limits.grace,
            backoff: Backoff::new(self.context.seed, u64::from(step)),
            lease: self.context.lease.clone(),
            now: self.now.clone(),
            lock_dir: self.context.lock_dir.clone(),
            sender: self.sender.clone(),
        }
    }

    /// The provider of a step, open.
    fn open_node(&self, step: &Step) -> Result<(usize, &Open), Obstacle> {
        let Some(node) = step.provider.map(|node| node as usize) else {
            return Err(Failure::new("plan", "the plan names no provider for it").into());
        };
        match &self.nodes.list[node].status {
            Status::Open(open) => Ok((node, open)),
            Status::Failed(failure) => Err(failure.clone().into()),
            Status::Closed | Status::Opening => Err(Obstacle::Node(node)),
        }
    }

    /// The same, and in the world that the row's object lives in.
    fn open_in_world(&self, step: &Step) -> Result<usize, Obstacle> {
        let (node, open) = self.open_node(step)?;
        let recorded = self.resolver.rows.get(&step.address).and_then(|row| row.world.as_ref());
        // What is to be deleted is where it was.
        let moves = self.nodes.list[node].moves && !matches!(step.work, Work::Delete { .. });
        match (recorded, &open.world) {
            (Some(recorded), Some(world)) if recorded != world && !moves => {
                let address = &self.nodes.list[node].node.address;
                let message =
                    format!("it lives in `{recorded}`, and the provider `{address}` reaches `{world}`");
                Err(Failure::new("world", message)
                    .detail("nothing was sent")
                    .help("check the provider's configuration and credentials")
                    .into())
            }
            _ => Ok(node),
        }
    }

    /// The attributes of a step with everything filled in, in the shape that the type wants.
    fn desired(&mut self, step: &Step, planned: &Value, live: Option<&Value>) -> Result<Value, Unresolved> {
        let desired = self.resolver.resolve(planned)?;
        if !planned.has_unknown() {
            return Ok(desired);
        }
        let (Some(schema), Value::Map(values), Some(planned_values)) =
            (self.resolver.schema(&step.type_name), &desired, planned.as_map())
        else {
            return Ok(desired);
        };
        let mut shaped = Map::clone(values);
        for (name, planned) in planned_values.iter().filter(|(_, value)| value.has_unknown()) {
            let (Some(value), Some(attribute)) = (values.get(name), schema.attributes.get(name)) else {
                continue;
            };
            let value = coerce(value, None, attribute).map_err(|error| {
                let path = Path::key(name.clone()).concat(&error.path);
                Unresolved::Failed(Failure::shape(&path, &error.message, error.help))
            })?;
            // Null on an attribute means: not written.
            if value.is_null() && attribute.kind != Kind::Any {
                shaped.remove(name);
                continue;
            }
            if let Some(live) = live {
                refuse_immutable(schema, name, planned, &value, live, &desired)?;
            }
            shaped.insert(name.clone(), value);
        }
        Ok(Value::from(shaped))
    }

    fn row_plan(&mut self, row: &RowPlan) -> Result<RowPlan, Unresolved> {
        let replace_when = self.resolver.resolve(&row.replace_when)?;
        Ok(RowPlan { replace_when, ..row.clone() })
    }

    /// The changes of a step that only writes the row.
    fn recorded(
        &mut self,
        step: &Step,
        from: Option<&aurak_model::Address>,
        mut object: Object,
        row: &RowPlan,
    ) -> Result<Vec<RowChange>, Obstacle> {
        let before = self.resolver.rows.get(from.unwrap_or(&step.address)).cloned();
        // Nothing was done about what a creation did not come to.
        let current = before.as_ref().and_then(|row| row.object(step.slot));
        object.incomplete = current.filter(|it| it.id == object.id).and_then(|it| it.incomplete.clone());
        let (provider, world): (ProviderAddress, Option<Name>) = match (step.provider, &before) {
            (Some(node), before) => {
                let planned = &self.nodes.list[node as usize].node;
                let address = planned.address.clone();
                // Under another name it is still what it was, and need not answer for that.
                let same_way = |row: &Row| {
                    let renamed = self.renamed_providers.get(&row.provider);
                    let recorded = renamed.or_else(|| self.state.providers.get(&row.provider));
                    recorded.is_some_and(|it| it.config == planned.config && it.needs == planned.needs)
                };
                match before {
                    Some(row) if row.provider == address => (address, row.world.clone()),
                    Some(row) if same_way(row) => {
                        self.record_node(node as usize)?;
                        (address, row.world.clone())
                    }
                    _ => (address, self.open_node(step)?.1.world.clone()),
                }
            }
            (None, Some(row)) => (row.provider.clone(), row.world.clone()),
            (None, None) => {
                return Err(Failure::new("plan", "the plan names no provider for it").into());
            }
        };
        let now = self.resolver.rows.now();
        if let Some(schema) = self.resolver.schema(&step.type_name) {
            object.attributes = aurak_api::drop_volatile(&object.attributes, schema);
        }
        let home =
            Home { address: &step.address, type_name: &step.type_name, provider: &provider, world, row, now };
        let row: Row = with_object(before.as_deref(), home, step.slot, object);
        let gone = from.map(|from| RowChange::Remove(from.clone()));
        Ok(gone.into_iter().chain([RowChange::Put(Arc::new(row))]).collect())
    }

    /// Recorded nodes that lead through a row which has another name now: what is in them is read that
    /// way until the node itself is written down anew.
    fn rename_in_providers(&mut self, from: &aurak_model::Address, to: &aurak_model::Address) {
        let state = self.state;
        for row in state.providers.values() {
            let mut nodes = self.nodes.list.iter();
            if nodes.any(|node| node.node.address == row.address && node.recorded) {
                continue;
            }
            let known = self.renamed_providers.get(&row.address).unwrap_or(row);
            let mut renamed = known.clone();
            renamed.config = renamed.config.with_renamed_origins(from, to);
            renamed.needs.iter_mut().filter(|need| *need == from).for_each(|need| *need = to.clone());
            if renamed != *known {
                self.batch.records.push(Record::Provider(renamed.clone()));
                self.renamed_providers.insert(row.address.clone(), renamed);
            }
        }
        self.rename_in_nodes(from, to);
    }

    /// The same for nodes that the plan has as they were recorded. Where something else takes the name
    /// over, it is not known which of the two is meant.
    fn rename_in_nodes(&mut self, from: &aurak_model::Address, to: &aurak_model::Address) {
        let taken_over = || self.plan.steps.iter().any(|step| step.address == *from);
        if self.nodes.come_from(from) && !taken_over() {
            self.renamed.insert(from.clone(), to.clone());
            self.nodes.rename(from, to);
        }
    }

    /// Writes a node's configuration down before its first use.
    pub(crate) fn record_node(&mut self, node: usize) -> Result<(), Failure> {
        if self.nodes.list[node].recorded {
            return Ok(());
        }
        let planned = &self.nodes.list[node].node;
        let config =
            self.resolver.resolve_for_record(&planned.config, Mixed::Seal).map_err(Unresolved::failure)?;
        let row = aurak_model::record::ProviderRow {
            address: planned.address.clone(),
            type_name: planned.type_name.clone(),
            config,
            needs: planned.needs.clone(),
        };
        if self.state.providers.get(&row.address) != Some(&row) {
            self.batch.records.push(Record::Provider(row));
        }
        self.nodes.list[node].recorded = true;
        Ok(())
    }

    fn judge_before(&mut self, step: &Step) -> Result<(), Unresolved> {
        let Some(conditions) = self.conditions.before.get(&step.address).cloned() else { return Ok(()) };
        for condition in conditions {
            judge(&mut self.resolver, condition)?;
        }
        self.conditions.before.remove(&step.address);
        Ok(())
    }
}

fn call(task: Task, making: Making, intent: Option<ToIntend>) -> Prepared {
    Prepared::Call(Box::new(ToCall { task, making, intent }))
}

/// Refuses an update that turned out to need a new object.
fn refuse_immutable(
    schema: &TypeSchema,
    name: &Name,
    planned: &Value,
    value: &Value,
    live: &Value,
    desired: &Value,
) -> Result<(), Unresolved> {
    let mut paths = Vec::new();
    let top = Path::key(name.clone());
    let collected = planned.map_leaves::<()>(&mut |path, leaf| {
        if matches!(leaf, Value::Unknown(_)) {
            paths.push(top.concat(path));
        }
        Ok(None)
    });
    debug_assert!(collected.is_ok(), "collecting does not fail");
    for path in paths {
        // The attribute itself or what it stands in may be the one that cannot change.
        for depth in 1..=path.0.len() {
            let part = Path(path.0[..depth].to_vec());
            let Some(attribute) = schema.attribute(&part).filter(|a| !a.immutable.is_empty()) else {
                continue;
            };
            let new = value.at(&Path(part.0[1..].to_vec())).map(Value::reveal);
            let old = live.at(&part).map(Value::reveal);
            if new == old || new.as_ref().is_none_or(Value::is_null) {
                continue;
            }
            let item =
                (1..=depth).rev().find_map(|at| match schema.attribute(&Path(part.0[..at - 1].to_vec())) {
                    Some(around) if around.items.is_some() => value.at(&Path(part.0[1..at].to_vec())),
                    _ => None,
                });
            let scope: Map = [
                ("old", Some(old.unwrap_or_default())),
                ("new", new),
                ("item", item.map(Value::reveal)),
                ("self", Some(desired.reveal())),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
            let rule =
                attribute.immutable.iter().find(|rule| rule.when().is_none_or(|when| holds(when, &scope)));
            let message = match rule {
                None => continue,
                Some(Immutable::Refused { message, .. }) => {
                    format!("`{part}` turned out to change: {message}")
                }
                Some(
                    Immutable::Always | Immutable::When(_) | Immutable::Rotate | Immutable::RotateWhen(_),
                ) => {
                    format!("`{part}` turned out to change, which needs a new object")
                }
            };
            return Err(Unresolved::Failed(
                Failure::new("replacement", message)
                    .detail("the plan shows a change in place; nothing was sent")
                    .help("make the plan again: it shows the replacement"),
            ));
        }
    }
    Ok(())
}

/// Whether a predicate holds: not where it reads what the object does not have, as in a plan; and one
/// that cannot be judged counts as holding.
fn holds(when: &str, scope: &Map) -> bool {
    match Template::expression(when).and_then(|template| template.evaluate(&MapScope(scope))) {
        Ok(evaluated) => truthy(&evaluated.value) != Some(false),
        Err(error) => error.kind != ErrorKind::UndefinedAttribute,
    }
}

/// A key or an id as text.
pub(crate) fn text(value: &Value) -> Option<Name> {
    match value.reveal() {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_json().map(|json| json.to_string()).unwrap_or_default().into()),
    }
}
