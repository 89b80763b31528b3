//! Finds the `{{ }}` in a scalar. Only these are special: `{%` and `{#` are text.
//!
//! Quotes and nested braces inside an expression are respected, so `{{ {'a': {'b': 1}} }}` and
//! `{{ '}}' }}` are each one expression. Whether what is between the braces is an expression is for
//! the parser to say; this knows only what can never begin one, because that is how text of Helm
//! charts, Go and Prometheus templates looks.

use crate::error::{ErrorKind, ExprError, Place, Res};

/// What to do about braces that were meant as text.
pub(crate) const RAW_HELP: &str =
    "write `!raw` before the value if this is text for Helm, Go templates or Prometheus";

/// A piece of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text between expressions.
    Text(&'a str),
    /// What stands between two pairs of braces, with the offset of its first byte.
    Expr { source: &'a str, base: usize },
}

/// Whether there is anything to evaluate.
pub fn has_expressions(text: &str) -> bool {
    text.contains("{{")
}

pub(crate) fn split(text: &str) -> Res<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find("{{") {
        let open = from + found;
        if open > from {
            pieces.push(Piece::Text(&text[from..open]));
        }
        let base = open + 2;
        let len = end_of_expression(text, open)?;
        pieces.push(Piece::Expr { source: &text[base..base + len], base });
        from = base + len + 2;
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    Ok(pieces)
}

/// The length of the expression after the braces at `open`, without the closing ones.
fn end_of_expression(text: &str, open: usize) -> Res<usize> {
    let base = open + 2;
    refuse_other_languages(text, base)?;
    let bytes = text.as_bytes();
    let mut braces = 0usize;
    let mut i = base;
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'\'' | b'"' => match end_of_string(bytes, i) {
                Some(end) => i = end,
                None => {
                    return syntax("this quote is not closed", i, i + 1)
                        .map_err(|e| Box::new(e.help("close the quote before the `}}`")));
                }
            },
            b'{' => braces += 1,
            b'}' if braces > 0 => braces -= 1,
            b'}' if bytes.get(i + 1) == Some(&b'}') => return Ok(i - base),
            _ => {}
        }
        i += 1;
    }
    syntax("`{{` is not closed", open, open + 2).map_err(|e| {
        Box::new(e.help(
            "write `}}` after the expression; where the braces are meant as text, write `!raw` before the value",
        ))
    })
}

/// The index of the closing quote of a string.
pub(crate) fn end_of_string(bytes: &[u8], quote: usize) -> Option<usize> {
    let mut i = quote + 1;
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'\\' => i += 1,
            b if b == bytes[quote] => return Some(i),
            _ => {}
        }
        i += 1;
    }
    None
}

/// Things that begin an action of a Go template and never a Jinja expression.
fn refuse_other_languages(text: &str, base: usize) -> Res<()> {
    let rest = &text[base..];
    if rest.starts_with('-') {
        return syntax(
            "`{{-` trims white space in other template languages, and means nothing here",
            base,
            base + 1,
        )
        .map_err(|e| {
            Box::new(e.help(format!("{RAW_HELP}; to negate a number, put a space before the `-`")))
        });
    }
    let first = rest.trim_start();
    let at = base + (rest.len() - first.len());
    for (mark, what) in [("$", "`$`"), (".", "`.`"), ("/*", "`/*`")] {
        if first.starts_with(mark) {
            return syntax(format!("{what} cannot begin an expression"), at, at + mark.len())
                .map_err(|e| Box::new(e.help(RAW_HELP)));
        }
    }
    Ok(())
}

/// Whether a text that did not parse looks like an action of a Go template.
pub(crate) fn looks_like_go(source: &str) -> bool {
    let source = source.trim_start();
    let word = source.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    let keyword = matches!(
        word,
        "if" | "range"
            | "with"
            | "end"
            | "else"
            | "define"
            | "block"
            | "include"
            | "template"
            | "toYaml"
            | "toJson"
            | "tpl"
            | "printf"
            | "quote"
            | "default"
            | "lookup"
            | "required"
            | "index"
    );
    (keyword && !source[word.len()..].trim_start().starts_with(['(', '|']))
        || source.contains(" .")
        || source.contains(" $")
        || source.contains("($")
        || source.contains("(.")
        || source.contains(":=")
        || source.trim_end().ends_with('-')
}

fn syntax<T>(message: impl Into<String>, start: usize, end: usize) -> Result<T, ExprError> {
    Err(ExprError::new(ErrorKind::Syntax, message).at(Place::new(start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match split(text) {
            Ok(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(t) => format!("T[{t}]"),
                    Piece::Expr { source, base } => {
                        assert!(text[*base..].starts_with(source));
                        format!("E[{source}]")
                    }
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(e) => format!("{}..{} {}", e.start, e.end, e.message),
        }
    }

    #[test]
    fn braces_are_found() {
        let table = [
            ("", ""),
            ("plain", "T[plain]"),
            ("{{ a }}", "E[ a ]"),
            ("x{{a}}y{{b}}", "T[x] E[a] T[y] E[b]"),
            ("{% if x %}{# no #}{ }", "T[{% if x %}{# no #}{ }]"),
            ("{{ {'a': {'b': 1}} }}", "E[ {'a': {'b': 1}} ]"),
            ("{{ '}}' }}", "E[ '}}' ]"),
            ("{{ \"a\\\"}}\" }}", "E[ \"a\\\"}}\" ]"),
            ("{{ f(a }} b", "E[ f(a ] T[ b]"),
            ("{{ a }}}", "E[ a ] T[}]"),
            ("é{{ é }}", "T[é] E[ é ]"),
            ("}} {{a}}", "T[}} ] E[a]"),
            ("a {{ b", "2..4 `{{` is not closed"),
            ("{{", "0..2 `{{` is not closed"),
            ("{{ it's }}", "5..6 this quote is not closed"),
            ("{{ $labels.x }}", "3..4 `$` cannot begin an expression"),
            ("a{{.Values.x}}", "3..4 `.` cannot begin an expression"),
            ("{{/* c */}}", "2..4 `/*` cannot begin an expression"),
            ("{{- x }}", "2..3 `{{-` trims white space in other template languages, and means nothing here"),
            ("{{ -1 }}", "E[ -1 ]"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
