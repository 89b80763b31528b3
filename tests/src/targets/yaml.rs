//! Bytes as YAML: within the limits, twice the same, every node and every finding at its place.

use aurak_expr::Template;
use aurak_lang::yaml::{MAX_DEPTH, read};
use aurak_model::{Files, NodeKind};

use super::places;

pub(super) fn run(bytes: &[u8]) -> bool {
    let mut files = Files::default();
    let one = read(&mut files, "a.yaml", bytes.to_vec());
    let other = read(&mut Files::default(), "a.yaml", bytes.to_vec());
    assert_eq!(one.root, other.root);
    assert_eq!(one.diagnostics, other.diagnostics);
    assert!(one.root.is_some() || !one.diagnostics.is_empty(), "nothing was read, and nothing said");
    places::check(&one.diagnostics, &files);
    let Some(root) = &one.root else { return false };
    let depth = places::each_node(root, &mut |node| {
        places::inside(node.span, &files, node);
        if let NodeKind::Template { text, .. } = &node.kind
            && let Err(error) = Template::parse(text)
        {
            places::inside(node.place(error.start, error.end), &files, node);
        }
    });
    // A scalar may stand in the deepest list.
    assert!(depth <= MAX_DEPTH + 1, "{depth} levels");
    one.diagnostics.is_empty()
}
