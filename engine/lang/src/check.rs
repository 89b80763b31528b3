//! What can be said about values before anything is evaluated: types of blocks, attributes that do
//! not exist or are missing, literals that do not fit. What expressions give is checked by the
//! planner.

use std::collections::{BTreeMap, BTreeSet};

use aurak_expr::{ShapeError, beyond, coerce, suggest};
use aurak_model::program::{Input, Layer};
use aurak_model::schema::{Attribute, Kind, provider_of};
use aurak_model::{
    Block, BlockKind, Diagnostic, Files, Module, ModuleId, Name, Node, NodeKind, Program, Schemas, Seg, Span,
    Type, Value,
};

use crate::document::block::{LIFECYCLE, META, META_OF_PROVIDER};
use crate::fields::{Bag, is_null, kind_of, listed};
use crate::yaml;

/// Checks all blocks and inputs.
///
/// `lacking`: inputs that have no value because of something that was said already.
pub(crate) fn program(
    program: &Program,
    schemas: &Schemas,
    lacking: &BTreeSet<(ModuleId, Name)>,
    bag: &mut Bag,
) {
    for block in &program.blocks {
        // What is no type was said where it was read.
        if block.type_name.is_empty() {
            continue;
        }
        match block.kind {
            BlockKind::Provider => provider(block, schemas, bag),
            BlockKind::Resource | BlockKind::Existing => resource(block, schemas, bag),
        }
    }
    for (i, module) in program.modules.iter().enumerate() {
        inputs(module, ModuleId(i as u32), lacking, &program.files, bag);
    }
}

fn provider(block: &Block, schemas: &Schemas, bag: &mut Bag) {
    let Some(schema) = schemas.providers.get(&block.type_name) else {
        let known = schemas.providers.keys();
        let help = match suggest(&block.type_name, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("set `type` to one of {}", listed(known)),
        };
        bag.push(
            Diagnostic::error("unknown_type", format!("there is no provider type `{}`", block.type_name))
                .at(block.type_span, "")
                .help(help),
        );
        return;
    };
    let object =
        Object { meta: &META_OF_PROVIDER, ..Object::new(&schema.attributes, What::Provider(&block.name)) };
    object.check(&block.attributes, block.span, bag);
}

fn resource(block: &Block, schemas: &Schemas, bag: &mut Bag) {
    let Some(schema) = schemas.types.get(&block.type_name) else {
        bag.push(unknown_type(block, schemas));
        return;
    };
    let what = What::Named(&block.type_name);
    let existing = block.kind == BlockKind::Existing;
    let object = Object { meta: &META, existing, ..Object::new(&schema.attributes, what) };
    object.check(&block.attributes, block.span, bag);
    for (path, span) in &block.lifecycle.ignore_changes {
        let Some(Seg::Key(first)) = path.0.first() else { continue };
        if !schema.attributes.contains_key(first) {
            bag.push(unknown_attribute(first, *span, what, &schema.attributes, &[]));
        }
    }
}

fn unknown_type(block: &Block, schemas: &Schemas) -> Diagnostic {
    let name = &block.type_name;
    let family = provider_of(name);
    let of_family: Vec<&Name> = schemas.types.keys().filter(|ty| provider_of(ty) == family).collect();
    let help = match suggest(name, schemas.types.keys()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if !of_family.is_empty() => format!("`{family}` has {}", listed(of_family)),
        None => {
            let mut families: Vec<&str> = schemas.types.keys().map(|ty| provider_of(ty)).collect();
            families.dedup();
            match suggest(family, &families) {
                Some(meant) => format!("did you mean one of `{meant}`?"),
                None => format!("there are types of {}", listed(families)),
            }
        }
    };
    Diagnostic::error("unknown_type", format!("there is no type `{name}`")).at(block.type_span, "").help(help)
}

fn unknown_attribute(
    key: &str,
    span: Span,
    what: What<'_>,
    attributes: &BTreeMap<Name, Attribute>,
    meta: &[&str],
) -> Diagnostic {
    let known = settable(attributes).map(|name| &**name);
    let help = match suggest(key, known.clone().chain(meta.iter().copied())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if meta.contains(&"lifecycle") && LIFECYCLE.contains(&key) => {
            format!("write it below `lifecycle`: lifecycle: {{ {key}: ... }}")
        }
        None => format!("it takes {}", listed(known)),
    };
    Diagnostic::error("unknown_attribute", format!("{what} has no attribute `{key}`")).at(span, "").help(help)
}

fn settable(attributes: &BTreeMap<Name, Attribute>) -> impl Iterator<Item = &Name> + Clone {
    attributes.iter().filter(|(_, a)| !a.computed || a.optional).map(|(name, _)| name)
}

/// Whose keys they are, for messages; put into words only where there is one.
#[derive(Clone, Copy)]
enum What<'a> {
    Named(&'a str),
    Provider(&'a str),
}

impl std::fmt::Display for What<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Named(name) => write!(f, "`{name}`"),
            What::Provider(name) => write!(f, "the provider `{name}`"),
        }
    }
}

