//! What is wrong with one value, in the words of Helm's validator.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;

use crate::error::quoted;

/// The sentence of an error that has no others within it.
pub(super) fn sentence(error: &ValidationError<'_>) -> String {
    let got = error.instance().as_ref();
    match error.kind() {
        ValidationErrorKind::Type { kind } => format!("got {}, want {}", type_of(got), wanted(kind)),
        ValidationErrorKind::Enum { options } => match options.as_array() {
            Some(all) if all.iter().any(|one| one.is_array() || one.is_object()) => {
                "'enum' failed".to_owned()
            }
            Some(all) if all.len() == 1 => format!("value must be {}", display(&all[0])),
            Some(all) => {
                format!("value must be one of {}", all.iter().map(display).collect::<Vec<_>>().join(", "))
            }
            None => "'enum' failed".to_owned(),
        },
        ValidationErrorKind::Constant { expected_value } => match expected_value.as_ref() {
            Json::Array(_) | Json::Object(_) => "'const' failed".to_owned(),
            one => format!("value must be {}", display(one)),
        },
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("additional properties {} not allowed", joined(unexpected))
        }
        ValidationErrorKind::AdditionalItems { limit } => {
            let count = got.as_array().map_or(0, Vec::len).saturating_sub(*limit);
            format!("last {} additionalItem(s) not allowed", grouped(count))
        }
        ValidationErrorKind::Required { property } => missing(&[name(property)]),
        ValidationErrorKind::MinLength { limit } => count("minLength", characters(got), *limit),
        ValidationErrorKind::MaxLength { limit } => count("maxLength", characters(got), *limit),
        ValidationErrorKind::MinItems { limit } => count("minItems", length(got), *limit),
        ValidationErrorKind::MaxItems { limit } => count("maxItems", length(got), *limit),
        ValidationErrorKind::MinProperties { limit } => count("minProperties", length(got), *limit),
        ValidationErrorKind::MaxProperties { limit } => count("maxProperties", length(got), *limit),
        ValidationErrorKind::Minimum { limit } => bound("minimum", got, limit),
        ValidationErrorKind::Maximum { limit } => bound("maximum", got, limit),
        ValidationErrorKind::ExclusiveMinimum { limit } => bound("exclusiveMinimum", got, limit),
        ValidationErrorKind::ExclusiveMaximum { limit } => bound("exclusiveMaximum", got, limit),
        ValidationErrorKind::MultipleOf { multiple_of } => {
            format!("multipleOf: got {}, want {}", number(got), grouped(multiple_of))
        }
        ValidationErrorKind::Pattern { pattern } => {
            format!("{} does not match pattern {}", display(got), single(pattern))
        }
        ValidationErrorKind::UniqueItems => {
            let (first, second) = equal_items(got);
            format!("items at {first} and {second} are equal")
        }
        ValidationErrorKind::Format { format } => format!("{} is not valid {format}", display(got)),
        ValidationErrorKind::Not { .. } => "'not' failed".to_owned(),
        ValidationErrorKind::Contains => "no items match contains schema".to_owned(),
        ValidationErrorKind::FalseSchema => "false schema".to_owned(),
        ValidationErrorKind::AnyOf { .. } => "'anyOf' failed".to_owned(),
        ValidationErrorKind::OneOfNotValid { .. } => "'oneOf' failed, none matched".to_owned(),
        ValidationErrorKind::OneOfMultipleValid { context } => {
            let mut valid = context.iter().enumerate().filter(|(_, errors)| errors.is_empty());
            let first = valid.next().map_or(0, |(at, _)| at);
            let second = valid.next().map_or(1, |(at, _)| at);
            format!("'oneOf' failed, subschemas {first}, {second} matched")
        }
        ValidationErrorKind::PropertyNames { error } => {
            format!("invalid propertyName {}", display(error.instance()))
        }
        _ => error.to_string(),
    }
}

/// The sentence for properties that have to be there.
pub(super) fn missing(names: &[String]) -> String {
    match names {
        [one] => format!("missing property {}", single(one)),
        all => format!("missing properties {}", joined(all)),
    }
}

/// The name of a property that has to be there.
pub(super) fn name(property: &Json) -> String {
    property.as_str().map_or_else(|| property.to_string(), ToOwned::to_owned)
}

/// A text in single quotes.
pub(super) fn single(text: &str) -> String {
    let text = quoted(text).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    format!("'{inner}'")
}

fn joined(names: &[String]) -> String {
    names.iter().map(|name| single(name)).collect::<Vec<_>>().join(", ")
}

fn display(value: &Json) -> String {
    match value {
        Json::String(text) => single(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn wanted(kind: &TypeKind) -> String {
    const ORDER: [(JsonType, &str); 7] = [
        (JsonType::Null, "null"),
        (JsonType::Boolean, "boolean"),
        (JsonType::Number, "number"),
        (JsonType::Integer, "integer"),
        (JsonType::String, "string"),
        (JsonType::Array, "array"),
        (JsonType::Object, "object"),
    ];
    let is_wanted = |ty: JsonType| match kind {
        TypeKind::Single(one) => *one == ty,
        TypeKind::Multiple(all) => all.contains(ty),
    };
    let names: Vec<&str> = ORDER.iter().filter(|(ty, _)| is_wanted(*ty)).map(|(_, name)| *name).collect();
    names.join(" or ")
}

fn characters(value: &Json) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

fn length(value: &Json) -> usize {
    match value {
        Json::Array(items) => items.len(),
        Json::Object(entries) => entries.len(),
        _ => 0,
    }
}

fn count(keyword: &str, got: usize, want: u64) -> String {
    format!("{keyword}: got {}, want {}", grouped(got), grouped(want))
}

fn bound(keyword: &str, got: &Json, want: &Json) -> String {
    format!("{keyword}: got {}, want {}", number(got), number(want))
}

fn number(value: &Json) -> String {
    match (value.as_i64(), value.as_f64()) {
        (Some(n), _) => grouped(n),
        (None, Some(x)) => grouped(x),
        (None, None) => value.to_string(),
    }
}

/// A number as English has it, with a comma at each thousand.
fn grouped(number: impl std::fmt::Display) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn equal_items(value: &Json) -> (usize, usize) {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    for (second, item) in items.iter().enumerate() {
        if let Some(first) = items.iter().take(second).position(|one| one == item) {
            return (first, second);
        }
    }
    (0, 0)
}
