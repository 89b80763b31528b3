//! Random changes of a stack.

use super::dice::Dice;
use super::kinds::{Fill, KINDS};
use super::make::{Around, replaced_first, some_keys};
use super::stack::{Block, Item, Stack};
use super::term::Term;

impl Stack {
    /// Changes something, sometimes several things.
    pub fn evolve(&mut self, dice: &mut Dice) {
        // What was moved and let go by the last apply was so.
        self.moved.clear();
        self.removed.clear();
        for _ in 0..=dice.below(3) {
            self.change(dice);
        }
        self.mend();
    }

    fn change(&mut self, dice: &mut Dice) {
        let place = dice.below(self.items.len());
        match dice.below(16) {
            0 | 1 => self.add(dice),
            2 | 3 if !self.items.is_empty() => {
                let gone = self.items.remove(place);
                if dice.chance(15)
                    && let Item::Block(block) = gone
                    && block.kind().may_stay
                {
                    self.removed.push(block.name);
                }
            }
            4 => self.knob += 1,
            5 => self.flag = !self.flag,
            6 => self.secret = format!("hush-{}", dice.below(3)),
            // What comes later may read other things, and earlier ones no longer.
            7 if !self.items.is_empty() => {
                let item = self.items.remove(place);
                let to = dice.below(self.items.len() + 1);
                self.items.insert(to, item);
            }
            8 => self.rename(dice, place),
            9 => {
                if let Some(Item::Module(module)) = self.items.get_mut(place)
                    && module.each.is_some()
                {
                    module.each = Some(some_keys(dice));
                }
            }
            _ => self.change_block(dice, place),
        }
    }

    /// Another name for the same block.
    fn rename(&mut self, dice: &mut Dice, place: usize) {
        let name = self.fresh("r");
        let Some(Item::Block(block)) = self.items.get_mut(place) else { return };
        if self.moved.iter().any(|(_, to)| *to == block.name) {
            return;
        }
        let old = std::mem::replace(&mut block.name, name.clone());
        if dice.chance(90) {
            self.rename_in_terms(&old, &name);
            self.moved.push((old, name));
        } else if let Some(Item::Block(block)) = self.items.get_mut(place) {
            // Another resource altogether.
            block.label = name;
        }
    }

    fn rename_in_terms(&mut self, old: &str, new: &str) {
        let mut rename = |term: &mut Term| match term {
            Term::Of { block, .. } | Term::Every { block, .. } if block == old => *block = new.to_string(),
            _ => {}
        };
        let rename_name = |name: &mut String| {
            if name == old {
                *name = new.to_string();
            }
        };
        for item in &mut self.items {
            match item {
                Item::Block(block) => {
                    block.terms_mut(&mut rename);
                    block.after.iter_mut().for_each(rename_name);
                    block.cluster.iter_mut().for_each(rename_name);
                    block.each_id_of.iter_mut().for_each(rename_name);
                }
                Item::Module(module) => {
                    module.given.change(&mut rename);
                    module.after.iter_mut().for_each(rename_name);
                }
            }
        }
        self.outputs.values_mut().for_each(|term| term.change(&mut rename));
    }

    fn change_block(&mut self, dice: &mut Dice, place: usize) {
        let stack = self.clone();
        match self.items.get_mut(place) {
            Some(Item::Block(block)) => stack.around(place).change(dice, block),
            Some(Item::Module(module)) => {
                let number = dice.below(module.blocks.len());
                let earlier: Vec<Block> = module.blocks.iter().take(number).cloned().collect();
                let inside = Around {
                    blocks: earlier.iter().collect(),
                    modules: Vec::new(),
                    in_module: true,
                    size: stack.size,
                };
                if let Some(block) = module.blocks.get_mut(number) {
                    inside.change(dice, block);
                }
            }
            None => {}
        }
    }
}

impl Around<'_> {
    fn change(&self, dice: &mut Dice, block: &mut Block) {
        let kind = block.kind();
        match dice.below(10) {
            0 if block.each.is_some() => block.each = Some(some_keys(dice)),
            0 if block.when.is_some() => block.when = Some(dice.chance(50)),
            1 if kind.may_stay => {
                block.lifecycle.retain = !block.lifecycle.retain;
                block.lifecycle.adopt = true;
            }
            2 if !kind.changes.is_empty() => {
                block.lifecycle.ignore = dice.pick(kind.changes).copied().into_iter().collect();
            }
            3 if kind.create_first && block.lifecycle.replace_when.is_none() => {
                let first = block.lifecycle.create_first == Some(true);
                block.lifecycle.create_first = (!first).then_some(true);
            }
            // The same name, and another type: the old one goes first, so nobody may be using it.
            4 if dice.chance(20) && !block.kind().is_inner() && !replaced_first(block) => {
                let others: Vec<_> = KINDS
                    .iter()
                    .filter(|other| ["sim.thing", "sim.dependant", "core.data"].contains(&other.type_name))
                    .collect();
                if let Some(other) = dice.pick(&others) {
                    block.type_name = other.type_name;
                    block.attributes.clear();
                    block.lifecycle = Default::default();
                    for (name, fill) in other.attributes {
                        if let Some(term) = self.fill(dice, block, *fill) {
                            block.attributes.insert(name, term);
                        }
                    }
                }
            }
            _ => {
                let Some((name, fill)) = dice.pick(kind.attributes) else { return };
                match self.fill(dice, block, *fill) {
                    Some(term) => drop(block.attributes.insert(name, term)),
                    None if matches!(fill, Fill::In(_) | Fill::NeedsSecret | Fill::Always(_)) => {}
                    None => drop(block.attributes.remove(name)),
                }
            }
        }
    }
}
