//! Go syntax for strings and characters.

use crate::bytes::{RUNE_ERROR, decode_rune, push_rune};
use crate::unicode::is_print;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A string in double quotes, with Go's escapes for what is not printable or not UTF-8.
#[must_use]
pub fn quote(text: &[u8]) -> Vec<u8> {
    quoted(text, false)
}

/// As [`quote`], and everything beyond ASCII is escaped.
#[must_use]
pub fn quote_to_ascii(text: &[u8]) -> Vec<u8> {
    quoted(text, true)
}

/// A character in single quotes.
#[must_use]
pub fn quote_rune(rune: u32) -> Vec<u8> {
    quoted_rune(rune, false)
}

/// As [`quote_rune`], and everything beyond ASCII is escaped.
#[must_use]
pub fn quote_rune_to_ascii(rune: u32) -> Vec<u8> {
    quoted_rune(rune, true)
}

/// Can the text stand between back quotes, in one line?
#[must_use]
pub fn can_backquote(mut text: &[u8]) -> bool {
    while !text.is_empty() {
        let (rune, width) = decode_rune(text);
        text = &text[width..];
        let refused = match rune {
            0x09 => false,
            0..=0x1F | 0x60 | 0x7F | 0xFEFF => true,
            RUNE_ERROR => width == 1,
            _ => false,
        };
        if refused {
            return false;
        }
    }
    true
}

fn quoted(mut text: &[u8], ascii: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    while let Some(&first) = text.first() {
        let (rune, width) = decode_rune(text);
        text = &text[width..];
        if rune == RUNE_ERROR && width == 1 {
            hex_byte(&mut out, first);
        } else {
            escape(&mut out, rune, b'"', ascii);
        }
    }
    out.push(b'"');
    out
}

fn quoted_rune(rune: u32, ascii: bool) -> Vec<u8> {
    let rune = if char::from_u32(rune).is_some() { rune } else { RUNE_ERROR };
    let mut out = vec![b'\''];
    escape(&mut out, rune, b'\'', ascii);
    out.push(b'\'');
    out
}

fn escape(out: &mut Vec<u8>, rune: u32, quote: u8, ascii: bool) {
    if rune == u32::from(quote) || rune == u32::from(b'\\') {
        out.push(b'\\');
        push_rune(out, rune);
        return;
    }
    if is_print(rune) && (rune < 0x80 || !ascii) {
        push_rune(out, rune);
        return;
    }
    let short = match rune {
        0x07 => b'a',
        0x08 => b'b',
        0x0C => b'f',
        0x0A => b'n',
        0x0D => b'r',
        0x09 => b't',
        0x0B => b'v',
        _ => 0,
    };
    if short != 0 {
        out.extend([b'\\', short]);
    } else if let Ok(byte) = u8::try_from(rune)
        && (byte < b' ' || byte == 0x7F)
    {
        hex_byte(out, byte);
    } else if rune < 0x10000 {
        out.extend_from_slice(format!("\\u{rune:04x}").as_bytes());
    } else {
        out.extend_from_slice(format!("\\U{rune:08x}").as_bytes());
    }
}

fn hex_byte(out: &mut Vec<u8>, byte: u8) {
    out.extend([b'\\', b'x', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}
