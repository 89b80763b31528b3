//! Static analysis: what an expression may read and call. It gives edges and early errors; marks
//! never come from here.

use minijinja::machinery::ast::{BinOpKind, CallArg, CallType, Expr};

use crate::bare::BarePath;
use crate::syntax;
use crate::template::{Expression, Kind};

/// A name that is read, and the path behind it as far as it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub root: String,
    /// Attributes and constant keys behind it; places in lists as decimal numbers.
    pub path: Vec<String>,
    /// The first byte of it in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// Whether it is only asked for (`is defined`, `| default`), so that it need not be there.
    pub optional: bool,
}

/// A function that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// Its name.
    pub name: String,
    /// The first argument, where it is a string that is written out.
    pub argument: Option<String>,
    /// The texts around the parts of the first argument that are put together only when it is
    /// evaluated: `'conf/' ~ name ~ '.yml'` is `conf/` and `.yml`. With fewer than two texts there is
    /// nothing to tell.
    pub around: Vec<String>,
    /// The first byte of the call in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

pub(crate) fn of_path(path: &BarePath<'_>, base: usize) -> Reference {
    Reference {
        root: path.root.to_string(),
        path: path.steps.iter().map(|step| step.key.text()).collect(),
        start: base + path.start,
        end: base + path.steps.last().map_or(path.start + path.root.len(), |s| s.after),
        optional: false,
    }
}

pub(crate) fn collect(expression: &Expression<'_>, out: &mut Vec<Reference>) {
    match &expression.kind {
        Kind::Path(path) => out.push(of_path(path, expression.base)),
        Kind::Tree(tree) => {
            let mut walk = Walk { source: expression.source, base: expression.base, out };
            walk.expr(tree, false);
        }
    }
}

struct Walk<'w> {
    source: &'w str,
    base: usize,
    out: &'w mut Vec<Reference>,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &Expr<'_>, optional: bool) {
        match expr {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.chain(expr, optional),
            Expr::Filter(e) => {
                let optional = matches!(e.name, "default" | "d");
                e.expr.iter().for_each(|inner| self.expr(inner, optional));
                each_arg(&e.args, |arg| self.expr(arg, false));
            }
            Expr::Test(e) => {
                self.expr(&e.expr, matches!(e.name, "defined" | "undefined"));
                each_arg(&e.args, |arg| self.expr(arg, false));
            }
            Expr::Call(e) => {
                if !matches!(e.identify_call(), CallType::Function(_)) {
                    self.expr(&e.expr, false);
                }
                each_arg(&e.args, |arg| self.expr(arg, false));
            }
            other => each_child(other, &mut |child| self.expr(child, false)),
        }
    }

    fn chain(&mut self, expr: &Expr<'_>, optional: bool) {
        // From the outside in: where a step is not written out, what lies outside of it is no
        // static path.
        let mut path: Vec<String> = Vec::new();
        let mut end = syntax::end(expr);
        let mut at = expr;
        loop {
            match at {
                Expr::GetAttr(e) => {
                    path.push(e.name.to_string());
                    at = &e.expr;
                }
                Expr::GetItem(e) => {
                    match constant_key(&e.subscript_expr) {
                        Some(key) => path.push(key),
                        None => {
                            self.expr(&e.subscript_expr, false);
                            path.clear();
                            end = syntax::end(&e.expr);
                        }
                    }
                    at = &e.expr;
                }
                Expr::Var(var) => {
                    path.reverse();
                    let start = syntax::start(at, self.source);
                    self.out.push(Reference {
                        root: var.id.to_string(),
                        path,
                        start: self.base + start,
                        end: self.base + end.max(start + var.id.len()),
                        optional,
                    });
                    return;
                }
                other => return self.expr(other, optional),
            }
        }
    }
}

fn constant_key(expr: &Expr<'_>) -> Option<String> {
    let Expr::Const(constant) = expr else { return None };
    match constant.value.as_str() {
        Some(text) => Some(text.to_string()),
        None => constant.value.as_i64().filter(|_| constant.value.is_integer()).map(|i| i.to_string()),
    }
}

pub(crate) fn collect_calls(expression: &Expression<'_>, out: &mut Vec<CallSite>) {
    fn go(expr: &Expr<'_>, source: &str, base: usize, out: &mut Vec<CallSite>) {
        if let Expr::Call(e) = expr
            && let CallType::Function(name) = e.identify_call()
        {
            let place = syntax::place(expr, source, base);
            let argument = match e.args.first() {
                Some(CallArg::Pos(Expr::Const(constant))) => constant.value.as_str().map(str::to_string),
                _ => None,
            };
            let mut around = vec![String::new()];
            if let (Some(CallArg::Pos(first)), None) = (e.args.first(), &argument) {
                texts_around(first, &mut around);
            }
            let (start, end) = (place.start, place.end);
            out.push(CallSite { name: name.to_string(), argument, around, start, end });
        }
        each_child(expr, &mut |child| go(child, source, base, out));
    }
    if let Kind::Tree(tree) = &expression.kind {
        go(tree, expression.source, expression.base, out);
    }
}

/// Adds what is written out; anything else begins a new text.
fn texts_around(expr: &Expr<'_>, around: &mut Vec<String>) {
    match expr {
        Expr::BinOp(e) if matches!(e.op, BinOpKind::Concat | BinOpKind::Add) => {
            texts_around(&e.left, around);
            texts_around(&e.right, around);
        }
        Expr::Const(constant) if constant.value.as_str().is_some() => {
            if let (Some(last), Some(text)) = (around.last_mut(), constant.value.as_str()) {
                last.push_str(text);
            }
        }
        _ => around.push(String::new()),
    }
}

fn each_arg<'t, 'a: 't>(args: &'t [CallArg<'a>], mut f: impl FnMut(&'t Expr<'a>)) {
    for arg in args {
        match arg {
            CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => f(e),
        }
    }
}

fn each_child<'t, 'a>(expr: &'t Expr<'a>, f: &mut dyn FnMut(&'t Expr<'a>)) {
    match expr {
        Expr::Var(_) | Expr::Const(_) => {}
        Expr::Slice(e) => {
            f(&e.expr);
            [&e.start, &e.stop, &e.step].into_iter().flatten().for_each(f);
        }
        Expr::UnaryOp(e) => f(&e.expr),
        Expr::BinOp(e) => {
            f(&e.left);
            f(&e.right);
        }
        Expr::Compare(e) => {
            f(&e.expr);
            e.ops.iter().for_each(|op| f(&op.expr));
        }
        Expr::IfExpr(e) => {
            f(&e.test_expr);
            f(&e.true_expr);
            e.false_expr.iter().for_each(f);
        }
        Expr::Filter(e) => {
            e.expr.iter().for_each(&mut *f);
            each_arg(&e.args, f);
        }
        Expr::Test(e) => {
            f(&e.expr);
            each_arg(&e.args, f);
        }
        Expr::GetAttr(e) => f(&e.expr),
        Expr::GetItem(e) => {
            f(&e.expr);
            f(&e.subscript_expr);
        }
        Expr::Call(e) => {
            f(&e.expr);
            each_arg(&e.args, f);
        }
        Expr::List(e) => e.items.iter().for_each(f),
        Expr::Tuple(e) => e.items.iter().for_each(f),
        Expr::Map(e) => e.keys.iter().zip(&e.values).for_each(|(k, v)| {
            f(k);
            f(v);
        }),
    }
}
