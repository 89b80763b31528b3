//! Breaking texts into lines.

use aurak_gotemplate::{Functions, Value};

use super::{find, find_last};
use crate::table::{I, S, add};

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["wrap"], &[I, S], S, |_, a| Ok(Value::str(wrapped(&a.str(1), a.int(0), b"", false))));
    add(table, &["wrapWith"], &[I, S, S], S, |context, a| {
        let (width, line_end, text) = (a.int(0), a.str(1), a.str(2));
        // A break after every byte is the most there can be.
        let most = text.len() / usize::try_from(width.max(1)).unwrap_or(usize::MAX);
        context.spend_bytes(line_end.len().saturating_mul(most))?;
        Ok(Value::str(wrapped(&text, width, &line_end, true)))
    });
}

fn wrapped(text: &[u8], width: i64, line_end: &[u8], break_words: bool) -> Vec<u8> {
    let line_end = if line_end.is_empty() { b"\n" } else { line_end };
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let at = match find_last(&rest[..=width], b" ") {
            Some(at) => at,
            None if break_words => {
                out.extend_from_slice(&rest[..width]);
                out.extend_from_slice(line_end);
                rest = &rest[width..];
                continue;
            }
            None => match find(&rest[width..], b" ") {
                Some(at) => at + width,
                None => {
                    out.extend_from_slice(rest);
                    return out;
                }
            },
        };
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(line_end);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out
}
