//! The walk over what is owned: finds what differs and builds the value as it will be.
//!
//! The same walk finds changes (desired over live, with previous to tell what was let go) and drift
//! (previous over live, sides swapped). What a value becomes is only built where it differs from
//! what is there, so that what stays stays shared.

use aurak_model::schema::Immutable;
use aurak_model::value::Origin;
use aurak_model::{Attribute, Difference, Kind, Map, Path, Seg, Unknown, Value};

use super::Compare;
use super::future::{completed, unknown};
use super::normal::{is_meant_by_absence, same_scalar};
use super::shape::{
    EMPTY, Shape, as_list, as_map, edited, is_decided_by_service, is_sealed, items, marked, marked_by, open,
    written,
};

/// Which question the walk answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What an update has to do.
    Change,
    /// What happened outside.
    Drift,
    /// What the row has to say anew: what it recorded stands in place of what is there.
    Record,
}

/// What becomes of a value.
pub(super) enum Merged {
    /// It is what is there, which may be nothing.
    Same,
    /// It is this.
    New(Value),
    /// It goes.
    Gone,
}

/// What the rules of an attribute see beside the object.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) old: Value,
    pub(super) new: Value,
    /// The nearest item of a list or map that it stands in, once that is known.
    pub(super) item: Option<Value>,
}

/// An attribute that may not be changed in place, around differences that were found.
pub(super) struct Gate<'a> {
    pub(super) rules: &'a [Immutable],
    pub(super) path: Path,
    /// Which of the differences lie in it.
    pub(super) found: std::ops::Range<usize>,
    pub(super) around: Around,
}

/// An attribute that may belong to somebody else, around differences that were found.
pub(super) struct Yield<'a> {
    pub(super) expression: &'a str,
    pub(super) path: Path,
    pub(super) around: Around,
}

