//! Random stacks.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::dice::Dice;
use super::kinds::{Fill, KINDS, Kind, kind};
use super::stack::{Block, Item, Lifecycle, Module, Stack};
use super::term::Term;

/// How big a stack is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// The most blocks outside modules.
    pub blocks: usize,
    /// The chance of a module, in percent, beside each block.
    pub modules: usize,
    /// The types that there are; all where none is named.
    pub types: &'static [&'static str],
    /// Whether instances may only be known during apply.
    pub deferred: bool,
}

impl Default for Size {
    /// Small: small stacks find the same mistakes, more of them in the same time.
    fn default() -> Size {
        Size { blocks: 7, modules: 8, types: &[], deferred: true }
    }
}

/// What a new term may read.
pub(super) struct Around<'a> {
    pub(super) blocks: Vec<&'a Block>,
    pub(super) modules: Vec<&'a Module>,
    pub(super) in_module: bool,
    pub(super) size: Size,
}

impl Stack {
    /// An empty one.
    pub fn empty(dice: &mut Dice, size: Size) -> Stack {
        Stack {
            size,
            knob: 1,
            flag: dice.chance(60),
            secret: "hush-1".to_string(),
            items: Vec::new(),
            outputs: BTreeMap::new(),
            moved: Vec::new(),
            removed: Vec::new(),
            next: 0,
        }
    }

    /// A random one.
    pub fn random(dice: &mut Dice, size: Size) -> Stack {
        let mut stack = Stack::empty(dice, size);
        for _ in 0..=dice.below(size.blocks) {
            stack.add(dice);
        }
        for _ in 0..dice.below(3) {
            let name = stack.fresh("out");
            let term = stack.around(stack.items.len()).any(dice, 1);
            stack.outputs.insert(name, term);
        }
        stack
    }

    /// What an item at this place may read.
    pub(super) fn around(&self, place: usize) -> Around<'_> {
        let mut around =
            Around { blocks: Vec::new(), modules: Vec::new(), in_module: false, size: self.size };
        for item in self.items.iter().take(place) {
            match item {
                Item::Block(block) => around.blocks.push(block),
                Item::Module(module) => around.modules.push(module),
            }
        }
        around
    }

    /// Adds a block or a module, mostly at the end.
    pub(super) fn add(&mut self, dice: &mut Dice) {
        let place = if dice.chance(80) { self.items.len() } else { dice.below(self.items.len() + 1) };
        let label = self.fresh("r");
        let around = self.around(place);
        let item = match dice.chance(self.size.modules) {
            true => Item::Module(around.module(dice, label)),
            false => Item::Block(around.block(dice, label)),
        };
        self.items.insert(place, item);
    }
}

