//! Looking up every name in every expression, and drawing the edges between what reads and what is
//! read.

use std::collections::BTreeSet;

use aurak_expr::{ExprError, Reference, Template, suggest};
use aurak_model::program::{Condition, DependencyTarget, Layer};
use aurak_model::{
    Address, Attribute, Block, BlockId, BlockKind, Diagnostic, Kind, ModuleId, Name, Named, Node, NodeKind,
    Program, Schemas, Span, Type,
};

use super::edges::{Graph, Id, Vertex};
use super::modules::{Linked, is_waited_for};
use super::targets;
use crate::fields::{Bag, listed};

/// Looks up all names and sets the edges of all blocks.
pub(crate) fn names(program: &mut Program, linked: &mut Linked, schemas: &Schemas, bag: &mut Bag) {
    targets::resolve(program, linked, schemas, bag);
    let mut names = Names { program, schemas, holes: &linked.holes, graph: Graph::new(program), bag };
    names.modules();
    names.blocks();
    let Names { mut graph, .. } = names;
    let files = std::mem::take(&mut program.files);
    graph.finish(program, &files, bag);
    program.files = files;
    renames(program, linked, bag);
}

struct Names<'a> {
    program: &'a Program,
    schemas: &'a Schemas,
    holes: &'a BTreeSet<ModuleId>,
    graph: Graph,
    bag: &'a mut Bag,
}

/// Where an expression stands: what it may name, and for whom it reads.
#[derive(Clone, Copy)]
struct Site<'a> {
    module: ModuleId,
    /// Whether `each` is there.
    each: Each,
    /// The block that `self` is, where it is allowed.
    own: Option<&'a Block>,
    /// Who reads; nobody for what is evaluated after everything else.
    reader: Option<Id>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Each {
    /// This is repeated.
    There,
    /// This belongs to something that could be repeated and is not.
    NotRepeated,
    /// This is evaluated once, whatever is repeated around it.
    Never,
}

impl<'a> Names<'a> {
    fn modules(&mut self) {
        let program = self.program;
        for (i, module) in program.modules.iter().enumerate() {
            let id = ModuleId(i as u32);
            let once = |reader| Site { module: id, each: Each::Never, own: None, reader };
            if i == 0 {
                self.scan_all(program.name.iter(), once(None));
            }
            for (name, node) in &module.lets {
                let reader = self.graph.id(&Vertex::Let(id, name.clone()));
                self.scan(node, once(reader));
            }
            for (name, input) in &module.inputs {
                let reader = self.graph.id(&Vertex::Input(id, name.clone()));
                let first = first_that_counts(&input.layers, input.ty);
                for (at, layer) in input.layers.iter().enumerate() {
                    let repeated = module.call.as_ref().is_some_and(|call| call.for_each.is_some());
                    let each = match (layer.scope == id, repeated) {
                        (true, _) => Each::Never,
                        (false, true) => Each::There,
                        (false, false) => Each::NotRepeated,
                    };
                    // What a higher layer replaces is checked, but it is never read.
                    let reader = reader.filter(|_| at >= first);
                    self.scan(&layer.node, Site { module: layer.scope, each, own: None, reader });
                }
            }
            for (name, output) in &module.outputs {
                let reader = self.graph.id(&Vertex::Output(id, name.clone()));
                self.scan(&output.value, once(reader));
                if let Some(reader) = reader {
                    self.graph.read(reader, &Vertex::Call(id), Span::default());
                }
            }
            self.conditions(&module.checks, once(None));
            self.call(id);
        }
        for import in &program.imports {
            let site = Site { module: ModuleId(0), each: Each::Never, own: None, reader: None };
            self.scan(&import.id, site);
        }
    }

    fn call(&mut self, id: ModuleId) {
        let program = self.program;
        let Some(call) = &program.module(id).call else { return };
        let (Some(here), Some(wait), Some(all)) = (
            self.graph.id(&Vertex::Call(id)),
            self.graph.id(&Vertex::Wait(id)),
            self.graph.id(&Vertex::All(id)),
        ) else {
            return;
        };
        let repeated = if call.for_each.is_some() { Each::There } else { Each::NotRepeated };
        let site = Site { module: call.parent, each: Each::Never, own: None, reader: Some(here) };
        self.scan_all(call.for_each.iter(), site);
        self.scan_all(call.when.iter(), Site { each: repeated, ..site });
        let keys = call.providers.values().filter_map(|used| used.key.as_deref());
        self.scan_all(keys, Site { each: repeated, ..site });
        self.graph.read(here, &Vertex::Call(call.parent), Span::default());
        for dependency in &call.depends_on {
            self.depend(wait, &dependency.target, dependency.span);
        }
        self.graph.read(wait, &Vertex::Wait(call.parent), Span::default());
        if let Some(around) = self.graph.id(&Vertex::All(call.parent)) {
            self.graph.read(around, &Vertex::All(id), Span::default());
        }
        let module = program.module(id);
        for block in module.resources.values().chain(module.existing.values()) {
            self.graph.read(all, &Vertex::Block(*block), Span::default());
        }
    }

