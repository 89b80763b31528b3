//! Rows of the state: a list, and one in full. Sensitive values stay hidden.

use aurak_model::record::Lifecycle;
use aurak_model::{Address, Map, Object, ProviderAddress, Row, Slot, StateDoc, Value};

use crate::paint::{Line, Role};
use crate::style::{Detail, Style};
use crate::text::{self, clean};
use crate::value::Needs;
use crate::words::count;

/// One line for each row: address, type, id.
pub fn list(state: &StateDoc, style: &Style) -> String {
    let mut out = String::new();
    let mut line = Line::new();
    let columns = style.columns();
    // A few long ones must not push everything to the right.
    let widest = |limit: usize, wide: &dyn Fn(&Row) -> usize| {
        state.rows.values().map(|row| wide(row)).filter(|wide| *wide <= limit).max().unwrap_or(0)
    };
    let address = widest(columns * 2 / 5, &|row| text::width(row.address.as_str()));
    let types = widest(columns * 3 / 10, &|row| text::width(&row.type_name));
    for row in state.rows.values() {
        line.push(Role::Strong, &clean(row.address.as_str())).pad(address, 0).pad(0, 2);
        line.push(Role::Dim, &clean(&row.type_name)).pad(address + types + 2, 0).pad(0, 2);
        line.push(Role::Plain, &ids(row));
        line.end(&mut out, style);
    }
    let mut words = count(state.rows.len() as u64, "resource");
    if !state.pending.is_empty() {
        words.push_str(&format!(
            "; {} without an outcome: a run is going on, or was cut off",
            count(state.pending.len() as u64, "call")
        ));
    }
    if style.detail != Detail::Short {
        line.push(Role::Dim, &words).end(&mut out, style);
    }
    out
}

/// What is there, for people: the stack, its resources, its outputs.
pub fn overview(state: &StateDoc, style: &Style) -> String {
    let mut out = String::new();
    let mut line = Line::new();
    line.push(Role::Strong, &crate::plan::title(&state.stack, state.environment.as_deref()));
    line.end(&mut out, style);
    out.push('\n');
    out.push_str(&list(state, style));
    if !state.outputs.is_empty() {
        out.push('\n');
        line.push(Role::Plain, "outputs").end(&mut out, style);
        out.push_str(&outputs(state, style));
    }
    out
}

/// The outputs, a line each where they fit.
pub fn outputs(state: &StateDoc, style: &Style) -> String {
    let mut out = String::new();
    for (name, value) in &state.outputs {
        entry(&format!("{}:", clean(name)), value, 2, style, &mut out);
    }
    out
}

/// The ids of a row's objects, and what is special about them.
fn ids(row: &Row) -> String {
    let mut ids = Vec::new();
    for (slot, word) in [(Slot::Current, ""), (Slot::Old, "old "), (Slot::Temporary, "temporary ")] {
        if let Some(object) = row.object(slot) {
            let incomplete = if object.incomplete.is_some() { " (incomplete)" } else { "" };
            ids.push(format!("{word}{}{incomplete}", clean(&object.id)));
        }
    }
    if ids.is_empty() { "(no object)".to_string() } else { ids.join(", ") }
}

/// A row in full.
pub fn show(row: &Row, style: &Style) -> String {
    let Row {
        address,
        type_name,
        version,
        schema_version,
        provider,
        world,
        current,
        old,
        temporary,
        needs,
        lifecycle,
        place,
        replace_when,
    } = row;
    let mut out = String::new();
    let mut line = Line::new();
    line.push(Role::Strong, &clean(address.as_str())).pad(0, 2).push(Role::Dim, &clean(type_name));
    line.end(&mut out, style);
    let mut field = |name: &str, text: &str| {
        line.pad(4, 0).push(Role::Dim, name).pad(18, 2).push(Role::Plain, &clean(text));
        line.end(&mut out, style);
    };
    if let Some(place) = place {
        field("at", place);
    }
    field("provider", ProviderAddress::as_str(provider));
    if let Some(world) = world {
        field("world", world);
    }
    if !needs.is_empty() {
        field("needs", &needs.iter().map(Address::as_str).collect::<Vec<_>>().join(", "));
    }
    let lifecycle = lifecycle_words(lifecycle);
    if !lifecycle.is_empty() {
        field("lifecycle", &lifecycle);
    }
    if !replace_when.is_null() {
        field("replace_when", &Needs::default().inline(replace_when, style.columns(), style));
    }
    if style.detail == Detail::Full {
        field("version", &format!("{version}, of the type {schema_version}"));
    }
    for (object, word) in [(current, "current"), (old, "old"), (temporary, "temporary")] {
        if let Some(object) = object {
            show_object(object, word, style, &mut out);
        }
    }
    out
}

