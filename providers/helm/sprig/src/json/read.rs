//! JSON to values: numbers are `float64`, and the messages are Go's.

use aurak_gotemplate::bytes::{decode_rune, push_rune};
use aurak_gotemplate::strconv::{parse_float, quote};
use aurak_gotemplate::{Context, Error, Map, Value};

use super::MOST_LEVELS;
use crate::table::Answer;

pub(crate) fn value(context: &mut Context<'_>, text: &[u8]) -> Answer {
    context.spend_bytes(text.len())?;
    let mut reader = Reader { text, at: 0, too_large: None };
    let value = reader.value(0)?;
    reader.space();
    if reader.peek().is_some() {
        return Err(reader.wrong("after top-level value"));
    }
    match reader.too_large {
        Some(number) => {
            Err(Error::new(format!("json: cannot unmarshal number {number} into Go value of type float64")))
        }
        None => Ok(value),
    }
}

/// Where no space may be.
const NO_SPACE: [&str; 6] =
    ["in literal", "in numeric", "after decimal", "in exponent", "in \\u", "in string escape"];

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// The first number no float can hold; only told if the text is JSON at all.
    too_large: Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// What is wrong with the next byte, or that there is none.
    fn wrong(&self, context: &str) -> Error {
        let byte = match self.peek() {
            Some(byte) => byte,
            // The end is read as a space, and only told as the end where a space may be.
            None if NO_SPACE.iter().any(|start| context.starts_with(start)) => b' ',
            None => return Error::new("unexpected end of JSON input"),
        };
        let shown = match byte {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            _ => {
                let quoted = quote(char::from(byte).to_string().as_bytes());
                let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
                format!("'{}'", String::from_utf8_lossy(inner))
            }
        };
        Error::new(format!("invalid character {shown} {context}"))
    }

    fn value(&mut self, level: usize) -> Answer {
        if level > MOST_LEVELS {
            return Err(Error::limit(format!("JSON nests deeper than {MOST_LEVELS} levels")));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(level),
            Some(b'[') => self.array(level),
            Some(b'"') => Ok(Value::str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Nil),
            _ => Err(self.wrong("looking for beginning of value")),
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Answer {
        for wanted in word.bytes() {
            if self.peek() != Some(wanted) {
                let context = format!("in literal {word} (expecting '{}')", char::from(wanted));
                return Err(self.wrong(&context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn object(&mut self, level: usize) -> Answer {
        let map = Map::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(map.into());
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.wrong("after object key"));
            }
            self.at += 1;
            map.set(key, self.value(level + 1)?)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(map.into());
                }
                _ => return Err(self.wrong("after object key:value pair")),
            }
        }
    }

    fn array(&mut self, level: usize) -> Answer {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value(level + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.wrong("after array element")),
            }
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Answer {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ if self.digits() => {}
            _ => return Err(self.wrong("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return Err(self.wrong("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return Err(self.wrong("in exponent of numeric literal"));
            }
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        match parse_float(&text) {
            Ok(x) => Ok(Value::float(x)),
            Err(_) => {
                self.too_large.get_or_insert(text);
                Ok(Value::Nil)
            }
        }
    }

    fn string(&mut self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                None | Some(0..0x20) => return Err(self.wrong("in string literal")),
                Some(_) => {
                    let (rune, width) = decode_rune(&self.text[self.at..]);
                    push_rune(&mut out, rune);
                    self.at += width;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let mut rune = self.hex()?;
                if (0xD800..0xDC00).contains(&rune) && self.text[self.at..].starts_with(b"\\u") {
                    let before = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xDC00..0xE000).contains(&low) {
                        rune = 0x1_0000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
                    } else {
                        // Two by themselves: the first is none, the second is read again.
                        self.at = before;
                    }
                }
                push_rune(out, rune);
                return Ok(());
            }
            _ => return Err(self.wrong("in string escape code")),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut rune = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.wrong("in \\u hexadecimal character escape"));
            };
            rune = rune << 4 | digit;
            self.at += 1;
        }
        Ok(rune)
    }
}