    fn blocks(&mut self) {
        let program = self.program;
        for (i, block) in program.blocks.iter().enumerate() {
            let reader = Some(i as Id);
            let once = Site { module: block.module, each: Each::Never, own: None, reader };
            let each = if block.for_each.is_some() { Each::There } else { Each::NotRepeated };
            let site = Site { each, ..once };
            self.scan_all(block.for_each.as_deref(), once);
            self.scan_all(block.when.as_deref(), site);
            self.scan(&block.attributes, site);
            self.scan_all(block.timeouts.values(), site);
            let lifecycle = &block.lifecycle;
            let values = [
                &lifecycle.prevent_destroy,
                &lifecycle.create_before_destroy,
                &lifecycle.retain,
                &lifecycle.adopt,
                &lifecycle.replace_when,
            ];
            self.scan_all(values.into_iter().flatten(), site);
            self.conditions(&lifecycle.preconditions, site);
            self.conditions(&lifecycle.postconditions, Site { own: Some(block), ..site });
            if let Some(used) = &block.provider {
                // A key that a caller gives was looked at there.
                let key = used.key.as_deref().filter(|_| used.scope == block.module);
                self.scan_all(key, site);
                self.graph.read(i as Id, &Vertex::Block(used.block), used.span);
            }
            for dependency in block.depends_on.iter().chain(&lifecycle.deleted_with) {
                self.depend(i as Id, &dependency.target, dependency.span);
            }
            self.graph.read(i as Id, &Vertex::Call(block.module), Span::default());
            if is_waited_for(block.kind) {
                self.graph.read(i as Id, &Vertex::Wait(block.module), Span::default());
            }
        }
    }

    fn depend(&mut self, reader: Id, target: &DependencyTarget, span: Span) {
        match target {
            DependencyTarget::Block(block, _) => self.graph.read(reader, &Vertex::Block(*block), span),
            DependencyTarget::Module(module) => self.graph.read(reader, &Vertex::All(*module), span),
        }
    }

    fn conditions(&mut self, conditions: &[Condition], site: Site<'_>) {
        for condition in conditions {
            self.scan(&condition.that, site);
            self.scan(&condition.message, site);
        }
    }

