//! JSON, as `encoding/json` reads and writes it.

mod read;
mod write;

use aurak_gotemplate::{Context, Error, ErrorKind, Functions, Str, Value};

use crate::table::{A, Answer, S, add};
use write::Style;

/// How deep values may nest. Go reads ten thousand levels; no chart has fifty.
const MOST_LEVELS: usize = 250;

pub(crate) fn add_all(table: &mut Functions) {
    let styles = [("ToJson", Style::Compact), ("ToPrettyJson", Style::Pretty), ("ToRawJson", Style::Raw)];
    for (name, style) in styles {
        add(table, &[&format!("must{name}")], &[A], S, move |context, a| {
            write::to_text(context, &a.any(0), style)
        });
        let plain = format!("t{}", &name[1..]);
        add(table, &[&plain], &[A], S, move |context, a| {
            let written = write::to_text(context, &a.any(0), style);
            if style == Style::Raw { written } else { swallowed(written, Value::str("")) }
        });
    }
    add(table, &["mustFromJson"], &[S], A, |context, a| read::value(context, &a.str(0)));
    add(table, &["fromJson"], &[S], A, |context, a| swallowed(read::value(context, &a.str(0)), Value::Nil));
}

/// A value as `json.Marshal` writes it.
///
/// # Errors
///
/// JSON cannot hold it, in the words of Go, or a limit is reached.
pub fn to_json(context: &mut Context<'_>, value: &Value) -> Result<Str, Error> {
    match write::to_text(context, value, Style::Compact)? {
        Value::Str(text) => Ok(text),
        _ => Ok(Str::default()),
    }
}

/// The value that `json.Unmarshal` reads into an `interface {}`.
///
/// # Errors
///
/// The text is no JSON, in the words of Go, or a limit is reached.
pub fn from_json(context: &mut Context<'_>, text: &[u8]) -> Result<Value, Error> {
    read::value(context, text)
}

/// What stands for an error that a plain function does not tell. Limits are told always.
pub(crate) fn swallowed(answer: Answer, instead: Value) -> Answer {
    match answer {
        Err(error) if error.kind() != ErrorKind::Limit => {
            let _: Error = error;
            Ok(instead)
        }
        other => other,
    }
}
