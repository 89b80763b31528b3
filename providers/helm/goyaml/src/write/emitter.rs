//! The layout: what goes on a line of its own, and how far it is indented.

use std::collections::BTreeMap;

use super::analysis::analyse;
use super::keys;
use crate::base64;
use crate::error::Error;
use crate::limits::Limits;
use crate::number::{format_general, yaml_name};
use crate::resolve::{Generation, is_plain_text};
use crate::value::Value;

const INDENT: isize = 2;
/// Longest key that is written without `?`, in bytes, its tag included.
const LONGEST_KEY: usize = 128;
/// Where the second generation folds; the third does not, as Helm uses it.
const WIDTH: usize = 80;

pub(crate) fn emit(value: &Value, generation: Generation, limits: &Limits) -> Result<String, Error> {
    let mut emitter = Emitter {
        text: String::new(),
        generation,
        limits,
        indent: -1,
        column: 0,
        whitespace: true,
        indention: true,
    };
    emitter.node(value, Place::Root, 0)?;
    emitter.write_indent()?;
    Ok(emitter.text)
}

/// What a node is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Sequence,
    /// A value, or a key after `?`.
    Mapping,
    SimpleKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// A scalar that is ready to be written.
struct Scalar {
    text: String,
    style: Style,
    tag: Option<&'static str>,
}

pub(crate) struct Emitter<'a> {
    text: String,
    generation: Generation,
    limits: &'a Limits,
    indent: isize,
    /// In characters.
    column: usize,
    /// Whether the last character separates.
    pub(super) whitespace: bool,
    /// Whether there is nothing on the line but indentation and indicators that count as such.
    pub(super) indention: bool,
}

