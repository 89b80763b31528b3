//! `call`: a function that is a value.

use crate::exec::converted;
use crate::place::Place;
use crate::{Context, Error, Function, Type, Value};

pub(super) fn call(context: &mut Context<'_>, name: &str, args: &[Place]) -> Result<Place, Error> {
    let Some((callee, given)) = args.split_first() else { return Ok(Place::none()) };
    let function = match &callee.value {
        Value::Nil => return Err(Error::new("call of nil")),
        Value::Func(function) => function.clone(),
        other => return Err(Error::new(format!("non-function {name} of type {}", other.type_name()))),
    };
    check_count(&function, name, given.len())?;
    let mut values = Vec::with_capacity(given.len());
    for (index, place) in given.iter().enumerate() {
        let ty = function.parameter(index).unwrap_or(&Type::Any);
        values.push(prepared(&place.value, ty).map_err(|error| error.within(&format!("arg {index}: ")))?);
    }
    let value = function.call(context, &values)?;
    Ok(Place::of(value, function.result()))
}

fn check_count(function: &Function, name: &str, given: usize) -> Result<(), Error> {
    let fixed = function.parameters().len();
    let wrong = |want: &str| {
        Err(Error::new(format!("wrong number of args for {name}: got {given} want {want}{fixed}")))
    };
    match function.rest() {
        Some(_) if given < fixed => wrong("at least "),
        None if given != fixed => wrong(""),
        _ => Ok(()),
    }
}

/// The value as an argument of a type; integers are converted among each other.
pub(super) fn prepared(value: &Value, ty: &Type) -> Result<Value, Error> {
    let Some(own) = value.get_type() else {
        if ty.can_be_nil() {
            return Ok(Value::zero(ty));
        }
        return Err(Error::new(format!("value is nil; should be of type {ty}")));
    };
    if own.assignable_to(ty) {
        return Ok(if *ty == Type::Any { value.clone() } else { converted(value.clone(), own, ty) });
    }
    match (value, ty) {
        (Value::Int(_, n), Type::Int(kind)) => Ok(Value::Int(*kind, kind.wrap(*n))),
        (Value::Int(_, n), Type::Uint(kind)) => Ok(Value::Uint(*kind, kind.wrap(n.cast_unsigned()))),
        (Value::Uint(_, n), Type::Int(kind)) => Ok(Value::Int(*kind, kind.wrap(n.cast_signed()))),
        (Value::Uint(_, n), Type::Uint(kind)) => Ok(Value::Uint(*kind, kind.wrap(*n))),
        _ => Err(Error::new(format!("value has type {own}; should be {ty}"))),
    }
}
