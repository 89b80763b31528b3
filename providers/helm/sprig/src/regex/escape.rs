//! What follows a backslash.

use super::syntax::{Parser, Wrong};

/// What an escape stands for.
pub(crate) enum Escape {
    Char(char),
    /// A class, as it is written inside of brackets.
    Class(String),
    Text(&'static str),
}

impl Parser<'_> {
    /// An escape from its backslash on.
    pub(crate) fn escape(&mut self, in_class: bool) -> Result<Escape, Wrong> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.next() else {
            return Err(Wrong::of("trailing backslash at end of expression", ""));
        };
        Ok(match c {
            'd' => Escape::Class("0-9".to_owned()),
            's' => Escape::Class(r"\t\n\x0c\r\x20".to_owned()),
            'w' => Escape::Class("0-9A-Za-z_".to_owned()),
            'D' => Escape::Class("[^0-9]".to_owned()),
            'S' => Escape::Class(r"[^\t\n\x0c\r\x20]".to_owned()),
            'W' => Escape::Class("[^0-9A-Za-z_]".to_owned()),
            'p' | 'P' => Escape::Class(self.property(start, c == 'P')?),
            'A' if !in_class => Escape::Text(r"\A"),
            'z' if !in_class => Escape::Text(r"\z"),
            'b' if !in_class => Escape::Text(r"(?-u:\b)"),
            'B' if !in_class => Escape::Text(r"(?-u:\B)"),
            'a' => Escape::Char('\x07'),
            'f' => Escape::Char('\x0c'),
            'n' => Escape::Char('\n'),
            'r' => Escape::Char('\r'),
            't' => Escape::Char('\t'),
            'v' => Escape::Char('\x0b'),
            'x' => Escape::Char(self.hexadecimal(start)?),
            '0' => Escape::Char(self.octal(0)),
            // One digit would be a reference to a group, which there is not.
            '1'..='7' if matches!(self.peek(), Some('0'..='7')) => {
                Escape::Char(self.octal(c.to_digit(8).unwrap_or(0)))
            }
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Escape::Char(c),
            _ => return Err(Wrong::of("invalid escape sequence", self.since(start))),
        })
    }

    fn octal(&mut self, first: u32) -> char {
        let mut code = first;
        for _ in 0..2 {
            match self.peek().and_then(|c| c.to_digit(8)) {
                Some(digit) => {
                    code = code * 8 + digit;
                    self.at += 1;
                }
                None => break,
            }
        }
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn hexadecimal(&mut self, start: usize) -> Result<char, Wrong> {
        let mut code: u32 = 0;
        let mut fits = true;
        if self.eat('{') {
            let mut count = 0;
            loop {
                match self.next() {
                    Some('}') if count > 0 => break,
                    next => match next.and_then(|c| c.to_digit(16)) {
                        Some(digit) => code = code.saturating_mul(16).saturating_add(digit),
                        None => fits = false,
                    },
                }
                count += 1;
                fits &= code <= 0x10_FFFF;
                if !fits {
                    break;
                }
            }
        } else {
            // Both digits are read before either is looked at.
            for digit in [self.next(), self.next()] {
                match digit.and_then(|c| c.to_digit(16)) {
                    Some(digit) => code = code * 16 + digit,
                    None => fits = false,
                }
            }
        }
        if !fits {
            return Err(Wrong::of("invalid escape sequence", self.since(start)));
        }
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn property(&mut self, start: usize, negated: bool) -> Result<String, Wrong> {
        let name = match self.next() {
            Some('{') => {
                let rest = self.rest();
                let Some(end) = rest.find('}') else {
                    let all = self.pattern[start..].to_owned();
                    return Err(Wrong::of("invalid character class range", &all));
                };
                let name = rest[..end].to_owned();
                self.at += end + 1;
                name
            }
            Some(c) => c.to_string(),
            None => return Err(Wrong::of("invalid character class range", self.since(start))),
        };
        let (inverted, plain) = match name.strip_prefix('^') {
            Some(plain) => (true, plain),
            None => (false, name.as_str()),
        };
        let letter = if negated == inverted { 'p' } else { 'P' };
        let class = format!(r"\{letter}{{{plain}}}");
        let known =
            plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && regex::Regex::new(&class).is_ok();
        if known { Ok(class) } else { Err(Wrong::of("invalid character class range", self.since(start))) }
    }
}
