//! Rows as a run sees them: those of the state, over them those that it has written, and the bodies
//! that it has seen, volatile parts included. And what becomes of a row when a step ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aurak_api::{Applied, drop_volatile};
use aurak_model::plan::RowPlan;
use aurak_model::record::{Object, RowChange};
use aurak_model::{Address, Name, ProviderAddress, Row, Schemas, Slot, StateDoc, Value};

/// All rows.
pub(crate) struct Rows<'a> {
    previous: &'a BTreeMap<Address, Arc<Row>>,
    changed: HashMap<Address, Option<Arc<Row>>>,
    seen: HashMap<Address, Seen>,
    /// When the last object came into the state. A run writes a record for each, so that the next run,
    /// which begins with the serial of the state, counts on from beyond.
    clock: u64,
}

/// A body that was read or made in this run.
pub(crate) struct Seen {
    pub(crate) type_name: Name,
    pub(crate) id: Name,
    pub(crate) attributes: Value,
    /// Whether what is read on use is in it.
    pub(crate) whole: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(state: &'a StateDoc) -> Rows<'a> {
        Rows { previous: &state.rows, changed: HashMap::new(), seen: HashMap::new(), clock: state.serial }
    }

    /// A moment after all others, for an object that comes into the state now.
    pub(crate) fn now(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(crate) fn get(&self, address: &Address) -> Option<&Arc<Row>> {
        match self.changed.get(address) {
            Some(changed) => changed.as_ref(),
            None => self.previous.get(address),
        }
    }

    pub(crate) fn seen(&self, address: &Address) -> Option<&Seen> {
        self.seen.get(address)
    }

    pub(crate) fn see(&mut self, address: &Address, seen: Seen) {
        self.seen.insert(address.clone(), seen);
    }

    /// What was seen of an object does not hold any more.
    pub(crate) fn unsee(&mut self, address: &Address) {
        self.seen.remove(address);
    }

    /// Takes over what a step wrote.
    pub(crate) fn apply(&mut self, changes: &[RowChange]) {
        for change in changes {
            match change {
                RowChange::Put(row) => self.changed.insert(row.address.clone(), Some(row.clone())),
                RowChange::Remove(address) => self.changed.insert(address.clone(), None),
            };
        }
    }

    /// What was written in this run.
    pub(crate) fn changes(&self) -> Vec<RowChange> {
        let change = |(address, row): (&Address, &Option<Arc<Row>>)| match row {
            Some(row) => RowChange::Put(row.clone()),
            None => RowChange::Remove(address.clone()),
        };
        self.changed.iter().map(change).collect()
    }

    /// The address that an object belongs to: ids are unique within a world only.
    pub(crate) fn owner(
        &self,
        id: &Name,
        type_name: &Name,
        provider: &ProviderAddress,
        world: Option<&Name>,
    ) -> Option<Address> {
        let kept = self.previous.values().filter(|row| !self.changed.contains_key(&row.address));
        let owns = |row: &&Arc<Row>| {
            let here = match (&row.world, world) {
                (Some(theirs), Some(world)) => theirs == world,
                _ => row.provider == *provider,
            };
            let mut objects = row.current.iter().chain(&row.old).chain(&row.temporary);
            here && row.type_name == *type_name && objects.any(|o| o.id == *id)
        };
        kept.chain(self.changed.values().flatten()).find(owns).map(|row| row.address.clone())
    }

    /// The rows without these objects.
    pub(crate) fn without<'o>(&self, objects: impl Iterator<Item = &'o (Address, Slot)>) -> Vec<RowChange> {
        let mut changes: BTreeMap<&Address, RowChange> = BTreeMap::new();
        for (address, slot) in objects {
            let row = match changes.get(address) {
                Some(RowChange::Put(row)) => Some(row),
                Some(RowChange::Remove(_)) => None,
                None => self.get(address),
            };
            if let Some(changed) = row.map(|row| without_object(row, *slot)) {
                changes.insert(address, changed);
            }
        }
        changes.into_values().collect()
    }

    /// Which provider nodes are used by a row.
    pub(crate) fn providers(&self) -> std::collections::HashSet<&ProviderAddress> {
        let kept = self.previous.iter().filter(|(address, _)| !self.changed.contains_key(*address));
        let kept = kept.map(|(_, row)| &row.provider);
        kept.chain(self.changed.values().flatten().map(|row| &row.provider)).collect()
    }
}

/// Where a row belongs: what is the same for all of its objects.
pub(crate) struct Home<'a> {
    pub(crate) address: &'a Address,
    pub(crate) type_name: &'a Name,
    pub(crate) provider: &'a ProviderAddress,
    pub(crate) world: Option<Name>,
    pub(crate) row: &'a RowPlan,
    pub(crate) now: u64,
}

