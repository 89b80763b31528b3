//! Statements: text, actions, branches, loops and calls of templates.

use super::{State, shown};
use crate::place::Place;
use crate::strconv::quote;
use crate::tree::{Branch, BranchKind, NodeRef, Pipe, Statement};
use crate::{Error, Str, Type, UintKind, Value};

/// How a list of statements was left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

/// What a loop goes over.
enum Rounds {
    Empty,
    Number(Value, u64),
    Items(Vec<Value>, Type),
    Entries(Vec<(Str, Value)>, Type),
}

impl<'t> State<'t, '_> {
    pub(super) fn list(&mut self, dot: &Place, list: &'t [Statement]) -> Result<Flow, Error> {
        for statement in list {
            let flow = self.statement(dot, statement)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, dot: &Place, statement: &'t Statement) -> Result<Flow, Error> {
        self.at = Some(NodeRef::Statement(statement));
        self.guard()?;
        match statement {
            Statement::Text { text, .. } => self.write(text)?,
            Statement::Action { pipe, .. } => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.at = Some(NodeRef::Statement(statement));
                    self.print(statement, &value)?;
                }
            }
            Statement::Branch(branch) => {
                let mark = self.variables.len();
                let flow = match branch.kind {
                    BranchKind::Range => self.range(dot, branch)?,
                    BranchKind::If | BranchKind::With => self.if_or_with(dot, branch)?,
                };
                self.variables.truncate(mark);
                return Ok(flow);
            }
            Statement::Template { name, pipe, .. } => self.call_template(dot, name, pipe.as_ref())?,
            Statement::Break { .. } => return Ok(Flow::Break),
            Statement::Continue { .. } => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let spent = self.run.spend_bytes(text.len());
        spent.map_err(|error| self.placed(error))?;
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn print(&mut self, statement: &Statement, place: &Place) -> Result<(), Error> {
        match &place.value {
            Value::Str(text) => self.write(text),
            Value::Func(_) => {
                let node = shown(&NodeRef::Statement(statement).text());
                Err(self.error(format!("can't print {node} of type {}", place.type_name())))
            }
            Value::Object(object) if object.text_in_place().is_some() => {
                self.write(&object.text_in_place().unwrap_or_default())
            }
            value => {
                let text = crate::fmt::printable(self.run.bytes_left(), std::slice::from_ref(value));
                let text = text.map_err(|error| self.placed(error))?;
                self.write(&text)
            }
        }
    }

    fn if_or_with(&mut self, dot: &Place, branch: &'t Branch) -> Result<Flow, Error> {
        let value = self.pipeline(dot, &branch.pipe)?;
        if value.value.truth() {
            let dot = if branch.kind == BranchKind::With { &value } else { dot };
            self.list(dot, &branch.body)
        } else if let Some(otherwise) = &branch.otherwise {
            self.list(dot, otherwise)
        } else {
            Ok(Flow::Next)
        }
    }

    fn range(&mut self, dot: &Place, branch: &'t Branch) -> Result<Flow, Error> {
        let value = self.pipeline(dot, &branch.pipe)?.value;
        let rounds = self.rounds(&value, branch.pipe.variables.len())?;
        // They are copied even if the first round ends the loop.
        self.spend(match &rounds {
            Rounds::Items(items, _) => u64::try_from(items.len() / 16).unwrap_or(u64::MAX),
            Rounds::Entries(entries, _) => u64::try_from(entries.len() / 16).unwrap_or(u64::MAX),
            Rounds::Empty | Rounds::Number(..) => 0,
        })?;
        let mark = self.variables.len();
        match rounds {
            Rounds::Empty => {
                return match &branch.otherwise {
                    Some(otherwise) => self.list(dot, otherwise),
                    None => Ok(Flow::Next),
                };
            }
            Rounds::Number(kind, count) => {
                if count > self.run.limits.rounds {
                    let most = self.run.limits.rounds;
                    return Err(
                        self.placed(Error::limit(format!("range exceeds the limit of {most} rounds")))
                    );
                }
                for n in 0..count {
                    let item = match kind {
                        Value::Int(kind, _) => Value::Int(kind, n.cast_signed()),
                        Value::Uint(kind, _) => Value::Uint(kind, n),
                        _ => Value::int(n.cast_signed()),
                    };
                    if self.round(branch, mark, Place::none(), Place::plain(item))? == Flow::Break {
                        break;
                    }
                }
            }
            Rounds::Items(items, element) => {
                for (index, item) in items.into_iter().enumerate() {
                    let index = Value::int(i64::try_from(index).unwrap_or(i64::MAX));
                    let item = Place::of(item, &element);
                    if self.round(branch, mark, Place::plain(index), item)? == Flow::Break {
                        break;
                    }
                }
            }
            Rounds::Entries(entries, element) => {
                for (key, item) in entries {
                    let item = Place::of(item, &element);
                    if self.round(branch, mark, Place::plain(Value::Str(key)), item)? == Flow::Break {
                        break;
                    }
                }
            }
        }
        Ok(Flow::Next)
    }

    fn rounds(&mut self, value: &Value, variables: usize) -> Result<Rounds, Error> {
        let number = |kind: Value, n: i64| match u64::try_from(n) {
            Ok(n) if n > 0 => Rounds::Number(kind, n),
            _ => Rounds::Empty,
        };
        let rounds = match value.below() {
            Value::Nil => Rounds::Empty,
            Value::Int(..) | Value::Uint(..) if variables > 1 => {
                let shown = self.shown_value(value)?;
                let message = format!("can't use {shown} to iterate over more than one variable");
                return Err(self.error(message));
            }
            Value::Int(kind, n) => number(Value::Int(kind, 0), n),
            Value::Uint(kind, n) => {
                if n == 0 {
                    Rounds::Empty
                } else {
                    Rounds::Number(Value::Uint(kind, 0), n)
                }
            }
            Value::Map(map) if !map.is_empty() => {
                Rounds::Entries(map.entries(), map.get_type().element().clone())
            }
            Value::Map(_) => Rounds::Empty,
            Value::List(list) if !list.is_empty() => {
                Rounds::Items(list.items(), list.get_type().element().clone())
            }
            Value::Bytes(bytes) if !bytes.is_empty() => {
                Rounds::Items(value.elements().unwrap_or_default(), Type::Uint(UintKind::Uint8))
            }
            Value::List(_) | Value::Bytes(_) => Rounds::Empty,
            _ => {
                let shown = self.shown_value(value)?;
                return Err(self.error(format!("range can't iterate over {shown}")));
            }
        };
        Ok(rounds)
    }

    /// One round of a loop; what it declares is gone after it.
    fn round(&mut self, branch: &'t Branch, mark: usize, index: Place, item: Place) -> Result<Flow, Error> {
        let Pipe { assign, variables, .. } = &branch.pipe;
        self.step()?;
        match (variables.as_slice(), assign) {
            ([], _) => {}
            ([one], true) => self.set_variable(&one.names[0], item.clone())?,
            ([first, second, ..], true) => {
                self.set_variable(&first.names[0], index)?;
                self.set_variable(&second.names[0], item.clone())?;
            }
            ([_], false) => self.set_top(mark, 1, item.clone()),
            ([_, _, ..], false) => {
                self.set_top(mark, 1, item.clone());
                self.set_top(mark, 2, index);
            }
        }
        let flow = self.list(&item, &branch.body)?;
        self.variables.truncate(mark);
        Ok(if flow == Flow::Continue { Flow::Next } else { flow })
    }

    /// Sets the variable so many places below the top that was marked.
    fn set_top(&mut self, mark: usize, below: usize, value: Place) {
        if let Some((_, slot)) = mark.checked_sub(below).and_then(|at| self.variables.get_mut(at)) {
            *slot = value;
        }
    }

    fn call_template(&mut self, dot: &Place, name: &'t Str, pipe: Option<&'t Pipe>) -> Result<(), Error> {
        let Some(tree) = self.templates.lookup(name).cloned() else {
            return Err(self.error(format!("template {} not defined", shown(&quote(name)))));
        };
        if self.run.depth >= self.run.limits.depth {
            let depth = self.run.limits.depth;
            return Err(self.placed(Error::limit(format!("exceeded maximum template depth ({depth})"))));
        }
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Place::none(),
        };
        State::new(self.run, self.templates, name, &tree, data, self.out).template()
    }

    /// A value within a message.
    fn shown_value(&self, value: &Value) -> Result<String, Error> {
        let text = crate::fmt::pointed(1 << 20, value);
        text.map(|text| text.to_string()).map_err(|error| self.placed(error))
    }
}
