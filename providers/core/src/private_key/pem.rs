//! PEM: bytes as text between two lines that say what they are.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// Letters in a line, by RFC 7468.
pub(super) const COLUMNS: usize = 64;

/// What stands between the lines is wiped; so is the result, when it goes.
pub(super) fn write(label: &str, bytes: &[u8], columns: usize) -> Zeroizing<String> {
    let body = Zeroizing::new(BASE64_STANDARD.encode(bytes));
    // All of it at once: text that grows leaves copies of itself behind.
    let room = body.len() + body.len() / columns + 2 * label.len() + 40;
    let mut out = Zeroizing::new(String::with_capacity(room));
    for part in ["-----BEGIN ", label, "-----\n"] {
        out.push_str(part);
    }
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(columns.min(rest.len()));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    for part in ["-----END ", label, "-----\n"] {
        out.push_str(part);
    }
    debug_assert!(out.len() <= room);
    out
}
