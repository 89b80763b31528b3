//! How functions get into the table: each with its Go signature, and each paying for what it does.
//!
//! A template is a stranger's, so every call costs steps in proportion to what it is given and bytes
//! in proportion to what it gives back. Functions that make much of little ask before they do.

use aurak_gotemplate::{Arguments, Context, Error, Function, Functions, Type, Value};

pub(crate) const S: Type = Type::String;
pub(crate) const A: Type = Type::Any;
pub(crate) const I: Type = Type::INT;
pub(crate) const I64: Type = Type::INT64;
pub(crate) const F64: Type = Type::FLOAT64;
pub(crate) const B: Type = Type::Bool;

/// What a function gives.
pub(crate) type Answer = Result<Value, Error>;

/// How many bytes of a text are looked at in one step.
const BYTES_A_STEP: usize = 64;

/// Adds a function under all its names.
pub(crate) fn add<F>(table: &mut Functions, names: &[&str], fixed: &[Type], result: Type, call: F)
where
    F: Fn(&mut Context<'_>, &Arguments<'_>) -> Answer + 'static,
{
    let function = Function::new(fixed.iter().cloned(), paid(call)).returning(result);
    for name in names {
        table.add(name, function.clone());
    }
}

/// Adds a function that takes any number of one more type.
pub(crate) fn add_rest<F>(
    table: &mut Functions,
    names: &[&str],
    fixed: &[Type],
    rest: Type,
    result: Type,
    call: F,
) where
    F: Fn(&mut Context<'_>, &Arguments<'_>) -> Answer + 'static,
{
    let function = Function::variadic(fixed.iter().cloned(), rest, paid(call)).returning(result);
    for name in names {
        table.add(name, function.clone());
    }
}

fn paid<F>(call: F) -> impl Fn(&mut Context<'_>, &Arguments<'_>) -> Answer + 'static
where
    F: Fn(&mut Context<'_>, &Arguments<'_>) -> Answer + 'static,
{
    move |context, args| {
        let cost: usize = args.iter().map(cost).sum();
        context.spend_steps(u64::try_from(cost).unwrap_or(u64::MAX))?;
        let value = call(context, args)?;
        match &value {
            Value::Str(text) | Value::Bytes(text) => context.spend_bytes(text.len())?,
            Value::List(list) => context.spend_bytes(list.len().saturating_mul(size_of::<Value>()))?,
            Value::Map(map) => context.spend_steps(u64::try_from(map.len()).unwrap_or(u64::MAX))?,
            _ => {}
        }
        Ok(value)
    }
}

fn cost(value: &Value) -> usize {
    match value {
        Value::Str(text) | Value::Bytes(text) => text.len() / BYTES_A_STEP,
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => 0,
    }
}

/// What Go says where a nil is used as if it were something.
pub(crate) fn nil_pointer() -> Error {
    Error::new("runtime error: invalid memory address or nil pointer dereference")
}

/// What Go says where a list of that size cannot be.
pub(crate) fn makeslice() -> Error {
    Error::new("runtime error: makeslice: len out of range")
}

/// The part of a text between two places, or what Go says where there is no such part.
pub(crate) fn part(text: &[u8], from: Option<i64>, to: Option<i64>) -> Result<&[u8], Error> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let wrong = |range: String| Err(Error::new(format!("runtime error: slice bounds out of range {range}")));
    if let Some(to) = to {
        if to < 0 {
            return wrong(format!("[:{to}]"));
        }
        if to > length {
            return wrong(format!("[:{to}] with length {length}"));
        }
    }
    let (start, end) = (from.unwrap_or(0), to.unwrap_or(length));
    if start < 0 {
        return wrong(format!("[{start}:]"));
    }
    if start > end {
        return wrong(format!("[{start}:{end}]"));
    }
    let index = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(text.get(index(start)..index(end)).unwrap_or_default())
}

/// A length as an `int`.
pub(crate) fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
