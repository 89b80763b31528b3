//! Places in the syntax tree, as exact byte offsets.
//!
//! The spans of minijinja's nodes end where the node ends, but many begin elsewhere: a filter's at
//! its name, a comparison's at the token before it, the second of two attributes at the first's dot.
//! So the beginning is taken from the leftmost leaf.

use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};

use crate::error::Place;

/// The offset of the first byte of an expression (without parentheses around it).
pub(crate) fn start(expr: &Expr<'_>, source: &str) -> usize {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Var(_) | Expr::Const(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => break,
            Expr::Slice(e) => &e.expr,
            Expr::BinOp(e) => &e.left,
            Expr::Compare(e) => &e.expr,
            Expr::IfExpr(e) => &e.true_expr,
            Expr::Filter(e) => match &e.expr {
                Some(inner) => inner,
                None => break,
            },
            Expr::Test(e) => &e.expr,
            Expr::GetAttr(e) => &e.expr,
            Expr::GetItem(e) => &e.expr,
            Expr::Call(e) => &e.expr,
            Expr::UnaryOp(e) => {
                let at = e.span().start_offset as usize;
                let postfix = match (&e.op, &e.expr) {
                    (UnaryOpKind::Neg, _) => false,
                    (UnaryOpKind::Not, Expr::Test(test)) => test.span() == e.span(),
                    (UnaryOpKind::Not, Expr::BinOp(op)) => {
                        matches!(op.op, BinOpKind::In) && op.span() == e.span() && !is_not(source, at)
                    }
                    (UnaryOpKind::Not, _) => false,
                };
                match postfix {
                    true => &e.expr,
                    false => break,
                }
            }
        };
    }
    expr.span().start_offset as usize
}

/// The offset after the last byte of an expression.
pub(crate) fn end(expr: &Expr<'_>) -> usize {
    expr.span().end_offset as usize
}

/// The stretch of an expression in the whole text.
pub(crate) fn place(expr: &Expr<'_>, source: &str, base: usize) -> Place {
    Place::new(base + start(expr, source), base + end(expr))
}

/// The stretch of the name that a filter's or a test's span begins with.
pub(crate) fn name_place(span: minijinja::machinery::Span, name: &str, base: usize) -> Place {
    let start = base + span.start_offset as usize;
    Place::new(start, start + name.len())
}

/// The stretch of the name that a span ends with: an attribute.
pub(crate) fn attribute_place(span: minijinja::machinery::Span, name: &str, base: usize) -> Place {
    let end = base + span.end_offset as usize;
    Place::new(end.saturating_sub(name.len()), end)
}

fn is_not(source: &str, at: usize) -> bool {
    source
        .get(at..)
        .and_then(|rest| rest.strip_prefix("not"))
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}
