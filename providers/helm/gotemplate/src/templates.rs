//! A set of templates that can call each other.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::parse::{Source, parse};
use crate::stack::Stack;
use crate::tree::Tree;
use crate::{Error, Functions, Limits, Spent, Str, Value};

/// What a key that a map does not have gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value, which prints as `<no value>`.
    #[default]
    Default,
    /// The zero of the map's elements; that of `interface {}` is nil. This is what Helm uses.
    Zero,
    /// An error. This is what Helm's strict mode uses.
    Error,
}

/// Templates by name, with the functions they may call. Cloning is cheap, and what is parsed into a
/// clone stays in it.
#[derive(Clone)]
pub struct Templates {
    name: Str,
    trees: Rc<BTreeMap<Str, Rc<Tree>>>,
    functions: Rc<Functions>,
    missing_key: MissingKey,
    left: Str,
    right: Str,
    limits: Rc<Limits>,
}

impl Templates {
    /// An empty set. Its own name only shows in the message for a template that is not there.
    #[must_use]
    pub fn new(name: impl Into<Str>) -> Self {
        Self {
            name: name.into(),
            trees: Rc::default(),
            functions: Rc::default(),
            missing_key: MissingKey::Default,
            left: Str::default(),
            right: Str::default(),
            limits: Rc::default(),
        }
    }

    /// With these functions.
    #[must_use]
    pub fn functions(self, functions: Functions) -> Self {
        Self { functions: Rc::new(functions), ..self }
    }

    /// With another rule for keys that a map does not have.
    #[must_use]
    pub fn missing_key(self, missing_key: MissingKey) -> Self {
        Self { missing_key, ..self }
    }

    /// With other delimiters; an empty one is the usual one.
    #[must_use]
    pub fn delimiters(self, left: impl Into<Str>, right: impl Into<Str>) -> Self {
        Self { left: left.into(), right: right.into(), ..self }
    }

    /// With other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits: Rc::new(limits), ..self }
    }

    /// The name of the set.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Parses a text and adds it under its name, and what it defines under theirs. A template that
    /// is there already is replaced, unless by one of nothing but space. Gives the tree of the text
    /// itself, whether it was added or not.
    ///
    /// # Errors
    ///
    /// The text is no template; nothing of it is added then.
    pub fn parse(&mut self, name: impl Into<Str>, text: impl AsRef<[u8]>) -> Result<Rc<Tree>, Error> {
        let stack = Stack::here(self.limits.stack);
        self.parse_on(name.into(), text.as_ref(), stack)
    }

    /// As [`parse`](Self::parse), within an execution that has used some of the stack already.
    pub(crate) fn parse_on(&mut self, name: Str, text: &[u8], stack: Stack) -> Result<Rc<Tree>, Error> {
        let has_function = |name: &[u8]| {
            std::str::from_utf8(name)
                .is_ok_and(|name| self.functions.get(name).is_some() || crate::builtins::find(name).is_some())
        };
        let parsed = parse(&Source {
            name: name.clone(),
            text: text.into(),
            left: &self.left,
            right: &self.right,
            has_function: &has_function,
            limits: &self.limits,
            stack,
        })?;
        let own = parsed.get(&name).cloned();
        for (name, tree) in parsed {
            self.add(name, tree);
        }
        own.ok_or_else(|| Error::new(format!("template {name} has no tree")))
    }

    /// Adds a parsed template under a name, by the same rule as [`parse`](Self::parse).
    pub fn add(&mut self, name: impl Into<Str>, tree: Rc<Tree>) {
        let name = name.into();
        if !tree.is_empty() || !self.trees.contains_key(&name) {
            Rc::make_mut(&mut self.trees).insert(name, tree);
        }
    }

    /// The template of this name.
    #[must_use]
    pub fn lookup(&self, name: &[u8]) -> Option<&Rc<Tree>> {
        self.trees.get(name)
    }

    /// The names of all templates, in order.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.trees.keys()
    }

    /// The output of a template for `data`.
    ///
    /// # Errors
    ///
    /// There is no template of the name, it failed, or a limit was reached.
    pub fn execute(&self, name: impl AsRef<[u8]>, data: &Value) -> Result<Str, Error> {
        let mut run = crate::exec::Run::new((*self.limits).clone());
        crate::exec::render(&mut run, self, name.as_ref(), data)
    }

    /// As [`execute`](Self::execute), where the limits are for several executions together: `spent` has
    /// what those before used up.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn execute_spending(
        &self,
        name: impl AsRef<[u8]>,
        data: &Value,
        spent: &mut Spent,
    ) -> Result<Str, Error> {
        let mut run = crate::exec::Run::with_spent((*self.limits).clone(), *spent);
        let done = crate::exec::render(&mut run, self, name.as_ref(), data);
        *spent = run.spent();
        done
    }

    pub(crate) fn function(&self, name: &str) -> Option<&crate::Function> {
        self.functions.get(name)
    }

    pub(crate) fn on_missing_key(&self) -> MissingKey {
        self.missing_key
    }
}
