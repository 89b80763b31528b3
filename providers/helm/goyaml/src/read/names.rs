//! Directives, anchors, aliases and tags.

use super::scanner::Scanner;
use super::token::{Mark, Token, TokenKind};
use crate::error::Error;

impl Scanner {
    pub(super) fn directive(&mut self) -> Result<Token, Error> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let name = self.directive_name(start)?;
        let kind = match name.as_str() {
            "YAML" => self.version(start)?,
            "TAG" => self.tag_directive(start)?,
            _ => return Err(self.error_from(start, "found unknown directive name")),
        };
        let end = self.cursor.mark;
        self.cursor.need(1)?;
        self.end_of_line(start)?;
        Ok(Token { kind, start, end })
    }

    /// What may stand between an indicator and the end of its line.
    pub(super) fn end_of_line(&mut self, start: Mark) -> Result<(), Error> {
        self.cursor.skip_blanks()?;
        self.cursor.skip_comment()?;
        if !self.cursor.is_break_or_end(0) {
            return Err(self.error_from(start, "did not find expected comment or line break"));
        }
        if self.cursor.is_break(0) {
            self.cursor.need(2)?;
            self.cursor.skip_break();
        }
        Ok(())
    }

    fn word(&mut self, text: &mut String) -> Result<(), Error> {
        self.cursor.need(1)?;
        while self.cursor.is_word() {
            self.cursor.take(text);
            self.cursor.need(1)?;
        }
        Ok(())
    }

    fn directive_name(&mut self, start: Mark) -> Result<String, Error> {
        let mut name = String::new();
        self.word(&mut name)?;
        if name.is_empty() {
            return Err(self.error_from(start, "could not find expected directive name"));
        }
        if !self.cursor.is_blank_or_end(0) {
            return Err(self.error_from(start, "found unexpected non-alphabetical character"));
        }
        Ok(name)
    }

    fn version(&mut self, start: Mark) -> Result<TokenKind, Error> {
        self.cursor.need(1)?;
        self.cursor.skip_blanks()?;
        let major = self.version_number(start)?;
        if self.cursor.byte(0) != b'.' {
            return Err(self.error_from(start, "did not find expected digit or '.' character"));
        }
        self.cursor.skip();
        let minor = self.version_number(start)?;
        Ok(TokenKind::Version { major, minor })
    }

    fn version_number(&mut self, start: Mark) -> Result<u8, Error> {
        self.cursor.need(1)?;
        let mut value = 0;
        let mut length = 0;
        while self.cursor.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.error_from(start, "found extremely long version number"));
            }
            value = value * 10 + (self.cursor.byte(0) - b'0');
            self.cursor.skip();
            self.cursor.need(1)?;
        }
        if length == 0 {
            return Err(self.error_from(start, "did not find expected version number"));
        }
        Ok(value)
    }

    fn tag_directive(&mut self, start: Mark) -> Result<TokenKind, Error> {
        self.cursor.need(1)?;
        self.cursor.skip_blanks()?;
        let handle = self.tag_handle(true, start)?;
        self.cursor.need(1)?;
        if !self.cursor.is_blank(0) {
            return Err(self.error_from(start, "did not find expected whitespace"));
        }
        self.cursor.skip_blanks()?;
        let prefix = self.tag_uri(None, start)?;
        self.cursor.need(1)?;
        if !self.cursor.is_blank_or_end(0) {
            return Err(self.error_from(start, "did not find expected whitespace or line break"));
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    pub(super) fn anchor(&mut self, alias: bool) -> Result<Token, Error> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        self.word(&mut name)?;
        let end = self.cursor.mark;
        let ends = self.cursor.is_blank_or_end(0)
            || matches!(self.cursor.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(self.error_from(start, "did not find expected alphabetic or numeric character"));
        }
        let kind = if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        Ok(Token { kind, start, end })
    }

    pub(super) fn tag(&mut self) -> Result<Token, Error> {
        let start = self.cursor.mark;
        self.cursor.need(2)?;
        let (handle, suffix) = if self.cursor.byte(1) == b'<' {
            self.cursor.skip_many(2);
            let suffix = self.tag_uri(None, start)?;
            if self.cursor.byte(0) != b'>' {
                return Err(self.error_from(start, "did not find the expected '>'"));
            }
            self.cursor.skip();
            (String::new(), suffix)
        } else {
            let handle = self.tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.tag_uri(None, start)?;
                (handle, suffix)
            } else {
                // `!name` is the handle `!` with a suffix, and `!` alone a tag without a handle.
                let suffix = self.tag_uri(Some(&handle), start)?;
                if suffix.is_empty() { (suffix, "!".to_owned()) } else { ("!".to_owned(), suffix) }
            }
        };
        self.cursor.need(1)?;
        if !self.cursor.is_blank_or_end(0) {
            return Err(self.error_from(start, "did not find expected whitespace or line break"));
        }
        Ok(Token { kind: TokenKind::Tag { handle, suffix }, start, end: self.cursor.mark })
    }

    fn tag_handle(&mut self, directive: bool, start: Mark) -> Result<String, Error> {
        self.cursor.need(1)?;
        if self.cursor.byte(0) != b'!' {
            return Err(self.error_from(start, "did not find expected '!'"));
        }
        let mut handle = String::new();
        self.cursor.take(&mut handle);
        self.word(&mut handle)?;
        if self.cursor.byte(0) == b'!' {
            self.cursor.take(&mut handle);
        } else if directive && handle != "!" {
            return Err(self.error_from(start, "did not find expected '!'"));
        }
        Ok(handle)
    }

    /// The rest of a tag; `head` is what was taken for a handle and is none.
    fn tag_uri(&mut self, head: Option<&str>, start: Mark) -> Result<String, Error> {
        let mut bytes = head.and_then(|head| head.get(1..)).unwrap_or_default().as_bytes().to_vec();
        let mut any = head.is_some();
        self.cursor.need(1)?;
        loop {
            match self.cursor.byte(0) {
                b'%' => self.escaped(start, &mut bytes)?,
                byte if self.cursor.is_word() || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    bytes.push(byte);
                    self.cursor.skip();
                }
                _ => break,
            }
            self.cursor.need(1)?;
            any = true;
        }
        if !any {
            return Err(self.error_from(start, "did not find expected tag URI"));
        }
        // Tags are only compared with tags that are ASCII.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One character in the notation of URIs.
    fn escaped(&mut self, start: Mark, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = None;
        loop {
            self.cursor.need(3)?;
            let octet = match (self.cursor.byte(0), hex(self.cursor.byte(1)), hex(self.cursor.byte(2))) {
                (b'%', Some(high), Some(low)) => high << 4 | low,
                _ => return Err(self.error_from(start, "did not find URI escaped octet")),
            };
            let more = match left {
                None => match octet {
                    0x00..=0x7f => 0,
                    0xc0..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf7 => 3,
                    _ => return Err(self.error_from(start, "found an incorrect leading UTF-8 octet")),
                },
                Some(_) if octet & 0xc0 != 0x80 => {
                    return Err(self.error_from(start, "found an incorrect trailing UTF-8 octet"));
                }
                Some(left) => left - 1,
            };
            bytes.push(octet);
            self.cursor.skip_many(3);
            if more == 0 {
                return Ok(());
            }
            left = Some(more);
        }
    }
}

pub(super) fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
