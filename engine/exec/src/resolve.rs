//! Filling in what only apply can tell.
//!
//! An unknown leaf points to an attribute of a row or to a node of the plan's arena. Rows are those
//! of this run, then those of the state; a volatile attribute is not kept there, so it has to be
//! read first, which is for the dispatcher to arrange ([`Unresolved::Read`]). Nodes are evaluated
//! once and kept. They may form chains of any length, so none of this recurses over them.

use std::cell::Cell;

use aurak_expr::{MapScope, Template, coerce};
use aurak_model::plan::Deferred;
use aurak_model::{
    Address, Attribute, Kind, Name, NodeId, Origin, Path, Plan, Schemas, Secret, Type, TypeSchema, Unknown,
    Value,
};

use crate::error::Failure;
use crate::rows::Rows;

/// Why a value cannot be had.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unresolved {
    /// This row has a volatile attribute that must be read first.
    Read(Address),
    /// It hangs on something that this plan leaves for the next one.
    Deferred(Address),
    /// It cannot be had at all.
    Failed(Failure),
}

impl Unresolved {
    /// As a failure of whoever wanted it.
    pub(crate) fn failure(self) -> Failure {
        match self {
            Unresolved::Failed(failure) => failure,
            Unresolved::Read(row) => Failure::new("volatile", format!("`{row}` could not be read")),
            Unresolved::Deferred(block) => {
                Failure::new("deferred", format!("it needs `{block}`, which is left for the next plan"))
            }
        }
    }
}

/// Works out values of a plan.
pub(crate) struct Resolver<'a> {
    nodes: &'a [Deferred],
    schemas: &'a Schemas,
    pub(crate) rows: Rows<'a>,
    memo: Vec<Memo>,
}

#[derive(Clone)]
enum Memo {
    New,
    /// Its evaluation waits for that of others.
    Open,
    Done(Known),
    Failed(Failure),
}

/// A value, and whether a volatile attribute went into it.
#[derive(Clone)]
struct Known {
    value: Value,
    volatile: bool,
}

