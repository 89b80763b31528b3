//! Values: what attributes hold, with the two things that plain JSON lacks.
//!
//! *Sensitive* is a mark on a leaf. A marked leaf is a variant of its own, so that code which does
//! not think of it sees no text at all rather than a secret, and writing one out is an error until
//! it was sealed: nothing in clear reaches a disk by oversight. *Unknown* stands for what only
//! apply can tell; it remembers where it will come from.
//!
//! Maps are ordered by key and strings are shared, so that equal input gives equal bytes and a
//! clone costs a counter.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::{Address, Name};
use crate::path::Path;

/// A value of an attribute.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A map.
    Map(Arc<Map>),
    /// A leaf that must not be shown.
    Sensitive(Secret),
    /// What only apply can tell.
    Unknown(Box<Unknown>),
}

/// What stands behind the mark: a leaf in clear, or one that was sealed and can only be opened
/// with the stack's key.
#[derive(Clone, PartialEq)]
pub enum Secret {
    /// In clear, in memory only.
    Plain(Arc<Value>),
    /// Encrypted, as text.
    Sealed(Arc<str>),
}

/// A value that is not there yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// What it will be, as far as that is known.
    #[serde(default, skip_serializing_if = "Type::is_any")]
    pub ty: Type,
    /// Where it will come from.
    pub origin: Origin,
    /// Whether it must not be shown once it is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// Where an unknown value will come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An attribute of a resource, once that is applied.
    Row {
        /// The resource.
        row: Address,
        /// The place in it.
        path: Path,
    },
    /// A part of a deferred value in the plan's arena.
    Node {
        /// Which one.
        node: NodeId,
        /// The place in it.
        path: Path,
    },
    /// The result of an operation on unknown operands, in the evaluation that is running. It has no
    /// name yet: the planner gives it a node before it leaves.
    Fresh {
        /// What the operands will come from; never `Fresh` themselves.
        needs: Arc<[Origin]>,
    },
    /// Something that this plan defers as a whole, such as an instance that is not known yet.
    Deferred {
        /// The block or provider that is deferred.
        block: Address,
    },
}

/// A deferred value: an index into the plan's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Anything.
    #[default]
    Any,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list.
    List,
    /// A map.
    Map,
}

impl Type {
    /// Whether it says nothing.
    pub fn is_any(&self) -> bool {
        *self == Type::Any
    }

    /// The word for it in messages, with its article.
    pub fn article(self) -> &'static str {
        match self {
            Type::Any => "a value",
            Type::Boolean => "a boolean",
            Type::Integer => "an integer",
            Type::Number => "a number",
            Type::String => "a string",
            Type::List => "a list",
            Type::Map => "a map",
        }
    }
}

/// A map, kept sorted by key.
#[derive(Clone, Default, PartialEq)]
pub struct Map(Vec<(Name, Value)>);

impl Map {
    /// An empty map.
    pub fn new() -> Map {
        Map::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).ok().map(|i| &self.0[i].1)
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Sets a key and returns what it held. Costs a move of what follows: build large maps with
    /// `collect`.
    pub fn insert(&mut self, key: impl Into<Name>, value: Value) -> Option<Value> {
        let key = key.into();
        match self.find(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.0[i].1, value)),
            Err(i) => {
                self.0.insert(i, (key, value));
                None
            }
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|i| self.0.remove(i).1)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match self.find(key) {
            Ok(i) => Some(&mut self.0[i].1),
            Err(_) => None,
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values, in order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Name, &Value)> + ExactSizeIterator {
        self.0.iter().map(|(k, v)| (k, v))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Name> + ExactSizeIterator {
        self.0.iter().map(|(k, _)| k)
    }

    /// The values in order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.iter().map(|(_, v)| v)
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        // Most maps are small, and a scan beats a search there.
        self.0.binary_search_by(|(k, _)| (**k).cmp(key))
    }
}

impl<K: Into<Name>> FromIterator<(K, Value)> for Map {
    /// The last value of a key wins.
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Map {
        let mut entries: Vec<(Name, Value)> = entries.into_iter().map(|(k, v)| (k.into(), v)).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(&mut later.1, &mut earlier.1);
            }
            same
        });
        Map(entries)
    }
}

