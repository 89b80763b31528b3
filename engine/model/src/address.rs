//! Names of things: where in a stack a resource instance stands.
//!
//! An address is kept as its canonical text, `(module[key].)* name[key]` with `/child` for what a
//! composite expands to. One shared string per address makes it cheap to clone, to order and to
//! compare, and what is printed is what is stored. Keys are JSON strings: `pools["common"]`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A short shared string: names of inputs, resources, attributes, map keys.
pub type Name = Arc<str>;

/// The address of a resource instance.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(Arc<str>);

/// The address of an instance of a module; the root module is the empty one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModuleAddress(Arc<str>);

/// The address of a provider node: `azure`, `system.kubernetes["blue"]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderAddress(Arc<str>);

/// One step of an address: a name and, for an instance of a `for_each`, its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The name of the block.
    pub name: String,
    /// The key of the instance, where the block has `for_each`.
    pub key: Option<String>,
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address: {why}")]
pub struct BadAddress {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Address {
    /// The address of a block's instance in a module.
    pub fn new(module: &ModuleAddress, name: &str, key: Option<&str>) -> Address {
        let mut text = String::with_capacity(module.0.len() + name.len() + 1);
        if !module.0.is_empty() {
            text.push_str(&module.0);
            text.push('.');
        }
        push_segment(&mut text, name, key);
        Address(text.into())
    }

    /// The same for a name that is shared text already, which the address of most blocks then shares.
    pub fn of_block(module: &ModuleAddress, name: &Name, key: Option<&str>) -> Address {
        match key {
            None if module.is_root() => Address(name.clone()),
            _ => Address::new(module, name, key),
        }
    }

    /// The address of a part of a composite.
    pub fn child(&self, child: &str) -> Address {
        Address(format!("{}/{child}", self.0).into())
    }

    /// The first characters as a number, in whose order addresses stand where these numbers differ.
    pub fn leading(&self) -> u128 {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(self.0.bytes()) {
            *to = from;
        }
        u128::from_be_bytes(bytes)
    }

    /// Reads an address and brings it into its canonical form.
    pub fn parse(text: &str) -> Result<Address, BadAddress> {
        let (segments, child) = parse(text)?;
        let mut canonical = String::with_capacity(text.len());
        for (i, segment) in segments.iter().enumerate() {
            if i > 0 {
                canonical.push('.');
            }
            push_segment(&mut canonical, &segment.name, segment.key.as_deref());
        }
        if let Some(child) = child {
            canonical.push('/');
            canonical.push_str(child);
        }
        Ok(Address(canonical.into()))
    }

    /// Whether this is another address, or one of its instances, or stands in it.
    pub fn is_at_or_below(&self, other: &Address) -> bool {
        let rest = self.0.strip_prefix(other.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '/']))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The module instance that the resource stands in, the block's segment, and the child.
    pub fn split(&self) -> (ModuleAddress, Segment, Option<&str>) {
        // An Address is only ever made from parts or from a successful parse.
        let Ok((mut segments, child)) = parse(&self.0) else {
            return (ModuleAddress::root(), Segment { name: self.0.to_string(), key: None }, None);
        };
        let last = segments.pop().unwrap_or(Segment { name: String::new(), key: None });
        (ModuleAddress::of(&segments), last, child)
    }

    /// The composite that this is a part of.
    pub fn composite(&self) -> Option<Address> {
        let (_, _, child) = self.split();
        let child = child?;
        Some(Address(self.0[..self.0.len() - child.len() - 1].into()))
    }

    /// The address without any keys and without a child: the block, whatever the instance of its module.
    pub fn plain(&self) -> String {
        let (module, last, _) = self.split();
        let mut names: Vec<String> = module.segments().into_iter().map(|segment| segment.name).collect();
        names.push(last.name);
        names.join(".")
    }

    /// The address without the key of its last segment and without a child: the block.
    pub fn block(&self) -> Address {
        let (module, last, _) = self.split();
        Address::new(&module, &last.name, None)
    }
}

impl ModuleAddress {
    /// The stack itself.
    pub fn root() -> ModuleAddress {
        ModuleAddress("".into())
    }

    /// An instance of a module called in this one.
    pub fn join(&self, name: &str, key: Option<&str>) -> ModuleAddress {
        ModuleAddress(Address::new(self, name, key).0)
    }

    /// Whether this is the stack itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The canonical text, empty for the stack itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The steps from the stack to this module.
    pub fn segments(&self) -> Vec<Segment> {
        if self.is_root() {
            return Vec::new();
        }
        parse(&self.0).map(|(segments, _)| segments).unwrap_or_default()
    }

    fn of(segments: &[Segment]) -> ModuleAddress {
        let mut text = String::new();
        for (i, segment) in segments.iter().enumerate() {
            if i > 0 {
                text.push('.');
            }
            push_segment(&mut text, &segment.name, segment.key.as_deref());
        }
        ModuleAddress(text.into())
    }

    /// Whether a resource or module address lies inside this module instance.
    pub fn contains(&self, address: &str) -> bool {
        self.is_root()
            || address.strip_prefix(&*self.0).is_some_and(|rest| rest.starts_with('.') || rest.is_empty())
    }
}

