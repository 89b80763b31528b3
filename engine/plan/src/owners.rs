//! Which address of this state an object belongs to already.

use std::collections::HashMap;

use aurak_model::record::Row;
use aurak_model::{Address, Name, Refreshed};

use crate::context::Context;
use crate::resource::Wanted;

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
        let by_id = owners.get(&(wanted.type_name.clone(), id.clone()));
        let key = self.key_of(&wanted.desired, &wanted.schema);
        let by_key = key.and_then(|key| owners.get(&(wanted.type_name.clone(), key)));
        let mut all = by_id.into_iter().chain(by_key).flatten();
        let gone =
            |address: &Address| matches!(self.input.snapshot.rows.get(address), Some(Refreshed::Absent));
        let other = |address: &&Address| {
            **address != wanted.address
                && !gone(address)
                && previous.rows.get(*address).is_some_and(|row| same_world(row))
        };
        all.find(other).cloned()
    }

    /// The rows of a type whose objects have an id or a natural key.
    fn find_owners(&self) -> HashMap<(Name, Name), Vec<Address>> {
        let mut owners: HashMap<(Name, Name), Vec<Address>> = HashMap::new();
        for (address, row) in &self.input.previous.rows {
            let schema = self.input.schemas.types.get(&row.type_name);
            for object in row.current.iter().chain(&row.old).chain(&row.temporary) {
                let key = schema.and_then(|schema| self.key_of(&object.attributes, schema));
                for name in [Some(object.id.clone()), key].into_iter().flatten() {
                    owners.entry((row.type_name.clone(), name)).or_default().push(address.clone());
                }
            }
        }
        owners
    }
}
