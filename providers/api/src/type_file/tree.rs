//! YAML as a tree in which every node knows its place.
//!
//! Read from events with a depth limit of our own. Type files need no anchors, aliases, tags or
//! second documents, so these are refused.

use aurak_model::{Diagnostic, FileId, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// Deeper than any type nests; far from where recursion over the tree could hurt.
const MAX_DEPTH: usize = 64;

/// Larger than any type: checking one takes time that grows with it.
const MAX_BYTES: usize = 1 << 20;
/// Likewise: what a type says is a tree of a few hundred nodes, a thousand or two for a large one.
const MAX_NODES: usize = 20_000;

/// A node and its place.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) span: Span,
    pub(super) node: Node,
}

/// A key with its place, and what it holds.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) span: Span,
    pub(super) value: Tree,
}

#[derive(Debug)]
pub(super) enum Node {
    Scalar(serde_json::Value),
    List(Vec<Tree>),
    Map(Vec<Entry>),
}

impl Tree {
    /// The value alone.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.node {
            Node::Scalar(value) => value.clone(),
            Node::List(items) => items.iter().map(Tree::json).collect(),
            Node::Map(entries) => entries.iter().map(|e| (e.key.clone(), e.value.json())).collect(),
        }
    }

    /// What a key of a map holds.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.node {
            Node::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Node::Scalar(_) | Node::List(_) => None,
        }
    }

    /// An item of a list.
    pub(super) fn item(&self, index: usize) -> Option<&Tree> {
        match &self.node {
            Node::List(items) => items.get(index),
            Node::Scalar(_) | Node::Map(_) => None,
        }
    }
}

/// A container that is still open.
enum Open {
    List { span: Span, items: Vec<Tree> },
    Map { span: Span, entries: Vec<Entry>, key: Option<(String, Span)> },
}

/// Reads a text that holds one document.
pub(super) fn read(file: FileId, text: &str) -> Result<Tree, Box<Diagnostic>> {
    let error = |span: Span, summary: &str| Box::new(Diagnostic::error("type_file", summary).at(span, ""));
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<Tree> = None;
    let mut nodes = 0;
    if text.len() > MAX_BYTES {
        return Err(error(span(file, 1, 0, 0), "too large for a type: 1 MiB at most"));
    }
    // What is missing is said to be behind the end of the file, where nothing can be shown.
    let end = end(text);
    let span = |file, line, col, len| match line > end.0 {
        true => span(file, end.0, end.1, 0),
        false => span(file, line, col, len),
    };
    for event in Parser::new_from_str(text) {
        let (event, place) = event.map_err(|e| {
            let marker = e.marker();
            error(span(file, marker.line(), marker.col(), 0), &format!("not YAML: {}", e.info()))
        })?;
        let len = match place.start.line() == place.end.line() {
            true => place.end.col().saturating_sub(place.start.col()),
            false => 0,
        };
        let here = span(file, place.start.line(), place.start.col(), len);
        nodes += 1;
        if nodes > MAX_NODES {
            return Err(error(here, "too much for a type: it has more than 20000 keys, values and brackets"));
        }
        let done = match event {
            Event::Scalar(_, _, 1.., _) | Event::SequenceStart(1.., _) | Event::MappingStart(1.., _) => {
                return Err(error(here, "a type file has no anchors: write it out"));
            }
            Event::Alias(_) => return Err(error(here, "a type file has no aliases: write it out")),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => return Err(error(here, "a type file has no tags")),
            Event::Scalar(text, style, _, None) => {
                if let Some(Open::Map { key: key @ None, entries, .. }) = open.last_mut() {
                    if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                        let twice = *error(here, &format!("`{text}` is there twice"));
                        return Err(Box::new(twice.at(first.span, "the first one")));
                    }
                    *key = Some((text.into_owned(), here));
                    continue;
                }
                Tree { span: here, node: Node::Scalar(scalar(&text, style)) }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() == MAX_DEPTH {
                    return Err(error(here, "nested too deeply"));
                }
                if let Some(Open::Map { key: None, .. }) = open.last() {
                    return Err(error(here, "a key must be text"));
                }
                let here = Span { len: 0, ..here };
                open.push(match event {
                    Event::SequenceStart(..) => Open::List { span: here, items: Vec::new() },
                    _ => Open::Map { span: here, entries: Vec::new(), key: None },
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List { span, items }) => Tree { span, node: Node::List(items) },
                Some(Open::Map { span, entries, .. }) => Tree { span, node: Node::Map(entries) },
                None => continue,
            },
            Event::DocumentStart(_) if root.is_some() => {
                return Err(error(
                    here,
                    "a type file holds one type: put the next one into a file of its own",
                ));
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        };
        match open.last_mut() {
            Some(Open::List { items, .. }) => items.push(done),
            Some(Open::Map { entries, key, .. }) => {
                if let Some((key, span)) = key.take() {
                    entries.push(Entry { key, span, value: done });
                }
            }
            None => root = Some(done),
        }
    }
    root.ok_or_else(|| error(span(file, 1, 0, 0), "the file is empty"))
}

/// The line and column behind the last text.
fn end(text: &str) -> (usize, usize) {
    let text = text.trim_end().replace("\r\n", "\n");
    let last = text.split(['\n', '\r']).next_back().map_or(0, |line| line.chars().count());
    (text.split(['\n', '\r']).count(), last)
}

fn span(file: FileId, line: usize, col: usize, len: usize) -> Span {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span { file, line: small(line), col: small(col).saturating_add(1), len: small(len) }
}

/// A scalar by the core schema, as far as type files need it: decimal numbers.
fn scalar(text: &str, style: ScalarStyle) -> serde_json::Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => serde_json::Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => match text.parse::<i64>() {
            Ok(int) if int.to_string() == text => int.into(),
            _ => match text.parse::<f64>() {
                Ok(float) if float.is_finite() && text.contains('.') => float.into(),
                _ => text.into(),
            },
        },
    }
}
