//! The objects of a world, with the indexes that keep every request cheap in a large one.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::record::IdempotencyKey;
use aurak_model::{Map, Name, Value};
use serde::{Deserialize, Serialize};

use crate::behaviour::{self, Behaviour, OnDelete};

/// An object of the simulated world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimObject {
    /// Its id.
    pub id: Name,
    /// The account or cluster that it lives in.
    pub world: Name,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Name,
    /// Its place among all objects of its type that ever were.
    pub number: u64,
    /// Everything in it, also what the service never shows.
    pub body: Map,
    /// The call that made it; none where somebody else did.
    pub made_by: Option<IdempotencyKey>,
}

type Kind = (Name, Name);

/// All objects.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    by_id: BTreeMap<Name, SimObject>,
    /// By world and type, in the order in which they were made.
    kinds: BTreeMap<Kind, BTreeMap<u64, Name>>,
    /// By world, type and natural key.
    keys: BTreeMap<(Kind, String), Name>,
    /// By world, type and collection.
    collections: BTreeMap<(Kind, String), BTreeSet<(u64, Name)>>,
    /// Who refers to an id, and by which attribute.
    users: BTreeMap<Name, BTreeSet<(Name, &'static str)>>,
    /// How many of a type there ever were.
    counters: BTreeMap<Name, u64>,
    /// The object that a call made.
    made: BTreeMap<IdempotencyKey, Name>,
}

impl Objects {
    pub(crate) fn get(&self, id: &str) -> Option<&SimObject> {
        self.by_id.get(id)
    }

    /// The object of an id, where it is of this world and type.
    pub(crate) fn of(&self, world: &str, type_name: &str, id: &str) -> Option<&SimObject> {
        self.get(id).filter(|object| &*object.world == world && &*object.type_name == type_name)
    }

    pub(crate) fn by_key(&self, world: &Name, type_name: &Name, key: &str) -> Option<&SimObject> {
        let id = self.keys.get(&((world.clone(), type_name.clone()), key.to_string()))?;
        self.by_id.get(id)
    }

    pub(crate) fn made_by(&self, key: &IdempotencyKey) -> Option<&SimObject> {
        self.made.get(key).and_then(|id| self.by_id.get(id))
    }

    pub(crate) fn collection(&self, world: &Name, type_name: &Name, collection: &str) -> Vec<&SimObject> {
        self.collections
            .get(&((world.clone(), type_name.clone()), collection.to_string()))
            .into_iter()
            .flatten()
            .filter_map(|(_, id)| self.by_id.get(id))
            .collect()
    }

    /// All objects, by world and type, in the order in which they were made.
    pub(crate) fn all(&self) -> impl Iterator<Item = &SimObject> {
        self.kinds.values().flat_map(|ids| ids.values()).filter_map(|id| self.by_id.get(id))
    }

    /// Those that live in a world.
    pub(crate) fn in_world(&self, world: &Name) -> Vec<Name> {
        self.kinds
            .range((world.clone(), Name::from(""))..)
            .take_while(|((w, _), _)| w == world)
            .flat_map(|(_, ids)| ids.values().cloned())
            .collect()
    }

    /// The objects that refer to one, and what becomes of them when it goes.
    pub(crate) fn users(&self, id: &str) -> Vec<(Name, OnDelete)> {
        let of = |(user, attribute): &(Name, &'static str)| {
            let object = self.by_id.get(user)?;
            let rule = behaviour::of(&object.type_name)?.refs.iter().find(|r| r.attribute == *attribute)?;
            Some((user.clone(), rule.on_delete))
        };
        self.users.get(id).into_iter().flatten().filter_map(of).collect()
    }

    /// The next id of a type.
    pub(crate) fn next_id(&mut self, behaviour: &Behaviour) -> (Name, u64) {
        let counter = self.counters.entry(behaviour.type_name.into()).or_default();
        *counter += 1;
        (format!("{}-{counter}", behaviour.prefix).into(), *counter)
    }

    /// Puts an object in, or in the place of the one with the same id.
    pub(crate) fn put(&mut self, object: SimObject) {
        self.remove(&object.id.clone());
        let id = object.id.clone();
        let kind = (object.world.clone(), object.type_name.clone());
        if let Some(behaviour) = behaviour::of(&object.type_name) {
            if let Some(key) = behaviour.key_of(&object.body) {
                self.keys.insert((kind.clone(), key), id.clone());
            }
            let collection = behaviour.collection_of(&object.body);
            self.collections
                .entry((kind.clone(), collection))
                .or_default()
                .insert((object.number, id.clone()));
            for (target, attribute) in targets(behaviour, &object.body) {
                self.users.entry(target).or_default().insert((id.clone(), attribute));
            }
        }
        if let Some(key) = &object.made_by {
            self.made.insert(key.clone(), id.clone());
        }
        self.kinds.entry(kind).or_default().insert(object.number, id.clone());
        self.by_id.insert(id, object);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<SimObject> {
        let object = self.by_id.remove(id)?;
        let kind = (object.world.clone(), object.type_name.clone());
        if let Some(behaviour) = behaviour::of(&object.type_name) {
            if let Some(key) = behaviour.key_of(&object.body) {
                self.keys.remove(&(kind.clone(), key));
            }
            let collection = (kind.clone(), behaviour.collection_of(&object.body));
            if let Some(ids) = self.collections.get_mut(&collection) {
                ids.remove(&(object.number, object.id.clone()));
            }
            for (target, attribute) in targets(behaviour, &object.body) {
                if let Some(users) = self.users.get_mut(&target) {
                    users.remove(&(object.id.clone(), attribute));
                }
            }
        }
        if let Some(ids) = self.kinds.get_mut(&kind) {
            ids.remove(&object.number);
        }
        Some(object)
    }
}

/// The ids that a body refers to, and by which attribute.
pub(crate) fn targets(behaviour: &Behaviour, body: &Map) -> Vec<(Name, &'static str)> {
    let mut targets = Vec::new();
    for reference in behaviour.refs {
        match body.get(reference.attribute) {
            Some(Value::String(id)) => targets.push((id.clone(), reference.attribute)),
            Some(Value::List(ids)) => targets.extend(ids.iter().filter_map(|id| match id {
                Value::String(id) => Some((id.clone(), reference.attribute)),
                _ => None,
            })),
            _ => {}
        }
    }
    targets
}
