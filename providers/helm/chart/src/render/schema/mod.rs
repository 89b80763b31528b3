//! `values.schema.json`: values checked against the schemas of a tree of charts.
//!
//! Messages are those of Helm's validator: a tree of what is wrong where. References lead within the
//! schema: nothing is fetched, and no file is read for them.

mod told;
mod tree;

use aurak_gotemplate::{Map, Value};
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, ValidationError};
use serde_json::{Number, Value as Json};

use crate::{Chart, Error, Helm};

/// Checks the values of a chart and of those below it.
pub(super) fn check(helm: &Helm<'_>, chart: &Chart, values: &Map) -> Result<(), Error> {
    let mut wrong = String::new();
    check_chart(helm, chart, values, &mut wrong)?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::Schema(format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{wrong}"
    )))
}

fn check_chart(helm: &Helm<'_>, chart: &Chart, values: &Map, wrong: &mut String) -> Result<(), Error> {
    if let Some(schema) = &chart.schema
        && let Err(text) = validate(helm, schema, values)
    {
        wrong.push_str(&format!("{}:\n{text}", chart.name()));
    }
    for below in &chart.charts {
        match values.get(below.name()) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(inner)) => check_chart(helm, below, &inner, wrong)?,
            Some(other) => wrong.push_str(&format!(
                "{}:\ninvalid type for values: expected object (map), got {}\n",
                below.name(),
                other.type_name()
            )),
        }
    }
    Ok(())
}

/// What is wrong with the values by one schema.
fn validate(helm: &Helm<'_>, schema: &[u8], values: &Map) -> Result<(), String> {
    let schema: Json = serde_json::from_slice(schema).map_err(|error| error.to_string())?;
    let unresolved = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let validator = jsonschema::options()
        .with_draft(draft(&schema))
        .with_pattern_options(PatternOptions::regex())
        .with_retriever(Within(unresolved.clone()))
        .build(&schema)
        .map_err(|error| error.to_string())?;
    for urn in unresolved.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default() {
        helm.warn(format!("WARNING: unresolved URN reference ignored; using permissive schema: {urn}"));
    }
    let values = json(&Value::Map(values.clone()), 0).ok_or("the values are too deep")?;
    let errors: Vec<ValidationError<'_>> = validator.iter_errors(&values).collect();
    if errors.is_empty() { Ok(()) } else { Err(tree::text(&errors)) }
}

fn draft(schema: &Json) -> Draft {
    Draft::default().detect(schema)
}

/// References that lead out of a schema. What has only a name is taken for a schema that allows all, as
/// in Helm; what would have to be fetched or read is refused.
struct Within(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Retrieve for Within {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" {
            if let Ok(mut all) = self.0.lock() {
                all.push(uri.to_string());
            }
            return Ok(Json::Bool(true));
        }
        Err(format!("the schema refers to {uri}, and schemas are neither fetched nor read from elsewhere")
            .into())
    }
}

/// How deep values for a schema may nest, which is validated by recursion.
const MOST_LEVELS: usize = 128;

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers that fit are taken")]
fn json(value: &Value, depth: usize) -> Option<Json> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if depth > MOST_LEVELS {
        return None;
    }
    Some(match value.below() {
        Value::Bool(flag) => Json::Bool(flag),
        Value::Int(_, n) => Json::from(n),
        Value::Uint(_, n) => Json::from(n),
        Value::Float(_, x) if x.fract() == 0.0 && x.abs() < EXACT => Json::from(x as i64),
        Value::Float(_, x) => Number::from_f64(x).map_or(Json::Null, Json::Number),
        Value::Str(text) => Json::String(text.lossy().into_owned()),
        Value::Map(map) => {
            let entries = map.entries().into_iter();
            let entries: Option<serde_json::Map<String, Json>> = entries
                .map(|(key, item)| Some((key.lossy().into_owned(), json(&item, depth + 1)?)))
                .collect();
            Json::Object(entries?)
        }
        list @ (Value::List(_) | Value::Bytes(_)) => {
            let items = list.elements().unwrap_or_default();
            Json::Array(items.iter().map(|item| json(item, depth + 1)).collect::<Option<_>>()?)
        }
        Value::Nil | Value::Func(_) | Value::Object(_) => Json::Null,
    })
}
