//! Scalars in quotes, and those without.

use super::names::hex;
use super::scanner::Scanner;
use super::token::{Mark, Style, Token, TokenKind};
use crate::error::Error;

/// White space between two words: one line break is a space, more are one less.
#[derive(Default)]
pub(super) struct Gap {
    blanks: String,
    first_break: String,
    more_breaks: String,
    /// A line ended in it.
    pub(super) broken: bool,
}

impl Gap {
    pub(super) fn is_empty(&self) -> bool {
        self.blanks.is_empty() && !self.broken
    }

    /// Goes over white space. `margin` is where the text of a plain scalar must begin.
    fn scan(&mut self, scanner: &mut Scanner, start: Mark, margin: Option<isize>) -> Result<(), Error> {
        let cursor = &mut scanner.cursor;
        while cursor.is_blank(0) || cursor.is_break(0) {
            if cursor.is_blank(0) {
                let column = isize::try_from(cursor.mark.column).unwrap_or(isize::MAX);
                if self.broken && cursor.byte(0) == b'\t' && margin.is_some_and(|margin| column < margin) {
                    return Err(scanner.error_from(start, "found a tab character that violates indentation"));
                }
                if self.broken {
                    cursor.skip();
                } else {
                    cursor.take(&mut self.blanks);
                }
            } else {
                cursor.need(2)?;
                if self.broken {
                    cursor.take_break(&mut self.more_breaks);
                } else {
                    self.blanks.clear();
                    cursor.take_break(&mut self.first_break);
                    self.broken = true;
                }
            }
            cursor.need(1)?;
        }
        Ok(())
    }

    /// Writes what the white space means, and is empty after that.
    fn fold(&mut self, text: &mut String) {
        if !self.broken {
            text.push_str(&self.blanks);
        } else if self.first_break != "\n" {
            // An escaped break is none, and a separator of Unicode stays.
            text.push_str(&self.first_break);
            text.push_str(&self.more_breaks);
        } else if self.more_breaks.is_empty() {
            text.push(' ');
        } else {
            text.push_str(&self.more_breaks);
        }
        *self = Gap::default();
    }
}

impl Scanner {
    pub(super) fn quoted_scalar(&mut self, single: bool) -> Result<Token, Error> {
        let start = self.cursor.mark;
        let quote = if single { b'\'' } else { b'"' };
        self.cursor.skip();
        let mut text = String::new();
        loop {
            self.cursor.need(4)?;
            if self.cursor.is_document_indicator() {
                return Err(self.error_from(start, "found unexpected document indicator"));
            }
            if self.cursor.at_end() {
                return Err(self.error_from(start, "found unexpected end of stream"));
            }
            let mut gap = Gap::default();
            while !self.cursor.is_blank_or_end(0) {
                let here = self.cursor.byte(0);
                if here == quote {
                    if !single || self.cursor.byte(1) != quote {
                        break;
                    }
                    self.cursor.skip();
                    self.cursor.take(&mut text);
                } else if here == b'\\' && !single {
                    if self.cursor.is_break(1) {
                        self.cursor.need(3)?;
                        self.cursor.skip();
                        self.cursor.skip_break();
                        gap.broken = true;
                        break;
                    }
                    self.escape(start, &mut text)?;
                } else {
                    self.cursor.take(&mut text);
                }
                self.cursor.need(2)?;
            }
            self.cursor.need(1)?;
            if self.cursor.byte(0) == quote {
                break;
            }
            gap.scan(self, start, None)?;
            gap.fold(&mut text);
        }
        self.cursor.skip();
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        Ok(Token { kind: TokenKind::Scalar { text, style }, start, end: self.cursor.mark })
    }

    /// A backslash and what follows.
    fn escape(&mut self, start: Mark, text: &mut String) -> Result<(), Error> {
        let mut digits = 0;
        match self.cursor.byte(1) {
            b'0' => text.push('\0'),
            b'a' => text.push('\u{7}'),
            b'b' => text.push('\u{8}'),
            b't' | b'\t' => text.push('\t'),
            b'n' => text.push('\n'),
            b'v' => text.push('\u{b}'),
            b'f' => text.push('\u{c}'),
            b'r' => text.push('\r'),
            b'e' => text.push('\u{1b}'),
            b' ' => text.push(' '),
            b'"' => text.push('"'),
            b'\'' => text.push('\''),
            b'\\' => text.push('\\'),
            b'N' => text.push('\u{85}'),
            b'_' => text.push('\u{a0}'),
            b'L' => text.push('\u{2028}'),
            b'P' => text.push('\u{2029}'),
            b'x' => digits = 2,
            b'u' => digits = 4,
            b'U' => digits = 8,
            _ => return Err(self.error_from(start, "found unknown escape character")),
        }
        self.cursor.skip_many(2);
        if digits == 0 {
            return Ok(());
        }
        self.cursor.need(digits)?;
        let mut value: u32 = 0;
        for ahead in 0..digits {
            let Some(digit) = hex(self.cursor.byte(ahead)) else {
                return Err(self.error_from(start, "did not find expected hexdecimal number"));
            };
            value = value << 4 | u32::from(digit);
        }
        let Some(c) = char::from_u32(value) else {
            return Err(self.error_from(start, "found invalid Unicode character escape code"));
        };
        text.push(c);
        self.cursor.skip_many(digits);
        Ok(())
    }

    pub(super) fn plain_scalar(&mut self) -> Result<Token, Error> {
        let start = self.cursor.mark;
        let mut end = start;
        let margin = self.indent + 1;
        let mut text = String::new();
        let mut gap = Gap::default();
        loop {
            self.cursor.need(4)?;
            if self.cursor.is_document_indicator() || self.cursor.byte(0) == b'#' {
                break;
            }
            while !self.cursor.is_blank_or_end(0) && !self.ends_plain() {
                if !gap.is_empty() {
                    gap.fold(&mut text);
                }
                self.cursor.take(&mut text);
                end = self.cursor.mark;
                self.cursor.need(2)?;
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            self.cursor.need(1)?;
            gap.scan(self, start, Some(margin))?;
            let column = isize::try_from(self.cursor.mark.column).unwrap_or(isize::MAX);
            if self.flow_level == 0 && column < margin {
                break;
            }
        }
        // The text ended with its line, so that the next line may begin with a key.
        if gap.broken {
            self.key_allowed = true;
        }
        Ok(Token { kind: TokenKind::Scalar { text, style: Style::Plain }, start, end })
    }

    fn ends_plain(&self) -> bool {
        match self.cursor.byte(0) {
            b':' => self.cursor.is_blank_or_end(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow_level > 0,
            _ => false,
        }
    }
}
