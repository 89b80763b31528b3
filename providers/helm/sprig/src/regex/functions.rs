//! The functions of regular expressions.

use aurak_gotemplate::bytes::decode_rune;
use aurak_gotemplate::strconv::{can_backquote, quote};
use aurak_gotemplate::{Context, Error, Functions, List, Type, Value};
use regex::bytes::{Regex, RegexBuilder};

use super::expand::expand;
use super::syntax::{MOST_LEVELS, translated};
use crate::json::swallowed;
use crate::table::{Answer, B, I, S, add};

/// How much memory an expression may take. A megabyte holds all that people write.
const MOST_BYTES: usize = 1 << 20;

/// What it costs in steps to make an expression ready.
const STEPS: u64 = 1000;

pub(crate) fn add_all(table: &mut Functions) {
    let strings = || Type::slice(S);
    // The one that does not tell errors.
    add(table, &["regexMatch"], &[S, S], B, |context, a| {
        swallowed(matches(context, &a.str(0), &a.str(1)), false.into())
    });
    add(table, &["mustRegexMatch"], &[S, S], B, |context, a| matches(context, &a.str(0), &a.str(1)));
    both(table, "FindAll", &[S, S, I], strings(), |regex, a| {
        let most = usize::try_from(a.int(2)).unwrap_or(usize::MAX);
        let text = a.str(1);
        let found = all(regex, &text, most);
        if found.is_empty() {
            return Ok(Value::List(List::nil(Type::slice(S))));
        }
        Ok(Value::strings(found.into_iter().map(|(from, to)| &text[from..to])))
    });
    both(table, "Find", &[S, S], S, |regex, a| {
        let text = a.str(1);
        Ok(Value::str(regex.find(&text).map_or(&b""[..], |found| found.as_bytes())))
    });
    both(table, "ReplaceAll", &[S, S, S], S, |regex, a| {
        let template = a.text(2);
        Ok(Value::str(replaced(regex, &a.str(1), |out, text, at| {
            if let Some(found) = regex.captures_at(text, at) {
                expand(out, &template, &found);
            }
        })))
    });
    both(table, "ReplaceAllLiteral", &[S, S, S], S, |regex, a| {
        let with = a.str(2);
        Ok(Value::str(replaced(regex, &a.str(1), |out, _, _| out.extend_from_slice(&with))))
    });
    both(table, "Split", &[S, S, I], strings(), |regex, a| {
        Ok(split(regex, a.str(0).is_empty(), &a.str(1), a.int(2)))
    });
    add(table, &["regexQuoteMeta"], &[S], S, |_, a| {
        let mut out = Vec::new();
        for byte in a.str(0).iter() {
            if br"\.+*?()|[]{}^$".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        Ok(Value::str(out))
    });
}

/// Adds a function that panics on an expression that is none, and one that tells.
fn both(
    table: &mut Functions,
    name: &str,
    parameters: &[Type],
    result: Type,
    call: fn(&Regex, &aurak_gotemplate::Arguments<'_>) -> Answer,
) {
    add(table, &[&format!("mustRegex{name}")], parameters, result.clone(), move |context, a| {
        call(&compiled(context, &a.str(0), &a.str(1))?, a)
    });
    add(table, &[&format!("regex{name}")], parameters, result, move |context, a| {
        let pattern = a.str(0);
        let regex = compiled(context, &pattern, &a.str(1)).map_err(|error| {
            let shown = if can_backquote(&pattern) {
                format!("`{pattern}`")
            } else {
                String::from_utf8_lossy(&quote(&pattern)).into_owned()
            };
            error.within(&format!("regexp: Compile({shown}): "))
        })?;
        call(&regex, a)
    });
}

fn compiled(context: &mut Context<'_>, pattern: &[u8], text: &[u8]) -> Result<Regex, Error> {
    // An expression is tried at each byte, and its size is a factor.
    let work = pattern.len().saturating_mul(text.len()) / 64;
    context.spend_steps(STEPS.saturating_add(u64::try_from(work).unwrap_or(u64::MAX)))?;
    let pattern = std::str::from_utf8(pattern).map_err(|error| {
        let shown = String::from_utf8_lossy(pattern.get(error.valid_up_to()..).unwrap_or_default());
        Error::new(format!("error parsing regexp: invalid UTF-8: `{shown}`"))
    })?;
    let ours = translated(pattern)?;
    let nesting = u32::try_from(MOST_LEVELS * 2).unwrap_or(u32::MAX);
    let built = RegexBuilder::new(&ours).size_limit(MOST_BYTES).nest_limit(nesting).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            Error::limit(format!("a regular expression takes more than {MOST_BYTES} bytes"))
        }
        _ => Error::new(format!("error parsing regexp: invalid expression: `{pattern}`")),
    })
}

fn matches(context: &mut Context<'_>, pattern: &[u8], text: &[u8]) -> Answer {
    Ok(compiled(context, pattern, text)?.is_match(text).into())
}

/// Where the matches are. An empty one right after another does not count.
fn all(regex: &Regex, text: &[u8], most: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut at, mut before) = (0, None);
    while found.len() < most && at <= text.len() {
        let Some(one) = regex.find_at(text, at) else { break };
        let counts = one.end() != at || Some(one.start()) != before;
        at = if one.end() == at { at + decode_rune(&text[at..]).1.max(1) } else { one.end() };
        before = Some(one.end());
        if counts {
            found.push((one.start(), one.end()));
        }
    }
    found
}

fn replaced(regex: &Regex, text: &[u8], mut replace: impl FnMut(&mut Vec<u8>, &[u8], usize)) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut last, mut at) = (0, 0);
    while at <= text.len() {
        let Some(found) = regex.find_at(text, at) else { break };
        out.extend_from_slice(&text[last..found.start()]);
        if found.end() > last || found.start() == 0 {
            replace(&mut out, text, at);
        }
        last = found.end();
        at = found.end().max(at + decode_rune(&text[at..]).1.max(1));
    }
    out.extend_from_slice(&text[last..]);
    out
}

fn split(regex: &Regex, empty_pattern: bool, text: &[u8], most: i64) -> Value {
    if most == 0 {
        return Value::List(List::nil(Type::slice(S)));
    }
    if !empty_pattern && text.is_empty() {
        return Value::strings([""]);
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for (from, to) in all(regex, text, most) {
        if parts.len() == most - 1 {
            break;
        }
        end = from;
        if to != 0 {
            parts.push(&text[begin..end]);
        }
        begin = to;
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    if parts.is_empty() { Value::List(List::of(S, Vec::new())) } else { Value::strings(parts) }
}
