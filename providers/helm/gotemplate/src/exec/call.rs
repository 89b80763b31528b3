//! Calls of functions, builtins and methods.

use super::argument::Want;
use super::{State, shown};
use crate::builtins::{self, Builtin};
use crate::place::Place;
use crate::strconv::quote;
use crate::tree::{NodeRef, Operand};
use crate::{Context, Error, Function, Str, Value};

impl<'t> State<'t, '_> {
    /// A function of the set, or a builtin.
    pub(super) fn function(
        &mut self,
        dot: &Place,
        node: &'t Operand,
        name: &'t Str,
        command: NodeRef<'t>,
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        self.at = Some(NodeRef::Operand(node));
        let plain = name.to_str().unwrap_or_default();
        if let Some(function) = self.templates.function(plain) {
            return self.call(dot, function, command, name, operands, last);
        }
        match builtins::find(plain) {
            Some(builtin) => self.builtin(dot, builtin, command, name, operands, last),
            None => Err(self.error(format!("{} is not a defined function", shown(&quote(name))))),
        }
    }

    /// A function or a method.
    pub(super) fn call(
        &mut self,
        dot: &Place,
        function: &Function,
        node: NodeRef<'t>,
        name: &Str,
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        let fixed = function.parameters().len();
        let variadic = function.rest().is_some();
        let want = |index| function.parameter(index).map_or(Want::Place, Want::Type);
        let places = self.arguments(dot, name, (fixed, variadic), want, operands, last)?;
        let values: Vec<Value> = places.into_iter().map(|place| place.value).collect();
        let mut context = Context { run: self.run, templates: self.templates };
        match function.call(&mut context, &values) {
            Ok(value) => Ok(Place::of(value, function.result())),
            Err(error) => Err(self.failed(node, name, error)),
        }
    }

    fn builtin(
        &mut self,
        dot: &Place,
        builtin: &'static Builtin,
        node: NodeRef<'t>,
        name: &Str,
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        if let Some(stop) = builtin.stops_at {
            return self.short_circuit(dot, stop, name, operands, last);
        }
        // Only `call` names what it calls.
        let callee = match operands.get(1) {
            _ if !builtin.names_callee => String::new(),
            Some(operand) => shown(&NodeRef::Operand(operand).text()),
            None => last.as_ref().map(reflected).unwrap_or_default(),
        };
        let counts = (builtin.fixed, builtin.variadic);
        let places = self.arguments(dot, name, counts, |index| builtin.want(index), operands, last)?;
        let mut context = Context { run: self.run, templates: self.templates };
        match (builtin.call)(&mut context, &callee, &places) {
            Ok(place) => Ok(place),
            Err(error) => Err(self.failed(node, name, error)),
        }
    }

    fn failed(&mut self, node: NodeRef<'t>, name: &Str, error: Error) -> Error {
        self.at = Some(node);
        self.placed(error.within(&format!("error calling {name}: ")))
    }

    /// The values of all arguments, each checked.
    fn arguments<'f>(
        &mut self,
        dot: &Place,
        name: &Str,
        (fixed, variadic): (usize, bool),
        want: impl Fn(usize) -> Want<'f>,
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Vec<Place>, Error> {
        let given = operands.get(1..).unwrap_or_default();
        self.check_count(name, (fixed, variadic), given.len(), last.is_some())?;
        let mut places = Vec::with_capacity(given.len() + 1);
        for (index, operand) in given.iter().enumerate() {
            places.push(self.argument(dot, want(index), operand)?);
        }
        if let Some(last) = last {
            places.push(self.validated(last, want(given.len()))?);
        }
        let weight = places.iter().map(|place| weight(&place.value)).sum();
        self.spend(weight)?;
        Ok(places)
    }

    fn check_count(
        &mut self,
        name: &Str,
        (fixed, variadic): (usize, bool),
        given: usize,
        last: bool,
    ) -> Result<(), Error> {
        self.step()?;
        let all = given + usize::from(last);
        if variadic && all < fixed {
            let message = format!("wrong number of args for {name}: want at least {fixed} got {given}");
            return Err(self.error(message));
        }
        if !variadic && all != fixed {
            return Err(self.error(format!("wrong number of args for {name}: want {fixed} got {all}")));
        }
        Ok(())
    }

    /// `and` and `or`: the first argument that decides, or the last.
    fn short_circuit(
        &mut self,
        dot: &Place,
        stop: bool,
        name: &Str,
        operands: &'t [Operand],
        last: Option<Place>,
    ) -> Result<Place, Error> {
        let given = operands.get(1..).unwrap_or_default();
        self.check_count(name, (1, true), given.len(), last.is_some())?;
        let mut value = Place::none();
        for operand in given {
            value = self.argument(dot, Want::Place, operand)?;
            if value.value.truth() == stop {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

/// What a function that looks at all of a value costs, in steps: nothing for those that people write,
/// but a template can make long texts and lists and have them looked at in a loop.
fn weight(value: &Value) -> u64 {
    let (length, free) = match value {
        Value::Str(text) | Value::Bytes(text) => (text.len(), 256),
        Value::List(list) => (list.len(), 16),
        Value::Map(map) => (map.len(), 16),
        _ => (0, 1),
    };
    u64::try_from(length / free).unwrap_or(u64::MAX)
}

/// A value as `reflect` says it where only a string is a string.
fn reflected(place: &Place) -> String {
    match &place.value {
        Value::Str(text) => text.to_string(),
        Value::Nil => "<invalid Value>".to_owned(),
        value => format!("<{} Value>", value.type_name()),
    }
}
