//! Trees to values: aliases, merge keys, duplicates, and keys of JSON.
//!
//! It goes in Go's two steps: a tree becomes maps whose keys may be anything ([`Decoded`]), and those
//! become objects whose keys are strings. Two keys that become the same string are an accident of
//! memory in Go; here the later one in the text wins.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::Error;
use crate::limits::Limits;
use crate::number::{format_general_narrow, yaml_name};
use crate::read::{Document, Node, NodeId, NodeKind};
use crate::resolve::{Resolved, resolve};
use crate::syntax::go_syntax;
use crate::value::{Value, replace_invalid};

/// A value whose maps have keys of any type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decoded {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// A string of Go, which `!!binary` may fill with any bytes.
    Text(Vec<u8>),
    List(Vec<Decoded>),
    Map(Box<AnyMap>),
}

/// What makes two keys the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Identity {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    Text(Vec<u8>),
}

impl Decoded {
    /// Nothing if a key of it is no other key, not even itself.
    fn identity(&self) -> Option<Identity> {
        match self {
            Decoded::Null => Some(Identity::Null),
            Decoded::Bool(value) => Some(Identity::Bool(*value)),
            Decoded::Int(value) => Some(Identity::Int(*value)),
            Decoded::Uint(value) => Some(Identity::Uint(*value)),
            // Both zeros are one key.
            Decoded::Float(value) if *value == 0.0 => Some(Identity::Float(0)),
            Decoded::Float(value) if value.is_nan() => None,
            Decoded::Float(value) => Some(Identity::Float(value.to_bits())),
            Decoded::Text(bytes) => Some(Identity::Text(bytes.clone())),
            Decoded::List(_) | Decoded::Map(_) => None,
        }
    }

    /// The order in which `fmt` shows keys: those of one type by their value, and the types by where they
    /// lie in memory, which is the same in most programs.
    pub(crate) fn order(&self, other: &Decoded) -> Ordering {
        let place = |key: &Decoded| match key {
            Decoded::Null => 0,
            Decoded::Text(_) => 1,
            Decoded::Uint(_) => 2,
            Decoded::Int(_) => 3,
            Decoded::Float(_) => 4,
            Decoded::Bool(_) => 5,
            Decoded::List(_) | Decoded::Map(_) => 6,
        };
        place(self).cmp(&place(other)).then_with(|| match (self, other) {
            (Decoded::Text(a), Decoded::Text(b)) => a.cmp(b),
            (Decoded::Uint(a), Decoded::Uint(b)) => a.cmp(b),
            (Decoded::Int(a), Decoded::Int(b)) => a.cmp(b),
            (Decoded::Float(a), Decoded::Float(b)) => {
                a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
            }
            (Decoded::Bool(a), Decoded::Bool(b)) => a.cmp(b),
            _ => Ordering::Equal,
        })
    }
}

/// A map in the order in which its keys came.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct AnyMap {
    entries: Vec<(Decoded, Decoded)>,
    places: HashMap<Identity, usize>,
}

impl AnyMap {
    pub(crate) fn entries(&self) -> &[(Decoded, Decoded)] {
        &self.entries
    }

    fn has(&self, key: &Decoded) -> bool {
        key.identity().is_some_and(|identity| self.places.contains_key(&identity))
    }

    fn set(&mut self, key: Decoded, value: Decoded) {
        let place = self.entries.len();
        let known = match key.identity() {
            Some(identity) => *self.places.entry(identity).or_insert(place),
            None => place,
        };
        match self.entries.get_mut(known) {
            Some(entry) => *entry = (key, value),
            None => self.entries.push((key, value)),
        }
    }
}

impl Document {
    /// The value of the document, with whole numbers kept.
    ///
    /// # Errors
    ///
    /// If a scalar does not fit its tag, if a key cannot be one of JSON, if an alias stands in what it
    /// names, or if there is more than the limits allow; when `strict`, if a key stands twice in a map.
    pub fn value(&self, strict: bool, limits: &Limits) -> Result<Value, Error> {
        objects(self.decode(strict, limits)?)
    }

    fn decode(&self, strict: bool, limits: &Limits) -> Result<Decoded, Error> {
        let mut decoder = Decoder {
            document: self,
            limits,
            strict,
            duplicates: Vec::new(),
            within: HashSet::new(),
            // Go counts the document as well.
            nodes: 1,
            by_alias: 0,
            bytes: 0,
        };
        let decoded = decoder.node(self.root(), 0)?;
        if decoder.duplicates.is_empty() { Ok(decoded) } else { Err(Error::Duplicates(decoder.duplicates)) }
    }
}

