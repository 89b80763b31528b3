//! The object as it will be: what is asked for, what stays, and what only the provider can tell.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aurak_model::value::Origin;
use aurak_model::{Address, Attribute, Kind, Map, Name, Path, Seg, Type, TypeSchema, Unknown, Value};

use super::Compare;
use super::ignore::apply_ignore;
use super::shape::{EMPTY, Shape, as_map, edited, is_decided_by_service, is_unordered, items, open, written};
use super::walk::{Side, Walk};

/// What every object has: one name for all.
static ID: LazyLock<Name> = LazyLock::new(|| "id".into());

/// What the configuration asks for in the form that all else works with: null attributes left out,
/// defaults filled in, secrets marked. What is in that form already is shared, not copied.
#[must_use]
pub fn prepare(schema: &TypeSchema, desired: &Value) -> Value {
    match desired {
        Value::Map(map) => prepared_map(Shape::Object(&schema.attributes), map),
        _ => None,
    }
    .unwrap_or_else(|| desired.clone())
}

fn prepared_map(shape: Shape<'_>, map: &Map) -> Option<Value> {
    let mut edits: Vec<(Name, Option<Value>)> = Vec::new();
    for (key, value) in map.iter() {
        let (attribute, typed) = shape.child(key);
        if typed && value.is_null() {
            edits.push((key.clone(), None));
        } else if let Some(value) = prepared(attribute, value) {
            edits.push((key.clone(), Some(value)));
        }
    }
    if let Shape::Object(attributes) = shape {
        for (key, attribute) in attributes {
            if let Some(default) = &attribute.default
                && written(map, key, true).is_none()
            {
                edits.retain(|(edited, _)| edited != key);
                edits.push((
                    key.clone(),
                    Some(prepared(attribute, default).unwrap_or_else(|| default.clone())),
                ));
            }
        }
    }
    (!edits.is_empty()).then(|| Value::from(edited(map, edits)))
}

/// The prepared form, if it is another.
fn prepared(attribute: &Attribute, value: &Value) -> Option<Value> {
    let inner = match value {
        Value::Map(map) => prepared_map(Shape::of(attribute), map),
        Value::List(list) => {
            let item = items(attribute);
            let changed: Vec<Option<Value>> = list.iter().map(|value| prepared(item, value)).collect();
            changed.iter().any(Option::is_some).then(|| {
                Value::list(list.iter().zip(changed).map(|(old, new)| new.unwrap_or_else(|| old.clone())))
            })
        }
        _ => None,
    };
    match (attribute.sensitive, inner) {
        (true, Some(inner)) => Some(inner.sensitive()),
        (true, None) if !is_marked(value) => Some(value.clone().sensitive()),
        (_, inner) => inner,
    }
}

/// Whether every leaf is marked.
fn is_marked(value: &Value) -> bool {
    match value {
        Value::List(list) if !list.is_empty() => list.iter().all(is_marked),
        Value::Map(map) if !map.is_empty() => map.values().all(is_marked),
        value => open(value).1,
    }
}

/// The object as a create makes it: what is asked for, and unknown whatever the provider decides.
#[must_use]
pub fn planned_create(schema: &TypeSchema, address: &Address, desired: &Value) -> Value {
    let desired = prepare(schema, desired);
    let made = completed(&schema.attributes, &desired, &Path::root(), address).unwrap_or(desired);
    match &made {
        Value::Map(map) if !map.contains_key("id") => {
            let id = Value::of_row(address, Path::key(ID.clone()), Type::String);
            Value::from(edited(map, vec![(ID.clone(), Some(id))]))
        }
        _ => made,
    }
}

/// The object as it was found, with what is only read on use, and was not read with the rest, left to be
/// read then.
#[must_use]
pub fn read_on_use(schema: &TypeSchema, address: &Address, found: Value) -> Value {
    let Value::Map(map) = &found else { return found };
    let unread = schema.attributes.iter().filter(|(name, attribute)| {
        attribute.volatile && map.get(name).is_none_or(|value| value.reveal().is_null())
    });
    let later: Vec<_> = unread
        .map(|(name, attribute)| (name.clone(), Some(unknown(attribute, &Path::key(name.clone()), address))))
        .collect();
    match later.is_empty() {
        true => found,
        false => Value::from(edited(map, later)),
    }
}

/// The object as it was found, before something changes that it comes after: what cannot be changed stays,
/// and the rest is read again.
#[must_use]
pub fn read_again(schema: &TypeSchema, address: &Address, found: &Value) -> Value {
    let Value::Map(map) = found else { return found.clone() };
    let later = schema.attributes.iter().filter(|(name, attribute)| {
        attribute.immutable.is_empty() && **name != *ID && (attribute.volatile || map.contains_key(name))
    });
    let later: Vec<_> = later
        .map(|(name, attribute)| (name.clone(), Some(unknown(attribute, &Path::key(name.clone()), address))))
        .collect();
    Value::from(edited(map, later))
}

/// A value that the provider decides, before it did.
pub(super) fn unknown(attribute: &Attribute, path: &Path, address: &Address) -> Value {
    Value::Unknown(Box::new(Unknown {
        ty: attribute.value_type(),
        origin: Origin::Row { row: address.clone(), path: path.clone() },
        sensitive: attribute.sensitive,
    }))
}

