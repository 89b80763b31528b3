//! The shape of a body: which properties there are, of which type, which are required, which the
//! service computes. Written as text (`shapes/*.txt`) after the specification of each service, with
//! the enumerations closed, because the services refuse what is not in them.
//!
//! A line is `name: type` with deeper lines for what is in an object. `name!` is required, `*` is any
//! key, `[]` before the type makes a list, `words` before an enumeration takes several of it, `ro: a b`
//! names what a client may send and the service ignores. Names and enumerations are compared without case and stored in the case written here.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

#[derive(Debug)]
pub(crate) struct Shape {
    fields: Vec<Field>,
    /// What every other key holds, in a map.
    any_key: Option<Box<Type>>,
    read_only: Vec<String>,
}

#[derive(Debug)]
struct Field {
    name: String,
    required: bool,
    list: bool,
    type_: Type,
}

#[derive(Debug)]
enum Type {
    Any,
    Bool,
    Int {
        minimum: Option<i64>,
        maximum: Option<i64>,
    },
    Number,
    Text {
        pattern: Option<Regex>,
        minimum: usize,
        maximum: usize,
    },
    Enum(Vec<String>),
    /// Some of these, with commas between them.
    Words(Vec<String>),
    Object(Shape),
}

/// Why a body does not fit, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Misfit {
    pub(crate) path: String,
    pub(crate) kind: MisfitKind,
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MisfitKind {
    Unknown,
    Missing,
    Type,
    Value,
}

/// What a client may send back of any resource, as it was read; the path says what counts.
const EVERYWHERE: &[&str] = &["id", "name", "type", "etag", "systemData", "apiVersion"];

/// Deeper bodies are refused before they are looked at; the deepest of the specification has 9 levels.
const DEEPEST: usize = 64;

impl Shape {
    /// # Panics
    /// On a text that is no shape: the texts are part of this crate, and a test reads them all.
    pub(crate) fn parse(text: &str) -> Shape {
        let lines: Vec<(usize, &str)> = text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .map(|line| ((line.len() - line.trim_start().len()) / 2, line.trim()))
            .collect();
        object(&lines, 0)
    }

    /// Checks a body and writes its names and enumerations in the case of the shape; what is read-only
    /// and what is null leaves it.
    pub(crate) fn fit(&self, body: &mut Map<String, Value>) -> Result<(), Misfit> {
        self.fit_at(body, "", true, 0)
    }

    /// The same for a merge patch: nothing is required, and null says that something goes.
    pub(crate) fn fit_patch(&self, body: &mut Map<String, Value>) -> Result<(), Misfit> {
        self.fit_at(body, "", false, 0)
    }

    fn fit_at(
        &self,
        body: &mut Map<String, Value>,
        path: &str,
        whole: bool,
        depth: usize,
    ) -> Result<(), Misfit> {
        if depth > DEEPEST {
            return Err(Misfit::new(path, MisfitKind::Value, "is nested too deeply"));
        }
        let mut fitted = Map::new();
        for (name, mut value) in std::mem::take(body) {
            let everywhere =
                path.is_empty() && EVERYWHERE.iter().any(|known| known.eq_ignore_ascii_case(&name));
            if everywhere || self.read_only.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                continue;
            }
            let field = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name));
            let place = join(path, field.map_or(&name, |field| &field.name));
            match (field, &self.any_key) {
                _ if value.is_null() && whole => {}
                (Some(field), _) => {
                    if !value.is_null() {
                        field.fit(&mut value, &place, whole, depth)?;
                    }
                    fitted.insert(field.name.clone(), value);
                }
                (None, Some(type_)) => {
                    if !value.is_null() {
                        type_.fit(&mut value, &place, whole, depth)?;
                    }
                    fitted.insert(name, value);
                }
                (None, None) => {
                    return Err(Misfit::new(&place, MisfitKind::Unknown, "is no property of this object"));
                }
            }
        }
        *body = fitted;
        let missing = self.fields.iter().find(|field| field.required && !body.contains_key(&field.name));
        match missing {
            Some(field) if whole => {
                Err(Misfit::new(&join(path, &field.name), MisfitKind::Missing, "is required"))
            }
            _ => Ok(()),
        }
    }
}

