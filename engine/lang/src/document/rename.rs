//! `moved`, `imports` and `removed`: what happens to addresses.

use aurak_model::{Address, Diagnostic, Node, Span};

use crate::fields::{self, Bag, Fields};

/// A rename, seen from the module that says it.
#[derive(Clone, Debug)]
pub(crate) struct MovedDecl {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) span: Span,
    pub(crate) to_span: Span,
}

/// An object to take over.
#[derive(Clone, Debug)]
pub(crate) struct ImportDecl {
    pub(crate) to: Address,
    pub(crate) id: Node,
    pub(crate) span: Span,
}

/// A row to let go.
#[derive(Clone, Debug)]
pub(crate) struct RemovedDecl {
    pub(crate) address: Address,
    pub(crate) destroy: bool,
    pub(crate) span: Span,
}

pub(super) fn moved(node: Node, bag: &mut Bag) -> Vec<MovedDecl> {
    let mut moved = Vec::new();
    for item in fields::items(node, "`moved`", bag) {
        let span = item.span;
        let Some(mut fields) = Fields::known(item, "a rename", span, &["from", "to"], bag) else { continue };
        let from = fields.need("from", "write the old address", bag);
        let to = fields.need("to", "write the new address", bag);
        let from = from.and_then(|node| address(&node, "`from`", bag));
        if let (Some((from, span)), Some((to, to_span))) = (from, to.and_then(|n| address(&n, "`to`", bag))) {
            moved.push(MovedDecl { from, to, span, to_span });
        }
    }
    moved
}

pub(super) fn imports(node: Node, bag: &mut Bag) -> Vec<ImportDecl> {
    let mut imports = Vec::new();
    for item in fields::items(node, "`imports`", bag) {
        let span = item.span;
        let Some(mut fields) = Fields::known(item, "an import", span, &["to", "id"], bag) else { continue };
        let to = fields.need("to", "write the address that it gets", bag);
        let id = fields.need("id", "write the id that the service knows it by", bag);
        if let (Some((to, span)), Some(id)) = (to.and_then(|node| address(&node, "`to`", bag)), id) {
            imports.push(ImportDecl { to, id, span });
        }
    }
    imports
}

pub(super) fn removed(node: Node, bag: &mut Bag) -> Vec<RemovedDecl> {
    let mut removed = Vec::new();
    for item in fields::items(node, "`removed`", bag) {
        let span = item.span;
        let keys = ["address", "destroy"];
        let Some(mut fields) = Fields::known(item, "an entry of `removed`", span, &keys, bag) else {
            continue;
        };
        let found = fields.need("address", "write the address that left the stack", bag);
        let destroy = fields.need(
            "destroy",
            "say whether the object goes too: `destroy: true`, or `destroy: false` to leave it there",
            bag,
        );
        let destroy = destroy.and_then(|node| fields::boolean(&node, "`destroy`", bag));
        if let (Some((address, span)), Some(destroy)) =
            (found.and_then(|node| address(&node, "`address`", bag)), destroy)
        {
            removed.push(RemovedDecl { address, destroy, span });
        }
    }
    removed
}

fn address(node: &Node, what: &str, bag: &mut Bag) -> Option<(Address, Span)> {
    let text = fields::text(node, what, bag)?;
    match Address::parse(&text) {
        Ok(address) => Some((address, node.span)),
        Err(bad) => {
            bag.push(
                Diagnostic::error("bad_address", bad.to_string())
                    .at(node.span, "")
                    .help("write it like `group`, pools[\"common\"] or system.grafana"),
            );
            None
        }
    }
}
