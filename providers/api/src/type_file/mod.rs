//! Types as files: YAML in the words of [`aurak_model::schema`].
//!
//! A file describes one type. Its keys are the fields of [`TypeSchema`], those below `attributes`
//! (and `items`) the fields of [`Attribute`]; each is explained there. For example:
//!
//! ```yaml
//! name: azure.agent_pool
//! description: A pool of nodes of a managed cluster.
//! attributes:
//!   id:      { type: string, computed: true, normal: azure_id }
//!   cluster: { type: string, required: true, immutable: always, description: The id of the cluster. }
//!   name:    { type: string, required: true, immutable: always, pattern: "[a-z][a-z0-9]{0,11}" }
//!   properties:
//!     type: object
//!     open: true                     # may hold more than is listed
//!     attributes:
//!       vmSize:     { type: string, required: true, immutable: always }
//!       osDiskType: { type: string, immutable: { when: "old == 'Ephemeral'" } }
//!       count:      { type: integer, minimum: 0, yields_when: self.properties.autoScale }
//!       nodeLabels: { type: map, items: { type: string } }
//! key: self.cluster ~ '/' ~ self.name
//! collection: self.cluster
//! within: [cluster]                  # deleted before the cluster, made after it
//! serialise: self.cluster            # one operation per cluster at a time
//! timeouts: { create: 1800 }
//! ```
//!
//! `key`, `collection`, `serialise`, `provides`, `requires`, `yields_when`, `sensitive_when`, what
//! stands under `rotate.temporary` and the predicates of `immutable` are expressions without
//! braces: over `self`, the planned attributes; those of `immutable` and `yields_when` also over `old`,
//! `new` and, in what a list or map holds, `item`. What is not given is undefined there, and reading it an error: write `self.x | default(false)`. Paths
//! (`within`, `changes_with`) are written from the top of the type.
//!
//! [`load`] reads a file and checks it; it gives a type or says everything that is wrong. The key
//! `rest` is for the driver that speaks to the service, which asks for it with [`rest`]: it is no part
//! of the type, and nothing but that driver knows what it says.

mod check;
mod tree;

use aurak_model::diagnostic::Severity;
use aurak_model::{Attribute, Diagnostic, Files, TypeSchema};
use serde::de::DeserializeOwned;
use serde_json::json;

use tree::{Entry, Node, Tree};

/// Reads a type file and checks it. The file is added to `files`, so that places can be shown.
pub fn load(files: &mut Files, name: &str, text: &str) -> Result<TypeSchema, Vec<Diagnostic>> {
    let file = files.add(name, text.into());
    let tree = tree::read(file, text).map_err(|diagnostic| vec![*diagnostic])?;
    let mut diagnostics = Vec::new();
    let schema = decode(&tree, &mut diagnostics);
    if let (Some(schema), true) = (&schema, diagnostics.is_empty()) {
        check::check(schema, &tree, &mut diagnostics);
    }
    // From top to bottom, as the file is read.
    diagnostics.sort_by_key(|d| d.labels.first().map(|label| label.span));
    match schema {
        Some(schema) if !diagnostics.iter().any(|d| d.severity == Severity::Error) => Ok(schema),
        _ => Err(diagnostics),
    }
}

/// Reads a type file that was checked before, such as one that is compiled in and that a test
/// loads: it is decoded, and its expressions are left alone.
pub fn load_checked(name: &str, text: &str) -> Result<TypeSchema, Box<Diagnostic>> {
    let file = Files::default().add(name, text.into());
    let tree = tree::read(file, text)?;
    serde_json::from_value(without_rest(&tree))
        .map_err(|e| Box::new(Diagnostic::error("type_file", format!("{name} is no type: {e}"))))
}

/// What a type file says to the driver that speaks to the service, where it says something.
pub fn rest(name: &str, text: &str) -> Result<Option<serde_json::Value>, Box<Diagnostic>> {
    let file = Files::default().add(name, text.into());
    Ok(tree::read(file, text)?.get(REST).map(|entry| entry.value.json()))
}

