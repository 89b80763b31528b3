//! The source lines of a message, with its places marked.
//!
//! Lines longer than the output are shown through a window around the mark, and only that window is
//! ever looked at closely. Places that do not fit into one window get another look at the same line.

use aurak_model::Label;
use aurak_model::span::{FileId, Files};

use crate::paint::{Line, Role};
use crate::style::Style;
use crate::text::{self, TAB};

/// How many columns before a mark are kept in sight where a line is cut at the left.
const BEFORE: usize = 20;

/// The least room for the words of a label; the window moves to make it.
const LABEL: usize = 28;

/// The connector of a label stands in the middle of its mark, but no further to the right.
const MIDDLE: usize = 6;

/// A place on a line, in columns of what is shown.
struct Mark<'a> {
    start: usize,
    end: usize,
    label: &'a str,
    first: bool,
}

struct Glyphs {
    open: &'static str,
    next: &'static str,
    bar: &'static str,
    dots: &'static str,
    gap: &'static str,
    close: Option<&'static str>,
}

const BOXES: Glyphs =
    Glyphs {
        open: "╭─[", next: "├─[", bar: "│", dots: "·", gap: "⋮", close: Some("╰────")
    };
const LINES: Glyphs = Glyphs { open: "--> ", next: "--> ", bar: "|", dots: "|", gap: "...", close: None };

struct Canvas<'a> {
    style: &'a Style,
    glyphs: &'static Glyphs,
    boxes: bool,
    gutter: usize,
    role: Role,
    line: Line,
    out: &'a mut String,
}

/// Draws all labels: file by file in order of their first label, line by line.
pub(super) fn draw(labels: &[Label], files: &Files, role: Role, style: &Style, out: &mut String) {
    let mut order: Vec<FileId> = Vec::new();
    for label in labels {
        if !order.contains(&label.span.file) {
            order.push(label.span.file);
        }
    }
    let boxes = style.boxes && style.unicode;
    let last = labels.iter().map(|label| label.span.line).max().unwrap_or(0);
    let mut canvas = Canvas {
        style,
        glyphs: if boxes { &BOXES } else { &LINES },
        boxes,
        gutter: last.to_string().len(),
        role,
        line: Line::new(),
        out,
    };
    for (i, file) in order.iter().enumerate() {
        let mut own: Vec<(usize, &Label)> =
            labels.iter().enumerate().filter(|(_, label)| label.span.file == *file).collect();
        if let Some((_, first)) = own.first() {
            canvas.header(i == 0, &files.place(first.span));
        }
        own.sort_by_key(|(_, label)| (label.span.line, label.span.col));
        canvas.file(&own, files.text(*file));
    }
    if let (Some(close), false) = (canvas.glyphs.close, order.is_empty()) {
        canvas.line.pad(canvas.gutter + 1, 0).push(Role::Dim, close).end(canvas.out, style);
    }
}

