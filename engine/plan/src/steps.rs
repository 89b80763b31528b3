//! From decisions to steps and their order.
//!
//! A step waits for the steps of what its resource read. Deletes wait the other way round, by what
//! rows recorded: nothing goes while something that was made from it is still there. Of a resource
//! that does not change, what it waits for itself is passed on, so that order reaches through it.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::rc::Rc;

use aurak_model::schema::{ReplaceOrder, Timeouts};
use aurak_model::{
    Address, Diagnostic, Name, ProviderAddress, ProviderNode, Slot, Step, StepId, TypeSchema, Value, Work,
};

use crate::context::{Context, GroupId, InstId, Instance, Target};
use crate::removal::Removal;
use crate::resource::{Decision, Kept, Making};
use crate::scope::RuleScope;

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
    /// The step that deletes what is now the current object of an address, or its old one.
    deletes: BTreeMap<Address, Delete>,
    /// The steps of each address, in the order they were made. Only looked into, never walked.
    of: HashMap<Address, Vec<u32>>,
    /// A step, and one that should come before it where nothing speaks against that.
    wishes: Vec<(u32, u32)>,
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

/// The rows that were made from what goes: from an object, or from a whole block.
#[derive(Default)]
struct Users {
    of: HashMap<Address, Vec<Address>>,
    of_blocks: HashMap<Address, Vec<Address>>,
}

impl Users {
    fn are_of(&self, address: &Address) -> bool {
        self.of.contains_key(address) || self.of_blocks.contains_key(&address.block())
    }
}

/// What has to be let go of by many.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Held {
    Object(Address),
    Block(Address),
}

