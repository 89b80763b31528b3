//! A scalar with expressions in it, parsed once and evaluated as often as wanted. It borrows the
//! text: parsing costs less than keeping trees of a hundred thousand scalars in memory.

use aurak_model::Map;
use aurak_model::Value;
use minijinja::machinery::{ast, parse_expr};

use crate::bare::{self, BarePath, StepKey};
use crate::bounds;
use crate::error::{ErrorKind, ExprError, Place, Placed, Res};
use crate::eval::{self, Eval};
use crate::references::{self, CallSite, Reference};
use crate::scope::{Binding, Scope};
use crate::splitter::{self, Piece};
use crate::{catalog, guard};

/// A scalar, parsed.
pub struct Template<'a> {
    text: &'a str,
    body: Body<'a>,
}

enum Body<'a> {
    Text,
    One(Expression<'a>),
    Mixed(Vec<Part<'a>>),
}

pub(crate) enum Part<'a> {
    Text(&'a str),
    Expr(Expression<'a>),
}

/// One expression, and where its source begins in the text.
pub(crate) struct Expression<'a> {
    pub(crate) source: &'a str,
    pub(crate) base: usize,
    pub(crate) kind: Kind<'a>,
}

pub(crate) enum Kind<'a> {
    Path(BarePath<'a>),
    Tree(ast::Expr<'a>),
}

/// What an evaluation gives.
#[derive(Clone, Debug, Default)]
pub struct Evaluated {
    /// The value.
    pub value: Value,
    /// What is needed to evaluate the text again from a [`MapScope`](crate::MapScope): root names,
    /// and below them what was read, pruned, each leaf as it was read. Answers from outside are
    /// there as `file:PATH`, `env:NAME` and `glob:PATTERN`.
    ///
    /// Empty unless the value holds a `Fresh` unknown: without one, it stands for itself.
    pub captures: Map,
    /// Something from outside is read whose name is not known yet. Who evaluates the text again from
    /// the captures has no answer to that.
    pub late: bool,
}

impl<'a> Template<'a> {
    /// Parses a scalar. Unknown filters, tests and functions are errors here already.
    pub fn parse(text: &'a str) -> Result<Template<'a>, ExprError> {
        let body = Template::body(text).map_err(|e| *e)?;
        Ok(Template { text, body })
    }

    fn body(text: &'a str) -> Res<Body<'a>> {
        if !splitter::has_expressions(text) {
            return Ok(Body::Text);
        }
        // The common case without a list of pieces.
        if let Some(inner) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
            && let Some(path) = bare::scan(inner)
        {
            return Ok(Body::One(Expression { source: inner, base: 2, kind: Kind::Path(path) }));
        }
        let pieces = splitter::split(text)?;
        if let [Piece::Expr { source, base }] = pieces[..] {
            return Ok(Body::One(Expression::parse(source, base)?));
        }
        let mut parts = Vec::with_capacity(pieces.len());
        for piece in pieces {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text),
                Piece::Expr { source, base } => Part::Expr(Expression::parse(source, base)?),
            });
        }
        Ok(Body::Mixed(parts))
    }

    /// Parses a text that is an expression without braces: a predicate of a type, a node of a plan.
    pub fn expression(text: &'a str) -> Result<Template<'a>, ExprError> {
        let expression = Expression::parse(text, 0).map_err(|e| *e)?;
        Ok(Template { text, body: Body::One(expression) })
    }

    /// Whether it is one expression and nothing around it, so that the value keeps its type.
    pub fn is_expression(&self) -> bool {
        matches!(self.body, Body::One(_))
    }

    /// Whether there is nothing to evaluate.
    pub fn is_text(&self) -> bool {
        matches!(self.body, Body::Text)
    }

    /// Every name that is read, with the static path behind it.
    pub fn references(&self) -> Vec<Reference> {
        let mut out = Vec::new();
        self.expressions().for_each(|e| references::collect(e, &mut out));
        out
    }

    /// Every function that is called.
    pub fn calls(&self) -> Vec<CallSite> {
        let mut out = Vec::new();
        self.expressions().for_each(|e| references::collect_calls(e, &mut out));
        out
    }

    /// The one reference, if this is one expression that is a bare path: it needs no evaluation
    /// beyond reading it.
    pub fn bare(&self) -> Option<Reference> {
        match &self.body {
            Body::One(Expression { base, kind: Kind::Path(path), .. }) => {
                Some(references::of_path(path, *base))
            }
            _ => None,
        }
    }

    /// What a bare path stands for, without reading it whole: so that a resource can be handed to a
    /// module as a resource. `None` where it is no bare path.
    pub fn bind(&self, scope: &dyn Scope) -> Result<Option<Binding>, ExprError> {
        match &self.body {
            Body::One(e @ Expression { kind: Kind::Path(_), .. }) => Eval::new(scope, self.text, false)
                .binding(e)
                .at(Place::new(0, self.text.len()))
                .map(Some)
                .map_err(|e| *e),
            _ => Ok(None),
        }
    }

    /// Evaluates it.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Evaluated, ExprError> {
        bounds::account(|| self.run(scope)).map_err(|e| *e)
    }

    fn run(&self, scope: &dyn Scope) -> Res<Evaluated> {
        // Most errors know a nearer place.
        let whole = Place::new(0, self.text.len());
        // What is read is bounded too: a stack can double a value outside of expressions, name by name.
        let value = self.value(&mut Eval::new(scope, self.text, false)).and_then(bounds::parts).at(whole)?;
        if !has_fresh(&value) {
            return Ok(Evaluated { value, captures: Map::new(), late: false });
        }
        // Evaluation is pure, so what is needed to do it again is found by doing it again; the
        // many evaluations that end in something known do not pay for it.
        let mut eval = Eval::new(scope, self.text, true);
        let value = self.value(&mut eval).at(whole)?;
        let late = eval.late;
        Ok(Evaluated { value, captures: eval.into_captures(), late })
    }

    fn value(&self, eval: &mut Eval<'_>) -> Res<Value> {
        match &self.body {
            Body::Text => Ok(Value::string(self.text)),
            Body::One(expression) => eval.expression(expression),
            Body::Mixed(parts) => eval::render(eval, parts),
        }
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression<'a>> {
        let (one, many) = match &self.body {
            Body::Text => (None, &[][..]),
            Body::One(e) => (Some(e), &[][..]),
            Body::Mixed(parts) => (None, &parts[..]),
        };
        one.into_iter().chain(many.iter().filter_map(|part| match part {
            Part::Expr(e) => Some(e),
            Part::Text(_) => None,
        }))
    }
}

fn has_fresh(value: &Value) -> bool {
    let mut found = false;
    value.for_each_unknown(&mut |u| found |= matches!(u.origin, aurak_model::Origin::Fresh { .. }));
    found
}

impl<'a> Expression<'a> {
    fn parse(source: &'a str, base: usize) -> Res<Expression<'a>> {
        if let Some(path) = bare::scan(source) {
            return Ok(Expression { source, base, kind: Kind::Path(path) });
        }
        if source.trim().is_empty() {
            return Err(Box::new(
                ExprError::new(ErrorKind::Syntax, "there is no expression here")
                    .help("write a name, such as `{{ cluster.id }}`")
                    .at(Place::new(base, base + source.len())),
            ));
        }
        guard::check(source, base)?;
        let tree = parse_expr(source).map_err(|e| syntax_error(source, base, &e))?;
        catalog::check(&tree, source, base)?;
        Ok(Expression { source, base, kind: Kind::Tree(tree) })
    }
}

fn syntax_error(source: &str, base: usize, error: &minijinja::Error) -> Box<ExprError> {
    let range = error.range().unwrap_or(source.len()..source.len());
    let mut start = range.start.min(source.len());
    let mut end = range.end.clamp(start, source.len());
    // A place on nothing but white space is the end of the expression.
    if source.get(start..end).is_none_or(|s| s.trim().is_empty()) {
        end = source.trim_end().len();
        start = source[..end].char_indices().next_back().map_or(0, |(i, _)| i);
    }
    let (detail, help) = explain(error, &source[start..end]);
    let mut out = ExprError::new(ErrorKind::Syntax, detail).at(Place::new(base + start, base + end));
    if splitter::looks_like_go(source) {
        out.help = Some(splitter::RAW_HELP.to_string());
    } else if &source[start..end] == "=" {
        out.help = Some("compare with `==`".to_string());
    } else if source.contains("&&") || source.contains("||") {
        out.help = Some("write `and`, `or`, `not`".to_string());
    } else if source.contains('?') {
        out.help = Some("write `a if condition else b`".to_string());
    } else {
        out.help = help.map(str::to_string);
    }
    Box::new(out)
}

/// What the parser says, in our words, with a way out. `at` is the text of the place.
fn explain(error: &minijinja::Error, at: &str) -> (String, Option<&'static str>) {
    let Some(detail) = error.detail() else { return (error.kind().to_string(), None) };
    if let Some(expected) = detail.strip_prefix("unexpected end of input, expected ") {
        let (what, help) = match expected {
            "expression" => ("a value", "write what is missing, or take out what it belongs to"),
            "identifier" => ("a name", "write the name of a filter or test, such as `| length`"),
            "identifier or integer" => ("a name", "write the name of an attribute, or take out the dot"),
            "end of block" => ("`%}`", "close the block"),
            "`,`" => ("`,` or the closing bracket", "close the bracket"),
            bracket => (bracket, "close the bracket"),
        };
        return (format!("the expression ends where {what} should follow"), Some(help));
    }
    match detail {
        "unexpected character" => (format!("unexpected `{at}`"), None),
        "unexpected input after expression" => (
            format!("`{at}` cannot follow here: the expression before it is complete"),
            Some("put an operator between them, such as `~`, which joins text"),
        ),
        detail => (detail.to_string(), None),
    }
}

impl StepKey<'_> {
    pub(crate) fn text(&self) -> String {
        match self {
            StepKey::Name(name) => (*name).to_string(),
            StepKey::Index(index) => index.to_string(),
        }
    }
}
