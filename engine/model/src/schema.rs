//! What is known about types, as data: their attributes and how these compare.
//!
//! The planner, the checks, the documentation and the editor's schema all read these tables. The
//! field names are the ones of the type-file format (`providers/api` loads and checks it), so that a
//! type written as a file and one written in Rust say the same things in the same words.
//!
//! Predicates and templates are expression sources (without braces) over `self` (the planned
//! attributes), `old` and `new` (the values of the attribute before and after) and, in what a list or
//! map holds, `item` (the item around the attribute).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::Name;
use crate::path::{Path, Seg};
use crate::value::{Type, Value};

/// Everything that the providers of a run know.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// Resource types by name.
    pub types: BTreeMap<Name, Arc<TypeSchema>>,
    /// Provider types by name.
    pub providers: BTreeMap<Name, Arc<ProviderSchema>>,
}

/// A type of provider: what its nodes are configured with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSchema {
    /// The name: the first part of the names of its types.
    pub name: Name,
    /// One sentence for the reference.
    #[serde(default)]
    pub description: String,
    /// What a node may be configured with.
    #[serde(default)]
    pub attributes: BTreeMap<Name, Attribute>,
    /// How many calls may run at once.
    #[serde(default = "default_concurrency")]
    pub concurrency: usize,
}

fn default_concurrency() -> usize {
    16
}

/// A resource type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeSchema {
    /// `provider.type`.
    pub name: Name,
    /// The version of the attributes; rows of an older one are upgraded when they are read.
    #[serde(default = "one")]
    pub version: u32,
    /// One sentence for the reference.
    #[serde(default)]
    pub description: String,
    /// The attributes at the top. Free-form types have one attribute of type `any`.
    #[serde(default)]
    pub attributes: BTreeMap<Name, Attribute>,
    /// What must hold for the attributes together, or for what no attribute can say by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<TypeCheck>,
    /// Whether reality is asked at all.
    #[serde(default)]
    pub refresh: Refresh,
    /// The collection that lists this resource among others, as an expression over `self`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The natural key, as an expression over `self`: with one, an object can be found whose id
    /// never arrived. Without one only the service knows the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Attributes that hold a reference to what this lives in: deleted before it, made after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Path>,
    /// Calls with the same answer never overlap, as an expression over `self`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialise: Option<String>,
    /// Marks that this publishes, as expressions over `self`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    /// Marks that this waits for where something publishes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// Whether one block is many resources, see `Provider::expand`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub composite: bool,
    /// Whether the provider can preview an update.
    #[serde(default, skip_serializing_if = "is_false")]
    pub preview: bool,
    /// The order of a replacement where the configuration says nothing.
    #[serde(default)]
    pub replace: ReplaceOrder,
    /// Whether one is always there, as a part of what it lives in: it is taken over instead of made,
    /// and put back to what it starts as instead of deleted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub always: bool,
    /// Why deleting one loses data; shown before it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_data: Option<String>,
    /// How a rotation is made, where a change of an attribute is made by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<Rotate>,
    /// What can be done with one besides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<Name, ActionSchema>,
    /// How long each operation takes at the most, in seconds, where the configuration is silent.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How long each operation usually takes, in seconds, where nothing was learned yet.
    #[serde(default)]
    pub usual: Timeouts,
    /// How rows of older versions become rows of this one: for each step, attribute renames.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upgrades: Vec<Upgrade>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(b: &bool) -> bool {
    !b
}

/// What must hold for the attributes, as far as it can be told before apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeCheck {
    /// The expression over `self`.
    pub that: String,
    /// What to tell the user where it does not hold.
    pub message: String,
    /// The attribute that is wrong then.
    pub at: Path,
}

/// Whether reality is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// Read before each plan.
    #[default]
    Read,
    /// Nothing outside the state can change it: refreshed is previous.
    None,
}

/// Which comes first when an object is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// The old object goes before the new one comes.
    #[default]
    DeleteFirst,
    /// The new object is there, and all who use it have moved, before the old one goes.
    CreateFirst,
    /// The planner expands it into several steps from the type's data.
    Rotate,
}

