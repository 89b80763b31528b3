//! From decisions to steps and their order.
//!
//! A step waits for the steps of what its resource read. Deletes wait the other way round, by what
//! rows recorded: nothing goes while something that was made from it is still there. Of a resource
//! that does not change, what it waits for itself is passed on, so that order reaches through it.

mod circle;
mod order;
mod renames;
mod temporaries;
mod users;
mod worlds;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use aurak_model::schema::{ReplaceOrder, Timeouts};
use aurak_model::{
    Address, Diagnostic, Name, Object, ProviderAddress, ProviderNode, Reason, Slot, Step, StepId, TypeSchema,
    Value, Work,
};

use crate::context::{Context, GroupId, Instance, Target};
use crate::provider::ProviderInstance;
use crate::removal::Removal;
use crate::resource::{Decision, Kept, Making};
use crate::rotate::Temporary;
use crate::scope::RuleScope;
use temporaries::stands_beside;

/// More than this many edges are gathered in one join.
const JOIN_FROM: usize = 4;

/// Steps in the making: a step's number is its place here until they are sorted.
pub(crate) struct Builder<'a> {
    context: &'a Rc<Context>,
    steps: Vec<Step>,
    /// For each step, what it waits for.
    after: Vec<Vec<u32>>,
    /// For each instance, the steps after which it is as planned.
    ready: Vec<Vec<u32>>,
    joins: HashMap<GroupId, Vec<u32>>,
    pub providers: Vec<ProviderNode>,
    provider_index: HashMap<ProviderAddress, Vec<u32>>,
    /// The nodes of the configuration, and what the plan has of each.
    nodes: HashMap<ProviderAddress, (Rc<ProviderInstance>, ProviderNode)>,
    /// The step that deletes what is now the current object of an address, or its old one.
    deletes: BTreeMap<Address, Delete>,
    /// The steps of each address, in the order they were made. Only looked into, never walked.
    of: HashMap<Address, Vec<u32>>,
    /// The steps that delete temporary objects of rotations, those of earlier runs first.
    temporaries: BTreeMap<Address, Vec<u32>>,
    /// The steps that make temporary objects.
    rotations: BTreeMap<Address, u32>,
    /// Whose temporary object of an earlier run goes without waiting for the new object: what that is
    /// made in goes too.
    at_once: BTreeSet<Address>,
    /// What is made anew because it goes with what it lives in, and is only forgotten before.
    dying: HashSet<Address>,
    /// The steps that forget these, by what they go with.
    forgets: BTreeMap<Address, Vec<u32>>,
    wishes: Vec<Wish>,
    /// The addresses that rows have in this plan, by those that they had before.
    renamed: HashMap<Address, Address>,
}

/// A step, and one that should come before it where nothing speaks against that.
struct Wish {
    step: u32,
    before: u32,
    /// The later one uses what the step deletes.
    uses: bool,
}

#[derive(Clone, Copy)]
struct Delete {
    step: u32,
    /// The delete makes room for the new object.
    first: bool,
    /// The object goes with what it lives in; only its row is forgotten, after that.
    dies: bool,
}

/// The delete of an older object that a replacement left behind.
#[derive(Clone, Copy)]
struct Leftover {
    step: u32,
    /// The delete makes room for the new object.
    first: bool,
}

