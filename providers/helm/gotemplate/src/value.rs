//! Values as a template of Go sees them.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use crate::{FloatKind, Function, IntKind, Kind, List, Map, Object, Str, Type, UintKind};

/// A value of Go. Cloning is cheap; lists, maps and objects are shared, as in Go.
#[derive(Clone, Default)]
pub enum Value {
    /// Untyped nil.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// A signed integer and which one.
    Int(IntKind, i64),
    /// An unsigned integer and which one.
    Uint(UintKind, u64),
    /// A float and which one; a `float32` holds a value that fits into one.
    Float(FloatKind, f64),
    /// `string`
    Str(Str),
    /// `[]uint8`, which Go also calls `[]byte`.
    Bytes(Str),
    /// Any other list.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A function, for `call`.
    Func(Function),
    /// A struct, a pointer or a named scalar of the host.
    Object(Rc<dyn Object>),
}

impl Value {
    /// An `int`.
    #[must_use]
    pub fn int(n: i64) -> Self {
        Self::Int(IntKind::Int, n)
    }

    /// An `int64`.
    #[must_use]
    pub fn int64(n: i64) -> Self {
        Self::Int(IntKind::Int64, n)
    }

    /// A `float64`.
    #[must_use]
    pub fn float(x: f64) -> Self {
        Self::Float(FloatKind::Float64, x)
    }

    /// A `string`.
    #[must_use]
    pub fn str(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// A `[]interface {}`.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items))
    }

    /// A `[]string`.
    #[must_use]
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::List(List::of(Type::String, items.into_iter().map(|item| Self::Str(item.into())).collect()))
    }

    /// Something of the host.
    #[must_use]
    pub fn object(object: impl Object) -> Self {
        Self::Object(Rc::new(object))
    }

    /// Is it untyped nil?
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The kind, which `kindOf` prints. A named scalar has the kind of what is below.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(kind, _) => Kind::Int(*kind),
            Self::Uint(kind, _) => Kind::Uint(*kind),
            Self::Float(kind, _) => Kind::Float(*kind),
            Self::Str(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Func(_) => Kind::Func,
            Self::Object(object) => object.kind(),
        }
    }

    /// The type; nothing of untyped nil.
    #[must_use]
    pub fn get_type(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(kind, _) => Type::Int(*kind),
            Self::Uint(kind, _) => Type::Uint(*kind),
            Self::Float(kind, _) => Type::Float(*kind),
            Self::Str(_) => Type::String,
            Self::Bytes(_) => Type::slice(Type::Uint(UintKind::Uint8)),
            Self::List(list) => list.get_type().clone(),
            Self::Map(map) => map.get_type().clone(),
            Self::Func(function) => Type::Func(function.describe().into()),
            Self::Object(object) => Type::Object(object.type_name().into()),
        })
    }

    /// The text of the type as `%T` and `typeOf` print it: `<nil>` of untyped nil.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.get_type().map_or_else(|| "<nil>".to_owned(), |ty| ty.to_string())
    }

    /// What `if` makes of it: false of nil, zero and what is empty. A struct is always true.
    #[must_use]
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(b) => *b,
            Self::Int(_, n) => *n != 0,
            Self::Uint(_, n) => *n != 0,
            Self::Float(_, x) => *x != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Func(_) => true,
            Self::Object(object) => match object.underlying() {
                Some(below) => below.truth(),
                None => !object.is_nil(),
            },
        }
    }

    /// The zero of a type, which is nil of an interface.
    #[must_use]
    pub fn zero(ty: &Type) -> Self {
        match ty.underlying() {
            Type::Bool => Self::Bool(false),
            Type::Int(kind) => Self::Int(*kind, 0),
            Type::Uint(kind) => Self::Uint(*kind, 0),
            Type::Float(kind) => Self::Float(*kind, 0.0),
            Type::String => Self::Str(Str::default()),
            Type::Slice(element) if **element == Type::Uint(UintKind::Uint8) => Self::Bytes(Str::default()),
            Type::Slice(_) => Self::List(List::nil(ty.clone())),
            Type::Map(_) => Self::Map(Map::nil(ty.clone())),
            Type::Any | Type::Named(_) | Type::Object(_) | Type::Func(_) => Self::Nil,
        }
    }

    /// A named scalar as what is below its name; anything else as it is.
    #[must_use]
    pub fn below(&self) -> Self {
        match self {
            Self::Object(object) => object.underlying().unwrap_or_else(|| self.clone()),
            other => other.clone(),
        }
    }

    /// The bytes of a `string`.
    #[must_use]
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The elements of a list of any type, bytes included.
    #[must_use]
    pub fn elements(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(list) => Some(list.items()),
            Self::Bytes(bytes) => {
                Some(bytes.iter().map(|b| Self::Uint(UintKind::Uint8, u64::from(*b))).collect())
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match crate::fmt::sprintf(b"%#v", std::slice::from_ref(self)) {
            Ok(text) => f.write_str(&text.lossy()),
            Err(_) => f.write_str("(a value too deep or too large to print)"),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Str(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::Str(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Function> for Value {
    fn from(function: Function) -> Self {
        Self::Func(function)
    }
}
