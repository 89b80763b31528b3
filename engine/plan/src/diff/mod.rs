//! What differs: one resource, compared three ways by what its type says about its attributes.
//!
//! Desired against refreshed decides the change, previous against refreshed decides drift, previous
//! against desired finds what is no longer asked for. Only what the configuration owns takes part;
//! the rest of the object is left alone. Everything is data of the schema: this module knows no
//! service, asks nothing, and gives the same answer for the same input.
//!
//! Words: *live* is the refreshed side; a place is *free* where the schema says nothing about it
//! (below `any`, undeclared keys of open objects), and null is data only there. A map of the kind
//! `map` is owned whole unless it is additive: keys that are there and not asked for go. Objects and
//! free data are owned key by key.
//!
//! Most resources of most plans did not change, so a plain equality of the owned attributes comes
//! first; paths are built only where it fails.

mod equal;
mod future;
mod ignore;
mod leaves;
mod lists;
mod normal;
mod rules;
mod shape;
mod spelling;
mod used;
mod walk;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use aurak_model::schema::ReplaceOrder;
use aurak_model::value::Origin;
use aurak_model::{Address, Difference, Name, Path, TypeSchema, Unknown, Value};

pub use equal::differ;
pub(crate) use future::with_id;
pub use future::{planned_create, prepare, read_again, read_on_use};
pub use ignore::apply_ignore;
pub use leaves::leaf_differences;
pub(crate) use normal::normalised;
pub use used::used;

use shape::Shape;
use walk::{Side, Walk};

/// What is to be compared.
#[derive(Clone, Copy)]
pub struct Compare<'a> {
    /// The type.
    pub schema: &'a TypeSchema,
    /// The resource: unknown parts of what is planned point to it.
    pub address: &'a Address,
    /// The provider's id of the object.
    pub id: &'a Name,
    /// What the configuration asks for, see [`prepare`]. It may hold unknown parts.
    pub desired: &'a Value,
    /// What we owned at the last apply; none for an object that is taken over.
    pub previous: Option<&'a Value>,
    /// The object as it is, whole.
    pub refreshed: &'a Value,
    /// Places that the configuration does not want to own; see [`apply_ignore`], which the caller
    /// need not have applied.
    pub ignore: &'a [Path],
    /// Whether an unknown value is going to be what is there already, as an output that is only
    /// read on use is while its resource stays. Without it, no unknown value is.
    pub stays: Option<&'a dyn Fn(&Unknown) -> bool>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// What changes, live against planned, in order of the paths. Where live and desired have a
    /// list's items in different places, the place is the desired one, and that of an item which
    /// goes is the live one.
    pub differences: Vec<Difference>,
    /// What moved outside: previous against live.
    pub drift: Vec<Difference>,
    /// What must go from the object: places in the refreshed value. Items that leave a list which
    /// is owned whole are not in it.
    pub unset: Vec<Path>,
    /// The object as an update makes it.
    pub planned: Value,
    /// What an update sends and the row records: what is asked for, with ignored places, and those
    /// that are somebody else's now, as they are.
    pub desired: Value,
    /// Whether the row has to be written even where nothing changes, because it says something else
    /// about what is ours.
    pub record: bool,
    /// The differences that cannot be made in place.
    pub forces: Vec<Forcing>,
    /// Changes that the type refuses, and what it says about them.
    pub refused: Vec<(Path, String)>,
    /// Rules of the type that could not be evaluated, and why.
    pub problems: Vec<(Path, String)>,
}

/// A difference that needs a new object.
#[derive(Clone, Debug, PartialEq)]
pub struct Forcing {
    /// Where it is.
    pub path: Path,
    /// What the new value will come from, where that is unknown: rows, nodes and deferred blocks,
    /// sorted. Empty for a value that is known.
    pub needs: Vec<Origin>,
    /// Whether a rotation makes it.
    pub rotates: bool,
}

impl Compared {
    /// Whether the object stays as it is.
    pub fn is_unchanged(&self) -> bool {
        self.differences.is_empty()
    }

