//! Functions that templates call: their signatures, their arguments and the table of them.
//!
//! A function states the Go types of its parameters; the executor makes constants of them, refuses
//! what Go refuses and with Go's words, and the function itself finds what it asked for.
//!
//! ```
//! use aurak_gotemplate::{Function, Functions, Type, Value};
//!
//! let mut functions = Functions::new();
//! functions.add("repeat", Function::new([Type::INT, Type::String], |_, args| {
//!     Ok(Value::from(args.text(1).repeat(usize::try_from(args.int(0)).unwrap_or(0))))
//! }).returning(Type::String));
//! functions.add("list", Function::variadic([], Type::Any, |_, args| Ok(Value::list(args.to_vec()))));
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use crate::{Context, Error, List, Map, Str, Type, Value};

type Call = dyn Fn(&mut Context<'_>, &Arguments<'_>) -> Result<Value, Error>;

/// A function or a bound method.
#[derive(Clone)]
pub struct Function {
    parameters: Rc<[Type]>,
    variadic: Option<Type>,
    result: Type,
    call: Rc<Call>,
}

impl Function {
    /// A function of exactly these parameters.
    #[must_use]
    pub fn new(
        parameters: impl IntoIterator<Item = Type>,
        call: impl Fn(&mut Context<'_>, &Arguments<'_>) -> Result<Value, Error> + 'static,
    ) -> Self {
        let parameters = parameters.into_iter().collect();
        Self { parameters, variadic: None, result: Type::Any, call: Rc::new(call) }
    }

    /// A function of these parameters and then any number of one more type.
    #[must_use]
    pub fn variadic(
        fixed: impl IntoIterator<Item = Type>,
        rest: Type,
        call: impl Fn(&mut Context<'_>, &Arguments<'_>) -> Result<Value, Error> + 'static,
    ) -> Self {
        Self { variadic: Some(rest), ..Self::new(fixed, call) }
    }

    /// States the type of the result, which is `interface {}` otherwise. It shows in a few messages
    /// only; an untyped nil from a function with a type becomes the zero of the type.
    #[must_use]
    pub fn returning(self, result: Type) -> Self {
        Self { result, ..self }
    }

    /// The parameters before the variadic one.
    #[must_use]
    pub fn parameters(&self) -> &[Type] {
        &self.parameters
    }

    /// The type of the variadic arguments.
    #[must_use]
    pub fn rest(&self) -> Option<&Type> {
        self.variadic.as_ref()
    }

    /// The type of the result.
    #[must_use]
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// The type of the argument at `index`, if there may be one.
    #[must_use]
    pub fn parameter(&self, index: usize) -> Option<&Type> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }

    /// The type of the function as Go writes it.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut parameters: Vec<String> = self.parameters.iter().map(ToString::to_string).collect();
        parameters.extend(self.variadic.as_ref().map(|rest| format!("...{rest}")));
        format!("func({}) {}", parameters.join(", "), self.result)
    }

    /// Calls with arguments that are already of the right types.
    ///
    /// # Errors
    ///
    /// Whatever the function refuses.
    pub fn call(&self, context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, Error> {
        let value = (self.call)(context, &Arguments(arguments))?;
        Ok(if value.is_nil() { Value::zero(&self.result) } else { value })
    }
}

/// Checked arguments of a call: each is of the type the function stated. An `interface {}` may hold
/// nil. It is a slice of values, with shorter ways to those of known types.
pub struct Arguments<'a>(&'a [Value]);

impl Deref for Arguments<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.0
    }
}

impl Arguments<'_> {
    /// The argument at `index`, nil if there is none.
    #[must_use]
    pub fn any(&self, index: usize) -> Value {
        self.0.get(index).cloned().unwrap_or_default()
    }

    /// A `string`.
    #[must_use]
    pub fn str(&self, index: usize) -> Str {
        self.0.get(index).and_then(Value::as_str).cloned().unwrap_or_default()
    }

    /// A `string` as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self, index: usize) -> Cow<'_, str> {
        match self.0.get(index) {
            Some(Value::Str(text)) => text.lossy(),
            _ => Cow::Borrowed(""),
        }
    }

    /// A signed integer of any kind.
    #[must_use]
    pub fn int(&self, index: usize) -> i64 {
        match self.0.get(index) {
            Some(Value::Int(_, n)) => *n,
            _ => 0,
        }
    }

    /// A float.
    #[must_use]
    pub fn float(&self, index: usize) -> f64 {
        match self.0.get(index) {
            Some(Value::Float(_, x)) => *x,
            _ => 0.0,
        }
    }

    /// A `bool`.
    #[must_use]
    pub fn bool(&self, index: usize) -> bool {
        matches!(self.0.get(index), Some(Value::Bool(true)))
    }

    /// A list, the nil list if nil was given.
    #[must_use]
    pub fn list(&self, index: usize) -> List {
        match self.0.get(index) {
            Some(Value::List(list)) => list.clone(),
            _ => List::nil(Type::any_slice()),
        }
    }

    /// A map, the nil map if nil was given.
    #[must_use]
    pub fn map(&self, index: usize) -> Map {
        match self.0.get(index) {
            Some(Value::Map(map)) => map.clone(),
            _ => Map::nil(Type::any_map()),
        }
    }

    /// The arguments from `index` on.
    #[must_use]
    pub fn rest(&self, index: usize) -> &[Value] {
        self.0.get(index..).unwrap_or_default()
    }
}

/// The functions that a set of templates may call, besides the builtins of the language. One of the
/// same name takes the place of a builtin.
#[derive(Clone, Default)]
pub struct Functions(BTreeMap<String, Function>);

impl Functions {
    /// No functions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, or replaces one.
    pub fn add(&mut self, name: &str, function: Function) {
        self.0.insert(name.to_owned(), function);
    }

    /// Takes a function away.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The function of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
