//! Values to texts and back: YAML, JSON and TOML.
//!
//! What cannot be written or read is told in the result, as Helm does; limits are told always.

use aurak_gotemplate::{
    Arguments, Context, Error, ErrorKind, Function, Functions, List, Map, Str, Type, Value,
};
use aurak_goyaml::{Limits, Mode, Value as Yaml};
use aurak_sprig::{from_json, to_json};

use super::toml;
use crate::Profile;
use crate::values::from_yaml;

/// Adds the functions that write and read texts.
pub(super) fn add_all(table: &mut Functions, profile: Profile) {
    write(table, "toYaml", |context, value| trimmed(yaml(context, value)), false);
    write(table, "toYamlPretty", |context, value| trimmed(yaml_pretty(context, value)), false);
    write(table, "toJson", to_json, false);
    table.add("toToml", Function::new([Type::Any], to_toml).returning(Type::String));
    if profile == Profile::Helm4 {
        write(table, "mustToYaml", |context, value| trimmed(yaml(context, value)), true);
        write(table, "mustToToml", toml::write, true);
    }
    read(table, "fromYaml", yaml_map);
    read(table, "fromJson", |context, text| as_map(from_json(context, text)?));
    read(table, "fromToml", toml::read);
    read_list(table, "fromYamlArray", yaml_list);
    read_list(table, "fromJsonArray", |context, text| as_list(from_json(context, text)?));
}

