//! A stack as data: blocks and modules in an order in which each reads only those before it.

use std::collections::BTreeMap;

use super::kinds::{Kind, kind};
use super::make::Size;
use super::term::Term;

/// A stack. Its inputs are `knob`, `flag` and `secret`; its name is always the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// How big it is to be, and of what.
    pub size: Size,
    /// The input `knob`.
    pub knob: i64,
    /// The input `flag`.
    pub flag: bool,
    /// The input `secret`.
    pub secret: String,
    /// What is in it; each reads only what stands before it.
    pub items: Vec<Item>,
    /// Outputs.
    pub outputs: BTreeMap<String, Term>,
    /// Renamed blocks: from, to.
    pub moved: Vec<(String, String)>,
    /// Addresses that are forgotten.
    pub removed: Vec<String>,
    /// The next number of a name: none is used twice.
    pub next: usize,
}

/// A block or a module.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A resource.
    Block(Block),
    /// A module with resources in it.
    Module(Module),
}

/// A module that is called once. It reads `given`, and gives out `out`.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// Its name, which is also that of its folder.
    pub name: String,
    /// Keys of its `for_each`.
    pub each: Option<Vec<String>>,
    /// What it is given.
    pub given: Term,
    /// What is in it; each reads only what stands before it.
    pub blocks: Vec<Block>,
    /// What it gives out.
    pub out: Term,
    /// What comes before it.
    pub after: Vec<String>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// What names of its objects are made of: stays when the block is renamed.
    pub label: String,
    /// Its type.
    pub type_name: &'static str,
    /// Keys of its `for_each`.
    pub each: Option<Vec<String>>,
    /// A block with an id that only apply can tell: there is one instance, and its key is that id.
    pub each_id_of: Option<String>,
    /// Its `when`: the input `flag`, or not.
    pub when: Option<bool>,
    /// For what lives in a cluster: that.
    pub cluster: Option<String>,
    /// What is written.
    pub attributes: BTreeMap<&'static str, Term>,
    /// Its lifecycle.
    pub lifecycle: Lifecycle,
    /// Its `depends_on`.
    pub after: Vec<String>,
}

/// What a block says about its lifecycle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifecycle {
    /// `retain`
    pub retain: bool,
    /// `adopt`
    pub adopt: bool,
    /// `prevent_destroy`
    pub prevent_destroy: bool,
    /// `create_before_destroy`
    pub create_first: Option<bool>,
    /// `ignore_changes`
    pub ignore: Vec<&'static str>,
    /// `replace_when`
    pub replace_when: Option<Term>,
}

impl Stack {
    /// All blocks, those in modules too, each with its module.
    pub fn blocks(&self) -> Vec<(Option<&Module>, &Block)> {
        let mut all = Vec::new();
        for item in &self.items {
            match item {
                Item::Block(block) => all.push((None, block)),
                Item::Module(module) => all.extend(module.blocks.iter().map(|block| (Some(module), block))),
            }
        }
        all
    }

    /// All blocks, to change them.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        self.items
            .iter_mut()
            .flat_map(|item| match item {
                Item::Block(block) => vec![block],
                Item::Module(module) => module.blocks.iter_mut().collect(),
            })
            .collect()
    }

    /// A name that was never used.
    pub fn fresh(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }
}

impl Item {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Item::Block(block) => &block.name,
            Item::Module(module) => &module.name,
        }
    }
}

impl Block {
    /// What is known of its type.
    pub fn kind(&self) -> &'static Kind {
        kind(self.type_name)
    }

    /// Whether there is always exactly one instance.
    pub fn is_single(&self) -> bool {
        self.each.is_none() && self.each_id_of.is_none() && self.when.is_none()
    }

    /// Calls `change` with every term of it.
    pub fn terms_mut(&mut self, change: &mut dyn FnMut(&mut Term)) {
        self.attributes.values_mut().for_each(|term| term.change(change));
        if let Some(term) = &mut self.lifecycle.replace_when {
            term.change(change);
        }
    }

    /// Calls `visit` with every term of it.
    pub fn terms(&self, visit: &mut dyn FnMut(&Term)) {
        self.attributes.values().for_each(|term| term.visit(visit));
        if let Some(term) = &self.lifecycle.replace_when {
            term.visit(visit);
        }
    }
}
