//! The checked configuration: every file read, every module linked, every name resolved, and the
//! expressions still expressions.
//!
//! A program holds everything that `lang` found out, so that the planner needs no file. Module calls
//! are linked statically: each place that calls a module has a [`Module`] of its own; only `for_each`
//! and `when` are left for the planner. It is never stored: a saved plan and an operation keep the
//! sources that it was made from, which are a public and stable format already.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Name;
use crate::path::Path;
use crate::span::{Files, Span};
use crate::value::{Type, Value};

/// A stack as configured, for one environment.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The texts of all files, for messages.
    pub files: Files,
    /// The digest of everything that was read to make it.
    pub digest: String,
    /// The stack's name; may use inputs and `let`.
    pub name: Option<Node>,
    /// The chosen environment.
    pub environment: Option<Name>,
    /// All environments that the stack has.
    pub environments: Vec<Name>,
    /// The stack itself first, then every called module, callers before what they call.
    pub modules: Vec<Module>,
    /// All resources, existing resources and provider nodes.
    pub blocks: Vec<Block>,
    /// Renames, oldest first.
    pub moved: Vec<Moved>,
    /// Objects to take over.
    pub imports: Vec<Import>,
    /// Rows to forget or delete.
    pub removed: Vec<Removed>,
}

/// An index into [`Program::modules`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// An index into [`Program::blocks`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

/// A piece of configuration with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What stands there.
    pub kind: NodeKind,
    /// Where: the scalar, or the first character of a container.
    pub span: Span,
}

/// What a piece of configuration is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A scalar without expressions. `text` is its source text where the value is no string, so
    /// that `1.30` stays `1.30` where the schema wants a string.
    Literal {
        /// Its value by the YAML core schema.
        value: Value,
        /// Its source text.
        text: Option<Name>,
    },
    /// A scalar with at least one `{{ }}`.
    Template {
        /// The scalar's text.
        text: Arc<str>,
        /// How places in the text map to places in the file.
        layout: Layout,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the source, with the places of the keys.
    Map(Vec<(Name, Span, Node)>),
}

/// How a scalar is written, so that an offset in its text can be shown in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How many characters stand before the text on its first line: the quote.
    pub skip: u32,
    /// Whether each line of the text is a line of the file (`|`), the first below the span's line.
    pub block: bool,
    /// The column at which lines of a block start, counted from 1.
    pub indent: u32,
    /// Whether text and source agree character by character (no escapes, not folded).
    pub exact: bool,
}

/// One use of a module, or the stack itself.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The names from the stack to here, without keys; empty for the stack.
    pub path: Vec<Name>,
    /// The calling module, and how it calls; `None` for the stack.
    pub call: Option<Call>,
    /// The folder that relative paths in it start from, relative to the stack's folder.
    pub folder: String,
    /// Inputs by name.
    pub inputs: BTreeMap<Name, Input>,
    /// Named expressions.
    pub lets: BTreeMap<Name, Node>,
    /// Provider nodes.
    pub providers: BTreeMap<Name, BlockId>,
    /// Resources that are read and never changed.
    pub existing: BTreeMap<Name, BlockId>,
    /// Resources.
    pub resources: BTreeMap<Name, BlockId>,
    /// Called modules.
    pub modules: BTreeMap<Name, ModuleId>,
    /// Outputs.
    pub outputs: BTreeMap<Name, Output>,
    /// Conditions that must hold.
    pub checks: Vec<Condition>,
}

/// How a module is called.
#[derive(Clone, Debug)]
pub struct Call {
    /// The caller, in whose scope `for_each`, `when` and `with` are evaluated.
    pub parent: ModuleId,
    /// The name of the call.
    pub name: Name,
    /// Where.
    pub span: Span,
    /// One instance for each key.
    pub for_each: Option<Node>,
    /// Whether it is there at all.
    pub when: Option<Node>,
    /// What must be done before anything in it.
    pub depends_on: Vec<Dependency>,
    /// Provider names inside, to nodes of the caller.
    pub providers: BTreeMap<Name, ProviderUse>,
}