impl IntoIterator for Map {
    type Item = (Name, Value);
    type IntoIter = std::vec::IntoIter<(Name, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Value {
    /// Text.
    pub fn string(text: impl Into<Arc<str>>) -> Value {
        Value::String(text.into())
    }

    /// A map of these entries.
    pub fn map<K: Into<Name>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Map(Arc::new(entries.into_iter().collect()))
    }

    /// A list of these.
    pub fn list(values: impl IntoIterator<Item = Value>) -> Value {
        Value::List(Arc::new(values.into_iter().collect()))
    }

    /// What will be known once a resource is applied.
    pub fn of_row(row: &Address, path: Path, ty: Type) -> Value {
        Value::Unknown(Box::new(Unknown {
            ty,
            origin: Origin::Row { row: row.clone(), path },
            sensitive: false,
        }))
    }

    /// This value, where what comes from one resource comes from another: it has another name now.
    #[must_use]
    pub fn with_renamed_origins(&self, from: &Address, to: &Address) -> Value {
        let renamed = self.map_leaves(&mut |_, leaf| {
            let Value::Unknown(unknown) = leaf else { return Ok(None) };
            let Origin::Row { row, path } = &unknown.origin else { return Ok(None) };
            Ok::<_, std::convert::Infallible>((row == from).then(|| {
                let origin = Origin::Row { row: to.clone(), path: path.clone() };
                Value::Unknown(Box::new(Unknown { origin, ..(**unknown).clone() }))
            }))
        });
        let Ok(renamed) = renamed;
        renamed
    }

    /// This value with every leaf marked as sensitive.
    #[must_use]
    pub fn sensitive(self) -> Value {
        match self {
            Value::List(list) if !list.is_empty() => {
                Value::list(unshare(list).into_iter().map(Value::sensitive))
            }
            Value::Map(map) if !map.is_empty() => {
                Value::map(unshare(map).into_iter().map(|(k, v)| (k, v.sensitive())))
            }
            Value::Sensitive(_) => self,
            Value::Unknown(mut unknown) => {
                unknown.sensitive = true;
                Value::Unknown(unknown)
            }
            leaf => Value::Sensitive(Secret::Plain(Arc::new(leaf))),
        }
    }

    /// This value without marks: only for what goes to a provider or into a digest. What is
    /// sealed stays as it is.
    #[must_use]
    pub fn reveal(&self) -> Value {
        match self {
            Value::Sensitive(Secret::Plain(leaf)) => (**leaf).clone(),
            Value::List(list) if self.has_marks() => Value::list(list.iter().map(Value::reveal)),
            Value::Map(map) if self.has_marks() => {
                Value::map(map.iter().map(|(k, v)| (k.clone(), v.reveal())))
            }
            other => other.clone(),
        }
    }

    /// Whether any leaf is sensitive, or will be.
    pub fn has_marks(&self) -> bool {
        match self {
            Value::Sensitive(_) => true,
            Value::Unknown(unknown) => unknown.sensitive,
            Value::List(list) => list.iter().any(Value::has_marks),
            Value::Map(map) => map.values().any(Value::has_marks),
            _ => false,
        }
    }

    /// Whether any part is unknown.
    pub fn has_unknown(&self) -> bool {
        match self {
            Value::Unknown(_) => true,
            Value::List(list) => list.iter().any(Value::has_unknown),
            Value::Map(map) => map.values().any(Value::has_unknown),
            _ => false,
        }
    }

    /// Calls `visit` with every unknown part.
    pub fn for_each_unknown<'a>(&'a self, visit: &mut dyn FnMut(&'a Unknown)) {
        match self {
            Value::Unknown(unknown) => visit(unknown),
            Value::List(list) => list.iter().for_each(|v| v.for_each_unknown(visit)),
            Value::Map(map) => map.values().for_each(|v| v.for_each_unknown(visit)),
            _ => {}
        }
    }

    /// This value with every leaf replaced by what `f` makes of it; containers that do not change
    /// stay shared. Leaves are all but non-empty lists and maps.
    pub fn map_leaves<E>(&self, f: &mut LeafFn<'_, E>) -> Result<Value, E> {
        fn go<E>(value: &Value, path: &mut Path, f: &mut LeafFn<'_, E>) -> Result<Option<Value>, E> {
            use crate::path::Seg;
            match value {
                Value::List(list) if !list.is_empty() => {
                    let mut changed: Option<Vec<Value>> = None;
                    for (i, item) in list.iter().enumerate() {
                        path.0.push(Seg::Index(i));
                        if let Some(new) = go(item, path, f)? {
                            changed.get_or_insert_with(|| list.to_vec())[i] = new;
                        }
                        path.0.pop();
                    }
                    Ok(changed.map(Value::list))
                }
                Value::Map(map) if !map.is_empty() => {
                    let mut changed: Option<Map> = None;
                    for (i, (key, item)) in map.iter().enumerate() {
                        path.0.push(Seg::Key(key.clone()));
                        if let Some(new) = go(item, path, f)? {
                            changed.get_or_insert_with(|| (**map).clone()).0[i].1 = new;
                        }
                        path.0.pop();
                    }
                    Ok(changed.map(|map| Value::Map(Arc::new(map))))
                }
                leaf => f(path, leaf),
            }
        }
        Ok(go(self, &mut Path::root(), f)?.unwrap_or_else(|| self.clone()))
    }

    /// The text, if this is plain text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The integer, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// What it is, for messages: "a list", "null".
    pub fn article(&self) -> &'static str {
        match self {
            Value::Null => "null",
            other => other.ty().article(),
        }
    }

