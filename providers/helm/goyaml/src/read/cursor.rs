//! The place in the text, and what stands there.

use super::source::Source;
use super::token::Mark;
use crate::error::Error;

/// Walks over the characters of a [`Source`], counting lines and columns.
///
/// Looking never fails: after the last good character stands a NUL, which cannot occur in a text.
/// Whoever needs characters to be there asks for them with [`Cursor::need`] first.
#[derive(Debug)]
pub(crate) struct Cursor {
    source: Source,
    /// The byte of the text that is next.
    at: usize,
    pub(crate) mark: Mark,
    /// Characters up to the end of what is in Go's buffer, and windows that were read into it.
    loaded: usize,
    windows: usize,
    /// The byte of the text at which that buffer begins.
    buffer: usize,
    /// What was done, for the proof that reading is linear.
    pub(crate) steps: u64,
}

impl Cursor {
    pub(crate) fn new(source: Source) -> Cursor {
        let mark = Mark { offset: source.mark, ..Mark::default() };
        Cursor { source, at: 0, mark, loaded: 0, windows: 0, buffer: 0, steps: 0 }
    }

    /// Fails if less than `characters` more can be decoded because of a bad byte.
    pub(crate) fn need(&mut self, characters: usize) -> Result<(), Error> {
        let wanted = self.mark.index + characters;
        if self.loaded >= wanted {
            return Ok(());
        }
        self.buffer = self.at;
        while self.loaded < wanted {
            match (self.source.windows.get(self.windows), self.source.bad) {
                (Some(loaded), _) => {
                    self.loaded = *loaded;
                    self.windows += 1;
                }
                (None, Some(problem)) => {
                    return Err(Error::Syntax { line: None, problem: problem.to_owned() });
                }
                // At the end a NUL is put into the buffer each time.
                (None, None) => {
                    self.loaded += 1;
                    break;
                }
            }
        }
        Ok(())
    }

    /// The byte `ahead` of the next one.
    pub(crate) fn byte(&self, ahead: usize) -> u8 {
        self.source.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn character(&self) -> Option<char> {
        let first = *self.source.text.as_bytes().get(self.at)?;
        if first < 0x80 {
            return Some(char::from(first));
        }
        self.source.text.get(self.at..)?.chars().next()
    }

    pub(crate) fn at_end(&self) -> bool {
        self.byte(0) == 0
    }

    pub(crate) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    pub(crate) fn is_break(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            b'\r' | b'\n' => true,
            0xc2 => self.byte(ahead + 1) == 0x85,
            0xe2 => self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(crate) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    pub(crate) fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// A letter, a digit, `_` or `-`: what names are made of.
    pub(crate) fn is_word(&self) -> bool {
        matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// Whether a byte order mark is taken to be next. Go looks for it at the beginning of its buffer,
    /// wherever that is, and not at the next character.
    pub(crate) fn is_byte_order_mark(&self) -> bool {
        let buffer = self.source.text.as_bytes().get(self.buffer..);
        buffer.is_some_and(|buffer| buffer.starts_with(b"\xef\xbb\xbf"))
    }

    /// `---` or `...` at the beginning of a line.
    pub(crate) fn is_document_indicator(&self) -> bool {
        let here = self.byte(0);
        self.mark.column == 0
            && matches!(here, b'-' | b'.')
            && self.byte(1) == here
            && self.byte(2) == here
            && self.is_blank_or_end(3)
    }

    /// Goes over one character.
    pub(crate) fn skip(&mut self) {
        let Some(c) = self.character() else { return };
        let width = c.len_utf8();
        self.at += width;
        self.mark.offset += self.input_width(width);
        self.mark.index += 1;
        self.mark.column += 1;
        self.steps += 1;
    }

    pub(crate) fn skip_many(&mut self, characters: usize) {
        for _ in 0..characters {
            self.skip();
        }
    }

    /// Goes over one character that is added to `text`.
    pub(crate) fn take(&mut self, text: &mut String) {
        if let Some(c) = self.character() {
            text.push(c);
            self.skip();
        }
    }

    /// Goes over a line break, if one is next.
    pub(crate) fn skip_break(&mut self) {
        if !self.is_break(0) {
            return;
        }
        if self.byte(0) == b'\r' && self.byte(1) == b'\n' {
            self.skip();
        }
        self.skip();
        self.mark.column = 0;
        self.mark.line += 1;
    }

    /// Goes over a line break, if one is next, and adds it to `text`: as a line feed, but for the two
    /// separators of Unicode, which stay.
    pub(crate) fn take_break(&mut self, text: &mut String) {
        if !self.is_break(0) {
            return;
        }
        if self.byte(0) == 0xe2 {
            text.extend(self.character());
        } else {
            text.push('\n');
        }
        self.skip_break();
    }

    /// Goes over spaces and tabs.
    pub(crate) fn skip_blanks(&mut self) -> Result<(), Error> {
        while self.is_blank(0) {
            self.skip();
            self.need(1)?;
        }
        Ok(())
    }

    /// Goes over a comment, if one is next, up to the break after it.
    pub(crate) fn skip_comment(&mut self) -> Result<(), Error> {
        if self.byte(0) == b'#' {
            while !self.is_break_or_end(0) {
                self.skip();
                self.need(1)?;
            }
        }
        Ok(())
    }

    fn input_width(&self, utf8: usize) -> usize {
        match (self.source.wide, utf8) {
            (false, width) => width,
            (true, 4) => 4,
            (true, _) => 2,
        }
    }
}
