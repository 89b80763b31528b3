//! What types there are and what they take, for people at a terminal.

use std::collections::BTreeMap;

use aurak_model::schema::{Attribute, Immutable, ReplaceOrder};
use aurak_model::{Kind, Name, Schemas, TypeSchema};

use crate::paint::{Line, Role};
use crate::style::Style;
use crate::text;

/// All types with a sentence each.
pub fn list(schemas: &Schemas, style: &Style) -> String {
    let mut out = String::new();
    let mut line = Line::new();
    let widest = schemas.types.keys().map(|name| name.len()).max().unwrap_or(0);
    for (name, schema) in &schemas.types {
        line.push(Role::Strong, name).pad(widest, 0);
        let first = schema.description.split_inclusive(". ").next().unwrap_or("").trim();
        describe(&mut line, widest + 2, first, style, &mut out);
    }
    out
}

/// A type: what it is, what it takes, what it gives.
pub fn show(schema: &TypeSchema, style: &Style) -> String {
    let mut out = String::new();
    let mut line = Line::new();
    line.push(Role::Strong, &schema.name).end(&mut out, style);
    for piece in text::wrap(&schema.description, style.columns() - 2) {
        line.pad(2, 0).push(Role::Plain, &piece).end(&mut out, style);
    }
    for (title, part) in [("it takes", Part::Takes), ("it gives", Part::Gives)] {
        let mut entries = Vec::new();
        collect(&schema.attributes, part, 0, false, &mut entries);
        if entries.is_empty() {
            continue;
        }
        out.push('\n');
        line.push(Role::Dim, title).end(&mut out, style);
        let column = entries.iter().map(|entry| entry.name.len() + 2 * entry.depth).max().unwrap_or(0) + 4;
        let column = column.min(style.columns() / 2);
        for Entry { name, attribute, depth, told } in entries {
            line.pad(2 + 2 * depth, 0).push(Role::Strong, name);
            if !told || line.width() + 2 > column {
                line.end(&mut out, style);
            }
            if !told {
                continue;
            }
            describe(&mut line, column, &traits(attribute), style, &mut out);
            for piece in text::wrap(&attribute.description, style.columns().saturating_sub(column).max(30)) {
                line.pad(column, 0).push(Role::Dim, &piece).end(&mut out, style);
            }
        }
    }
    let order = match schema.replace {
        ReplaceOrder::DeleteFirst => "the old one is deleted before the new one is made",
        ReplaceOrder::CreateFirst => "the new one is made before the old one is deleted",
        ReplaceOrder::Rotate => "it is rotated in several steps",
    };
    out.push('\n');
    line.push(Role::Dim, &format!("when it is replaced, {order}")).end(&mut out, style);
    if schema.always {
        let always = "it is always there: taken over instead of made, and put back instead of deleted";
        line.push(Role::Dim, always).end(&mut out, style);
    }
    for (name, action) in &schema.actions {
        line.push(Role::Dim, "action ").push(Role::Strong, name);
        line.push(Role::Plain, &format!(": {}", text::clean(&action.description))).end(&mut out, style);
    }
    if let Some(why) = &schema.holds_data {
        line.push(Role::Warning, &format!("deleting it loses data: {}", text::clean(why)));
        line.end(&mut out, style);
    }
    out
}

/// What is asked for, or what comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Takes,
    Gives,
}

/// An attribute at its depth; one that is there only for what it holds is not told about.
struct Entry<'a> {
    name: &'a Name,
    attribute: &'a Attribute,
    depth: usize,
    told: bool,
}

/// The attributes of a part, each followed by what it holds. What stands in something that is only
/// computed is so too.
fn collect<'a>(
    attributes: &'a BTreeMap<Name, Attribute>,
    part: Part,
    depth: usize,
    computed: bool,
    entries: &mut Vec<Entry<'a>>,
) {
    for (name, attribute) in attributes {
        let computed = computed || (attribute.computed && !attribute.optional);
        let told = computed == (part == Part::Gives);
        let before = entries.len();
        entries.push(Entry { name, attribute, depth, told });
        let mut holder = attribute;
        while let Some(items) = &holder.items {
            holder = items;
        }
        collect(&holder.attributes, part, depth + 1, computed, entries);
        if !told && entries.len() == before + 1 {
            entries.pop();
        }
    }
}

fn describe(line: &mut Line, column: usize, words: &str, style: &Style, out: &mut String) {
    let room = style.columns().saturating_sub(column).max(30);
    for piece in text::wrap(words, room) {
        line.pad(column, 0).push(Role::Plain, &piece).end(out, style);
    }
    if line.width() > 0 {
        line.end(out, style);
    }
}

