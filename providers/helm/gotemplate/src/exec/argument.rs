//! Arguments checked against the types that a function states.

use super::{State, shown};
use crate::place::Place;
use crate::tree::{NodeRef, Operand, OperandKind};
use crate::{Error, Type, Value};

/// What a parameter takes.
#[derive(Clone, Copy)]
pub(crate) enum Want<'f> {
    /// A value with where it came from, as Go's builtins take it.
    Place,
    /// A value of a type.
    Type(&'f Type),
}

impl<'t> State<'t, '_> {
    /// An operand as an argument.
    pub(super) fn argument(
        &mut self,
        dot: &Place,
        want: Want<'_>,
        operand: &'t Operand,
    ) -> Result<Place, Error> {
        self.at = Some(NodeRef::Operand(operand));
        self.step()?;
        let one = std::slice::from_ref(operand);
        let value = match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => {
                return match want {
                    Want::Place => Ok(Place::none()),
                    Want::Type(ty) if ty.can_be_nil() => Ok(Place::of(Value::zero(ty), ty)),
                    Want::Type(ty) => Err(self.error(format!("cannot assign nil to {ty}"))),
                };
            }
            OperandKind::Field(names) => self.fields(dot, dot.clone(), operand, names, one, None)?,
            OperandKind::Variable(names) => self.variable_fields(dot, operand, names, &[], None)?,
            OperandKind::Pipe(pipe) => self.pipeline(dot, pipe)?,
            OperandKind::Identifier(name) => {
                self.function(dot, operand, name, NodeRef::Operand(operand), &[], None)?
            }
            OperandKind::Chain(of, names) => self.chain(dot, operand, of, names, &[], None)?,
            OperandKind::Bool(_) | OperandKind::Number(_) | OperandKind::String { .. } => {
                return self.literal(want, operand);
            }
        };
        self.validated(value, want)
    }

    /// A constant as a value of the type that is wanted.
    fn literal(&mut self, want: Want<'_>, operand: &'t Operand) -> Result<Place, Error> {
        let ty = match want {
            Want::Place | Want::Type(Type::Any) => return self.free_literal(operand),
            Want::Type(ty) => ty,
        };
        let value = match (ty, &operand.kind) {
            (Type::Bool, OperandKind::Bool(b)) => Some(Value::Bool(*b)),
            (Type::String, OperandKind::String { text, .. }) => Some(Value::Str(text.clone())),
            (Type::Int(kind), OperandKind::Number(number)) => {
                number.int_of(*kind).map(|n| Value::Int(*kind, n))
            }
            (Type::Uint(kind), OperandKind::Number(number)) => {
                number.uint.map(|n| Value::Uint(*kind, kind.wrap(n)))
            }
            (Type::Float(kind), OperandKind::Number(number)) => number.float.map(|x| Value::Float(*kind, x)),
            _ => None,
        };
        value.map(Place::plain).ok_or_else(|| {
            let found = shown(&NodeRef::Operand(operand).text());
            let expected = match ty {
                Type::Bool => "bool",
                Type::String => "string",
                Type::Int(_) => "integer",
                Type::Uint(_) => "unsigned integer",
                Type::Float(_) => "float",
                _ => return self.error(format!("can't handle {found} for arg of type {ty}")),
            };
            self.error(format!("expected {expected}; found {found}"))
        })
    }

    fn free_literal(&mut self, operand: &'t Operand) -> Result<Place, Error> {
        match &operand.kind {
            OperandKind::Bool(b) => Ok(Place::plain(Value::Bool(*b))),
            OperandKind::String { text, .. } => Ok(Place::plain(Value::Str(text.clone()))),
            OperandKind::Number(number) => self.constant(operand, number),
            _ => Ok(Place::none()),
        }
    }

    /// The value, if it may be given for what is wanted.
    pub(super) fn validated(&self, place: Place, want: Want<'_>) -> Result<Place, Error> {
        let Want::Type(ty) = want else { return Ok(place) };
        if place.is_none() {
            return if ty.can_be_nil() {
                Ok(Place::of(Value::zero(ty), ty))
            } else {
                Err(self.error(format!("invalid value; expected {ty}")))
            };
        }
        if *ty == Type::Any {
            return Ok(place);
        }
        match place.value.get_type() {
            Some(own) if own.assignable_to(ty) => Ok(Place::plain(converted(place.value, own, ty))),
            own => {
                let got = own.map_or_else(|| Type::Any.to_string(), |own| own.to_string());
                Err(self.error(format!("wrong type for value; expected {ty}; got {got}")))
            }
        }
    }
}

/// The value as one of a type that it may be assigned to: only the name of the type changes.
pub(crate) fn converted(value: Value, own: Type, ty: &Type) -> Value {
    if own == *ty {
        return value;
    }
    match value {
        Value::Map(map) => Value::Map(map.with_type(ty.clone())),
        Value::List(list) => Value::List(list.with_type(ty.clone())),
        other => other,
    }
}