/// The working memory of [`Builder::order_deletes`].
struct Letting<'a> {
    users: Users,
    leftovers: &'a BTreeMap<Address, Leftover>,
    joins: HashMap<(Held, bool), u32>,
    /// Joins that are yet to be filled in.
    open: Vec<(Held, bool, u32)>,
    /// Steps that should come first where that is possible, of what is looked at just now.
    wished: Vec<u32>,
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
        Builder {
            context,
            // Of what most instances have, one each: growing step by step would copy them all.
            steps: Vec::with_capacity(count),
            after: Vec::with_capacity(count),
            ready: Vec::with_capacity(count),
            joins: HashMap::new(),
            providers: Vec::new(),
            provider_index: HashMap::new(),
            deletes: BTreeMap::new(),
            of: HashMap::new(),
            wishes: Vec::new(),
        }
    }

    /// Makes all steps.
    pub(crate) fn build(mut self, removals: &[Removal]) -> Built {
        let mut leftovers = self.add_removals(removals);
        let instances: Vec<Rc<Instance>> = self.context.instances.borrow().clone();
        for instance in &instances {
            self.add_instance(instance, &mut leftovers);
        }
        self.order_forgets(removals);
        self.order_deletes(&instances, &leftovers);
        self.order_names(&instances, removals, &leftovers);
        self.join_marks(&instances);
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
                    self.push(
                        &removal.address,
                        &removal.row.type_name,
                        removal.slot,
                        work,
                        Some(provider),
                        schema.as_deref(),
                        None,
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
                    leftovers.insert(removal.address.clone(), Leftover { step: id, first: false });
                }
                Slot::Current | Slot::Temporary => {
                    self.deletes.insert(
                        removal.address.clone(),
                        Delete { step: id, first: false, dies: removal.parent.is_some() },
                    );
                }
            }
        }
        leftovers
    }

    fn add_instance(&mut self, instance: &Instance, leftovers: &mut BTreeMap<Address, Leftover>) {
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
        let mut moved = None;
        if let Some(from) =
            self.context.moved_from(address).filter(|_| !matches!(instance.decision, Decision::Keep(_)))
            && let Some(row) = self.context.row(address)
            && let Some(object) = row.current.clone()
        {
            // What is renamed is still what it was, whatever the block makes of it afterwards.
            let renamed = row.type_name.clone();
            let plan = instance.row.borrow().as_deref().cloned().unwrap_or_default();
            let plan = aurak_model::plan::RowPlan { schema_version: row.schema_version, ..plan };
            let work = Work::Record {
                id: object.id,
                desired: object.desired,
                attributes: object.attributes,
                from: Some(from),
                row: plan,
            };
            let step = self.push(address, &renamed, slot, work, None, None, None);
            if let Some(leftover) = leftovers.get(address) {
                self.after[leftover.step as usize].push(step);
            }
            moved = Some(step);
        }
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
                let id = self.push(address, type_name, slot, work, provider, None, None);
                self.after[id as usize] = waits;
                // The row has its new address only then.
                if let Some(leftover) = leftovers.get(address).filter(|_| record.from.is_some()) {
                    self.after[leftover.step as usize].push(id);
                }
                vec![id]
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
            Decision::Existing { id, known: false } => {
                let provider = provider(self);
                let step = self.push(
                    address,
                    type_name,
                    slot,
                    Work::Read { id: id.clone() },
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
                waits.extend(moved);
                if let Some(parent) = &making.gone_with {
                    let forget = self.push(address, type_name, slot, Work::Forget, None, None, None);
                    if let Some(delete) = self.deletes.get(parent) {
                        let delete = delete.step;
                        self.after[forget as usize].push(delete);
                    }
                    waits.push(forget);
                } else if let Some(leftover) = leftovers.get_mut(address) {
                    self.make_room(leftover, step, instance, making, &mut waits);
                    // The object that was lost must not be taken for the one that is left over.
                    if self.context.row(address).is_some_and(|row| row.current.is_some()) {
                        let forget = self.push(address, type_name, slot, Work::Forget, None, None, None);
                        self.after[forget as usize].extend(moved);
                        waits.push(forget);
                    }
                }
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
                let step = self.push(address, type_name, slot, work, provider, schema, serialise);
                waits.extend(moved);
                self.after[step as usize] = waits;
                vec![step]
            }
            Decision::Replace { order, old, live, making, other } => {
                let provider = provider(self);
                let delete = Work::Delete { id: old.clone(), live: live.clone() };
                let serialise = self.serialise(schema, live, address);
                let create = self.push_create(instance, making, provider, schema);
                if let Some(leftover) = leftovers.get_mut(address) {
                    self.make_room(leftover, create, instance, making, &mut waits);
                }
                let first = *order != ReplaceOrder::CreateFirst;
                let slot = if first { Slot::Current } else { Slot::Old };
                let delete = match other {
                    None => self.push(address, type_name, slot, delete, provider, schema, serialise),
                    Some(other) => {
                        let provider = self.provider(&other.provider);
                        let schema = self.context.input.schemas.types.get(&other.type_name).cloned();
                        let serialise = self.serialise(schema.as_deref(), live, address);
                        let schema = schema.as_deref();
                        self.push(address, &other.type_name, slot, delete, Some(provider), schema, serialise)
                    }
                };
                if first {
                    self.after[delete as usize].extend(moved);
                    waits.push(delete);
                } else {
                    waits.extend(moved);
                    self.after[delete as usize].push(create);
                }
                self.after[create as usize] = waits;
                self.deletes.insert(address.clone(), Delete { step: delete, first, dies: false });
                vec![create]
            }
        };
        self.ready.push(ready);
    }

    /// An older object stays until the new one is there, unless both would have the same name.
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
        if same {
            leftover.first = true;
            waits.push(leftover.step);
        } else {
            self.after[leftover.step as usize].push(create);
        }
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

    fn provider(&mut self, node: &ProviderNode) -> u32 {
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

    /// What goes with something else is forgotten once that is gone, and no sooner: until then it is
    /// still there.
    fn order_forgets(&mut self, removals: &[Removal]) {
        for removal in removals {
            let Some(parent) = &removal.parent else { continue };
            if let (Some(own), Some(theirs)) = (self.deletes.get(&removal.address), self.deletes.get(parent))
            {
                let (own, theirs) = (own.step, theirs.step);
                self.after[own as usize].push(theirs);
            }
        }
    }

    /// Deletes wait for those whose objects were made from what goes.
    fn order_deletes(&mut self, instances: &[Rc<Instance>], leftovers: &BTreeMap<Address, Leftover>) {
        if self.deletes.is_empty() && leftovers.is_empty() {
            return;
        }
        let users = self.users(leftovers);
        let mut letting =
            Letting { users, leftovers, joins: HashMap::new(), open: Vec::new(), wished: Vec::new() };
        let mut edges: Vec<(u32, u32)> = Vec::new();
        for (target, theirs) in self.deletes.clone() {
            let waits = self.let_go(&mut letting, &target, theirs.first);
            edges.extend(waits.into_iter().map(|step| (theirs.step, step)));
            self.wishes.extend(letting.wished.drain(..).map(|step| (theirs.step, step)));
        }
        for (target, leftover) in leftovers.iter().filter(|(_, leftover)| !leftover.first) {
            let waits = self.let_go(&mut letting, target, false);
            edges.extend(waits.into_iter().map(|step| (leftover.step, step)));
            self.wishes.extend(letting.wished.drain(..).map(|step| (leftover.step, step)));
        }
        while let Some((address, first, join)) = letting.open.pop() {
            let waits = match address {
                Held::Object(address) => self.let_go(&mut letting, &address, first),
                Held::Block(block) => {
                    let users = letting.users.of_blocks.get(&block).cloned().unwrap_or_default();
                    self.waits_for(&mut letting, &users, first)
                }
            };
            edges.extend(waits.into_iter().map(|step| (join, step)));
            self.wishes.extend(letting.wished.drain(..).map(|step| (join, step)));
        }
        for (step, before) in edges.into_iter().filter(|(step, before)| step != before) {
            self.after[step as usize].push(before);
        }
        // In create-first the old object also waits for those that now use the new one.
        let goes_after = |deletes: &BTreeMap<Address, Delete>, id: InstId| {
            let target = &instances[id.0 as usize];
            match target.decision {
                Decision::Replace { order: ReplaceOrder::CreateFirst, .. } => {
                    deletes.get(&target.address).map(|delete| delete.step)
                }
                _ => None,
            }
        };
        let mut readers: BTreeMap<GroupId, Vec<u32>> = BTreeMap::new();
        for instance in instances {
            let Some(last) = self.of.get(&instance.address).and_then(|steps| {
                steps
                    .iter()
                    .rev()
                    .find(|s| !matches!(self.steps[**s as usize].work, Work::Delete { .. }))
                    .copied()
            }) else {
                continue;
            };
            for read in instance.reads.iter() {
                match read.target {
                    Target::Instance(id) => {
                        if let Some(old) = goes_after(&self.deletes, id) {
                            self.after[old as usize].push(last);
                        }
                    }
                    Target::Members(group) => readers.entry(group).or_default().push(last),
                    Target::Group(_) => {}
                }
            }
        }
        for (group, mut steps) in readers {
            let old: Vec<u32> = self
                .context
                .members(group)
                .into_iter()
                .filter_map(|id| goes_after(&self.deletes, id))
                .collect();
            if old.is_empty() {
                continue;
            }
            steps.sort_unstable();
            steps.dedup();
            let address = self.context.groups.borrow()[group.0 as usize].address.clone();
            let all = self.gather(&address, steps);
            for old in old {
                self.after[old as usize].extend_from_slice(&all);
            }
        }
    }

    /// What takes over a name waits for the delete of what had it.
    fn order_names(
        &mut self,
        instances: &[Rc<Instance>],
        removals: &[Removal],
        leftovers: &BTreeMap<Address, Leftover>,
    ) {
        if self.deletes.is_empty() && leftovers.is_empty() {
            return;
        }
        for (instance, address, slot) in self.context.names_that_change_hands(instances, removals) {
            let delete = match slot {
                Slot::Old => leftovers.get(&address).map(|leftover| leftover.step),
                Slot::Current | Slot::Temporary => self.deletes.get(&address).map(|delete| delete.step),
            };
            for create in self.ready[instance].clone() {
                self.after[create as usize].extend(delete);
            }
        }
    }

    /// Who was made from what goes, by the addresses that rows have in this plan.
    fn users(&self, leftovers: &BTreeMap<Address, Leftover>) -> Users {
        let renamed = self.context.renamed();
        let now = |address: &Address| renamed.get(address).unwrap_or(address).clone();
        let going = |address: &Address| self.deletes.contains_key(address) || leftovers.contains_key(address);
        // What rows needed may be a whole block, under its name of then.
        let mut blocks: HashMap<Address, Address> = HashMap::new();
        for address in self.deletes.keys().chain(leftovers.keys()) {
            blocks.insert(address.block(), address.block());
        }
        for (from, to) in &renamed {
            if going(to) {
                blocks.insert(from.block(), to.block());
            }
        }
        let mut users = Users::default();
        for (address, row) in &self.context.input.previous.rows {
            let address = now(address);
            if !self.of.contains_key(&address) {
                continue;
            }
            for need in &row.needs {
                let need = now(need);
                if going(&need) {
                    users.of.entry(need).or_default().push(address.clone());
                } else if let Some(block) = blocks.get(&need) {
                    users.of_blocks.entry(block.clone()).or_default().push(address.clone());
                }
            }
        }
        users
    }

    /// The steps after which nobody uses an object any more.
    fn let_go(&mut self, letting: &mut Letting<'_>, target: &Address, first: bool) -> Vec<u32> {
        let mut own = letting.users.of.get(target).cloned().unwrap_or_default();
        own.retain(|user| user != target);
        let mut waits = self.waits_for(letting, &own, first);
        let block = target.block();
        match letting.users.of_blocks.get(&block) {
            // All instances of a block wait for the same: once for all, so that many that were made
            // from many do not make an edge for each pair.
            Some(many) if many.len() > JOIN_FROM => waits.push(self.held(letting, Held::Block(block), first)),
            Some(few) => {
                let few = few.clone();
                waits.extend(self.waits_for(letting, &few, first));
            }
            None => {}
        }
        waits
    }

    fn waits_for(&mut self, letting: &mut Letting<'_>, users: &[Address], first: bool) -> Vec<u32> {
        let mut waits = Vec::new();
        for user in users {
            // An older object of theirs was made from it as well. From what is replaced delete-first
            // that one moves away later still.
            if let Some(leftover) = letting.leftovers.get(user).filter(|_| !first) {
                waits.push(leftover.step);
            }
            match self.deletes.get(user).copied() {
                // What dies with it cannot go before it; but who uses that has to let go first.
                Some(own) if own.dies => {
                    if letting.users.are_of(user) {
                        waits.push(self.held(letting, Held::Object(user.clone()), first));
                    }
                }
                // Their delete makes room for a new object that ours is to be made from, while our
                // old object stays until ours is there: it cannot wait for our delete.
                Some(own) if first && !own.first && self.is_replaced(user) => letting.wished.push(own.step),
                Some(own) => waits.push(own.step),
                // A change in place moves away from what goes; from what is replaced delete-first
                // it can only move once the new object is there, unless it does not want that one.
                None if first => {
                    letting.wished.extend(self.of.get(user).and_then(|steps| steps.last()));
                }
                None => waits.extend(self.of.get(user).and_then(|steps| steps.last())),
            }
        }
        waits
    }

    /// The join of all that has to let go of something; what it waits for is filled in later.
    fn held(&mut self, letting: &mut Letting<'_>, held: Held, first: bool) -> u32 {
        if let Some(join) = letting.joins.get(&(held.clone(), first)) {
            return *join;
        }
        let (Held::Object(address) | Held::Block(address)) = &held;
        let join = self.push(address, &"".into(), Slot::Current, Work::Join, None, None, None);
        letting.joins.insert((held.clone(), first), join);
        letting.open.push((held, first, join));
        join
    }

    /// Lets deletes wait for those who could let go before, which are all that do not wait for the
    /// delete themselves. Where several wait for each other in a circle, the first wish counts.
    fn grant_wishes(&mut self) {
        for (step, before) in std::mem::take(&mut self.wishes) {
            if !self.waits_for_step(before, step) {
                self.after[step as usize].push(before);
            }
        }
    }

    /// Whether a step waits for another, or is it.
    fn waits_for_step(&self, step: u32, other: u32) -> bool {
        let mut seen = BTreeSet::from([step]);
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            if step == other {
                return true;
            }
            open.extend(self.after[step as usize].iter().copied().filter(|before| seen.insert(*before)));
        }
        false
    }

    fn is_replaced(&self, address: &Address) -> bool {
        let id = self.context.by_address.borrow().get(address).copied();
        id.is_some_and(|id| matches!(self.context.instance(id).decision, Decision::Replace { .. }))
    }

    /// What types publish and require orders steps too.
    fn join_marks(&mut self, instances: &[Rc<Instance>]) {
        let mut published: BTreeMap<Name, Vec<u32>> = BTreeMap::new();
        let mut required: Vec<(usize, Name)> = Vec::new();
        for (i, instance) in instances.iter().enumerate() {
            let Some(schema) = &instance.schema else { continue };
            let scope = RuleScope { this: &instance.planned };
            for rule in &schema.provides {
                if let Ok(Value::String(mark)) = self.context.evaluate_rule(rule, &scope) {
                    published.entry(mark).or_default().extend(&self.ready[i]);
                }
            }
            for rule in &schema.requires {
                if let Ok(Value::String(mark)) = self.context.evaluate_rule(rule, &scope) {
                    required.push((i, mark));
                }
            }
        }
        for (i, mark) in required {
            let Some(first) = self.of.get(&instances[i].address).and_then(|steps| steps.first()).copied()
            else {
                continue;
            };
            if let Some(steps) = published.get(&mark) {
                let steps: Vec<u32> = steps.iter().copied().filter(|s| !self.ready[i].contains(s)).collect();
                self.after[first as usize].extend(steps);
            }
        }
    }

    /// Brings the steps into an order in which each stands after those that it waits for; among those
    /// that could come next, the one made first.
    fn sort(mut self) -> Built {
        let mut in_order = true;
        for (id, after) in self.after.iter_mut().enumerate() {
            after.sort_unstable();
            after.dedup();
            in_order &= after.last().is_none_or(|last| (*last as usize) < id);
        }
        // Mostly the steps were made in an order that will do.
        let place = match in_order {
            true => None,
            false => match self.places() {
                Some(place) => Some(place),
                None => {
                    return Built { steps: Vec::new(), providers: self.providers, of: HashMap::new() };
                }
            },
        };
        let at = |id: u32| StepId(place.as_ref().map_or(id, |place| place[id as usize]));
        let mut steps = std::mem::take(&mut self.steps);
        for (step, after) in steps.iter_mut().zip(&self.after) {
            step.id = at(step.id.0);
            step.after = after.iter().map(|before| at(*before)).collect();
            step.after.sort_unstable();
        }
        if !in_order {
            steps.sort_unstable_by_key(|step| step.id);
        }
        for step in self.of.values_mut().flatten() {
            *step = at(*step).0;
        }
        self.of.values_mut().for_each(|steps| steps.sort_unstable());
        Built { steps, providers: self.providers, of: self.of }
    }

    /// The place of each step, so that each stands after those that it waits for; among those that
    /// could come next, the one made first. `None`, and said so, where there is no such order.
    fn places(&self) -> Option<Vec<u32>> {
        let count = self.steps.len();
        let mut dependants: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut open: Vec<u32> = vec![0; count];
        for (id, after) in self.after.iter().enumerate() {
            open[id] = after.len() as u32;
            for before in after {
                dependants[*before as usize].push(id as u32);
            }
        }
        let mut next: BinaryHeap<std::cmp::Reverse<u32>> =
            (0..count as u32).filter(|id| open[*id as usize] == 0).map(std::cmp::Reverse).collect();
        let mut place: Vec<Option<u32>> = vec![None; count];
        let mut placed = 0;
        while let Some(std::cmp::Reverse(id)) = next.pop() {
            place[id as usize] = Some(placed);
            placed += 1;
            for dependant in &dependants[id as usize] {
                open[*dependant as usize] -= 1;
                if open[*dependant as usize] == 0 {
                    next.push(std::cmp::Reverse(*dependant));
                }
            }
        }
        if (placed as usize) < count {
            let stuck: Vec<&str> = (0..count)
                .filter(|id| place[*id].is_none())
                .map(|id| self.steps[id].address.as_str())
                .collect();
            self.context.find(
                Diagnostic::error("order", "there is no order in which this could be done")
                    .detail(format!("these wait for each other: {}", crate::words::list(stuck)))
                    .help("apply it in two parts with `--only`"),
            );
            return None;
        }
        Some(place.into_iter().flatten().collect())
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
