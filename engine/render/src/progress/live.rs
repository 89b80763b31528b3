//! A block at the bottom of the output that is drawn again and again.
//!
//! Only three sequences are used, which every terminal of the last decades knows: cursor up, erase
//! to the end of the line, erase to the end of the screen. The block is not cleared before it is
//! written, so that nothing flickers; only a change of the width clears it.

use std::fmt::Write as _;

use crate::text;

/// What is on the screen.
#[derive(Debug, Default)]
pub struct Live {
    /// The widths of the lines of the block as drawn.
    drawn: Vec<usize>,
    /// The terminal's width then.
    width: u16,
}

impl Live {
    /// Nothing yet.
    pub fn new() -> Live {
        Live::default()
    }

    /// The text that puts `permanent` where the block was and `frame` below it, for a terminal that
    /// is `width` columns wide now. Both end with a line break or are empty.
    pub fn draw(&mut self, permanent: &str, frame: &str, width: u16) -> String {
        let mut out = String::with_capacity(permanent.len() + frame.len() + 64);
        let up = self.rows(width);
        if up > 0 {
            // Writing to a String cannot fail.
            let _ = write!(out, "\r\x1b[{up}A");
            // A terminal that wrapped the block remembers which rows belong together, and would
            // join them again when it becomes wider; only rows that were erased are forgotten.
            if width != self.width {
                out.push_str("\x1b[J");
            }
        }
        for line in permanent.lines().chain(frame.lines()) {
            out.push_str(line);
            out.push_str(if up > 0 { "\x1b[K\n" } else { "\n" });
        }
        if up > 0 {
            out.push_str("\x1b[J");
        }
        self.drawn = frame.lines().map(visible_width).collect();
        self.width = width;
        out
    }

    /// The text that takes the block away.
    pub fn clear(&mut self, width: u16) -> String {
        self.draw("", "", width)
    }

    /// How many rows the block takes now: a terminal that became narrower has wrapped its lines.
    fn rows(&self, width: u16) -> usize {
        let width = usize::from(width.max(1));
        self.drawn.iter().map(|line| line.div_ceil(width).max(1)).sum()
    }
}

/// The columns of a line without its colours.
fn visible_width(line: &str) -> usize {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    text::width(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that knows what `Live` uses, and wraps.
    struct Screen {
        rows: Vec<String>,
        row: usize,
    }

    impl Screen {
        fn feed(&mut self, text: &str) {
            let mut rest = text;
            while !rest.is_empty() {
                if let Some(after) = rest.strip_prefix("\x1b[J") {
                    self.rows.truncate(self.row);
                    rest = after;
                } else if let Some(after) = rest.strip_prefix("\x1b[K") {
                    rest = after;
                } else if let Some(after) = rest.strip_prefix("\r\x1b[") {
                    let (n, after) = after.split_once('A').unwrap();
                    self.row -= n.parse::<usize>().unwrap();
                    rest = after;
                } else {
                    let (line, after) = rest.split_once('\n').unwrap();
                    let line = line.strip_suffix("\x1b[K").unwrap_or(line);
                    self.rows.resize(self.rows.len().max(self.row + 1), String::new());
                    self.rows[self.row] = line.to_string();
                    self.row += 1;
                    rest = after;
                }
            }
        }
    }

    #[test]
    fn permanent_lines_stay_and_the_block_is_replaced() {
        let mut screen = Screen { rows: Vec::new(), row: 0 };
        let mut live = Live::new();
        screen.feed(&live.draw("", "head\na\nb\n", 20));
        screen.feed(&live.draw("done a\n", "head\nb\n", 20));
        assert_eq!(screen.rows, ["done a", "head", "b"]);
        screen.feed(&live.draw("done b\n", "", 20));
        assert_eq!(screen.rows, ["done a", "done b"]);
        assert_eq!(live.clear(20), "");
    }

    #[test]
    fn a_narrower_terminal_has_wrapped_the_block() {
        let mut live = Live::new();
        live.draw("", "\x1b[1m0123456789\x1b[0m0123456789\nx\n\n", 40);
        assert_eq!(live.draw("", "", 10), "\r\x1b[4A\x1b[J\x1b[J");
    }
}