/// The key of what is no part of the type.
const REST: &str = "rest";

fn without_rest(tree: &Tree) -> serde_json::Value {
    let mut json = tree.json();
    if let Some(map) = json.as_object_mut() {
        map.remove(REST);
    }
    json
}

/// A type from a tree, and what is wrong with it: key by key, so that each message has its place.
fn decode(tree: &Tree, diagnostics: &mut Vec<Diagnostic>) -> Option<TypeSchema> {
    let Node::Map(entries) = &tree.node else {
        diagnostics.push(
            Diagnostic::error("type_file", "a type is a map")
                .at(tree.span, "")
                .help("begin with `name: ...`"),
        );
        return None;
    };
    if tree.get("name").is_none() {
        diagnostics.push(
            Diagnostic::error("type_file", "the type has no `name`")
                .at(tree.span, "")
                .help("write `name: provider.type`"),
        );
    }
    for entry in entries {
        match entry.key.as_str() {
            "attributes" => decode_attributes(&entry.value, diagnostics),
            REST => {}
            "name" => probe::<TypeSchema>("a type", entry, json!({}), diagnostics),
            _ => probe::<TypeSchema>("a type", entry, json!({ "name": "" }), diagnostics),
        }
    }
    if !diagnostics.is_empty() {
        return None;
    }
    whole(tree, diagnostics)
}

fn decode_attributes(tree: &Tree, diagnostics: &mut Vec<Diagnostic>) {
    match &tree.node {
        Node::Map(entries) => {
            for entry in entries {
                decode_attribute(&entry.value, diagnostics);
            }
        }
        Node::Scalar(_) | Node::List(_) => diagnostics
            .push(Diagnostic::error("type_file", "`attributes` is a map of attributes").at(tree.span, "")),
    }
}

fn decode_attribute(tree: &Tree, diagnostics: &mut Vec<Diagnostic>) {
    let Node::Map(entries) = &tree.node else {
        diagnostics.push(
            Diagnostic::error("type_file", "an attribute is a map")
                .at(tree.span, "")
                .help("write at least its type, such as `{ type: string }`"),
        );
        return;
    };
    for entry in entries {
        match entry.key.as_str() {
            "attributes" => decode_attributes(&entry.value, diagnostics),
            "items" => decode_attribute(&entry.value, diagnostics),
            _ => probe::<Attribute>("an attribute", entry, json!({}), diagnostics),
        }
    }
}

/// Whether a key by itself fits.
fn probe<T: DeserializeOwned>(
    what: &str,
    entry: &Entry,
    mut rest: serde_json::Value,
    diagnostics: &mut Vec<Diagnostic>,
) {
    rest[entry.key.as_str()] = entry.value.json();
    let Err(error) = serde_json::from_value::<T>(rest) else { return };
    let text = error.to_string();
    diagnostics.push(match text.strip_prefix(&format!("unknown field `{}`, ", entry.key)) {
        Some(expected) => {
            let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
            let found = Diagnostic::error("unknown_key", format!("{what} has no `{}`", entry.key));
            let found = found.at(entry.span, "");
            match aurak_expr::suggest(&entry.key, &known) {
                Some(meant) => found.help(format!("did you mean `{meant}`?")),
                None => found.help(format!("there are {}", known.join(", "))),
            }
        }
        None => Diagnostic::error("type_file", format!("`{}`: {text}", entry.key)).at(entry.value.span, ""),
    });
}

/// The type once every key fits; what can still be wrong has no better place than the file.
fn whole(tree: &Tree, diagnostics: &mut Vec<Diagnostic>) -> Option<TypeSchema> {
    match serde_json::from_value(without_rest(tree)) {
        Ok(schema) => Some(schema),
        Err(error) => {
            diagnostics.push(Diagnostic::error("type_file", error.to_string()).at(tree.span, ""));
            None
        }
    }
}

#[cfg(test)]
mod tests;
