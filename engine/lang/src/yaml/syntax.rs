//! The parser's own errors in our words.

use aurak_model::{Diagnostic, FileId, Span};
use saphyr_parser::ScanError;

use super::layout::Lines;

/// What the parser said, with a way out where it is a frequent one.
pub(super) fn diagnostic(file: FileId, lines: &Lines<'_>, error: &ScanError) -> Diagnostic {
    let mark = error.marker();
    let at_mark = Span { file, line: (mark.line() as u32).max(1), col: mark.col() as u32 + 1, len: 1 };
    let span = lines.within(at_mark);
    if error.info() == "recursion limit exceeded" {
        return too_deep(span);
    }
    let line = lines.line(span.line);
    let (what, help) = explain(error.info(), line);
    let diagnostic = Diagnostic::error("yaml", format!("this is not YAML: {what}")).at(span, "");
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// A node that is nested too deep.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error("too_deep", format!("lists and maps are nested more than {} deep", super::MAX_DEPTH))
        .at(span, "the next level starts here")
        .help("nothing that is configured needs this; look for brackets or dashes that were not meant")
}

/// An expression without quotes: YAML reads its braces as a map.
pub(super) fn unquoted_expression(span: Span) -> Diagnostic {
    Diagnostic::error("unquoted_expression", "an expression must be quoted")
        .at(span, "YAML reads `{` as the start of a map")
        .help("put the whole value in quotes: \"{{ ... }}\"")
}

fn explain(info: &str, line: &str) -> (String, Option<String>) {
    let text = |what: &str, help: &str| (what.to_string(), Some(help.to_string()));
    if opens_with_braces(line) {
        return text("an expression must be quoted", "put the whole value in quotes: \"{{ ... }}\"");
    }
    if line.trim_start_matches(' ').starts_with('\t') || info.contains("tab") {
        return text("a tab cannot indent", "indent with spaces");
    }
    match info {
        "mapping values are not allowed in this context" if line.matches(": ").count() > 1 => {
            text("a second `: ` on one line", "quote text that holds `: `")
        }
        "mapping values are not allowed in this context" | "illegal placement of ':' indicator" => text(
            "a key cannot stand here",
            "line it up with its neighbours, and see that what stands above it is complete: \
             a `:` behind its key, its brackets closed",
        ),
        "while scanning a quoted scalar, found unexpected end of stream" => {
            text("a quote is never closed", "close it with the same kind of quote")
        }
        "invalid indentation in quoted scalar" => text(
            "a quote is not closed, or its text is indented less than its key",
            "close it with the same kind of quote, or indent all lines of the text",
        ),
        "invalid trailing content after double-quoted scalar" => text(
            "something follows the closing quote",
            "put all of the value into the quotes, and write a quote inside as \\\"",
        ),
        "while parsing a quoted scalar, found unknown escape character" => text(
            "an unknown escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes, which have no escapes",
        ),
        "simple key expected" | "simple key expect ':'" | "simple key expected ':'" => {
            text("a key without `:`", "write `key: value`, and indent text that continues a value")
        }
        "while parsing a block mapping, did not find expected key" => text(
            "a key was expected here",
            "line it up with the keys above; quote a value that begins with a quote, `*`, `&` or `!`",
        ),
        "while parsing a block collection, did not find expected '-' indicator" => {
            text("an entry of the list was expected here", "line it up with the `-` above")
        }
        "while parsing a flow mapping, did not find expected ',' or '}'" => {
            text("`,` or `}` is missing before this", "close the map with `}`")
        }
        "while parsing a flow sequence, expected ',' or ']'" => {
            text("`,` or `]` is missing before this", "close the list with `]`")
        }
        "while parsing node, found unknown anchor" => text(
            "no anchor before this has the name",
            "write the anchor `&name` above it, or quote text that begins with `*`",
        ),
        "while parsing a node, did not find expected node content" => {
            text("a value is missing here", "write it, and close the brackets before it")
        }
        "invalid indentation in flow construct" | "invalid indentation" => {
            text("the indentation does not fit", "indent it more than the line that it belongs to")
        }
        info => {
            let what = info
                .strip_prefix("while ")
                .map_or(info, |rest| rest.split_once(", ").map_or(rest, |(_, what)| what));
            (what.to_string(), None)
        }
    }
}

/// Whether a value on this line starts with the braces of an expression.
fn opens_with_braces(line: &str) -> bool {
    let value = line.trim_start().trim_start_matches("- ");
    let value = value.split_once(": ").map_or(value, |(_, value)| value);
    value.trim_start().starts_with("{{")
}
