//! Refuses expressions that nest too deeply, before they reach the parser.
//!
//! minijinja bounds the depth of brackets, but not of `not not not ...`, of chains of `else`, and of
//! the left-leaning trees that long chains of operators become; walking or dropping those recurses
//! as deep as they are. So the depth of the tree is bounded here, from above and without recursion:
//! every open bracket and every operator since the last comma counts.

use crate::error::{ErrorKind, ExprError, Place, Res};
use crate::splitter::end_of_string;

/// How deep an expression may nest. No expression that a person can read comes near it; at this
/// depth parsing, evaluating and dropping need a fraction of the 2 MB stack of a thread.
const MAX_DEPTH: usize = 200;

pub(crate) fn check(source: &str, base: usize) -> Res<()> {
    let bytes = source.as_bytes();
    let mut open: Vec<usize> = vec![0];
    let mut total = 0usize;
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        let mut counts = false;
        match bytes[i] {
            b'\'' | b'"' => i = end_of_string(bytes, i).unwrap_or(bytes.len()),
            b'(' | b'[' | b'{' => {
                // The bracket itself may be a call or a subscript, another operator.
                count(&mut open, &mut total);
                open.push(0);
            }
            b')' | b']' | b'}' if open.len() > 1 => total -= open.pop().unwrap_or(0),
            b',' => {
                if let Some(last) = open.last_mut() {
                    total -= *last;
                    *last = 0;
                }
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'~' | b'|' | b'.' | b'<' | b'>' | b'=' | b'!' => {
                counts = true
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9' => {
                while i + 1 < bytes.len() && (bytes[i + 1].is_ascii_alphanumeric() || bytes[i + 1] == b'_') {
                    i += 1;
                }
                counts = matches!(&source[start..=i], "not" | "if" | "else" | "is" | "in" | "and" | "or");
            }
            _ => {}
        }
        if counts {
            count(&mut open, &mut total);
        }
        if total + open.len() > MAX_DEPTH {
            return Err(Box::new(
                ExprError::new(ErrorKind::Syntax, "this expression nests too deeply")
                    .help("name parts of it with `let`")
                    .at(Place::new(base + start, base + (i + 1).min(bytes.len()))),
            ));
        }
        i += 1;
    }
    Ok(())
}

fn count(open: &mut [usize], total: &mut usize) {
    if let Some(last) = open.last_mut() {
        *last += 1;
        *total += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_and_length_does_not() {
        let ok = [
            "a.b.c".to_string(),
            vec!["a.b ~ 1"; 5_000].join(", "),
            format!("[{}]", vec!["{'a': x | upper}"; 5_000].join(", ")),
            format!("'{}'", "not (((".repeat(10_000)),
            vec!["a"; 150].join(" ~ "),
        ];
        for text in ok {
            assert!(check(&text, 0).is_ok(), "{}", &text[..20.min(text.len())]);
        }
        let bad = [
            "not ".repeat(300),
            "-".repeat(300),
            "(".repeat(300),
            "[".repeat(100_000),
            vec!["a"; 300].join(" + "),
            format!("x{}", "|upper".repeat(300)),
            format!("x{}", "[0]".repeat(300)),
            format!("x{}", ".a".repeat(300)),
            "a if b else ".repeat(150),
            format!("{}a", "f(".repeat(300)),
        ];
        for text in bad {
            assert!(check(&text, 0).is_err(), "{}", &text[..20]);
        }
    }
}
