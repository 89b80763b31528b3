//! Pipelines, commands and constants.

use super::{State, shown};
use crate::place::Place;
use crate::tree::{Command, NodeRef, Number, Operand, OperandKind, Pipe};
use crate::{Error, Value};

impl<'t> State<'t, '_> {
    /// The value of a pipeline, kept in the variables it names.
    pub(super) fn pipeline(&mut self, dot: &Place, pipe: &'t Pipe) -> Result<Place, Error> {
        self.at = Some(NodeRef::Pipe(pipe));
        self.guard()?;
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(dot, command, last)?.unwrapped());
        }
        let value = last.unwrap_or_default();
        for variable in &pipe.variables {
            if pipe.assign {
                self.set_variable(&variable.names[0], value.clone())?;
            } else {
                self.variables.push((variable.names[0].clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(&mut self, dot: &Place, command: &'t Command, last: Option<Place>) -> Result<Place, Error> {
        let operands = command.operands.as_slice();
        let Some(word) = operands.first() else { return Ok(Place::none()) };
        match &word.kind {
            OperandKind::Field(names) => {
                self.at = Some(NodeRef::Operand(word));
                return self.fields(dot, dot.clone(), word, names, operands, last);
            }
            OperandKind::Chain(of, names) => return self.chain(dot, word, of, names, operands, last),
            OperandKind::Identifier(name) => {
                return self.function(dot, word, name, NodeRef::Command(command), operands, last);
            }
            OperandKind::Pipe(pipe) => {
                self.not_a_function(operands, last.as_ref())?;
                return self.pipeline(dot, pipe);
            }
            OperandKind::Variable(names) => return self.variable_fields(dot, word, names, operands, last),
            _ => {}
        }
        self.at = Some(NodeRef::Operand(word));
        self.not_a_function(operands, last.as_ref())?;
        match &word.kind {
            OperandKind::Bool(b) => Ok(Place::plain(Value::Bool(*b))),
            OperandKind::Dot => Ok(dot.clone()),
            OperandKind::Number(number) => self.constant(word, number),
            OperandKind::String { text, .. } => Ok(Place::plain(Value::Str(text.clone()))),
            _ => Err(self.error("nil is not a command")),
        }
    }

    pub(super) fn not_a_function(&self, operands: &[Operand], last: Option<&Place>) -> Result<(), Error> {
        if operands.len() > 1 || last.is_some() {
            let word = operands.first().map(|word| shown(&NodeRef::Operand(word).text())).unwrap_or_default();
            return Err(self.error(format!("can't give argument to non-function {word}")));
        }
        Ok(())
    }

    /// A number where nothing says what type it is: a float if it is written as one, or an `int`.
    pub(super) fn constant(&mut self, operand: &'t Operand, number: &Number) -> Result<Place, Error> {
        self.at = Some(NodeRef::Operand(operand));
        match (number.float, number.int) {
            (Some(x), _) if number.is_float() => Ok(Place::plain(Value::float(x))),
            (_, Some(n)) => Ok(Place::plain(Value::int(n))),
            _ => Err(self.error(format!("{} overflows int", number.text))),
        }
    }
}