impl Field {
    fn fit(&self, value: &mut Value, path: &str, whole: bool, depth: usize) -> Result<(), Misfit> {
        if !self.list {
            return self.type_.fit(value, path, whole, depth);
        }
        let Value::Array(items) = value else {
            return Err(Misfit::new(path, MisfitKind::Type, "must be a list"));
        };
        for (index, item) in items.iter_mut().enumerate() {
            // A list is replaced as one, so what is in it has to be whole even in a patch.
            self.type_.fit(item, &format!("{path}[{index}]"), true, depth)?;
        }
        Ok(())
    }
}

impl Type {
    fn fit(&self, value: &mut Value, path: &str, whole: bool, depth: usize) -> Result<(), Misfit> {
        let wrong = |what: &str| Err(Misfit::new(path, MisfitKind::Type, &format!("must be {what}")));
        let outside = |why: String| Err(Misfit::new(path, MisfitKind::Value, &why));
        match self {
            Type::Any => {}
            Type::Bool if value.is_boolean() => {}
            Type::Bool => return wrong("a boolean"),
            Type::Number if value.is_number() => {}
            Type::Number => return wrong("a number"),
            Type::Int { minimum, maximum } => {
                let Some(number) = value.as_i64() else {
                    return wrong("an integer");
                };
                if minimum.is_some_and(|least| number < least) || maximum.is_some_and(|most| number > most) {
                    let text = |bound: &Option<i64>| bound.map_or_else(String::new, |b| b.to_string());
                    return outside(format!(
                        "is {number}, which is not within {}..{}",
                        text(minimum),
                        text(maximum)
                    ));
                }
            }
            Type::Text { pattern, minimum, maximum } => {
                let Some(text) = value.as_str() else {
                    return wrong("a string");
                };
                let length = text.chars().count();
                if length < *minimum || length > *maximum {
                    return outside(format!("must have {minimum} to {maximum} characters"));
                }
                if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
                    return outside(format!("'{text}' is not of the expected form"));
                }
            }
            Type::Enum(values) => {
                let Some(text) = value.as_str() else {
                    return wrong("a string");
                };
                match values.iter().find(|known| known.eq_ignore_ascii_case(text)) {
                    Some(known) => *value = Value::String(known.clone()),
                    None => {
                        return outside(format!("'{text}' is none of {}", values.join(", ")));
                    }
                }
            }
            Type::Words(values) => {
                let Some(text) = value.as_str() else {
                    return wrong("a string");
                };
                let mut words = Vec::new();
                for word in text.split(',').map(str::trim) {
                    match values.iter().find(|known| known.eq_ignore_ascii_case(word)) {
                        Some(known) => words.push(known.as_str()),
                        None => return outside(format!("'{word}' is none of {}", values.join(", "))),
                    }
                }
                if words.len() > 1 && words.contains(&"None") {
                    return outside(format!("'{text}' is nothing and something"));
                }
                *value = Value::String(words.join(", "));
            }
            Type::Object(shape) => match value {
                Value::Object(map) => shape.fit_at(map, path, whole, depth + 1)?,
                _ => return wrong("an object"),
            },
        }
        Ok(())
    }
}

