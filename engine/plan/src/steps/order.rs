//! Which steps wait for which, beyond what a resource reads: nothing goes while something that was made
//! from it is still there, names are free before they are taken, and what types publish is there.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use aurak_model::schema::ReplaceOrder;
use aurak_model::{Address, Diagnostic, Name, Severity, Slot, StepId, Value, Work};

use super::users::{Users, wholes};
use super::{Builder, Built, Delete, JOIN_FROM, Leftover, Wish};
use crate::context::{GroupId, InstId, Instance, Target};
use crate::removal::Removal;
use crate::resource::Decision;
use crate::same::Handed;
use crate::scope::RuleScope;

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

impl Builder<'_> {
    /// What goes with something else is forgotten once that is gone, and no sooner: until then it is
    /// still there. And it is forgotten before that is made anew: a run that is cut off in between would
    /// leave it with a new one that it is not in.
    pub(super) fn order_forgets(&mut self, removals: &[Removal], leftovers: &BTreeMap<Address, Leftover>) {
        for removal in removals {
            let Some(parent) = &removal.parent else { continue };
            let own = match removal.slot {
                Slot::Temporary => {
                    self.temporaries.get(&removal.address).and_then(|steps| steps.first().copied())
                }
                Slot::Old => leftovers.get(&removal.address).map(|leftover| leftover.step),
                Slot::Current => self.deletes.get(&removal.address).map(|delete| delete.step),
            };
            let delete = self.deletes.get(parent).map(|delete| delete.step);
            let theirs = delete.or(leftovers.get(parent).map(|leftover| leftover.step));
            let theirs = theirs.or_else(|| self.forget_of(parent));
            if let (Some(own), Some(theirs)) = (own, theirs) {
                self.after[own as usize].push(theirs);
            }
            if let (Some(step), Some(before)) = (self.makes_anew(parent), own) {
                self.wishes.push(Wish { step, before, uses: false });
            }
        }
        for (parent, forgets) in std::mem::take(&mut self.forgets) {
            let stays = self.context.set_aside.borrow().contains(&parent);
            if stays {
                let made = self.of.get(&parent).and_then(|steps| steps.last().copied());
                forgets.iter().for_each(|forget| self.after[*forget as usize].extend(made));
            } else if let Some(create) = self.makes_anew(&parent) {
                let forgets = self.gather(&parent, forgets);
                self.after[create as usize].extend(forgets);
            }
        }
    }

    /// What is made, by the id, in something that is made anew comes after that.
    pub(super) fn order_made_inside(&mut self) {
        for (inside, around) in self.context.made_inside.take() {
            let made = |address: &Address| {
                let makes = |id: &&u32| {
                    let step = &self.steps[**id as usize];
                    step.slot == Slot::Current && matches!(step.work, Work::Create { .. })
                };
                self.of.get(address)?.iter().find(makes).copied()
            };
            if let (Some(own), Some(theirs)) = (made(&inside), made(&around)) {
                self.after[own as usize].push(theirs);
            }
        }
    }

    /// The step that makes an object, or takes one over, after the one before it is gone.
    fn makes_anew(&self, address: &Address) -> Option<u32> {
        let made_before = self.deletes.get(address).is_some_and(|delete| !delete.first);
        if made_before || self.context.set_aside.borrow().contains(address) {
            return None;
        }
        let row = self.context.row(address);
        let before = row.as_ref().and_then(|row| row.current.as_ref()).map(|current| &current.id);
        let makes = |id: u32| {
            let step = &self.steps[id as usize];
            let another = match &step.work {
                Work::Create { .. } => true,
                // It takes over another object than the one that was there.
                Work::Record { id, .. } | Work::Update { id, .. } => {
                    before.is_some_and(|before| before != id)
                }
                _ => false,
            };
            step.slot == Slot::Current && another
        };
        self.of.get(address)?.iter().copied().find(|id| makes(*id))
    }

    /// Deletes wait for those whose objects were made from what goes.
    pub(super) fn order_deletes(
        &mut self,
        instances: &[Rc<Instance>],
        hands: &[Handed],
        leftovers: &BTreeMap<Address, Leftover>,
    ) {
        if self.deletes.is_empty() && leftovers.is_empty() {
            return;
        }
        let users = self.users(leftovers);
        let making_room = self.making_room(&users, hands);
        let mut letting =
            Letting { users, leftovers, joins: HashMap::new(), open: Vec::new(), wished: Vec::new() };
        let mut edges: Vec<(u32, u32)> = Vec::new();
        for (target, theirs) in self.deletes.clone() {
            let first = theirs.first || making_room.contains(&target);
            let waits = self.let_go(&mut letting, &target, first);
            edges.extend(waits.into_iter().map(|step| (theirs.step, step)));
            self.wish(theirs.step, &mut letting.wished);
        }
        for (target, leftover) in leftovers {
            // What is gone already nobody has to let go of.
            if self.forgets_only(leftover.step) {
                continue;
            }
            let waits = self.let_go(&mut letting, target, leftover.first);
            edges.extend(waits.into_iter().map(|step| (leftover.step, step)));
            self.wish(leftover.step, &mut letting.wished);
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
            self.wish(join, &mut letting.wished);
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
        let anew = self.made_anew();
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
            // What goes with the old object is made anew in the new one only after that.
            if anew.contains(&last) {
                continue;
            }
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

    /// The steps that wait until something is forgotten that goes with what it lives in.
    fn made_anew(&self) -> HashSet<u32> {
        let own = self.dying.iter().filter_map(|address| self.of.get(address)).flatten().copied();
        let forgets: Vec<u32> = own.filter(|step| self.forgets_only(*step)).collect();
        match forgets.is_empty() {
            true => HashSet::new(),
            false => reached(&self.dependants(), forgets),
        }
    }

    /// What takes over a name waits for the delete of what had it.
    pub(super) fn order_names(
        &mut self,
        instances: &[Rc<Instance>],
        hands: Vec<Handed>,
        leftovers: &BTreeMap<Address, Leftover>,
    ) {
        for (instance, made, address, slot) in hands {
            let delete = match slot {
                Slot::Old => leftovers.get(&address).map(|leftover| leftover.step),
                Slot::Current => self.deletes.get(&address).map(|delete| delete.step),
                Slot::Temporary => self.temporaries.get(&address).and_then(|steps| steps.last().copied()),
            };
            let creates = match made {
                Slot::Temporary => {
                    self.rotations.get(&instances[instance].address).copied().into_iter().collect()
                }
                Slot::Current | Slot::Old => self.ready[instance].clone(),
            };
            for create in creates {
                self.after[create as usize].extend(delete);
            }
        }
    }

    /// The steps after which nobody uses an object any more.
    fn let_go(&mut self, letting: &mut Letting<'_>, target: &Address, first: bool) -> Vec<u32> {
        let mut own = letting.users.of.get(target).cloned().unwrap_or_default();
        own.retain(|user| user != target);
        let mut waits = self.waits_for(letting, &own, first);
        for whole in wholes(target) {
            match letting.users.of_blocks.get(&whole) {
                // All instances of a block wait for the same: once for all, so that many that were made
                // from many do not make an edge for each pair.
                Some(many) if many.len() > JOIN_FROM => {
                    waits.push(self.held(letting, Held::Block(whole), first));
                }
                Some(few) => {
                    let few = few.clone();
                    waits.extend(self.waits_for(letting, &few, first));
                }
                None => {}
            }
        }
        waits
    }

    fn waits_for(&mut self, letting: &mut Letting<'_>, users: &[Address], first: bool) -> Vec<u32> {
        let mut waits = Vec::new();
        for user in users {
            // An older object of theirs was made from it as well. From what is replaced delete-first
            // that one moves away later still.
            let goes = |step: u32| !self.forgets_only(step);
            if let Some(leftover) = letting.leftovers.get(user).filter(|it| !first && goes(it.step)) {
                waits.push(leftover.step);
            }
            // And so was a temporary one. Neither can go before what it dies with.
            let temporaries = self.temporaries.get(user).map_or(&[][..], Vec::as_slice);
            let before = !first || self.at_once.contains(user);
            waits.extend(temporaries.iter().filter(|step| before && goes(**step)));
            match self.deletes.get(user).copied() {
                // What dies with it cannot go before it; but who uses that has to let go first.
                Some(own) if own.dies => {
                    if letting.users.are_of(user) {
                        waits.push(self.held(letting, Held::Object(user.clone()), first));
                    }
                }
                // Their old object stays until their new one, or a temporary one, is there, which is made
                // from our new one: our delete cannot wait for theirs.
                Some(own) if first && self.stays_until_made(user, own) => letting.wished.push(own.step),
                Some(own) => waits.push(own.step),
                // A change in place moves away from what goes; from what is replaced delete-first
                // it can only move once the new object is there, unless it does not want that one.
                None if self.dying.contains(user) => {}
                None => {
                    let last = self.of.get(user).and_then(|steps| steps.last()).filter(|step| goes(**step));
                    if first { &mut letting.wished } else { &mut waits }.extend(last);
                }
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

    /// Steps of those who use what a step deletes.
    fn wish(&mut self, step: u32, users: &mut Vec<u32>) {
        self.wishes.extend(users.drain(..).map(|before| Wish { step, before, uses: true }));
    }

    /// Lets deletes wait for those who could let go before, which are all that do not wait for the
    /// delete themselves. Where several wait for each other in a circle, the first wish counts.
    pub(super) fn grant_wishes(&mut self) {
        let wishes = std::mem::take(&mut self.wishes);
        if wishes.is_empty() {
            return;
        }
        let late: HashSet<u32> = wishes.iter().map(|wish| wish.step).collect();
        // Steps that wait for each other in a circle are told of when they are sorted.
        let Ok(place) = self.topological(&late) else { return };
        let mut dependants = self.dependants();
        let mut early: BTreeSet<(Address, Address)> = BTreeSet::new();
        // Whether the order that was found still holds, in which all wished for come as late as can be.
        let mut holds = true;
        let mut waiting: (Option<u32>, HashSet<u32>) = (None, HashSet::new());
        for Wish { step, before, uses } in wishes {
            let at_once = holds && place[before as usize] < place[step as usize];
            // What waits for a step does not change by what that waits for.
            if !at_once && waiting.0 != Some(step) {
                waiting = (Some(step), reached(&dependants, vec![step]));
            }
            if at_once || !waiting.1.contains(&before) {
                holds &= at_once;
                self.after[step as usize].push(before);
                dependants[before as usize].push(step);
            } else if uses {
                let [goes, user] = [step, before].map(|step| self.steps[step as usize].address.clone());
                early.insert((goes, user));
            }
        }
        let mut leaving: HashMap<&Address, bool> = HashMap::new();
        for (goes, user) in &early {
            if *leaving.entry(goes).or_insert_with(|| self.is_leaving(goes)) {
                self.goes_too_early(goes, user);
            }
        }
    }

    /// What leaves together with what it is in, which is replaced delete-first, or gives its name to
    /// something else, goes before what uses it can let go: some services refuse that. (What is replaced
    /// itself is meant to go first.)
    fn goes_too_early(&self, goes: &Address, user: &Address) {
        let finding = Diagnostic::warning("in_use", format!("`{goes}` goes before `{user}` lets go of it"))
            .about(goes)
            .detail(format!(
                "`{goes}` makes room for a new object, and `{user}` changes only once that is there; a \
                 service that deletes nothing that is in use refuses that"
            ))
            .help(format!(
                "if it does, apply it in two parts: first let `{user}` do without `{goes}`, and leave the \
                 rest as it is"
            ));
        self.context.find(finding);
    }

    /// Whether an object, or what is deleted of a block, leaves for good.
    fn is_leaving(&self, goes: &Address) -> bool {
        let of_block =
            || self.deletes.iter().find(|(address, _)| wholes(address).any(|whole| whole == *goes));
        let own = self.deletes.get_key_value(goes).or_else(of_block);
        own.is_some_and(|(address, own)| !own.first && !self.is_replaced(address))
    }

    /// Whether an old object is deleted only once something is made in its place.
    fn stays_until_made(&self, address: &Address, own: Delete) -> bool {
        self.is_replaced(address) && (!own.first || self.rotations.contains_key(address))
    }

    pub(super) fn is_replaced(&self, address: &Address) -> bool {
        let id = self.context.by_address.borrow().get(address).copied();
        id.is_some_and(|id| matches!(self.context.instance(id).decision, Decision::Replace { .. }))
    }

    /// What types publish and require orders steps too.
    pub(super) fn join_marks(&mut self, instances: &[Rc<Instance>]) {
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
            let needs = |id: &&u32| {
                matches!(self.steps[**id as usize].work, Work::Create { .. } | Work::Update { .. })
            };
            let own = self.of.get(&instances[i].address).map_or(&[][..], Vec::as_slice);
            let Some(first) = own.iter().find(needs).copied() else { continue };
            if let Some(steps) = published.get(&mark) {
                let steps: Vec<u32> = steps.iter().copied().filter(|s| !self.ready[i].contains(s)).collect();
                self.after[first as usize].extend(steps);
            }
        }
    }

    /// What is required goes after what required it, unless something else speaks against that.
    pub(super) fn part_marks(&mut self, instances: &[Rc<Instance>], removals: &[Removal]) {
        let types = &self.context.input.schemas.types;
        let mut published: BTreeMap<Name, Vec<u32>> = BTreeMap::new();
        let mut required: BTreeMap<Name, Vec<u32>> = BTreeMap::new();
        let mut goes = |type_name: &Name, live: &Value, step: u32| {
            let Some(schema) = types.get(type_name) else { return };
            for (rules, marks) in [(&schema.provides, &mut published), (&schema.requires, &mut required)] {
                for rule in rules {
                    if let Ok(Value::String(mark)) =
                        self.context.evaluate_rule(rule, &RuleScope { this: live })
                    {
                        marks.entry(mark).or_default().push(step);
                    }
                }
            }
        };
        for removal in removals.iter().filter(|removal| removal.slot == Slot::Current) {
            if let (Some(delete), Some(own)) = (&removal.delete, self.deletes.get(&removal.address)) {
                goes(&removal.row.type_name, &delete.live, own.step);
            }
        }
        for instance in instances {
            if let Decision::Replace { live, other, .. } = &instance.decision
                && let Some(own) = self.deletes.get(&instance.address)
            {
                goes(other.as_ref().map_or(&instance.type_name, |other| &other.type_name), live, own.step);
            }
        }
        for (mark, steps) in published {
            let users = required.get(&mark).map_or(&[][..], Vec::as_slice);
            for step in steps {
                let users = users.iter().filter(|user| **user != step);
                self.wishes.extend(users.map(|user| Wish { step, before: *user, uses: false }));
            }
        }
    }

    /// Brings the steps into an order in which each stands after those that it waits for; among those
    /// that could come next, the one made first.
    pub(super) fn sort(mut self) -> Built {
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
        match self.topological(&HashSet::new()) {
            Ok(place) => Some(place),
            Err(stuck) => {
                // What failed has no steps, which those around it may have to go by: with it mended the
                // circle may be gone.
                let failed = self.context.findings.borrow().iter().any(|f| f.severity == Severity::Error);
                if !failed {
                    *self.context.circled.borrow_mut() = self.could_go_early(&stuck);
                    self.context.find(self.circle(&stuck));
                }
                None
            }
        }
    }

    /// For each step, what waits for it.
    fn dependants(&self) -> Vec<Vec<u32>> {
        let mut dependants: Vec<Vec<u32>> = vec![Vec::new(); self.steps.len()];
        for (id, after) in self.after.iter().enumerate() {
            for before in after {
                dependants[*before as usize].push(id as u32);
            }
        }
        dependants
    }

    /// Places in which each step stands after those that it waits for; among those that could come next,
    /// the one made first, and what is late only where nothing else could. Or all that is stuck.
    fn topological(&self, late: &HashSet<u32>) -> Result<Vec<u32>, Vec<u32>> {
        let count = self.steps.len();
        let dependants = self.dependants();
        let mut open: Vec<u32> = self.after.iter().map(|after| after.len() as u32).collect();
        let next = |id: u32| Reverse((late.contains(&id), id));
        let mut ready: BinaryHeap<Reverse<(bool, u32)>> =
            (0..count as u32).filter(|id| open[*id as usize] == 0).map(next).collect();
        let mut place: Vec<Option<u32>> = vec![None; count];
        let mut placed = 0;
        while let Some(Reverse((_, id))) = ready.pop() {
            place[id as usize] = Some(placed);
            placed += 1;
            for dependant in &dependants[id as usize] {
                open[*dependant as usize] -= 1;
                if open[*dependant as usize] == 0 {
                    ready.push(next(*dependant));
                }
            }
        }
        match (placed as usize) < count {
            true => Err((0..count as u32).filter(|id| place[*id as usize].is_none()).collect()),
            false => Ok(place.into_iter().flatten().collect()),
        }
    }
}

/// Everything that waits for one of these steps, and they.
fn reached(dependants: &[Vec<u32>], mut open: Vec<u32>) -> HashSet<u32> {
    let mut seen: HashSet<u32> = open.iter().copied().collect();
    while let Some(step) = open.pop() {
        open.extend(dependants[step as usize].iter().copied().filter(|dependant| seen.insert(*dependant)));
    }
    seen
}
