//! Where in a resource a value stands: `properties.rules["a.b"][0]`, with `*` in rules of types.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::{Name, is_name, push_json_string};
use crate::value::Value;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seg {
    /// A key of a map.
    Key(Name),
    /// A place in a list.
    Index(usize),
    /// Any key or place; only in rules.
    Any,
}

/// A path into a value; the empty one is the value itself.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Seg>);

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path: write it like `tags`, `properties.count`, `rules[0]` or `labels[\"a.b\"]`")]
pub struct BadPath(pub String);

impl Path {
    /// The value itself.
    pub fn root() -> Path {
        Path(Vec::new())
    }

    /// The path of one key.
    pub fn key(name: impl Into<Name>) -> Path {
        Path(vec![Seg::Key(name.into())])
    }

    /// This path and one key more.
    pub fn join(&self, name: impl Into<Name>) -> Path {
        self.with(Seg::Key(name.into()))
    }

    /// This path and one place more.
    pub fn at(&self, index: usize) -> Path {
        self.with(Seg::Index(index))
    }

    /// This path and one step more.
    pub fn with(&self, seg: Seg) -> Path {
        let mut segs = Vec::with_capacity(self.0.len() + 1);
        segs.extend_from_slice(&self.0);
        segs.push(seg);
        Path(segs)
    }

    /// This path followed by another.
    pub fn concat(&self, rest: &Path) -> Path {
        Path(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// Whether nothing is left to step into.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this path, read as a rule in which `*` stands for any step, is the other one or
    /// leads to it.
    pub fn covers(&self, other: &Path) -> bool {
        self.0.len() <= other.0.len()
            && self.0.iter().zip(&other.0).all(|(rule, seg)| *rule == Seg::Any || rule == seg)
    }

    /// Reads a path.
    pub fn parse(text: &str) -> Result<Path, BadPath> {
        let bad = || BadPath(text.to_string());
        let mut segs = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                if after.starts_with('"') {
                    let mut keys = serde_json::Deserializer::from_str(after).into_iter::<String>();
                    let key = keys.next().and_then(Result::ok).ok_or_else(bad)?;
                    let used = keys.byte_offset();
                    segs.push(Seg::Key(key.into()));
                    rest = after[used..].strip_prefix(']').ok_or_else(bad)?;
                } else {
                    let (index, after) = after.split_once(']').ok_or_else(bad)?;
                    segs.push(match index {
                        "*" => Seg::Any,
                        digits => Seg::Index(digits.parse().map_err(|_| bad())?),
                    });
                    rest = after;
                }
            } else {
                let after = match segs.is_empty() {
                    true => rest,
                    false => rest.strip_prefix('.').ok_or_else(bad)?,
                };
                let end = after.find(['.', '[']).unwrap_or(after.len());
                match &after[..end] {
                    "*" => segs.push(Seg::Any),
                    name if is_name(name) => segs.push(Seg::Key(name.into())),
                    _ => return Err(bad()),
                }
                rest = &after[end..];
            }
        }
        Ok(Path(segs))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (i, seg) in self.0.iter().enumerate() {
            match seg {
                Seg::Key(key) if is_name(key) => {
                    if i > 0 {
                        text.push('.');
                    }
                    text.push_str(key);
                }
                Seg::Key(key) => {
                    text.push('[');
                    push_json_string(&mut text, key);
                    text.push(']');
                }
                Seg::Index(index) => text.push_str(&format!("[{index}]")),
                Seg::Any if i > 0 => text.push_str(".*"),
                Seg::Any => text.push('*'),
            }
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        let text = String::deserialize(deserializer)?;
        Path::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Value {
    /// The value at a path, if there is one. Steps into an unknown value give nothing.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        let mut value = self;
        for seg in &path.0 {
            value = match (value, seg) {
                (Value::Map(map), Seg::Key(key)) => map.get(key)?,
                (Value::List(list), Seg::Index(index)) => list.get(*index)?,
                _ => return None,
            };
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_round_trip() {
        for text in ["", "tags", "a.b.c", "rules[0].name", "labels[\"a.b/c\"].x", "a.*.b", "[\"0\"].a"] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        for text in ["a..b", "a[", "a[x]", ".a", "a b"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rule_covers_what_lies_below_it() {
        let rule = Path::parse("rules[*].name").unwrap();
        assert!(rule.covers(&Path::parse("rules[3].name").unwrap()));
        assert!(rule.covers(&Path::parse("rules[3].name.x").unwrap()));
        assert!(!rule.covers(&Path::parse("rules[3]").unwrap()));
    }
}