fn lifecycle_words(lifecycle: &Lifecycle) -> String {
    let Lifecycle { prevent_destroy, retain, create_before_destroy, deleted_with } = lifecycle;
    let mut words = Vec::new();
    if *prevent_destroy {
        words.push("prevent_destroy".to_string());
    }
    if *retain {
        words.push("retain".to_string());
    }
    if *create_before_destroy {
        words.push("create_before_destroy".to_string());
    }
    if let Some(parent) = deleted_with {
        words.push(format!("deleted_with {parent}"));
    }
    words.join(", ")
}

fn show_object(object: &Object, word: &str, style: &Style, out: &mut String) {
    let Object { id, desired, attributes, incomplete, since: _ } = object;
    let mut line = Line::new();
    line.pad(4, 0).push(Role::Dim, word).pad(18, 2).push(Role::Plain, &clean(id)).end(out, style);
    if let Some(why) = incomplete {
        line.pad(18, 0).push(Role::Warning, &format!("incomplete: {}", clean(why))).end(out, style);
    }
    tree(attributes, 6, style, out);
    if style.detail == Detail::Full {
        line.pad(4, 0).push(Role::Dim, "as applied").end(out, style);
        tree(desired, 6, style, out);
    }
}

/// A value over several lines: maps and lists that fit on a line stay on it.
pub fn value(value: &Value, style: &Style) -> String {
    let mut out = String::new();
    match value {
        Value::Map(_) | Value::List(_) => tree(value, 0, style, &mut out),
        leaf => {
            out.push_str(&Needs::default().inline(leaf, usize::MAX / 8, style));
            out.push('\n');
        }
    }
    out
}

/// Lines of a map or list, without recursion deeper than values are nested.
fn tree(value: &Value, indent: usize, style: &Style, out: &mut String) {
    match value {
        Value::Map(map) => entries(map, indent, style, out),
        Value::List(list) => {
            for item in list.iter() {
                entry("-", item, indent, style, out);
            }
        }
        leaf => entry("", leaf, indent, style, out),
    }
}

fn entries(map: &Map, indent: usize, style: &Style, out: &mut String) {
    for (key, item) in map.iter() {
        entry(&format!("{}:", clean(key)), item, indent, style, out);
    }
}

