//! How marks and unknowns travel: what an operation knows about its operands, and what its result
//! therefore is.
//!
//! A leaf that is sensitive is `Sensitive(Plain(scalar))`. Where even the shape of a list or map was
//! chosen by a secret (`x if secret else y`, `range(secret)`), the whole container is one sensitive
//! leaf, here called *opaque*: its length and keys are secret too.

use std::sync::Arc;

use aurak_model::Value;
use aurak_model::value::{Origin, Secret, Type, Unknown};

use crate::error::{Res, type_error};

/// What is in some operands.
#[derive(Default)]
pub(crate) struct Taint {
    needs: Vec<Origin>,
    pub(crate) unknown: bool,
    pub(crate) sensitive: bool,
    sealed: bool,
}

impl Taint {
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Taint {
        let mut taint = Taint::default();
        for value in values {
            taint.add(value);
        }
        taint
    }

    pub(crate) fn add(&mut self, value: &Value) {
        match value {
            Value::Unknown(unknown) => {
                self.unknown = true;
                self.sensitive |= unknown.sensitive;
                match &unknown.origin {
                    Origin::Fresh { needs } => self.needs.extend(needs.iter().cloned()),
                    other => self.needs.push(other.clone()),
                }
            }
            Value::Sensitive(secret) => {
                self.sensitive = true;
                self.sealed |= matches!(secret, Secret::Sealed(_));
            }
            Value::List(list) => list.iter().for_each(|v| self.add(v)),
            Value::Map(map) => map.values().for_each(|v| self.add(v)),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {}
        }
    }

    /// The result of an operation on these operands, at least one of which is unknown.
    pub(crate) fn fresh(mut self, ty: Type) -> Value {
        self.needs.sort();
        self.needs.dedup();
        Value::Unknown(Box::new(Unknown {
            ty,
            origin: Origin::Fresh { needs: self.needs.into() },
            sensitive: self.sensitive,
        }))
    }

    /// Refuses what is sealed: nothing can be done with it but pass it on.
    pub(crate) fn openable(&self) -> Res<()> {
        match self.sealed {
            true => sealed(),
            false => Ok(()),
        }
    }
}

pub(crate) fn sealed<T>() -> Res<T> {
    type_error("a sealed value can only be passed on")
}

/// A fresh unknown that depends on these.
pub(crate) fn fresh(ty: Type, values: &[&Value]) -> Value {
    Taint::of(values.iter().copied()).fresh(ty)
}

/// Marks a value as a whole: also its shape is secret.
pub(crate) fn opaque(value: Value) -> Value {
    match &value {
        Value::Sensitive(_) => value,
        // A scalar needs only the mark. What may turn out to be a container is filled in with marks on
        // its leaves, so it becomes the result of an operation, which is done again then.
        Value::Unknown(unknown) => match unknown.ty {
            Type::Any | Type::List | Type::Map => {
                let mut taint = Taint::of([&value]);
                taint.sensitive = true;
                taint.fresh(unknown.ty)
            }
            Type::Boolean | Type::Integer | Type::Number | Type::String => value.sensitive(),
        },
        Value::List(list) if list.is_empty() => Value::Sensitive(Secret::Plain(Arc::new(value))),
        Value::Map(map) if map.is_empty() => Value::Sensitive(Secret::Plain(Arc::new(value))),
        Value::List(_) | Value::Map(_) => {
            let mut taint = Taint::of([&value]);
            if taint.unknown {
                taint.sensitive = true;
                let ty = value.ty();
                taint.fresh(ty)
            } else if taint.sealed {
                // What is inside cannot be revealed, so at least every leaf is marked.
                value.sensitive()
            } else {
                Value::Sensitive(Secret::Plain(Arc::new(reveal(&value))))
            }
        }
        _ => Value::Sensitive(Secret::Plain(Arc::new(value))),
    }
}

/// The value without marks, also below an opaque one.
pub(crate) fn reveal(value: &Value) -> Value {
    let value = value.reveal();
    match value.has_marks() && !matches!(value, Value::Sensitive(_)) {
        // An opaque container below a container.
        true => match &value {
            Value::List(list) => Value::list(list.iter().map(reveal)),
            Value::Map(map) => Value::map(map.iter().map(|(k, v)| (k.clone(), reveal(v)))),
            _ => value,
        },
        false => value,
    }
}

/// The value behind a mark on the value itself, and whether there was one.
pub(crate) fn open(value: &Value) -> Res<(Value, bool)> {
    match value {
        Value::Sensitive(Secret::Plain(inner)) => Ok(((**inner).clone(), true)),
        Value::Sensitive(Secret::Sealed(_)) => sealed(),
        other => Ok((other.clone(), false)),
    }
}

/// Runs an operation that looks at its operands as a whole: unknown if one is, sensitive if one is;
/// and what it says about secrets stays unsaid.
pub(crate) fn lift(ty: Type, args: &[Value], f: impl FnOnce(&[Value]) -> Res<Value>) -> Res<Value> {
    let taint = Taint::of(args);
    if taint.unknown {
        return Ok(taint.fresh(ty));
    }
    if !taint.sensitive {
        return f(args);
    }
    taint.openable()?;
    let revealed: Vec<Value> = args.iter().map(reveal).collect();
    f(&revealed).map(opaque).map_err(hide)
}

/// What is said instead.
const HIDDEN: &str = "this fails for a sensitive value, so the reason is not shown";

/// Whether the reason of an error is hidden.
pub(crate) fn is_hidden(error: &crate::ExprError) -> bool {
    error.message == HIDDEN
}

/// Takes everything out of an error that could tell of a secret.
pub(crate) fn hide(mut error: Box<crate::ExprError>) -> Box<crate::ExprError> {
    if !error.is_asked() {
        error.message = HIDDEN.to_string();
        error.help = Some("try it with a harmless value of the same form".to_string());
    }
    error
}

/// Whether a value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Known(bool),
    Secret(bool),
    Unknown,
    Sealed,
}

pub(crate) fn truth(value: &Value) -> Truth {
    let known = match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Int(i) => *i != 0,
        Value::Float(x) => *x != 0.0,
        Value::String(s) => !s.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Unknown(_) => return Truth::Unknown,
        Value::Sensitive(Secret::Sealed(_)) => return Truth::Sealed,
        Value::Sensitive(Secret::Plain(inner)) => {
            return match truth(inner) {
                Truth::Known(b) => Truth::Secret(b),
                other => other,
            };
        }
    };
    Truth::Known(known)
}

/// Whether a value holds as a condition: `None` where it is unknown (or sealed).
///
/// As in Jinja: null, false, zero, and what is empty do not hold.
pub fn truthy(value: &Value) -> Option<bool> {
    match truth(value) {
        Truth::Known(b) | Truth::Secret(b) => Some(b),
        Truth::Unknown | Truth::Sealed => None,
    }
}
