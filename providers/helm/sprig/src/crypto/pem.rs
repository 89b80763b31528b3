//! PEM: base 64 between a line that begins it and one that ends it.

use crate::encode::{decode64, encode64};

/// What a block is of, and its bytes.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) bytes: Vec<u8>,
}

/// The first block of a text.
pub(crate) fn first_block(text: &str) -> Option<Block> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once("-----BEGIN ")?;
        rest = after;
        let Some((label, body)) = after.split_once("-----") else { continue };
        let Some((body, _)) = body.split_once(&format!("-----END {label}-----")) else { continue };
        let lines = body.lines().map(str::trim).filter(|line| !line.contains(':'));
        if let Ok(bytes) = decode64(lines.collect::<String>().as_bytes()) {
            return Some(Block { label: label.to_owned(), bytes });
        }
    }
}

/// A text of one block.
pub(crate) fn encoded(label: &str, bytes: &[u8]) -> String {
    let body = encode64(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out + &format!("-----END {label}-----\n")
}
