//! What the configuration says of an address that has no instance: its block may stand there though a
//! `when`, a key or the whole stack has gone.

use aurak_model::plan::Mode;
use aurak_model::program::{Block, Lifecycle, NodeKind};
use aurak_model::{Address, BlockKind, Diagnostic, Name, Node, Row, Value};

use crate::context::Context;

/// What is kept of an object: as its row says, or its block in plain words. An expression counts once a plan
/// has worked it out.
pub(crate) struct Said {
    pub prevent_destroy: bool,
    pub retain: bool,
}

impl Context {
    /// What a row says, and its block, under the name that the row has now or gets.
    pub(crate) fn said_of(&self, address: &Address, row: &Row) -> Said {
        let block = self.block_of(address).filter(|block| block.kind == BlockKind::Resource);
        let says = |node: fn(&Lifecycle) -> &Option<Node>| {
            let node = block.and_then(|block| node(&block.lifecycle).as_ref());
            node.and_then(literal) == Some(&Value::Bool(true))
        };
        Said {
            prevent_destroy: row.lifecycle.prevent_destroy || says(|lifecycle| &lifecycle.prevent_destroy),
            retain: row.lifecycle.retain || says(|lifecycle| &lifecycle.retain),
        }
    }

    /// Whether a row that a destroy would delete is only read by the configuration, and if so, whether that
    /// is surely the object that it has.
    pub(crate) fn is_read_in_destroy(&self, address: &Address, id: &Name) -> Option<bool> {
        if self.input.options.mode != Mode::Destroy {
            return None;
        }
        let block = self.block_of(address).filter(|block| block.kind == BlockKind::Existing)?;
        let NodeKind::Map(entries) = &block.attributes.kind else { return Some(false) };
        let read = entries.iter().find(|(key, _, _)| **key == *"id").and_then(|(_, _, node)| literal(node));
        Some(matches!(read, Some(Value::String(read)) if is_same_id(read, id)))
    }

    fn block_of(&self, address: &Address) -> Option<&Block> {
        let next = self.named_next(address);
        [Some(address), next.as_ref()].into_iter().flatten().find_map(|address| {
            let program = &self.input.program;
            let (modules, last, _) = address.split();
            let mut module = program.modules.first()?;
            for segment in modules.segments() {
                module = program.module(*module.modules.get(&*segment.name)?);
            }
            let block = module.resources.get(&*last.name).or_else(|| module.existing.get(&*last.name))?;
            Some(program.block(*block))
        })
    }
}

/// Ids as services compare them.
pub(crate) fn is_same_id(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A name is of a row, and of an object that is only read, of which only a plan can tell which it is.
pub(crate) fn read_in_place(address: &Address, id: &Name) -> Diagnostic {
    let summary = format!("`{address}` is only read now, and this stack has an object under that name");
    Diagnostic::error("existing", summary)
        .detail(format!("its id is {id}; whether that is what is read is not worked out when all is deleted"))
        .help("apply first, and destroy then: what is only read is let go of, and stays")
        .about(address)
}

fn literal(node: &Node) -> Option<&Value> {
    match &node.kind {
        NodeKind::Literal { value, .. } => Some(value),
        _ => None,
    }
}