/// An input and the values that it is given.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it is declared.
    pub span: Span,
    /// What it holds.
    pub ty: Type,
    /// For people.
    pub description: Option<String>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Whether it may be left out, and is null then. An input without this, without a default and
    /// without a value is an error.
    pub nullable: bool,
    /// What is allowed.
    pub allowed: Vec<Value>,
    /// The least number or length.
    pub minimum: Option<f64>,
    /// The greatest number or length.
    pub maximum: Option<f64>,
    /// A regular expression that the whole text must match.
    pub pattern: Option<String>,
    /// The values given, lowest first, the default among them: maps merge by key, anything else
    /// replaces.
    pub layers: Vec<Layer>,
}

/// A value given to an input.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The value.
    pub node: Node,
    /// In whose scope its expressions are evaluated.
    pub scope: ModuleId,
    /// Where it comes from, for people: `default`, `profile es/config.yml`, `--var`, `with`.
    pub source: Name,
    /// Verbatim text (`--var`): read as YAML unless the input is a string.
    pub verbatim: bool,
}

/// An output of a module or of the stack.
#[derive(Clone, Debug)]
pub struct Output {
    /// Where.
    pub span: Span,
    /// Its value.
    pub value: Node,
    /// For people.
    pub description: Option<String>,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockKind {
    /// A resource that aurak makes, changes and deletes.
    Resource,
    /// A resource that is only read.
    Existing,
    /// A provider's configuration.
    Provider,
}

/// A resource, an existing resource or a provider node.
#[derive(Clone, Debug)]
pub struct Block {
    /// Which of the three.
    pub kind: BlockKind,
    /// The module that it stands in.
    pub module: ModuleId,
    /// Its name.
    pub name: Name,
    /// The place of the name.
    pub span: Span,
    /// The type of the resource or of the provider.
    pub type_name: Name,
    /// The place of the type, or of the name where it has none.
    pub type_span: Span,
    /// The attributes, a map node.
    pub attributes: Node,
    /// One instance for each key. What few blocks have is boxed: there may be very many blocks.
    pub for_each: Option<Box<Node>>,
    /// Whether it is there at all.
    pub when: Option<Box<Node>>,
    /// What must be done before.
    pub depends_on: Vec<Dependency>,
    /// The provider node: the one that it names, else the one that its module has or inherits for
    /// the type; `None` where there is no such node.
    pub provider: Option<ProviderUse>,
    /// What it does when things change.
    pub lifecycle: MaybeLifecycle,
    /// Seconds by operation: `create, read, update, delete`.
    pub timeouts: BTreeMap<Name, Node>,
    /// For people.
    pub description: Option<String>,
    /// The blocks that must be walked before it: everything that its expressions may read, through
    /// `let`, inputs and outputs, its provider node, `depends_on`, and those of the calls around it.
    /// Sorted, without repetition.
    pub edges: Vec<BlockId>,
}

/// The choice of a provider node.
#[derive(Clone, Debug)]
pub struct ProviderUse {
    /// The node.
    pub block: BlockId,
    /// The instance, where the node has `for_each`.
    pub key: Option<Box<Node>>,
    /// In whose scope `key` is evaluated: a module that inherits it has it from its caller.
    pub scope: ModuleId,
    /// Where it says so; the node's own place where it is not named.
    pub span: Span,
}

/// An entry of `depends_on`.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// What it waits for.
    pub target: DependencyTarget,
    /// Where it says so.
    pub span: Span,
}

/// What an entry of `depends_on` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyTarget {
    /// A resource: all its instances, or one.
    Block(BlockId, Option<Name>),
    /// Everything in a module.
    Module(ModuleId),
}

/// What a resource does when things change. Expressions are evaluated with `each` and, for
/// postconditions, `self`.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Refuses to delete or replace it.
    pub prevent_destroy: Option<Node>,
    /// Paths whose changes are not ours to make; `*` is all of them.
    pub ignore_changes: Vec<(Path, Span)>,
    /// The new object first.
    pub create_before_destroy: Option<Node>,
    /// When it leaves the stack, forget it and leave it there.
    pub retain: Option<Node>,
    /// Take over an object that is there already.
    pub adopt: Option<Node>,
    /// Replace it when one of these values changes.
    pub replace_when: Option<Node>,
    /// It dies with this resource: no delete of its own.
    pub deleted_with: Option<Dependency>,
    /// Must hold before anything is done.
    pub preconditions: Vec<Condition>,
    /// Must hold afterwards.
    pub postconditions: Vec<Condition>,
}

