//! One file, taken apart into what it declares. Names are not looked up here; that is for `link`.
//!
//! A stack (`aurak.yaml`), a module (`module.yaml`) and the files that these include share one
//! grammar; each may have the sections that make sense there.

pub(crate) mod block;
mod call;
mod input;
mod output;
mod rename;

use std::collections::BTreeMap;

use aurak_model::address::is_name;
use aurak_model::program::{Condition, Input, Output};
use aurak_model::{Diagnostic, Name, Node, NodeKind, Span, Value};

pub(crate) use block::BlockDecl;
pub(crate) use call::CallDecl;
pub(crate) use rename::{ImportDecl, MovedDecl, RemovedDecl};

use aurak_model::BlockKind;

use crate::fields::{self, Bag, Fields, listed, unknown_key};
use crate::paths;

/// What a file is, which decides on its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `aurak.yaml`.
    Stack,
    /// `module.yaml`.
    Module,
    /// Included by a stack.
    PartOfStack,
    /// Included by a module.
    PartOfModule,
}

/// What one file declares, or a stack or module with all files that it includes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) name: Option<Node>,
    pub(crate) environments: Vec<EnvironmentDecl>,
    /// Files with values for inputs: of every environment of a stack, or a module's own layers.
    pub(crate) layers: Vec<PathDecl>,
    pub(crate) include: Vec<PathDecl>,
    pub(crate) inputs: Vec<InputDecl>,
    pub(crate) lets: Vec<(Name, Span, Node)>,
    pub(crate) providers: Vec<BlockDecl>,
    pub(crate) existing: Vec<BlockDecl>,
    pub(crate) resources: Vec<BlockDecl>,
    pub(crate) modules: Vec<CallDecl>,
    pub(crate) outputs: Vec<(Name, Output)>,
    pub(crate) checks: Vec<Condition>,
    pub(crate) moved: Vec<MovedDecl>,
    pub(crate) imports: Vec<ImportDecl>,
    pub(crate) removed: Vec<RemovedDecl>,
}

/// An environment of a stack.
#[derive(Clone, Debug)]
pub(crate) struct EnvironmentDecl {
    pub(crate) name: Name,
    pub(crate) profiles: Vec<PathDecl>,
    pub(crate) inputs: Vec<(Name, Span, Node)>,
}

/// An input: all but its values.
#[derive(Clone, Debug)]
pub(crate) struct InputDecl {
    pub(crate) name: Name,
    pub(crate) input: Input,
    pub(crate) default: Option<Node>,
}

/// A file that is named in another one.
#[derive(Clone, Debug)]
pub(crate) struct PathDecl {
    /// The path as a node: plain, or an expression where a file depends on an input.
    pub(crate) path: Node,
    /// The folder that it starts from.
    pub(crate) folder: Name,
}

impl PathDecl {
    /// The path from the stack's folder, where it is no expression.
    pub(crate) fn plain(&self) -> Option<String> {
        match &self.path.kind {
            NodeKind::Literal { value: Value::String(path), .. } => Some(paths::join(&self.folder, path)),
            _ => None,
        }
    }
}

impl Document {
    /// Adds what an included file declares.
    pub(crate) fn absorb(&mut self, part: Document, bag: &mut Bag) {
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
        } = part;
        add(&mut self.inputs, inputs, "input", |i| (i.name.clone(), i.input.span), bag);
        add(&mut self.lets, lets, "let", |(name, span, _)| (name.clone(), *span), bag);
        let block = |b: &BlockDecl| (b.name.clone(), b.span);
        add(&mut self.providers, providers, "provider", block, bag);
        add(&mut self.existing, existing, "existing resource", block, bag);
        add(&mut self.resources, resources, "resource", block, bag);
        add(&mut self.modules, modules, "module", |m| (m.name.clone(), m.span), bag);
        add(&mut self.outputs, outputs, "output", |(name, o)| (name.clone(), o.span), bag);
        self.checks.extend(checks);
        self.moved.extend(moved);
        self.imports.extend(imports);
        self.removed.extend(removed);
    }
}