impl Around<'_> {
    fn module(&self, dice: &mut Dice, name: String) -> Module {
        let given = self.any(dice, 1);
        let mut blocks: Vec<Block> = Vec::new();
        for n in 0..=dice.below(3) {
            let inside = Around {
                blocks: blocks.iter().collect(),
                modules: Vec::new(),
                in_module: true,
                size: self.size,
            };
            let block = inside.block(dice, format!("{name}{}", char::from(b'a' + n as u8)));
            blocks.push(block);
        }
        let inside =
            Around { blocks: blocks.iter().collect(), modules: Vec::new(), in_module: true, size: self.size };
        let out = inside.any(dice, 1);
        let each = dice.chance(30).then(|| some_keys(dice));
        Module { name, each, given, blocks, out, after: self.after(dice) }
    }

    fn after(&self, dice: &mut Dice) -> Vec<String> {
        match dice.chance(8) {
            true => dice.pick(&self.names()).cloned().into_iter().collect(),
            false => Vec::new(),
        }
    }

    fn names(&self) -> Vec<String> {
        let modules = self.modules.iter().map(|module| module.name.clone());
        self.blocks.iter().map(|block| block.name.clone()).chain(modules).collect()
    }

    /// A block of a type that is possible here.
    pub(super) fn block(&self, dice: &mut Dice, label: String) -> Block {
        let possible: Vec<&Kind> = KINDS.iter().filter(|kind| self.is_possible(kind)).collect();
        let mut throw = dice.below(possible.iter().map(|kind| kind.weight).sum());
        let chosen = possible.iter().find(|kind| match throw.checked_sub(kind.weight) {
            Some(rest) => {
                throw = rest;
                false
            }
            None => true,
        });
        let kind = chosen.copied().unwrap_or_else(|| kind("core.data"));
        let mut block = Block {
            name: label.clone(),
            label,
            type_name: kind.type_name,
            each: None,
            each_id_of: None,
            when: None,
            cluster: None,
            attributes: BTreeMap::new(),
            lifecycle: Lifecycle::default(),
            after: self.after(dice),
        };
        // A cluster that something lives in is a single one.
        match dice.below(10) {
            0 | 1 if kind.type_name != "sim.cluster" => block.each = Some(some_keys(dice)),
            2 => block.when = Some(dice.chance(70)),
            // What is not decided yet holds on to what it uses, which must not have to go first.
            3 if self.size.deferred
                && kind.type_name != "sim.pool"
                && !kind.uses_others()
                && dice.chance(30) =>
            {
                let sources = self.blocks.iter().filter(|other| other.is_single() && gives_id(other));
                block.each_id_of = dice.pick(&sources.collect::<Vec<_>>()).map(|source| source.name.clone());
            }
            _ => {}
        }
        if kind.is_inner() {
            block.cluster = dice.pick(&self.single("sim.cluster")).map(|cluster| cluster.name.clone());
        }
        if kind.create_first && dice.chance(35) {
            block.lifecycle.create_first = Some(true);
        }
        if kind.may_stay && dice.chance(10) {
            block.lifecycle.retain = true;
            block.lifecycle.adopt = true;
        }
        if !kind.changes.is_empty() && dice.chance(10) {
            block.lifecycle.ignore = dice.pick(kind.changes).copied().into_iter().collect();
        }
        for (name, fill) in kind.attributes {
            if let Some(term) = self.fill(dice, &block, *fill) {
                block.attributes.insert(name, term);
            }
        }
        // What comes first would meet itself, where nothing of its key changes.
        let first = block.lifecycle.create_first == Some(true) && block.type_name != "core.data";
        if !first && kind.type_name != "sim.volume" && dice.chance(5) {
            block.lifecycle.replace_when = Some(Term::Knob);
        }
        block
    }

    fn is_possible(&self, kind: &Kind) -> bool {
        let wanted = self.size.types.is_empty() || self.size.types.contains(&kind.type_name);
        wanted
            && (!kind.is_inner() || !self.single("sim.cluster").is_empty())
            && kind.attributes.iter().all(|(_, fill)| match fill {
                Fill::In(of) => self.blocks.iter().any(|block| has_instance(block, of)),
                _ => true,
            })
    }

    fn single(&self, type_name: &str) -> Vec<&Block> {
        self.blocks.iter().copied().filter(|b| b.type_name == type_name && b.is_single()).collect()
    }

    /// The id of one instance of something of this type that is always there.
    pub(super) fn instance(&self, dice: &mut Dice, type_name: &str) -> Option<Term> {
        let among: Vec<&&Block> = self.blocks.iter().filter(|block| has_instance(block, type_name)).collect();
        dice.pick(&among).map(|block| of(dice, block, "id"))
    }

    /// Something to fill an attribute with; `None` leaves it out.
    pub(super) fn fill(&self, dice: &mut Dice, block: &Block, fill: Fill) -> Option<Term> {
        let optional = dice.chance(55);
        match fill {
            Fill::Name => None,
            Fill::In(of) => self.instance(dice, of),
            Fill::MayIn(of) => self.instance(dice, of).filter(|_| optional),
            Fill::Id => {
                let among = self.in_account(|_| true);
                dice.pick(&among).filter(|_| optional).map(|block| of_or_none(dice, block))
            }
            Fill::Uses => {
                let among = self.in_account(replaced_first);
                dice.pick(&among).filter(|_| optional).map(|block| of_or_none(dice, block))
            }
            Fill::Ids => {
                let among = self.in_account(|block| replaced_first(block) && block.when.is_none());
                let chosen = dice.pick(&among).filter(|_| optional)?;
                Some(match &chosen.each {
                    Some(_) => Term::Every { block: chosen.name.clone(), attribute: "id".to_string() },
                    None => Term::List(vec![of(dice, chosen, "id")]),
                })
            }
            Fill::Any => optional.then(|| self.any(dice, 2)),
            Fill::Text => optional.then(|| Term::Text(vec![Term::text("t-"), self.scalar(dice)])),
            Fill::Mark => optional.then(|| self.mark(dice)),
            Fill::Secret => optional.then(|| self.secret(dice)),
            Fill::NeedsSecret => Some(self.secret(dice)),
            Fill::Tags => optional.then(|| {
                let tag = |dice: &mut Dice| Term::Text(vec![Term::text("v"), self.scalar(dice)]);
                let mut tags = BTreeMap::from([("one".to_string(), tag(dice))]);
                if dice.chance(50) {
                    tags.insert("two".to_string(), Term::text(dice.below(3).to_string()));
                }
                Term::Map(tags)
            }),
            Fill::OneOf(among) => dice.pick(among).filter(|_| optional).map(|text| literal(text)),
            Fill::Always(among) => dice.pick(among).map(|text| literal(text)),
            Fill::Namespace => {
                let cluster = &block.cluster;
                let among: Vec<&&Block> = self
                    .blocks
                    .iter()
                    .filter(|b| has_instance(b, "inner.namespace") && b.cluster == *cluster)
                    .collect();
                dice.pick(&among).filter(|_| optional).map(|block| of(dice, block, "name"))
            }
            Fill::Things => {
                let mut things = BTreeMap::new();
                for (n, name) in ["x", "y", "z"].into_iter().enumerate() {
                    if dice.chance(70) {
                        let mut thing = BTreeMap::from([("value".to_string(), self.simple(dice))]);
                        if n > 0 && things.contains_key("x") && dice.chance(40) {
                            thing.insert("after".to_string(), Term::Lit(json!(["x"])));
                        }
                        things.insert(name.to_string(), Term::Map(thing));
                    }
                }
                Some(Term::Map(things))
            }
            Fill::Objects => {
                // Their names are keys, and those of another bundle are others.
                let mut objects = BTreeMap::new();
                for part in ["x", "y"] {
                    if dice.chance(70) {
                        objects.insert(format!("{}{part}", block.label), self.simple(dice));
                    }
                }
                Some(Term::Map(objects))
            }
        }
    }

    /// Resources of the account itself.
    fn in_account(&self, fits: impl Fn(&Block) -> bool) -> Vec<&Block> {
        let fits = |block: &&Block| {
            block.type_name.starts_with("sim.")
                && gives_id(block)
                && block.each_id_of.is_none()
                && fits(block)
        };
        self.blocks.iter().copied().filter(fits).collect()
    }

    /// Any value.
    pub(super) fn any(&self, dice: &mut Dice, depth: usize) -> Term {
        match dice.below(if depth == 0 { 8 } else { 13 }) {
            0 | 1 => self.literal(dice),
            2..=7 => self.read(dice),
            8 => Term::Text(vec![Term::text("a-"), self.scalar(dice), Term::text("-b")]),
            9 => {
                let part = self.any(dice, depth - 1);
                Term::Map(BTreeMap::from([("a".to_string(), part), ("b".to_string(), self.literal(dice))]))
            }
            10 => Term::List(vec![self.any(dice, depth - 1), self.literal(dice)]),
            11 => Term::If(Box::new(self.read(dice)), Box::new(self.literal(dice))),
            _ => self.secret(dice),
        }
    }

    /// A number or a text.
    pub(super) fn literal(&self, dice: &mut Dice) -> Term {
        match dice.chance(60) {
            true => Term::Lit(Json::from(dice.below(4))),
            false => Term::text(["red", "green", "blue"][dice.below(3)]),
        }
    }

    /// A value that is no container, known where a composite is planned.
    fn simple(&self, dice: &mut Dice) -> Term {
        if dice.chance(70) { self.literal(dice) } else { self.read(dice) }
    }

    /// Something that is read, where there is something.
    fn read(&self, dice: &mut Dice) -> Term {
        if dice.chance(20) {
            return if self.in_module && dice.chance(50) { Term::Given } else { Term::Knob };
        }
        if let Some(module) = dice.pick(&self.modules).filter(|_| dice.clone().chance(25)) {
            let key = module.each.as_ref().and_then(|keys| dice.pick(keys).cloned());
            if module.each.is_some() && key.is_none() {
                return self.literal(dice);
            }
            return Term::Out { module: module.name.clone(), key };
        }
        let among: Vec<&&Block> =
            self.blocks.iter().filter(|b| b.each_id_of.is_none() && !b.kind().gives.is_empty()).collect();
        match dice.pick(&among) {
            None => self.literal(dice),
            Some(block) => {
                let attribute = dice.pick(block.kind().gives).copied().unwrap_or("id");
                of(dice, block, attribute)
            }
        }
    }

    /// Something that is read and can stand in text.
    fn scalar(&self, dice: &mut Dice) -> Term {
        match self.read(dice) {
            Term::Of { attribute, .. } if attribute == "output" => self.literal(dice),
            Term::Given | Term::Out { .. } => self.literal(dice),
            term => term,
        }
    }

    /// What differs when what it is made of does.
    fn mark(&self, dice: &mut Dice) -> Term {
        let among: Vec<&&Block> = self
            .blocks
            .iter()
            .filter(|b| b.each_id_of.is_none() && b.when.is_none() && gives_id(b))
            .collect();
        match (dice.below(4), dice.pick(&among)) {
            (0, _) => Term::Text(vec![Term::text("k"), Term::Knob]),
            (1, Some(block)) => of(dice, block, "id"),
            _ => Term::text(["red", "green", "blue"][dice.below(3)]),
        }
    }

    fn secret(&self, dice: &mut Dice) -> Term {
        let among: Vec<&&Block> = self
            .blocks
            .iter()
            .filter(|b| b.type_name == "core.random" && b.each_id_of.is_none() && b.when.is_none())
            .collect();
        match dice.pick(&among).filter(|_| dice.clone().chance(40)) {
            Some(block) => of(dice, block, "result"),
            None => Term::Secret,
        }
    }
}

