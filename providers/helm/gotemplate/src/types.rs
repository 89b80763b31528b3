//! Go types as templates see them: what `typeOf` and `%T` print and what an argument is checked by.

use std::fmt;
use std::rc::Rc;

use crate::{Function, Value};

/// Go's kinds of signed integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`, 64 bits wide as on every machine Helm is built for.
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`, also called `rune`.
    Int32,
    /// `int64`
    Int64,
}

/// Go's kinds of unsigned integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UintKind {
    /// `uint`, 64 bits wide.
    Uint,
    /// `uint8`, also called `byte`.
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
}

/// Go's kinds of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatKind {
    /// `float32`
    Float32,
    /// `float64`
    Float64,
}

/// What Go's `reflect` calls the kind of a type; its text is what `kindOf` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Untyped nil.
    Invalid,
    /// `bool`
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// A float.
    Float(FloatKind),
    /// `string`
    String,
    /// A list.
    Slice,
    /// A map.
    Map,
    /// A struct.
    Struct,
    /// A pointer.
    Ptr,
    /// A function.
    Func,
    /// An interface; only of types, a value never has it.
    Interface,
}

impl Kind {
    /// The name as Go has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int(kind) => kind.name(),
            Self::Uint(kind) => kind.name(),
            Self::Float(FloatKind::Float32) => "float32",
            Self::Float(FloatKind::Float64) => "float64",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Ptr => "ptr",
            Self::Func => "func",
            Self::Interface => "interface",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl IntKind {
    /// The name as Go has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
        }
    }

    /// `n` as Go converts it to this kind: the upper bits fall off.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "that is what Go does")]
    pub fn wrap(self, n: i64) -> i64 {
        match self {
            Self::Int | Self::Int64 => n,
            Self::Int8 => i64::from(n as i8),
            Self::Int16 => i64::from(n as i16),
            Self::Int32 => i64::from(n as i32),
        }
    }
}

impl UintKind {
    /// The name as Go has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }

    /// `n` as Go converts it to this kind: the upper bits fall off.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "that is what Go does")]
    pub fn wrap(self, n: u64) -> u64 {
        match self {
            Self::Uint | Self::Uint64 => n,
            Self::Uint8 => u64::from(n as u8),
            Self::Uint16 => u64::from(n as u16),
            Self::Uint32 => u64::from(n as u32),
        }
    }
}

/// A Go type. Its text is what `%T` prints.
#[derive(Clone, PartialEq)]
pub enum Type {
    /// `interface {}`: anything.
    Any,
    /// `bool`
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// A float.
    Float(FloatKind),
    /// `string`
    String,
    /// A list of something.
    Slice(Rc<Type>),
    /// A map from strings to something. Other keys do not occur.
    Map(Rc<Type>),
    /// A type with a name over one of the types above.
    Named(Rc<Named>),
    /// The type of an [`Object`](crate::Object), by its name.
    Object(Rc<str>),
    /// The type of a function, by its text.
    Func(Rc<str>),
}

impl Type {
    /// `int`
    pub const INT: Self = Self::Int(IntKind::Int);
    /// `int64`
    pub const INT64: Self = Self::Int(IntKind::Int64);
    /// `float64`
    pub const FLOAT64: Self = Self::Float(FloatKind::Float64);

    /// The type of lists of `element`.
    #[must_use]
    pub fn slice(element: Self) -> Self {
        Self::Slice(Rc::new(element))
    }

    /// The type of maps from strings to `element`.
    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Rc::new(element))
    }

    /// `[]interface {}`
    #[must_use]
    pub fn any_slice() -> Self {
        Self::slice(Self::Any)
    }

    /// `map[string]interface {}`
    #[must_use]
    pub fn any_map() -> Self {
        Self::map(Self::Any)
    }

    /// A type with a name, such as `chartutil.Values` over `map[string]interface {}`.
    #[must_use]
    pub fn named(name: &str, underlying: Self) -> Self {
        Self::Named(Rc::new(Named { name: name.to_owned(), underlying, methods: None }))
    }

    /// As [`named`](Self::named), with methods: `find` answers for a receiver and a name.
    #[must_use]
    pub fn with_methods(
        name: &str,
        underlying: Self,
        find: impl Fn(&Value, &str) -> Option<Function> + 'static,
    ) -> Self {
        Self::Named(Rc::new(Named { name: name.to_owned(), underlying, methods: Some(Rc::new(find)) }))
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Any => Kind::Interface,
            Self::Bool => Kind::Bool,
            Self::Int(kind) => Kind::Int(*kind),
            Self::Uint(kind) => Kind::Uint(*kind),
            Self::Float(kind) => Kind::Float(*kind),
            Self::String => Kind::String,
            Self::Slice(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Named(named) => named.underlying.kind(),
            Self::Object(name) if name.starts_with('*') => Kind::Ptr,
            Self::Object(_) => Kind::Struct,
            Self::Func(_) => Kind::Func,
        }
    }

    /// The type below a name.
    #[must_use]
    pub fn underlying(&self) -> &Self {
        match self {
            Self::Named(named) => named.underlying.underlying(),
            other => other,
        }
    }

    /// What the elements of a list or the values of a map are; anything for other types.
    #[must_use]
    pub fn element(&self) -> &Self {
        match self.underlying() {
            Self::Slice(element) | Self::Map(element) => element,
            _ => &Self::Any,
        }
    }

    /// May nil stand for a value of this type?
    #[must_use]
    pub fn can_be_nil(&self) -> bool {
        matches!(self.kind(), Kind::Interface | Kind::Slice | Kind::Map | Kind::Ptr | Kind::Func)
    }

    /// May a value of this type be given where `target` is wanted, without a conversion?
    #[must_use]
    pub fn assignable_to(&self, target: &Self) -> bool {
        if matches!(target, Self::Any) || self == target {
            return true;
        }
        let one_has_no_name =
            matches!(self, Self::Slice(_) | Self::Map(_)) || matches!(target, Self::Slice(_) | Self::Map(_));
        one_has_no_name && self.underlying() == target.underlying()
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("interface {}"),
            Self::Bool | Self::Int(_) | Self::Uint(_) | Self::Float(_) | Self::String => {
                f.write_str(self.kind().name())
            }
            Self::Slice(element) => write!(f, "[]{element}"),
            Self::Map(element) => write!(f, "map[string]{element}"),
            Self::Named(named) => f.write_str(&named.name),
            Self::Object(name) | Self::Func(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A type with a name of its own.
pub struct Named {
    name: String,
    underlying: Type,
    methods: Option<Rc<Methods>>,
}

type Methods = dyn Fn(&Value, &str) -> Option<Function>;

impl Named {
    /// The method of this name, bound to its receiver.
    #[must_use]
    pub fn method(&self, receiver: &Value, name: &str) -> Option<Function> {
        self.methods.as_ref().and_then(|find| find(receiver, name))
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.underlying == other.underlying
    }
}
