//! What a comparison rests on in the object that is there.

use aurak_model::{Attribute, Path, Seg, Value};

use super::lists::pairs;
use super::shape::{EMPTY, Shape, as_map, is_unordered, items, open, written};
use super::spelling::with_keys_of;
use super::{Compare, compare};

/// The places of the refreshed value that the comparison looked at: a saved plan is stale when one
/// of them moves. What goes counts with all that is in it. Built on demand, as most resources of most plans are not part of what a plan rests
/// on. A place where nothing is counts too. Where more than its leaves decides about a list or map
/// (all its keys, the order of its items), it is there as a whole.
pub fn used(input: &Compare<'_>) -> Vec<Path> {
    let mut paths = compare(input).unset;
    let have = as_map(Some(input.refreshed)).unwrap_or(&EMPTY);
    let shape = Shape::Object(&input.schema.attributes);
    for owned in [Some(input.desired), input.previous].into_iter().flatten() {
        if let Some(owned) = as_map(Some(owned)) {
            entries(shape, owned, have, &mut Path::root(), &mut paths);
        }
    }
    paths.retain(|path| !input.ignore.iter().any(|rule| rule.covers(path)));
    paths.sort();
    paths.dedup();
    // Whatever stands as a whole needs no parts beside it; sorted, these follow it.
    let mut out: Vec<Path> = Vec::with_capacity(paths.len());
    for path in paths {
        if !out.last().is_some_and(|whole| whole.covers(&path)) {
            out.push(path);
        }
    }
    out
}

fn entries(
    shape: Shape<'_>,
    owned: &aurak_model::Map,
    have: &aurak_model::Map,
    live: &mut Path,
    out: &mut Vec<Path>,
) {
    for (key, asked) in owned.iter() {
        let (attribute, typed) = shape.child(key);
        if attribute.write_only || (typed && asked.is_null()) {
            continue;
        }
        live.0.push(Seg::Key(key.clone()));
        value(attribute, asked, written(have, key, typed), live, out);
        live.0.pop();
    }
}

fn value(attribute: &Attribute, asked: &Value, there: Option<&Value>, live: &mut Path, out: &mut Vec<Path>) {
    let shape = Shape::of(attribute);
    match (open(asked).0, there.map(|value| open(value).0)) {
        (Value::Map(want), Some(Value::Map(have))) if !shape.is_exclusive() && !want.is_empty() => {
            let before = out.len();
            // A place of the object is spelled as the object spells it.
            let respelled = match attribute.case_insensitive {
                true => with_keys_of(want, have),
                false => None,
            };
            entries(shape, respelled.as_ref().unwrap_or(want), have, live, out);
            if out.len() == before {
                // Only what never comes back: that it is there at all.
                out.push(live.clone());
            }
        }
        (Value::List(want), Some(Value::List(have))) if !want.is_empty() => {
            let partners: Vec<Option<usize>> = match is_unordered(attribute) {
                true if attribute.keyed_by.is_some() => pairs(attribute, want, have),
                true => Vec::new(),
                false => (0..want.len()).map(|i| (i < have.len()).then_some(i)).collect(),
            };
            let complete = partners.len() == want.len()
                && partners.iter().all(Option::is_some)
                && (attribute.additive || want.len() == have.len());
            if !complete {
                out.push(live.clone());
                return;
            }
            if !attribute.additive {
                // That there are no more items counts as well.
                out.push(live.at(have.len()));
            }
            for (asked, j) in want.iter().zip(partners.into_iter().flatten()) {
                live.0.push(Seg::Index(j));
                value(items(attribute), asked, have.get(j), live, out);
                live.0.pop();
            }
        }
        _ => out.push(live.clone()),
    }
}
