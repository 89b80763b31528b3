//! JSON as Go's decoder reads it into `interface {}`, one value at the front of a text.

use std::collections::BTreeMap;

use aurak_gotemplate::{Str, Value, strconv};

use crate::{Error, Limits};

/// The first value of a text and how many bytes it takes.
pub(crate) fn decode(text: &str, limits: &Limits) -> Result<(Value, usize), Error> {
    let mut reader = Reader { text, at: 0, limits, nodes: 0, range: None };
    let value = reader.value(0)?;
    match reader.range {
        // Go reads on to the end before it tells of a number that is too large.
        Some(number) => Err(Error::refused(format!(
            "json: cannot unmarshal number {number} into Go value of type float64"
        ))),
        None => Ok((value, reader.at)),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    limits: &'a Limits,
    nodes: usize,
    range: Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected<T>(&self, context: &str) -> Result<T, Error> {
        Err(Error::refused(match self.peek() {
            None => "unexpected EOF".to_owned(),
            // Go names single bytes, as characters of Latin-1.
            Some(byte) => {
                let shown = match byte {
                    b'\'' => "'\\''".to_owned(),
                    b'"' => "'\"'".to_owned(),
                    byte => {
                        let quoted = strconv::quote(char::from(byte).to_string().as_bytes());
                        let quoted = String::from_utf8_lossy(&quoted).into_owned();
                        format!("'{}'", quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default())
                    }
                };
                format!("invalid character {shown} {context}")
            }
        }))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        self.nodes += 1;
        if depth > self.limits.value_depth || self.nodes > self.limits.value_nodes {
            return Err(Error::limit("the JSON is too deep or has too many values"));
        }
        self.spaces();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Nil),
            _ => self.unexpected("looking for beginning of value"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for (number, expected) in word.bytes().enumerate() {
            if self.peek() != Some(expected) {
                let expected = char::from(expected);
                return self.unexpected(&format!("in literal {word} (expecting '{expected}')"));
            }
            let _ = number;
            self.at += 1;
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut map: BTreeMap<Str, Value> = BTreeMap::new();
        self.spaces();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(map.into_iter().collect()));
        }
        loop {
            self.spaces();
            if self.peek() != Some(b'"') {
                return self.unexpected("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.spaces();
            if self.peek() != Some(b':') {
                return self.unexpected("after object key");
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(map.into_iter().collect()));
                }
                _ => return self.unexpected("after object key:value pair"),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut items = Vec::new();
        self.spaces();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return self.unexpected("after array element"),
            }
        }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.unexpected("in numeric literal"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.unexpected("after decimal point in numeric literal");
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.unexpected("in exponent of numeric literal");
            }
            self.digits();
        }
        let number = self.text.get(start..self.at).unwrap_or_default();
        let value = number.parse::<f64>().ok().filter(|value| value.is_finite());
        if value.is_none() {
            self.range.get_or_insert_with(|| number.to_owned());
        }
        Ok(Value::float(value.unwrap_or_default()))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<Str, Error> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                None | Some(0..=0x1F) => return self.unexpected("in string literal"),
                Some(byte) => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let byte = match self.peek() {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'u') => {
                self.at += 1;
                let first = self.unit()?;
                let mut c = char::from_u32(first);
                // Two halves of one character, if the second one follows.
                if c.is_none() && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u")) {
                    let before = self.at;
                    self.at += 2;
                    let second = self.unit()?;
                    c = char::decode_utf16([first, second].map(|unit| u16::try_from(unit).unwrap_or(0)))
                        .next()
                        .and_then(Result::ok);
                    if c.is_none() {
                        self.at = before;
                    }
                }
                let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return self.unexpected("in string escape code"),
        };
        out.push(byte);
        self.at += 1;
        Ok(())
    }

    fn unit(&mut self) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.unexpected("in \\u hexadecimal character escape");
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}