/// The row with this object in this slot and everything else as the plan says.
pub(crate) fn with_object(before: Option<&Row>, home: Home<'_>, slot: Slot, object: Object) -> Row {
    let Home { address, type_name, provider, world, row: plan, now } = home;
    let before_it = before.and_then(|row| row.object(slot)).filter(|before| before.id == object.id);
    let since = before_it.map_or(now, |before| before.since);
    let RowPlan { needs, lifecycle, schema_version, place, replace_when } = plan.clone();
    let mut row = Row {
        address: address.clone(),
        type_name: type_name.clone(),
        version: 0,
        schema_version,
        provider: provider.clone(),
        world,
        current: before.and_then(|row| row.current.clone()),
        old: before.and_then(|row| row.old.clone()),
        temporary: before.and_then(|row| row.temporary.clone()),
        needs,
        lifecycle,
        place,
        replace_when,
    };
    *row.slot_mut(slot) = Some(Object { since, ..object });
    row
}

/// The row without the object of this slot; vacant, it goes.
pub(crate) fn without_object(before: &Arc<Row>, slot: Slot) -> RowChange {
    let mut row = (**before).clone();
    *row.slot_mut(slot) = None;
    match row.is_vacant() {
        true => RowChange::Remove(row.address),
        false => RowChange::Put(Arc::new(row)),
    }
}

/// The row with its current object moved aside, for a new one to take its place.
pub(crate) fn set_aside(before: &Row) -> Row {
    let mut row = before.clone();
    row.old = row.current.take();
    row
}

/// While an older or a temporary object is there, the row needs what that was made from too: nobody else
/// says that it has to go before.
pub(crate) fn still_needing(mut row: Row, before: Option<&Row>, slot: Slot) -> Row {
    if let Some(before) = before
        && slot == Slot::Current
        && (row.old.is_some() || row.temporary.is_some())
    {
        row.needs = both(&before.needs, &row.needs);
    }
    row
}

fn both(some: &[Address], others: &[Address]) -> Vec<Address> {
    let all: BTreeSet<&Address> = some.iter().chain(others).collect();
    all.into_iter().cloned().collect()
}

/// The row with what came of a new object that was made only in part, to be deleted: its current object
/// stays what the address stands for, and what was made is for nobody to use.
pub(crate) fn left_beside(before: &Row, needs: &[Address], unfinished: Object) -> Row {
    let mut row = before.clone();
    row.needs = both(&before.needs, needs);
    row.old = Some(unfinished);
    row
}

/// What is asked of an object that was taken over, and not brought in line yet: the next plan sees all that
/// is still to be done, also what can never be read.
pub(crate) fn nothing() -> Value {
    Value::map::<Name>([])
}

/// An object as it is kept.
pub(crate) fn object(
    schemas: &Schemas,
    type_name: &str,
    applied: &Applied,
    desired: Value,
    incomplete: Option<String>,
) -> Object {
    let attributes = match schemas.types.get(type_name) {
        Some(schema) => drop_volatile(&applied.attributes, schema),
        None => applied.attributes.clone(),
    };
    Object { id: applied.id.clone(), desired, attributes, incomplete, since: 0 }
}