impl<'a> Resolver<'a> {
    /// The expression that a value of the plan is worked out from.
    pub(crate) fn expression(&self, value: &Value) -> Option<&'a str> {
        let Value::Unknown(unknown) = value else { return None };
        let Origin::Node { node, .. } = &unknown.origin else { return None };
        self.nodes.get(node.0 as usize).map(|node| node.expression.as_str())
    }

    pub(crate) fn new(plan: &'a Plan, schemas: &'a Schemas, rows: Rows<'a>) -> Resolver<'a> {
        Resolver::over(&plan.nodes, schemas, rows)
    }

    /// Over rows only: recorded configurations have no nodes.
    pub(crate) fn over(nodes: &'a [Deferred], schemas: &'a Schemas, rows: Rows<'a>) -> Resolver<'a> {
        Resolver { nodes, schemas, rows, memo: vec![Memo::New; nodes.len()] }
    }

    pub(crate) fn schema(&self, type_name: &str) -> Option<&'a TypeSchema> {
        self.schemas.types.get(type_name).map(|schema| &**schema)
    }

    /// The value with everything filled in.
    pub(crate) fn resolve(&mut self, value: &Value) -> Result<Value, Unresolved> {
        Ok(self.known(value)?.value)
    }

    /// The value to be recorded: a volatile attribute stays a reference to where it is read from.
    /// Where one went into an expression there is no such reference; `mixed` says what then.
    pub(crate) fn resolve_for_record(&mut self, value: &Value, mixed: Mixed) -> Result<Value, Unresolved> {
        let mut nodes = Vec::new();
        value.for_each_unknown(&mut |unknown| {
            if let Origin::Node { node, .. } = &unknown.origin
                && self.reference(unknown).is_none()
            {
                nodes.push(*node);
            }
        });
        for node in nodes {
            self.evaluate(node)?;
        }
        value.map_leaves(&mut |_, leaf| {
            let Value::Unknown(unknown) = leaf else { return Ok(None) };
            if let Some(reference) = self.reference(unknown) {
                return Ok(Some(Value::Unknown(Box::new(reference))));
            }
            let known = self.leaf(unknown)?;
            match (known.volatile, mixed) {
                (false, _) => Ok(Some(known.value)),
                (true, Mixed::Seal) => Ok(Some(known.value.sensitive())),
                (true, Mixed::Refuse) => Err(Unresolved::Failed(Failure::new(
                    "volatile",
                    "it is made from a volatile attribute, which is never stored",
                ))),
            }
        })
    }

    fn known(&mut self, value: &Value) -> Result<Known, Unresolved> {
        if !value.has_unknown() && !value.has_marks() {
            return Ok(Known { value: value.clone(), volatile: false });
        }
        let mut nodes = Vec::new();
        value.for_each_unknown(&mut |unknown| {
            if let Origin::Node { node, .. } = unknown.origin {
                nodes.push(node);
            }
        });
        for node in nodes {
            self.evaluate(node)?;
        }
        self.substitute(value)
    }

    /// Fills in a value whose nodes are evaluated.
    fn substitute(&self, value: &Value) -> Result<Known, Unresolved> {
        let volatile = Cell::new(false);
        let value = value.map_leaves(&mut |_, leaf| match leaf {
            Value::Unknown(unknown) => {
                let known = self.leaf(unknown)?;
                volatile.set(volatile.get() || known.volatile);
                Ok(Some(known.value))
            }
            Value::Sensitive(Secret::Sealed(_)) => Err(Unresolved::Failed(
                Failure::new(
                    "sealed",
                    "a sensitive value is needed, and the state was opened without its key",
                )
                .help("give the stack's key in AURAK_KEY, or its passphrase in AURAK_PASSPHRASE"),
            )),
            _ => Ok(None),
        })?;
        Ok(Known { value, volatile: volatile.get() })
    }

    fn leaf(&self, unknown: &Unknown) -> Result<Known, Unresolved> {
        let failed = |message: String| Unresolved::Failed(Failure::new("unknown", message));
        let mut known = match &unknown.origin {
            Origin::Row { row, path } => self.attribute(row, path)?,
            Origin::Node { node, path } => match self.memo.get(node.0 as usize) {
                Some(Memo::Done(whole)) => match aurak_expr::part(&whole.value, path) {
                    Some(value) => Known { value, volatile: whole.volatile },
                    None => {
                        return Err(failed(format!(
                            "{} turned out to have no `{path}`",
                            self.describe_node(*node)
                        )));
                    }
                },
                Some(Memo::Failed(failure)) => return Err(Unresolved::Failed(failure.clone())),
                _ => return Err(failed(format!("{} was not worked out", self.describe_node(*node)))),
            },
            Origin::Deferred { block } => return Err(Unresolved::Deferred(block.clone())),
            Origin::Fresh { .. } => {
                return Err(failed("the plan holds a value that comes from nowhere".to_string()));
            }
        };
        known.value = match as_planned(unknown.ty, &known.value) {
            Some(value) => value,
            None => {
                return Err(failed(format!(
                    "{} was planned as {} and turned out to be {}",
                    self.describe(&unknown.origin),
                    unknown.ty.article(),
                    known.value.ty().article()
                )));
            }
        };
        if unknown.sensitive {
            known.value = known.value.sensitive();
        }
        Ok(known)
    }

    /// An attribute of a row's current object.
    fn attribute(&self, row: &Address, path: &Path) -> Result<Known, Unresolved> {
        let recorded = self.rows.get(row);
        let seen = self.rows.seen(row);
        let type_name = seen.map(|seen| &seen.type_name).or(recorded.map(|row| &row.type_name));
        let schema = type_name.and_then(|name| self.schema(name));
        // What is only read has no row that it could be read by again.
        let volatile = recorded.is_some() && schema.is_some_and(|schema| is_volatile(schema, path));
        if let Some(seen) = seen
            && let Some(value) = part(&seen.attributes, &seen.id, path)
        {
            return Ok(Known { value, volatile });
        }
        // Who made or changed it may not have been told all of it.
        if volatile
            && seen.is_some_and(|seen| !seen.whole)
            && recorded.is_some_and(|row| row.current.is_some())
        {
            return Err(Unresolved::Read(row.clone()));
        }
        let Some(object) = recorded.and_then(|row| row.current.as_ref()) else {
            if seen.is_some() {
                return self.missing(row, path, schema, volatile);
            }
            return Err(Unresolved::Failed(Failure::new(
                "unknown",
                format!("`{row}` was not applied, and its `{path}` is needed"),
            )));
        };
        if volatile && seen.is_none() {
            return Err(Unresolved::Read(row.clone()));
        }
        // What is only ever written is kept as it was sent.
        let value =
            part(&object.attributes, &object.id, path).or_else(|| aurak_expr::part(&object.desired, path));
        match value {
            Some(value) => Ok(Known { value, volatile }),
            None => self.missing(row, path, schema, volatile),
        }
    }

    /// An attribute that is not there: null where the type knows it.
    fn missing(
        &self,
        row: &Address,
        path: &Path,
        schema: Option<&TypeSchema>,
        volatile: bool,
    ) -> Result<Known, Unresolved> {
        if schema.is_some_and(|schema| schema.attribute(path).is_some()) {
            return Ok(Known { value: Value::Null, volatile });
        }
        Err(Unresolved::Failed(
            Failure::new("unknown", format!("`{row}` turned out to have no `{path}`"))
                .help(format!("`aurak show {row}` lists what it has")),
        ))
    }

    /// Evaluates a node and all that it needs.
    fn evaluate(&mut self, node: NodeId) -> Result<(), Unresolved> {
        let mut stack = vec![node];
        let result = self.evaluate_stack(&mut stack);
        if result.is_err() {
            // What waited for the failed one may be tried again when more is known.
            for NodeId(open) in stack {
                if let Some(memo @ Memo::Open) = self.memo.get_mut(open as usize) {
                    *memo = Memo::New;
                }
            }
        }
        result
    }

    fn evaluate_stack(&mut self, stack: &mut Vec<NodeId>) -> Result<(), Unresolved> {
        while let Some(&node) = stack.last() {
            let index = node.0 as usize;
            let (Some(memo), Some(deferred)) = (self.memo.get(index), self.nodes.get(index)) else {
                let failure = Failure::new("unknown", format!("the plan has no deferred value {index}"));
                return Err(Unresolved::Failed(failure));
            };
            match memo {
                Memo::Done(_) => {
                    stack.pop();
                    continue;
                }
                Memo::Failed(failure) => return Err(Unresolved::Failed(failure.clone())),
                Memo::New | Memo::Open => {}
            }
            let mut needed = Vec::new();
            for value in deferred.refs.values() {
                value.for_each_unknown(&mut |unknown| {
                    if let Origin::Node { node, .. } = unknown.origin {
                        needed.push(node);
                    }
                });
            }
            needed.retain(|node| !matches!(self.memo.get(node.0 as usize), Some(Memo::Done(_))));
            if needed.iter().any(|node| matches!(self.memo.get(node.0 as usize), Some(Memo::Open)))
                || needed.contains(&node)
            {
                let failure = Failure::new("unknown", format!("{} needs itself", self.describe_node(node)));
                return Err(Unresolved::Failed(failure));
            }
            if !needed.is_empty() {
                self.memo[index] = Memo::Open;
                stack.append(&mut needed);
                continue;
            }
            match self.evaluate_one(deferred) {
                Ok(known) => {
                    self.memo[index] = Memo::Done(known);
                    stack.pop();
                }
                Err(Unresolved::Failed(failure)) => {
                    self.memo[index] = Memo::Failed(failure.clone());
                    return Err(Unresolved::Failed(failure));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    fn evaluate_one(&self, deferred: &Deferred) -> Result<Known, Unresolved> {
        let Known { value: refs, volatile } = self.substitute(&Value::from(deferred.refs.clone()))?;
        let Value::Map(refs) = refs else { return Ok(Known { value: Value::Null, volatile }) };
        let place = deferred.place.as_deref().unwrap_or("a deferred value");
        let value = Template::parse(&deferred.expression)
            .and_then(|template| template.evaluate(&MapScope(&refs)))
            .map_err(|error| {
                let failure = Failure::new("expression", format!("{place}: {}", error.message));
                Unresolved::Failed(match error.help {
                    Some(help) => failure.help(help),
                    None => failure,
                })
            })?
            .value;
        let failed = |message: String| Unresolved::Failed(Failure::new("unknown", message));
        if value.has_unknown() {
            return Err(failed(format!("{place}: the value is still not known")));
        }
        if !fits(deferred.ty, &value) {
            return Err(failed(format!(
                "{place}: this was planned as {} and turned out to be {}",
                deferred.ty.article(),
                value.ty().article()
            )));
        }
        let value = if deferred.sensitive { value.sensitive() } else { value };
        Ok(Known { value, volatile })
    }

    /// The volatile attribute that an unknown stands for, where it is exactly one.
    fn reference(&self, unknown: &Unknown) -> Option<Unknown> {
        let mut origin = unknown.origin.clone();
        // A plan is finite, and a node that needs itself is found by evaluation.
        for _ in 0..=self.nodes.len() {
            match origin {
                Origin::Row { row, path } => {
                    let recorded = self.rows.get(&row)?;
                    let type_name = self.rows.seen(&row).map_or(&recorded.type_name, |seen| &seen.type_name);
                    let volatile = is_volatile(self.schema(type_name)?, &path);
                    return volatile.then_some(Unknown {
                        ty: unknown.ty,
                        origin: Origin::Row { row, path },
                        // Whatever is not to be stored is not to be shown either.
                        sensitive: true,
                    });
                }
                Origin::Node { node, path } => {
                    let deferred = self.nodes.get(node.0 as usize)?;
                    let template = Template::parse(&deferred.expression).ok()?;
                    template.bare()?;
                    let value = template.evaluate(&MapScope(&deferred.refs)).ok()?.value;
                    origin = origin_at(&value, &path)?;
                }
                Origin::Fresh { .. } | Origin::Deferred { .. } => return None,
            }
        }
        None
    }

    fn describe(&self, origin: &Origin) -> String {
        match origin {
            Origin::Row { row, path } if path.is_root() => format!("`{row}`"),
            Origin::Row { row, path } => format!("`{path}` of `{row}`"),
            Origin::Node { node, .. } => self.describe_node(*node),
            Origin::Fresh { .. } | Origin::Deferred { .. } => "a value".to_string(),
        }
    }

    fn describe_node(&self, node: NodeId) -> String {
        match self.nodes.get(node.0 as usize).and_then(|deferred| deferred.place.as_deref()) {
            Some(place) => format!("the value at {place}"),
            None => format!("the deferred value {}", node.0),
        }
    }
}

/// What to do with a value to be recorded that is made from a volatile one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mixed {
    /// Keep it, sealed: without it nobody could use the recorded thing any more.
    Seal,
    /// Do not keep it.
    Refuse,
}

/// The part of a body at a path; the id is there even where a body does not hold it.
fn part(attributes: &Value, id: &Name, path: &Path) -> Option<Value> {
    aurak_expr::part(attributes, path)
        .or_else(|| (*path == Path::key("id")).then(|| Value::String(id.clone())))
}

/// Whether what stands at a path, or any part of it, is volatile.
fn is_volatile(schema: &TypeSchema, path: &Path) -> bool {
    let Some((first, rest)) = path.0.split_first() else {
        return schema.attributes.values().any(any_volatile);
    };
    let aurak_model::Seg::Key(name) = first else { return false };
    let Some(mut attribute) = schema.attributes.get(name) else { return false };
    for seg in rest {
        if attribute.volatile {
            return true;
        }
        match attribute.below(seg) {
            Some(below) => attribute = below,
            None => return false,
        }
    }
    any_volatile(attribute)
}

fn any_volatile(attribute: &Attribute) -> bool {
    attribute.volatile
        || attribute.items.as_deref().is_some_and(any_volatile)
        || attribute.attributes.values().any(any_volatile)
}

/// Where the part of a value at a path comes from, if that is unknown.
fn origin_at(value: &Value, path: &Path) -> Option<Origin> {
    let mut value = value;
    for (i, seg) in path.0.iter().enumerate() {
        if let Value::Unknown(unknown) = value {
            let rest = Path(path.0[i..].to_vec());
            return Some(match unknown.origin.clone() {
                Origin::Row { row, path } => Origin::Row { row, path: path.concat(&rest) },
                Origin::Node { node, path } => Origin::Node { node, path: path.concat(&rest) },
                other => other,
            });
        }
        value = value.at(&Path(vec![seg.clone()]))?;
    }
    match value {
        Value::Unknown(unknown) => Some(unknown.origin.clone()),
        _ => None,
    }
}

/// Whether a value is of a type. Null is: it stands for an attribute that is not there.
/// A value in the type that was planned: as it is, or, as for values that plans know, a scalar as
/// text where text is wanted and a whole number where that is wanted.
fn as_planned(ty: Type, value: &Value) -> Option<Value> {
    let kind = match (ty, value.ty()) {
        _ if fits(ty, value) => return Some(value.clone()),
        (Type::String, Type::Boolean | Type::Integer | Type::Number) => Kind::String,
        (Type::Integer, Type::Number) => Kind::Integer,
        _ => return None,
    };
    coerce(value, None, &Attribute::of(kind)).ok()
}

fn fits(ty: Type, value: &Value) -> bool {
    match (ty, value.ty()) {
        (Type::Any, _) | (_, Type::Any) | (Type::Number, Type::Integer) => true,
        (wanted, got) => wanted == got,
    }
}
