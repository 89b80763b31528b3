//! Which address of this state an object belongs to already.

use std::collections::HashMap;

use aurak_model::record::Row;
use aurak_model::{Address, Name, Refreshed, Slot};

use crate::context::Context;
use crate::resource::Wanted;

/// Whose an object is, by its type and its id or natural key.
pub(crate) type Owners = HashMap<(Name, Name), Vec<(Address, Slot)>>;

impl Context {
    /// Whether an object is one that a replacement at this address left behind.
    pub(crate) fn is_older(&self, wanted: &Wanted<'_>, id: &Name) -> bool {
        let row = self.row(&wanted.address);
        row.is_some_and(|row| {
            row.type_name == wanted.type_name && row.old.iter().chain(&row.temporary).any(|o| o.id == *id)
        })
    }

    /// The address in this state that an object belongs to already, by its id or by its natural key.
    pub(crate) fn recorded_as(&self, wanted: &Wanted<'_>, id: &Name) -> Option<Address> {
        self.owner(wanted, Some(id))
    }

    /// The other address that has an object of the name that is wanted, of those in the state.
    pub(crate) fn has_its_name(&self, wanted: &Wanted<'_>) -> Option<Address> {
        self.owner(wanted, None)
    }

    fn owner(&self, wanted: &Wanted<'_>, id: Option<&Name>) -> Option<Address> {
        let previous = &self.input.previous;
        let owners = self.owners.get_or_init(|| self.find_owners());
        let node = &wanted.provider.node;
        // Ids are unique within a world only. What may be the same world is taken for it: the object of
        // one address must not be taken over by another, and go with the first.
        let same_world = |row: &Row| {
            row.provider == node.address || {
                let recorded = self.recorded_provider(row);
                recorded.type_name == node.type_name && !self.leads_elsewhere(&recorded, node)
            }
        };
        let by_id = id.and_then(|id| owners.get(&(wanted.type_name.clone(), id.clone())));
        let key = self.key_of(&wanted.desired, &wanted.schema);
        let by_key = key.and_then(|key| owners.get(&(wanted.type_name.clone(), key)));
        let mut all = by_id.into_iter().chain(by_key).flatten();
        // What was looked at is the current object: the others of its row may be there still.
        let gone = |(address, slot): &(Address, Slot)| {
            *slot == Slot::Current && matches!(self.input.snapshot.rows.get(address), Some(Refreshed::Absent))
        };
        let other = |owner: &&(Address, Slot)| {
            owner.0 != wanted.address
                && !gone(owner)
                && previous.rows.get(&owner.0).is_some_and(|row| same_world(row))
        };
        all.find(other).map(|(address, _)| address.clone())
    }

    /// The rows of a type whose objects have an id or a natural key, and which of their objects it is.
    fn find_owners(&self) -> Owners {
        let mut owners = Owners::new();
        for (address, row) in &self.input.previous.rows {
            let schema = self.input.schemas.types.get(&row.type_name);
            let objects =
                [(Slot::Current, &row.current), (Slot::Old, &row.old), (Slot::Temporary, &row.temporary)];
            for (slot, object) in objects {
                let Some(object) = object else { continue };
                let key = schema.and_then(|schema| self.key_of(&object.attributes, schema));
                for name in [Some(object.id.clone()), key].into_iter().flatten() {
                    owners.entry((row.type_name.clone(), name)).or_default().push((address.clone(), slot));
                }
            }
        }
        owners
    }
}
