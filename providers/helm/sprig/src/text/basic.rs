//! Comparing, repeating, quoting, indenting and replacing.

use aurak_gotemplate::bytes::decode_rune;
use aurak_gotemplate::{Arguments, Context, Error, Functions, Value, fmt, strconv};

use super::find;
use crate::runes;
use crate::table::{A, Answer, B, I, S, add, add_rest};
use crate::value::strval;

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["hello"], &[], S, |_, _| Ok(Value::str("Hello!")));
    add(table, &["fail"], &[S], S, |_, a| Err(Error::new(a.text(0))));
    add(table, &["contains"], &[S, S], B, |_, a| Ok(find(&a.str(1), &a.str(0)).is_some().into()));
    add(table, &["hasPrefix"], &[S, S], B, |_, a| Ok(a.str(1).starts_with(&a.str(0)).into()));
    add(table, &["hasSuffix"], &[S, S], B, |_, a| Ok(a.str(1).ends_with(&a.str(0)).into()));
    add(table, &["upper"], &[S], S, |_, a| Ok(Value::str(runes::map(&a.str(0), runes::upper))));
    add(table, &["lower"], &[S], S, |_, a| Ok(Value::str(runes::map(&a.str(0), runes::lower))));
    add(table, &["repeat"], &[I, S], S, repeat);
    add(table, &["plural"], &[S, S, I], S, |_, a| Ok(a.any(usize::from(a.int(2) != 1))));
    add(table, &["toString"], &[A], S, |context, a| strval(context, &a.any(0)).map(Value::from));
    add_rest(table, &["quote"], &[], A, S, quote);
    add_rest(table, &["squote"], &[], A, S, squote);
    add_rest(table, &["cat"], &[], A, S, cat);
    add(table, &["indent"], &[I, S], S, |context, a| indent(context, a, ""));
    add(table, &["nindent"], &[I, S], S, |context, a| indent(context, a, "\n"));
    add(table, &["replace"], &[S, S, S], S, |context, a| {
        replaced(context, &a.str(2), &a.str(0), &a.str(1)).map(Value::str)
    });
}

fn count(n: i64) -> Result<usize, Error> {
    usize::try_from(n).map_err(|_| Error::new("strings: negative Repeat count"))
}

fn repeat(context: &mut Context<'_>, a: &Arguments<'_>) -> Answer {
    let (count, text) = (count(a.int(0))?, a.str(1));
    let Some(length) = text.len().checked_mul(count).filter(|n| i64::try_from(*n).is_ok()) else {
        return Err(Error::new("strings: Repeat output length overflow"));
    };
    allowed(context, length)?;
    Ok(Value::str(text.repeat(count)))
}

/// Refuses what alone would be over the limit, before it is made.
fn allowed(context: &Context<'_>, length: usize) -> Result<(), Error> {
    let limit = context.limits().bytes;
    if length > limit {
        return Err(Error::limit(format!("more than {limit} bytes are made")));
    }
    Ok(())
}

fn quote(context: &mut Context<'_>, a: &Arguments<'_>) -> Answer {
    let mut quoted = Vec::new();
    for value in a.iter().filter(|value| !value.is_nil()) {
        quoted.push(strconv::quote(&strval(context, value)?));
    }
    Ok(Value::str(quoted.join(&b' ')))
}

fn squote(context: &mut Context<'_>, a: &Arguments<'_>) -> Answer {
    let mut quoted = Vec::new();
    for value in a.iter().filter(|value| !value.is_nil()) {
        let text = fmt::sprintf_within(context.limits().bytes, b"'%v'", std::slice::from_ref(value))?;
        quoted.push(text.to_vec());
    }
    Ok(Value::str(quoted.join(&b' ')))
}

fn cat(context: &mut Context<'_>, a: &Arguments<'_>) -> Answer {
    let values: Vec<Value> = a.iter().filter(|value| !value.is_nil()).cloned().collect();
    let format = vec!["%v"; values.len()].join(" ");
    Ok(fmt::sprintf_within(context.limits().bytes, format.as_bytes(), &values)?.into())
}

fn indent(context: &mut Context<'_>, a: &Arguments<'_>, before: &str) -> Answer {
    let (width, text) = (count(a.int(0))?, a.str(1));
    let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    allowed(context, width.saturating_mul(lines).saturating_add(text.len()))?;
    let pad = b" ".repeat(width);
    let mut out = before.as_bytes().to_vec();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    Ok(Value::str(out))
}

/// A text in which every `old` is `new`; an empty `old` is before every character and at the end.
pub(crate) fn replaced(context: &Context<'_>, text: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut rest = text;
    if old.is_empty() {
        loop {
            out.extend_from_slice(new);
            let width = decode_rune(rest).1;
            if width == 0 {
                return Ok(out);
            }
            let (rune, after) = rest.split_at(width);
            out.extend_from_slice(rune);
            rest = after;
            allowed(context, out.len())?;
        }
    }
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
        allowed(context, out.len())?;
    }
    out.extend_from_slice(rest);
    Ok(out)
}
