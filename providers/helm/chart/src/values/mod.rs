//! Values: reading them, laying them over each other, and setting single ones.
//!
//! They are those of the templates, so numbers are what Helm's reading makes of them: floats from files
//! and from JSON, `int64` from `--set`.

mod json;
mod literal;
mod options;
mod path;
mod set;
mod store;

use aurak_gotemplate::{List, Map, Str, Value};
use aurak_goyaml::{Limits as YamlLimits, Mode, Value as Yaml, unmarshal_map};

use crate::{Error, Limits};

pub use options::{Options, Source};
pub(crate) use path::{NoValue, path_value, table};

/// The one document that Helm 3 reads.
pub(crate) fn read_one(text: &[u8], limits: &YamlLimits) -> Result<Map, Error> {
    let map = unmarshal_map(text, Mode::Lenient, limits)?;
    Ok(map.into_iter().map(|(key, value)| (key, from_yaml(value))).collect())
}

/// The documents that Helm 4 reads, each laid over those before.
pub(crate) fn read_many(text: &[u8], limits: &YamlLimits) -> Result<Map, Error> {
    limits_input(text, limits)?;
    let mut values = Map::new();
    let mut document = Vec::new();
    let mut add = |document: &mut Vec<u8>| -> Result<(), Error> {
        if !document.is_empty() {
            let next =
                read_one(document, limits).map_err(|error| error.within("cannot unmarshal yaml document"))?;
            values = merge(&values, &next)?;
            document.clear();
        }
        Ok(())
    };
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(Error::refused(format!(
                    "error reading yaml document: invalid Yaml document separator: {rest}"
                )));
            }
            if !document.is_empty() {
                add(&mut document)?;
                continue;
            }
        }
        document.extend_from_slice(line);
        document.push(b'\n');
    }
    add(&mut document)?;
    Ok(values)
}

fn limits_input(text: &[u8], limits: &YamlLimits) -> Result<(), Error> {
    if text.len() > limits.input {
        return Err(Error::limit(format!("the YAML has more than {} bytes", limits.input)));
    }
    Ok(())
}

/// A value that was read, as templates see it.
#[must_use]
pub fn from_yaml(value: Yaml) -> Value {
    match value {
        Yaml::Null => Value::Nil,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Int(n) => Value::int64(n),
        Yaml::Uint(n) => Value::Uint(aurak_gotemplate::UintKind::Uint64, n),
        Yaml::Float(x) => Value::float(x),
        Yaml::String(text) => Value::Str(text.into()),
        Yaml::Bytes(bytes) => Value::Str(bytes.into()),
        Yaml::List(items) => Value::list(items.into_iter().map(from_yaml).collect()),
        Yaml::Map(map) => Value::Map(map.into_iter().map(|(key, value)| (key, from_yaml(value))).collect()),
    }
}

/// Lays one map over another, maps within them too; all else is replaced. Both stay as they are.
///
/// # Errors
///
/// None for maps that were read; a map of another type may refuse a value.
pub fn merge(below: &Map, over: &Map) -> Result<Map, Error> {
    let merged: Map = below.entries().into_iter().collect();
    for (key, value) in over.entries() {
        let value = match (&value, merged.get(&key)) {
            (Value::Map(over), Some(Value::Map(below))) => Value::Map(merge(&below, over)?),
            _ => value,
        };
        put(&merged, key, value)?;
    }
    Ok(merged)
}

/// Puts a value into a map that is one of ours, where nothing refuses it.
pub(crate) fn put(map: &Map, key: impl Into<Str>, value: Value) -> Result<(), Error> {
    map.set(key, value).map_err(|error| Error::refused(error.message()))
}

/// A copy that shares nothing.
pub(crate) fn deep_copy(map: &Map, limits: &Limits) -> Result<Map, Error> {
    let mut copier = Copier { limits, nodes: 0 };
    copier.map(map, 1)
}

struct Copier<'a> {
    limits: &'a Limits,
    nodes: usize,
}

impl Copier<'_> {
    fn map(&mut self, map: &Map, depth: usize) -> Result<Map, Error> {
        self.step(depth)?;
        map.entries().into_iter().map(|(key, value)| Ok((key, self.value(value, depth)?))).collect()
    }

    fn value(&mut self, value: Value, depth: usize) -> Result<Value, Error> {
        self.step(depth)?;
        Ok(match value {
            Value::Map(map) => Value::Map(self.map(&map, depth + 1)?),
            Value::List(list) => {
                let items: Result<_, Error> =
                    list.items().into_iter().map(|item| self.value(item, depth + 1)).collect();
                Value::List(List::new(items?))
            }
            other => other,
        })
    }

    fn step(&mut self, depth: usize) -> Result<(), Error> {
        self.nodes += 1;
        if depth > self.limits.value_depth {
            return Err(Error::limit(format!("values are more than {} deep", self.limits.value_depth)));
        }
        if self.nodes > self.limits.value_nodes {
            return Err(Error::limit(format!("there are more than {} values", self.limits.value_nodes)));
        }
        Ok(())
    }
}