struct Decoder<'a> {
    document: &'a Document,
    limits: &'a Limits,
    strict: bool,
    duplicates: Vec<String>,
    /// The aliases that are being expanded.
    within: HashSet<NodeId>,
    nodes: usize,
    by_alias: usize,
    bytes: usize,
}

impl Decoder<'_> {
    fn node(&mut self, id: NodeId, depth: usize) -> Result<Decoded, Error> {
        self.count()?;
        let document = self.document;
        let node = document.node(id);
        match &node.kind {
            NodeKind::Scalar { text, implicit, .. } => self.scalar(node, text, *implicit),
            NodeKind::Alias { name, target } => self.alias(id, name, *target, depth),
            NodeKind::Sequence { items, .. } => self.list(items, depth + 1),
            NodeKind::Mapping { pairs, .. } => self.map(pairs, depth),
        }
    }

    // One function for each kind keeps what recurses small on the stack.

    fn alias(&mut self, id: NodeId, name: &str, target: NodeId, depth: usize) -> Result<Decoded, Error> {
        self.enter_alias(id, name)?;
        let value = self.node(target, depth)?;
        self.within.remove(&id);
        Ok(value)
    }

    fn list(&mut self, items: &[NodeId], depth: usize) -> Result<Decoded, Error> {
        self.limits.check_depth(depth)?;
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            list.push(self.node(*item, depth)?);
        }
        Ok(Decoded::List(list))
    }

    fn map(&mut self, pairs: &[(NodeId, NodeId)], depth: usize) -> Result<Decoded, Error> {
        let mut map = Box::default();
        self.mapping(pairs, &mut map, depth)?;
        Ok(Decoded::Map(map))
    }

    fn enter_alias(&mut self, id: NodeId, name: &str) -> Result<(), Error> {
        if self.within.insert(id) {
            Ok(())
        } else {
            Err(Error::Decode(format!("anchor '{name}' value contains itself")))
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, implicit: bool) -> Result<Decoded, Error> {
        self.bytes += text.len();
        self.limits.check_expanded(self.bytes)?;
        Ok(match resolve(node.tag.as_deref(), text, implicit)? {
            Resolved::Null => Decoded::Null,
            Resolved::Bool(value) => Decoded::Bool(value),
            Resolved::Int(value) => Decoded::Int(value),
            Resolved::Uint(value) => Decoded::Uint(value),
            Resolved::Float(value) => Decoded::Float(value),
            Resolved::Text(text) => Decoded::Text(text.into_bytes()),
            Resolved::Binary(bytes) => Decoded::Text(bytes),
        })
    }

    /// Go allows many aliases in small texts and few in large ones.
    fn count(&mut self) -> Result<(), Error> {
        self.nodes += 1;
        if !self.within.is_empty() {
            self.by_alias += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "as in Go")]
        let ratio = self.by_alias as f64 / self.nodes as f64;
        if self.by_alias > 100 && self.nodes > 1000 && ratio > allowed_ratio(self.nodes) {
            return Err(Error::Decode("document contains excessive aliasing".to_owned()));
        }
        self.limits.check_nodes(self.nodes)?;
        Ok(())
    }

    fn mapping(&mut self, pairs: &[(NodeId, NodeId)], map: &mut AnyMap, depth: usize) -> Result<(), Error> {
        self.limits.check_depth(depth + 1)?;
        for (key, value) in pairs {
            if self.is_merge(*key) {
                self.merge(*value, map, depth + 1)?;
            } else {
                let decoded = self.key(*key, depth + 1)?;
                let item = self.node(*value, depth + 1)?;
                self.set(map, decoded, item, *value);
            }
        }
        Ok(())
    }

    fn key(&mut self, id: NodeId, depth: usize) -> Result<Decoded, Error> {
        let key = self.node(id, depth)?;
        if matches!(key, Decoded::List(_) | Decoded::Map(_)) {
            return Err(Error::Decode(format!("invalid map key: {}", go_syntax(&key))));
        }
        Ok(key)
    }

    fn set(&mut self, map: &mut AnyMap, key: Decoded, value: Decoded, id: NodeId) {
        if self.strict && map.has(&key) {
            let line = self.document.node(id).span.start.line;
            self.duplicates.push(format!("line {line}: key {} already set in map", go_syntax(&key)));
        } else {
            map.set(key, value);
        }
    }

    fn is_merge(&self, id: NodeId) -> bool {
        let node = self.document.node(id);
        match &node.kind {
            NodeKind::Scalar { text, implicit, .. } => {
                text == "<<" && (*implicit || node.tag.as_deref() == Some("tag:yaml.org,2002:merge"))
            }
            NodeKind::Sequence { .. } | NodeKind::Mapping { .. } | NodeKind::Alias { .. } => false,
        }
    }

    /// Puts the pairs of other maps into this one, where they replace what came before them.
    fn merge(&mut self, id: NodeId, map: &mut AnyMap, depth: usize) -> Result<(), Error> {
        match &self.document.node(id).kind {
            NodeKind::Sequence { items, .. } => {
                // From the last, so that the first one has its way.
                for item in items.iter().rev() {
                    self.merge_map(*item, map, depth)?;
                }
                Ok(())
            }
            NodeKind::Scalar { .. } | NodeKind::Mapping { .. } | NodeKind::Alias { .. } => {
                self.merge_map(id, map, depth)
            }
        }
    }

    fn merge_map(&mut self, id: NodeId, map: &mut AnyMap, depth: usize) -> Result<(), Error> {
        let document = self.document;
        match &document.node(id).kind {
            NodeKind::Mapping { pairs, .. } => {
                self.count()?;
                self.mapping(pairs, map, depth)
            }
            NodeKind::Alias { name, target } => {
                let NodeKind::Mapping { pairs, .. } = &document.node(*target).kind else {
                    return Err(no_map());
                };
                self.count()?;
                self.enter_alias(id, name)?;
                self.count()?;
                self.mapping(pairs, map, depth)?;
                self.within.remove(&id);
                Ok(())
            }
            NodeKind::Scalar { .. } | NodeKind::Sequence { .. } => Err(no_map()),
        }
    }
}

