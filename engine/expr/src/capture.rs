//! What an evaluation read, pruned to what another evaluation of the same text needs.
//!
//! A map is pruned to the keys that were read. What was only asked for is there without its value;
//! a lazy object that was only tested is a map of the right truth. Lists are kept whole, so that
//! places in them stay true.

use std::collections::BTreeMap;

use aurak_model::{Map, Name, Value};

/// Keys that stand for an object which holds, though nothing in it was read.
const HOLDS: &str = "";

#[derive(Default)]
pub(crate) struct Captures(BTreeMap<Name, Cap>);

enum Cap {
    /// It is there; nobody looked.
    Present,
    /// Read in parts.
    Part { below: BTreeMap<Name, Cap>, holds: bool },
    /// Read.
    Whole(Value),
}

impl Captures {
    /// A value that was read.
    pub(crate) fn whole(&mut self, path: &[Name], value: &Value) {
        if let Some(cap) = self.at(path) {
            *cap = Cap::Whole(value.clone());
        }
    }

    /// A key that was asked for and is there.
    pub(crate) fn present(&mut self, path: &[Name]) {
        self.at(path);
    }

    /// An object that was stepped into, or whose truth was asked for.
    pub(crate) fn object(&mut self, path: &[Name], truth: bool) {
        if let Some(cap) = self.at(path) {
            match cap {
                Cap::Present => *cap = Cap::Part { below: BTreeMap::new(), holds: truth },
                Cap::Part { holds, .. } => *holds |= truth,
                Cap::Whole(_) => {}
            }
        }
    }

    /// The place of a path; `None` where something above it is there whole.
    fn at(&mut self, path: &[Name]) -> Option<&mut Cap> {
        let (first, rest) = path.split_first()?;
        let mut cap = self.0.entry(first.clone()).or_insert(Cap::Present);
        for name in rest {
            if matches!(cap, Cap::Present) {
                *cap = Cap::Part { below: BTreeMap::new(), holds: false };
            }
            match cap {
                Cap::Part { below, .. } => cap = below.entry(name.clone()).or_insert(Cap::Present),
                _ => return None,
            }
        }
        match cap {
            Cap::Whole(_) => None,
            _ => Some(cap),
        }
    }

    pub(crate) fn into_map(self) -> Map {
        self.0.into_iter().map(|(name, cap)| (name, cap.into_value())).collect()
    }
}

impl Cap {
    fn into_value(self) -> Value {
        match self {
            Cap::Present => Value::Null,
            Cap::Whole(value) => value,
            Cap::Part { below, holds } if below.is_empty() && holds => Value::map([(HOLDS, Value::Null)]),
            Cap::Part { below, .. } => Value::map(below.into_iter().map(|(k, cap)| (k, cap.into_value()))),
        }
    }
}
