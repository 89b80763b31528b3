//! Reading: a name and the steps behind it, through lazy objects and values.
//!
//! A chain is evaluated as one, so that nothing is read but what it ends at, and so that what was
//! read is known by its path.

use std::rc::Rc;
use std::sync::Arc;

use aurak_model::path::Seg;
use aurak_model::value::{Origin, Secret, Type, Unknown};
use aurak_model::{Name, Path, Value};
use minijinja::machinery::ast::Expr;

use crate::bare::{BarePath, StepKey};
use crate::error::{ErrorKind, ExprError, Place, Placed, Res, type_error};
use crate::eval::Eval;
use crate::scope::{Binding, Object};
use crate::suggest::{listed, suggest};
use crate::syntax;
use crate::taint::{Taint, opaque, sealed};

/// What an expression evaluates to: a value, or something that is still to be read.
pub(crate) enum Val {
    Value(Value),
    Object(Tracked),
}

/// A lazy object and, while captures are collected, the path that it was found at.
#[derive(Clone)]
pub(crate) struct Tracked {
    pub(crate) object: Rc<dyn Object>,
    pub(crate) path: Option<Rc<[Name]>>,
}

/// How a chain is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What is not there is an error.
    Read,
    /// What is not there is no error.
    Probe,
    /// Only whether it is there.
    Ask,
}

/// What a chain comes to.
pub(crate) enum Chained {
    There(Val),
    /// It is not there; `secret` where that depends on a secret.
    Missing {
        secret: bool,
    },
    /// It leads into something unknown, so nobody can tell whether it is there.
    Unsure(Value),
}

/// How far a chain has been read.
struct Cursor {
    val: Val,
    /// Where a value was found, while captures are collected.
    at: Option<Vec<Name>>,
    /// Whether the way to it depends on a secret.
    secret: bool,
}

/// A step with its key evaluated.
pub(crate) enum Key<'k> {
    Str(&'k str),
    Shared(Arc<str>),
    Index(i64),
}

impl Key<'_> {
    pub(crate) fn name(&self) -> Name {
        match self {
            Key::Str(s) => (*s).into(),
            Key::Shared(s) => s.clone(),
            Key::Index(i) => i.to_string().into(),
        }
    }

    fn seg(&self) -> Seg {
        match self {
            Key::Index(i) => match usize::try_from(*i) {
                Ok(i) => Seg::Index(i),
                Err(_) => Seg::Key(self.name()),
            },
            _ => Seg::Key(self.name()),
        }
    }
}

