//! Strings and characters from Go syntax.

use crate::bytes::{RUNE_ERROR, decode_rune, push_rune};

/// The string that a Go literal stands for: in double quotes, in back quotes, or one character in
/// single quotes. Nothing if it is no literal.
#[must_use]
pub fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    match quote {
        b'`' => {
            let (&last, inner) = rest.split_last()?;
            if last != b'`' || inner.contains(&b'`') {
                return None;
            }
            Some(inner.iter().copied().filter(|b| *b != b'\r').collect())
        }
        b'"' | b'\'' => unquote_escaped(rest, quote),
        _ => None,
    }
}

fn unquote_escaped(mut rest: &[u8], quote: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(rest.len());
    // Without escapes bytes that are no UTF-8 are refused, with them they become replacements; a
    // literal goes the second way if there is an escape before its first quote.
    let end = rest.iter().position(|b| *b == quote)?;
    if !rest[..end].contains(&b'\\') && std::str::from_utf8(&rest[..end]).is_ok() {
        let one = quote == b'"' || decode_rune(rest).1 == end;
        if one && end + 1 == rest.len() && !rest[..end].contains(&b'\n') {
            return Some(rest[..end].to_vec());
        }
    }
    while let Some(&first) = rest.first() {
        if first == quote {
            break;
        }
        let (rune, multibyte, tail) = unquote_char(rest, quote)?;
        if first == b'\n' {
            return None;
        }
        rest = tail;
        match u8::try_from(rune) {
            Ok(byte) if byte < 0x80 || !multibyte => out.push(byte),
            _ => push_rune(&mut out, rune),
        }
        if quote == b'\'' {
            break;
        }
    }
    (rest == [quote]).then_some(out)
}

/// The first character of the inside of a literal: its value, whether it is a character rather than
/// a byte, and what follows it. Nothing if it is no valid one.
#[must_use]
pub fn unquote_char(text: &[u8], quote: u8) -> Option<(u32, bool, &[u8])> {
    let &first = text.first()?;
    if first == quote && (quote == b'\'' || quote == b'"') {
        return None;
    }
    if first >= 0x80 {
        let (rune, width) = decode_rune(text);
        debug_assert!(rune != RUNE_ERROR || width >= 1);
        return Some((rune, true, &text[width..]));
    }
    if first != b'\\' {
        return Some((u32::from(first), false, &text[1..]));
    }
    let &escape = text.get(1)?;
    let rest = &text[2..];
    let plain = |value: u8| Some((u32::from(value), false, rest));
    match escape {
        b'a' => plain(0x07),
        b'b' => plain(0x08),
        b'f' => plain(0x0C),
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'v' => plain(0x0B),
        b'\\' => plain(b'\\'),
        b'\'' | b'"' if escape == quote => plain(escape),
        b'x' | b'u' | b'U' => {
            let width = match escape {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let digits = rest.get(..width)?;
            let mut value: u32 = 0;
            for digit in digits {
                value = value.wrapping_shl(4) | char::from(*digit).to_digit(16)?;
            }
            if escape == b'x' {
                return Some((value, false, &rest[width..]));
            }
            char::from_u32(value)?;
            Some((value, true, &rest[width..]))
        }
        b'0'..=b'7' => {
            let mut value = u32::from(escape - b'0');
            for digit in rest.get(..2)? {
                value = value << 3 | char::from(*digit).to_digit(8)?;
            }
            (value <= 255).then_some((value, false, &rest[2..]))
        }
        _ => None,
    }
}
