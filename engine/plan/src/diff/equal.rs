//! Whether two values are the same by the rules of their attribute, without saying where not.

use aurak_model::{Attribute, Kind, Map, Value};

use super::lists::pairs;
use super::normal::{is_meant_by_absence, same_scalar};
use super::shape::{Shape, is_unordered, items, open, written};

/// Whether two whole values of an attribute differ: in any key, on either side. Marks do not count.
pub fn differ(a: &Value, b: &Value, attribute: &Attribute) -> bool {
    !equal(attribute, a, b, true)
}

/// Whether `have` is what `want` asks for; where `exact`, also the other way round.
pub(super) fn equal(attribute: &Attribute, want: &Value, have: &Value, exact: bool) -> bool {
    if want == have {
        return true;
    }
    match (open(want).0, open(have).0) {
        (Value::Map(want), Value::Map(have)) => {
            let shape = Shape::of(attribute);
            keys_equal(shape, want, have, exact)
                && (!(exact || shape.is_exclusive()) || has_all_keys(shape, want, have))
        }
        (Value::List(want), Value::List(have)) if is_unordered(attribute) => {
            let exact = exact || !attribute.additive;
            (!exact || want.len() == have.len()) && {
                pairs(attribute, want, have).iter().zip(want.iter()).all(|(partner, want)| {
                    partner.is_some_and(|j| equal(items(attribute), want, &have[j], exact))
                })
            }
        }
        (Value::List(want), Value::List(have)) => {
            want.len() == have.len()
                && want.iter().zip(have.iter()).all(|(a, b)| equal(items(attribute), a, b, exact))
        }
        (want, have) => want == have || same_scalar(want, have, attribute),
    }
}

fn keys_equal(shape: Shape<'_>, want: &Map, have: &Map, exact: bool) -> bool {
    want.iter().all(|(key, value)| {
        let (attribute, typed) = shape.child(key);
        match written(have, key, typed) {
            _ if typed && value.is_null() => true,
            Some(have) => equal(attribute, value, have, exact),
            None => !shape.holds_items() && is_as_good_as_none(attribute, value),
        }
    })
}

/// Whether `have` has no key that `want` lacks.
fn has_all_keys(shape: Shape<'_>, want: &Map, have: &Map) -> bool {
    have.iter().all(|(key, value)| {
        let (attribute, typed) = shape.child(key);
        (typed && value.is_null())
            || written(want, key, typed).is_some()
            || is_as_good_as_none(attribute, value)
    })
}

/// Whether a value is as good as none: what the service leaves out, or a container of a known kind
/// without anything in it.
fn is_as_good_as_none(attribute: &Attribute, value: &Value) -> bool {
    is_meant_by_absence(attribute, open(value).0) || is_empty(attribute, value)
}

fn is_empty(attribute: &Attribute, value: &Value) -> bool {
    attribute.kind != Kind::Any
        && match open(value).0 {
            Value::Map(map) => map.is_empty(),
            Value::List(list) => list.is_empty(),
            _ => false,
        }
}