    /// The type; that of what is hidden or to come, where it is so.
    pub fn ty(&self) -> Type {
        match self {
            Value::Null => Type::Any,
            Value::Bool(_) => Type::Boolean,
            Value::Int(_) => Type::Integer,
            Value::Float(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Sensitive(Secret::Plain(leaf)) => leaf.ty(),
            Value::Sensitive(Secret::Sealed(_)) => Type::Any,
            Value::Unknown(unknown) => unknown.ty,
        }
    }

    /// From JSON, with nothing special about any key: for what a provider or a program sends.
    pub fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(i) => Value::Int(i),
                None => Value::Float(n.as_f64().unwrap_or_default()),
            },
            serde_json::Value::String(s) => Value::string(s.as_str()),
            serde_json::Value::Array(items) => Value::list(items.iter().map(Value::from_json)),
            serde_json::Value::Object(entries) => {
                Value::map(entries.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))))
            }
        }
    }

    /// To JSON, for a provider or a program; `None` where a part is unknown, hidden or sealed.
    /// `reveal` first what may be seen.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Int(i) => (*i).into(),
            Value::Float(f) => (*f).into(),
            Value::String(s) => serde_json::Value::String(s.to_string()),
            Value::List(list) => {
                serde_json::Value::Array(list.iter().map(Value::to_json).collect::<Option<_>>()?)
            }
            Value::Map(map) => serde_json::Value::Object(
                map.iter().map(|(k, v)| Some((k.to_string(), v.to_json()?))).collect::<Option<_>>()?,
            ),
            Value::Sensitive(_) | Value::Unknown(_) => return None,
        })
    }
}

/// What [`Value::map_leaves`] asks of each leaf: its replacement, or `None` to keep it.
pub type LeafFn<'a, E> = dyn FnMut(&Path, &Value) -> Result<Option<Value>, E> + 'a;

/// The inner value of an `Arc`, without a copy where nobody else holds it.
fn unshare<T: Clone>(shared: Arc<T>) -> T {
    Arc::try_unwrap(shared).unwrap_or_else(|shared| (*shared).clone())
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Float(x) => write!(f, "{x:?}"),
            Value::String(s) => write!(f, "{s:?}"),
            Value::List(list) => f.debug_list().entries(list.iter()).finish(),
            Value::Map(map) => map.fmt(f),
            Value::Sensitive(_) => f.write_str("(sensitive)"),
            Value::Unknown(u) => match &u.origin {
                Origin::Row { row, path } => write!(f, "(known after {row}: {path})"),
                Origin::Node { node, path } => write!(f, "(deferred {}: {path})", node.0),
                Origin::Fresh { needs } => write!(f, "(unknown: {needs:?})"),
                Origin::Deferred { block } => write!(f, "(deferred with {block})"),
            },
        }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive)")
    }
}