impl Canvas<'_> {
    fn header(&mut self, first: bool, place: &str) {
        let place = text::clean(place).into_owned();
        let open = if first { self.glyphs.open } else { self.glyphs.next };
        self.line.pad(if self.boxes { self.gutter + 1 } else { self.gutter }, 0).push(Role::Dim, open);
        self.line.push(Role::Plain, &place);
        if self.boxes {
            self.line.push(Role::Dim, "]");
        }
        self.line.end(self.out, self.style);
    }

    /// The lines of one file that have marks, each with the line before it.
    fn file(&mut self, labels: &[(usize, &Label)], source: &str) {
        let mut lines = Lines::new(source);
        let mut shown: Option<u32> = None;
        let mut at = 0;
        while at < labels.len() {
            let number = labels[at].1.span.line;
            let count = labels[at..].iter().take_while(|(_, label)| label.span.line == number).count();
            let own = &labels[at..at + count];
            at += count;
            let before = number.checked_sub(1).filter(|n| *n > 0 && shown.is_none_or(|s| s < *n));
            if let (Some(shown), Some(before)) = (shown, before)
                && before > shown + 1
            {
                self.line.pad(self.gutter + 1, 0).push(Role::Dim, self.glyphs.gap);
                self.line.end(self.out, self.style);
            }
            let context =
                before.and_then(|n| lines.get(n)).map(|text| window(text, 0, self.room(), self.style));
            match lines.get(number) {
                None => self.unseen(own),
                Some(text) => {
                    if let (Some(context), Some(n)) = (context, before)
                        && !context.trim().is_empty()
                    {
                        self.source(n, &context);
                    }
                    self.marked(number, text, own);
                }
            }
            shown = Some(number);
        }
    }

    /// Labels whose text is not at hand.
    fn unseen(&mut self, labels: &[(usize, &Label)]) {
        for (_, label) in labels.iter().filter(|(_, label)| !label.text.is_empty()) {
            for piece in text::wrap(&label.text, self.room()) {
                self.gutter(None);
                self.line.push(self.role, &piece).end(self.out, self.style);
            }
        }
    }

    /// Columns for source text.
    fn room(&self) -> usize {
        self.style.columns() - self.gutter - 3
    }

    fn gutter(&mut self, number: Option<u32>) {
        match number {
            Some(n) => {
                self.line.push(Role::Dim, &format!("{n:>width$} {} ", self.glyphs.bar, width = self.gutter))
            }
            None => self
                .line
                .push(Role::Dim, &format!("{:width$} {} ", "", self.glyphs.dots, width = self.gutter)),
        };
    }

    fn source(&mut self, number: u32, shown: &str) {
        self.gutter(Some(number));
        self.line.push(Role::Plain, shown).end(self.out, self.style);
    }

    /// A line and its marks: as many as fit into the window around the first, then again for the
    /// rest.
    fn marked(&mut self, number: u32, source: &str, labels: &[(usize, &Label)]) {
        let room = self.room();
        let mut rest = labels;
        while let Some(((_, first), _)) = rest.split_first() {
            let offset = offset(source, first, room);
            let shown = window(source, offset, room, self.style);
            let mut marks = Vec::new();
            let mut taken = 0;
            let end = text::width(&shown);
            for (index, label) in rest {
                let (start, stop) = columns(source, offset, label, room);
                let overlaps = marks.last().is_some_and(|mark: &Mark<'_>| start < mark.end);
                if taken > 0 && (overlaps || start + middle(stop - start) + words(label, room) > room) {
                    break;
                }
                let start = start.min(end);
                let stop = stop.clamp(start + 1, end.max(start + 1));
                marks.push(Mark { start, end: stop, label: label.text.trim(), first: *index == 0 });
                taken += 1;
            }
            self.source(number, &shown);
            self.marks(&marks);
            rest = &rest[taken..];
        }
    }

    fn mark_role(&self, mark: &Mark<'_>) -> Role {
        if mark.first { self.role } else { Role::Help }
    }

    /// The row under a line, and a row for each label, from the right to the left.
    fn marks(&mut self, marks: &[Mark<'_>]) {
        self.gutter(None);
        let base = self.line.width();
        for mark in marks {
            let role = self.mark_role(mark);
            self.line.pad(base + mark.start, 0);
            let wide = mark.end - mark.start;
            let text = match (self.boxes, mark.label.is_empty()) {
                (true, true) => "─".repeat(wide),
                (true, false) => {
                    format!("{}┬{}", "─".repeat(middle(wide)), "─".repeat(wide - middle(wide) - 1))
                }
                (false, _) => "^".repeat(wide),
            };
            self.line.push(role, &text);
        }
        let mut labelled: Vec<&Mark<'_>> = marks.iter().filter(|mark| !mark.label.is_empty()).collect();
        // In the form of compilers the last label stands beside its mark where it fits.
        if !self.boxes
            && let Some(last) = labelled.last()
            && marks.last().is_some_and(|mark| !mark.label.is_empty())
            && self.line.width() + 1 + text::width(last.label) <= self.style.columns()
            && !last.label.contains('\n')
        {
            let (role, label) = (self.mark_role(last), text::clean(last.label).into_owned());
            self.line.push(Role::Plain, " ").push(role, &label);
            labelled.pop();
        }
        self.line.end(self.out, self.style);
        while let Some(mark) = labelled.pop() {
            let role = self.mark_role(mark);
            let boxes = self.boxes;
            let column = |mark: &Mark<'_>| match boxes {
                true => mark.start + middle(mark.end - mark.start),
                false => mark.start,
            };
            let lead = if self.boxes { "╰── " } else { "" };
            let at = column(mark) + text::width(lead);
            let room = self.room().saturating_sub(at).max(least(self.room()));
            for (i, piece) in text::wrap(mark.label, room).iter().enumerate() {
                // Marks further left still have their own row to come.
                let pending: Vec<(usize, Role)> =
                    labelled.iter().map(|m| (column(m), self.mark_role(m))).collect();
                self.gutter(None);
                for (column, role) in pending {
                    self.line.pad(base + column, 0).push(role, self.glyphs.bar);
                }
                if i == 0 {
                    self.line.pad(base + column(mark), 0).push(role, lead);
                } else {
                    self.line.pad(base + at, 0);
                }
                self.line.push(role, piece).end(self.out, self.style);
            }
        }
    }
}

