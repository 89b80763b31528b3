//! From configuration to values: walks a node, evaluates its scalars, brings the result into the
//! shape that a schema asks for, and gives what stays unknown a place in the plan's arena.

use aurak_expr::{Template, coerce};
use aurak_model::plan::Deferred;
use aurak_model::value::Unknown;
use aurak_model::{Address, Attribute, Diagnostic, Kind, Node, NodeKind, Origin, Path, Value};

use crate::context::{Context, GaveUp};
use crate::scope::ModuleScope;

impl Context {
    /// The value of a node. Errors are found and named one by one; then it gives up.
    pub(crate) fn evaluate(
        &self,
        node: &Node,
        scope: &ModuleScope,
        attribute: Option<&Attribute>,
        about: Option<&Address>,
    ) -> Result<Value, GaveUp> {
        match &node.kind {
            NodeKind::Literal { value, text } => Ok(match (text, attribute) {
                (Some(text), Some(attribute)) if attribute.kind == Kind::String && !value.is_null() => {
                    Value::String(text.clone())
                }
                _ => value.clone(),
            }),
            NodeKind::Template { text, .. } => self.evaluate_template(node, text, scope, about),
            NodeKind::List(items) => {
                let below = attribute.and_then(|a| a.items.as_deref());
                let mut values = Vec::with_capacity(items.len());
                let mut failed = false;
                for item in items {
                    match self.evaluate(item, scope, below, about) {
                        Ok(value) => values.push(value),
                        Err(GaveUp) => failed = true,
                    }
                }
                if failed { Err(GaveUp) } else { Ok(values.into()) }
            }
            NodeKind::Map(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                let mut failed = false;
                for (key, _, item) in entries {
                    let below = attribute.and_then(|a| match a.kind {
                        Kind::Object => a.attributes.get(key),
                        Kind::Map => a.items.as_deref(),
                        _ => None,
                    });
                    match self.evaluate(item, scope, below, about) {
                        Ok(value) => values.push((key.clone(), value)),
                        Err(GaveUp) => failed = true,
                    }
                }
                if failed { Err(GaveUp) } else { Ok(Value::map(values)) }
            }
        }
    }

    fn evaluate_template(
        &self,
        node: &Node,
        text: &str,
        scope: &ModuleScope,
        about: Option<&Address>,
    ) -> Result<Value, GaveUp> {
        let evaluated =
            Template::parse(text).and_then(|template| template.evaluate(scope)).map_err(|error| {
                self.expression_failed(node, &error, about);
                GaveUp
            })?;
        if evaluated.late {
            return Ok(self.put_off(evaluated.value));
        }
        Ok(self.name_unknowns(evaluated.value, || {
            (text.to_string(), evaluated.captures, Some(self.place(node.span)))
        }))
    }

    /// Evaluates an expression of a type (without braces) over a scope.
    pub(crate) fn evaluate_rule(&self, text: &str, scope: &dyn aurak_expr::Scope) -> Result<Value, String> {
        let evaluated =
            Template::expression(text).and_then(|t| t.evaluate(scope)).map_err(|error| error.to_string())?;
        Ok(self.name_unknowns(evaluated.value, || (format!("{{{{ {text} }}}}"), evaluated.captures, None)))
    }

    /// Execution reads no files, so what is read by a name that only apply can tell is left to the next
    /// plan: it waits for what the name is made from.
    fn put_off(&self, value: Value) -> Value {
        let deferred = value.map_leaves::<std::convert::Infallible>(&mut |_, leaf: &Value| {
            let Value::Unknown(unknown) = leaf else { return Ok(None) };
            let needs = self.needs(leaf);
            let waits_for = needs.iter().find_map(|need| match need {
                Origin::Deferred { block } => Some(block),
                Origin::Row { row, .. } => Some(row),
                Origin::Node { .. } | Origin::Fresh { .. } => None,
            });
            Ok(waits_for.map(|block| {
                let origin = Origin::Deferred { block: block.clone() };
                Value::Unknown(Box::new(Unknown { origin, ..(**unknown).clone() }))
            }))
        });
        match deferred {
            Ok(deferred) => deferred,
            Err(never) => match never {},
        }
    }

    /// Gives the parts that were left unknown by operations a node of the arena, so that apply can
    /// work them out. Parts that are plain references already say where they come from.
    fn name_unknowns(
        &self,
        value: Value,
        expression: impl FnOnce() -> (String, aurak_model::Map, Option<String>),
    ) -> Value {
        let mut needs = Vec::new();
        let mut sensitive = false;
        let mut fresh = false;
        value.for_each_unknown(&mut |unknown| {
            if let Origin::Fresh { .. } = unknown.origin {
                fresh = true;
                sensitive |= unknown.sensitive;
            }
        });
        if !fresh {
            return value;
        }
        value.for_each_unknown(&mut |unknown| match &unknown.origin {
            Origin::Fresh { needs: fresh } => needs.extend_from_slice(fresh),
            other => needs.push(other.clone()),
        });
        needs.sort();
        needs.dedup();
        let whole = matches!(&value, Value::Unknown(_));
        let (expression, refs, place) = expression();
        let ty = if whole { value.ty() } else { aurak_model::Type::Any };
        let id = self.add_node(Deferred { expression, refs, ty, sensitive, place }, needs);
        let named = value.map_leaves::<std::convert::Infallible>(&mut |path: &Path, leaf: &Value| {
            Ok(match leaf {
                Value::Unknown(unknown) if matches!(unknown.origin, Origin::Fresh { .. }) => {
                    Some(Value::Unknown(Box::new(Unknown {
                        origin: Origin::Node { node: id, path: path.clone() },
                        ..(**unknown).clone()
                    })))
                }
                _ => None,
            })
        });
        match named {
            Ok(named) => named,
            Err(never) => match never {},
        }
    }

    /// Brings a value into the shape of an attribute, or says why it does not fit.
    pub(crate) fn shape(
        &self,
        value: &Value,
        node: &Node,
        attribute: &Attribute,
        what: &str,
        about: Option<&Address>,
    ) -> Result<Value, GaveUp> {
        coerce(value, None, attribute).map_err(|error| {
            let place = descend(node, &error.path);
            let path = if error.path.is_root() { what.to_string() } else { format!("{what}.{}", error.path) };
            let mut finding = Diagnostic::error("type", format!("`{path}` cannot have this value"))
                .at(place.span, error.message);
            finding.help = error.help;
            if let Some(about) = about {
                finding = finding.about(about);
            }
            self.find(finding);
            GaveUp
        })
    }
}

/// The node at a path, or the last one on the way.
pub(crate) fn descend<'a>(node: &'a Node, path: &Path) -> &'a Node {
    let mut at = node;
    for seg in &path.0 {
        let next = match (&at.kind, seg) {
            (NodeKind::Map(_), aurak_model::Seg::Key(key)) => at.get(key),
            (NodeKind::List(items), aurak_model::Seg::Index(i)) => items.get(*i),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}
