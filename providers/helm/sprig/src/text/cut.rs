//! Cutting, trimming and shortening. Places are bytes, not characters.

use aurak_gotemplate::bytes::decode_rune;
use aurak_gotemplate::{Error, Functions, Value};

use crate::runes::{is_space, runes, text};
use crate::table::{I, S, add, int, part};

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["trunc"], &[I, S], S, |_, a| {
        let (count, text) = (a.int(0), a.str(1));
        let length = int(text.len());
        let from_end = length.saturating_add(count);
        Ok(Value::str(match count {
            ..0 if from_end > 0 => part(&text, Some(from_end), None)?,
            0.. if length > count => part(&text, None, Some(count))?,
            _ => &text,
        }))
    });
    add(table, &["substr"], &[I, I, S], S, |_, a| {
        let (start, end, text) = (a.int(0), a.int(1), a.str(2));
        Ok(Value::str(if start < 0 {
            part(&text, None, Some(end))?
        } else if end < 0 || end > int(text.len()) {
            part(&text, Some(start), None)?
        } else {
            part(&text, Some(start), Some(end))?
        }))
    });
    add(table, &["trim"], &[S], S, |_, a| Ok(Value::str(trim(&a.str(0), is_space))));
    add(table, &["trimAll", "trimall"], &[S, S], S, |_, a| {
        let set: Vec<u32> = runes(&a.str(0)).collect();
        Ok(Value::str(trim(&a.str(1), |rune| set.contains(&rune))))
    });
    add(table, &["trimSuffix"], &[S, S], S, |_, a| {
        let text = a.str(1);
        Ok(Value::str(text.strip_suffix(&*a.str(0)).unwrap_or(&text)))
    });
    add(table, &["trimPrefix"], &[S, S], S, |_, a| {
        let text = a.str(1);
        Ok(Value::str(text.strip_prefix(&*a.str(0)).unwrap_or(&text)))
    });
    add(table, &["nospace"], &[S], S, |_, a| Ok(Value::str(without_space(&a.str(0)))));
    add(table, &["abbrev"], &[I, S], S, |_, a| {
        let (width, text) = (a.int(0), a.str(1));
        Ok(Value::str(if width < 4 { text.to_vec() } else { abbreviated(&text, 0, width)? }))
    });
    add(table, &["abbrevboth"], &[I, I, S], S, |_, a| {
        let (left, right, text) = (a.int(0), a.int(1), a.str(2));
        let too_small = right < 4 || left > 0 && right < 7;
        Ok(Value::str(if too_small { text.to_vec() } else { abbreviated(&text, left, right)? }))
    });
}

fn trim(text: &[u8], drop: impl Fn(u32) -> bool) -> &[u8] {
    let mut rest = text;
    loop {
        let (rune, width) = decode_rune(rest);
        if width == 0 || !drop(rune) {
            break;
        }
        rest = &rest[width..];
    }
    loop {
        let (rune, width) = last_rune(rest);
        if width == 0 || !drop(rune) {
            return rest;
        }
        rest = &rest[..rest.len() - width];
    }
}

fn last_rune(text: &[u8]) -> (u32, usize) {
    for width in (1..=text.len().min(4)).rev() {
        let (rune, found) = decode_rune(&text[text.len() - width..]);
        if found == width {
            return (rune, width);
        }
    }
    (aurak_gotemplate::bytes::RUNE_ERROR, text.len().min(1))
}

/// Goes by bytes: what is above ASCII becomes two characters if there was any space at all.
fn without_space(bytes: &[u8]) -> Vec<u8> {
    let kept: Vec<u8> = bytes.iter().copied().filter(|byte| !is_space(u32::from(*byte))).collect();
    if kept.len() == bytes.len() { kept } else { text(kept.into_iter().map(u32::from)) }
}

fn abbreviated(text: &[u8], offset: i64, width: i64) -> Result<Vec<u8>, Error> {
    let length = int(text.len());
    if length <= width {
        return Ok(text.to_vec());
    }
    let room = width - 3;
    let mut offset = offset.min(length);
    if length - offset < room {
        offset = length - room;
    }
    if offset <= 4 {
        return Ok([part(text, None, Some(room))?, b"..."].concat());
    }
    if offset.saturating_add(room) < length {
        let rest = part(text, Some(offset), None)?;
        // What is too narrow to be shortened once more is left away.
        let end = if room < 4 { Vec::new() } else { abbreviated(rest, 0, room)? };
        return Ok([b"...", end.as_slice()].concat());
    }
    Ok([b"...", part(text, Some(length - room), None)?].concat())
}
