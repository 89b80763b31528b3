//! Texts in each style.

use super::analysis::{is_break, is_printable};
use super::emitter::Emitter;
use crate::error::Error;

impl Emitter<'_> {
    /// Without quotes. `folds` says whether lines may end at spaces.
    pub(super) fn plain(&mut self, text: &str, folds: bool) -> Result<(), Error> {
        if !self.whitespace && !text.is_empty() {
            self.put(' ')?;
        }
        self.flowing(text, folds, false)?;
        if !text.is_empty() {
            self.whitespace = false;
        }
        self.indention = false;
        Ok(())
    }

    pub(super) fn single_quoted(&mut self, text: &str, folds: bool) -> Result<(), Error> {
        self.indicator("'", true, false, false)?;
        self.flowing(text, folds, true)?;
        self.indicator("'", false, false, false)?;
        self.whitespace = false;
        self.indention = false;
        Ok(())
    }

    /// The inside of both styles above.
    fn flowing(&mut self, text: &str, folds: bool, quoted: bool) -> Result<(), Error> {
        let mut spaces = false;
        let mut breaks = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if c == ' ' {
                let next = characters.peek();
                let inside = !quoted || !first && next.is_some();
                if folds && !spaces && self.is_wide() && inside && next != Some(&' ') {
                    self.write_indent()?;
                } else {
                    self.put(c)?;
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break()?;
                }
                self.write_break(c)?;
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent()?;
                }
                if quoted && c == '\'' {
                    self.put(c)?;
                }
                self.put(c)?;
                self.indention = false;
                spaces = false;
                breaks = false;
            }
            first = false;
        }
        Ok(())
    }

    pub(super) fn double_quoted(&mut self, text: &str, folds: bool) -> Result<(), Error> {
        self.indicator("\"", true, false, false)?;
        // A mark at the beginning makes Go take all characters for marks.
        let marked = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if marked || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c)?;
                spaces = false;
            } else if c == ' ' {
                let next = characters.peek().copied();
                if folds && !spaces && self.is_wide() && !first && next.is_some() {
                    self.write_indent()?;
                    if next == Some(' ') {
                        self.put('\\')?;
                    }
                } else {
                    self.put(c)?;
                }
                spaces = true;
            } else {
                self.put(c)?;
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false, false)?;
        self.whitespace = false;
        self.indention = false;
        Ok(())
    }

    fn escape(&mut self, c: char) -> Result<(), Error> {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let escape = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                return escape.chars().try_for_each(|c| self.put(c));
            }
        };
        self.put('\\')?;
        self.put(short)
    }

    /// After `|`.
    pub(super) fn literal(&mut self, text: &str) -> Result<(), Error> {
        self.indicator("|", true, false, false)?;
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            // Both generations write the indentation they were given, however far they indent.
            self.indicator("2", false, false, false)?;
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next()) {
            (false, _) => self.indicator("-", false, false, false)?,
            (true, None) => self.indicator("+", false, false, false)?,
            (true, Some(before)) if is_break(before) => self.indicator("+", false, false, false)?,
            (true, Some(_)) => {}
        }
        self.put_break()?;
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.write_break(c)?;
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent()?;
                }
                self.put(c)?;
                self.indention = false;
                breaks = false;
            }
        }
        Ok(())
    }
}
