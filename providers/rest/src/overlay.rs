//! What an update sends: the body as it is, without what is no longer asked for, overlaid with what
//! the configuration owns. What others set stays.

use aurak_api::Update;
use aurak_model::path::Seg;
use aurak_model::schema::Normal;
use aurak_model::value::Map;
use aurak_model::{Attribute, Kind, Name, Path, Value};

use crate::given::with;
use crate::spec::RestType;

/// The attributes to send. `body` is the body as it is now, see [`crate::body::received`]; it may have
/// moved on since the update was planned, so that places in lists are found again by what they held.
pub fn updated(ty: &RestType, body: &Map, update: &Update) -> Map {
    let mut out = body.clone();
    for path in update.unset.iter().chain(&ty.spec.read_only) {
        let Some((Seg::Key(name), rest)) = path.0.split_first() else { continue };
        let live = update.live.as_map().and_then(|live| live.get(name));
        out = without_key(&out, name, live, ty.schema.attributes.get(name), rest);
    }
    for path in &update.unset {
        out = put_back(ty, body, &out, path);
    }
    let Some(desired) = update.desired.as_map() else { return out };
    for (name, value) in desired.iter() {
        match ty.schema.attributes.get(name) {
            Some(attribute) if ty.in_body(name) => {
                let laid = laid_over(Some(attribute), out.get(name), value);
                out.insert(name.clone(), laid);
            }
            _ => {}
        }
    }
    out
}

/// The attributes of what is never deleted, with all that is there put back to what it starts as;
/// none where nothing differs from that.
pub fn reset(ty: &RestType, body: &Map) -> Option<Map> {
    let out = put_back(ty, body, body, &Path::root());
    (out != *body).then_some(out)
}

/// With what it starts as wherever a path leads, as far as `body` has anything there.
fn put_back(ty: &RestType, body: &Map, out: &Map, path: &Path) -> Map {
    let mut out = out.clone();
    let there = Value::from(body.clone());
    for (place, value) in &ty.spec.reset {
        let value = Value::from_json(value);
        // Either all of it goes, or a part of it, which then is what it starts as.
        let (at, value) = match (path.covers(place), place.covers(path)) {
            (true, _) => (place, Some(value)),
            (false, true) => (path, value.at(&Path(path.0[place.0.len()..].to_vec())).cloned()),
            (false, false) => continue,
        };
        if let (Some(value), Some(_)) = (value, there.at(at)) {
            out = with(&out, &at.0, value);
        }
    }
    out
}

/// A value without what stands at a path. Places in lists are those of `live`.
fn without(value: &Value, live: Option<&Value>, attribute: Option<&Attribute>, path: &[Seg]) -> Value {
    let Some((seg, rest)) = path.split_first() else { return value.clone() };
    let below = attribute.and_then(|attribute| attribute.below(seg));
    match (value, seg) {
        (Value::Map(map), Seg::Key(key)) => {
            let live = live.and_then(|live| live.as_map()?.get(key));
            Value::from(without_key(map, key, live, below, rest))
        }
        (Value::List(list), Seg::Index(index)) => {
            let target = live.and_then(|live| live.as_list()?.get(*index));
            let Some(at) =
                target.and_then(|target| list.iter().position(|item| is_same(attribute, item, target)))
            else {
                return value.clone();
            };
            let mut out = list.to_vec();
            match rest {
                [] => drop(out.remove(at)),
                rest => out[at] = without(&list[at], target, below, rest),
            }
            Value::from(out)
        }
        (Value::List(list), Seg::Any) if !rest.is_empty() => {
            Value::list(list.iter().map(|item| without(item, None, below, rest)))
        }
        _ => value.clone(),
    }
}

fn without_key(
    map: &Map,
    key: &str,
    live: Option<&Value>,
    attribute: Option<&Attribute>,
    rest: &[Seg],
) -> Map {
    let mut out = map.clone();
    if let Some(at) = key_in(map, key)
        && let Some(item) = out.remove(&at)
        && !rest.is_empty()
    {
        out.insert(at, without(&item, live, attribute, rest));
    }
    out
}

