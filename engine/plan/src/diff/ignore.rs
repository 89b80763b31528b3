//! `ignore_changes`: what stands at these places is what is there, whatever the configuration says.

use aurak_model::{Attribute, Kind, Map, Name, Path, Seg, TypeSchema, Value};

use super::lists::pairs;
use super::shape::{
    EMPTY, Shape, as_list, as_map, edited, is_unordered, items, marked, marked_by, open, written,
};

/// What is asked for with everything at the `ignore` paths (`*` is every attribute) taken from the
/// object as it is, and from what was sent last where that never comes back. Only what the
/// configuration asks for is taken, so that it does not begin to own more; keys of a map that is
/// owned whole are the exception, as they would go otherwise.
#[must_use]
pub fn apply_ignore(
    schema: &TypeSchema,
    ignore: &[Path],
    desired: &Value,
    refreshed: &Value,
    previous: Option<&Value>,
) -> Value {
    let mut desired = desired.clone();
    let have = as_map(Some(refreshed)).unwrap_or(&EMPTY);
    for rule in ignore {
        let Value::Map(want) = &desired else { break };
        // The empty path is the whole object.
        let everything = [Seg::Any];
        let rule = if rule.is_root() { &everything[..] } else { &rule.0 };
        let edits = entries(Shape::Object(&schema.attributes), rule, want, have, as_map(previous));
        if !edits.is_empty() {
            desired = Value::from(edited(want, edits));
        }
    }
    desired
}

/// What to do about a value that is asked for: nothing, or put this in its place.
type Edit = Option<Option<Value>>;

fn entries(
    shape: Shape<'_>,
    rule: &[Seg],
    want: &Map,
    have: &Map,
    previous: Option<&Map>,
) -> Vec<(Name, Option<Value>)> {
    let Some((first, rest)) = rule.split_first() else { return Vec::new() };
    let is_meant = |key: &Name| match first {
        Seg::Any => true,
        Seg::Key(meant) => meant == key,
        Seg::Index(_) => false,
    };
    let mut edits = Vec::new();
    for (key, asked) in want.iter().filter(|(key, _)| is_meant(key)) {
        let (attribute, typed) = shape.child(key);
        if typed && asked.is_null() {
            continue;
        }
        let there = written(have, key, typed);
        let previous = previous.and_then(|map| written(map, key, typed));
        edits.extend(value(attribute, rest, asked, there, previous).map(|new| (key.clone(), new)));
    }
    if shape.is_exclusive() && rest.is_empty() {
        let kept = have.iter().filter(|(key, value)| {
            let (_, typed) = shape.child(key);
            is_meant(key) && written(want, key, typed).is_none() && !(typed && value.is_null())
        });
        edits.extend(kept.map(|(key, value)| {
            (key.clone(), Some(marked_by(shape.child(key).0, &ownable(shape.child(key).0, value), false)))
        }));
    }
    edits
}

fn value(
    attribute: &Attribute,
    rule: &[Seg],
    asked: &Value,
    there: Option<&Value>,
    previous: Option<&Value>,
) -> Edit {
    let Some((first, rest)) = rule.split_first() else { return taken(attribute, asked, there, previous) };
    // What is made new is made as it is asked for.
    let there = there?;
    match (open(asked).0, first) {
        (Value::Map(want), Seg::Key(_) | Seg::Any) => {
            let have = as_map(Some(there))?;
            let edits = entries(Shape::of(attribute), rule, want, have, as_map(previous));
            (!edits.is_empty()).then(|| Some(Value::from(edited(want, edits))))
        }
        (Value::List(want), Seg::Index(_) | Seg::Any) => {
            let have = as_list(Some(there))?;
            let before = as_list(previous).unwrap_or_default();
            // Items are the same by place, or by what tells them apart.
            let by_place = |len: usize| (0..want.len()).map(|i| (i < len).then_some(i)).collect::<Vec<_>>();
            let (partners, were) = match is_unordered(attribute) {
                true => (pairs(attribute, want, have), pairs(attribute, want, before)),
                false => (by_place(have.len()), by_place(before.len())),
            };
            let mut changed = false;
            let mut list = Vec::with_capacity(want.len());
            for (i, asked) in want.iter().enumerate() {
                let there = partners[i].and_then(|j| have.get(j));
                let edit = match first {
                    Seg::Index(meant) if *meant != i => None,
                    _ if there.is_none() => None,
                    _ => value(items(attribute), rest, asked, there, were[i].and_then(|j| before.get(j))),
                };
                changed |= edit.is_some();
                list.extend(edit.unwrap_or_else(|| Some(asked.clone())));
            }
            // Only from the end can items that are not there be left out without moving others.
            while rest.is_empty()
                && !is_unordered(attribute)
                && list.len() > have.len()
                && (*first == Seg::Any || *first == Seg::Index(list.len() - 1))
            {
                list.pop();
                changed = true;
            }
            changed.then(|| Some(Value::from(list)))
        }
        _ => None,
    }
}

/// What is there, in place of what is asked for.
fn taken(attribute: &Attribute, asked: &Value, there: Option<&Value>, previous: Option<&Value>) -> Edit {
    let hidden = attribute.sensitive || asked.has_marks();
    if attribute.write_only {
        return previous.map(|previous| Some(marked(previous, hidden)));
    }
    let Some(there) = there else { return Some(None) };
    if (attribute.kind == Kind::Object || attribute.kind == Kind::Any || attribute.additive)
        && let (Value::Map(want), Some(have)) = (open(asked).0, as_map(Some(there)))
    {
        let edits = entries(Shape::of(attribute), &[Seg::Any], want, have, as_map(previous));
        return (!edits.is_empty()).then(|| Some(Value::from(edited(want, edits))));
    }
    let there = marked_by(attribute, &ownable(attribute, there), false);
    if *asked == there {
        return None;
    }
    let there = marked(&there, hidden);
    (*asked != there).then_some(Some(there))
}

/// What of a value that is there a configuration could have asked for: not what only the provider
/// decides, which would be sent back to it.
fn ownable(attribute: &Attribute, there: &Value) -> Value {
    match there {
        Value::Map(map) if attribute.kind == Kind::Object || attribute.kind == Kind::Map => {
            let shape = Shape::of(attribute);
            Value::map(map.iter().filter_map(|(key, value)| {
                let (attribute, typed) = shape.child(key);
                let skipped = (typed && value.is_null()) || (attribute.computed && !attribute.optional);
                (!skipped).then(|| (key.clone(), ownable(attribute, value)))
            }))
        }
        Value::List(list) if attribute.items.is_some() => {
            Value::list(list.iter().map(|value| ownable(items(attribute), value)))
        }
        value => value.clone(),
    }
}