impl Misfit {
    fn new(path: &str, kind: MisfitKind, message: &str) -> Misfit {
        Misfit { path: path.to_owned(), kind, message: message.to_owned() }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn object(lines: &[(usize, &str)], depth: usize) -> Shape {
    let mut shape = Shape { fields: Vec::new(), any_key: None, read_only: Vec::new() };
    let mut at = 0;
    while at < lines.len() {
        let (_, line) = lines[at];
        let end = (at + 1..lines.len()).find(|next| lines[*next].0 <= depth).unwrap_or(lines.len());
        let below = &lines[at + 1..end];
        let (name, rest) = line.split_once(": ").unwrap_or_else(|| panic!("no shape: {line}"));
        if name == "ro" {
            shape.read_only.extend(rest.split(' ').map(str::to_owned));
        } else {
            let (list, rest) = rest.strip_prefix("[]").map_or((false, rest), |rest| (true, rest));
            let type_ = type_of(rest, below, depth);
            match name {
                "*" => shape.any_key = Some(Box::new(type_)),
                _ => {
                    let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
                    shape.fields.push(Field { name: name.to_owned(), required, list, type_ });
                }
            }
        }
        at = end;
    }
    shape
}

fn type_of(text: &str, below: &[(usize, &str)], depth: usize) -> Type {
    let values = |text: &str| text.split(" | ").map(|value| value.trim_matches('\'').to_owned()).collect();
    if text.starts_with('\'') {
        return Type::Enum(values(text));
    }
    if let Some(words) = text.strip_prefix("words ") {
        return Type::Words(values(words));
    }
    let (kind, constraints) = text.split_once(' ').unwrap_or((text, ""));
    let options: BTreeMap<&str, &str> =
        constraints.split(' ').filter_map(|constraint| constraint.split_once('=')).collect();
    let number = |name: &str| options.get(name).and_then(|value| value.parse().ok());
    match kind {
        "any" => Type::Any,
        "bool" => Type::Bool,
        "num" => Type::Number,
        "int" => {
            let (minimum, maximum) = constraints.split_once("..").unwrap_or(("", ""));
            Type::Int { minimum: minimum.parse().ok(), maximum: maximum.parse().ok() }
        }
        "str" => Type::Text {
            pattern: constraints
                .split_once("pattern=")
                .map(|(_, pattern)| Regex::new(pattern).unwrap_or_else(|e| panic!("no shape: {text}: {e}"))),
            minimum: number("minLength").unwrap_or(0),
            maximum: number("maxLength").unwrap_or(usize::MAX),
        },
        "object" => Type::Object(object(below, depth + 1)),
        _ => panic!("no shape: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "location!: str\ntags: object\n  *: str\nproperties: object\n  days: int 1..30\n  mode: 'On' | 'Off'\n  rules: []object\n    name!: str pattern=^[a-z]+$\n    ro: etag\n  ro: state\nro: id";

    fn fit(body: Value) -> Result<Value, (String, MisfitKind)> {
        let Value::Object(mut map) = body else { panic!("an object") };
        Shape::parse(TEXT).fit(&mut map).map_err(|misfit| (misfit.path, misfit.kind))?;
        Ok(Value::Object(map))
    }

    #[test]
    fn names_and_values_take_the_case_of_the_shape() {
        let fitted = fit(
            json!({"Location": "x", "ID": "1", "Name": "n", "eTag": "e", "Properties": {"MODE": "off", "State": "a", "days": null, "rules": [{"NAME": "a", "etag": 1}]}}),
        );
        assert_eq!(
            fitted,
            Ok(json!({"location": "x", "properties": {"mode": "Off", "rules": [{"name": "a"}]}}))
        );
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        for (body, path, kind) in [
            (json!({}), "location", MisfitKind::Missing),
            (json!({"location": 1}), "location", MisfitKind::Type),
            (json!({"location": "x", "colour": 1}), "colour", MisfitKind::Unknown),
            (json!({"location": "x", "tags": {"a": 1}}), "tags.a", MisfitKind::Type),
            (json!({"location": "x", "properties": {"days": 31}}), "properties.days", MisfitKind::Value),
            (json!({"location": "x", "properties": {"days": "3"}}), "properties.days", MisfitKind::Type),
            (json!({"location": "x", "properties": {"mode": "Half"}}), "properties.mode", MisfitKind::Value),
            (json!({"location": "x", "properties": {"rules": {}}}), "properties.rules", MisfitKind::Type),
            (
                json!({"location": "x", "properties": {"rules": [{}]}}),
                "properties.rules[0].name",
                MisfitKind::Missing,
            ),
            (
                json!({"location": "x", "properties": {"rules": [{"name": "A"}]}}),
                "properties.rules[0].name",
                MisfitKind::Value,
            ),
        ] {
            assert_eq!(fit(body), Err((path.to_owned(), kind)));
        }
    }

    #[test]
    fn words_are_some_of_an_enumeration() {
        let shape = Shape::parse("bypass: words 'None' | 'Logging' | 'Metrics'");
        let fit = |text: &str| {
            let Value::Object(mut body) = json!({ "bypass": text }) else { panic!("an object") };
            shape.fit(&mut body).map(|()| body["bypass"].clone()).map_err(|misfit| misfit.kind)
        };
        assert_eq!(fit("metrics,Logging"), Ok(json!("Metrics, Logging")));
        assert_eq!(fit("none"), Ok(json!("None")));
        for wrong in ["", "Logging,", "Logging, None", "Tracing"] {
            assert_eq!(fit(wrong), Err(MisfitKind::Value), "{wrong}");
        }
    }

    #[test]
    fn a_patch_may_leave_out_and_take_away() {
        let shape = Shape::parse(TEXT);
        let Value::Object(mut patch) = json!({"properties": {"days": null}}) else { panic!("an object") };
        shape.fit_patch(&mut patch).expect("a patch");
        assert_eq!(Value::Object(patch), json!({"properties": {"days": null}}));
    }
}
