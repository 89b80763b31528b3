//! Brings a stack that was changed back in order: nothing reads what is not there before it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::kinds::Fill;
use super::make::{Around, replaced_first};
use super::stack::{Block, Item, Module, Stack};
use super::term::Term;

impl Stack {
    /// Takes out what reads something that is gone. What needs that goes too.
    pub fn mend(&mut self) {
        loop {
            let before = self.items.len();
            let mut done: Vec<Item> = Vec::new();
            for mut item in std::mem::take(&mut self.items) {
                let earlier = Stack { items: std::mem::take(&mut done), ..self.clone() };
                let around = earlier.around(earlier.items.len());
                let stays = match &mut item {
                    Item::Block(block) => around.mend(block),
                    Item::Module(module) => {
                        around.mend_module(module);
                        !module.blocks.is_empty()
                    }
                };
                done = earlier.items;
                if stays {
                    done.push(item);
                }
            }
            self.items = done;
            if self.items.len() == before {
                break;
            }
        }
        let mut outputs = std::mem::take(&mut self.outputs);
        let around = self.around(self.items.len());
        outputs.values_mut().for_each(|term| term.change(&mut |term| around.mend_term(term)));
        self.outputs = outputs;
        let names: BTreeSet<String> = self.items.iter().map(|item| item.name().to_string()).collect();
        self.moved.retain(|(from, to)| !names.contains(from) && names.contains(to));
        self.removed.retain(|name| !names.contains(name));
    }
}

impl Around<'_> {
    fn mend_module(&self, module: &mut Module) {
        module.given.change(&mut |term| self.mend_term(term));
        self.mend_after(&mut module.after);
        let mut done: Vec<Block> = Vec::new();
        for mut block in std::mem::take(&mut module.blocks) {
            let inside = Around {
                blocks: done.iter().collect(),
                modules: Vec::new(),
                in_module: true,
                size: self.size,
            };
            if inside.mend(&mut block) {
                done.push(block);
            }
        }
        module.blocks = done;
        let inside = Around {
            blocks: module.blocks.iter().collect(),
            modules: Vec::new(),
            in_module: true,
            size: self.size,
        };
        module.out.change(&mut |term| inside.mend_term(term));
    }

    fn mend_after(&self, after: &mut Vec<String>) {
        after.retain(|name| {
            self.blocks.iter().any(|block| block.name == *name)
                || self.modules.iter().any(|module| module.name == *name)
        });
    }

    /// Whether the block can stay.
    fn mend(&self, block: &mut Block) -> bool {
        self.mend_after(&mut block.after);
        block.terms_mut(&mut |term| self.mend_term(term));
        let single = |name: &String| self.blocks.iter().any(|b| b.name == *name && b.is_single());
        if block.each_id_of.as_ref().is_some_and(|name| !single(name)) {
            block.each_id_of = None;
        }
        if block.kind().is_inner() && !block.cluster.as_ref().is_some_and(single) {
            return false;
        }
        let kind = block.kind();
        kind.attributes.iter().all(|(name, fill)| {
            let term = block.attributes.get(name);
            let is = |fits: &dyn Fn(&Block) -> bool| match term {
                Some(Term::Of { block: of, .. } | Term::Every { block: of, .. }) => {
                    self.blocks.iter().any(|b| b.name == *of && fits(b))
                }
                Some(Term::List(parts)) => parts.iter().all(|part| {
                    part.reads().is_some_and(|of| self.blocks.iter().any(|b| b.name == of && fits(b)))
                }),
                _ => false,
            };
            let always =
                |b: &Block, of: &str| b.type_name == of && b.when.is_none() && b.each_id_of.is_none();
            let (fits, needed) = match fill {
                Fill::In(of) => (is(&|b| always(b, of)), true),
                Fill::MayIn(of) => (is(&|b| always(b, of)), false),
                Fill::Namespace => {
                    (is(&|b| always(b, "inner.namespace") && b.cluster == block.cluster), false)
                }
                Fill::Id => (is(&|b| b.type_name.starts_with("sim.")), false),
                Fill::Uses => (is(&replaced_first), false),
                Fill::Ids => (is(&|b| replaced_first(b) && b.when.is_none()), false),
                Fill::Mark => {
                    let mut always = true;
                    if let Some(term) = term {
                        term.visit(&mut |part| {
                            let of = part.reads();
                            always &= of.is_none_or(|of| {
                                self.blocks.iter().any(|b| b.name == of && b.when.is_none())
                            });
                        });
                    }
                    (always, false)
                }
                Fill::NeedsSecret | Fill::Always(_) | Fill::Things | Fill::Objects => (term.is_some(), true),
                _ => (true, false),
            };
            if !fits && !needed {
                block.attributes.remove(name);
            }
            fits || !needed
        })
    }

    /// Puts null where something is read that is not there.
    fn mend_term(&self, term: &mut Term) {
        let there = match &*term {
            Term::Of { block, key, attribute } => self.blocks.iter().any(|b| {
                b.name == *block
                    && b.each_id_of.is_none()
                    && b.kind().gives.contains(&attribute.as_str())
                    && b.each.is_some() == key.is_some()
                    && b.each.iter().flatten().any(|k| Some(k) == key.as_ref()) == key.is_some()
            }),
            Term::Every { block, attribute } => self.blocks.iter().any(|b| {
                b.name == *block && b.each.is_some() && b.kind().gives.contains(&attribute.as_str())
            }),
            Term::Out { module, key } => self.modules.iter().any(|m| {
                m.name == *module
                    && m.each.is_some() == key.is_some()
                    && m.each.iter().flatten().any(|k| Some(k) == key.as_ref()) == key.is_some()
            }),
            Term::Given => self.in_module,
            _ => true,
        };
        if !there {
            *term = Term::Lit(Json::from(0));
        }
    }
}
