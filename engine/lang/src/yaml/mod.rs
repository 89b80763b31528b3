//! YAML as nodes with places.
//!
//! The parser's events are put together here with a stack of our own, never by recursion, and
//! within limits: what is nested too deep, too long or multiplied by aliases is an error with a
//! place, whatever its size. Scalars follow the YAML 1.2 core schema ([`scalar`]).
//!
//! What of YAML a configuration may use:
//! - One document. Keys are scalars and stand for their source text; a key twice is an error.
//! - Anchors and aliases copy a node with its places. An alias below its own anchor is an error, and
//!   all aliases of a file together copy at most [`MAX_COPIED`] nodes.
//! - The merge key `<<` (plain) with a map or a list of maps: keys that are written out win over
//!   merged ones, earlier maps over later ones.
//! - The tags `!raw` (no expressions in this node or below it) and `!!str` (text, whatever it looks
//!   like). Other tags are errors.

mod layout;
mod reader;
mod scalar;
mod syntax;

use std::sync::Arc;

use aurak_model::{Diagnostic, FileId, Files, Node, Span};

pub(crate) use scalar::is_yes_or_no;

/// How deep lists and maps may nest. Configurations stay below 20; 64 keeps every recursion over
/// nodes, here and in later phases, far from the end of a thread's stack.
pub const MAX_DEPTH: usize = 64;

/// How long one scalar may be, in bytes. Longer text belongs in a file of its own.
pub const MAX_SCALAR: usize = 1 << 20;

/// How long a file may be, in bytes: more than twice a stack of 100,000 resources. What is read takes up to
/// fifty times the room of its text; `include` splits what is larger.
pub const MAX_FILE: usize = 32 << 20;

/// How many nodes the aliases of one file may copy, all together.
pub const MAX_COPIED: usize = 100_000;

/// The codes of messages that say that a scalar has no value: nothing more needs to be said of it.
pub(crate) const SCALAR_CODES: [&str; 5] =
    ["leading_zero", "not_finite", "number_too_big", "scalar_too_long", "tag"];

/// A file that was read.
#[derive(Debug)]
pub struct Read {
    /// The document; `None` where it cannot be told what it says.
    pub root: Option<Node>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the bytes of a file.
pub fn read(files: &mut Files, name: &str, bytes: Vec<u8>) -> Read {
    if bytes.len() > MAX_FILE {
        let file = files.add(name, "".into());
        return failed(
            Diagnostic::error("too_big", format!("{name} is larger than {} MiB", MAX_FILE >> 20))
                .at(start(file), "")
                .help("split it with `include`, or keep data in files that `file()` reads"),
        );
    }
    let text: Arc<str> = match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let before = String::from_utf8_lossy(&bytes[..good]).into_owned();
            let (line, col) = layout::position(&before);
            let file = files.add(name, String::from_utf8_lossy(&bytes).into());
            return failed(
                Diagnostic::error("bad_utf8", format!("{name} is not UTF-8 text"))
                    .at(
                        Span { file, line, col, len: 1 },
                        format!("the byte 0x{:02X} has no meaning here", bytes.get(good).unwrap_or(&0)),
                    )
                    .help("save the file as UTF-8"),
            );
        }
    };
    let file = files.add(name, text.clone());
    if let Some(at) = text.bytes().position(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) {
        let (line, col) = layout::position(&text[..at]);
        let code = text.as_bytes()[at];
        return failed(
            Diagnostic::error("bad_character", format!("{name} holds a control character"))
                .at(Span { file, line, col, len: 1 }, format!("U+{code:04X}"))
                .help("remove it, or write it as an escape such as \"\\x1B\" in double quotes"),
        );
    }
    reader::read(file, &text, false)
}

/// Reads a value that was given outside of a file, in which nothing is an expression.
pub(crate) fn read_value(file: FileId, text: &str) -> Read {
    reader::read(file, text, true)
}

/// The first character of a file.
pub(crate) fn start(file: FileId) -> Span {
    Span { file, line: 1, col: 1, len: 0 }
}

fn failed(diagnostic: Diagnostic) -> Read {
    Read { root: None, diagnostics: vec![diagnostic] }
}

#[cfg(test)]
mod tests;
