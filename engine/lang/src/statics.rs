//! Values that can be told without a plan: which file is a module's layer may hang on an input.
//!
//! Only inputs and `let` are seen, and only what is said in text: whatever reads a resource, a file
//! or the environment is not known here.

use std::cell::Cell;

use aurak_expr::{Binding, ErrorKind, ExprError, Scope, SourceAsk, Template};
use aurak_model::program::Input;
use aurak_model::{Diagnostic, ModuleId, Name, Named, Node, NodeKind, Program, Value};

use crate::document::PathDecl;
use crate::fields::Bag;
use crate::paths;

/// How far inputs and `let` may refer to each other on the way to the name of a file. Cycles are
/// drawn elsewhere; here they only have to end.
const MAX_HOPS: u32 = 64;

/// The path of a layer, from the stack's folder.
pub(crate) fn path(layer: &PathDecl, program: &Program, module: ModuleId, bag: &mut Bag) -> Option<String> {
    if let Some(path) = layer.plain() {
        return Some(path);
    }
    let hops = Cell::new(0);
    let told = evaluate(&layer.path, &Statics { program, module, hops: &hops, wanted: &[] });
    match told {
        Ok(Value::String(path)) => Some(paths::join(&layer.folder, &path)),
        Ok(_) => {
            bag.push(
                Diagnostic::error("wrong_type", "the path of a file must be text").at(layer.path.span, ""),
            );
            None
        }
        Err(error) => {
            bag.push(
                Diagnostic::error("unknown_path", "which file this is cannot be told before planning")
                    .detail(error.message)
                    .at(layer.path.place(error.start, error.end), "")
                    .help("use inputs and `let` that depend on no resource, file or environment"),
            );
            None
        }
    }
}

#[derive(Clone, Copy)]
struct Statics<'a> {
    program: &'a Program,
    module: ModuleId,
    hops: &'a Cell<u32>,
    /// What the expression names behind `inputs.`.
    wanted: &'a [String],
}

impl Statics<'_> {
    fn input(&self, input: &Input) -> Result<Value, ExprError> {
        match input.layers.last() {
            Some(layer) => evaluate(&layer.node, &Statics { module: layer.scope, ..*self }),
            None => Ok(Value::Null),
        }
    }

    fn inputs(&self) -> Result<Value, ExprError> {
        let inputs = &self.program.module(self.module).inputs;
        let named = self.wanted.iter().filter_map(|name| inputs.get_key_value(name.as_str()));
        let values: Result<Vec<(Name, Value)>, ExprError> =
            named.map(|(name, input)| Ok((name.clone(), self.input(input)?))).collect();
        Ok(Value::map(values?))
    }
}

fn evaluate(node: &Node, scope: &Statics<'_>) -> Result<Value, ExprError> {
    match &node.kind {
        NodeKind::Literal { value, .. } => Ok(value.clone()),
        NodeKind::Template { text, .. } => {
            let template = Template::parse(text)?;
            let references = template.references().into_iter().filter(|r| r.root == "inputs");
            let wanted: Vec<String> = references.filter_map(|r| r.path.into_iter().next()).collect();
            Ok(template.evaluate(&Statics { wanted: &wanted, ..*scope })?.value)
        }
        NodeKind::List(items) => {
            let items: Result<Vec<Value>, ExprError> =
                items.iter().map(|node| evaluate(node, scope)).collect();
            Ok(Value::from(items?))
        }
        NodeKind::Map(entries) => {
            let entries: Result<Vec<(Name, Value)>, ExprError> =
                entries.iter().map(|(key, _, node)| Ok((key.clone(), evaluate(node, scope)?))).collect();
            Ok(Value::map(entries?))
        }
    }
}

fn unknown(what: String) -> ExprError {
    ExprError::new(ErrorKind::Other, what)
}

impl Scope for Statics<'_> {
    fn lookup(&self, name: &str) -> Result<Option<Binding>, ExprError> {
        self.hops.set(self.hops.get() + 1);
        if self.hops.get() > MAX_HOPS {
            return Err(unknown(format!("`{name}` refers to too many others")));
        }
        let value = match self.program.module(self.module).named(name) {
            None => return Ok(None),
            Some(Named::Inputs) => self.inputs()?,
            Some(Named::Input(input)) => self.input(input)?,
            Some(Named::Let(node)) => evaluate(node, self)?,
            Some(_) => return Err(unknown(format!("`{name}` is not known before planning"))),
        };
        Ok(Some(Binding::Value(value)))
    }

    fn names(&self) -> Vec<Name> {
        self.program.module(self.module).names().cloned().collect()
    }

    fn source(&self, _: SourceAsk<'_>) -> Result<Value, ExprError> {
        Err(unknown("files and the environment are not read here".to_string()))
    }
}
