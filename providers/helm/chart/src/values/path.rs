//! Paths with dots into values, where conditions and imports look.

use aurak_gotemplate::{Map, Value};

use crate::error::quoted;

/// There is nothing, or not what was asked for, under a path.
#[derive(Debug)]
pub(crate) struct NoValue;

/// The map under a path. The error is what Helm says.
pub(crate) fn table(values: &Map, path: &str) -> Result<Map, String> {
    let mut at = values.clone();
    for part in path.split('.') {
        match at.get(part) {
            Some(Value::Map(map)) => at = map,
            _ => return Err(format!("{} is not a table", quoted(part))),
        }
    }
    Ok(at)
}

/// What is under a path, if it is no map.
pub(crate) fn path_value(values: &Map, path: &str) -> Result<Value, NoValue> {
    let (table, key) = match path.rsplit_once('.') {
        Some((above, key)) => match table(values, above) {
            Ok(table) => (table, key),
            Err(_) => return Err(NoValue),
        },
        None => (values.clone(), path),
    };
    match table.get(key) {
        None | Some(Value::Map(_)) => Err(NoValue),
        Some(value) => Ok(value),
    }
}
