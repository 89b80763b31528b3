//! A text of TOML to values.

use aurak_gotemplate::{Context, Error, List, Map, Type, Value};

/// The table of a text.
pub(in crate::render) fn read(_: &mut Context<'_>, text: &[u8]) -> Result<Map, Error> {
    let text = std::str::from_utf8(text).map_err(|_| Error::new("toml: invalid UTF-8"))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| Error::new(format!("toml: {}", error.message())))?;
    Ok(map(table))
}

fn map(table: toml::Table) -> Map {
    table.into_iter().map(|(key, item)| (key, value(item))).collect()
}

/// A list of tables alone is of the type that Go gives to `[[table]]`.
fn value(item: toml::Value) -> Value {
    match item {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(n) => Value::int64(n),
        toml::Value::Float(x) => Value::float(x),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => {
            let tables = !items.is_empty() && items.iter().all(toml::Value::is_table);
            let element = if tables { Type::any_map() } else { Type::Any };
            Value::List(List::of(element, items.into_iter().map(value).collect()))
        }
        toml::Value::Table(table) => Value::Map(map(table)),
    }
}
