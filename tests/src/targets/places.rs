//! Places that messages point to.

use aurak_model::{Diagnostic, Files, Node, NodeKind, Span};
use aurak_render::Style;
use aurak_render::diagnostics::diagnostics;

/// Every finding says something, about a place that is there, and can be shown.
pub(super) fn check(found: &[Diagnostic], files: &Files) {
    for diagnostic in found {
        assert!(!diagnostic.summary.is_empty(), "{diagnostic:?}");
        for label in &diagnostic.labels {
            inside(label.span, files, diagnostic);
        }
    }
    let shown = diagnostics(found, files, &Style { width: 80, ..Style::plain() });
    assert_eq!(shown.is_empty(), found.is_empty(), "{found:?}");
}

/// A place is in its file, or right behind its end.
pub(super) fn inside(span: Span, files: &Files, of: &dyn std::fmt::Debug) {
    let text = files.text(span.file);
    let lines = text.split('\n').flat_map(|line| line.split('\r')).count();
    assert!(span.line >= 1 && span.line as usize <= lines.max(1), "{span:?} of {lines} lines: {of:?}");
    assert!(span.col >= 1, "{span:?}: {of:?}");
}

/// Calls `visit` with a node and all below it, and says how deep they nest.
pub(super) fn each_node(node: &Node, visit: &mut dyn FnMut(&Node)) -> usize {
    visit(node);
    1 + match &node.kind {
        NodeKind::Literal { .. } | NodeKind::Template { .. } => 0,
        NodeKind::List(items) => items.iter().map(|item| each_node(item, visit)).max().unwrap_or(0),
        NodeKind::Map(entries) => {
            entries.iter().map(|(_, _, item)| each_node(item, visit)).max().unwrap_or(0)
        }
    }
}
