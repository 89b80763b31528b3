//! Values looked at as sprig does: as text, as empty or not, as lists.

use aurak_gotemplate::{Context, Error, Kind, Str, Value, fmt};

use crate::table::nil_pointer;

/// A value as `toString` writes it.
pub(crate) fn strval(context: &Context<'_>, value: &Value) -> Result<Str, Error> {
    match value {
        Value::Str(text) | Value::Bytes(text) => Ok(text.clone()),
        Value::Object(object) => match object.text() {
            Some(text) => Ok(text),
            None => printed(context, value),
        },
        _ => printed(context, value),
    }
}

/// A value as `%v`.
pub(crate) fn printed(context: &Context<'_>, value: &Value) -> Result<Str, Error> {
    fmt::sprintf_within(context.limits().bytes, b"%v", std::slice::from_ref(value))
}

/// Is it what `empty` calls empty: the zero of its kind, or of no length? A struct never is.
pub(crate) fn empty(value: &Value) -> bool {
    !value.truth()
}

/// The elements as texts, without those that are nil; of what is no list, itself.
pub(crate) fn texts(context: &Context<'_>, value: &Value) -> Result<Vec<Str>, Error> {
    match value {
        Value::Nil => Ok(Vec::new()),
        other => match other.elements() {
            Some(items) => {
                items.iter().filter(|item| !item.is_nil()).map(|item| strval(context, item)).collect()
            }
            None => Ok(vec![strval(context, other)?]),
        },
    }
}

/// The elements of a list; of something else the message, which ends in its kind.
pub(crate) fn elements(value: &Value, message: &str) -> Result<Vec<Value>, Error> {
    if value.is_nil() {
        return Err(nil_pointer());
    }
    value.elements().ok_or_else(|| Error::new(format!("{message} {}", kind(value))))
}

/// The kind as `kindOf` prints it.
pub(crate) fn kind(value: &Value) -> &'static str {
    value.kind().name()
}

/// Is the kind that of a text?
pub(crate) fn is_text(value: &Value) -> bool {
    value.kind() == Kind::String
}