    fn scan_all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, site: Site<'_>) {
        for node in nodes {
            self.scan(node, site);
        }
    }

    /// Looks up the names in a node; the depth of nodes is bounded where they are read.
    fn scan(&mut self, node: &Node, site: Site<'_>) {
        match &node.kind {
            NodeKind::Literal { .. } => {}
            NodeKind::List(items) => self.scan_all(items, site),
            NodeKind::Map(entries) => self.scan_all(entries.iter().map(|(_, _, node)| node), site),
            NodeKind::Template { text, .. } => match Template::parse(text) {
                Ok(template) => {
                    for reference in template.references() {
                        self.reference(node, &reference, site);
                    }
                }
                Err(error) => self.bag.push(syntax_error(node, text, &error)),
            },
        }
    }

    fn reference(&mut self, node: &Node, reference: &Reference, site: Site<'_>) {
        let span = node.place(reference.start, reference.end);
        let root = node.place(reference.start, reference.start + reference.root.len());
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        let program = self.program;
        let module = program.module(site.module);
        match &*reference.root {
            "each" => return self.each(&path, span, site),
            "self" => return self.own(&path, reference.optional, span, site),
            _ => {}
        }
        let optional = reference.optional;
        match module.named(&reference.root) {
            Some(Named::Inputs) => match path.first() {
                Some(name) if module.inputs.contains_key(*name) => {
                    self.read(site, &Vertex::Input(site.module, (*name).into()), span);
                }
                Some(name) => self.unknown("input", name, module.inputs.keys(), span),
                None => {
                    for name in module.inputs.keys() {
                        self.read(site, &Vertex::Input(site.module, name.clone()), span);
                    }
                }
            },
            Some(Named::Resources) => match path.split_first() {
                Some((name, rest)) => match module.resource(name) {
                    Some(block) => self.block(block, rest, optional, span, site),
                    None => {
                        let known = module.resources.keys().chain(module.existing.keys());
                        self.unknown_in("resource", name, known, span, site.module, "resources");
                    }
                },
                None => self.whole_namespace("resources", "a resource", root),
            },
            Some(Named::Modules) => match path.split_first() {
                Some((name, rest)) => match module.modules.get(*name) {
                    Some(called) => self.module(*called, rest, optional, span, site),
                    None => {
                        self.unknown_in("module", name, module.modules.keys(), span, site.module, "modules");
                    }
                },
                None => self.whole_namespace("modules", "a module", root),
            },
            Some(Named::Input(_)) => {
                self.read(site, &Vertex::Input(site.module, reference.root.as_str().into()), span);
            }
            Some(Named::Let(_)) => {
                self.read(site, &Vertex::Let(site.module, reference.root.as_str().into()), span);
            }
            Some(Named::Block(block)) => self.block(block, &path, optional, span, site),
            Some(Named::Module(called)) => self.module(called, &path, optional, span, site),
            None => self.undefined(&reference.root, root, site.module),
        }
    }

    fn read(&mut self, site: Site<'_>, vertex: &Vertex, span: Span) {
        if let Some(reader) = site.reader {
            self.graph.read(reader, vertex, span);
        }
    }

    fn each(&mut self, path: &[&str], span: Span, site: Site<'_>) {
        let diagnostic = match (site.each, path.first()) {
            (Each::There, None | Some(&("key" | "value"))) => return,
            (Each::There, Some(other)) => {
                Diagnostic::error("unknown_attribute", format!("`each` has no `{other}`"))
                    .at(span, "")
                    .help("it has `each.key` and `each.value`")
            }
            (Each::NotRepeated, _) => Diagnostic::error("unknown_name", "there is no `each` here")
                .at(span, "nothing repeats this")
                .help("add `for_each`, or take `each` out"),
            (Each::Never, _) => Diagnostic::error("unknown_name", "there is no `each` here")
                .at(span, "this is evaluated once")
                .help("use `each` in the attributes of what has `for_each`"),
        };
        self.bag.push(diagnostic);
    }

    fn own(&mut self, path: &[&str], optional: bool, span: Span, site: Site<'_>) {
        match site.own {
            Some(block) => self.attribute(block, path, optional, span),
            None => self.bag.push(
                Diagnostic::error("unknown_name", "there is no `self` here")
                    .at(span, "")
                    .help("only postconditions have it: the resource after it was made"),
            ),
        }
    }

    fn block(&mut self, id: BlockId, path: &[&str], optional: bool, span: Span, site: Site<'_>) {
        self.read(site, &Vertex::Block(id), span);
        let block = self.program.block(id);
        let path = if block.for_each.is_some() { path.get(1..).unwrap_or_default() } else { path };
        self.attribute(block, path, optional, span);
    }

    /// Whether a type has an attribute, as far as that is known.
    fn attribute(&mut self, block: &Block, path: &[&str], optional: bool, span: Span) {
        let Some(schema) = self.schemas.types.get(&block.type_name) else { return };
        let mut attributes = &schema.attributes;
        let mut whose = format!("`{}` ({})", block.name, block.type_name);
        for step in path {
            let Some(attribute) = attributes.get(*step) else {
                // Asking whether something is there is how a stack fits several versions of a type.
                if !optional {
                    let help = match suggest(step, attributes.keys()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("it has {}", listed(attributes.keys())),
                    };
                    self.bag.push(
                        Diagnostic::error("unknown_attribute", format!("{whose} has no attribute `{step}`"))
                            .at(span, "")
                            .help(help),
                    );
                }
                return;
            };
            if !is_closed(attribute) {
                return;
            }
            whose = format!("`{step}` of {}", block.type_name);
            attributes = &attribute.attributes;
        }
    }

    fn module(&mut self, id: ModuleId, path: &[&str], optional: bool, span: Span, site: Site<'_>) {
        self.read(site, &Vertex::Call(id), span);
        let module = self.program.module(id);
        let repeated = module.call.as_ref().is_some_and(|call| call.for_each.is_some());
        let output = if repeated { path.get(1) } else { path.first() };
        match output {
            Some(name) if module.outputs.contains_key(*name) => {
                self.read(site, &Vertex::Output(id, (*name).into()), span);
            }
            Some(_) if self.holes.contains(&id) || optional => {}
            Some(name) => {
                let called = module.path.last().map_or("", |name| &**name);
                let help = match suggest(name, module.outputs.keys()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if module.resource(name).is_some() => {
                        format!(
                            "what is in a module is not seen outside: add an output to it, {name}: {{ value: ... }}"
                        )
                    }
                    None => format!("it has {}", listed(module.outputs.keys())),
                };
                self.bag.push(
                    Diagnostic::error(
                        "unknown_output",
                        format!("the module `{called}` has no output `{name}`"),
                    )
                    .at(span, "")
                    .help(help),
                );
            }
            None => {
                for name in module.outputs.keys() {
                    self.read(site, &Vertex::Output(id, name.clone()), span);
                }
            }
        }
    }

    fn undefined(&mut self, name: &str, span: Span, scope: ModuleId) {
        let module = self.program.module(scope);
        let diagnostic = Diagnostic::error("unknown_name", format!("`{name}` is not defined"));
        if name == "env" {
            self.bag.push(diagnostic.at(span, "this is a function").help("call it: env('NAME')"));
            return;
        }
        let diagnostic = diagnostic.at(span, "no input, let, resource or module has this name");
        let diagnostic = match suggest(name, module.names()) {
            Some(meant) => {
                diagnostic.help(format!("did you mean `{meant}`{}?", self.introduce(&meant, scope)))
            }
            None if module.providers.contains_key(name) => {
                diagnostic.help("a provider node has no values; refer to what its configuration uses")
            }
            None => diagnostic.help("declare it under `inputs` or `let`, or quote it if text is meant"),
        };
        self.bag.push(diagnostic);
    }

    /// What a name is and where it stands: `, the resource at aurak.yaml:9:3`.
    fn introduce(&self, name: &str, scope: ModuleId) -> String {
        let module = self.program.module(scope);
        let (word, span) = match module.named(name) {
            Some(Named::Input(input)) => ("input", input.span),
            Some(Named::Let(node)) => ("`let`", node.span),
            Some(Named::Block(id)) => ("resource", self.program.block(id).span),
            Some(Named::Module(id)) => match &self.program.module(id).call {
                Some(call) => ("module", call.span),
                None => return String::new(),
            },
            _ => return String::new(),
        };
        format!(", the {word} at {}", self.program.files.place(span))
    }

    fn unknown<'n>(
        &mut self,
        word: &str,
        name: &str,
        known: impl Iterator<Item = &'n Name> + Clone,
        span: Span,
    ) {
        let help = match suggest(name, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", listed(known)),
        };
        let what = format!("there is no {word} `{name}`");
        self.bag.push(Diagnostic::error("unknown_name", what).at(span, "").help(help));
    }

    /// As above, behind a namespace that could also be meant as an input.
    fn unknown_in<'n>(
        &mut self,
        word: &str,
        name: &str,
        known: impl Iterator<Item = &'n Name> + Clone,
        span: Span,
        scope: ModuleId,
        namespace: &str,
    ) {
        if self.program.module(scope).inputs.contains_key(namespace) {
            self.bag.push(
                Diagnostic::error("unknown_name", format!("there is no {word} `{name}`"))
                    .at(span, "")
                    .help(format!("the input of this name is `inputs.{namespace}`")),
            );
            return;
        }
        self.unknown(word, name, known, span);
    }

    fn whole_namespace(&mut self, namespace: &str, what: &str, span: Span) {
        self.bag.push(
            Diagnostic::error("namespace", format!("`{namespace}` is no value"))
                .at(span, format!("{what} must be named behind it"))
                .help(format!("write {namespace}.NAME; the name cannot be an expression")),
        );
    }
}