/// How a rotation is made; the steps come from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// What the temporary object differs in: paths and expressions over `self`.
    pub temporary: BTreeMap<String, String>,
    /// The action that moves what runs on an object elsewhere: invoked on the old object and on the
    /// temporary one before they are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Name>,
}

/// What can be done with an object besides making, changing and deleting it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionSchema {
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// What it is called with: expressions over `self`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<Name, String>,
    /// When there is anything to do, as an expression over `self`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Whether doing it twice is as good as once: then a call that went unanswered is made again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub idempotent: bool,
    /// How long it takes at the most, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// How long it usually takes, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<u64>,
}

/// Seconds for each operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// To create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<u64>,
    /// To read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// To update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<u64>,
    /// To delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<u64>,
}

/// One step from a version of a type to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upgrade {
    /// The version that it starts from.
    pub from: u32,
    /// Old path to new path.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Anything, free-form: null is data in it.
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
    /// A list of `items`.
    List,
    /// A map of any keys to `items`.
    Map,
    /// A map of the keys in `attributes`.
    Object,
}

/// A form that values are brought into before they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normal {
    /// `West Europe` is `westeurope`.
    AzureLocation,
    /// Azure resource ids: case does not count.
    AzureId,
    /// A network: host bits do not count.
    Cidr,
    /// `1h` is `60m` is `3600s`, and ISO 8601 durations.
    Duration,
    /// JSON in a string: layout and order of keys do not count.
    Json,
    /// YAML in a string, likewise.
    Yaml,
    /// A path of a file: `./x` is `x` is `a/../x`.
    FilePath,
    /// Words with commas between them, in any order: `B,A` is `A, B`.
    Words,
}

/// When an attribute of a living object cannot be changed, and what a change means then. Where an
/// attribute has several of these, the first that holds decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Immutable {
    /// Never.
    Always,
    /// When this expression over `old, new, self` holds.
    When(String),
    /// Never, and a new object takes the place of the old one by a rotation.
    Rotate,
    /// The same, when this expression holds.
    RotateWhen(String),
    /// When it holds, the change is refused, with this message: a one-way door.
    Refused {
        /// The expression over `old, new, self`.
        when: String,
        /// What to tell the user.
        message: String,
    },
}

/// An attribute, or an item of one: what it holds and how it compares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attribute {
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// One sentence for the reference.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Must be given.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// The provider decides it; it cannot be given unless it is also `optional`.
    #[serde(skip_serializing_if = "is_false")]
    pub computed: bool,
    /// Computed, but may be given too.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// What aurak fills in where nothing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The service fills it in: absent in the configuration, it is not ours and never drifts.
    #[serde(skip_serializing_if = "is_false")]
    pub server_default: bool,
    /// The value that the service leaves out of its answers: asked for and not there, it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<Value>,
    /// Must not be shown.
    #[serde(skip_serializing_if = "is_false")]
    pub sensitive: bool,
    /// Must not be shown while this expression over `self` holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitive_when: Option<String>,
    /// May not hold a sensitive value, because it ends up where others see it, such as in the
    /// arguments of a process.
    #[serde(skip_serializing_if = "is_false")]
    pub no_secrets: bool,
    /// Never comes back from the service: compared by keyed digest with what was sent.
    #[serde(skip_serializing_if = "is_false")]
    pub write_only: bool,
    /// An output that is read on use and never stored.
    #[serde(skip_serializing_if = "is_false")]
    pub volatile: bool,
    /// Whether a change needs a new object, or is refused: one rule, or a list of them.
    #[serde(with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    pub immutable: Vec<Immutable>,
    /// Computed again when one of these changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes_with: Vec<Path>,
    /// Case does not count: of text, or of the keys of a map.
    #[serde(skip_serializing_if = "is_false")]
    pub case_insensitive: bool,
    /// A list whose order does not count.
    #[serde(skip_serializing_if = "is_false")]
    pub set: bool,
    /// A list of objects told apart by this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyed_by: Option<Name>,
    /// A list or map where what is there and not ours stays.
    #[serde(skip_serializing_if = "is_false")]
    pub additive: bool,
    /// While this expression over `old, new, self` holds, somebody else owns the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yields_when: Option<String>,
    /// The form for comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal: Option<Normal>,
    /// The texts that are allowed.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Name>,
    /// A regular expression that text must match whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// A text that matches, for messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Name>,
    /// The least number, or length of text or list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// The greatest number, or length of text or list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// What a list or map holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Attribute>>,
    /// What an object holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<Name, Attribute>,
    /// An object that may hold more than is listed.
    #[serde(skip_serializing_if = "is_false")]
    pub open: bool,
}

