//! The walk over minijinja's syntax tree, over marked and unknown values.
//!
//! Evaluation is pure and asks the scope for nothing but what the result depends on: a branch that
//! is not taken is not read. Where a condition is unknown both branches are, so that what the result
//! needs is known, and errors in them do not count: only one of them will be evaluated in the end.

use aurak_model::path::Seg;
use aurak_model::value::{Origin, Type};
use aurak_model::{Map, Name, Value};
use minijinja::machinery::ast::{self, BinOpKind, CallArg, CallType, Expr, UnaryOpKind};

use crate::bounds;
use crate::bridge;
use crate::capture::Captures;
use crate::chain::{Chained, Mode, Val};
use crate::error::{ErrorKind, ExprError, Place, Placed, Res, call_error, type_error};
use crate::filters::{self, Args};
use crate::operators::{self, Cmp};
use crate::scope::{Binding, Scope, SourceAsk, source_key};
use crate::syntax;
use crate::taint::{Taint, Truth, fresh, is_hidden, lift, opaque, open, sealed, truth};
use crate::template::{Expression, Kind, Part};
use crate::text;

/// One evaluation.
pub(crate) struct Eval<'e> {
    pub(crate) scope: &'e dyn Scope,
    /// The whole text, which errors point into.
    pub(crate) text: &'e str,
    /// Where the expression that is being evaluated begins in it.
    pub(crate) base: usize,
    len: usize,
    pub(crate) captures: Option<Captures>,
    /// Whether anything sensitive was read; kept only where an error may be passed over.
    pub(crate) saw_secret: bool,
    pub(crate) speculating: bool,
    /// Whether something from outside is read whose name is not known yet.
    pub(crate) late: bool,
}

/// The text of a scalar with expressions in it.
pub(crate) fn render(eval: &mut Eval<'_>, parts: &[Part<'_>]) -> Res<Value> {
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) => values.push(Value::string(*text)),
            Part::Expr(expression) => {
                let value = eval.expression(expression)?;
                text::printable(&value).at(expression.place())?;
                values.push(value);
            }
        }
    }
    text::concat(&values)
}

impl Expression<'_> {
    /// The stretch of the text to show for it.
    fn place(&self) -> Place {
        let lead = self.source.len() - self.source.trim_start().len();
        Place::new(self.base + lead, self.base + self.source.trim_end().len())
    }
}