impl Eval<'_> {
    /// Reads a bare path.
    pub(crate) fn path(&mut self, path: &BarePath<'_>) -> Res<Val> {
        let start = self.base + path.start;
        let root = Place::new(start, start + path.root.len());
        let Some(mut cursor) = self.root(path.root, root, Mode::Read)? else {
            return Ok(Val::Value(Value::Null));
        };
        for step in &path.steps {
            let place = Place::new(self.base + step.start, self.base + step.end);
            let key = match step.key {
                StepKey::Name(name) => Key::Str(name),
                StepKey::Index(index) => Key::Index(index),
            };
            let subject = Place::new(start, place.start - 1);
            match self.step(cursor, &key, place, subject, Mode::Read, false)? {
                Stepped::There(next) => cursor = next,
                // `step` gives these in the other modes only.
                Stepped::Missing { .. } | Stepped::Unsure(_) => return Ok(Val::Value(Value::Null)),
            }
        }
        self.finish(cursor, root)
    }

    /// Reads a name or a chain of steps behind any expression.
    pub(crate) fn chain(&mut self, expr: &Expr<'_>, mode: Mode) -> Res<Chained> {
        let mut steps = Vec::new();
        let mut base = expr;
        loop {
            let inner = match base {
                Expr::GetAttr(e) => &e.expr,
                Expr::GetItem(e) => &e.expr,
                _ => break,
            };
            steps.push(base);
            base = inner;
        }
        let mut cursor = match base {
            Expr::Var(var) => {
                let place = self.place(base);
                if mode == Mode::Ask && steps.is_empty() {
                    return self.ask_name(var.id, place);
                }
                match self.root(var.id, place, mode)? {
                    Some(cursor) => cursor,
                    None => return Ok(Chained::Missing { secret: false }),
                }
            }
            other => Cursor { val: self.eval(other)?, at: None, secret: false },
        };
        while let Some(step) = steps.pop() {
            let last = steps.is_empty();
            let next = match step {
                Expr::GetAttr(e) => {
                    let place = syntax::attribute_place(e.span(), e.name, self.base);
                    let subject = self.place(&e.expr);
                    self.step(cursor, &Key::Str(e.name), place, subject, mode, last)?
                }
                Expr::GetItem(e) => {
                    let place = self.place(&e.subscript_expr);
                    let subject = self.place(&e.expr);
                    let key = self.value(&e.subscript_expr)?;
                    self.subscript(cursor, key, place, subject, mode, last)?
                }
                _ => break,
            };
            match next {
                Stepped::There(next) => cursor = next,
                Stepped::Missing { secret } => return Ok(Chained::Missing { secret }),
                Stepped::Unsure(base) => {
                    // Where the rest leads is for later, and so is what its keys are made of.
                    let mut taint = Taint::of([&base]);
                    for step in steps.iter().rev() {
                        if let Expr::GetItem(e) = step {
                            self.speculate(&e.subscript_expr, &mut taint)?;
                        }
                    }
                    return Ok(Chained::Unsure(taint.fresh(Type::Any)));
                }
            }
        }
        if mode == Mode::Ask {
            if let (Some(captures), Some(path)) = (&mut self.captures, &cursor.at) {
                captures.present(path);
            }
            let there = Value::Bool(true);
            return Ok(Chained::There(Val::Value(if cursor.secret { opaque(there) } else { there })));
        }
        Ok(Chained::There(self.finish(cursor, self.place(expr))?))
    }

    fn root(&mut self, name: &str, place: Place, mode: Mode) -> Res<Option<Cursor>> {
        let found = self.scope.lookup(name).map_err(|e| Box::new(e.moved_to(place)))?;
        match found {
            Some(binding) => {
                let at = self.capturing().then(|| vec![Name::from(name)]);
                Ok(Some(self.found(binding, at, false)))
            }
            None if mode == Mode::Read => Err(Box::new(self.undefined(name).at(place))),
            None => Ok(None),
        }
    }

    fn found(&mut self, binding: Binding, at: Option<Vec<Name>>, secret: bool) -> Cursor {
        match binding {
            Binding::Value(value) => {
                self.saw(&value);
                Cursor { val: Val::Value(value), at, secret }
            }
            Binding::Object(object) => {
                if let (Some(captures), Some(path)) = (&mut self.captures, &at) {
                    match object.is_none() {
                        true => captures.whole(path, &Value::Null),
                        false => captures.object(path, false),
                    }
                }
                let tracked = Tracked { object, path: at.map(Rc::from) };
                Cursor { val: Val::Object(tracked), at: None, secret }
            }
        }
    }

    /// Whether a name is there, without reading what it stands for.
    fn ask_name(&mut self, name: &str, place: Place) -> Res<Chained> {
        let there = self.scope.names().iter().any(|n| **n == *name)
            || self.scope.lookup(name).map_err(|e| Box::new(e.moved_to(place)))?.is_some();
        if there && let Some(captures) = &mut self.captures {
            captures.present(&[name.into()]);
        }
        Ok(match there {
            true => Chained::There(Val::Value(Value::Bool(true))),
            false => Chained::Missing { secret: false },
        })
    }

    /// The end of a chain: what it ends at was read.
    fn finish(&mut self, cursor: Cursor, place: Place) -> Res<Val> {
        let Cursor { val, at, secret } = cursor;
        if let (Val::Value(value), Some(path), Some(captures)) = (&val, &at, &mut self.captures) {
            captures.whole(path, value);
        }
        match secret {
            true => Ok(Val::Value(opaque(self.materialise(val, place)?))),
            false => Ok(val),
        }
    }

    /// A step whose key is the value of an expression.
    fn subscript(
        &mut self,
        mut cursor: Cursor,
        key: Value,
        place: Place,
        subject: Place,
        mode: Mode,
        last: bool,
    ) -> Res<Stepped> {
        let hidden = matches!(key, Value::Unknown(_) | Value::Sensitive(_));
        if hidden {
            // Which part is read cannot be said, so it counts as all of it.
            let val = self.finish(cursor, subject)?;
            cursor = Cursor { val: Val::Value(self.materialise(val, subject)?), at: None, secret: false };
        }
        let (key, secret) = match key {
            Value::Unknown(_) => {
                let Val::Value(base) = cursor.val else { return Ok(Stepped::Missing { secret: false }) };
                let value = Taint::of([&base, &key]).fresh(Type::Any);
                return Ok(match mode {
                    Mode::Read => Stepped::There(Cursor { val: Val::Value(value), at: None, secret: false }),
                    _ => Stepped::Unsure(value),
                });
            }
            Value::Sensitive(Secret::Plain(key)) => ((*key).clone(), true),
            Value::Sensitive(Secret::Sealed(_)) => return sealed().at(place),
            key => (key, false),
        };
        cursor.secret |= secret;
        let key = match key {
            Value::String(text) => Key::Shared(text),
            Value::Int(index) => Key::Index(index),
            other => {
                return type_error(format!("{} cannot be a key", other.article())).at(place);
            }
        };
        self.step(cursor, &key, place, subject, mode, last)
    }

    fn step(
        &mut self,
        cursor: Cursor,
        key: &Key<'_>,
        place: Place,
        subject: Place,
        mode: Mode,
        last: bool,
    ) -> Res<Stepped> {
        let Cursor { val, at, secret } = cursor;
        match val {
            Val::Object(tracked) => self.step_object(&tracked, secret, key, place, mode, last),
            Val::Value(value) => self.step_value(value, at, secret, key, place, subject, mode),
        }
    }

    fn step_object(
        &mut self,
        tracked: &Tracked,
        secret: bool,
        key: &Key<'_>,
        place: Place,
        mode: Mode,
        last: bool,
    ) -> Res<Stepped> {
        let object = &tracked.object;
        if object.is_none() && mode != Mode::Read {
            return Ok(Stepped::Missing { secret });
        }
        let path = tracked.path.as_ref().map(|path| {
            let mut path = path.to_vec();
            path.push(key.name());
            path
        });
        if mode == Mode::Ask && last {
            let there = object.has(&key.seg()).map_err(|e| Box::new(e.moved_to(place)))?;
            if there && let (Some(captures), Some(path)) = (&mut self.captures, &path) {
                captures.present(path);
            }
            return Ok(match there {
                true => Stepped::There(Cursor { val: Val::Value(Value::Bool(true)), at: None, secret }),
                false => Stepped::Missing { secret },
            });
        }
        match object.get(&key.seg()).map_err(|e| Box::new(e.moved_to(place)))? {
            Some(binding) => Ok(Stepped::There(self.found(binding, path, secret))),
            None if mode != Mode::Read => Ok(Stepped::Missing { secret }),
            None => {
                let message = format!("{} has no attribute `{}`", object.describe(), key.name());
                let mut error = ExprError::new(ErrorKind::UndefinedAttribute, message);
                error.help = object.keys().ok().and_then(|keys| help_of(&key.name(), &keys));
                Err(Box::new(error.at(place)))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the cursor taken apart, and where it stands")]
    fn step_value(
        &mut self,
        value: Value,
        at: Option<Vec<Name>>,
        secret: bool,
        key: &Key<'_>,
        place: Place,
        subject: Place,
        mode: Mode,
    ) -> Res<Stepped> {
        let (mut at, mut secret) = (at, secret);
        let value = match value {
            Value::Sensitive(Secret::Plain(ref inner)) => {
                // Captured with its mark, which its parts do not have.
                if let (Some(captures), Some(path)) = (&mut self.captures, at.take()) {
                    captures.whole(&path, &value);
                }
                secret = true;
                (**inner).clone()
            }
            Value::Sensitive(Secret::Sealed(_)) => return sealed().at(place),
            value => value,
        };
        if let Value::Unknown(unknown) = &value {
            // All of it is captured, so that the steps are taken again when it is known, and lead where
            // they lead then.
            if let (Some(captures), Some(path)) = (&mut self.captures, &at) {
                captures.whole(path, &value);
            }
            if mode != Mode::Read {
                return Ok(Stepped::Unsure(if secret { value.sensitive() } else { value }));
            }
            if let Some(below) = step_unknown(unknown, key) {
                return Ok(Stepped::There(Cursor { val: Val::Value(below), at: None, secret }));
            }
        }
        // A list is captured whole, so that places in it stay what they are.
        let at = match &value {
            Value::Map(_) => at.map(|path| pushed(path, key)),
            _ => {
                if let (Some(captures), Some(path)) = (&mut self.captures, &at) {
                    captures.whole(path, &value);
                }
                None
            }
        };
        match index(&value, key) {
            Some(value) => Ok(Stepped::There(Cursor { val: Val::Value(value), at, secret })),
            None if mode != Mode::Read => Ok(Stepped::Missing { secret }),
            None => {
                let subject = self.text.get(subject.start..subject.end).unwrap_or("...");
                Err(Box::new(no_such(&value, key, &format!("`{subject}`"), secret).at(place)))
            }
        }
    }

    /// Reads an attribute of something in a lazy object, and nothing else of it.
    pub(crate) fn read_below(
        &mut self,
        tracked: &Tracked,
        key: &Name,
        attribute: &str,
        place: Place,
    ) -> Res<Value> {
        let at = tracked.path.as_ref().map(|path| path.to_vec());
        let mut cursor = Cursor { val: Val::Object(tracked.clone()), at, secret: false };
        let mut keys = vec![Key::Shared(key.clone())];
        keys.extend(attribute_keys(attribute));
        for key in keys {
            match self.step(cursor, &key, place, place, Mode::Read, false)? {
                Stepped::There(next) => cursor = next,
                // `step` gives these in the other modes only.
                Stepped::Missing { .. } | Stepped::Unsure(_) => return Ok(Value::Null),
            }
        }
        let val = self.finish(cursor, place)?;
        self.materialise(val, place)
    }

    /// An error for a name that stands for nothing.
    fn undefined(&self, name: &str) -> ExprError {
        let error =
            ExprError::new(ErrorKind::UndefinedName(name.to_string()), format!("`{name}` is not defined"));
        let names = self.scope.names();
        if let Some(meant) = suggest(name, &names) {
            return error.help(format!("did you mean `{meant}`?"));
        }
        // `my-pool.id` reads as a difference.
        let dashed = format!("{name}-");
        if let Some(meant) = names.iter().find(|n| n.starts_with(&dashed)) {
            return error.help(format!("a `-` in an expression is a minus; write `resources[\"{meant}\"]`"));
        }
        match name {
            "null" | "nil" | "Null" => error.help("write `none`"),
            "end" | "else" | "define" => error.help(crate::splitter::RAW_HELP),
            _ => error,
        }
    }

    /// Everything that stands behind a value that is still to be read.
    pub(crate) fn materialise(&mut self, val: Val, place: Place) -> Res<Value> {
        match val {
            Val::Value(value) => Ok(value),
            Val::Object(tracked) => {
                let value = match tracked.object.is_none() {
                    true => Value::Null,
                    false => tracked.object.value().map_err(|e| Box::new(e.moved_to(place)))?,
                };
                self.saw(&value);
                if let (Some(captures), Some(path)) = (&mut self.captures, &tracked.path) {
                    captures.whole(path, &value);
                }
                Ok(value)
            }
        }
    }
}

enum Stepped {
    There(Cursor),
    Missing { secret: bool },
    Unsure(Value),
}

fn pushed(mut path: Vec<Name>, key: &Key<'_>) -> Vec<Name> {
    path.push(key.name());
    path
}

/// The part of a known value.
pub(crate) fn index(value: &Value, key: &Key<'_>) -> Option<Value> {
    match (value, key) {
        (Value::Map(map), Key::Str(name)) => map.get(name).cloned(),
        (Value::Map(map), Key::Shared(name)) => map.get(name).cloned(),
        (Value::Map(map), Key::Index(_)) => map.get(&key.name()).cloned(),
        (Value::List(list), Key::Index(i)) => place_in(*i, list.len()).and_then(|i| list.get(i).cloned()),
        (Value::String(text), Key::Index(i)) => {
            let i = place_in(*i, text.chars().count())?;
            text.chars().nth(i).map(|c| Value::string(c.to_string()))
        }
        _ => None,
    }
}

/// The part of a known value at a path, with the steps that an expression takes: a place in a list may
/// count from its end, a place in a map is a key, and what lies below something sensitive is sensitive.
///
/// This is how the origin of an unknown value is resolved once it is known.
pub fn part(value: &Value, path: &Path) -> Option<Value> {
    let mut value = value.clone();
    let mut secret = false;
    for seg in &path.0 {
        if let Value::Sensitive(Secret::Plain(inner)) = &value {
            (value, secret) = ((**inner).clone(), true);
        }
        let key = match seg {
            Seg::Key(name) => Key::Shared(name.clone()),
            Seg::Index(i) => Key::Index(i64::try_from(*i).ok()?),
            Seg::Any => return None,
        };
        value = match &value {
            Value::Unknown(unknown) => step_unknown(unknown, &key)?,
            known => index(known, &key)?,
        };
    }
    Some(if secret { opaque(value) } else { value })
}

/// The steps of an attribute that is given to a filter: `a.b.0`.
pub(crate) fn attribute_keys(attribute: &str) -> impl Iterator<Item = Key<'_>> {
    attribute.split('.').map(|part| match part.bytes().all(|b| b.is_ascii_digit()) {
        true => part.parse().map_or(Key::Str(part), Key::Index),
        false => Key::Str(part),
    })
}

fn place_in(index: i64, len: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// A part of an unknown value: also unknown, with a longer path. `None` where it has no parts.
pub(crate) fn step_unknown(unknown: &Unknown, key: &Key<'_>) -> Option<Value> {
    match unknown.ty {
        Type::Any | Type::List | Type::Map => {}
        Type::Boolean | Type::Integer | Type::Number | Type::String => return None,
    }
    let origin = match (&unknown.origin, key) {
        // A place from the end has no path; it is the result of an operation.
        (_, Key::Index(i)) if *i < 0 => {
            return Some(Taint::of([&Value::Unknown(Box::new(unknown.clone()))]).fresh(Type::Any));
        }
        (Origin::Row { row, path }, _) => Origin::Row { row: row.clone(), path: path.with(key.seg()) },
        (Origin::Node { node, path }, _) => Origin::Node { node: *node, path: path.with(key.seg()) },
        (origin @ (Origin::Fresh { .. } | Origin::Deferred { .. }), _) => origin.clone(),
    };
    Some(Value::Unknown(Box::new(Unknown { ty: Type::Any, origin, sensitive: unknown.sensitive })))
}

/// What is wrong with a step that leads nowhere.
pub(crate) fn no_such(value: &Value, key: &Key<'_>, subject: &str, secret: bool) -> ExprError {
    let name = key.name();
    let undefined = |message: String| ExprError::new(ErrorKind::UndefinedAttribute, message);
    if secret {
        return undefined(format!("{subject} is sensitive and has no such part"));
    }
    match value {
        Value::Map(map) => {
            let mut error = undefined(format!("{subject} has no key `{name}`"));
            // Of a map that is a secret as a whole nothing is listed; keys beside values that show may be.
            if map.is_empty() || !map.values().all(Value::has_marks) {
                error.help = help_of(&name, &map.keys().cloned().collect::<Vec<_>>());
            }
            error
        }
        Value::List(list) => match key {
            Key::Index(i) => {
                let error = undefined(match list.len() {
                    0 => format!("{subject} is empty, so there is no item {i}"),
                    1 => format!("{subject} has one item, so there is no item {i}"),
                    n => format!("{subject} has {n} items, so there is no item {i}"),
                });
                error.help("places count from 0")
            }
            _ => undefined(format!("{subject} is a list and has no attribute `{name}`")).help(format!(
                "take one item (`[0]`, `| first`) or an attribute of each (`| map(attribute='{name}')`)"
            )),
        },
        Value::Null => undefined(format!("{subject} is null and has no attribute `{name}`"))
            .help(format!("put `| default(...)` behind `.{name}` where it may be null")),
        other => undefined(format!("{subject} is {} and has no attribute `{name}`", other.article())),
    }
}

fn help_of(name: &str, keys: &[Name]) -> Option<String> {
    let keys: Vec<&Name> = keys.iter().filter(|k| !k.is_empty()).collect();
    if keys.is_empty() {
        return Some("it is empty".to_string());
    }
    match suggest(name, &keys) {
        Some(meant) => Some(format!("did you mean `{meant}`?")),
        None => Some(format!("it has {}", listed(keys))),
    }
}
