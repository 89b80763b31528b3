//! A version as a template has it: `*semver.Version`, or `semver.Version` from the methods that give one.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use aurak_gotemplate::{Error, Field, Function, Kind, Object, Str, Type, UintKind, Value};

use super::{Version, VersionError};
use crate::table::{B, I, S};

/// The value that holds a version.
pub(crate) struct VersionObject {
    version: Version,
    pointer: bool,
}

impl VersionObject {
    pub(crate) fn new(version: Version, pointer: bool) -> Self {
        Self { version, pointer }
    }

    /// A version of which nothing is known.
    pub(crate) fn zero() -> Value {
        let none = String::new;
        let version =
            Version { major: 0, minor: 0, patch: 0, pre: none(), metadata: none(), original: none() };
        Value::object(Self { version, pointer: true })
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }
}

const U64: Type = Type::Uint(UintKind::Uint64);

fn type_of(pointer: bool) -> Type {
    Type::Object(if pointer { "*semver.Version" } else { "semver.Version" }.into())
}

fn made(version: Version) -> Value {
    Value::object(VersionObject::new(version, false))
}

/// The version an argument holds; of a nil pointer nothing.
fn given(value: Option<&Value>) -> Result<Version, Error> {
    let object = match value {
        Some(Value::Object(object)) => object.as_any().downcast_ref::<VersionObject>(),
        _ => None,
    };
    object.map(|object| object.version.clone()).ok_or_else(crate::table::nil_pointer)
}

fn words(error: &VersionError) -> Error {
    Error::new(error.to_string())
}

impl Object for VersionObject {
    fn type_name(&self) -> &str {
        if self.pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        if self.pointer { Kind::Ptr } else { Kind::Struct }
    }

    fn text(&self) -> Option<Str> {
        Some(self.version.to_string().into())
    }

    fn field(&self, name: &str) -> Field {
        match name {
            "major" | "minor" | "patch" | "pre" | "metadata" | "original" => Field::Unexported,
            _ => Field::Missing,
        }
    }

    fn fields(&self) -> Vec<(String, Value)> {
        let version = &self.version;
        let number = |n: u64| Value::Uint(UintKind::Uint64, n);
        [
            ("major", number(version.major)),
            ("minor", number(version.minor)),
            ("patch", number(version.patch)),
            ("pre", version.pre.as_str().into()),
            ("metadata", version.metadata.as_str().into()),
            ("original", version.original.as_str().into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    fn equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.version == other.version && self.pointer == other.pointer)
    }

    fn method(self: Rc<Self>, name: &str) -> Option<Function> {
        // Those of the pointer are not found on a copy that has no place.
        let on_pointer = matches!(
            name,
            "Original"
                | "Compare"
                | "Equal"
                | "LessThan"
                | "LessThanEqual"
                | "GreaterThan"
                | "GreaterThanEqual"
        );
        if on_pointer && !self.pointer {
            return None;
        }
        let version = self.version.clone();
        let number =
            |n: u64| Function::new([], move |_, _| Ok(Value::Uint(UintKind::Uint64, n))).returning(U64);
        let text = |text: String| Function::new([], move |_, _| Ok(Value::str(text.as_str()))).returning(S);
        let compared = |test: fn(Ordering) -> bool| {
            let version = version.clone();
            Function::new([type_of(true)], move |_, a| Ok(test(version.compare(&given(a.first())?)).into()))
                .returning(B)
        };
        let next = |next: Option<Version>, what: &'static str| {
            Function::new([], move |_, _| {
                let overflow = || Error::new(format!("{what} version increment would overflow uint64"));
                next.clone().map(made).ok_or_else(overflow)
            })
            .returning(type_of(false))
        };
        Some(match name {
            "Major" => number(version.major),
            "Minor" => number(version.minor),
            "Patch" => number(version.patch),
            "Prerelease" => text(version.pre),
            "Metadata" => text(version.metadata),
            "Original" => text(version.original),
            "String" => text(version.to_string()),
            "LessThan" => compared(Ordering::is_lt),
            "LessThanEqual" => compared(Ordering::is_le),
            "GreaterThan" => compared(Ordering::is_gt),
            "GreaterThanEqual" => compared(Ordering::is_ge),
            "Equal" => compared(Ordering::is_eq),
            "Compare" => Function::new([type_of(true)], move |_, a| {
                Ok(Value::int(version.compare(&given(a.first())?) as i64))
            })
            .returning(I),
            "IncMajor" => next(version.next_major(), "major"),
            "IncMinor" => next(version.next_minor(), "minor"),
            "IncPatch" => next(version.next_patch(), "patch"),
            "SetPrerelease" => Function::new([S], move |_, a| {
                version.with_prerelease(&a.text(0)).map(made).map_err(|error| words(&error))
            })
            .returning(type_of(false)),
            "SetMetadata" => Function::new([S], move |_, a| {
                version.with_metadata(&a.text(0)).map(made).map_err(|error| words(&error))
            })
            .returning(type_of(false)),
            _ => return None,
        })
    }
}