/// Whether one can be used while a new one takes its place.
pub(super) fn replaced_first(block: &Block) -> bool {
    block.lifecycle.create_first == Some(true) || block.type_name == "sim.volume"
}

fn gives_id(block: &Block) -> bool {
    block.kind().gives.contains(&"id")
}

/// Whether it is of this type and always has an instance with a known key.
fn has_instance(block: &Block, type_name: &str) -> bool {
    block.type_name == type_name
        && block.when.is_none()
        && block.each_id_of.is_none()
        && block.each.as_ref().is_none_or(|keys| !keys.is_empty())
}

fn of_or_none(dice: &mut Dice, block: &Block) -> Term {
    of(dice, block, "id")
}

/// An attribute of one instance.
fn of(dice: &mut Dice, block: &Block, attribute: &str) -> Term {
    let key = block.each.as_ref().and_then(|keys| dice.pick(keys).cloned());
    if block.each.is_some() && key.is_none() {
        return Term::Lit(Json::Null);
    }
    Term::Of { block: block.name.clone(), key, attribute: attribute.to_string() }
}

pub(super) fn some_keys(dice: &mut Dice) -> Vec<String> {
    let mut keys: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
    keys.retain(|_| dice.chance(65));
    if keys.is_empty() && dice.chance(80) {
        keys.push("a".to_string());
    }
    keys
}

fn literal(json: &str) -> Term {
    Term::Lit(serde_json::from_str(json).unwrap_or_default())
}