macro_rules! from {
    ($($ty:ty => |$v:ident| $to:expr;)*) => {$(
        impl From<$ty> for Value {
            fn from($v: $ty) -> Value { $to }
        }
    )*};
}
from! {
    bool => |v| Value::Bool(v);
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(v.into());
    f64 => |v| Value::Float(v);
    &str => |v| Value::string(v);
    String => |v| Value::string(v);
    Arc<str> => |v| Value::String(v);
    Map => |v| Value::Map(Arc::new(v));
    Vec<Value> => |v| Value::List(Arc::new(v));
}

// In stored JSON, keys of maps that begin with `$` are written with one `$` more; a map with the
// single key `$sealed` or `$unknown` is the special leaf.
const SEALED: &str = "$sealed";
const UNKNOWN: &str = "$unknown";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::Float(f) => serializer.serialize_f64(*f),
            Value::String(s) => serializer.serialize_str(s),
            Value::List(list) => list.serialize(serializer),
            Value::Map(map) => map.serialize(serializer),
            Value::Sensitive(Secret::Plain(_)) => {
                Err(ser::Error::custom("a sensitive value must be sealed before it is written"))
            }
            Value::Sensitive(Secret::Sealed(sealed)) => one(serializer, SEALED, sealed),
            Value::Unknown(unknown) => one(serializer, UNKNOWN, unknown),
        }
    }
}

fn one<S: Serializer, T: Serialize + ?Sized>(serializer: S, key: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            match key.starts_with('$') {
                true => out.serialize_entry(&format!("${key}"), value)?,
                false => out.serialize_entry(&**key, value)?,
            }
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(unshare(map)),
            _ => Err(de::Error::custom("a map was expected")),
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }
    fn visit_u64<E: de::Error>(self, u: u64) -> Result<Value, E> {
        i64::try_from(u)
            .map(Value::Int)
            .map_err(|_| E::custom("an integer does not fit into 64 bits with sign"))
    }
    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }
    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::string(s))
    }
    fn visit_string<E>(self, s: String) -> Result<Value, E> {
        Ok(Value::string(s))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::from(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(Name, Value)> = Vec::with_capacity(access.size_hint().unwrap_or(0).min(1024));
        while let Some(key) = access.next_key::<String>()? {
            match key.strip_prefix('$') {
                None => entries.push((key.into(), access.next_value()?)),
                Some(rest) if rest.starts_with('$') => entries.push((rest.into(), access.next_value()?)),
                Some(_) => {
                    let special = match key.as_str() {
                        SEALED => Value::Sensitive(Secret::Sealed(access.next_value::<String>()?.into())),
                        UNKNOWN => Value::Unknown(access.next_value()?),
                        _ => {
                            return Err(de::Error::custom(format!(
                                "`{key}` is no special key of a stored value"
                            )));
                        }
                    };
                    if !entries.is_empty() || access.next_key::<String>()?.is_some() {
                        return Err(de::Error::custom(format!("`{key}` must stand alone")));
                    }
                    return Ok(special);
                }
            }
        }
        Ok(Value::Map(Arc::new(entries.into_iter().collect())))
    }
}

/// Reads an optional value whose absence is that of the key: a null that is there is a value too.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_json_round_trips() {
        let value = Value::map([
            ("$odd", Value::list([Value::Null, true.into(), 3.into(), 1.0.into()])),
            ("$$odder", Value::map([("$sealed", Value::from("text"))])),
            ("sealed", Value::Sensitive(Secret::Sealed("abc".into()))),
            ("later", Value::of_row(&Address::parse("a[\"k\"]").unwrap(), Path::key("id"), Type::String)),
        ]);
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
    }

    #[test]
    fn a_secret_in_clear_is_neither_written_nor_shown() {
        let value = Value::list([Value::from("canary").sensitive()]);
        assert!(serde_json::to_string(&value).is_err());
        assert_eq!(format!("{value:?}"), "[(sensitive)]");
        assert_eq!(value.reveal(), Value::list(["canary".into()]));
    }

    #[test]
    fn a_null_is_not_nothing() {
        for value in [None, Some(Value::Null)] {
            let record = crate::Record::Output { name: "n".into(), value };
            let json = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<crate::Record>(&json).unwrap(), record);
        }
    }

    #[test]
    fn the_last_of_equal_keys_wins() {
        let map: Map = [("b", Value::from(1)), ("a", 2.into()), ("b", 3.into())].into_iter().collect();
        assert_eq!(map.get("b"), Some(&Value::Int(3)));
        assert_eq!(map.len(), 2);
    }
}