/// What an attribute holds and how it behaves, in words.
fn traits(attribute: &Attribute) -> String {
    let mut words = vec![kind(attribute)];
    if attribute.required {
        words.push("required".to_string());
    }
    if let Some(default) = &attribute.default {
        words
            .push(format!("default {}", crate::value::Needs::default().inline(default, 40, &Style::plain())));
    }
    if !attribute.allowed.is_empty() {
        words.push(format!("one of {}", attribute.allowed.join(", ")));
    }
    match (attribute.minimum, attribute.maximum) {
        (Some(least), Some(most)) => words.push(format!("from {least} to {most}")),
        (Some(least), None) => words.push(format!("at least {least}")),
        (None, Some(most)) => words.push(format!("at most {most}")),
        (None, None) => {}
    }
    if attribute.sensitive {
        words.push("sensitive".to_string());
    }
    if attribute.sensitive_when.is_some() {
        words.push("may be sensitive".to_string());
    }
    for rule in &attribute.immutable {
        words.push(
            match rule {
                Immutable::Always => "a change replaces it",
                Immutable::When(_) => "a change may replace it",
                Immutable::Rotate => "a change rotates it",
                Immutable::RotateWhen(_) => "a change may rotate it",
                Immutable::Refused { .. } => "some changes are refused",
            }
            .to_string(),
        );
    }
    words.dedup();
    words.join(", ")
}

fn kind(attribute: &Attribute) -> String {
    let items = || match &attribute.items {
        Some(items) if items.kind == Kind::Object => " of maps".to_string(),
        Some(items) => format!(" of {}", kind(items)),
        None => String::new(),
    };
    match attribute.kind {
        Kind::Any => "anything".to_string(),
        Kind::Boolean => "boolean".to_string(),
        Kind::Integer => "integer".to_string(),
        Kind::Number => "number".to_string(),
        Kind::String => "text".to_string(),
        Kind::List => format!("list{}", items()),
        Kind::Map => format!("map{}", items()),
        // What it holds follows.
        Kind::Object => "map".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use insta::assert_snapshot;

    use super::*;

    fn schema() -> TypeSchema {
        let mut schema = TypeSchema::new("sim.node");
        schema.description =
            "A machine. It runs what a cluster gives it, and when it is gone the cluster notices.".into();
        schema.holds_data = Some("its disk goes with it".into());
        let size = Attribute {
            required: true,
            allowed: vec!["small".into(), "large".into()],
            immutable: vec![Immutable::Always],
            description: "How large.".into(),
            ..Attribute::of(Kind::String)
        };
        let labels = Attribute {
            items: Some(Box::new(Attribute::of(Kind::String))),
            default: Some(aurak_model::Value::map::<&str>([])),
            ..Attribute::of(Kind::Map)
        };
        let port = Attribute { description: "Which port.".into(), ..Attribute::of(Kind::Integer) };
        let state = Attribute { computed: true, ..Attribute::of(Kind::String) };
        let rule = Attribute {
            attributes: [("port".into(), port), ("state".into(), state)].into(),
            ..Attribute::of(Kind::Object)
        };
        let rules = Attribute { items: Some(Box::new(rule)), ..Attribute::of(Kind::List) };
        let id = Attribute { computed: true, sensitive: true, ..Attribute::of(Kind::String) };
        schema.attributes = [("size", size), ("labels", labels), ("rules", rules), ("id", id)]
            .into_iter()
            .map(|(name, attribute)| (name.into(), attribute))
            .collect();
        schema
    }

    #[test]
    fn a_type_says_what_it_takes_and_gives() {
        assert_snapshot!(show(&schema(), &Style { width: 70, ..Style::plain() }), @"
        sim.node
          A machine. It runs what a cluster gives it, and when it is gone the
          cluster notices.

        it takes
          labels  map of text, default {}
          rules   list of maps
            port  integer
                  Which port.
          size    text, required, one of small, large, a change replaces it
                  How large.

        it gives
          id       text, sensitive
          rules
            state  text

        when it is replaced, the old one is deleted before the new one is made
        deleting it loses data: its disk goes with it
        ");
    }

    #[test]
    fn types_as_a_list() {
        let schemas = Schemas {
            types: [schema(), TypeSchema::new("sim.nothing_said")]
                .into_iter()
                .map(|schema| (schema.name.clone(), Arc::new(schema)))
                .collect(),
            ..Schemas::default()
        };
        assert_snapshot!(list(&schemas, &Style { width: 60, ..Style::plain() }), @"
        sim.node          A machine.
        sim.nothing_said
        ");
    }
}
