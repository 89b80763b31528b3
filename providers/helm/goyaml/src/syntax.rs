//! Values in the notation of Go's source, `%#v`, which some messages use.

use crate::decode::Decoded;
use crate::number::format_general;

/// Longest value that is written into a message; Go writes it whole, however long.
const LONGEST: usize = 64 * 1024;

pub(crate) fn go_syntax(value: &Decoded) -> String {
    // Alone it has no type that could be told.
    if *value == Decoded::Null {
        return "<nil>".to_owned();
    }
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Decoded, text: &mut String) {
    if text.len() > LONGEST {
        return;
    }
    match value {
        Decoded::Null => text.push_str("interface {}(nil)"),
        Decoded::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Decoded::Int(value) => text.push_str(&value.to_string()),
        Decoded::Uint(value) => text.push_str(&format!("{value:#x}")),
        Decoded::Float(value) => text.push_str(&format_general(*value)),
        Decoded::Text(bytes) => quote(bytes, text),
        Decoded::List(items) => {
            text.push_str("[]interface {}{");
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    text.push_str(", ");
                }
                write(item, text);
            }
            text.push('}');
        }
        Decoded::Map(map) => {
            text.push_str("map[interface {}]interface {}{");
            let mut entries: Vec<_> = map.entries().iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.order(b));
            for (number, (key, item)) in entries.iter().enumerate() {
                if number > 0 {
                    text.push_str(", ");
                }
                write(key, text);
                text.push(':');
                write(item, text);
            }
            text.push('}');
        }
    }
}

/// A string as `strconv.Quote` writes it. What is printable is taken from Rust's tables.
fn quote(bytes: &[u8], text: &mut String) {
    text.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\u{7}' => text.push_str("\\a"),
                '\u{8}' => text.push_str("\\b"),
                '\u{c}' => text.push_str("\\f"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\u{b}' => text.push_str("\\v"),
                ' '..='~' => text.push(c),
                '\0'..='\u{7f}' => text.push_str(&format!("\\x{:02x}", u32::from(c))),
                _ if is_printable(c) => text.push(c),
                '\u{80}'..='\u{ffff}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
                _ => text.push_str(&format!("\\U{:08x}", u32::from(c))),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text.push('"');
}

fn is_printable(c: char) -> bool {
    let private = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    let formatting = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}');
    !c.is_control() && !c.is_whitespace() && !private && !formatting
}
