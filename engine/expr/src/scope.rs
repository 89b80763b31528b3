//! Where names get their values from: the planner and the executor implement these traits, the
//! expression only asks.

use std::rc::Rc;

use aurak_model::path::Seg;
use aurak_model::{Map, Name, Value};

use crate::error::{ErrorKind, ExprError};

/// What an expression sees.
///
/// Places of errors that come from here are replaced by the place that asked.
pub trait Scope {
    /// What a name stands for, if anything.
    fn lookup(&self, name: &str) -> Result<Option<Binding>, ExprError>;

    /// All names, for "did you mean" and for `x is defined`.
    fn names(&self) -> Vec<Name>;

    /// Something from outside: a file, a list of files, the environment. May be unknown or
    /// sensitive, or an [`ErrorKind::Asked`] error.
    fn source(&self, ask: SourceAsk<'_>) -> Result<Value, ExprError>;
}

/// A question to the outside, with evaluated arguments.
#[derive(Clone, Copy, Debug)]
pub enum SourceAsk<'a> {
    /// The text of a file.
    File(&'a str),
    /// A variable of the environment; where it is not set, the default, and without one an error.
    Env {
        /// Its name.
        name: &'a str,
        /// What it is where it is not set.
        default: Option<&'a Value>,
    },
    /// The paths that match a pattern, sorted, as a list of strings.
    Glob(&'a str),
}

/// What a name or an attribute stands for.
#[derive(Clone)]
pub enum Binding {
    /// A value.
    Value(Value),
    /// Something that is read piece by piece.
    Object(Rc<dyn Object>),
}

/// Something read lazily: a resource, a group of instances, a module, a namespace.
pub trait Object {
    /// An attribute; `None` where there is no such attribute.
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError>;

    /// Whether there is such an attribute; reads nothing.
    fn has(&self, key: &Seg) -> Result<bool, ExprError>;

    /// The keys, for iteration and "did you mean". As a condition, an object holds unless it is none
    /// or has no keys.
    fn keys(&self) -> Result<Vec<Name>, ExprError>;

    /// Everything, read.
    fn value(&self) -> Result<Value, ExprError>;

    /// What it is, for messages: ``the resource `cluster` ``.
    fn describe(&self) -> String;

    /// A resource whose `when` is false: falsy, equal to none; `get` on it is an error that
    /// suggests `x.id if x else ...`.
    fn is_none(&self) -> bool {
        false
    }
}

/// Evaluates a text again from what an earlier evaluation captured, with the unknown parts filled
/// in or replaced.
pub struct MapScope<'a>(pub &'a Map);

impl Scope for MapScope<'_> {
    fn lookup(&self, name: &str) -> Result<Option<Binding>, ExprError> {
        Ok(self.0.get(name).cloned().map(Binding::Value))
    }

    fn names(&self) -> Vec<Name> {
        self.0.keys().filter(|name| aurak_model::address::is_name(name)).cloned().collect()
    }

    fn source(&self, ask: SourceAsk<'_>) -> Result<Value, ExprError> {
        let key = source_key(&ask);
        self.0.get(&key).cloned().ok_or_else(|| {
            ExprError::new(ErrorKind::Other, format!("`{key}` was not read when this was planned"))
        })
    }
}

/// The name under which an answer from outside is captured; no name of an expression has a colon.
pub(crate) fn source_key(ask: &SourceAsk<'_>) -> String {
    match ask {
        SourceAsk::File(path) => format!("file:{path}"),
        SourceAsk::Env { name, .. } => format!("env:{name}"),
        SourceAsk::Glob(pattern) => format!("glob:{pattern}"),
    }
}
