//! Takes secrets out of the texts that messages show lines of. Everything else works on what was
//! read; these texts are only looked at.
//!
//! A file of values is veiled by its lines and not by what it means, because a message is most
//! likely about one that could not be read: whatever does not stand below the name of an input that
//! is declared and not sensitive might be a secret. Stacks without sensitive inputs have none.
//! Elsewhere, values of sensitive inputs are veiled where they stand.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::address::is_name;
use aurak_model::program::NodeKind;
use aurak_model::{FileId, Node, Program, Span, Value};

/// What stands for a character.
const VEIL: char = '*';

/// Veils the texts of a program. `values` are the files that give values to inputs.
pub(crate) fn veil(program: &mut Program, values: &BTreeSet<String>) {
    let inputs = || program.modules.iter().flat_map(|module| &module.inputs);
    let secret: BTreeSet<&str> =
        inputs().filter(|(_, input)| input.sensitive).map(|(name, _)| &**name).collect();
    if secret.is_empty() {
        return;
    }
    let plain: BTreeSet<&str> =
        inputs().map(|(name, _)| &**name).filter(|name| !secret.contains(name)).collect();
    let mut files = program.files.clone();
    for name in values {
        files.change_text(name, |text| of_values(text, &plain));
    }
    let mut places: BTreeMap<FileId, Places> = BTreeMap::new();
    let layers = inputs().filter(|(_, input)| input.sensitive).flat_map(|(_, input)| &input.layers);
    for layer in layers {
        find(&layer.node, &mut places);
    }
    for (file, places) in places {
        let name = files.name(file).to_string();
        if !values.contains(&name) {
            files.change_text(&name, |text| scalars(text, &places));
        }
    }
    program.files = files;
}

/// Where scalars stand: by line, columns and lengths.
type Places = BTreeMap<u32, Vec<(u32, u32)>>;

/// A file of values without those of the inputs that are not plain.
fn of_values(text: &str, plain: &BTreeSet<&str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut hidden = true;
    for line in text.split_inclusive('\n') {
        let mut shown = 0;
        // What begins at the margin begins something new, but for the items of a list.
        if !line.starts_with([' ', '\t', '\n', '\r', '#']) && !line.starts_with("- ") {
            let key = line.split_once(':').map(|(key, _)| key).filter(|key| is_name(key));
            hidden = !key.is_some_and(|key| plain.contains(key));
            shown = key.map_or(0, |key| key.len() + 1);
        }
        let (open, rest) = line.split_at(if hidden { shown } else { line.len() });
        out.push_str(open);
        out.extend(rest.chars().map(veiled));
    }
    out
}

fn veiled(c: char) -> char {
    if c.is_whitespace() { c } else { VEIL }
}

/// Finds the scalars of a value.
fn find(node: &Node, places: &mut BTreeMap<FileId, Places>) {
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| find(item, places)),
        NodeKind::Map(entries) => entries.iter().for_each(|(_, _, item)| find(item, places)),
        // How it is worked out is no secret.
        NodeKind::Template { .. } | NodeKind::Literal { value: Value::Null | Value::Bool(_), .. } => {}
        NodeKind::Literal { .. } => {
            let Span { file, line, col, len } = node.span;
            places.entry(file).or_default().entry(line).or_default().push((col.saturating_sub(1), len));
        }
    }
}

/// A text without the scalars at some places: their characters on the line where they begin, and,
/// where one goes to the end of that line, the lines below that stand deeper.
fn scalars(text: &str, places: &Places) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut out = String::with_capacity(text.len());
    // How deep the line stands whose end a scalar reaches.
    let mut reaches = None;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if let Some(here) = places.get(&number) {
            let inside = |at: u32| here.iter().any(|(before, len)| (*before..before + len).contains(&at));
            out.extend((0..).zip(line.chars()).map(|(at, c)| if inside(at) { veiled(c) } else { c }));
            let end = here.iter().map(|(before, len)| (before + len) as usize).max().unwrap_or_default();
            let goes_on = line.chars().skip(end).all(char::is_whitespace);
            reaches = goes_on.then(|| depth(line));
        } else if reaches.is_some_and(|above| line.trim().is_empty() || depth(line) > above) {
            out.extend(line.chars().map(veiled));
        } else {
            reaches = None;
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_values_show_what_is_plain() {
        let text =
            "replicas: 3\ntoken: abc  # why\nlist:\n- a\n- b\npem: |\n  one\n\n  two\nother: x\n{ a: b }\n";
        insta::assert_snapshot!(of_values(text, &["replicas", "list"].into()), @r"
        replicas: 3
        token: ***  * ***
        list:
        - a
        - b
        pem: *
          ***

          ***
        other: *
        * ** * *
        ");
    }

    #[test]
    fn scalars_are_veiled_to_their_end() {
        let text = "a: { default: secret, b: c }\nd:\n  e: |\n    one\n    two\n  f: g\n";
        insta::assert_snapshot!(scalars(text, &[(1, vec![(14, 6)])].into()), @r"
        a: { default: ******, b: c }
        d:
          e: |
            one
            two
          f: g
        ");
        insta::assert_snapshot!(scalars(text, &[(3, vec![(5, 1)])].into()), @r"
        a: { default: secret, b: c }
        d:
          e: *
            ***
            ***
          f: g
        ");
    }
}