/// A map of known keys: a block, or an object inside one.
struct Object<'a> {
    attributes: &'a BTreeMap<Name, Attribute>,
    /// Whose they are, for messages.
    what: What<'a>,
    /// Keys that stand beside them, which a misspelt one may mean.
    meta: &'a [&'a str],
    /// Whether there may be others.
    open: bool,
    /// Whether it names something that is only read: by whatever the provider knows it by.
    existing: bool,
}

impl<'a> Object<'a> {
    fn new(attributes: &'a BTreeMap<Name, Attribute>, what: What<'a>) -> Object<'a> {
        Object { attributes, what, meta: &[], open: false, existing: false }
    }

    fn check(&self, node: &Node, place: Span, bag: &mut Bag) {
        let mut meant = BTreeSet::new();
        for (key, span, value) in node.entries() {
            let Some(attribute) = self.attributes.get(key) else {
                if !self.open {
                    meant.extend(suggest(key, settable(self.attributes)));
                    bag.push(unknown_attribute(key, *span, self.what, self.attributes, self.meta));
                }
                continue;
            };
            // Null is as good as not written.
            if is_null(value) {
                continue;
            }
            if attribute.computed && !attribute.optional && !self.existing {
                bag.push(
                    Diagnostic::error("computed", format!("`{key}` cannot be set: the provider decides it"))
                        .at(*span, "")
                        .help(format!("remove it; other resources can read it as NAME.{key}")),
                );
                continue;
            }
            check(value, attribute, key, place, bag);
        }
        if self.existing {
            return;
        }
        for (key, attribute) in self.attributes {
            let given = node.get(key).is_some_and(|value| !is_null(value));
            // A misspelt key was said to be that.
            if attribute.required && attribute.default.is_none() && !given && !meant.contains(&**key) {
                let about = match attribute.description.is_empty() {
                    true => attribute.value_type().article().to_string(),
                    false => format!("{}: {}", attribute.value_type().article(), attribute.description),
                };
                bag.push(
                    Diagnostic::error("missing_attribute", format!("{} needs `{key}`", self.what))
                        .at(place, format!("`{key}` is missing"))
                        .help(format!("set `{key}` to {about}")),
                );
            }
        }
    }
}

/// Checks a value as far as it is written out.
///
/// `place` is shown instead of values that must not be.
fn check(node: &Node, attribute: &Attribute, name: &str, place: Span, bag: &mut Bag) {
    match (&node.kind, attribute.kind) {
        (_, Kind::Any) | (NodeKind::Template { .. }, _) => {}
        (NodeKind::Literal { value, text }, _) => {
            let value = if attribute.sensitive { value.clone().sensitive() } else { value.clone() };
            if let Err(error) = coerce(&value, text.as_deref(), attribute) {
                let hidden = Node { span: place, ..node.clone() };
                bag.push(shape(name, if attribute.sensitive { &hidden } else { node }, error));
            }
        }
        (NodeKind::Map(_), Kind::Object) => {
            let open = attribute.open;
            Object { open, ..Object::new(&attribute.attributes, What::Named(name)) }
                .check(node, node.span, bag);
        }
        (NodeKind::Map(entries), Kind::Map) => {
            length(entries.len(), "keys", node, attribute, name, bag);
            for (key, _, value) in entries.iter().filter(|(_, _, value)| !is_null(value)) {
                if let Some(items) = &attribute.items {
                    check(value, items, &format!("{name}.{key}"), place, bag);
                }
            }
        }
        (NodeKind::List(items), Kind::List) => {
            length(items.len(), "items", node, attribute, name, bag);
            for (i, item) in items.iter().enumerate() {
                let Some(of) = &attribute.items else { break };
                let name = format!("{name}[{i}]");
                match is_null(item) && of.kind != Kind::Any {
                    true => bag.push(wrong(&name, item, of.value_type())),
                    false => check(item, of, &name, place, bag),
                }
            }
        }
        (NodeKind::Map(_) | NodeKind::List(_), _) => bag.push(wrong(name, node, attribute.value_type())),
    }
}

fn wrong(name: &str, node: &Node, wanted: Type) -> Diagnostic {
    Diagnostic::error("wrong_type", format!("`{name}` must be {}", wanted.article()))
        .at(node.span, format!("this is {}", kind_of(node)))
}

fn length(len: usize, unit: &str, node: &Node, attribute: &Attribute, name: &str, bag: &mut Bag) {
    let len = len as i64;
    let bound = match (attribute.minimum, attribute.maximum) {
        (Some(least), _) if len < least => format!("at least {least}"),
        (_, Some(most)) if len > most => format!("at most {most}"),
        _ => return,
    };
    bag.push(
        Diagnostic::error("out_of_range", format!("`{name}` must have {bound} {unit}"))
            .at(node.span, format!("this has {len}")),
    );
}

