//! Classes in brackets.

use super::escape::Escape;
use super::syntax::{Parser, Wrong, literal};

/// The names between `[:` and `:]`.
const NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

impl Parser<'_> {
    /// A class from its bracket on.
    pub(crate) fn class(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        self.at += 1;
        let mut out = String::from("[");
        if self.eat('^') {
            out.push('^');
        }
        let mut first = true;
        while first || self.peek() != Some(']') {
            first = false;
            if self.rest().starts_with("[:") && self.rest()[2..].contains(":]") {
                let end = self.rest()[2..].find(":]").unwrap_or(0) + 4;
                let name = &self.rest()[..end];
                let plain = name[2..end - 2].trim_start_matches('^');
                if !NAMES.contains(&plain) {
                    return Err(Wrong::of("invalid character class range", name));
                }
                out.push_str(name);
                self.at += end;
                continue;
            }
            let range = self.at;
            let low = match self.class_char(start)? {
                Escape::Char(c) => c,
                Escape::Class(class) => {
                    out.push_str(&class);
                    continue;
                }
                Escape::Text(text) => {
                    out.push_str(text);
                    continue;
                }
            };
            let rest = self.rest().as_bytes();
            let is_range = rest.len() >= 2 && rest[0] == b'-' && rest[1] != b']';
            out.push_str(&literal(low));
            if is_range {
                self.at += 1;
                match self.class_char(start)? {
                    Escape::Char(high) if high >= low => {
                        out.push('-');
                        out.push_str(&literal(high));
                    }
                    Escape::Char(_) => {
                        return Err(Wrong::of("invalid character class range", self.since(range)));
                    }
                    // A range has no class at its end.
                    _ => return Err(Wrong::of("invalid escape sequence", &self.since(range)[2..])),
                }
            }
        }
        self.at += 1;
        out.push(']');
        Ok(out)
    }

    fn class_char(&mut self, start: usize) -> Result<Escape, Wrong> {
        match self.peek() {
            None => Err(Wrong::of("missing closing ]", &self.pattern[start..])),
            Some('\\') => self.escape(true),
            Some(_) => Ok(Escape::Char(self.next().unwrap_or_default())),
        }
    }
}
