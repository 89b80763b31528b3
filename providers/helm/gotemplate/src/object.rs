//! Structs, pointers and named scalars of the host.

use std::any::Any;
use std::rc::Rc;

use crate::{Function, Kind, Str, Value};

/// What a field of an [`Object`] is.
pub enum Field {
    /// There is none of this name.
    Missing,
    /// There is one that templates may not read.
    Unexported,
    /// A field of a type of its own; the value is of that type.
    Typed(Value),
    /// A field of type `interface {}`; nil means a nil interface.
    Any(Value),
}

/// A Go value that is neither a scalar, a list nor a map: a struct, a pointer to one, or a scalar
/// type with a name and methods, such as `time.Duration`.
///
/// An object that is to be taken out again by a function is found by [`as_any`](Self::as_any).
pub trait Object: Any {
    /// The type as `%T` prints it; that of a pointer begins with `*`.
    fn type_name(&self) -> &str;

    /// For taking the object out of a value again.
    fn as_any(&self) -> &dyn Any;

    /// [`Kind::Ptr`] of what is a pointer, or the kind of the scalar below.
    fn kind(&self) -> Kind {
        if let Some(below) = self.underlying() {
            below.kind()
        } else if self.type_name().starts_with('*') {
            Kind::Ptr
        } else {
            Kind::Struct
        }
    }

    /// Is it a nil pointer?
    fn is_nil(&self) -> bool {
        false
    }

    /// The scalar, if it is a scalar type with a name.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// A field that templates may read.
    fn field(&self, _name: &str) -> Field {
        Field::Missing
    }

    /// All fields in their order, for printing a struct.
    fn fields(&self) -> Vec<(String, Value)> {
        Vec::new()
    }

    /// The fields as JSON has them, in their order: by the names of their tags, and without those that
    /// are left out when they are empty.
    fn json(&self) -> Vec<(String, Value)> {
        self.fields().into_iter().filter(|(name, _)| name.starts_with(char::is_uppercase)).collect()
    }

    /// A method, bound to this object. Methods come before fields.
    fn method(self: Rc<Self>, _name: &str) -> Option<Function> {
        None
    }

    /// What its `String` or `Error` method gives, if it has one: the way it is printed.
    fn text(&self) -> Option<Str> {
        None
    }

    /// What its `String` method gives where only a pointer to it has one: a template that prints the
    /// struct where it lies finds it, a function that is given a copy does not.
    fn text_in_place(&self) -> Option<Str> {
        None
    }

    /// Has its type a `==` at all? A struct with a list or a map in it has none.
    fn comparable(&self) -> bool {
        true
    }

    /// Is it equal to another object by Go's `==`? Only asked if both have the same type and are not
    /// the same object; pointers are equal to nothing but themselves.
    fn equal(&self, _other: &dyn Object) -> bool {
        false
    }
}