/// A literal that does not fit.
fn shape(name: &str, node: &Node, error: ShapeError) -> Diagnostic {
    let diagnostic = Diagnostic::error("wrong_value", format!("`{name}` cannot have this value"))
        .at(node.span, error.message);
    match error.help.or_else(|| yes_or_no(node)) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn yes_or_no(node: &Node) -> Option<String> {
    let NodeKind::Literal { value: Value::String(text), .. } = &node.kind else { return None };
    let meant = yaml::is_yes_or_no(text)?;
    Some(format!("YAML 1.2 reads `{text}` as text: write `{meant}`"))
}

fn inputs(module: &Module, id: ModuleId, lacking: &BTreeSet<(ModuleId, Name)>, files: &Files, bag: &mut Bag) {
    for (name, input) in &module.inputs {
        if let Some(pattern) = &input.pattern
            && let Err(why) = aurak_expr::matches_whole(pattern, "")
        {
            bag.push(
                Diagnostic::error(
                    "bad_pattern",
                    format!("the pattern of the input `{name}` is broken: {why}"),
                )
                .at(input.span, "")
                .help("it is a regular expression that the whole text must match"),
            );
            continue;
        }
        for layer in &input.layers {
            input_value(name, input, layer, files, bag);
        }
        if input.layers.is_empty() && !input.nullable && !lacking.contains(&(id, name.clone())) {
            bag.push(missing(name, input, module));
        }
    }
}

fn missing(name: &str, input: &Input, module: &Module) -> Diagnostic {
    match &module.call {
        None => {
            let mut diagnostic =
                Diagnostic::error("missing_input", format!("the input `{name}` has no value"))
                    .at(input.span, "declared here, without a default")
                    .help(format!("give it one: --var {name}=..., or in a profile or environment"));
            diagnostic.detail = input.description.clone();
            diagnostic
        }
        Some(call) => {
            Diagnostic::error("missing_input", format!("the module `{}` needs the input `{name}`", call.name))
                .at(call.span, "called here")
                .at(input.span, "declared here, without a default")
                .help(format!("add it to the call: with: {{ {name}: ... }}"))
        }
    }
}

/// A value of an input, as far as it is written out.
fn input_value(name: &str, input: &Input, layer: &Layer, files: &Files, bag: &mut Bag) {
    let node = &layer.node;
    let what = |message: String| {
        let summary = format!("the input `{name}` cannot have this value");
        let diagnostic = Diagnostic::error("wrong_value", summary);
        match input.sensitive {
            // A label would show the line with the secret on it.
            true => diagnostic.at(input.span, message).detail(format!(
                "It is given at {} ({}).",
                files.place(node.span),
                layer.source
            )),
            false => diagnostic.at(node.span, message).at(input.span, "declared here"),
        }
    };
    let (value, text) = match &node.kind {
        NodeKind::Template { .. } => return,
        NodeKind::Literal { value: Value::Null, .. } => {
            if !input.nullable {
                bag.push(
                    what("it is null".to_string())
                        .help("give a value, or declare the input with `nullable: true`"),
                );
            }
            return;
        }
        NodeKind::Literal { value, text } => (value, text),
        NodeKind::List(_) | NodeKind::Map(_) => {
            let found = if matches!(node.kind, NodeKind::List(_)) { Type::List } else { Type::Map };
            if !matches!(input.ty, Type::Any) && input.ty != found {
                bag.push(what(format!("{} is wanted, and this is {}", input.ty.article(), found.article())));
            }
            return;
        }
    };
    let attribute = Attribute { pattern: input.pattern.clone(), ..Attribute::of(kind(input.ty)) };
    let marked = if input.sensitive { value.clone().sensitive() } else { value.clone() };
    let coerced = match coerce(&marked, text.as_deref(), &attribute) {
        Ok(coerced) => coerced.reveal(),
        Err(error) => {
            let mut diagnostic = what(error.message);
            diagnostic.help = error.help;
            bag.push(diagnostic);
            return;
        }
    };
    if !input.allowed.is_empty() && !input.allowed.iter().any(|allowed| same(allowed, &coerced)) {
        let words: Vec<String> = input.allowed.iter().map(show).collect();
        let meant = coerced.as_str().filter(|_| !input.sensitive).and_then(|text| suggest(text, &words));
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`? allowed are {}", listed(&words)),
            None => format!("allowed are {}", listed(&words)),
        };
        bag.push(what("this is not allowed".to_string()).help(help));
        return;
    }
    if let Some(bound) = beyond(&coerced, input.minimum, input.maximum) {
        bag.push(what("this is out of range".to_string()).help(format!("it must be {bound}")));
    }
}

fn kind(ty: Type) -> Kind {
    match ty {
        Type::Any => Kind::Any,
        Type::Boolean => Kind::Boolean,
        Type::Integer => Kind::Integer,
        Type::Number => Kind::Number,
        Type::String => Kind::String,
        Type::List => Kind::List,
        Type::Map => Kind::Map,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(i), Value::Float(x)) | (Value::Float(x), Value::Int(i)) => *i as f64 == *x,
        _ => a == b,
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}
