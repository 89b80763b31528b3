//! One [`Module`] for each place that calls one, callers before what they call.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use aurak_model::program::{Call, Import, Input, Layer, Moved, Removed};
use aurak_model::{
    Address, Block, BlockId, BlockKind, Diagnostic, Module, ModuleId, Name, Node, NodeKind, Program, Span,
};

use crate::document::{BlockDecl, CallDecl, Document, Role};
use crate::load::{MODULE_FILE, Reader};
use crate::paths;
use crate::target::Target;
use crate::values::{self, FileLayer, StackLayers, unknown_input};

/// How many calls of modules a stack may have. Modules that call others twice double with each
/// level; the largest platform that we know has a few hundred.
const MAX_MODULES: usize = 10_000;

/// How deep modules may call each other: far beyond what anybody can follow, and little enough that
/// paths stay short.
const MAX_MODULE_DEPTH: usize = 64;

/// What linking leaves to be looked up once all modules are there.
#[derive(Default)]
pub(crate) struct Linked {
    /// Names that blocks use outside of expressions, by block.
    pub(super) blocks: Vec<BlockTargets>,
    /// The same of calls, by module.
    pub(super) calls: BTreeMap<ModuleId, CallTargets>,
    /// Modules that could not be read: nothing can be said about what is in them.
    pub(super) holes: BTreeSet<ModuleId>,
    /// Inputs that may have no value because of something that was said already.
    pub(crate) lacking: BTreeSet<(ModuleId, Name)>,
    /// Places of declarations by module, for messages.
    pub(super) places: Vec<Places>,
}

/// The places of declarations that a [`Module`] does not keep.
#[derive(Default)]
pub(super) struct Places {
    pub(super) lets: BTreeMap<Name, Span>,
    pub(super) moved_to: Vec<(Address, Span)>,
}

#[derive(Default)]
pub(super) struct BlockTargets {
    pub(super) depends_on: Vec<Target>,
    pub(super) provider: Option<Target>,
    pub(super) deleted_with: Option<Target>,
}

#[derive(Default)]
pub(super) struct CallTargets {
    pub(super) depends_on: Vec<Target>,
    pub(super) providers: Vec<(Name, Target)>,
}

/// Builds all modules of a stack.
pub(crate) fn modules(
    stack: Document,
    layers: StackLayers,
    program: &mut Program,
    reader: &mut Reader<'_>,
) -> Linked {
    let mut linker = Linker { program, reader, linked: Linked::default(), known: HashMap::new() };
    linker.program.name = stack.name.clone();
    let calls = linker.add(Module::default(), stack);
    let lacking = layers.apply(&mut linker.program.modules[0].inputs, linker.reader);
    linker.linked.lacking.extend(lacking.into_iter().map(|name| (ModuleId(0), name)));
    let mut queue: VecDeque<(ModuleId, Vec<CallDecl>)> = VecDeque::from([(ModuleId(0), calls)]);
    while let Some((parent, calls)) = queue.pop_front() {
        for call in calls {
            if linker.program.modules.len() > MAX_MODULES {
                linker.reader.bag.push(
                    Diagnostic::error(
                        "too_many_modules",
                        format!("modules are called more than {MAX_MODULES} times"),
                    )
                    .at(call.span, "this call goes beyond")
                    .help("look for modules that call others more than once, level by level"),
                );
                return linker.linked;
            }
            let (id, inner) = linker.call(parent, call);
            queue.push_back((id, inner));
        }
    }
    linker.linked
}

struct Linker<'p, 'r, 's> {
    program: &'p mut Program,
    reader: &'r mut Reader<'s>,
    linked: Linked,
    /// Modules that were read, by file: each is read once.
    known: HashMap<String, Option<Rc<Document>>>,
}