/// What is owned, laid over what is there.
fn laid_over(attribute: Option<&Attribute>, live: Option<&Value>, desired: &Value) -> Value {
    let Some(live) = live else { return desired.clone() };
    let free = attribute.is_none_or(|attribute| attribute.kind == Kind::Any);
    match (live, desired) {
        (live, Value::Null) if !free => live.clone(),
        (Value::Map(live), Value::Map(desired)) => {
            let mut out = (**live).clone();
            for (key, item) in desired.iter() {
                let below = attribute.and_then(|attribute| attribute.below(&Seg::Key(key.clone())));
                let item = match attribute.filter(|attribute| attribute.case_insensitive) {
                    // The key is written as it is asked for.
                    Some(_) => {
                        let there = key_in(live, key).and_then(|at| out.remove(&at));
                        laid_over(below, there.as_ref(), item)
                    }
                    None => laid_over(below, live.get(key), item),
                };
                out.insert(key.clone(), item);
            }
            Value::from(out)
        }
        (Value::List(live), Value::List(desired)) => list(attribute, live, desired),
        (_, desired) => desired.clone(),
    }
}

/// Items are laid over those that they are: by key, by what they hold in a set, by place elsewhere.
fn list(attribute: Option<&Attribute>, live: &[Value], desired: &[Value]) -> Value {
    let items = attribute.and_then(|attribute| attribute.items.as_deref());
    let Some(attribute) = attribute else { return Value::list(desired.iter().cloned()) };
    let unordered = attribute.keyed_by.is_some() || attribute.set || attribute.additive;
    let mut taken = vec![false; live.len()];
    let mut out: Vec<Value> = Vec::with_capacity(desired.len());
    let mut new: Vec<Value> = Vec::new();
    let mut kept: Vec<Option<Value>> = live.iter().cloned().map(Some).collect();
    for (i, item) in desired.iter().enumerate() {
        let partner = match unordered {
            true => (0..live.len()).find(|j| !taken[*j] && is_asked(attribute, &live[*j], item)),
            false => (i < live.len()).then_some(i),
        };
        match partner {
            Some(j) => {
                taken[j] = true;
                let laid = laid_over(items, Some(&live[j]), item);
                kept[j] = Some(laid.clone());
                out.push(laid);
            }
            None => {
                new.push(item.clone());
                out.push(item.clone());
            }
        }
    }
    if attribute.additive {
        out = kept.into_iter().flatten().chain(new).collect();
    }
    Value::from(out)
}

/// Whether two items of a list are the same object, or equal.
fn is_same(attribute: Option<&Attribute>, one: &Value, other: &Value) -> bool {
    match attribute.and_then(|attribute| attribute.keyed_by.as_ref()) {
        Some(key) => match (member(one, key), member(other, key)) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => one == other,
        },
        None => one == other,
    }
}

/// Whether an item that is there is the one that is asked for.
fn is_asked(attribute: &Attribute, live: &Value, asked: &Value) -> bool {
    if attribute.keyed_by.is_some() {
        return is_same(Some(attribute), live, asked);
    }
    holds(attribute.items.as_deref(), live, asked)
}

/// Whether a value holds all that is asked for.
fn holds(attribute: Option<&Attribute>, live: &Value, asked: &Value) -> bool {
    match (live, asked) {
        (Value::Map(live), Value::Map(asked)) => asked.iter().all(|(key, item)| {
            let below = attribute.and_then(|attribute| attribute.below(&Seg::Key(key.clone())));
            live.get(key).is_some_and(|live| holds(below, live, item))
        }),
        (Value::String(live), Value::String(asked)) => {
            let any_case = attribute.is_some_and(|attribute| {
                attribute.case_insensitive
                    || matches!(attribute.normal, Some(Normal::AzureId | Normal::AzureLocation))
            });
            live == asked || any_case && live.eq_ignore_ascii_case(asked)
        }
        (live, asked) => live == asked,
    }
}

fn member<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.as_map()?.get(key)?.as_str()
}

/// A key of a map, in any case; one that is spelled exactly so first.
fn key_in(map: &Map, key: &str) -> Option<Name> {
    map.keys()
        .find(|name| ***name == *key)
        .or_else(|| map.keys().find(|name| name.eq_ignore_ascii_case(key)))
        .cloned()
}
