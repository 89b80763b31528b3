//! A row of a table, and this crate's answer to it.

use aurak_gotemplate::strconv::{NumberError, can_backquote, quote, quote_to_ascii, unquote};
use aurak_gotemplate::strconv::{format_float, parse_float, parse_int, parse_uint};
use aurak_gotemplate::{Error, FloatKind, Function, MissingKey, Str, Templates, Type, Value, fmt};
use serde_json::Value as Json;

use crate::functions::functions;
use crate::host::{build, from_hex};

/// One question and Go's answer.
pub(crate) struct Row(Json);

impl Row {
    pub(crate) fn new(row: Json) -> Self {
        Self(row)
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn arguments(&self) -> Vec<Value> {
        self.0["args"].as_array().into_iter().flatten().map(build).collect()
    }
}

/// Compares this crate's answer with Go's.
pub(crate) fn compare(row: &Row) -> Result<(), String> {
    let wanted: Result<Vec<u8>, String> = match (&row.0["want"], &row.0["want_hex"]) {
        (Json::String(text), _) => Ok(text.clone().into_bytes()),
        (_, Json::String(hex)) => Ok(from_hex(hex)),
        _ => Err(row.text("error").to_owned()),
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
    Err(format!("{}\n  go:  {}\n  our: {}", row.0, shown(wanted), shown(got)))
}

fn answer(row: &Row) -> Result<Str, Error> {
    let args = row.arguments();
    let first = args.first().and_then(Value::as_str).cloned().unwrap_or_default();
    match row.text("op") {
        "printf" => fmt::sprintf(row.text("format").as_bytes(), &args),
        "print" => fmt::sprint(&args),
        "println" => fmt::sprintln(&args),
        "quote" => {
            let back = can_backquote(&first).to_string().into_bytes();
            Ok([quote(&first), quote_to_ascii(&first), back].concat().into())
        }
        "unquote" => unquote(&first).map(Str::from).ok_or_else(|| Error::new("invalid syntax")),
        "number" => Ok(number(&first.to_string()).into()),
        "parse" => trees(row),
        "exec" => output(row),
        other => panic!("no such question: {other}"),
    }
}

fn number(text: &str) -> String {
    fn word(error: Option<NumberError>) -> &'static str {
        match error {
            None => " ok ",
            Some(NumberError::Range) => " range ",
            Some(NumberError::Syntax) => " syntax ",
        }
    }
    let (int, uint, float) = (parse_int(text, 0), parse_uint(text, 0), parse_float(text));
    // What Go gives beside an error is of no use to anybody here.
    let negative = text.starts_with('-');
    let int_shown = match int {
        Ok(n) => n,
        Err(NumberError::Range) => {
            if negative {
                i64::MIN
            } else {
                i64::MAX
            }
        }
        Err(NumberError::Syntax) => 0,
    };
    let uint_shown = match uint {
        Ok(n) => n,
        Err(NumberError::Range) => u64::MAX,
        Err(NumberError::Syntax) => 0,
    };
    let float_shown = match float {
        Ok(x) => format_float(x, b'g', None, FloatKind::Float64),
        Err(NumberError::Range) => if negative { "-Inf" } else { "+Inf" }.to_owned(),
        Err(NumberError::Syntax) => "0".to_owned(),
    };
    format!(
        "{int_shown}{}{uint_shown}{}{float_shown}{}",
        word(int.err()),
        word(uint.err()),
        word(float.err())
    )
}

fn set(row: &Row) -> Result<Templates, Error> {
    let missing = match row.text("missing") {
        "zero" => MissingKey::Zero,
        "error" => MissingKey::Error,
        _ => MissingKey::Default,
    };
    let mut known = functions();
    for name in row.0["functions"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if known.get(name).is_none() {
            known.add(name, Function::variadic([], Type::Any, |_, _| Ok(Value::Nil)));
        }
    }
    let mut templates = Templates::new("gotpl").functions(known).missing_key(missing);
    if let Some([left, right]) = row.0["delims"].as_array().map(Vec::as_slice) {
        templates = templates.delimiters(left.as_str().unwrap_or(""), right.as_str().unwrap_or(""));
    }
    for pair in row.0["texts"].as_array().into_iter().flatten() {
        let part = |index: usize| pair[index].as_str().unwrap_or_default();
        templates.parse(part(0), part(1))?;
    }
    Ok(templates)
}

fn trees(row: &Row) -> Result<Str, Error> {
    let templates = set(row)?;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for name in templates.names() {
        let tree = templates.lookup(name).expect("a template of the set");
        let mut line = [&*quote(name), b": "].concat();
        tree.root.iter().for_each(|statement| line.extend(statement.to_bytes()));
        line.extend_from_slice(format!(" {}", tree.is_empty()).as_bytes());
        lines.push(line);
    }
    lines.sort();
    Ok(lines.join(&b'\n').into())
}

fn output(row: &Row) -> Result<Str, Error> {
    let templates = set(row)?;
    let last = row.0["texts"].as_array().and_then(|texts| texts.last());
    let last = last.and_then(|pair| pair[0].as_str()).unwrap_or_default();
    let name = Some(row.text("execute")).filter(|name| !name.is_empty()).unwrap_or(last);
    let data = if row.0["data"].is_null() { Value::Nil } else { build(&row.0["data"]) };
    templates.execute(name, &data)
}
