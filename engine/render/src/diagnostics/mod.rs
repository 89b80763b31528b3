//! Errors, warnings and notes as text, with the lines of the sources that they are about.
//!
//! Drawn by hand in miette's look: its handler prints source lines whole (a line of 10 MB too), wants
//! byte offsets where we have lines and columns, and cannot put places of several files into one box.
//! Without boxes the form is that of compilers, `error: ...` and `--> file:line:column`, which logs
//! keep intact and editors recognise.

mod snippet;

use aurak_model::span::Files;
use aurak_model::{Diagnostic, Severity};

use crate::paint::{Line, Role};
use crate::style::{Detail, Style};
use crate::text;
use crate::words::{count, number};

/// How many messages are shown in full; one cause can touch a thousand places.
const SHOWN: usize = 50;

/// All messages, in the caller's order, and a line that counts them.
pub fn diagnostics(list: &[Diagnostic], files: &Files, style: &Style) -> String {
    let mut out = String::new();
    let shown = if style.detail == Detail::Full { list.len() } else { SHOWN.min(list.len()) };
    for one in &list[..shown] {
        out.push_str(&diagnostic(one, files, style));
        if style.detail != Detail::Short {
            out.push('\n');
        }
    }
    let mut line = Line::new();
    if shown < list.len() {
        let rest = number((list.len() - shown) as u64);
        line.push(Role::Dim, &format!("{} {rest} more; --detail shows them", style.ellipsis()));
        line.end(&mut out, style);
    }
    let summary = summary(list);
    if !summary.is_empty() {
        line.push(if list.iter().any(Diagnostic::is_error) { Role::Error } else { Role::Strong }, &summary);
        line.end(&mut out, style);
    }
    out
}

/// `2 errors, 1 warning`; empty for none.
pub fn summary(list: &[Diagnostic]) -> String {
    let of = |severity| list.iter().filter(|d| d.severity == severity).count() as u64;
    [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .filter(|(severity, _)| of(*severity) > 0)
        .map(|(severity, word)| count(of(severity), word))
        .collect::<Vec<_>>()
        .join(", ")
}

/// One message: what, where, why, and what to do.
pub fn diagnostic(diagnostic: &Diagnostic, files: &Files, style: &Style) -> String {
    let Diagnostic { severity, code: _, summary, detail, labels, help, address } = diagnostic;
    let mut out = String::new();
    let mut line = Line::new();
    let (role, head) = head(*severity, style);
    let columns = style.columns();

    // A line is what was asked for; what follows, such as the words of a command, is shown below.
    let (summary, more) = summary.trim().split_once('\n').unwrap_or((summary.trim(), ""));
    let mut summary = text::clean(summary.trim_end()).into_owned();
    let address = address.as_ref().map(|a| text::clean(a.as_str()).into_owned());
    if style.detail == Detail::Short {
        // `file:line:column: error: what`, as tools expect it.
        if let Some(label) = labels.first() {
            line.push(Role::Dim, &format!("{}: ", text::clean(&files.place(label.span))));
        } else if let Some(address) = address.filter(|a| !summary.contains(a.as_str())) {
            line.push(Role::Dim, &format!("{address}: "));
        }
        line.push(role, head).push(Role::Plain, &summary);
        line.end(&mut out, style);
        return out;
    }
    if let Some(address) = address.filter(|a| !summary.contains(a.as_str())) {
        summary = format!("{address}: {summary}");
    }
    for (i, piece) in
        text::wrap(&summary, columns.saturating_sub(text::width(head)).max(20)).iter().enumerate()
    {
        match i {
            0 => line.push(role, head),
            _ => line.pad(text::width(head), 0),
        };
        line.push(Role::Strong, piece).end(&mut out, style);
    }
    for piece in text::wrap(more, columns - 2) {
        line.pad(2, 0).push(Role::Plain, &piece).end(&mut out, style);
    }
    snippet::draw(labels, files, role, style, &mut out);
    if let Some(detail) = detail {
        for piece in text::wrap(detail.trim_end(), columns - 2) {
            line.pad(2, 0).push(Role::Plain, &piece).end(&mut out, style);
        }
    }
    if let Some(help) = help {
        for (i, piece) in text::wrap(help.trim(), columns - 8).iter().enumerate() {
            match i {
                0 => line.push(Role::Help, "  help: "),
                _ => line.pad(8, 0),
            };
            line.push(Role::Plain, piece).end(&mut out, style);
        }
    }
    out
}

fn head(severity: Severity, style: &Style) -> (Role, &'static str) {
    match (severity, style.boxes && style.unicode) {
        (Severity::Error, true) => (Role::Error, "× "),
        (Severity::Warning, true) => (Role::Warning, "! "),
        (Severity::Note, true) => (Role::Note, "· "),
        (Severity::Error, false) => (Role::Error, "error: "),
        (Severity::Warning, false) => (Role::Warning, "warning: "),
        (Severity::Note, false) => (Role::Note, "note: "),
    }
}

#[cfg(test)]
mod tests;
