//! Fields of maps and objects, and methods.

use super::{State, shown};
use crate::place::Place;
use crate::strconv::quote;
use crate::tree::{NodeRef, Operand, OperandKind};
use crate::{Error, Field, Function, Kind, MissingKey, Str, Type, Value};

impl<'t> State<'t, '_> {
    /// Fields of something in parentheses or of the result of a function.
    pub(super) fn chain(
        &mut self,
        dot: &Place,
        node: &'t Operand,
        of: &'t Operand,
        names: &'t [Str],
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        self.at = Some(NodeRef::Operand(node));
        let receiver = match &of.kind {
            OperandKind::Pipe(pipe) => {
                self.at = Some(NodeRef::Operand(of));
                self.pipeline(dot, pipe)?
            }
            OperandKind::Identifier(name) => {
                self.at = Some(NodeRef::Operand(of));
                self.function(dot, of, name, NodeRef::Operand(of), &[], None)?
            }
            _ => {
                let node = shown(&NodeRef::Operand(node).text());
                return Err(self.error(format!("indirection through explicit nil in {node}")));
            }
        };
        self.fields(dot, receiver, node, names, operands, last)
    }

    /// A variable and its fields.
    pub(super) fn variable_fields(
        &mut self,
        dot: &Place,
        node: &'t Operand,
        names: &'t [Str],
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        self.at = Some(NodeRef::Operand(node));
        let value = self.variable(&names[0])?;
        if names.len() == 1 {
            self.not_a_function(operands, last.as_ref())?;
            return Ok(value);
        }
        self.fields(dot, value, node, &names[1..], operands, last)
    }

    /// Field after field; the last may be a method that gets the arguments.
    pub(super) fn fields(
        &mut self,
        dot: &Place,
        mut receiver: Place,
        node: &'t Operand,
        names: &'t [Str],
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        let Some((final_name, before)) = names.split_last() else { return Ok(receiver) };
        for name in before {
            receiver = self.field(dot, name, node, &[], None, receiver)?;
        }
        self.field(dot, final_name, node, operands, last, receiver)
    }

    fn field(
        &mut self,
        dot: &Place,
        name: &'t Str,
        node: &'t Operand,
        operands: &'t [Operand],
        last: Option<Place>,
        receiver: Place,
    ) -> Result<Place, Error> {
        if receiver.is_none() {
            if self.templates.on_missing_key() == MissingKey::Error {
                return Err(self.error(format!("nil data; no entry for key {}", shown(&quote(name)))));
            }
            return Ok(Place::none());
        }
        if receiver.is_nil_interface() {
            return Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")));
        }
        if let Some(method) = find_method(&receiver.value, name) {
            return self.call(dot, &method, NodeRef::Operand(node), name, operands, last);
        }
        let has_arguments = operands.len() > 1 || last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    return Err(self.error(format!("{name} is not a method but has arguments")));
                }
                let element = map.get_type().element();
                if let Some(value) = map.get(name) {
                    return Ok(Place::of(value, element));
                }
                return match self.templates.on_missing_key() {
                    MissingKey::Default => Ok(Place::none()),
                    MissingKey::Zero => Ok(Place::of(Value::zero(element), element)),
                    MissingKey::Error => {
                        Err(self.error(format!("map has no entry for key {}", shown(&quote(name)))))
                    }
                };
            }
            Value::Object(object) if object.underlying().is_none() => {
                let type_name = receiver.type_name();
                let field = name.to_str().map_or(Field::Missing, |name| object.field(name));
                if !matches!(field, Field::Missing) && object.is_nil() && object.kind() == Kind::Ptr {
                    return Err(self.error(format!("nil pointer evaluating {type_name}.{name}")));
                }
                match field {
                    Field::Missing => {}
                    Field::Unexported => {
                        let message = format!("{name} is an unexported field of struct type {type_name}");
                        return Err(self.error(message));
                    }
                    Field::Typed(_) | Field::Any(_) if has_arguments => {
                        let message = format!("{name} has arguments but cannot be invoked as function");
                        return Err(self.error(message));
                    }
                    Field::Typed(value) => return Ok(Place::plain(value)),
                    Field::Any(value) => return Ok(Place::of(value, &Type::Any)),
                }
            }
            _ => {}
        }
        Err(self.error(format!("can't evaluate field {name} in type {}", receiver.type_name())))
    }
}

fn find_method(value: &Value, name: &Str) -> Option<Function> {
    let name = name.to_str()?;
    let named = match value {
        Value::Object(object) => return object.clone().method(name),
        Value::Map(map) => map.get_type(),
        Value::List(list) => list.get_type(),
        _ => return None,
    };
    match named {
        Type::Named(named) => named.method(value, name),
        _ => None,
    }
}
