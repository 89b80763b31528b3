//! What holds for every plan: it is whole, and its steps stand in the order that they need.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::plan::{Action, Change, Reason, Step};
use aurak_model::value::{Origin, Unknown};
use aurak_model::{Address, Plan, Slot, StateDoc, StepId, Value, Work};

/// What is wrong: the property in a few words that do not change while the case is made smaller, and
/// everything else.
#[derive(Debug)]
pub struct Wrong {
    /// In a few words.
    pub what: &'static str,
    /// Everything else.
    pub detail: String,
}

impl Wrong {
    /// Says what is wrong.
    pub fn new(what: &'static str, detail: impl Into<String>) -> Wrong {
        Wrong { what, detail: detail.into() }
    }
}

/// Something that must hold, or what is wrong.
pub fn must(holds: bool, what: &'static str, detail: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong::new(what, detail())) }
}

/// Everything that a plan points to is there.
pub fn whole(plan: &Plan, previous: &StateDoc) -> Result<(), Wrong> {
    let made: BTreeSet<&Address> = plan
        .steps
        .iter()
        .filter(|step| !matches!(step.work, Work::Delete { .. } | Work::Forget | Work::Join))
        .map(|step| &step.address)
        .collect();
    for (place, step) in plan.steps.iter().enumerate() {
        let at = || format!("{step:#?}");
        must(step.id.0 as usize == place, "a step has another number than its place", at)?;
        must(
            step.after.is_sorted() && step.after.iter().all(|other| other.0 < step.id.0),
            "a step stands before what it waits for",
            at,
        )?;
        let provider = step.provider.is_none_or(|provider| (provider as usize) < plan.providers.len());
        must(provider, "a step has a provider that is not there", at)?;
        let calls = matches!(step.work, Work::Create { .. } | Work::Update { .. } | Work::Delete { .. });
        must(!calls || step.provider.is_some(), "a call has no provider", at)?;
        let row = previous.rows.get(&step.address);
        let recorded = |slot: Slot| match slot {
            Slot::Current => row.and_then(|row| row.current.as_ref()),
            Slot::Old => row.and_then(|row| row.old.as_ref().or(row.current.as_ref())),
            Slot::Temporary => row.and_then(|row| row.temporary.as_ref()),
        };
        if let Work::Update { id, .. } | Work::Delete { id, .. } = &step.work
            && !plan.steps.iter().any(|s| s.address == step.address && is_move(s))
        {
            let known = recorded(step.slot).is_some_and(|object| object.id == *id);
            must(known, "a call is for an object that is not recorded", at)?;
        }
        let shown = plan.changes.iter().any(|change| change.steps.contains(&step.id));
        let silent = matches!(step.work, Work::Join | Work::Record { .. });
        must(shown || silent, "a step belongs to no change", at)?;
    }
    for change in &plan.changes {
        let at = || format!("{change:#?}");
        let own = change
            .steps
            .iter()
            .all(|id| plan.steps.get(id.0 as usize).is_some_and(|step| step.address == change.address));
        must(own, "a change has a step of another address", at)?;
        let creates = works(plan, &change.steps, |work| matches!(work, Work::Create { .. }));
        let deletes = works(plan, &change.steps, |work| matches!(work, Work::Delete { .. }));
        let updates = works(plan, &change.steps, |work| matches!(work, Work::Update { .. }));
        // What an earlier run left behind is a change of its own, with the steps of its address.
        let left =
            plan.changes.iter().filter(|other| other.address == change.address && is_left(other)).count();
        let fits = match change.action {
            _ if left > 0 => deletes <= 1 + left && creates + updates <= 1,
            Action::Create | Action::Import => creates == 1 && updates == 0,
            Action::Update => creates == 0 && updates == 1 && deletes == 0,
            Action::Replace(_) => creates == 1 && deletes <= 1 && updates == 0,
            Action::Delete => creates == 0 && deletes == 1 && updates == 0,
            Action::Forget | Action::Read | Action::Move | Action::NoOp => {
                creates == 0 && deletes == 0 && updates == 0
            }
        };
        must(fits, "a change has other steps than its action", at)?;
    }
    let changed: Vec<&Address> =
        plan.changes.iter().filter(|change| !is_left(change)).map(|change| &change.address).collect();
    let addresses: BTreeSet<&Address> = changed.iter().copied().collect();
    must(addresses.len() == changed.len(), "an address changes twice", || format!("{addresses:?}"))?;
    let mut wrong = Vec::new();
    each_value(plan, &mut |value| {
        value.for_each_unknown(&mut |Unknown { origin, .. }| {
            let known = match origin {
                Origin::Row { row, .. } => made.contains(row) || previous.rows.contains_key(row),
                Origin::Node { node, .. } => plan.node(*node).is_some(),
                Origin::Fresh { .. } => false,
                Origin::Deferred { block } => plan
                    .deferred
                    .iter()
                    .any(|deferred| covers(block, &deferred.address) || covers(&deferred.address, block)),
            };
            if !known {
                wrong.push(origin.clone());
            }
        });
    });
    must(wrong.is_empty(), "a value comes from nowhere", || format!("{wrong:?}"))
}

fn is_left(change: &Change) -> bool {
    change.reasons.iter().any(|reason| matches!(reason, Reason::LeftOver { .. }))
}

fn is_move(step: &Step) -> bool {
    matches!(step.work, Work::Record { from: Some(_), .. })
}

fn works(plan: &Plan, steps: &[StepId], is: impl Fn(&Work) -> bool) -> usize {
    steps.iter().filter(|id| plan.steps.get(id.0 as usize).is_some_and(|step| is(&step.work))).count()
}

