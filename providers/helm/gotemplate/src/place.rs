//! A value together with what Go's `reflect` knows of where it came from.

use crate::{Type, Value};

/// A value in an expression.
///
/// Whether a value lies in an `interface {}` (an element of a `map[string]interface {}`, the result of
/// a function that returns anything) does not change what it is, but it decides some messages, and
/// nil in an interface is not the same as no value at all.
#[derive(Clone, Default)]
pub(crate) struct Place {
    pub(crate) value: Value,
    /// It lies in an `interface {}`.
    pub(crate) wrapped: bool,
}

impl Place {
    /// A value of its own type. Of nil: no value at all.
    pub(crate) fn plain(value: Value) -> Self {
        Self { value, wrapped: false }
    }

    /// An element of something whose elements are of `element`.
    pub(crate) fn of(value: Value, element: &Type) -> Self {
        Self { value, wrapped: *element == Type::Any }
    }

    /// No value at all, which prints as `<no value>`.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Is it no value at all?
    pub(crate) fn is_none(&self) -> bool {
        self.value.is_nil() && !self.wrapped
    }

    /// Is it a nil interface?
    pub(crate) fn is_nil_interface(&self) -> bool {
        self.value.is_nil() && self.wrapped
    }

    /// What lies in the interface; of nil no value at all.
    pub(crate) fn unwrapped(self) -> Self {
        Self { wrapped: false, ..self }
    }

    /// The type by which Go would name it.
    pub(crate) fn type_name(&self) -> String {
        if self.wrapped { Type::Any.to_string() } else { self.value.type_name() }
    }
}