fn no_map() -> Error {
    Error::Decode("map merge requires map or sequence of maps as the value".to_owned())
}

/// Which part of the nodes may come from aliases: from 99 % in small texts down to 10 % in large ones.
fn allowed_ratio(nodes: usize) -> f64 {
    const SMALL: f64 = 400_000.0;
    const LARGE: f64 = 4_000_000.0;
    #[expect(clippy::cast_precision_loss, reason = "as in Go")]
    let nodes = nodes as f64;
    if nodes <= SMALL {
        0.99
    } else if nodes >= LARGE {
        0.10
    } else {
        0.99 - 0.89 * ((nodes - SMALL) / (LARGE - SMALL))
    }
}

/// Makes all keys strings.
fn objects(decoded: Decoded) -> Result<Value, Error> {
    Ok(match decoded {
        Decoded::Null => Value::Null,
        Decoded::Bool(value) => Value::Bool(value),
        Decoded::Int(value) => Value::Int(value),
        Decoded::Uint(value) => Value::Uint(value),
        Decoded::Float(value) => Value::Float(value),
        Decoded::Text(bytes) => Value::String(text(bytes)),
        Decoded::List(items) => Value::List(items.into_iter().map(objects).collect::<Result<_, _>>()?),
        Decoded::Map(map) => Value::Map(object(*map)?),
    })
}

fn object(map: AnyMap) -> Result<BTreeMap<String, Value>, Error> {
    let mut object = BTreeMap::new();
    for (key, value) in map.entries {
        let key = name(key, &value)?;
        object.insert(key, objects(value)?);
    }
    Ok(object)
}

fn name(key: Decoded, value: &Decoded) -> Result<String, Error> {
    Ok(match key {
        Decoded::Text(bytes) => text(bytes),
        Decoded::Int(value) => value.to_string(),
        Decoded::Float(value) => yaml_name(format_general_narrow(value)),
        Decoded::Bool(value) => value.to_string(),
        Decoded::Null | Decoded::Uint(_) | Decoded::List(_) | Decoded::Map(_) => {
            return Err(bad_key(&key, value));
        }
    })
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| replace_invalid(error.as_bytes()))
}

fn bad_key(key: &Decoded, value: &Decoded) -> Error {
    // The type of nothing is nothing, which the verb `%s` has no words for.
    let kind = if *key == Decoded::Null { "%!s(<nil>)" } else { "uint64" };
    let key = go_syntax(key);
    let value = go_syntax(value);
    Error::Key(format!("unsupported map key of type: {kind}, key: {key}, value: {value}"))
}