    /// How a new object takes the place of this one: by rotation where that makes all that forces it,
    /// else as its type says.
    pub fn order(&self, schema: &TypeSchema) -> ReplaceOrder {
        match !self.forces.is_empty() && self.forces.iter().all(|forcing| forcing.rotates) {
            true => ReplaceOrder::Rotate,
            false => schema.replace,
        }
    }
}

/// Compares what is asked for with what was and what is.
pub fn compare(input: &Compare<'_>) -> Compared {
    if is_plainly_equal(input) {
        let planned = with_id(input.refreshed.clone(), input.id);
        return Compared { planned, desired: input.desired.clone(), ..Compared::default() };
    }
    let shape = Shape::Object(&input.schema.attributes);
    let respelled = |value: &Value, model: &Value| spelling::respelled(shape, value, model);
    let refreshed = respelled(input.refreshed, input.desired);
    let refreshed = refreshed.as_ref().unwrap_or(input.refreshed);
    let previous = input.previous.map(|previous| {
        let as_asked = respelled(previous, input.desired);
        respelled(as_asked.as_ref().unwrap_or(previous), refreshed).or(as_asked)
    });
    let previous = previous.as_ref().and_then(Option::as_ref).or(input.previous);
    let asked = &Compare { refreshed, previous, ..*input };
    let as_it_is =
        |places: &[Path]| apply_ignore(asked.schema, places, asked.desired, asked.refreshed, asked.previous);
    let mut places = asked.ignore.to_vec();
    let mut out = Compared { desired: as_it_is(&places), ..Compared::default() };
    let desired = out.desired.clone();
    let input = Compare { desired: &desired, ..*asked };

    let mut change = Walk::new(&input, Side::Change, &[]).run();
    let mut planned = future::after_update(&input, &change);
    let yielded = rules::yielded(&change.yields, &[&planned], &mut out.problems);
    if !yielded.is_empty() {
        change = Walk::new(&input, Side::Change, &yielded).run();
        planned = future::after_update(&input, &change);
        places.extend_from_slice(&yielded);
        out.desired = as_it_is(&places);
    }
    rules::judge(&mut change, &planned, &mut out);
    out.planned = planned;
    out.differences = change.found;
    out.unset = change.unset;

    let mut drift = Walk::new(&input, Side::Drift, &[]).run();
    // What was somebody else's until now did not drift either.
    let yielded = rules::yielded(&drift.yields, &[&out.planned, asked.refreshed], &mut out.problems);
    if !yielded.is_empty() {
        drift = Walk::new(&input, Side::Drift, &yielded).run();
    }
    out.drift = drift.found;
    out.record = future::is_news(asked, &places);

    // A walk goes by keys of one side after the other; people want one order.
    out.differences.sort_by(|a, b| a.path.cmp(&b.path));
    out.drift.sort_by(|a, b| a.path.cmp(&b.path));
    out.unset.sort();
    out.unset.dedup();
    // Where two attributes around a difference force it, the one that needs more counts.
    out.forces.sort_by(|a, b| a.path.cmp(&b.path).then(a.rotates.cmp(&b.rotates)));
    out.forces.dedup_by(|later, first| later.path == first.path);
    out.problems.sort();
    out.problems.dedup();
    out
}

/// Whether everything owned is exactly what is there and what was applied. It needs no schema and
/// allocates nothing.
fn is_plainly_equal(input: &Compare<'_>) -> bool {
    let (Value::Map(desired), Value::Map(refreshed), Some(Value::Map(previous))) =
        (input.desired, input.refreshed, input.previous)
    else {
        return false;
    };
    let mut owned = 0;
    for (key, value) in desired.iter() {
        if value.is_null() {
            continue;
        }
        owned += 1;
        if refreshed.get(key) != Some(value) || previous.get(key) != Some(value) {
            return false;
        }
    }
    owned == previous.values().filter(|value| !value.is_null()).count()
}