/// The walk and what it found.
pub(super) struct Walk<'a> {
    pub(super) input: &'a Compare<'a>,
    side: Side,
    yielded: &'a [Path],
    /// Where we are, in terms of the side that asks.
    path: Path,
    /// Where we are in what is there.
    live: Path,
    /// Whether we are in an item of a list without an order: nobody knows where it will stand, so
    /// that nothing that is not known yet can point into it.
    pub(super) placeless: bool,
    /// Whether we are in something that is not there yet: what it is made with is nobody else's.
    is_new: bool,
    pub(super) found: Vec<Difference>,
    pub(super) unset: Vec<Path>,
    pub(super) gates: Vec<Gate<'a>>,
    pub(super) yields: Vec<Yield<'a>>,
    /// The object as it will be, computed attributes aside; none where it stays.
    pub(super) merged: Option<Value>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(input: &'a Compare<'a>, side: Side, yielded: &'a [Path]) -> Walk<'a> {
        Walk {
            input,
            side,
            yielded,
            path: Path::root(),
            live: Path::root(),
            placeless: false,
            is_new: false,
            found: Vec::new(),
            unset: Vec::new(),
            gates: Vec::new(),
            yields: Vec::new(),
            merged: None,
        }
    }

    /// Walks the whole object.
    pub(super) fn run(mut self) -> Walk<'a> {
        let input = self.input;
        let refreshed = as_map(Some(input.refreshed)).unwrap_or(&EMPTY);
        let shape = Shape::Object(&input.schema.attributes);
        let previous = as_map(input.previous);
        let merged = match self.side {
            Side::Change | Side::Record => {
                let desired = as_map(Some(input.desired)).unwrap_or(&EMPTY);
                self.entries(shape, desired, previous, refreshed, false)
            }
            Side::Drift => self.entries(shape, previous.unwrap_or(&EMPTY), None, refreshed, false),
        };
        self.merged = match merged {
            Merged::New(value) => Some(value),
            Merged::Same | Merged::Gone => None,
        };
        self
    }

    pub(super) fn is_drift(&self) -> bool {
        self.side == Side::Drift
    }

    /// Whether an unknown value will be what is there.
    pub(super) fn stays(&self, unknown: &Unknown) -> bool {
        self.is_drift() || self.input.stays.is_some_and(|stays| stays(unknown))
    }

    fn passes_over(&self) -> bool {
        !self.is_new
            && (self.input.ignore.iter().any(|rule| rule.covers(&self.path))
                || self.yielded.contains(&self.path))
    }

    /// Does something inside of what is not there yet.
    fn within_new<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.is_new, true);
        let result = f(self);
        self.is_new = outer;
        result
    }

    /// An item that a list or map lacks. Even one that holds nothing makes it longer.
    pub(super) fn new_item(
        &mut self,
        attribute: &'a Attribute,
        asked: &Value,
        previous: Option<&Value>,
        secret: bool,
    ) -> Option<Value> {
        let before = self.found.len();
        let merged =
            self.within_new(|w| w.whole_item(|w| w.attribute(attribute, asked, previous, None, secret)));
        let stays = matches!(open(asked).0, Value::Unknown(unknown) if self.stays(unknown));
        if self.found.len() == before && !stays {
            self.difference(attribute, None, Some(asked), secret || asked.has_marks());
        }
        Some(match merged {
            Merged::New(value) => value,
            Merged::Same | Merged::Gone => marked_by(attribute, asked, secret),
        })
    }

    /// An item that is there: what its rules see of it is how it comes out.
    pub(super) fn item(
        &mut self,
        attribute: &'a Attribute,
        asked: &Value,
        previous: Option<&Value>,
        there: &Value,
        secret: bool,
    ) -> Merged {
        let (gates, yields) = (self.gates.len(), self.yields.len());
        let merged = self.attribute(attribute, asked, previous, Some(there), secret);
        let item = match &merged {
            Merged::New(value) => value,
            Merged::Same | Merged::Gone => there,
        };
        let gates = self.gates[gates..].iter_mut().map(|gate| &mut gate.around);
        let yields = self.yields[yields..].iter_mut().map(|yielded| &mut yielded.around);
        for around in gates.chain(yields).filter(|around| around.item.is_none()) {
            around.item = Some(item.clone());
        }
        merged
    }

    /// An item that comes or goes as a whole: nothing of it changes while it is there, so that no rule
    /// about that counts.
    fn whole_item<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let (gates, yields) = (self.gates.len(), self.yields.len());
        let result = f(self);
        self.gates.truncate(gates);
        self.yields.truncate(yields);
        result
    }

    /// Does something one step further down.
    pub(super) fn within<T>(&mut self, asked: Seg, live: Seg, f: impl FnOnce(&mut Self) -> T) -> T {
        self.path.0.push(asked);
        self.live.0.push(live);
        let result = f(self);
        self.path.0.pop();
        self.live.0.pop();
        result
    }

    /// Notes what cannot be asked of `attribute` without looking at its rules, if `f` finds a
    /// difference in it.
    fn ruled(
        &mut self,
        attribute: &'a Attribute,
        old: Option<&Value>,
        f: impl FnOnce(&mut Self) -> Merged,
    ) -> Merged {
        let start = self.found.len();
        let merged = f(self);
        if self.found.len() == start || (attribute.immutable.is_empty() && attribute.yields_when.is_none()) {
            return merged;
        }
        let old = old.cloned().unwrap_or_default();
        let new = match &merged {
            Merged::Same => old.clone(),
            Merged::New(value) => value.clone(),
            Merged::Gone => Value::Null,
        };
        let around = Around { old, new, item: None };
        if let Some(expression) = &attribute.yields_when {
            self.yields.push(Yield { expression, path: self.path.clone(), around: around.clone() });
        }
        if !attribute.immutable.is_empty() {
            let found = start..self.found.len();
            self.gates.push(Gate { rules: &attribute.immutable, path: self.path.clone(), found, around });
        }
        merged
    }

    /// An attribute or item that is asked for.
    pub(super) fn attribute(
        &mut self,
        attribute: &'a Attribute,
        asked: &Value,
        previous: Option<&Value>,
        there: Option<&Value>,
        secret: bool,
    ) -> Merged {
        let secret = secret || attribute.sensitive;
        if self.passes_over() {
            // What never comes back is known only from what is asked for.
            return match attribute.write_only && !self.is_drift() {
                true => Merged::New(marked(asked, secret)),
                false => Merged::Same,
            };
        }
        if attribute.write_only {
            if self.is_drift() {
                return Merged::Same;
            }
            // It never comes back: what we sent last is all that is known of it.
            return match self
                .ruled(attribute, previous, |w| w.value(attribute, asked, previous, previous, secret))
            {
                Merged::Same if there == Some(asked) || self.side == Side::Record => Merged::Same,
                Merged::Same => Merged::New(marked(asked, secret)),
                merged => merged,
            };
        }
        self.ruled(attribute, there, |w| w.value(attribute, asked, previous, there, secret))
    }

    fn value(
        &mut self,
        attribute: &'a Attribute,
        asked: &Value,
        previous: Option<&Value>,
        there: Option<&Value>,
        secret: bool,
    ) -> Merged {
        if there == Some(asked) {
            return Merged::Same;
        }
        let (want, want_hidden) = open(asked);
        let (have, have_hidden) = there.map(open).map_or((None, false), |(v, hidden)| (Some(v), hidden));
        match (want, have) {
            (Value::Unknown(unknown), _) if self.stays(unknown) => {
                return if there.is_some() { Merged::Same } else { Merged::New(marked(asked, secret)) };
            }
            (_, Some(Value::Unknown(_))) if self.is_drift() => return Merged::Same,
            // What is sealed cannot be compared; that it moved outside would be a guess.
            _ if self.is_drift() && (is_sealed(want) || have.is_some_and(is_sealed)) => return Merged::Same,
            (Value::Map(want), Some(Value::Map(have))) => {
                let secret = secret || want_hidden || have_hidden;
                return self.entries(Shape::of(attribute), want, as_map(previous), have, secret);
            }
            (Value::Map(want), None) if !want.is_empty() => {
                let (secret, before) = (secret || want_hidden, self.found.len());
                let merged = self
                    .within_new(|w| w.entries(Shape::of(attribute), want, as_map(previous), &EMPTY, secret));
                return match merged {
                    Merged::New(made)
                        if attribute.kind == Kind::Object && self.found.len() > before && !self.placeless =>
                    {
                        let address = self.input.address;
                        let whole = completed(&attribute.attributes, &made, &self.path, address);
                        Merged::New(whole.unwrap_or(made))
                    }
                    // Without a difference it holds what never comes back, or nothing that is written.
                    merged => merged,
                };
            }
            (Value::List(want), Some(Value::List(have))) => {
                let secret = secret || want_hidden || have_hidden;
                return self.list(attribute, want, as_list(previous), have, secret);
            }
            (Value::List(want), None) if !want.is_empty() => {
                let secret = secret || want_hidden;
                return self.within_new(|w| w.list(attribute, want, as_list(previous), &[], secret));
            }
            (want, None) if is_meant_by_absence(attribute, want) => {
                return Merged::New(marked(asked, secret));
            }
            // Services drop what is empty.
            (Value::Map(_) | Value::List(_), None) if attribute.kind != Kind::Any => {
                return Merged::New(marked(asked, secret));
            }
            (want, Some(have)) if same_scalar(want, have, attribute) => {
                let Some(there) = there else { return Merged::Same };
                // Who reads it sees it as it is written: that is what a creation gives them, before
                // the service says how it spells it, and it stays so.
                if self.side == Side::Change && want != have {
                    return Merged::New(marked(asked, secret || have_hidden));
                }
                return match (secret || want_hidden) && !have_hidden {
                    true => Merged::New(there.clone().sensitive()),
                    false => Merged::Same,
                };
            }
            _ => {}
        }
        let hidden = secret || [Some(asked), previous, there].iter().flatten().any(|v| v.has_marks());
        self.difference(attribute, there, Some(asked), hidden);
        Merged::New(marked_by(attribute, asked, secret))
    }

    /// Keys of a map.
    fn entries(
        &mut self,
        shape: Shape<'a>,
        want: &Map,
        previous: Option<&Map>,
        have: &Map,
        secret: bool,
    ) -> Merged {
        let mut edits = Vec::new();
        for (key, asked) in want.iter() {
            let (attribute, typed) = shape.child(key);
            if typed && asked.is_null() {
                continue;
            }
            let there = written(have, key, typed);
            if there == Some(asked) && !attribute.write_only {
                continue;
            }
            let previous = previous.and_then(|map| written(map, key, typed));
            let seg = Seg::Key(key.clone());
            let merged = self.within(seg.clone(), seg, |w| match (shape.holds_items(), there) {
                (true, Some(there)) => w.item(attribute, asked, previous, there, secret),
                (true, None) => match w.passes_over() {
                    true => Merged::Same,
                    false => w.new_item(attribute, asked, previous, secret).map_or(Merged::Same, Merged::New),
                },
                (false, there) => w.attribute(attribute, asked, previous, there, secret),
            });
            match merged {
                Merged::Same => {}
                Merged::New(value) => edits.push((key.clone(), Some(value))),
                Merged::Gone => edits.push((key.clone(), None)),
            }
        }
        if !self.is_drift()
            && let Some(previous) = previous
        {
            for (key, owned) in previous.iter() {
                let (attribute, typed) = shape.child(key);
                if written(want, key, typed).is_some() || (typed && owned.is_null()) {
                    continue;
                }
                let there = written(have, key, typed);
                if there.is_none() && !attribute.write_only {
                    continue;
                }
                let seg = Seg::Key(key.clone());
                let merged = self.within(seg.clone(), seg, |w| match shape.holds_items() {
                    true => w.whole_item(|w| w.let_go(attribute, owned, there, secret)),
                    false => w.let_go(attribute, owned, there, secret),
                });
                match merged {
                    Merged::Same => {}
                    Merged::New(value) => edits.push((key.clone(), Some(value))),
                    Merged::Gone => edits.push((key.clone(), None)),
                }
            }
        }
        if shape.is_exclusive() {
            for (key, there) in have.iter() {
                let (attribute, typed) = shape.child(key);
                let handled = |map: &Map| written(map, key, typed).is_some();
                let was_ours = !self.is_drift() && previous.is_some_and(handled);
                if (typed && there.is_null()) || handled(want) || was_ours {
                    continue;
                }
                let seg = Seg::Key(key.clone());
                let merged =
                    self.within(seg.clone(), seg, |w| w.whole_item(|w| w.surplus(attribute, there, secret)));
                if let Merged::Gone = merged {
                    edits.push((key.clone(), None));
                }
            }
        }
        match edits.is_empty() {
            true => Merged::Same,
            false => Merged::New(Value::from(edited(have, edits))),
        }
    }

    /// What was ours and is no longer asked for.
    fn let_go(
        &mut self,
        attribute: &'a Attribute,
        owned: &Value,
        there: Option<&Value>,
        secret: bool,
    ) -> Merged {
        let there = if attribute.write_only { Some(owned) } else { there };
        let Some(there) = there else { return Merged::Same };
        if self.passes_over() {
            return Merged::Same;
        }
        let secret = secret || attribute.sensitive;
        if attribute.kind == Kind::Object
            && let (Some(owned), Some(have)) = (as_map(Some(owned)), as_map(Some(there)))
        {
            // Declared objects hold what others decide beside what is ours; only ours goes.
            return self.ruled(attribute, Some(there), |w| {
                let before = w.unset.len();
                let merged = w.entries(Shape::of(attribute), &EMPTY, Some(owned), have, secret);
                match merged {
                    Merged::New(Value::Map(rest)) if rest.is_empty() => {
                        w.unset.truncate(before);
                        w.unset.push(w.live.clone());
                        Merged::Gone
                    }
                    merged => merged,
                }
            });
        }
        if attribute.additive {
            if let (Some(owned), Some(have)) = (as_map(Some(owned)), as_map(Some(there))) {
                return self.ruled(attribute, Some(there), |w| {
                    w.entries(Shape::of(attribute), &EMPTY, Some(owned), have, secret)
                });
            }
            if let (Some(owned), Some(have)) = (as_list(Some(owned)), as_list(Some(there))) {
                return self
                    .ruled(attribute, Some(there), |w| w.list(attribute, &[], Some(owned), have, secret));
            }
        }
        let is_empty = match open(there).0 {
            Value::Map(map) => map.is_empty(),
            Value::List(list) => list.is_empty(),
            _ => false,
        };
        if is_empty && attribute.kind != Kind::Any {
            return Merged::Same;
        }
        if is_decided_by_service(attribute) {
            // To take a line out of the configuration hands the value over to the service. Where
            // that would need a new object, leaving it as it is does the same with less harm.
            if !attribute.immutable.is_empty() && self.side != Side::Record {
                return Merged::Same;
            }
            return self.ruled(attribute, Some(there), |w| {
                let hidden = secret || owned.has_marks() || there.has_marks();
                let later = (!w.placeless).then(|| unknown(attribute, &w.path, w.input.address));
                w.difference(attribute, Some(there), later.as_ref(), hidden);
                w.unset.push(w.live.clone());
                later.map_or(Merged::Gone, Merged::New)
            });
        }
        self.ruled(attribute, Some(there), |w| {
            w.gone(attribute, there, secret || owned.has_marks());
            w.unset.push(w.live.clone());
            Merged::Gone
        })
    }

    /// What is there, was never ours, and has no place in something that is owned whole.
    pub(super) fn surplus(&mut self, attribute: &'a Attribute, there: &Value, secret: bool) -> Merged {
        if self.passes_over() {
            return Merged::Same;
        }
        self.ruled(attribute, Some(there), |w| {
            w.gone(attribute, there, secret || attribute.sensitive);
            w.unset.push(w.live.clone());
            Merged::Gone
        })
    }

    /// An item that leaves a list.
    pub(super) fn item_gone(&mut self, attribute: &'a Attribute, there: &Value, secret: bool) -> Merged {
        if self.passes_over() {
            return Merged::Same;
        }
        self.whole_item(|w| w.gone(attribute, there, secret || attribute.sensitive));
        Merged::Gone
    }

    pub(super) fn unset_here(&mut self) {
        self.unset.push(self.live.clone());
    }

    /// The leaves of what goes. What the provider decides goes with the rest without a word.
    fn gone(&mut self, attribute: &'a Attribute, there: &Value, secret: bool) {
        let before = self.found.len();
        let (value, hidden) = open(there);
        let secret = secret || hidden;
        match value {
            Value::Map(map) => {
                let shape = Shape::of(attribute);
                for (key, value) in map.iter() {
                    let (attribute, typed) = shape.child(key);
                    if (typed && value.is_null()) || (attribute.computed && !attribute.optional) {
                        continue;
                    }
                    let seg = Seg::Key(key.clone());
                    self.within(seg.clone(), seg, |w| w.part_gone(attribute, value, secret));
                }
            }
            Value::List(list) => {
                let item = items(attribute);
                for (i, value) in list.iter().enumerate() {
                    self.within(Seg::Index(i), Seg::Index(i), |w| w.part_gone(item, value, secret));
                }
            }
            _ => {}
        }
        if self.found.len() == before {
            self.difference(attribute, Some(there), None, secret || there.has_marks());
        }
    }

    fn part_gone(&mut self, attribute: &'a Attribute, there: &Value, secret: bool) {
        self.ruled(attribute, Some(there), |w| {
            w.gone(attribute, there, secret || attribute.sensitive);
            Merged::Gone
        });
    }

    fn difference(
        &mut self,
        attribute: &Attribute,
        there: Option<&Value>,
        asked: Option<&Value>,
        hidden: bool,
    ) {
        let there = there.map(|value| marked_by(attribute, value, hidden));
        let asked = asked.map(|value| marked_by(attribute, value, hidden));
        let (before, after) = match self.side {
            Side::Change | Side::Record => (there, asked),
            Side::Drift => (asked, there),
        };
        self.found.push(Difference { path: self.path.clone(), before, after, forces: false, place: None });
    }
}

/// What an unknown value will come from: never fresh ones, sorted.
pub(super) fn origins(value: &Value) -> Vec<Origin> {
    let mut out = Vec::new();
    value.for_each_unknown(&mut |unknown| match &unknown.origin {
        Origin::Fresh { needs } => out.extend(needs.iter().cloned()),
        named => out.push(named.clone()),
    });
    out.sort();
    out.dedup();
    out
}