/// The lowest layer that can still be seen: maps merge, anything else replaces what is below.
fn first_that_counts(layers: &[Layer], ty: Type) -> usize {
    let merges = |layer: &Layer| match &layer.node.kind {
        NodeKind::Map(_) => true,
        NodeKind::Literal { .. } | NodeKind::List(_) => false,
        NodeKind::Template { .. } => matches!(ty, Type::Map | Type::Any),
    };
    layers.iter().rposition(|layer| !merges(layer)).unwrap_or(0)
}

/// An object whose keys are all known.
fn is_closed(attribute: &Attribute) -> bool {
    attribute.kind == Kind::Object && !attribute.open
}

/// An expression that cannot be read.
fn syntax_error(node: &Node, text: &str, error: &ExprError) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error("expression", error.message.clone()).at(node.place(error.start, error.end), "");
    diagnostic.help = error.help.clone();
    let foreign = ["{{ $", "{{$", "{{ .", "{{.", "{{-", "{{ template", "{{ include"];
    if diagnostic.help.is_none() && foreign.iter().any(|start| text.contains(start)) {
        diagnostic.help = Some(
            "if this is text for another template language, put `!raw` in front of the value: \
             expressions are off in it"
                .to_string(),
        );
    }
    diagnostic
}

/// What is renamed or taken over must be there, and what is removed must not.
fn renames(program: &Program, linked: &Linked, bag: &mut Bag) {
    let holes = &linked.holes;
    for (address, span) in linked.places.iter().flat_map(|places| &places.moved_to) {
        // A later rename may have taken it on from there.
        let mut later = program.moved.iter().skip_while(|moved| moved.to != *address).skip(1);
        let is_passed_on =
            later.any(|moved| address.is_at_or_below(&moved.from) || moved.from.is_at_or_below(address));
        if !is_passed_on && find(program, address, holes).is_none() {
            bag.push(unknown_address("moved to", address, *span, program, true));
        }
    }
    for import in &program.imports {
        match find(program, &import.to, holes) {
            Some(Found::Resource(_) | Found::Hole) => {}
            Some(Found::Module(span)) => bag.push(
                Diagnostic::error("unknown_address", format!("`{}` is a module", import.to))
                    .at(import.span, "only a resource can be imported")
                    .at(span, "called here")
                    .help(format!("name a resource of it: {}.NAME", import.to)),
            ),
            None => bag.push(unknown_address("imported as", &import.to, import.span, program, false)),
        }
    }
    for removed in &program.removed {
        let place = match find(program, &removed.address, holes) {
            Some(Found::Resource(block)) => program.block(block).span,
            Some(Found::Module(span)) => span,
            Some(Found::Hole) | None => continue,
        };
        if removed.address.split().1.key.is_none() {
            bag.push(
                Diagnostic::error("not_removed", format!("`{}` is still in the stack", removed.address))
                    .at(removed.span, "removed here")
                    .at(place, "configured here")
                    .help("take one of the two out"),
            );
        }
    }
}

