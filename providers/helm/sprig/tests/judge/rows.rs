//! A row of a table, and this crate's answer to it.

use std::cell::RefCell;
use std::rc::Rc;

use aurak_gotemplate::{Error, Functions, MissingKey, Str, Templates, Value};
use aurak_sprig::{DrawKind, Draws, Make};
use serde_json::Value as Json;

use crate::host::{build, from_hex};

/// The functions as they are in Berlin in November 2023.
pub(crate) fn functions() -> Functions {
    struct Frozen;
    impl Draws for Frozen {
        fn draw(&mut self, kind: DrawKind, make: &mut Make<'_>) -> Result<Vec<u8>, Error> {
            match kind {
                DrawKind::Time => Ok(b"1700000000.000000000 Europe/Berlin".to_vec()),
                _ => make(),
            }
        }
    }
    aurak_sprig::functions(Rc::new(RefCell::new(Frozen)))
}

/// One question and Go's answer.
pub(crate) struct Row(Json);

impl Row {
    pub(crate) fn new(row: Json) -> Self {
        Self(row)
    }
}

/// Compares this crate's answer with Go's.
pub(crate) fn compare(row: &Row) -> Result<(), String> {
    let wanted: Result<Vec<u8>, String> = match (&row.0["want"], &row.0["want_hex"]) {
        (Json::String(text), _) => Ok(text.clone().into_bytes()),
        (_, Json::String(hex)) => Ok(from_hex(hex)),
        _ => Err(row.0["error"].as_str().unwrap_or_default().to_owned()),
    };
    let got = answer(row).map(|text| text.to_vec());
    let got = got.map_err(|error| error.to_string());
    if got == wanted {
        return Ok(());
    }
    let shown = |answer: Result<Vec<u8>, String>| match answer {
        Ok(text) => format!("{:?}", String::from_utf8_lossy(&text)),
        Err(error) => format!("error: {error}"),
    };
    Err(format!("{}\n  go:  {}\n  our: {}", row.0["template"], shown(wanted), shown(got)))
}

fn answer(row: &Row) -> Result<Str, Error> {
    let mut templates = Templates::new("").functions(functions()).missing_key(MissingKey::Zero);
    templates.parse("t", row.0["template"].as_str().expect("a template"))?;
    let data = if row.0["data"].is_null() { Value::Nil } else { build(&row.0["data"]) };
    templates.execute("t", &data)
}