/// Adds declarations that another file has; the same name twice is an error with both places.
fn add<T>(here: &mut Vec<T>, more: Vec<T>, word: &str, name_of: impl Fn(&T) -> (Name, Span), bag: &mut Bag) {
    let mut taken: BTreeMap<Name, Span> = here.iter().map(&name_of).collect();
    for item in more {
        let (name, span) = name_of(&item);
        if let Some(first) = taken.get(&name) {
            bag.push(
                Diagnostic::error("duplicate_key", format!("the {word} `{name}` is declared twice"))
                    .at(span, "again here")
                    .at(*first, "first here")
                    .help("remove one of them, or give it another name"),
            );
            continue;
        }
        taken.insert(name, span);
        here.push(item);
    }
}

/// Names that mean something in every expression; docs/language.md lists them.
pub const RESERVED: [&str; 20] = [
    "each",
    "env",
    "self",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "null",
    "if",
    "else",
    "not",
    "and",
    "or",
    "in",
    "is",
    "inputs",
    "resources",
    "modules",
];

/// The sections that both a stack and a module have, and the files that they include.
const SHARED: [&str; 10] = [
    "inputs",
    "let",
    "providers",
    "existing",
    "resources",
    "modules",
    "checks",
    "outputs",
    "moved",
    "removed",
];

impl Role {
    fn sections(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Role::Stack => &["aurak", "name", "environments", "profiles", "imports", "include"],
            Role::Module => &["aurak", "description", "defaults", "include"],
            Role::PartOfStack => &["imports"],
            Role::PartOfModule => &[],
        };
        own.iter().chain(&SHARED).copied().collect()
    }

    fn what(self) -> &'static str {
        match self {
            Role::Stack => "a stack",
            Role::Module => "a module",
            Role::PartOfStack | Role::PartOfModule => "an included file",
        }
    }
}

/// Takes a file apart. `path` is its own, from the stack's folder.
pub(crate) fn parse(root: Node, role: Role, path: &str, bag: &mut Bag) -> Document {
    let mut document = Document::default();
    let span = root.span;
    let folder: Name = paths::folder(path).into();
    let Some(entries) = fields::entries(root, path, bag) else { return document };
    let known = role.sections();
    let mut version = false;
    for (section, span, node) in entries {
        if !known.contains(&&*section) {
            bag.push(unknown_section(&section, span, role, &known));
            continue;
        }
        match &*section {
            "aurak" => {
                version = true;
                check_version(&node, bag);
            }
            "description" => {
                fields::text(&node, "`description`", bag);
            }
            "name" => document.name = Some(node),
            "environments" => document.environments = environments(node, &folder, bag),
            "profiles" | "defaults" => {
                document.layers = path_list(node, &format!("`{section}`"), &folder, bag);
            }
            "include" => document.include = path_list(node, "`include`", &folder, bag),
            "inputs" => document.inputs = input::section(node, bag),
            "let" => {
                document.lets =
                    named(node, "let", bag).into_iter().filter(|(n, s, _)| free(n, *s, bag)).collect();
            }
            "providers" => document.providers = block::section(node, BlockKind::Provider, bag),
            "existing" => document.existing = block::section(node, BlockKind::Existing, bag),
            "resources" => document.resources = block::section(node, BlockKind::Resource, bag),
            "modules" => document.modules = call::section(node, &folder, bag),
            "checks" => document.checks = conditions(node, "`checks`", bag),
            "outputs" => document.outputs = output::section(node, bag),
            "moved" => document.moved = rename::moved(node, bag),
            "imports" => document.imports = rename::imports(node, bag),
            "removed" => document.removed = rename::removed(node, bag),
            _ => {}
        }
    }
    if role == Role::Stack {
        let start = Span { len: 0, ..span };
        if !version {
            bag.push(
                Diagnostic::error("missing_key", "the stack does not say which format it is written in")
                    .at(start, "")
                    .help("begin it with the line `aurak: 1`"),
            );
        }
        if document.name.is_none() {
            bag.push(
                Diagnostic::error("missing_key", "the stack has no `name`")
                    .at(start, "")
                    .help("add `name: NAME`: its state is kept under this name"),
            );
        }
    }
    document
}