/// A lifecycle that takes no room where a block says nothing, as most blocks do. Reading it is
/// reading a [`Lifecycle`]; changing it makes one.
#[derive(Clone, Debug, Default)]
pub struct MaybeLifecycle(Option<Box<Lifecycle>>);

impl std::ops::Deref for MaybeLifecycle {
    type Target = Lifecycle;

    fn deref(&self) -> &Lifecycle {
        static SILENT: Lifecycle = Lifecycle {
            prevent_destroy: None,
            ignore_changes: Vec::new(),
            create_before_destroy: None,
            retain: None,
            adopt: None,
            replace_when: None,
            deleted_with: None,
            preconditions: Vec::new(),
            postconditions: Vec::new(),
        };
        self.0.as_deref().unwrap_or(&SILENT)
    }
}

impl std::ops::DerefMut for MaybeLifecycle {
    fn deref_mut(&mut self) -> &mut Lifecycle {
        self.0.get_or_insert_default()
    }
}

/// Something that must hold.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition.
    pub that: Node,
    /// What to say where it does not.
    pub message: Node,
}

/// A rename.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The old address.
    pub from: crate::Address,
    /// The new one.
    pub to: crate::Address,
    /// Where it says so.
    pub span: Span,
}

/// An object to take over.
#[derive(Clone, Debug)]
pub struct Import {
    /// Where it goes.
    pub to: crate::Address,
    /// The provider's id of it.
    pub id: Node,
    /// Where it says so.
    pub span: Span,
}

/// A row to let go.
#[derive(Clone, Debug)]
pub struct Removed {
    /// Which.
    pub address: crate::Address,
    /// Whether the object goes too.
    pub destroy: bool,
    /// Where it says so.
    pub span: Span,
}

impl Program {
    /// A module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }
}

/// What a bare name means in a module.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// The namespace `inputs`.
    Inputs,
    /// The namespace `resources`, which holds existing resources too.
    Resources,
    /// The namespace `modules`.
    Modules,
    /// An input.
    Input(&'a Input),
    /// A named expression.
    Let(&'a Node),
    /// A resource or an existing resource.
    Block(BlockId),
    /// A called module.
    Module(ModuleId),
}

impl Module {
    /// What a bare name means: the namespaces first, then inputs and `let`, resources, existing
    /// resources, called modules.
    pub fn named(&self, name: &str) -> Option<Named<'_>> {
        match name {
            "inputs" => return Some(Named::Inputs),
            "resources" => return Some(Named::Resources),
            "modules" => return Some(Named::Modules),
            _ => {}
        }
        let input = self.inputs.get(name).map(Named::Input);
        input
            .or_else(|| self.lets.get(name).map(Named::Let))
            .or_else(|| self.resource(name).map(Named::Block))
            .or_else(|| self.modules.get(name).map(|id| Named::Module(*id)))
    }

    /// What `resources.name` means: a resource or an existing resource.
    pub fn resource(&self, name: &str) -> Option<BlockId> {
        self.resources.get(name).or_else(|| self.existing.get(name)).copied()
    }

    /// All bare names, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let blocks = self.resources.keys().chain(self.existing.keys());
        self.inputs.keys().chain(self.lets.keys()).chain(blocks).chain(self.modules.keys())
    }
}

impl Node {
    /// A literal.
    pub fn literal(value: Value, span: Span) -> Node {
        Node { kind: NodeKind::Literal { value, text: None }, span }
    }

    /// The entries, where it is a map.
    pub fn entries(&self) -> &[(Name, Span, Node)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The entry of a key, where it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _, _)| &**name == key).map(|(_, _, node)| node)
    }

    /// The place of a stretch of a template's text, given by byte offsets.
    pub fn place(&self, start: usize, end: usize) -> Span {
        let NodeKind::Template { text, layout } = &self.kind else { return self.span };
        if !layout.exact {
            return self.span;
        }
        let start = start.min(text.len());
        let (Some(before), Some(stretch)) =
            (text.get(..start), text.get(start..end.clamp(start, text.len())))
        else {
            return self.span;
        };
        let lines = before.matches('\n').count() as u32;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32;
        let len = stretch.split('\n').next().unwrap_or("").chars().count() as u32;
        if layout.block {
            Span { line: self.span.line + 1 + lines, col: layout.indent + column, len, ..self.span }
        } else if lines == 0 {
            Span { col: self.span.col + layout.skip + column, len, ..self.span }
        } else {
            self.span
        }
    }
}
