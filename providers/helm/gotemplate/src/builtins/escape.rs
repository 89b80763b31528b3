//! `html`, `js` and `urlquery`.

use crate::bytes::decode_rune;
use crate::place::Place;
use crate::unicode::is_print;
use crate::{Context, Error, Value};

/// The arguments printed and escaped.
pub(super) fn escaped(
    context: &mut Context<'_>,
    args: &[Place],
    escape: fn(&[u8]) -> Vec<u8>,
) -> Result<Place, Error> {
    let values: Vec<Value> = args.iter().map(|place| place.value.clone()).collect();
    let text = escape(&crate::fmt::printable(context.run.bytes_left(), &values)?);
    context.spend_bytes(text.len())?;
    Ok(Place::plain(Value::Str(text.into())))
}

pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(*other),
        }
    }
    out
}

pub(super) fn js(mut text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    while !text.is_empty() {
        let (rune, width) = decode_rune(text);
        match u8::try_from(rune) {
            Ok(byte @ (b'\\' | b'\'' | b'"')) => out.extend([b'\\', byte]),
            Ok(byte) if byte < b' ' || matches!(byte, b'<' | b'>' | b'&' | b'=') => {
                out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
            }
            Ok(byte) if byte < 0x80 => out.push(byte),
            _ if is_print(rune) => out.extend_from_slice(&text[..width]),
            _ => out.extend_from_slice(format!("\\u{rune:04X}").as_bytes()),
        }
        text = &text[width..];
    }
    out
}

pub(super) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            other => out.extend_from_slice(format!("%{other:02X}").as_bytes()),
        }
    }
    out
}