/// Values that steps need.
fn each_value(plan: &Plan, visit: &mut dyn FnMut(&Value)) {
    let mut plan = plan.clone();
    plan.changes.clear();
    plan.outputs.clear();
    plan.for_each_value_mut(&mut |value| visit(value));
}

/// Whether an address is this resource, or an instance or a part of this block, module or composite.
pub fn covers(whole: &Address, part: &Address) -> bool {
    let (whole, part) = (whole.as_str(), part.as_str());
    part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.', '/']))
}

/// For each step, all that is done before it.
pub fn before(plan: &Plan) -> Vec<BTreeSet<u32>> {
    let mut all: Vec<BTreeSet<u32>> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let mut before: BTreeSet<u32> = BTreeSet::new();
        for other in &step.after {
            before.insert(other.0);
            before.extend(all.get(other.0 as usize).into_iter().flatten());
        }
        all.push(before);
    }
    all
}

/// Every order that must be is there: what is needed comes before, deletes go the other way round.
pub fn in_order(plan: &Plan, previous: &StateDoc) -> Result<(), Wrong> {
    let before = before(plan);
    let mut of: BTreeMap<&Address, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        of.entry(&step.address).or_default().push(step);
    }
    let is_before = |one: &Step, other: &Step| before[other.id.0 as usize].contains(&one.id.0);
    let at = |one: &Step, other: &Step| {
        format!("{} {} and {} {}\n{plan:#?}", one.id.0, one.address, other.id.0, other.address)
    };
    for step in &plan.steps {
        let needs = match &step.work {
            Work::Create { row, .. } | Work::Update { row, .. } => &row.needs,
            _ => continue,
        };
        for other in &plan.steps {
            let makes = matches!(other.work, Work::Create { .. } | Work::Update { .. } | Work::Read { .. });
            let needed = needs.iter().any(|need| covers(need, &other.address));
            if makes && needed && other.id != step.id {
                must(is_before(other, step), "a resource is not before what needs it", || at(other, step))?;
            }
        }
    }
    for (address, steps) in &of {
        let create = steps.iter().find(|step| is_create(step) && step.slot == Slot::Current);
        for delete in deletes(steps) {
            let Some(create) = create else { continue };
            let row = previous.rows.get(*address);
            let ordered = match delete.slot {
                Slot::Current => is_before(delete, create),
                Slot::Temporary => true,
                Slot::Old => match row.and_then(|row| row.old.as_ref().map(|_| &row.type_name)) {
                    None => is_before(create, delete),
                    // What an earlier run left behind goes first or last; one row is of one type.
                    Some(before) => *before == create.type_name || is_before(delete, create),
                },
            };
            must(ordered, "a replacement is out of order", || at(delete, create))?;
        }
    }
    let room = making_room(&of, previous, &is_before);
    for (address, steps) in &of {
        // What was made from it lets go first: it is deleted, or changed to need it no longer. Nothing is
        // made from a temporary object.
        let going = || deletes(steps).filter(|delete| delete.slot != Slot::Temporary);
        for (user, row) in &previous.rows {
            let needed = row.needs.iter().any(|need| covers(need, address));
            if !needed || user == *address {
                continue;
            }
            let theirs = of.get(user).map_or(&[][..], Vec::as_slice);
            for (delete, step) in going().flat_map(|delete| theirs.iter().map(move |step| (delete, *step))) {
                let lets_go = match &step.work {
                    Work::Delete { .. } => true,
                    Work::Update { row, .. } => {
                        !row.needs.iter().any(|need| covers(need, address)) || delete.slot == Slot::Old
                    }
                    _ => false,
                };
                // Where the delete makes room for a new object, a user that stays can move over to that
                // one only once it is there, and an old object of it goes only after that, or after a
                // temporary one was made. Its current object waits for nothing else: it always goes first.
                let rotates = theirs.iter().any(|step| is_create(step) && step.slot == Slot::Temporary);
                let stays =
                    !matches!(step.work, Work::Delete { .. }) || step.slot != Slot::Current || rotates;
                let later = stays && room.contains(&delete.id) && is_before(delete, step);
                must(
                    !lets_go || is_before(step, delete) || later,
                    "an object goes before what was made from it",
                    || at(step, delete),
                )?;
            }
        }
    }
    Ok(())
}

fn is_create(step: &Step) -> bool {
    matches!(step.work, Work::Create { .. })
}

fn deletes<'a>(steps: &'a [&'a Step]) -> impl Iterator<Item = &'a Step> {
    steps.iter().copied().filter(|step| matches!(step.work, Work::Delete { .. }))
}

/// The deletes that make room: those before the new object of their own address or of one that takes over
/// their name, and those of what leaves and was made from such.
fn making_room(
    of: &BTreeMap<&Address, Vec<&Step>>,
    previous: &StateDoc,
    is_before: &dyn Fn(&Step, &Step) -> bool,
) -> BTreeSet<StepId> {
    let mut room = BTreeSet::new();
    let mut open: Vec<&Address> = Vec::new();
    let creates: Vec<&Step> = of.values().flatten().copied().filter(|step| is_create(step)).collect();
    for (address, steps) in of {
        for delete in deletes(steps) {
            let handed = creates.iter().any(|create| create.after.contains(&delete.id));
            if handed || steps.iter().any(|step| is_create(step) && is_before(delete, step)) {
                room.insert(delete.id);
                open.push(address);
            }
        }
    }
    while let Some(address) = open.pop() {
        for (user, row) in &previous.rows {
            let steps = of.get(user).map_or(&[][..], Vec::as_slice);
            let leaves = !steps.iter().any(|step| is_create(step));
            if leaves && row.needs.iter().any(|need| covers(need, address)) {
                let new = deletes(steps).filter(|delete| room.insert(delete.id)).count();
                if new > 0 {
                    open.push(user);
                }
            }
        }
    }
    room
}