impl Linker<'_, '_, '_> {
    /// Adds a module that a document declares; gives back the calls in it.
    fn add(&mut self, mut module: Module, document: Document) -> Vec<CallDecl> {
        let id = ModuleId(self.program.modules.len() as u32);
        let Document {
            name: _,
            environments: _,
            layers: _,
            include: _,
            inputs,
            lets,
            providers,
            existing,
            resources,
            modules,
            outputs,
            checks,
            moved,
            imports,
            removed,
        } = document;
        let mut places = Places::default();
        self.program.blocks.reserve(providers.len() + existing.len() + resources.len());
        for decl in inputs {
            let mut input = decl.input;
            input.layers.extend(decl.default.map(|node| Layer {
                node,
                scope: id,
                source: "default".into(),
                verbatim: false,
            }));
            module.inputs.insert(decl.name, input);
        }
        for (name, span, node) in lets {
            if let Some(input) = module.inputs.get(&name) {
                let places = [(span, "this `let`"), (input.span, "this input")];
                self.reader.bag.push(clash(&name, places, "an input and a `let`"));
                continue;
            }
            places.lets.insert(name.clone(), span);
            module.lets.insert(name, node);
        }
        for decl in providers {
            let name = decl.name.clone();
            module.providers.insert(name, self.block(id, decl));
        }
        for decl in resources {
            let name = decl.name.clone();
            module.resources.insert(name, self.block(id, decl));
        }
        for decl in existing {
            let (name, span) = (decl.name.clone(), decl.span);
            if let Some(resource) = module.resources.get(&name) {
                let places = [(span, "only read here"), (self.program.block(*resource).span, "made here")];
                self.reader.bag.push(clash(&name, places, "a resource and an existing resource"));
                continue;
            }
            module.existing.insert(name, self.block(id, decl));
        }
        for call in &modules {
            if let Some(block) = module.resource(&call.name) {
                let places = [(call.span, "this module"), (self.program.block(block).span, "this resource")];
                self.reader.bag.push(clash(&call.name, places, "a module and a resource"));
            }
        }
        module.outputs = outputs.into_iter().collect();
        module.checks = checks;
        self.renames(&module, &mut places, moved, imports, removed);
        self.program.modules.push(module);
        self.linked.places.push(places);
        modules
    }

    fn block(&mut self, module: ModuleId, decl: BlockDecl) -> BlockId {
        let id = BlockId(self.program.blocks.len() as u32);
        let BlockDecl {
            kind,
            name,
            span,
            type_name,
            type_span,
            attributes,
            for_each,
            when,
            depends_on,
            provider,
            lifecycle,
            deleted_with,
            timeouts,
            description,
        } = decl;
        self.program.blocks.push(Block {
            kind,
            module,
            name,
            span,
            type_name: type_name.unwrap_or_else(|| "".into()),
            type_span,
            attributes,
            for_each: for_each.map(Box::new),
            when: when.map(Box::new),
            depends_on: Vec::new(),
            provider: None,
            lifecycle,
            timeouts,
            description,
            edges: Vec::new(),
        });
        self.linked.blocks.push(BlockTargets { depends_on, provider, deleted_with });
        id
    }

    /// Addresses in a module are seen from the stack. A module that is called once for each key has
    /// no single address there.
    fn renames(
        &mut self,
        module: &Module,
        places: &mut Places,
        moved: Vec<crate::document::MovedDecl>,
        imports: Vec<crate::document::ImportDecl>,
        removed: Vec<crate::document::RemovedDecl>,
    ) {
        let first = moved.first().map(|m| m.span).or(removed.first().map(|r| r.span));
        let Some(place) = first.or(imports.first().map(|i| i.span)) else { return };
        if self.has_instances(module) {
            self.reader.bag.push(
                Diagnostic::error(
                    "renames_in_instances",
                    "a module that is called with `for_each` cannot rename",
                )
                .at(place, "one rule would stand for many addresses")
                .help("write it in the stack, with full addresses: system[\"a\"].old"),
            );
            return;
        }
        let prefix = module.path.join(".");
        let full = |address: &Address| match prefix.is_empty() {
            true => address.clone(),
            // Both parts are addresses, so the whole is one.
            false => Address::parse(&format!("{prefix}.{address}")).unwrap_or_else(|_| address.clone()),
        };
        for decl in moved {
            let to = full(&decl.to);
            places.moved_to.push((to.clone(), decl.to_span));
            self.program.moved.push(Moved { from: full(&decl.from), to, span: decl.span });
        }
        for decl in imports {
            self.program.imports.push(Import { to: full(&decl.to), id: decl.id, span: decl.span });
        }
        for decl in removed {
            let address = full(&decl.address);
            self.program.removed.push(Removed { address, destroy: decl.destroy, span: decl.span });
        }
    }

    fn has_instances(&self, module: &Module) -> bool {
        let mut call = module.call.as_ref();
        while let Some(here) = call {
            if here.for_each.is_some() {
                return true;
            }
            call = self.program.module(here.parent).call.as_ref();
        }
        false
    }

    /// Calls a module; gives back its id and the calls in it.
    fn call(&mut self, parent: ModuleId, decl: CallDecl) -> (ModuleId, Vec<CallDecl>) {
        let id = ModuleId(self.program.modules.len() as u32);
        let source = decl.source.as_ref().and_then(|(source, span)| self.source(source, *span, &decl));
        let document = source.as_ref().and_then(|(folder, span)| self.document(parent, folder, *span));
        let caller = &mut self.program.modules[parent.0 as usize];
        let mut path = caller.path.clone();
        path.push(decl.name.clone());
        caller.modules.insert(decl.name.clone(), id);
        let module = Module {
            path,
            folder: source.map(|(folder, _)| folder).unwrap_or_default(),
            call: Some(Call {
                parent,
                name: decl.name.clone(),
                span: decl.span,
                for_each: decl.for_each,
                when: decl.when,
                depends_on: Vec::new(),
                providers: BTreeMap::new(),
            }),
            ..Module::default()
        };
        self.linked.calls.insert(id, CallTargets { depends_on: decl.depends_on, providers: decl.providers });
        let Some(document) = document else {
            self.linked.holes.insert(id);
            self.add(module, Document::default());
            return (id, Vec::new());
        };
        let mut document = Rc::unwrap_or_clone(document);
        let own_layers = std::mem::take(&mut document.layers);
        let calls = self.add(module, document);

        let what = format!("the module `{}`", decl.name);
        let with = FileLayer { source: "with".into(), entries: decl.with };
        let mut given: BTreeMap<Name, Input> =
            std::mem::take(&mut self.program.modules[id.0 as usize].inputs);
        let before: BTreeMap<Name, usize> =
            given.iter().map(|(name, input)| (name.clone(), input.layers.len())).collect();
        if let Some(span) = decl.inherit {
            self.inherit(parent, span, &with, &mut given);
        }
        let lacking = values::apply(with, parent, &what, &mut given, &mut self.reader.bag);
        self.linked.lacking.extend(lacking.into_iter().map(|name| (id, name)));
        self.program.modules[id.0 as usize].inputs = given;
        // Which files are a module's own layers may depend on what it was given, so they are read
        // last and put in between.
        let mut at = before;
        for layer in own_layers {
            let Some(path) = crate::statics::path(&layer, self.program, id, &mut self.reader.bag) else {
                continue;
            };
            for layer in values::file_layers(&path, Some(layer.path.span), self.reader) {
                for (name, span, node) in layer.entries {
                    let inputs = &mut self.program.modules[id.0 as usize].inputs;
                    let Some(input) = inputs.get_mut(&name) else {
                        self.reader.bag.push(unknown_input(&name, Some(span), &what, inputs.keys()));
                        continue;
                    };
                    let position = at.entry(name).or_insert(0);
                    let source: Name = path.as_str().into();
                    input.layers.insert(*position, Layer { node, scope: id, source, verbatim: false });
                    *position += 1;
                }
            }
        }
        (id, calls)
    }

    /// What has the same name in the caller: its inputs, and its `let`.
    fn inherit(
        &mut self,
        parent: ModuleId,
        span: Span,
        with: &FileLayer,
        inputs: &mut BTreeMap<Name, Input>,
    ) {
        let caller = self.program.module(parent);
        for (name, input) in inputs {
            let is_given = with.entries.iter().any(|(given, _, _)| given == name);
            if is_given || !(caller.inputs.contains_key(name) || caller.lets.contains_key(name)) {
                continue;
            }
            let text: Arc<str> = match caller.inputs.contains_key(name) {
                true => format!("{{{{ inputs[\"{name}\"] }}}}").into(),
                false => format!("{{{{ {name} }}}}").into(),
            };
            let node = Node { kind: NodeKind::Template { text, layout: Default::default() }, span };
            input.layers.push(Layer { node, scope: parent, source: "inherit".into(), verbatim: false });
        }
    }

    /// The folder of a module.
    fn source(&mut self, source: &str, span: Span, decl: &CallDecl) -> Option<(String, Span)> {
        if source.starts_with("./") || source.starts_with("../") || source == "." || source == ".." {
            return Some((paths::join(&decl.folder, source), span));
        }
        let help = match source.starts_with('/') {
            true => "name the folder from this file on: ./modules/NAME or ../NAME".to_string(),
            false => format!("the folder of a module beside this file is written with `./`: ./{source}"),
        };
        self.reader.bag.push(
            Diagnostic::error("no_module", format!("there is no module `{source}`")).at(span, "").help(help),
        );
        None
    }

    /// What the module in a folder declares; `None`, and said why, where it cannot be had.
    fn document(&mut self, parent: ModuleId, folder: &str, span: Span) -> Option<Rc<Document>> {
        if let Some(chain) = self.recursion(parent, folder) {
            let mut drawn: Vec<String> = chain.iter().map(|(folder, _)| shown(folder)).collect();
            drawn.push(shown(folder));
            let mut diagnostic = Diagnostic::error("module_cycle", "a module calls itself")
                .detail(drawn.join(" -> "))
                .at(span, format!("{} is called again here", shown(folder)));
            for (folder, span) in &chain[1..] {
                diagnostic = diagnostic.at(*span, format!("{} is called here", shown(folder)));
            }
            self.reader.bag.push(
                diagnostic.help("take one of the calls out; `for_each` on a call makes several instances"),
            );
            return None;
        }
        if self.program.module(parent).path.len() >= MAX_MODULE_DEPTH {
            self.reader.bag.push(
                Diagnostic::error(
                    "too_deep",
                    format!("modules call each other more than {MAX_MODULE_DEPTH} deep"),
                )
                .at(span, "this call goes beyond")
                .help("call modules side by side and pass outputs of one to the inputs of the next"),
            );
            return None;
        }
        let path = paths::join(folder, MODULE_FILE);
        if let Some(known) = self.known.get(&path) {
            return known.clone();
        }
        let document = self.reader.document(&path, Role::Module, Some(span)).map(Rc::new);
        self.known.insert(path, document.clone());
        document
    }

    /// The folders from the one that is called again down to the caller, with the places of the
    /// calls. The stack's own folder counts too.
    fn recursion(&self, parent: ModuleId, folder: &str) -> Option<Vec<(String, Span)>> {
        let mut chain = Vec::new();
        let mut id = parent;
        loop {
            let module = self.program.module(id);
            let span = module.call.as_ref().map(|call| call.span).unwrap_or_default();
            chain.push((module.folder.clone(), span));
            if module.folder == folder {
                chain.reverse();
                return Some(chain);
            }
            id = module.call.as_ref()?.parent;
        }
    }
}

fn shown(folder: &str) -> String {
    if folder.is_empty() { "the stack".to_string() } else { folder.to_string() }
}

fn clash(name: &str, places: [(Span, &str); 2], kinds: &str) -> Diagnostic {
    let [(second, second_is), (first, first_is)] = places;
    Diagnostic::error("name_clash", format!("`{name}` is the name of {kinds}"))
        .at(second, second_is)
        .at(first, first_is)
        .help("give one of them another name: expressions could not tell them apart")
}

/// The kinds of blocks that a module's dependants wait for.
pub(super) fn is_waited_for(kind: BlockKind) -> bool {
    kind != BlockKind::Provider
}