fn write(
    table: &mut Functions,
    name: &str,
    write: impl Fn(&mut Context<'_>, &Value) -> Result<Str, Error> + 'static,
    must: bool,
) {
    let call = move |context: &mut Context<'_>, args: &Arguments<'_>| {
        let text = match write(context, &args.any(0)) {
            Err(error) if must || error.kind() == ErrorKind::Limit => return Err(error),
            text => text.unwrap_or_default(),
        };
        context.spend_bytes(text.len())?;
        Ok(Value::Str(text))
    };
    table.add(name, Function::new([Type::Any], call).returning(Type::String));
}

/// Here the message stands for the text.
fn to_toml(context: &mut Context<'_>, args: &Arguments<'_>) -> Result<Value, Error> {
    let text = match toml::write(context, &args.any(0)) {
        Err(error) if error.kind() == ErrorKind::Limit => return Err(error),
        Err(error) if error.message().starts_with("reflect: ") => return Err(error),
        Err(error) => error.message().into(),
        Ok(text) => text,
    };
    context.spend_bytes(text.len())?;
    Ok(Value::Str(text))
}

fn read(
    table: &mut Functions,
    name: &str,
    read: impl Fn(&mut Context<'_>, &[u8]) -> Result<Map, Error> + 'static,
) {
    let call = move |context: &mut Context<'_>, args: &Arguments<'_>| {
        context.spend_bytes(args.str(0).len())?;
        Ok(Value::Map(match read(context, &args.str(0)) {
            Err(error) if error.kind() == ErrorKind::Limit => return Err(error),
            Err(error) => [("Error", Value::str(error.message()))].into_iter().collect(),
            Ok(map) => map,
        }))
    };
    table.add(name, Function::new([Type::String], call).returning(Type::any_map()));
}

fn read_list(
    table: &mut Functions,
    name: &str,
    read: impl Fn(&mut Context<'_>, &[u8]) -> Result<List, Error> + 'static,
) {
    let call = move |context: &mut Context<'_>, args: &Arguments<'_>| {
        context.spend_bytes(args.str(0).len())?;
        Ok(Value::List(match read(context, &args.str(0)) {
            Err(error) if error.kind() == ErrorKind::Limit => return Err(error),
            Err(error) => List::new(vec![Value::str(error.message())]),
            Ok(list) => list,
        }))
    };
    table.add(name, Function::new([Type::String], call).returning(Type::any_slice()));
}

/// A value as `sigs.k8s.io/yaml` writes it.
pub(super) fn yaml(context: &mut Context<'_>, value: &Value) -> Result<Str, Error> {
    let json = to_json(context, value).map_err(|error| error.within("error marshaling into JSON: "))?;
    context.spend_steps(u64::try_from(json.len() / 16).unwrap_or(u64::MAX))?;
    aurak_goyaml::json_to_yaml(&json, &limits(context)).map(Str::from).map_err(told)
}

fn yaml_pretty(context: &mut Context<'_>, value: &Value) -> Result<Str, Error> {
    let plain = plain(value, context, 0)?;
    aurak_goyaml::to_yaml_pretty(&plain, &limits(context)).map(Str::from).map_err(told)
}

fn trimmed(text: Result<Str, Error>) -> Result<Str, Error> {
    text.map(|text| match text.strip_suffix(b"\n") {
        Some(rest) => rest.into(),
        None => text,
    })
}

fn limits(context: &Context<'_>) -> Limits {
    let usual = Limits::default();
    Limits { output: usual.output.min(context.limits().bytes), ..usual }
}

fn told(error: aurak_goyaml::Error) -> Error {
    match error {
        aurak_goyaml::Error::Limit(limit) => Error::limit(limit.to_string()),
        other => Error::new(other.to_string()),
    }
}

/// A value as the newer YAML of Go sees it, which goes by values and not by JSON.
fn plain(value: &Value, context: &mut Context<'_>, depth: usize) -> Result<Yaml, Error> {
    context.spend_steps(1)?;
    if depth > Limits::DEEPEST {
        return Err(Error::limit(format!("a value for YAML nests deeper than {} levels", Limits::DEEPEST)));
    }
    Ok(match value {
        Value::Nil => Yaml::Null,
        Value::Bool(flag) => Yaml::Bool(*flag),
        Value::Int(_, n) => Yaml::Int(*n),
        Value::Uint(_, n) => i64::try_from(*n).map_or(Yaml::Uint(*n), Yaml::Int),
        Value::Float(_, x) => Yaml::Float(*x),
        Value::Str(text) => Yaml::from_go_string(text.to_vec()),
        Value::List(_) | Value::Bytes(_) => {
            let items = value.elements().unwrap_or_default();
            let items: Result<_, Error> = items.iter().map(|item| plain(item, context, depth + 1)).collect();
            Yaml::List(items?)
        }
        Value::Map(map) => {
            let entries = map
                .entries()
                .into_iter()
                .map(|(key, item)| Ok((key.lossy().into_owned(), plain(&item, context, depth + 1)?)));
            Yaml::Map(entries.collect::<Result<_, Error>>()?)
        }
        Value::Func(_) => return Err(Error::new(format!("cannot marshal type: {}", value.type_name()))),
        Value::Object(object) => match (object.underlying(), object.text()) {
            (_, Some(text)) => Yaml::from_go_string(text.to_vec()),
            (Some(below), None) => plain(&below, context, depth + 1)?,
            (None, None) => {
                let fields =
                    object.fields().into_iter().filter(|(name, _)| name.starts_with(char::is_uppercase));
                let fields =
                    fields.map(|(name, item)| Ok((name.to_lowercase(), plain(&item, context, depth + 1)?)));
                Yaml::Map(fields.collect::<Result<_, Error>>()?)
            }
        },
    })
}

fn yaml_map(context: &mut Context<'_>, text: &[u8]) -> Result<Map, Error> {
    let map = aurak_goyaml::unmarshal_map(text, Mode::Lenient, &limits(context)).map_err(told)?;
    Ok(map.into_iter().map(|(key, value)| (key, from_yaml(value))).collect())
}

fn yaml_list(context: &mut Context<'_>, text: &[u8]) -> Result<List, Error> {
    let items = aurak_goyaml::unmarshal_list(text, Mode::Lenient, &limits(context)).map_err(told)?;
    Ok(List::new(items.into_iter().map(from_yaml).collect()))
}

/// Null in JSON leaves a nil map, into which nothing can be put; in YAML it does not.
fn as_map(value: Value) -> Result<Map, Error> {
    match value {
        Value::Map(map) => Ok(map),
        Value::Nil => Ok(Map::nil(Type::any_map())),
        other => Err(mismatch(&other, "map[string]interface {}")),
    }
}

fn as_list(value: Value) -> Result<List, Error> {
    match value {
        Value::List(list) => Ok(list),
        Value::Nil => Ok(List::nil(Type::any_slice())),
        other => Err(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> Error {
    let kind = match value {
        Value::Bool(_) => "bool",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    };
    Error::new(format!("json: cannot unmarshal {kind} into Go value of type {wanted}"))
}