/// A new object with what the provider decides, if that adds anything. Items of unordered lists are
/// left as they are: nobody knows their places before they are made.
pub(super) fn completed(
    attributes: &BTreeMap<Name, Attribute>,
    value: &Value,
    path: &Path,
    address: &Address,
) -> Option<Value> {
    let map = value.as_map()?;
    let mut edits = Vec::new();
    for (key, attribute) in attributes {
        let given = written(map, key, true);
        let new = match given {
            Some(given) if matches!(attribute.kind, Kind::Object | Kind::Map | Kind::List) => {
                completed_value(attribute, given, &path.join(key.clone()), address)
            }
            Some(_) => None,
            None if is_decided_by_service(attribute) => {
                Some(unknown(attribute, &path.join(key.clone()), address))
            }
            // Whether it is there at all the service decides too.
            None if attribute.kind == Kind::Object => {
                let (nothing, path) = (Value::from(Map::new()), path.join(key.clone()));
                completed(&attribute.attributes, &nothing, &path, address)
                    .map(|_| unknown(attribute, &path, address))
            }
            None => None,
        };
        edits.extend(new.map(|value| (key.clone(), Some(value))));
    }
    (!edits.is_empty()).then(|| Value::from(edited(map, edits)))
}

fn completed_value(attribute: &Attribute, given: &Value, path: &Path, address: &Address) -> Option<Value> {
    match (attribute.kind, given) {
        (Kind::Object, _) => completed(&attribute.attributes, given, path, address),
        (Kind::Map, Value::Map(map)) => {
            let edits: Vec<_> = map
                .iter()
                .filter_map(|(key, value)| {
                    let value = completed_value(items(attribute), value, &path.join(key.clone()), address)?;
                    Some((key.clone(), Some(value)))
                })
                .collect();
            (!edits.is_empty()).then(|| Value::from(edited(map, edits)))
        }
        (Kind::List, Value::List(list)) if !is_unordered(attribute) => {
            let new: Vec<_> = list
                .iter()
                .enumerate()
                .map(|(i, value)| completed_value(items(attribute), value, &path.at(i), address))
                .collect();
            new.iter().any(Option::is_some).then(|| {
                Value::list(list.iter().zip(new).map(|(old, new)| new.unwrap_or_else(|| old.clone())))
            })
        }
        _ => None,
    }
}

/// The object as an update makes it: the walk's, with what is computed again made unknown.
pub(super) fn after_update(input: &Compare<'_>, walk: &Walk<'_>) -> Value {
    let mut planned = walk.merged.clone().unwrap_or_else(|| input.refreshed.clone());
    let mut changed: Vec<Path> = walk.found.iter().map(|difference| difference.path.clone()).collect();
    // What is computed again may be what something else is computed from.
    while !changed.is_empty() {
        let mut renewed = Vec::new();
        let have = as_map(Some(&planned)).unwrap_or(&EMPTY);
        let mut renew = Renew { input, changed: &changed, path: Path::root(), renewed: &mut renewed };
        let edits = renew.object(&input.schema.attributes, as_map(Some(input.desired)), have);
        if !edits.is_empty() {
            planned = Value::from(edited(have, edits));
        }
        changed = renewed;
    }
    with_id(planned, input.id)
}

struct Renew<'a> {
    input: &'a Compare<'a>,
    changed: &'a [Path],
    path: Path,
    renewed: &'a mut Vec<Path>,
}

impl Renew<'_> {
    fn object(
        &mut self,
        attributes: &BTreeMap<Name, Attribute>,
        want: Option<&Map>,
        have: &Map,
    ) -> Vec<(Name, Option<Value>)> {
        let mut edits = Vec::new();
        for (key, attribute) in attributes {
            let want = want.and_then(|map| written(map, key, true));
            let have = have.get(key);
            self.path.0.push(Seg::Key(key.clone()));
            if want.is_none() && self.is_renewed(attribute, have) {
                self.renewed.push(self.path.clone());
                edits.push((key.clone(), Some(unknown(attribute, &self.path, self.input.address))));
            } else if attribute.kind == Kind::Object
                && let Some(have) = as_map(have)
            {
                let inner = self.object(&attribute.attributes, as_map(want), have);
                if !inner.is_empty() {
                    edits.push((key.clone(), Some(Value::from(edited(have, inner)))));
                }
            }
            self.path.0.pop();
        }
        edits
    }

    fn is_renewed(&self, attribute: &Attribute, have: Option<&Value>) -> bool {
        is_decided_by_service(attribute)
            && !matches!(have, Some(Value::Unknown(_)))
            && attribute.changes_with.iter().any(|rule| self.changed.iter().any(|path| touches(rule, path)))
    }
}

/// Whether one of two paths leads to the other.
fn touches(rule: &Path, path: &Path) -> bool {
    rule.0.iter().zip(&path.0).all(|(rule, seg)| *rule == Seg::Any || rule == seg)
}

/// The object with its id, which expressions may always ask for.
pub(crate) fn with_id(object: Value, id: &Name) -> Value {
    match &object {
        Value::Map(map) if map.contains_key("id") => object,
        _ => {
            let map = as_map(Some(&object)).unwrap_or(&EMPTY);
            Value::from(edited(map, vec![(ID.clone(), Some(Value::String(id.clone())))]))
        }
    }
}

/// Whether what is asked for, `places` aside, is not what was asked for at the last apply: another
/// value, more or less of them, or one that is a secret now.
pub(super) fn is_news(input: &Compare<'_>, places: &[Path]) -> bool {
    let Some(previous) = input.previous else { return true };
    let desired = apply_ignore(input.schema, places, input.desired, previous, Some(previous));
    let against_the_row = Compare { desired: &desired, refreshed: previous, ignore: &[], ..*input };
    let walk = Walk::new(&against_the_row, Side::Record, &[]).run();
    !walk.found.is_empty() || walk.merged.is_some()
}