/// The lines of a text by number, walked through once.
struct Lines<'a> {
    rest: Option<&'a str>,
    number: u32,
    current: Option<&'a str>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines { rest: (!text.is_empty()).then_some(text), number: 0, current: None }
    }

    /// A line; numbers must not go down.
    fn get(&mut self, number: u32) -> Option<&'a str> {
        while self.number < number {
            let rest = self.rest?;
            let (line, rest) = match rest.split_once('\n') {
                Some((line, rest)) => (line, Some(rest)),
                None => (rest, None),
            };
            self.current = Some(line.strip_suffix('\r').unwrap_or(line));
            self.rest = rest;
            self.number += 1;
        }
        (self.number == number).then_some(self.current).flatten()
    }
}

/// How many characters of a line are left out at its beginning, so that a label is in sight with
/// room for its words.
fn offset(source: &str, label: &Label, room: usize) -> usize {
    let first = (label.span.col as usize).saturating_sub(1);
    let (_, end) = columns(source, 0, label, room);
    let (start, _) = columns(source, 0, &Label { span: label.span, text: String::new() }, room);
    // Words hang from the middle of a mark.
    let needed = (start + middle(end - start) + words(label, room)).max(end.min(start + room / 2));
    if first < room && needed <= room {
        return 0;
    }
    first.saturating_sub(BEFORE.min(room / 4))
}

/// The columns that a label's words need beside its connector.
fn words(label: &Label, room: usize) -> usize {
    text::width(label.text.lines().next().unwrap_or("")).min(least(room)) + 4
}

/// The least room for words in an output: half of a narrow one.
fn least(room: usize) -> usize {
    LABEL.min((room / 2).saturating_sub(2))
}

/// Where on a mark its connector stands.
fn middle(wide: usize) -> usize {
    (wide / 2).min(MIDDLE)
}

/// The columns of a label in a window. Ends are cut far outside of it.
fn columns(source: &str, offset: usize, label: &Label, room: usize) -> (usize, usize) {
    let first = (label.span.col as usize).saturating_sub(1);
    let last = first + (label.span.len as usize).max(1);
    let mut column = usize::from(offset > 0);
    let (mut start, mut end) = (None, None);
    for (i, c) in source.chars().enumerate().skip(offset) {
        if i >= first && start.is_none() {
            start = Some(column);
        }
        if i >= last {
            end = Some(column);
            break;
        }
        if column > room * 2 {
            break;
        }
        column += shown_width(c, column);
    }
    let start = start.unwrap_or(column);
    (start, end.unwrap_or(column).max(start + 1))
}

/// What a character takes in the window.
fn shown_width(c: char, column: usize) -> usize {
    match c {
        '\t' => TAB - column % TAB,
        c if is_shown_as_is(c) => text::char_width(c),
        _ => 1,
    }
}

fn is_shown_as_is(c: char) -> bool {
    matches!(text::clean(c.encode_utf8(&mut [0; 4])), std::borrow::Cow::Borrowed(_))
}

/// A line from a character on, in at most `room` columns. What must not be shown is a `?`, to keep
/// one column for one character.
fn window(source: &str, offset: usize, room: usize, style: &Style) -> String {
    // One column, whichever it is.
    let missing = if style.unicode { '…' } else { '~' };
    let mut out = String::new();
    let mut column = 0;
    if offset > 0 {
        out.push(missing);
        column = 1;
    }
    for c in source.chars().skip(offset) {
        let wide = shown_width(c, column);
        if column + wide > room {
            // One column for the mark that something is left out.
            while column + 1 > room {
                column -= out.pop().map_or(1, text::char_width).max(1);
            }
            out.push(missing);
            break;
        }
        match c {
            '\t' => out.extend(std::iter::repeat_n(' ', wide)),
            c if is_shown_as_is(c) => out.push(c),
            _ => out.push('?'),
        }
        column += wide;
    }
    out
}