impl<'e> Eval<'e> {
    pub(crate) fn new(scope: &'e dyn Scope, text: &'e str, capture: bool) -> Eval<'e> {
        let captures = capture.then(Captures::default);
        Eval { scope, text, base: 0, len: 0, captures, saw_secret: false, speculating: false, late: false }
    }

    pub(crate) fn capturing(&self) -> bool {
        self.captures.is_some()
    }

    pub(crate) fn into_captures(self) -> Map {
        self.captures.map(Captures::into_map).unwrap_or_default()
    }

    pub(crate) fn expression(&mut self, expression: &Expression<'_>) -> Res<Value> {
        (self.base, self.len) = (expression.base, expression.source.len());
        match &expression.kind {
            Kind::Path(path) => {
                let val = self.path(path)?;
                self.materialise(val, expression.place())
            }
            Kind::Tree(tree) => self.value(tree),
        }
    }

    /// What a bare path stands for, without reading it whole.
    pub(crate) fn binding(&mut self, expression: &Expression<'_>) -> Res<Binding> {
        (self.base, self.len) = (expression.base, expression.source.len());
        let val = match &expression.kind {
            Kind::Path(path) => self.path(path)?,
            Kind::Tree(tree) => self.eval(tree)?,
        };
        Ok(match val {
            Val::Value(value) => Binding::Value(value),
            Val::Object(tracked) => Binding::Object(tracked.object),
        })
    }

    pub(crate) fn place(&self, expr: &Expr<'_>) -> Place {
        let source = self.text.get(self.base..self.base + self.len).unwrap_or_default();
        syntax::place(expr, source, self.base)
    }

    /// The value of an expression, read.
    pub(crate) fn value(&mut self, expr: &Expr<'_>) -> Res<Value> {
        match self.eval(expr)? {
            Val::Value(value) => Ok(value),
            object => {
                let place = self.place(expr);
                self.materialise(object, place)
            }
        }
    }

    pub(crate) fn eval(&mut self, expr: &Expr<'_>) -> Res<Val> {
        // One function for each kind keeps the frames of this recursion small.
        let value = match expr {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => {
                return match self.chain(expr, Mode::Read)? {
                    Chained::There(val) => Ok(val),
                    // Given in the other modes only.
                    Chained::Missing { .. } | Chained::Unsure(_) => Ok(Val::Value(Value::Null)),
                };
            }
            Expr::IfExpr(e) => return self.if_expr(e),
            Expr::BinOp(e) if matches!(e.op, BinOpKind::ScAnd | BinOpKind::ScOr) => return self.shortcut(e),
            Expr::Const(e) => bridge::from_template(&e.value).at(self.place(expr))?,
            Expr::Slice(e) => self.slice(e).at(self.place(expr))?,
            Expr::UnaryOp(e) => self.unary(e, expr)?,
            Expr::BinOp(e) => self.binary(e, expr)?,
            Expr::Compare(e) => self.compare(e, expr)?,
            Expr::Filter(e) => self.filter(e)?,
            Expr::Test(e) => self.test(e)?,
            Expr::Call(e) => self.call(e, expr)?,
            Expr::List(e) => self.list(&e.items).at(self.place(expr))?,
            Expr::Tuple(e) => self.list(&e.items).at(self.place(expr))?,
            Expr::Map(e) => self.map(e).at(self.place(expr))?,
        };
        Ok(Val::Value(value))
    }

    fn list(&mut self, items: &[Expr<'_>]) -> Res<Value> {
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            list.push(self.value(item)?);
        }
        bounds::parts(Value::from(list))
    }

    fn map(&mut self, map: &ast::Map<'_>) -> Res<Value> {
        let mut entries: Vec<(Name, Value)> = Vec::with_capacity(map.keys.len());
        let mut places: Vec<Place> = Vec::with_capacity(map.keys.len());
        // What the map comes to where a key is unknown: then nobody knows yet which keys it has.
        let mut unsure: Option<Taint> = None;
        for (key, value) in map.keys.iter().zip(&map.values) {
            let place = self.place(key);
            let name = match self.value(key)? {
                Value::String(text) => text,
                Value::Int(i) => i.to_string().into(),
                Value::Unknown(unknown) if !unknown.sensitive => {
                    unsure.get_or_insert_default().add(&Value::Unknown(unknown));
                    unsure.get_or_insert_default().add(&self.value(value)?);
                    continue;
                }
                Value::Unknown(_) | Value::Sensitive(_) => {
                    return type_error("a key is sensitive")
                        .or_help(|| "keys are shown everywhere; put secrets into values".to_string())
                        .at(place);
                }
                other => {
                    return type_error(format!("{} cannot be a key", other.article())).at(place);
                }
            };
            entries.push((name, self.value(value)?));
            places.push(place);
        }
        let count = entries.len();
        let made: Map = entries.iter().cloned().collect();
        if made.len() < count {
            for (i, (name, _)) in entries.iter().enumerate() {
                if entries[..i].iter().any(|(before, _)| before == name) {
                    return type_error(format!("the key `{name}` is given twice")).at(places[i]);
                }
            }
        }
        let made = Value::from(made);
        match unsure {
            Some(mut taint) => {
                taint.add(&made);
                Ok(taint.fresh(Type::Map))
            }
            None => bounds::parts(made),
        }
    }

    /// Whether something holds, without reading a lazy object.
    fn truth(&mut self, val: &Val, place: Place) -> Res<Truth> {
        match val {
            Val::Value(value) => Ok(truth(value)),
            Val::Object(tracked) => {
                let holds = !tracked.object.is_none()
                    && !tracked.object.keys().map_err(|e| Box::new(e.moved_to(place)))?.is_empty();
                if let (Some(captures), Some(path)) = (&mut self.captures, &tracked.path) {
                    captures.object(path, holds);
                }
                Ok(Truth::Known(holds))
            }
        }
    }

    fn if_expr(&mut self, e: &ast::IfExpr<'_>) -> Res<Val> {
        let place = self.place(&e.test_expr);
        let test = self.eval(&e.test_expr)?;
        let (holds, secret) = match self.truth(&test, place)? {
            Truth::Known(b) => (b, false),
            Truth::Secret(b) => (b, true),
            Truth::Sealed => return sealed().at(place),
            Truth::Unknown => {
                let test = self.materialise(test, place)?;
                let mut taint = Taint::of([&test]);
                let one = self.speculate(&e.true_expr, &mut taint)?;
                let other = match &e.false_expr {
                    Some(expr) => self.speculate(expr, &mut taint)?,
                    None => None,
                };
                let ty = match (one, other) {
                    (Some(a), Some(b)) if a == b => a,
                    _ => Type::Any,
                };
                return Ok(Val::Value(taint.fresh(ty)));
            }
        };
        let branch = match (holds, &e.false_expr) {
            (true, _) => &e.true_expr,
            (false, Some(other)) => other,
            (false, None) => {
                return Err(Box::new(
                    ExprError::new(
                        ErrorKind::UndefinedAttribute,
                        "this `if` has no `else`, and does not hold",
                    )
                    .help("write what it is otherwise: `a if condition else b`")
                    .at(place),
                ));
            }
        };
        let val = self.eval(branch)?;
        match secret {
            false => Ok(val),
            true => {
                let place = self.place(branch);
                Ok(Val::Value(opaque(self.materialise(val, place)?)))
            }
        }
    }

    /// Evaluates what may turn out not to be wanted: an error in it is none.
    pub(crate) fn speculate(&mut self, expr: &Expr<'_>, taint: &mut Taint) -> Res<Option<Type>> {
        let before = (self.speculating, self.saw_secret);
        (self.speculating, self.saw_secret) = (true, false);
        let result = self.value(expr);
        let saw_secret = self.saw_secret;
        (self.speculating, self.saw_secret) = (before.0, before.1 || saw_secret);
        match result {
            Ok(value) => {
                taint.add(&value);
                Ok(Some(value.ty()))
            }
            Err(error) if error.is_asked() => Err(error),
            Err(_) => {
                // With another secret there may have been a value, and a marked one.
                taint.sensitive |= saw_secret;
                Ok(None)
            }
        }
    }

    /// Notes what was read.
    pub(crate) fn saw(&mut self, value: &Value) {
        if self.speculating && !self.saw_secret {
            self.saw_secret = value.has_marks();
        }
    }

    fn shortcut(&mut self, e: &ast::BinOp<'_>) -> Res<Val> {
        let place = self.place(&e.left);
        let left = self.eval(&e.left)?;
        let and = matches!(e.op, BinOpKind::ScAnd);
        match self.truth(&left, place)? {
            Truth::Known(holds) if holds == and => self.eval(&e.right),
            Truth::Known(_) => Ok(left),
            Truth::Secret(holds) => {
                let value = match holds == and {
                    true => self.value(&e.right)?,
                    false => self.materialise(left, place)?,
                };
                Ok(Val::Value(opaque(value)))
            }
            Truth::Sealed => sealed().at(place),
            Truth::Unknown => {
                let left = self.materialise(left, place)?;
                let mut taint = Taint::of([&left]);
                let ty = match self.speculate(&e.right, &mut taint)? {
                    Some(ty) if ty == left.ty() => ty,
                    _ => Type::Any,
                };
                Ok(Val::Value(taint.fresh(ty)))
            }
        }
    }

    fn unary(&mut self, e: &ast::UnaryOp<'_>, expr: &Expr<'_>) -> Res<Value> {
        if bridge::is_least(e) {
            return Ok(Value::Int(i64::MIN));
        }
        let val = self.eval(&e.expr)?;
        let place = self.place(expr);
        match e.op {
            UnaryOpKind::Neg => {
                let value = self.materialise(val, place)?;
                operators::negate(value).at(place)
            }
            UnaryOpKind::Not => match self.truth(&val, place)? {
                Truth::Known(b) => Ok(Value::Bool(!b)),
                Truth::Secret(b) => Ok(Value::Bool(!b).sensitive()),
                Truth::Sealed => sealed().at(place),
                Truth::Unknown => {
                    let value = self.materialise(val, place)?;
                    Ok(fresh(Type::Boolean, &[&value]))
                }
            },
        }
    }

    fn binary(&mut self, e: &ast::BinOp<'_>, expr: &Expr<'_>) -> Res<Value> {
        let place = self.place(expr);
        let cmp = match e.op {
            BinOpKind::Concat => {
                let (left, right) = (self.value(&e.left)?, self.value(&e.right)?);
                text::printable(&left).at(self.place(&e.left))?;
                text::printable(&right).at(self.place(&e.right))?;
                return text::concat(&[left, right]).at(place);
            }
            BinOpKind::Eq => Cmp::Eq,
            BinOpKind::Ne => Cmp::Ne,
            BinOpKind::Lt => Cmp::Lt,
            BinOpKind::Lte => Cmp::Le,
            BinOpKind::Gt => Cmp::Gt,
            BinOpKind::Gte => Cmp::Ge,
            BinOpKind::In => Cmp::In,
            // `and` and `or` are taken by `shortcut`.
            op @ (BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
            | BinOpKind::ScAnd
            | BinOpKind::ScOr) => {
                let (left, right) = (self.value(&e.left)?, self.value(&e.right)?);
                return operators::arithmetic(op, left, right).at(place);
            }
        };
        let left = self.eval(&e.left)?;
        let right = self.eval(&e.right)?;
        self.cmp(cmp, &left, &right, place)
    }

    /// Compares; asks a lazy object only for what the comparison needs.
    fn cmp(&mut self, cmp: Cmp, left: &Val, right: &Val, place: Place) -> Res<Value> {
        let moved = |e: ExprError| Box::new(e.moved_to(place));
        match (cmp, left, right) {
            (Cmp::In | Cmp::NotIn, key, Val::Object(tracked)) if !tracked.object.is_none() => {
                let key = self.copy(key, place)?;
                if let Value::Unknown(_) = &key {
                    let all = self.materialise(Val::Object(tracked.clone()), place)?;
                    return Ok(fresh(Type::Boolean, &[&key, &all]));
                }
                let (key, secret) = open(&key).at(place)?;
                let Value::String(name) = &key else {
                    return type_error(format!("keys are strings, and this is {}", key.article())).at(place);
                };
                if secret && self.capturing() {
                    // The key must not be captured, so all of it is.
                    self.materialise(Val::Object(tracked.clone()), place)?;
                }
                let there = tracked.object.has(&Seg::Key(name.clone())).map_err(moved)?;
                if there
                    && !secret
                    && let (Some(captures), Some(path)) = (&mut self.captures, &tracked.path)
                {
                    let path: Vec<Name> = path.iter().cloned().chain([name.clone()]).collect();
                    captures.present(&path);
                }
                let result = Value::Bool(there != (cmp == Cmp::NotIn));
                Ok(if secret { opaque(result) } else { result })
            }
            (Cmp::Eq | Cmp::Ne, Val::Object(tracked), Val::Value(Value::Null))
            | (Cmp::Eq | Cmp::Ne, Val::Value(Value::Null), Val::Object(tracked)) => {
                Ok(Value::Bool(tracked.object.is_none() == (cmp == Cmp::Eq)))
            }
            _ => {
                let (left, right) = (self.copy(left, place)?, self.copy(right, place)?);
                operators::compare(cmp, &left, &right).at(place)
            }
        }
    }

    fn copy(&mut self, val: &Val, place: Place) -> Res<Value> {
        match val {
            Val::Value(value) => Ok(value.clone()),
            Val::Object(tracked) => self.materialise(Val::Object(tracked.clone()), place),
        }
    }

    /// `a < b < c`: all of them, from the left until one does not hold.
    fn compare(&mut self, e: &ast::Compare<'_>, expr: &Expr<'_>) -> Res<Value> {
        use ast::CompareOpKind as Op;
        let place = self.place(expr);
        let mut left = self.eval(&e.expr)?;
        let mut results = Vec::with_capacity(e.ops.len());
        for op in &e.ops {
            let cmp = match op.op {
                Op::Eq => Cmp::Eq,
                Op::Ne => Cmp::Ne,
                Op::Lt => Cmp::Lt,
                Op::Lte => Cmp::Le,
                Op::Gt => Cmp::Gt,
                Op::Gte => Cmp::Ge,
                Op::In => Cmp::In,
                Op::NotIn => Cmp::NotIn,
            };
            let right = self.eval(&op.expr)?;
            let result = self.cmp(cmp, &left, &right, place)?;
            if result == Value::Bool(false) {
                // What came before does not matter then, unknown or not.
                return Ok(result);
            }
            results.push(result);
            left = right;
        }
        lift(Type::Boolean, &results, |all| Ok(Value::Bool(all.iter().all(|v| *v == Value::Bool(true)))))
            .at(place)
    }

    fn slice(&mut self, e: &ast::Slice<'_>) -> Res<Value> {
        let value = self.value(&e.expr)?;
        let mut bounds = Vec::with_capacity(3);
        for bound in [&e.start, &e.stop, &e.step] {
            bounds.push(match bound {
                Some(expr) => self.value(expr)?,
                None => Value::Null,
            });
        }
        operators::slice(value, &bounds)
    }

    fn filter(&mut self, e: &ast::Spanned<ast::Filter<'_>>) -> Res<Value> {
        let place = syntax::name_place(e.span(), e.name, self.base);
        let Some(operand) = &e.expr else {
            return call_error("a filter needs something to the left of it").at(place);
        };
        if matches!(e.name, "default" | "d") {
            return self.default(e, operand, place);
        }
        let val = match e.name {
            "map" => match self.map_lazily(e, operand)? {
                Ok(list) => return Ok(list),
                Err(Some(values)) => Val::Value(values),
                Err(None) => self.eval(operand)?,
            },
            _ => self.eval(operand)?,
        };
        if let Val::Object(tracked) = &val
            && e.args.is_empty()
            && matches!(e.name, "length" | "count" | "keys" | "list")
            && !tracked.object.is_none()
        {
            let keys = tracked.object.keys().map_err(|e| Box::new(e.moved_to(place)))?;
            if let (Some(captures), Some(path)) = (&mut self.captures, &tracked.path) {
                captures.object(path, false);
                for key in &keys {
                    let path: Vec<Name> = path.iter().cloned().chain([key.clone()]).collect();
                    captures.present(&path);
                }
            }
            return Ok(match e.name {
                "keys" | "list" => Value::list(keys.into_iter().map(Value::String)),
                _ => Value::Int(keys.len() as i64),
            });
        }
        let operand_place = self.place(operand);
        let value = self.materialise(val, operand_place)?;
        match self.args(&e.args, Some(value))? {
            Ok(args) => filters::apply(e.name, args).at(place),
            Err(unknown) => Ok(unknown),
        }
    }

    /// `group | values | map(attribute='id')` reads the ids of the instances and nothing else.
    /// Otherwise gives the operand where it was evaluated on the way.
    fn map_lazily(
        &mut self,
        e: &ast::Spanned<ast::Filter<'_>>,
        operand: &Expr<'_>,
    ) -> Res<Result<Value, Option<Value>>> {
        let [CallArg::Kwarg("attribute", Expr::Const(attribute))] = &e.args[..] else { return Ok(Err(None)) };
        let (Some(attribute), Expr::Filter(inner)) = (attribute.value.as_str(), operand) else {
            return Ok(Err(None));
        };
        let (true, true, Some(group)) = (inner.name == "values", inner.args.is_empty(), &inner.expr) else {
            return Ok(Err(None));
        };
        let place = syntax::name_place(e.span(), e.name, self.base);
        let tracked = match self.eval(group)? {
            Val::Object(tracked) if !tracked.object.is_none() => tracked,
            other => {
                let group_place = self.place(group);
                let args = Args { pos: vec![self.materialise(other, group_place)?], named: Vec::new() };
                let inner_place = syntax::name_place(inner.span(), inner.name, self.base);
                return Ok(Err(Some(filters::apply(inner.name, args).at(inner_place)?)));
            }
        };
        let keys = tracked.object.keys().map_err(|e| Box::new(e.moved_to(place)))?;
        if let (Some(captures), Some(path)) = (&mut self.captures, &tracked.path) {
            captures.object(path, false);
        }
        let mut list = Vec::with_capacity(keys.len());
        for key in keys {
            list.push(self.read_below(&tracked, &key, attribute, place)?);
        }
        Ok(Ok(Value::from(list)))
    }

    /// `default`: what is tested may be missing, and then the argument stands for it.
    fn default(&mut self, e: &ast::Spanned<ast::Filter<'_>>, operand: &Expr<'_>, place: Place) -> Res<Value> {
        let found = match operand {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.chain(operand, Mode::Probe)?,
            Expr::Filter(inner) if matches!(inner.name, "first" | "last" | "min" | "max" | "attr") => {
                let inner_place = syntax::name_place(inner.span(), inner.name, self.base);
                match self.eval(operand) {
                    // Whether there is anything to take is then known.
                    Ok(Val::Value(Value::Unknown(u))) if matches!(u.origin, Origin::Fresh { .. }) => {
                        Chained::Unsure(Value::Unknown(u))
                    }
                    Ok(val) => Chained::There(val),
                    // Nothing there to take, as this filter itself says.
                    Err(error)
                        if error.kind == ErrorKind::UndefinedAttribute
                            && (error.start, error.end) == (inner_place.start, inner_place.end) =>
                    {
                        Chained::Missing { secret: is_hidden(&error) }
                    }
                    Err(error) => return Err(error),
                }
            }
            _ => Chained::There(self.eval(operand)?),
        };
        let (fallback, lax) = default_args(&e.args).at(place)?;
        let lax = match lax {
            Some(expr) => {
                let value = self.value(expr)?;
                match truth(&value) {
                    Truth::Known(b) => b,
                    _ => return type_error("the second argument of `default` must be plain").at(place),
                }
            }
            None => false,
        };
        let fallback = |eval: &mut Self| match fallback {
            Some(expr) => eval.value(expr),
            None => Ok(Value::string("")),
        };
        match found {
            Chained::Missing { secret: false } => fallback(self),
            Chained::Missing { secret: true } => Ok(opaque(fallback(self)?)),
            Chained::Unsure(base) => {
                let other = fallback(self)?;
                Ok(fresh(Type::Any, &[&base, &other]))
            }
            Chained::There(val) => {
                let operand_place = self.place(operand);
                if !lax {
                    return self.materialise(val, operand_place);
                }
                match self.truth(&val, operand_place)? {
                    Truth::Known(true) => self.materialise(val, operand_place),
                    Truth::Known(false) => fallback(self),
                    Truth::Secret(true) => Ok(opaque(self.materialise(val, operand_place)?)),
                    Truth::Secret(false) => Ok(opaque(fallback(self)?)),
                    Truth::Sealed => sealed().at(operand_place),
                    Truth::Unknown => {
                        let value = self.materialise(val, operand_place)?;
                        let mut taint = Taint::of([&value]);
                        let other = fallback(self)?;
                        taint.add(&other);
                        let ty = if value.ty() == other.ty() { value.ty() } else { Type::Any };
                        Ok(taint.fresh(ty))
                    }
                }
            }
        }
    }

    fn test(&mut self, e: &ast::Spanned<ast::Test<'_>>) -> Res<Value> {
        let place = syntax::name_place(e.span(), e.name, self.base);
        if matches!(e.name, "defined" | "undefined") {
            if !e.args.is_empty() {
                return call_error(format!("`is {}` takes no arguments", e.name)).at(place);
            }
            let there = match &e.expr {
                chain @ (Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_)) => {
                    self.chain(chain, Mode::Ask)?
                }
                other => {
                    self.eval(other)?;
                    Chained::There(Val::Value(Value::Bool(true)))
                }
            };
            let defined = Value::Bool(e.name == "defined");
            let undefined = Value::Bool(e.name == "undefined");
            return Ok(match there {
                // A mark says that being there depends on a secret.
                Chained::There(Val::Value(Value::Sensitive(_))) => opaque(defined),
                Chained::There(_) => defined,
                Chained::Missing { secret: true } => opaque(undefined),
                Chained::Missing { secret: false } => undefined,
                Chained::Unsure(base) => fresh(Type::Boolean, &[&base]),
            });
        }
        let val = self.eval(&e.expr)?;
        if let Val::Object(tracked) = &val {
            let none = tracked.object.is_none();
            match e.name {
                "none" => return Ok(Value::Bool(none)),
                "mapping" | "iterable" => return Ok(Value::Bool(!none)),
                "string" | "boolean" | "number" | "integer" | "int" | "float" | "sequence" => {
                    return Ok(Value::Bool(false));
                }
                _ => {}
            }
        }
        if e.name == "in"
            && let [CallArg::Pos(container)] = &e.args[..]
        {
            let container = self.eval(container)?;
            return self.cmp(Cmp::In, &val, &container, place);
        }
        let operand_place = self.place(&e.expr);
        let value = self.materialise(val, operand_place)?;
        match self.args(&e.args, Some(value))? {
            Ok(args) => crate::predicates::apply(e.name, args).at(place),
            Err(unknown) => Ok(unknown),
        }
    }

    fn call(&mut self, e: &ast::Call<'_>, expr: &Expr<'_>) -> Res<Value> {
        let CallType::Function(name) = e.identify_call() else {
            // Refused when the text is parsed.
            return call_error("only functions can be called").at(self.place(expr));
        };
        let start = self.place(&e.expr).start;
        let place = Place::new(start, start + name.len());
        match self.args(&e.args, None)? {
            Ok(args) => self.function(name, args, place).at(place),
            Err(unknown) => Ok(unknown),
        }
    }

    /// The arguments, the operand first; or what the call comes to when they are not known.
    fn args(&mut self, args: &[CallArg<'_>], operand: Option<Value>) -> Res<Result<Args, Value>> {
        let mut out = Args { pos: Vec::with_capacity(args.len() + 1), named: Vec::new() };
        out.pos.extend(operand);
        for arg in args {
            match arg {
                CallArg::Pos(expr) => out.pos.push(self.value(expr)?),
                CallArg::Kwarg(name, expr) => out.named.push((Name::from(*name), self.value(expr)?)),
                CallArg::PosSplat(expr) => match self.value(expr)? {
                    Value::List(list) => out.pos.extend(list.iter().cloned()),
                    unknown @ Value::Unknown(_) => {
                        let all: Vec<&Value> = out.values().chain([&unknown]).collect();
                        return Ok(Err(fresh(Type::Any, &all)));
                    }
                    other => {
                        return type_error(format!("`*` spreads a list, and this is {}", other.article()))
                            .at(self.place(expr));
                    }
                },
                CallArg::KwargSplat(expr) => match self.value(expr)? {
                    Value::Map(map) => {
                        out.named.extend(map.iter().map(|(k, v)| (k.clone(), v.clone())));
                    }
                    unknown @ Value::Unknown(_) => {
                        let all: Vec<&Value> = out.values().chain([&unknown]).collect();
                        return Ok(Err(fresh(Type::Any, &all)));
                    }
                    other => {
                        return type_error(format!("`**` spreads a map, and this is {}", other.article()))
                            .at(self.place(expr));
                    }
                },
            }
        }
        Ok(Ok(out))
    }

    /// Puts a question to the outside.
    pub(crate) fn source(&mut self, ask: SourceAsk<'_>, place: Place) -> Res<Value> {
        let value = self.scope.source(ask).map_err(|e| Box::new(e.moved_to(place)))?;
        self.saw(&value);
        if let Some(captures) = &mut self.captures {
            captures.whole(&[source_key(&ask).into()], &value);
        }
        Ok(value)
    }
}

/// The fallback of `default` and whether it also stands for what does not hold.
fn default_args<'t, 'a>(args: &'t [CallArg<'a>]) -> Res<(Option<&'t Expr<'a>>, Option<&'t Expr<'a>>)> {
    let (mut value, mut lax) = (None, None);
    for (i, arg) in args.iter().enumerate() {
        match arg {
            CallArg::Pos(e) if i == 0 => value = Some(e),
            CallArg::Pos(e) if i == 1 => lax = Some(e),
            CallArg::Kwarg("default_value", e) if value.is_none() => value = Some(e),
            CallArg::Kwarg("boolean", e) if lax.is_none() => lax = Some(e),
            _ => {
                return call_error(
                    "`default` takes a value and, as second argument, whether it also replaces what is empty",
                );
            }
        }
    }
    Ok((value, lax))
}