fn unknown_section(section: &str, span: Span, role: Role, known: &[&str]) -> Diagnostic {
    let elsewhere = [Role::Stack, Role::Module].into_iter().find(|r| r.sections().contains(&section));
    let place = match elsewhere {
        Some(Role::Stack) => "aurak.yaml, the stack's own file",
        _ => "module.yaml, the module's own file",
    };
    match elsewhere {
        Some(_) => Diagnostic::error("unknown_key", format!("{} has no section `{section}`", role.what()))
            .at(span, "")
            .help(format!("it belongs in {place}")),
        None if section == "stacks" => {
            Diagnostic::error("unknown_key", "the outputs of other stacks cannot be read")
                .at(span, "`stacks` is no section")
                .help("declare what is needed under `inputs` and give it by a profile or --var")
        }
        None => unknown_key(section, span, role.what(), known),
    }
}

fn check_version(node: &Node, bag: &mut Bag) {
    let diagnostic = match &node.kind {
        NodeKind::Literal { value: Value::Int(1), .. } => return,
        NodeKind::Literal { value: Value::Int(newer), .. } if *newer > 1 => {
            Diagnostic::error("version", format!("this is written in format {newer}"))
                .at(node.span, "this aurak reads format 1")
                .help("use a newer aurak")
        }
        _ => Diagnostic::error("version", "`aurak` is the number of the format")
            .at(node.span, "")
            .help("write `aurak: 1`"),
    };
    bag.push(diagnostic);
}

fn environments(node: Node, folder: &Name, bag: &mut Bag) -> Vec<EnvironmentDecl> {
    let mut environments = Vec::new();
    for (name, span, node) in named(node, "environment", bag) {
        let what = format!("the environment `{name}`");
        let keys = ["profiles", "inputs", "description"];
        let Some(mut fields) = Fields::known(node, &what, span, &keys, bag) else { continue };
        if let Some(description) = fields.take("description") {
            fields::text(&description, "`description`", bag);
        }
        let profiles =
            fields.take("profiles").map_or_else(Vec::new, |node| path_list(node, "`profiles`", folder, bag));
        let inputs = fields.take("inputs").and_then(|node| fields::entries(node, "`inputs`", bag));
        environments.push(EnvironmentDecl { name, profiles, inputs: inputs.unwrap_or_default() });
    }
    environments
}

fn path_list(node: Node, what: &str, folder: &Name, bag: &mut Bag) -> Vec<PathDecl> {
    let mut paths = Vec::new();
    for path in fields::items(node, what, bag) {
        let is_text = match &path.kind {
            NodeKind::Template { .. } => true,
            _ => fields::text(&path, "a path", bag).is_some(),
        };
        if is_text {
            paths.push(PathDecl { path, folder: folder.clone() });
        }
    }
    paths
}

/// The entries of a section, those with names that can be used.
fn named(node: Node, kind: &str, bag: &mut Bag) -> Vec<(Name, Span, Node)> {
    let section = match kind {
        "let" | "existing" => format!("`{kind}`"),
        kind => format!("`{kind}s`"),
    };
    let mut entries = fields::entries(node, &section, bag).unwrap_or_default();
    entries.retain(|(name, span, _)| {
        let good = is_name(name);
        if !good {
            bag.push(
                Diagnostic::error("bad_name", format!("`{name}` cannot be a name"))
                    .at(*span, "")
                    .help("a name is letters, digits, `_` and `-`, and starts with a letter or `_`"),
            );
        }
        good
    });
    entries
}

/// Whether a name that expressions use is free.
fn free(name: &str, span: Span, bag: &mut Bag) -> bool {
    let taken = RESERVED.contains(&name);
    if taken {
        bag.push(
            Diagnostic::error("reserved_name", format!("the name `{name}` is taken"))
                .at(span, "it means something else in expressions")
                .help(format!("choose another name; reserved are {}", listed(RESERVED))),
        );
    }
    !taken
}

/// A list of conditions with their messages.
fn conditions(node: Node, what: &str, bag: &mut Bag) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for item in fields::items(node, what, bag) {
        let span = item.span;
        let Some(mut fields) = Fields::known(item, "a condition", span, &["that", "message"], bag) else {
            continue;
        };
        let that = fields.need("that", "write what must hold: that: \"{{ ... }}\"", bag);
        let message = fields.need("message", "say what is wrong when it does not hold", bag);
        let that = that.and_then(|node| fields::condition(node, "`that`", bag));
        if let (Some(that), Some(message)) = (that, message) {
            conditions.push(Condition { that, message });
        }
    }
    conditions
}
