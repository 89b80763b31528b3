//! What an attribute is filled with: values and expressions, as data.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A value or an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// As it stands.
    Lit(Json),
    /// The stack's input `knob`.
    Knob,
    /// The stack's input `secret`, which is sensitive.
    Secret,
    /// In a module: what the caller hands in.
    Given,
    /// In a block or module with `for_each`: the key.
    Key,
    /// An attribute of an instance.
    Of {
        /// The block.
        block: String,
        /// The key, where it has `for_each`.
        key: Option<String>,
        /// The attribute.
        attribute: String,
    },
    /// An attribute of all instances of a block with `for_each`, as a list.
    Every {
        /// The block.
        block: String,
        /// The attribute.
        attribute: String,
    },
    /// What a module gives out.
    Out {
        /// The module.
        module: String,
        /// The key, where it has `for_each`.
        key: Option<String>,
    },
    /// Text of these, one after the other.
    Text(Vec<Term>),
    /// A list.
    List(Vec<Term>),
    /// A map.
    Map(BTreeMap<String, Term>),
    /// The first where the input `flag` is true, else the second.
    If(Box<Term>, Box<Term>),
}

impl Term {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Term {
        Term::Lit(Json::String(text.into()))
    }

    /// The id of the only instance of a block.
    pub fn id(block: &str) -> Term {
        Term::Of { block: block.to_string(), key: None, attribute: "id".to_string() }
    }

    /// Calls `visit` with every term in it, itself first.
    pub fn visit(&self, visit: &mut dyn FnMut(&Term)) {
        visit(self);
        match self {
            Term::Text(parts) | Term::List(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Term::Map(parts) => parts.values().for_each(|part| part.visit(visit)),
            Term::If(yes, no) => {
                yes.visit(visit);
                no.visit(visit);
            }
            Term::Lit(_)
            | Term::Knob
            | Term::Secret
            | Term::Given
            | Term::Key
            | Term::Of { .. }
            | Term::Every { .. }
            | Term::Out { .. } => {}
        }
    }

    /// Calls `change` with every term in it that may be changed, parts first.
    pub fn change(&mut self, change: &mut dyn FnMut(&mut Term)) {
        match self {
            Term::Text(parts) | Term::List(parts) => parts.iter_mut().for_each(|part| part.change(change)),
            Term::Map(parts) => parts.values_mut().for_each(|part| part.change(change)),
            Term::If(yes, no) => {
                yes.change(change);
                no.change(change);
            }
            _ => {}
        }
        change(self);
    }

    /// The block or module that it reads.
    pub fn reads(&self) -> Option<&str> {
        match self {
            Term::Of { block, .. } | Term::Every { block, .. } => Some(block),
            Term::Out { module, .. } => Some(module),
            _ => None,
        }
    }
}
