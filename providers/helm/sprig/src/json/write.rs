//! Values to JSON.

use aurak_gotemplate::strconv::format_float;
use aurak_gotemplate::{Context, Error, FloatKind, Kind, Object, Str, Value};
use aurak_goyaml::{Limits, Value as Plain, to_json};

use super::MOST_LEVELS;
use crate::dates::Time;
use crate::encode::encode64;
use crate::semver::VersionObject;
use crate::table::Answer;

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without spaces.
    Compact,
    /// On lines, indented by two.
    Pretty,
    /// Without spaces, and `<`, `>` and `&` as they are.
    Raw,
}

pub(crate) fn to_text(context: &mut Context<'_>, value: &Value, style: Style) -> Answer {
    let mut writer =
        Writer { out: Vec::new(), style, most: context.limits().bytes, limits: Limits::default() };
    writer.value(value, 0)?;
    Ok(Value::str(writer.out))
}

struct Writer {
    out: Vec<u8>,
    style: Style,
    most: usize,
    limits: Limits,
}

impl Writer {
    fn value(&mut self, value: &Value, level: usize) -> Result<(), Error> {
        if level > MOST_LEVELS {
            return Err(Error::limit(format!("a value for JSON nests deeper than {MOST_LEVELS} levels")));
        }
        if self.out.len() > self.most {
            return Err(Error::limit(format!("more than {} bytes are made", self.most)));
        }
        match value {
            Value::Nil => self.plain(&Plain::Null),
            Value::Bool(b) => self.plain(&Plain::Bool(*b)),
            Value::Int(_, n) => self.plain(&Plain::Int(*n)),
            Value::Uint(_, n) => self.plain(&Plain::Uint(*n)),
            Value::Float(FloatKind::Float64, x) => self.plain(&Plain::Float(*x)),
            Value::Float(FloatKind::Float32, x) => {
                // The shortest text of a narrow float, which as a wide one has the same text.
                let text = format_float(*x, b'g', None, FloatKind::Float32);
                self.plain(&Plain::Float(text.parse().unwrap_or(*x)))
            }
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) => self.string(encode64(bytes).as_bytes()),
            Value::List(list) if list.is_nil() => self.plain(&Plain::Null),
            Value::List(list) => self
                .sequence(level, [b'[', b']'], list.items(), |writer, item| writer.value(&item, level + 1)),
            Value::Map(map) if map.is_nil() => self.plain(&Plain::Null),
            Value::Map(map) => self.fields(level, map.entries()),
            Value::Func(_) => Err(Error::new(format!("json: unsupported type: {}", value.type_name()))),
            Value::Object(object) => self.object(object.as_ref(), level),
        }
    }

    fn object(&mut self, object: &dyn Object, level: usize) -> Result<(), Error> {
        if let Some(time) = object.as_any().downcast_ref::<Time>() {
            return self.string(time.to_json()?.as_bytes());
        }
        if let Some(version) = object.as_any().downcast_ref::<VersionObject>() {
            return self.string(version.version().to_string().as_bytes());
        }
        match object.underlying() {
            Some(below) => self.value(&below, level + 1),
            None if object.kind() == Kind::Ptr && object.is_nil() => self.plain(&Plain::Null),
            None => {
                let fields = object.json().into_iter();
                self.fields(level, fields.map(|(name, value)| (Str::from(name), value)).collect())
            }
        }
    }

    fn fields(&mut self, level: usize, entries: Vec<(Str, Value)>) -> Result<(), Error> {
        self.sequence(level, [b'{', b'}'], entries, |writer, (key, item)| {
            writer.string(&key)?;
            writer.out.extend_from_slice(if writer.style == Style::Pretty { b": " } else { b":" });
            writer.value(&item, level + 1)
        })
    }

    fn sequence<T>(
        &mut self,
        level: usize,
        [open, close]: [u8; 2],
        items: Vec<T>,
        write: impl Fn(&mut Self, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.out.push(open);
        let empty = items.is_empty();
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                self.out.push(b',');
            }
            self.line(level + 1);
            write(self, item)?;
        }
        if !empty {
            self.line(level);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, level: usize) {
        if self.style == Style::Pretty {
            self.out.push(b'\n');
            self.out.extend(std::iter::repeat_n(b' ', 2 * level));
        }
    }

    fn string(&mut self, text: &[u8]) -> Result<(), Error> {
        let start = self.out.len();
        self.out.push(b'"');
        let mut rest = text;
        loop {
            // Each byte that is no UTF-8 is written as an escape.
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(good) => (good, None),
                Err(error) => {
                    let good = std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default();
                    (good, Some(error.valid_up_to() + 1))
                }
            };
            let part = json(&Plain::String(good.to_owned()), &self.limits)?;
            // Without the quotes of the part.
            self.out.extend_from_slice(part.as_bytes().get(1..part.len() - 1).unwrap_or_default());
            let Some(next) = bad else { break };
            self.out.extend_from_slice(b"\\ufffd");
            rest = &rest[next..];
        }
        self.out.push(b'"');
        if self.style == Style::Raw {
            let written = self.out.split_off(start);
            self.out.extend(unescaped(&written));
        }
        Ok(())
    }

    fn plain(&mut self, value: &Plain) -> Result<(), Error> {
        self.out.extend_from_slice(json(value, &self.limits)?.as_bytes());
        Ok(())
    }
}

fn json(value: &Plain, limits: &Limits) -> Result<String, Error> {
    to_json(value, limits).map_err(|error| match error {
        aurak_goyaml::Error::Limit(limit) => Error::limit(limit.to_string()),
        other => Error::new(other.to_string()),
    })
}

/// A string of JSON with the three characters as they are that are escaped for HTML's sake.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let html = match rest.get(..6) {
            Some(b"\\u003c") => Some(b'<'),
            Some(b"\\u003e") => Some(b'>'),
            Some(b"\\u0026") => Some(b'&'),
            _ => None,
        };
        if let Some(character) = html {
            out.push(character);
            rest = &rest[6..];
        } else if first == b'\\' && !after.is_empty() {
            out.extend_from_slice(&rest[..2]);
            rest = &rest[2..];
        } else {
            out.push(first);
            rest = after;
        }
    }
    out
}
