//! Values to TOML: what is no table first, tables after it, all by name and indented.

use aurak_gotemplate::strconv::format_float;
use aurak_gotemplate::{Context, Error, FloatKind, Object, Str, Value};

/// How deep tables may nest.
const MOST_LEVELS: usize = 250;

/// A value as a document.
pub(in crate::render) fn write(context: &mut Context<'_>, value: &Value) -> Result<Str, Error> {
    if value.is_nil() {
        return Err(Error::new("reflect: call of reflect.Value.Type on zero Value"));
    }
    let mut writer = Writer { out: String::new(), most: context.limits().bytes };
    writer.encode(&mut Vec::new(), value)?;
    context.spend_steps(u64::try_from(writer.out.len() / 16).unwrap_or(u64::MAX))?;
    Ok(writer.out.into())
}

struct Writer {
    out: String,
    most: usize,
}

/// What a value is in TOML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nothing,
    Plain,
    Table,
    Tables,
}

fn shape(value: &Value, level: usize) -> Result<Shape, Error> {
    if level > MOST_LEVELS {
        return Err(Error::limit(format!("a value for TOML nests deeper than {MOST_LEVELS} levels")));
    }
    Ok(match value {
        Value::Nil => Shape::Nothing,
        Value::List(list) if list.is_nil() => Shape::Nothing,
        Value::Map(map) if map.is_nil() => Shape::Nothing,
        Value::Map(_) => Shape::Table,
        Value::List(list) if list.is_empty() => Shape::Plain,
        Value::List(list) => {
            let mut all_tables = true;
            for item in list.items() {
                match shape(&item, level + 1)? {
                    Shape::Nothing => {
                        return Err(Error::new("toml: cannot encode array with nil element"));
                    }
                    shape => all_tables &= shape == Shape::Table,
                }
            }
            if all_tables { Shape::Tables } else { Shape::Plain }
        }
        Value::Func(_) => return Err(Error::new("unsupported type: func")),
        Value::Object(object) => match is_record(object.as_ref()) {
            true => Shape::Table,
            false => Shape::Plain,
        },
        _ => Shape::Plain,
    })
}

/// A struct that is written by its fields, and not as a text.
fn is_record(object: &dyn Object) -> bool {
    object.underlying().is_none() && object.text().is_none()
}

/// The entries of what is a table.
fn entries(value: &Value) -> Vec<(Str, Value)> {
    match value {
        Value::Map(map) => map.entries(),
        Value::Object(object) => {
            let fields = object.fields().into_iter();
            fields
                .filter(|(name, _)| name.starts_with(char::is_uppercase))
                .map(|(name, value)| (Str::from(name), value))
                .collect()
        }
        _ => Vec::new(),
    }
}

impl Writer {
    fn check(&self) -> Result<(), Error> {
        if self.out.len() > self.most {
            return Err(Error::limit(format!("more than {} bytes are made", self.most)));
        }
        Ok(())
    }

    fn encode(&mut self, key: &mut Vec<String>, value: &Value) -> Result<(), Error> {
        match shape(value, key.len())? {
            Shape::Nothing => Ok(()),
            Shape::Plain => self.pair(key, value),
            Shape::Table => {
                if key.len() == 1 {
                    self.newline();
                }
                if !key.is_empty() {
                    self.header(key, ["[", "]"]);
                }
                self.table(key, value)
            }
            Shape::Tables if key.is_empty() => {
                Err(Error::new("toml: top-level values must be Go maps or structs"))
            }
            Shape::Tables => {
                for item in value.elements().unwrap_or_default() {
                    self.newline();
                    self.header(key, ["[[", "]]"]);
                    self.table(key, &item)?;
                }
                Ok(())
            }
        }
    }

    fn header(&mut self, key: &[String], [open, close]: [&str; 2]) {
        self.indent(key);
        let path: Vec<String> = key.iter().map(|part| quoted_key(part)).collect();
        self.out.push_str(open);
        self.out.push_str(&path.join("."));
        self.out.push_str(close);
        self.newline();
    }

    /// Entries that are no tables come first, or they would be in the table before them.
    fn table(&mut self, key: &mut Vec<String>, value: &Value) -> Result<(), Error> {
        self.check()?;
        let mut later = Vec::new();
        for (name, item) in entries(value) {
            let is_later = matches!(shape(&item, key.len())?, Shape::Table | Shape::Tables);
            key.push(name.lossy().into_owned());
            if is_later {
                later.push((key.clone(), item));
            } else {
                self.encode(key, &item)?;
            }
            key.pop();
        }
        for (mut key, item) in later {
            self.encode(&mut key, &item)?;
        }
        Ok(())
    }

    fn pair(&mut self, key: &[String], value: &Value) -> Result<(), Error> {
        let Some(name) = key.last() else { return self.element(value, 0) };
        self.indent(key);
        self.out.push_str(&quoted_key(name));
        self.out.push_str(" = ");
        self.element(value, key.len())?;
        self.newline();
        Ok(())
    }

    fn element(&mut self, value: &Value, level: usize) -> Result<(), Error> {
        self.check()?;
        match value {
            Value::Bool(flag) => self.out.push_str(&flag.to_string()),
            Value::Int(_, n) => self.out.push_str(&n.to_string()),
            Value::Uint(_, n) => self.out.push_str(&n.to_string()),
            Value::Float(kind, x) => self.out.push_str(&float(*kind, *x)),
            Value::Str(text) => self.string(&text.lossy()),
            Value::List(_) | Value::Bytes(_) => {
                self.out.push('[');
                for (number, item) in value.elements().unwrap_or_default().iter().enumerate() {
                    if number > 0 {
                        self.out.push_str(", ");
                    }
                    self.element(item, level + 1)?;
                }
                self.out.push(']');
            }
            Value::Map(_) => self.inline(value, level)?,
            Value::Object(object) if is_record(object.as_ref()) => self.inline(value, level)?,
            Value::Object(object) => match object.text() {
                // Times stand for themselves.
                Some(text) if object.type_name() == "time.Time" => self.out.push_str(&text.lossy()),
                Some(text) => self.string(&text.lossy()),
                None => self.element(&object.underlying().unwrap_or_default(), level + 1)?,
            },
            Value::Nil | Value::Func(_) => return Err(Error::new("unexpected type: <nil>")),
        }
        Ok(())
    }

    fn inline(&mut self, value: &Value, level: usize) -> Result<(), Error> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (name, item) in entries(value) {
            let is_table = matches!(shape(&item, level + 1)?, Shape::Table | Shape::Tables);
            if is_table { second.push((name, item)) } else { first.push((name, item)) }
        }
        self.out.push('{');
        let more = !second.is_empty();
        for (group, more) in [(first, more), (second, false)] {
            let last = group.len().saturating_sub(1);
            for (number, (name, item)) in group.iter().enumerate() {
                if shape(item, level + 1)? == Shape::Nothing {
                    continue;
                }
                self.out.push_str(&quoted_key(&name.lossy()));
                self.out.push_str(" = ");
                self.element(item, level + 1)?;
                if more || number != last {
                    self.out.push_str(", ");
                }
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push_str(&quoted(text));
    }

    fn indent(&mut self, key: &[String]) {
        self.out.extend(std::iter::repeat_n("  ", key.len().saturating_sub(1)));
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }
}

/// A float has a point or an exponent.
fn float(kind: FloatKind, x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format_float(x, b'g', None, kind);
    if text.contains(['e', '.']) { text } else { text + ".0" }
}

fn quoted_key(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