impl Emitter<'_> {
    fn node(&mut self, value: &Value, place: Place, depth: usize) -> Result<(), Error> {
        match value {
            Value::List(items) => self.list(items, place, depth + 1),
            Value::Map(map) => self.map(map, depth + 1),
            leaf => self.leaf(leaf, place),
        }
    }

    fn leaf(&mut self, value: &Value, place: Place) -> Result<(), Error> {
        let scalar = match value {
            Value::Null | Value::List(_) | Value::Map(_) => constant("null"),
            Value::Bool(value) => constant(if *value { "true" } else { "false" }),
            Value::Int(value) => constant(value.to_string()),
            Value::Uint(value) => constant(value.to_string()),
            Value::Float(value) => constant(yaml_name(format_general(*value))),
            Value::String(text) => string(text, self.generation),
            Value::Bytes(bytes) => binary(bytes),
        };
        self.scalar(scalar, place)
    }

    fn list(&mut self, items: &[Value], place: Place, depth: usize) -> Result<(), Error> {
        self.limits.check_depth(depth)?;
        if items.is_empty() {
            return self.empty("[", "]");
        }
        // The second generation does not indent a list below its key.
        let indentless = self.generation == Generation::V2 && place == Place::Mapping && !self.indention;
        let outer = self.increase_indent(false, indentless);
        for item in items {
            self.write_indent()?;
            self.indicator("-", true, false, true)?;
            self.node(item, Place::Sequence, depth)?;
        }
        self.indent = outer;
        Ok(())
    }

    fn map(&mut self, map: &BTreeMap<String, Value>, depth: usize) -> Result<(), Error> {
        self.limits.check_depth(depth)?;
        if map.is_empty() {
            return self.empty("{", "}");
        }
        let outer = self.increase_indent(false, false);
        let entries = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
        for (key, value) in keys::sort(entries, self.generation) {
            self.key(key)?;
            self.node(value, Place::Mapping, depth)?;
        }
        self.indent = outer;
        Ok(())
    }

    /// A key and what separates it from its value.
    fn key(&mut self, key: &str) -> Result<(), Error> {
        self.write_indent()?;
        let scalar = string(key, self.generation);
        let simple = key.len() <= LONGEST_KEY && !analyse(key, false).multiline;
        if simple {
            self.scalar(scalar, Place::SimpleKey)?;
            self.indicator(":", false, false, false)
        } else {
            self.indicator("?", true, false, true)?;
            self.scalar(scalar, Place::Mapping)?;
            self.write_indent()?;
            self.indicator(":", true, false, true)
        }
    }

    fn empty(&mut self, open: &str, close: &str) -> Result<(), Error> {
        self.indicator(open, true, true, false)?;
        self.indicator(close, false, false, false)
    }

    fn scalar(&mut self, scalar: Scalar, place: Place) -> Result<(), Error> {
        let Scalar { text, style, tag } = scalar;
        let key = place == Place::SimpleKey;
        let style = self.choose(&text, style, key);
        if let Some(tag) = tag {
            self.indicator(tag, true, false, false)?;
        }
        let outer = self.increase_indent(true, false);
        match style {
            Style::Plain => self.plain(&text, !key)?,
            Style::SingleQuoted => self.single_quoted(&text, !key)?,
            Style::DoubleQuoted => self.double_quoted(&text, !key)?,
            Style::Literal => self.literal(&text)?,
        }
        self.indent = outer;
        Ok(())
    }

    /// The style that was asked for, or the next one that the text allows.
    fn choose(&self, text: &str, style: Style, key: bool) -> Style {
        let allowed = analyse(text, self.generation == Generation::V3);
        let mut style = style;
        if key && allowed.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && (!allowed.plain || text.is_empty() && key) {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !allowed.single_quoted {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!allowed.literal || key) {
            style = Style::DoubleQuoted;
        }
        style
    }

    /// Returns the indentation to go back to.
    fn increase_indent(&mut self, flow: bool, indentless: bool) -> isize {
        let outer = self.indent;
        if outer < 0 {
            self.indent = if flow { INDENT } else { 0 };
        } else if !indentless {
            self.indent += INDENT;
        }
        outer
    }

    /// Whether the line is long enough to be folded.
    pub(super) fn is_wide(&self) -> bool {
        self.generation == Generation::V2 && self.column > WIDTH
    }

    pub(super) fn put(&mut self, c: char) -> Result<(), Error> {
        self.text.push(c);
        self.column += 1;
        Ok(self.limits.check_output(self.text.len())?)
    }

    pub(super) fn put_break(&mut self) -> Result<(), Error> {
        self.put('\n')?;
        self.column = 0;
        if self.generation == Generation::V3 {
            self.indention = true;
        }
        Ok(())
    }

    /// A break of the text, which may be one that only Unicode knows.
    pub(super) fn write_break(&mut self, c: char) -> Result<(), Error> {
        if c == '\n' {
            return self.put_break();
        }
        self.put(c)?;
        self.column = 0;
        Ok(())
    }

    pub(super) fn write_indent(&mut self) -> Result<(), Error> {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break()?;
        }
        while self.column < indent {
            self.put(' ')?;
        }
        self.whitespace = true;
        self.indention = true;
        Ok(())
    }

    pub(super) fn indicator(
        &mut self,
        text: &str,
        needs_whitespace: bool,
        is_whitespace: bool,
        is_indention: bool,
    ) -> Result<(), Error> {
        if needs_whitespace && !self.whitespace {
            self.put(' ')?;
        }
        for c in text.chars() {
            self.put(c)?;
        }
        self.whitespace = is_whitespace;
        self.indention &= is_indention;
        Ok(())
    }
}

fn constant(text: impl Into<String>) -> Scalar {
    Scalar { text: text.into(), style: Style::Plain, tag: None }
}

fn string(text: &str, generation: Generation) -> Scalar {
    let style = if text.contains('\n') {
        Style::Literal
    } else if is_plain_text(text, generation) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    };
    Scalar { text: text.to_owned(), style, tag: None }
}

fn binary(bytes: &[u8]) -> Scalar {
    let text = base64::encode_lines(bytes);
    let style = if text.contains('\n') { Style::Literal } else { Style::Plain };
    Scalar { text, style, tag: Some("!!binary") }
}