/// One rule, or a list of them.
mod one_or_more {
    use serde::de::value::{MapAccessDeserializer, StrDeserializer};
    use serde::de::{MapAccess, SeqAccess, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Immutable;

    pub(super) fn serialize<S: Serializer>(rules: &[Immutable], serializer: S) -> Result<S::Ok, S::Error> {
        match rules {
            [rule] => rule.serialize(serializer),
            rules => rules.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Immutable>, D::Error> {
        d.deserialize_any(Rules)
    }

    struct Rules;

    impl<'de> Visitor<'de> for Rules {
        type Value = Vec<Immutable>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a rule or a list of rules")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Immutable::deserialize(StrDeserializer::new(text)).map(|rule| vec![rule])
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Immutable::deserialize(MapAccessDeserializer::new(map)).map(|rule| vec![rule])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut rules = Vec::new();
            while let Some(rule) = list.next_element()? {
                rules.push(rule);
            }
            Ok(rules)
        }
    }
}

impl Immutable {
    /// When it holds; none for always.
    pub fn when(&self) -> Option<&str> {
        match self {
            Immutable::Always | Immutable::Rotate => None,
            Immutable::When(when) | Immutable::RotateWhen(when) | Immutable::Refused { when, .. } => {
                Some(when)
            }
        }
    }
}

impl Attribute {
    /// An attribute of a kind.
    pub fn of(kind: Kind) -> Attribute {
        Attribute { kind, ..Attribute::default() }
    }

    /// What is known about a part; `None` below free-form data or what is not listed.
    pub fn below(&self, seg: &Seg) -> Option<&Attribute> {
        match (self.kind, seg) {
            (Kind::Object, Seg::Key(key)) => self.attributes.get(key),
            (Kind::Map, Seg::Key(_) | Seg::Any) | (Kind::List, Seg::Index(_) | Seg::Any) => {
                self.items.as_deref()
            }
            _ => None,
        }
    }

    /// The type of its values, for unknown ones.
    pub fn value_type(&self) -> Type {
        match self.kind {
            Kind::Any => Type::Any,
            Kind::Boolean => Type::Boolean,
            Kind::Integer => Type::Integer,
            Kind::Number => Type::Number,
            Kind::String => Type::String,
            Kind::List => Type::List,
            Kind::Map | Kind::Object => Type::Map,
        }
    }
}

impl TypeSchema {
    /// A type without attributes.
    pub fn new(name: &str) -> TypeSchema {
        TypeSchema {
            name: name.into(),
            version: 1,
            description: String::new(),
            attributes: BTreeMap::new(),
            checks: Vec::new(),
            refresh: Refresh::Read,
            collection: None,
            key: None,
            within: Vec::new(),
            serialise: None,
            provides: Vec::new(),
            requires: Vec::new(),
            composite: false,
            preview: false,
            replace: ReplaceOrder::DeleteFirst,
            always: false,
            holds_data: None,
            rotate: None,
            actions: BTreeMap::new(),
            timeouts: Timeouts::default(),
            usual: Timeouts::default(),
            upgrades: Vec::new(),
        }
    }

    /// What is known about the attribute at a path.
    pub fn attribute(&self, path: &Path) -> Option<&Attribute> {
        let (first, rest) = path.0.split_first()?;
        let Seg::Key(name) = first else { return None };
        let mut attribute = self.attributes.get(name)?;
        for seg in rest {
            attribute = attribute.below(seg)?;
        }
        Some(attribute)
    }

    /// The type of the provider that makes it: the first part of the name.
    pub fn provider(&self) -> &str {
        provider_of(&self.name)
    }
}

/// The provider's part of a type's name.
pub fn provider_of(type_name: &str) -> &str {
    type_name.split('.').next().unwrap_or(type_name)
}
