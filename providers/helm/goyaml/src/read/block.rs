//! Scalars that keep their lines: after `|`, and folded after `>`.

use super::scanner::Scanner;
use super::token::{Mark, Style, Token, TokenKind};
use crate::error::Error;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Scanner {
    pub(super) fn block_scalar(&mut self, literal: bool) -> Result<Token, Error> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let (chomping, increment) = self.block_header(start)?;
        self.cursor.need(1)?;
        self.end_of_line(start)?;

        let mut end = self.cursor.mark;
        // Zero means that the first line that is not empty decides.
        let mut indent = match increment {
            0 => 0,
            increment => usize::try_from(self.indent).unwrap_or(0) + increment,
        };
        let mut text = String::new();
        let mut first_break = String::new();
        let mut more_breaks = String::new();
        self.block_indentation(&mut indent, &mut more_breaks, start, &mut end)?;
        self.cursor.need(1)?;
        let mut was_indented = false;
        while self.cursor.mark.column == indent && !self.cursor.at_end() {
            let indented = self.cursor.is_blank(0);
            let folds = !literal && !was_indented && !indented && first_break == "\n";
            if !folds {
                text.push_str(&first_break);
            } else if more_breaks.is_empty() {
                text.push(' ');
            }
            text.push_str(&more_breaks);
            more_breaks.clear();
            was_indented = indented;
            while !self.cursor.is_break_or_end(0) {
                self.cursor.take(&mut text);
                self.cursor.need(1)?;
            }
            self.cursor.need(2)?;
            first_break.clear();
            self.cursor.take_break(&mut first_break);
            self.block_indentation(&mut indent, &mut more_breaks, start, &mut end)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&first_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&more_breaks);
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok(Token { kind: TokenKind::Scalar { text, style }, start, end })
    }

    /// The indicators after `|`, in any order.
    fn block_header(&mut self, start: Mark) -> Result<(Chomping, usize), Error> {
        self.cursor.need(1)?;
        let mut chomping = self.chomping();
        if chomping.is_some() {
            self.cursor.need(1)?;
        }
        let mut increment = 0;
        let digit = self.cursor.byte(0);
        if digit.is_ascii_digit() {
            if digit == b'0' {
                return Err(self.error_from(start, "found an indentation indicator equal to 0"));
            }
            increment = usize::from(digit - b'0');
            self.cursor.skip();
            if chomping.is_none() {
                self.cursor.need(1)?;
                chomping = self.chomping();
            }
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.byte(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.skip();
        Some(chomping)
    }

    /// Goes over the indentation of a line and over empty lines before it, and finds out how far the
    /// text is indented if that is not known.
    fn block_indentation(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        start: Mark,
        end: &mut Mark,
    ) -> Result<(), Error> {
        *end = self.cursor.mark;
        let mut deepest = 0;
        loop {
            self.cursor.need(1)?;
            while (*indent == 0 || self.cursor.mark.column < *indent) && self.cursor.byte(0) == b' ' {
                self.cursor.skip();
                self.cursor.need(1)?;
            }
            let column = self.cursor.mark.column;
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.cursor.byte(0) == b'\t' {
                let problem = "found a tab character where an indentation space is expected";
                return Err(self.error_from(start, problem));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.need(2)?;
            self.cursor.take_break(breaks);
            *end = self.cursor.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }
}