fn entry(lead: &str, item: &Value, indent: usize, style: &Style, out: &mut String) {
    let mut line = Line::new();
    line.pad(indent, 0).push(Role::Dim, lead).pad(0, usize::from(!lead.is_empty()));
    let room = style.columns().saturating_sub(line.width());
    let full = style.detail == Detail::Full;
    let is_block = |text: &str| {
        text.trim_end_matches('\n').contains('\n') && text.len() <= if full { usize::MAX } else { 16_384 }
    };
    match item {
        Value::String(text) if is_block(text) => {
            line.push(Role::Dim, "|").end(out, style);
            for piece in text.lines() {
                line.pad(indent + 4, 0).push(Role::Plain, &text::clean_line(piece)).end(out, style);
            }
        }
        item => {
            let limit =
                if full && !matches!(item, Value::Map(_) | Value::List(_)) { usize::MAX / 8 } else { room };
            let shown = Needs::default().inline(item, limit + 1, style);
            let nested = match item {
                Value::Map(map) => !map.is_empty(),
                Value::List(list) => !list.is_empty(),
                _ => false,
            };
            if nested && text::width(&shown) > room {
                line.end(out, style);
                tree(item, indent + 2, style, out);
            } else {
                line.push(Role::Plain, &shown);
                if !full {
                    line.fit(style.columns(), style);
                }
                line.end(out, style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aurak_model::ModuleAddress;
    use insta::assert_snapshot;

    use super::*;
    use crate::fixtures::address;

    fn row(name: &str, type_name: &str) -> Row {
        let attributes = Value::map([
            ("name", Value::from("demo")),
            ("count", "5".into()),
            ("password", Value::from("canary").sensitive()),
            ("script", "set -e\necho hi\n".into()),
            ("tags", Value::map([("a", Value::from(1)), ("b", Value::list([true.into(), Value::Null]))])),
            ("long", Value::list(vec![Value::map([("key", Value::from("x".repeat(30)))]); 4])),
            ("empty", Value::list([])),
        ]);
        Row {
            address: address(name),
            type_name: type_name.into(),
            version: 7,
            schema_version: 1,
            provider: ProviderAddress::new(&ModuleAddress::root(), "sim", None),
            world: Some("w1".into()),
            current: Some(Object {
                id: "/sim/1".into(),
                desired: Value::map([("name", Value::from("demo"))]),
                attributes,
                incomplete: None,
                since: 0,
            }),
            old: Some(Object {
                id: "/sim/0".into(),
                desired: Value::Null,
                attributes: Value::map([("name", Value::from("demo"))]),
                incomplete: Some("the reply was lost".into()),
                since: 0,
            }),
            temporary: None,
            needs: vec![address("cluster"), address("pools")],
            lifecycle: Lifecycle { prevent_destroy: true, ..Lifecycle::default() },
            place: Some("aurak.yaml:3:3".into()),
            replace_when: Value::Null,
        }
    }

    #[test]
    fn rows_as_a_list() {
        let rows = [row("pools[\"a\"]", "sim.node"), row("m.cluster", "sim.cluster")];
        let rows = rows.into_iter().map(|row| (row.address.clone(), Arc::new(row))).collect();
        let state = StateDoc { rows, ..StateDoc::default() };
        assert_snapshot!(list(&state, &Style::plain()), @r#"
        m.cluster   sim.cluster  /sim/1, old /sim/0 (incomplete)
        pools["a"]  sim.node     /sim/1, old /sim/0 (incomplete)
        2 resources
        "#);
        assert_snapshot!(list(&StateDoc::default(), &Style::plain()), @"0 resources");
        let outputs = [("url", Value::from("http://x")), ("token", Value::from("canary").sensitive())];
        let outputs = outputs.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let state = StateDoc { stack: "demo".into(), environment: Some("pre".into()), outputs, ..state };
        assert_snapshot!(overview(&state, &Style::plain()), @r#"
        demo@pre

        m.cluster   sim.cluster  /sim/1, old /sim/0 (incomplete)
        pools["a"]  sim.node     /sim/1, old /sim/0 (incomplete)
        2 resources

        outputs
          token: (sensitive)
          url: http://x
        "#);
    }

    #[test]
    fn a_row_in_full() {
        let row = row("pools[\"a\"]", "sim.node");
        assert_snapshot!(show(&row, &Style { width: 60, ..Style::plain() }), @r#"
        pools["a"]  sim.node
            at            aurak.yaml:3:3
            provider      sim
            world         w1
            needs         cluster, pools
            lifecycle     prevent_destroy
            current       /sim/1
              count: "5"
              empty: []
              long:
                - {key: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}
                - {key: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}
                - {key: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}
                - {key: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}
              name: demo
              password: (sensitive)
              script: |
                  set -e
                  echo hi
              tags: {a: 1, b: [true, null]}
            old           /sim/0
                          incomplete: the reply was lost
              name: demo
        "#);
        let all = show(&row, &Style { detail: Detail::Full, ..Style::plain() });
        assert!(all.contains("as applied") && !all.contains("canary"), "{all}");
    }

    #[test]
    fn values_on_their_own() {
        assert_eq!(value(&"x".into(), &Style::plain()), "x\n");
        assert_eq!(value(&Value::map([("a", Value::from(1))]), &Style::plain()), "a: 1\n");
    }
}