/// What an address names.
enum Found {
    Resource(BlockId),
    /// A call of a module, and where it is.
    Module(Span),
    /// A module on the way could not be read.
    Hole,
}

fn find(program: &Program, address: &Address, holes: &BTreeSet<ModuleId>) -> Option<Found> {
    let (within, last, child) = address.split();
    let mut module = program.modules.first()?;
    for segment in within.segments() {
        let id = module.modules.get(&*segment.name)?;
        if holes.contains(id) {
            return Some(Found::Hole);
        }
        module = program.module(*id);
    }
    if let Some(block) = module.resources.get(&*last.name) {
        return (program.block(*block).kind == BlockKind::Resource).then_some(Found::Resource(*block));
    }
    let called = module.modules.get(&*last.name).filter(|_| child.is_none())?;
    Some(Found::Module(program.module(*called).call.as_ref()?.span))
}

/// `modules`: whether a module may stand there too.
fn unknown_address(
    what: &str,
    address: &Address,
    span: Span,
    program: &Program,
    modules: bool,
) -> Diagnostic {
    let (within, last, _) = address.split();
    let mut module = program.modules.first();
    for segment in within.segments() {
        module = module.and_then(|m| m.modules.get(&*segment.name)).map(|id| program.module(*id));
    }
    let known = module
        .into_iter()
        .flat_map(|module| module.resources.keys().chain(module.modules.keys().filter(move |_| modules)));
    let help = match suggest(&last.name, known) {
        Some(meant) => format!("did you mean `{}`?", within.join(&meant, last.key.as_deref()).as_str()),
        None if modules => "write the address of a resource or a module as it is now".to_string(),
        None => "write the address of a resource as it is now".to_string(),
    };
    let message = format!("something is {what} `{address}`, which the stack does not have");
    Diagnostic::error("unknown_address", message).at(span, "").help(help)
}
