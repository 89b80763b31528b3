//! Lines and columns: from the parser's marks to our spans, and from the text of a scalar to the
//! places of its characters in the file.

use aurak_model::Span;
use aurak_model::program::Layout;
use saphyr_parser::ScalarStyle;

/// The line and column (both from 1, the column in characters) that follow a text.
pub(super) fn position(before: &str) -> (u32, u32) {
    let lines = Lines::new(before);
    let line = lines.starts.len();
    let col = before[lines.starts[line - 1]..].chars().count() + 1;
    (line as u32, col as u32)
}

/// The starts of a text's lines, as the parser counts them: `\n`, `\r\n` and `\r` end one.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The last line that is not blank.
    last: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Lines<'a> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (i, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                starts.push(i + 1);
            }
        }
        let mut lines = Lines { text, last: starts.len() as u32, starts };
        while lines.last > 1 && lines.line(lines.last).trim().is_empty() {
            lines.last -= 1;
        }
        lines
    }

    /// A line without its end; empty behind the last.
    pub(super) fn line(&self, line: u32) -> &'a str {
        let Some(start) = self.starts.get((line as usize).wrapping_sub(1)) else { return "" };
        let end = self.starts.get(line as usize).copied().unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\r', '\n'])
    }

    /// A place, or the end of the last line with text where it lies behind that.
    pub(super) fn within(&self, span: Span) -> Span {
        let line = self.last;
        match span.line > line {
            true => Span { line, col: self.line(line).trim_end().chars().count() as u32 + 1, ..span },
            false => span,
        }
    }

    /// The rest of a line from a column on.
    pub(super) fn rest(&self, line: u32, col: u32) -> &'a str {
        let line = self.line(line);
        let skip = col.saturating_sub(1) as usize;
        if line.is_ascii() {
            return line.get(skip..).unwrap_or("");
        }
        line.char_indices().nth(skip).map_or("", |(i, _)| &line[i..])
    }

    /// Where a node starts that follows tags and anchors: the parser's mark is that of the first
    /// of these.
    pub(super) fn skip_properties(&self, span: Span) -> Span {
        let (mut line, mut rest) = (span.line, self.rest(span.line, span.col));
        let mut col = span.col;
        loop {
            let trimmed = rest.trim_start_matches([' ', '\t']);
            col += (rest.len() - trimmed.len()) as u32;
            rest = trimmed;
            if rest.starts_with(['!', '&']) {
                let end = rest.find([' ', '\t']).unwrap_or(rest.len());
                col += rest[..end].chars().count() as u32;
                rest = &rest[end..];
            } else if (rest.is_empty() || rest.starts_with('#')) && (line as usize) < self.starts.len() {
                line += 1;
                col = 1;
                rest = self.line(line);
            } else {
                break;
            }
        }
        if rest.is_empty() { span } else { Span { line, col, ..span } }
    }

    /// The `|` or `>` of a block scalar, from the place of its first line with content.
    pub(super) fn block_header(&self, content: Span, text: &str) -> Span {
        let blank = text.len() - text.trim_start_matches('\n').len();
        let mut line = content.line.saturating_sub(1);
        if blank < text.len() {
            line = line.saturating_sub(blank as u32);
        } else {
            // Nothing but blank lines: the mark is wherever these end.
            while line > 1 && self.line(line).trim().is_empty() {
                line -= 1;
            }
        }
        let header = self.line(line);
        let found = header.char_indices().enumerate().find(|(_, (at, c))| {
            let rest = header[*at + c.len_utf8()..]
                .trim_start_matches(|c: char| c == '+' || c == '-' || c.is_ascii_digit());
            matches!(c, '|' | '>') && (rest.trim().is_empty() || rest.trim_start().starts_with('#'))
        });
        match found {
            Some((col, _)) => Span { line, col: col as u32 + 1, len: 1, ..content },
            None => content,
        }
    }

    /// How the text of a scalar that starts at `span` lies in the file. `exact` is only said where
    /// a comparison of the two shows it.
    pub(super) fn layout(&self, span: Span, style: ScalarStyle, text: &str) -> Layout {
        match style {
            ScalarStyle::Plain => self.inline(span, 0, text),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.inline(span, 1, text),
            ScalarStyle::Literal | ScalarStyle::Folded => self.block(span, text),
        }
    }

    fn inline(&self, span: Span, skip: u32, text: &str) -> Layout {
        let exact = !text.contains('\n') && self.rest(span.line, span.col + skip).starts_with(text);
        Layout { skip, block: false, indent: 0, exact }
    }

    fn block(&self, span: Span, text: &str) -> Layout {
        let mut indent = None;
        let mut exact = true;
        for (i, expected) in text.strip_suffix('\n').unwrap_or(text).split('\n').enumerate() {
            let line = self.line(span.line + 1 + i as u32);
            if expected.is_empty() {
                exact &= line.trim_start_matches(' ').is_empty();
                continue;
            }
            // Indentation is made of spaces, so bytes and characters agree. What was folded is longer.
            let before = line.strip_suffix(expected);
            exact &= before.is_some_and(|before| {
                indent.is_none_or(|indent| indent == before.len()) && before.bytes().all(|b| b == b' ')
            });
            indent = indent.or(before.map(str::len));
        }
        let indent = indent.unwrap_or(0) as u32 + 1;
        Layout { skip: 0, block: true, indent: if exact { indent } else { 1 }, exact }
    }
}