/// The steps in order, and for each address its own.
pub(crate) struct Built {
    pub steps: Vec<Step>,
    pub providers: Vec<ProviderNode>,
    pub of: HashMap<Address, Vec<u32>>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(context: &'a Rc<Context>) -> Builder<'a> {
        let count = context.instances.borrow().len();
        let nodes = context.provider_nodes();
        let by_reference = |node: Rc<ProviderInstance>| {
            let planned = context.by_reference(&node);
            (node, planned)
        };
        Builder {
            context,
            // Of what most instances have, one each: growing step by step would copy them all.
            steps: Vec::with_capacity(count),
            after: Vec::with_capacity(count),
            ready: Vec::with_capacity(count),
            joins: HashMap::new(),
            providers: Vec::new(),
            provider_index: HashMap::new(),
            nodes: nodes.into_iter().map(|(address, node)| (address, by_reference(node))).collect(),
            deletes: BTreeMap::new(),
            of: HashMap::new(),
            temporaries: BTreeMap::new(),
            rotations: BTreeMap::new(),
            at_once: BTreeSet::new(),
            dying: HashSet::new(),
            forgets: BTreeMap::new(),
            wishes: Vec::new(),
            renamed: context.renamed(),
        }
    }

    /// Makes all steps.
    pub(crate) fn build(mut self, removals: &[Removal]) -> Built {
        let mut leftovers = self.add_removals(removals);
        let instances: Vec<Rc<Instance>> = self.context.instances.borrow().clone();
        for instance in &instances {
            self.add_instance(instance, &mut leftovers);
        }
        self.rename_needs(&instances);
        self.order_made_inside();
        self.order_forgets(removals, &leftovers);
        self.order_worlds();
        let goes = !self.deletes.is_empty() || !leftovers.is_empty() || !self.temporaries.is_empty();
        let hands = match goes {
            true => self.context.names_that_change_hands(&instances, removals),
            false => Vec::new(),
        };
        self.order_deletes(&instances, &hands, &leftovers);
        self.order_names(&instances, hands, &leftovers);
        self.join_marks(&instances);
        self.part_marks(&instances, removals);
        self.grant_wishes();
        self.sort()
    }

    /// The steps of what leaves; given back are those of older objects.
    fn add_removals(&mut self, removals: &[Removal]) -> BTreeMap<Address, Leftover> {
        let mut leftovers = BTreeMap::new();
        for removal in removals {
            let schema = self.context.input.schemas.types.get(&removal.row.type_name).cloned();
            let id = match &removal.delete {
                Some(delete) => {
                    let provider = self.provider(&delete.provider);
                    let work = Work::Delete { id: delete.id.clone(), live: delete.live.clone() };
                    let serialise = self.serialise(schema.as_deref(), &delete.live, &removal.address);
                    self.push(
                        &removal.address,
                        &removal.row.type_name,
                        removal.slot,
                        work,
                        Some(provider),
                        schema.as_deref(),
                        serialise,
                    )
                }
                None => self.push(
                    &removal.address,
                    &removal.row.type_name,
                    removal.slot,
                    Work::Forget,
                    None,
                    None,
                    None,
                ),
            };
            match removal.slot {
                Slot::Old => {
                    let first = removal.parent.is_some();
                    self.drain_left_over(removal, id, removals);
                    leftovers.insert(removal.address.clone(), Leftover { step: id, first });
                }
                Slot::Temporary => {
                    // What runs on it moves back to what is let go of.
                    let stays = removals.iter().any(|other| {
                        other.address == removal.address
                            && other.slot == Slot::Current
                            && other.delete.is_none()
                            && other.parent.is_none()
                    });
                    let beside = |it: &&Object| {
                        let other = removal.row.current.as_ref().zip(schema.as_deref());
                        other.is_some_and(|(other, schema)| {
                            stands_beside(schema, &it.attributes, &other.attributes)
                        })
                    };
                    let whole = removal.row.temporary.as_ref().filter(|it| stays && it.incomplete.is_none());
                    let whole = whole.filter(beside);
                    let provider = self.steps[id as usize].provider;
                    if let (Some(whole), Some(schema), true) = (whole, &schema, removal.delete.is_some()) {
                        let it = (&removal.address, &**schema);
                        let drain = self.push_drain(it, Slot::Temporary, &whole.attributes, provider);
                        self.after[id as usize].extend(drain);
                    }
                    self.temporaries.entry(removal.address.clone()).or_default().push(id);
                }
                Slot::Current => {
                    self.deletes.insert(
                        removal.address.clone(),
                        Delete { step: id, first: false, dies: removal.parent.is_some() },
                    );
                }
            }
        }
        self.forget_after_others(removals, &leftovers);
        leftovers
    }

    /// The steps of an instance. A temporary object of a rotation that was cut off stays until it is as
    /// planned, unless it is in the way.
    fn add_instance(&mut self, instance: &Instance, leftovers: &mut BTreeMap<Address, Leftover>) {
        let address = &instance.address;
        let left = self.temporaries.get(address).and_then(|steps| steps.first().copied());
        let inside = instance.change.borrow().as_ref().is_some_and(|change| {
            change.reasons.iter().any(|reason| matches!(reason, Reason::WithinReplaced { .. }))
        });
        self.add_steps(instance, leftovers);
        if let Some(leftover) = leftovers.get(address) {
            self.drain_older(*leftover, instance);
        }
        let Some(left) = left else { return };
        if inside {
            self.at_once.insert(address.clone());
        } else if self.goes_before(instance, left) {
            self.put_before(left, instance);
        } else if !self.rotations.contains_key(address) {
            let ready = self.ready.last().cloned().unwrap_or_default();
            let drain = self.drain_temporary(left, instance);
            if let Some(drain) = drain {
                self.after[drain as usize].extend_from_slice(&ready);
            }
            self.after[left as usize].extend(drain);
            self.after[left as usize].extend(ready);
        }
    }

    fn add_steps(&mut self, instance: &Instance, leftovers: &mut BTreeMap<Address, Leftover>) {
        let mut waits: Vec<u32> = Vec::new();
        for read in instance.reads.iter() {
            waits.extend_from_slice(&self.ready_of(read.target));
        }
        waits.sort_unstable();
        waits.dedup();
        let schema = instance.schema.clone();
        let schema = schema.as_deref();
        let address = &instance.address;
        let type_name = &instance.type_name;
        let slot = Slot::Current;
        let provider = |this: &mut Self| instance.provider.as_ref().map(|p| this.provider(&p.node));
        let moved = self.push_move(instance, leftovers);
        let ready = match &instance.decision {
            Decision::Deferred
            | Decision::Failed
            | Decision::Outside
            | Decision::Keep(Kept { record: None }) => self.gather(address, waits),
            Decision::Keep(Kept { record: Some(record) }) => {
                let work = Work::Record {
                    id: record.id.clone(),
                    desired: record.desired.clone(),
                    attributes: record.attributes.clone(),
                    from: record.from.clone(),
                    row: instance.row.take().map(|row| *row).unwrap_or_default(),
                };
                let provider = provider(self);
                waits.extend(self.forget_lost(instance, Some(&record.id), moved));
                let id = self.push(address, type_name, slot, work, provider, None, None);
                waits.extend(moved);
                let left = leftovers.get(address).map(|leftover| leftover.step);
                match (left, &record.from) {
                    // The row has its new address only then.
                    (Some(left), Some(_)) => {
                        self.after[id as usize] = waits;
                        self.after[left as usize].push(id);
                        vec![id]
                    }
                    // The row says what the older object was made from, until that is gone. Nobody else waits
                    // for what is written down.
                    (Some(left), None) => {
                        self.after[id as usize] = [&waits[..], &[left]].concat();
                        self.gather(address, waits)
                    }
                    (None, _) => {
                        self.after[id as usize] = waits;
                        vec![id]
                    }
                }
            }
            Decision::Composite(members) => {
                let mut all: Vec<u32> =
                    members.iter().flat_map(|m| self.ready[m.0 as usize].iter().copied()).collect();
                all.extend(waits);
                all.sort_unstable();
                all.dedup();
                self.gather(address, all)
            }
            Decision::Existing { known: true, .. } => self.gather(address, waits),
            Decision::Existing { id, whole, known: false, .. } => {
                let provider = provider(self);
                let step = self.push(
                    address,
                    type_name,
                    slot,
                    Work::Read { id: id.clone(), whole: *whole },
                    provider,
                    schema,
                    None,
                );
                self.after[step as usize] = waits;
                vec![step]
            }
            Decision::Create(making) => {
                let provider = provider(self);
                let step = self.push_create(instance, making, provider, schema);
                if let Some(parent) = &making.gone_with {
                    // It may have been decided before that had its new name.
                    let parent = match self.context.by_address.borrow().contains_key(parent) {
                        true => parent.clone(),
                        false => self.new_name(parent),
                    };
                    let forget = self.push(address, type_name, slot, Work::Forget, None, None, None);
                    self.dying.insert(address.clone());
                    let delete = self.deletes.get(&parent).map(|delete| delete.step);
                    let older = leftovers.get(&parent).map(|leftover| leftover.step);
                    let goes = delete.or(older).or_else(|| self.forget_of(&parent));
                    self.after[forget as usize].extend(goes);
                    self.after[forget as usize].extend(moved);
                    self.forgets.entry(parent).or_default().push(forget);
                    waits.push(forget);
                    // The row would say of it that it is where the new one is.
                    let own = leftovers.get(address).map(|leftover| leftover.step);
                    waits.extend(own.filter(|own| self.forgets_only(*own)));
                } else {
                    if let Some(leftover) = leftovers.get_mut(address) {
                        self.make_room(leftover, step, instance, making, &mut waits);
                    }
                    waits.extend(self.forget_lost(instance, None, moved));
                }
                waits.extend(moved);
                self.after[step as usize] = waits;
                vec![step]
            }
            Decision::Update(update) => {
                let work = Work::Update {
                    id: update.id.clone(),
                    desired: update.desired.clone(),
                    live: update.live.clone(),
                    unset: update.unset.clone(),
                    row: instance.row.take().map(|row| *row).unwrap_or_default(),
                };
                let serialise = self.serialise(schema, &instance.planned, address);
                let provider = provider(self);
                waits.extend(self.forget_lost(instance, Some(&update.id), moved));
                let step = self.push(address, type_name, slot, work, provider, schema, serialise);
                waits.extend(moved);
                self.after[step as usize] = waits;
                vec![step]
            }
            Decision::Replace { order, old, live, making, other, temporary } => {
                let provider = provider(self);
                let rotation = temporary.as_deref().map(|temporary| {
                    let create = self.push_temporary(instance, temporary, provider, schema);
                    self.after[create as usize].extend_from_slice(&waits);
                    self.after[create as usize].extend(moved);
                    create
                });
                let delete = Work::Delete { id: old.clone(), live: live.clone() };
                let create = self.push_create(instance, making, provider, schema);
                if let Some(leftover) = leftovers.get_mut(address) {
                    self.make_room(leftover, create, instance, making, &mut waits);
                }
                if self.context.set_aside.borrow().contains(address) {
                    waits.extend(moved);
                    self.after[create as usize] = waits;
                    let aside = self.push(address, type_name, Slot::Old, Work::Join, None, None, None);
                    self.after[aside as usize].push(create);
                    self.ready.push(vec![create]);
                    return;
                }
                let first = *order != ReplaceOrder::CreateFirst;
                let slot = if first { Slot::Current } else { Slot::Old };
                let delete = match other {
                    None => {
                        let serialise = self.serialise(schema, live, address);
                        self.push(address, type_name, slot, delete, provider, schema, serialise)
                    }
                    Some(other) => {
                        let provider = self.provider(&other.provider);
                        let schema = self.context.input.schemas.types.get(&other.type_name).cloned();
                        let serialise = self.serialise(schema.as_deref(), live, address);
                        let schema = schema.as_deref();
                        self.push(address, &other.type_name, slot, delete, Some(provider), schema, serialise)
                    }
                };
                let drain = schema.filter(|_| other.is_none()).and_then(|schema| match order {
                    // There would be nothing that it could move to.
                    ReplaceOrder::DeleteFirst => None,
                    ReplaceOrder::CreateFirst
                        if self.is_made_in_part(address) || !stands_beside(schema, live, &making.desired) =>
                    {
                        None
                    }
                    ReplaceOrder::CreateFirst | ReplaceOrder::Rotate => {
                        self.push_drain((address, schema), slot, live, provider)
                    }
                });
                if let Some(drain) = drain {
                    let before = if first { rotation } else { Some(create) };
                    self.after[drain as usize].extend(moved);
                    self.after[drain as usize].extend(before);
                    self.after[delete as usize].push(drain);
                }
                if first {
                    self.after[delete as usize].extend(moved);
                    self.after[delete as usize].extend(rotation);
                    waits.push(delete);
                } else {
                    waits.extend(moved);
                    self.after[delete as usize].push(create);
                }
                self.after[create as usize] = waits;
                self.deletes.insert(address.clone(), Delete { step: delete, first, dies: false });
                if let (Some(temporary), Some(_)) = (temporary, rotation) {
                    let serialise = self.serialise(schema, &temporary.desired, address);
                    let work = Work::Delete { id: "".into(), live: temporary.desired.clone() };
                    let slot = Slot::Temporary;
                    let drain = schema.and_then(|schema| {
                        self.push_drain((address, schema), slot, &temporary.desired, provider)
                    });
                    let delete = self.push(address, type_name, slot, work, provider, schema, serialise);
                    if let Some(drain) = drain {
                        self.after[drain as usize].push(create);
                    }
                    self.after[delete as usize].extend(drain);
                    self.after[delete as usize].push(create);
                    self.temporaries.entry(address.clone()).or_default().push(delete);
                }
                vec![create]
            }
        };
        self.ready.push(ready);
    }

    /// An object that was lost makes room for the one that is made or taken over in its place, where an older
    /// one is there too: a row holds two, and the lost one must not be taken for that.
    fn forget_lost(&mut self, instance: &Instance, taken: Option<&Name>, moved: Option<u32>) -> Option<u32> {
        let Instance { address, type_name, .. } = instance;
        let row = self.context.row(address)?;
        let another = row.current.as_ref().is_some_and(|current| Some(&current.id) != taken);
        let lost = another && row.old.is_some();
        let forget =
            lost.then(|| self.push(address, type_name, Slot::Current, Work::Forget, None, None, None))?;
        self.after[forget as usize].extend(moved);
        Some(forget)
    }

    /// The step that gives a row its new name, where no other step of its instance does. What is renamed
    /// is still what it was, whatever the block makes of it afterwards.
    fn push_move(&mut self, instance: &Instance, leftovers: &BTreeMap<Address, Leftover>) -> Option<u32> {
        let address = &instance.address;
        let is_done = match &instance.decision {
            Decision::Keep(Kept { record }) => record.as_ref().is_none_or(|record| record.from.is_some()),
            Decision::Composite(_) | Decision::Existing { .. } => true,
            _ => false,
        };
        let from = self.context.moved_from(address).filter(|_| !is_done)?;
        let row = self.context.row(address)?;
        // Any of its objects will do: the others come along.
        let slot = [Slot::Current, Slot::Old, Slot::Temporary]
            .into_iter()
            .find(|slot| row.object(*slot).is_some())?;
        let object = row.object(slot)?.clone();
        let work = Work::Record {
            id: object.id,
            desired: object.desired,
            attributes: object.attributes,
            from: Some(from),
            row: self.with_new_names(&row),
        };
        let step = self.push(address, &row.type_name, slot, work, None, None, None);
        let left = leftovers.get(address).map(|leftover| leftover.step);
        let temporaries = self.temporaries.get(address).into_iter().flatten().copied();
        let lost = self.deletes.get(address).map(|delete| delete.step);
        for later in left.into_iter().chain(temporaries).chain(lost) {
            self.after[later as usize].push(step);
        }
        Some(step)
    }

    /// An older object stays until the new one is there, unless both would have the same name, or the row
    /// would say of it that it is of another type or provider than it is.
    fn make_room(
        &mut self,
        leftover: &mut Leftover,
        create: u32,
        instance: &Instance,
        making: &Making,
        waits: &mut Vec<u32>,
    ) {
        let row = self.context.row(&instance.address);
        let old = row.as_ref().and_then(|row| row.old.as_ref());
        let same = making.key.as_ref().is_some_and(|key| {
            key.has_unknown()
                || instance
                    .schema
                    .as_ref()
                    .zip(old)
                    .is_some_and(|(schema, old)| self.context.has_key(schema, &old.attributes, Some(key)))
        });
        let here = instance.provider.as_ref().map(|provider| self.provider(&provider.node));
        let other = row.as_ref().is_some_and(|row| row.type_name != instance.type_name)
            || self.steps[leftover.step as usize].provider.is_some_and(|theirs| here != Some(theirs));
        // There is room for one older object, which the one that is there now may become.
        let unfinished = old.is_some_and(|old| old.incomplete.is_some());
        if same || other || unfinished || self.forgets_only(leftover.step) {
            leftover.first = true;
            waits.push(leftover.step);
        } else {
            self.after[leftover.step as usize].push(create);
        }
    }

    /// The step that makes the temporary object of a rotation; one that an earlier run made in part
    /// goes before that.
    fn push_temporary(
        &mut self,
        instance: &Instance,
        temporary: &Temporary,
        provider: Option<u32>,
        schema: Option<&TypeSchema>,
    ) -> u32 {
        let address = &instance.address;
        let Temporary { desired, key, row } = temporary.clone();
        let serialise = self.serialise(schema, &desired, address);
        let work = Work::Create { desired, adopt: false, key, row };
        let slot = Slot::Temporary;
        let create = self.push(address, &instance.type_name, slot, work, provider, schema, serialise);
        self.after[create as usize].extend(self.temporaries.get(address).into_iter().flatten());
        self.rotations.insert(address.clone(), create);
        create
    }

    /// The step that moves what runs on an object elsewhere, where its type has an action for that and
    /// there is something to move.
    fn push_drain(
        &mut self,
        (address, schema): (&Address, &TypeSchema),
        slot: Slot,
        this: &Value,
        provider: Option<u32>,
    ) -> Option<u32> {
        let name = schema.rotate.as_ref()?.drain.as_ref()?;
        let action = schema.actions.get(name)?;
        let rule = |text: &str| match self.context.evaluate_rule(text, &RuleScope { this }) {
            Ok(value) => Some(value),
            Err(why) => {
                let summary = format!("could not work out how `{name}` is invoked on `{address}`: {why}");
                self.context.find(Diagnostic::error("type_rule", summary).about(address));
                None
            }
        };
        // What only apply can tell is taken to hold: there is nothing to move then.
        if let Some(when) = &action.when
            && matches!(rule(when)?, Value::Bool(false) | Value::Null)
        {
            return None;
        }
        let mut args = Vec::with_capacity(action.args.len());
        for (arg, text) in &action.args {
            args.push((arg.clone(), rule(text)?));
        }
        let serialise = self.serialise(Some(schema), this, address);
        let work = Work::Invoke { action: name.clone(), args: Value::map(args) };
        let step = self.push(address, &schema.name, slot, work, provider, Some(schema), serialise);
        let it = &mut self.steps[step as usize];
        it.usual_ms = action.usual.map(|seconds| seconds * 1000);
        it.timeout_s = action.timeout;
        self.of.entry(address.clone()).or_default().push(step);
        Some(step)
    }

    fn push_create(
        &mut self,
        instance: &Instance,
        making: &Making,
        provider: Option<u32>,
        schema: Option<&TypeSchema>,
    ) -> u32 {
        let work = Work::Create {
            desired: making.desired.clone(),
            adopt: making.adopt,
            key: making.key.clone(),
            row: instance.row.take().map(|row| *row).unwrap_or_default(),
        };
        let serialise = self.serialise(schema, &making.desired, &instance.address);
        self.push(&instance.address, &instance.type_name, Slot::Current, work, provider, schema, serialise)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a step")]
    fn push(
        &mut self,
        address: &Address,
        type_name: &Name,
        slot: Slot,
        work: Work,
        provider: Option<u32>,
        schema: Option<&TypeSchema>,
        serialise: Option<Value>,
    ) -> u32 {
        let id = self.steps.len() as u32;
        let operation = match &work {
            Work::Create { .. } => Some("create"),
            Work::Update { .. } => Some("update"),
            Work::Delete { .. } => Some("delete"),
            Work::Read { .. } => Some("read"),
            _ => None,
        };
        let usual_ms = operation.and_then(|operation| self.usual(operation, address, type_name, schema));
        let timeout_s =
            operation.zip(schema).and_then(|(operation, schema)| seconds(&schema.timeouts, operation));
        let timeout_s = operation
            .and_then(|operation| {
                self.context.timeouts.borrow().get(address).and_then(|t| seconds(t, operation))
            })
            .or(timeout_s);
        self.steps.push(Step {
            id: StepId(id),
            address: address.clone(),
            type_name: type_name.clone(),
            slot,
            work,
            provider,
            after: Vec::new(),
            serialise,
            usual_ms,
            timeout_s,
        });
        self.after.push(Vec::new());
        if operation.is_some() || matches!(self.steps[id as usize].work, Work::Record { .. } | Work::Forget) {
            self.of.entry(address.clone()).or_default().push(id);
        }
        id
    }

    fn usual(
        &self,
        operation: &str,
        address: &Address,
        type_name: &Name,
        schema: Option<&TypeSchema>,
    ) -> Option<u64> {
        let durations = &self.context.input.previous.durations;
        if !durations.is_empty() {
            let own = durations.get(format!("{operation} {address}").as_str());
            if let Some(ms) = own.or_else(|| durations.get(format!("{operation} {type_name}").as_str())) {
                return Some(*ms);
            }
        }
        schema.and_then(|schema| seconds(&schema.usual, operation)).map(|s| s * 1000)
    }

    fn serialise(&self, schema: Option<&TypeSchema>, this: &Value, address: &Address) -> Option<Value> {
        let rule = schema?.serialise.as_deref()?;
        match self.context.evaluate_rule(rule, &RuleScope { this }) {
            Ok(value) if value.is_null() => None,
            Ok(value) => Some(value),
            Err(why) => {
                let finding = Diagnostic::error(
                    "type_rule",
                    format!("could not work out what `{address}` must not overlap with: {why}"),
                );
                self.context.find(finding.about(address));
                None
            }
        }
    }

    /// The step that forgets the object of an address, which goes with what it lives in.
    fn forget_of(&self, address: &Address) -> Option<u32> {
        self.of.get(address)?.iter().copied().find(|step| self.forgets_only(*step))
    }

    /// Whether a step takes an object out of its row, and nothing else.
    fn forgets_only(&self, step: u32) -> bool {
        matches!(self.steps[step as usize].work, Work::Forget)
    }

    fn provider(&mut self, node: &ProviderNode) -> u32 {
        let configured = self.nodes.get(&node.address).filter(|(instance, _)| instance.node == *node);
        let node = configured.map_or(node, |(_, by_reference)| by_reference);
        let known = self.provider_index.get(&node.address).map_or(&[][..], Vec::as_slice);
        if let Some(index) = known.iter().find(|index| self.providers[**index as usize] == *node) {
            return *index;
        }
        let index = self.providers.len() as u32;
        self.providers.push(node.clone());
        self.provider_index.entry(node.address.clone()).or_default().push(index);
        index
    }

    fn ready_of(&mut self, target: Target) -> Vec<u32> {
        match target {
            Target::Instance(id) => self.ready.get(id.0 as usize).cloned().unwrap_or_default(),
            Target::Group(group) | Target::Members(group) => {
                if let Some(join) = self.joins.get(&group) {
                    return join.clone();
                }
                let address = self.context.groups.borrow()[group.0 as usize].address.clone();
                let ids = self.context.members(group);
                let mut all: Vec<u32> =
                    ids.iter().filter_map(|id| self.ready.get(id.0 as usize)).flatten().copied().collect();
                all.sort_unstable();
                all.dedup();
                let join = self.gather(&address, all);
                self.joins.insert(group, join.clone());
                join
            }
        }
    }

    /// Many steps become one join.
    fn gather(&mut self, address: &Address, steps: Vec<u32>) -> Vec<u32> {
        if steps.len() <= JOIN_FROM {
            return steps;
        }
        let id = self.push(address, &"".into(), Slot::Current, Work::Join, None, None, None);
        self.after[id as usize] = steps;
        vec![id]
    }
}

fn seconds(timeouts: &Timeouts, operation: &str) -> Option<u64> {
    let Timeouts { create, read, update, delete } = timeouts;
    match operation {
        "create" => *create,
        "read" => *read,
        "update" => *update,
        _ => *delete,
    }
}
