//! The tokens of a text, one at a time.

use std::borrow::Cow;

use super::token::{Kind, Token};
use crate::Value;
use crate::bytes::decode_rune;
use crate::unicode::{is_digit, is_letter, is_print};

/// How long a trim marker is with the space that must be beside it.
const MARKER: usize = 2;

pub(super) struct Lexer<'a> {
    input: &'a [u8],
    left: &'a [u8],
    right: &'a [u8],
    at: usize,
    start: usize,
    parens: usize,
    line: usize,
    start_line: usize,
    inside: bool,
    /// `break` is a keyword, because no function has the name.
    pub(super) break_is_keyword: bool,
    /// The same of `continue`.
    pub(super) continue_is_keyword: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a [u8], left: &'a [u8], right: &'a [u8]) -> Self {
        Self {
            input,
            left: if left.is_empty() { b"{{" } else { left },
            right: if right.is_empty() { b"}}" } else { right },
            at: 0,
            start: 0,
            parens: 0,
            line: 1,
            start_line: 1,
            inside: false,
            break_is_keyword: true,
            continue_is_keyword: true,
        }
    }

    pub(super) fn next_token(&mut self) -> Token<'a> {
        if self.inside { self.inside_action() } else { self.outside() }
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<u32> {
        if self.at < self.input.len() { Some(decode_rune(self.rest()).0) } else { None }
    }

    fn advance(&mut self) -> Option<u32> {
        if self.at >= self.input.len() {
            return None;
        }
        let (rune, width) = decode_rune(self.rest());
        self.at += width;
        if rune == u32::from(b'\n') {
            self.line += 1;
        }
        Some(rune)
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| set.contains(byte));
        if found {
            self.at += 1;
        }
        found
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn token(&mut self, kind: Kind) -> Token<'a> {
        let text = Cow::Borrowed(&self.input[self.start..self.at]);
        let token = Token { kind, position: self.start, line: self.start_line, text };
        self.start = self.at;
        self.start_line = self.line;
        token
    }

    /// Forgets what was passed without [`advance`](Self::advance), counting its lines.
    fn ignore(&mut self) {
        self.line += lines(&self.input[self.start..self.at]);
        self.start = self.at;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Token<'a> {
        let text = Cow::Owned(message.into().into_bytes());
        let token = Token { kind: Kind::Error, position: self.start, line: self.start_line, text };
        self.input = b"";
        self.start = 0;
        self.at = 0;
        token
    }

    /// Text up to an action, or the action's delimiter, or the end.
    fn outside(&mut self) -> Token<'a> {
        loop {
            let Some(found) = find(self.rest(), self.left) else {
                self.at = self.input.len();
                if self.at > self.start {
                    self.line += lines(&self.input[self.start..self.at]);
                    return self.token(Kind::Text);
                }
                return self.token(Kind::Eof);
            };
            if found > 0 {
                self.at += found;
                let text = &self.input[self.start..self.at];
                let trimmed = if left_marker(&self.input[self.at + self.left.len()..]) {
                    text.iter().rev().take_while(|b| is_space_byte(**b)).count()
                } else {
                    0
                };
                self.at -= trimmed;
                self.line += lines(&self.input[self.start..self.at]);
                let token = self.token(Kind::Text);
                self.at += trimmed;
                self.ignore();
                if !token.text.is_empty() {
                    return token;
                }
            }
            if let Some(token) = self.left_delimiter() {
                return token;
            }
        }
    }

    /// The delimiter; nothing if a comment was passed instead.
    fn left_delimiter(&mut self) -> Option<Token<'a>> {
        self.at += self.left.len();
        let marker = if left_marker(self.rest()) { MARKER } else { 0 };
        if self.input[self.at + marker..].starts_with(b"/*") {
            self.at += marker;
            self.ignore();
            return self.comment();
        }
        let token = self.token(Kind::LeftDelim);
        self.inside = true;
        self.at += marker;
        self.ignore();
        self.parens = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token<'a>> {
        self.at += 2;
        let Some(end) = find(self.rest(), b"*/") else { return Some(self.error("unclosed comment")) };
        self.at += end + 2;
        let Some(trim) = self.at_right_delimiter() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.line += lines(&self.input[self.start..self.at]);
        self.start = self.at;
        if trim {
            self.at += MARKER;
        }
        self.at += self.right.len();
        if trim {
            self.skip_space();
        }
        self.ignore();
        None
    }

    /// Is the right delimiter next, and does it trim?
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if right_marker(rest) && rest[MARKER..].starts_with(self.right) {
            return Some(true);
        }
        rest.starts_with(self.right).then_some(false)
    }

    fn right_delimiter(&mut self) -> Token<'a> {
        let trim = self.at_right_delimiter() == Some(true);
        if trim {
            self.at += MARKER;
            self.ignore();
        }
        self.at += self.right.len();
        let token = self.token(Kind::RightDelim);
        if trim {
            self.skip_space();
            self.ignore();
        }
        self.inside = false;
        token
    }

    fn skip_space(&mut self) {
        self.at += self.rest().iter().take_while(|b| is_space_byte(**b)).count();
    }

    fn inside_action(&mut self) -> Token<'a> {
        if self.at_right_delimiter().is_some() {
            return if self.parens == 0 { self.right_delimiter() } else { self.error("unclosed left paren") };
        }
        if self.rest().first().is_some_and(|b| is_space_byte(*b)) {
            return self.space();
        }
        let Some(rune) = self.advance() else { return self.error("unclosed action") };
        let ascii = u8::try_from(rune).ok().filter(u8::is_ascii).unwrap_or(0);
        match ascii {
            b'=' => self.token(Kind::Assign),
            b':' if self.advance() == Some(u32::from(b'=')) => self.token(Kind::Declare),
            b':' => self.error("expected :="),
            b'|' => self.token(Kind::Pipe),
            b'"' => self.quoted(b'"', Kind::String, "unterminated quoted string"),
            b'\'' => self.quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            b'`' => self.raw_string(),
            b'$' if self.at_terminator() => self.token(Kind::Variable),
            b'$' => self.field_or_variable(Kind::Variable),
            b'.' if !self.rest().first().is_none_or(u8::is_ascii_digit) => {
                self.field_or_variable(Kind::Field)
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => {
                self.at -= 1;
                self.number()
            }
            b'(' => {
                self.parens += 1;
                self.token(Kind::LeftParen)
            }
            b')' if self.parens == 0 => self.error("unexpected right paren"),
            b')' => {
                self.parens -= 1;
                self.token(Kind::RightParen)
            }
            _ if is_alphanumeric(rune) => self.identifier(),
            _ if ascii != 0 && is_print(rune) => self.token(Kind::Char),
            _ => self.error(format!("unrecognized character in action: {}", code_point(rune))),
        }
    }

    /// A run of space; the last of it may belong to the right delimiter.
    fn space(&mut self) -> Token<'a> {
        let mut count = 0;
        while self.rest().first().is_some_and(|b| is_space_byte(*b)) {
            self.advance();
            count += 1;
        }
        let last = &self.input[self.at - 1..];
        if right_marker(last) && last[MARKER..].starts_with(self.right) {
            self.at -= 1;
            if self.input[self.at] == b'\n' {
                self.line -= 1;
            }
            if count == 1 {
                return self.right_delimiter();
            }
        }
        self.token(Kind::Space)
    }

    fn identifier(&mut self) -> Token<'a> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.advance();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.input[self.start..self.at] {
            b"true" | b"false" => Kind::Bool,
            word => match Kind::keyword(word) {
                Some(Kind::Break) if !self.break_is_keyword => Kind::Identifier,
                Some(Kind::Continue) if !self.continue_is_keyword => Kind::Identifier,
                keyword => keyword.unwrap_or(Kind::Identifier),
            },
        };
        self.token(kind)
    }

    fn field_or_variable(&mut self, kind: Kind) -> Token<'a> {
        if self.at_terminator() {
            return self.token(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.advance();
        }
        if self.at_terminator() { self.token(kind) } else { self.bad_character() }
    }

    fn bad_character(&mut self) -> Token<'a> {
        let rune = self.peek().unwrap_or(0);
        self.error(format!("bad character {}", code_point(rune)))
    }

    /// Is next what may follow a name?
    fn at_terminator(&self) -> bool {
        match self.rest().first() {
            None => true,
            Some(byte) if is_space_byte(*byte) => true,
            Some(b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(_) => self.rest().starts_with(self.right),
        }
    }

    fn quoted(&mut self, quote: u8, kind: Kind, unterminated: &str) -> Token<'a> {
        let newline = u32::from(b'\n');
        loop {
            match self.advance() {
                None => return self.error(unterminated),
                Some(rune) if rune == newline => return self.error(unterminated),
                Some(rune) if rune == u32::from(b'\\') => {
                    if self.advance().is_none_or(|rune| rune == newline) {
                        return self.error(unterminated);
                    }
                }
                Some(rune) if rune == u32::from(quote) => return self.token(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Token<'a> {
        loop {
            match self.advance() {
                None => return self.error("unterminated raw quoted string"),
                Some(rune) if rune == u32::from(b'`') => return self.token(Kind::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Token<'a> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.rest().first(), Some(b'+' | b'-')) {
            if !self.scan_number() || self.input[self.at - 1] != b'i' {
                return self.bad_number();
            }
            return self.token(Kind::Complex);
        }
        self.token(Kind::Number)
    }

    fn bad_number(&mut self) -> Token<'a> {
        let text = crate::strconv::quote(&self.input[self.start..self.at]);
        self.error(format!("bad number syntax: {}", String::from_utf8_lossy(&text)))
    }

    /// Everything that looks like a number; whether it is one is seen when it is read.
    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
                exponent = b"pP";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
                exponent = b"";
            } else if self.accept(b"bB") {
                digits = b"01_";
                exponent = b"";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.advance();
            return false;
        }
        true
    }
}

fn code_point(rune: u32) -> String {
    let text = crate::fmt::sprintf(b"%#U", &[Value::int(i64::from(rune))]);
    text.map(|text| text.to_string()).unwrap_or_default()
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(rune: u32) -> bool {
    rune == u32::from(b'_') || is_letter(rune) || is_digit(rune)
}

fn left_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

fn right_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space_byte(*space))
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|b| *b == first) {
        if text[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
