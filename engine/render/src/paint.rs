//! Lines made of painted pieces: layout counts columns, colour is added last and counts for nothing.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Color, Style as Ansi};

use crate::style::Style;
use crate::text;

/// What a piece of text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Strong,
    Dim,
    Create,
    Change,
    Replace,
    Delete,
    Drift,
    Error,
    Warning,
    Note,
    Help,
}

impl Role {
    fn ansi(self) -> Ansi {
        let fg = |colour| Ansi::new().fg_color(Some(Color::Ansi(colour)));
        match self {
            Role::Plain => Ansi::new(),
            Role::Strong => Ansi::new().bold(),
            Role::Dim => Ansi::new().dimmed(),
            Role::Create => fg(AnsiColor::Green),
            Role::Change => fg(AnsiColor::Yellow),
            Role::Replace => fg(AnsiColor::Magenta),
            Role::Delete => fg(AnsiColor::Red),
            Role::Drift => fg(AnsiColor::Blue),
            Role::Error => fg(AnsiColor::Red).bold(),
            Role::Warning => fg(AnsiColor::Yellow).bold(),
            Role::Note => fg(AnsiColor::Blue).bold(),
            Role::Help => fg(AnsiColor::Cyan),
        }
    }
}

/// A line being put together. One is reused for all lines of a text.
#[derive(Debug, Default)]
pub(crate) struct Line {
    text: String,
    /// Where each piece ends in `text`, and its role.
    pieces: Vec<(usize, Role)>,
    width: usize,
}

impl Line {
    pub(crate) fn new() -> Line {
        Line::default()
    }

    /// Adds a piece. It must be clean already.
    pub(crate) fn push(&mut self, role: Role, piece: &str) -> &mut Line {
        self.text.push_str(piece);
        self.pieces.push((self.text.len(), role));
        self.width += text::width(piece);
        self
    }

    /// Adds spaces up to a column, and `least` of them where the line is there already.
    pub(crate) fn pad(&mut self, column: usize, least: usize) -> &mut Line {
        let spaces = column.saturating_sub(self.width).max(least);
        self.text.extend(std::iter::repeat_n(' ', spaces));
        self.pieces.push((self.text.len(), Role::Plain));
        self.width += spaces;
        self
    }

    /// The columns so far.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Cuts the line to a width.
    pub(crate) fn fit(&mut self, columns: usize, style: &Style) -> &mut Line {
        if self.width > columns {
            let cut = text::cut(&self.text, columns, style.ellipsis()).into_owned();
            let kept = cut.len() - style.ellipsis().len();
            let role = self.pieces.iter().find(|(end, _)| *end > kept).map_or(Role::Plain, |(_, r)| *r);
            self.pieces.retain(|(end, _)| *end < kept);
            self.pieces.push((cut.len(), role));
            self.width = text::width(&cut);
            self.text = cut;
        }
        self
    }

    /// Appends the line and a line break, without spaces at its end, and starts a new one.
    pub(crate) fn end(&mut self, out: &mut String, style: &Style) {
        self.end_unbroken(out, style);
        out.push('\n');
    }

    /// Appends the line without a line break and starts a new one.
    pub(crate) fn end_unbroken(&mut self, out: &mut String, style: &Style) {
        let end = self.text.trim_end_matches(' ').len();
        if style.colour {
            let mut start = 0;
            for (stop, role) in self.pieces.drain(..) {
                let stop = stop.min(end);
                if start < stop {
                    paint(out, role, &self.text[start..stop]);
                    start = stop;
                }
            }
        } else {
            out.push_str(&self.text[..end]);
            self.pieces.clear();
        }
        self.text.clear();
        self.width = 0;
    }
}

fn paint(out: &mut String, role: Role, piece: &str) {
    let ansi = role.ansi();
    if ansi.is_plain() || piece.bytes().all(|b| b == b' ') {
        out.push_str(piece);
        return;
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "{ansi}{piece}{ansi:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_does_not_change_the_layout() {
        let mut out = String::new();
        for style in [Style::plain(), Style::terminal(80)] {
            let mut line = Line::new();
            line.push(Role::Create, "+").pad(2, 1).push(Role::Plain, "漢").pad(6, 1).push(Role::Dim, "x  ");
            line.end(&mut out, &style);
        }
        assert_eq!(out, "+ 漢  x\n\x1b[32m+\x1b[0m 漢  \x1b[2mx\x1b[0m\n");
    }

    #[test]
    fn a_line_is_cut_to_its_width() {
        let mut out = String::new();
        let mut line = Line::new();
        line.push(Role::Create, "abc").push(Role::Dim, "def");
        line.fit(5, &Style::terminal(80)).end(&mut out, &Style::terminal(80));
        assert_eq!(out, "\x1b[32mabc\x1b[0m\x1b[2md…\x1b[0m\n");
    }
}