impl ProviderAddress {
    /// The address of a provider node in a module.
    pub fn new(module: &ModuleAddress, name: &str, key: Option<&str>) -> ProviderAddress {
        ProviderAddress(Address::new(module, name, key).0)
    }

    /// Another address beside this one, for what something keeps of it.
    pub fn beside(&self, what: &str) -> ProviderAddress {
        let Ok((segments, _)) = parse(&self.0) else { return self.clone() };
        let mut text = String::with_capacity(self.0.len() + what.len() + 8);
        for (place, segment) in segments.iter().enumerate() {
            let last = place + 1 == segments.len();
            let key = match &segment.key {
                Some(key) if last => Some(format!("{key}, {what}")),
                None if last => Some(what.to_string()),
                key => key.clone(),
            };
            if place > 0 {
                text.push('.');
            }
            push_segment(&mut text, &segment.name, key.as_deref());
        }
        ProviderAddress(text.into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push_segment(text: &mut String, name: &str, key: Option<&str>) {
    text.push_str(name);
    if let Some(key) = key {
        text.push('[');
        push_json_string(text, key);
        text.push(']');
    }
}

/// Appends a JSON string literal.
pub(crate) fn push_json_string(text: &mut String, s: &str) {
    // Strings always serialise; the fallback keeps the function total.
    text.push_str(&serde_json::to_string(s).unwrap_or_default());
}

fn parse(text: &str) -> Result<(Vec<Segment>, Option<&str>), BadAddress> {
    let bad = |why| BadAddress { text: text.to_string(), why };
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['[', '.', '/']).unwrap_or(rest.len());
        let name = &rest[..end];
        if !is_name(name) {
            return Err(bad("a name is letters, digits, `_` and `-`, and starts with a letter or `_`"));
        }
        rest = &rest[end..];
        let mut key = None;
        if let Some(after) = rest.strip_prefix('[') {
            let mut keys = serde_json::Deserializer::from_str(after).into_iter::<String>();
            match keys.next() {
                Some(Ok(k)) => key = Some(k),
                _ => return Err(bad("a key is a string in double quotes")),
            }
            let used = keys.byte_offset();
            rest = after[used..].strip_prefix(']').ok_or_else(|| bad("`]` is missing after a key"))?;
        }
        segments.push(Segment { name: name.to_string(), key });
        if rest.is_empty() {
            return Ok((segments, None));
        }
        if let Some(child) = rest.strip_prefix('/') {
            if child.is_empty() {
                return Err(bad("nothing follows the `/`"));
            }
            return Ok((segments, Some(child)));
        }
        rest = rest.strip_prefix('.').ok_or_else(|| bad("`.` is missing between two names"))?;
    }
}

/// Whether a text can name a block, an input or a module.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// An address or an id as YAML reads it as text, also inside of `{ }`: quoted where that is needed.
pub fn in_yaml(text: &str) -> Cow<'_, str> {
    let first = text.chars().next().is_some_and(|c| c.is_alphabetic() || "_/.".contains(c));
    let plain = first && text.chars().all(|c| c.is_alphanumeric() || "_/.-".contains(c));
    let means_something_else = ["true", "false", "null"].iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
    match plain && !means_something_else {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("'{}'", text.replace('\'', "''"))),
    }
}

macro_rules! text_impls {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}
text_impls!(Address, ModuleAddress, ProviderAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        for text in [
            "group",
            "pools[\"common\"]",
            "system.grafana.dns",
            "a[\"x.y\"].b[\"]\\\"\"]",
            "all/apps/v1/Deployment/ns/name",
            "m[\"k\"].all[\"é\"]/v1/ConfigMap",
        ] {
            assert_eq!(Address::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_to_be_copied_into_yaml_is_quoted_where_it_must() {
        for (text, written) in [
            ("system.grafana", "system.grafana"),
            ("out/a.txt", "out/a.txt"),
            ("/subscriptions/x-1", "/subscriptions/x-1"),
            ("pools[\"it's\"]", "'pools[\"it''s\"]'"),
            ("all/v1/x y", "'all/v1/x y'"),
            ("a: b", "'a: b'"),
            ("12", "'12'"),
            (".5", "'.5'"),
            ("-x", "'-x'"),
            ("True", "'True'"),
            ("", "''"),
        ] {
            assert_eq!(in_yaml(text), written);
        }
    }

    #[test]
    fn an_address_splits_into_its_parts() {
        let address = Address::parse("m[\"k\"].n.pools[\"a\"]/v1/x").unwrap();
        let (module, last, child) = address.split();
        assert_eq!(module.as_str(), "m[\"k\"].n");
        assert_eq!(last, Segment { name: "pools".into(), key: Some("a".into()) });
        assert_eq!(child, Some("v1/x"));
        assert_eq!(address.block().as_str(), "m[\"k\"].n.pools");
        assert_eq!(address.composite().unwrap().as_str(), "m[\"k\"].n.pools[\"a\"]");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in ["", "a.", "a[", "a[x]", "a[\"x\"", "a[\"x\"]b", "a/", "1a", "a b"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_module_contains_its_own() {
        let module = ModuleAddress::root().join("m", None);
        assert!(module.contains("m.x"));
        assert!(!module.contains("mx.x"));
        assert!(!module.contains("m[\"k\"].x"));
    }
}
