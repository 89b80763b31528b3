//! Values in JSON: what is sensitive or unknown is an object that says so.

use aurak_model::{Map, Unknown, Value};
use serde_json::{Map as Object, Value as Json, json};

use crate::value::Needs;

/// A value without any secret: for outputs and rows of the state.
pub fn value(value: &Value) -> Json {
    project(value, Other::Nothing, &mut Needs::default())
}

/// What a value is compared with.
#[derive(Clone, Copy)]
pub(super) enum Other<'a> {
    /// It stands alone: a sensitive leaf has nothing to say.
    Nothing,
    /// The other side is not set.
    Missing,
    /// The other side.
    Is(&'a Value),
}

impl<'a> Other<'a> {
    pub(super) fn side(value: Option<&'a Value>) -> Other<'a> {
        value.map_or(Other::Missing, Other::Is)
    }

    fn below(self, step: impl FnOnce(&'a Value) -> Option<&'a Value>) -> Other<'a> {
        match self {
            Other::Is(value) => Other::side(step(value)),
            Other::Nothing | Other::Missing => self,
        }
    }
}

/// A value beside the one that it is compared with: a sensitive leaf says whether the two differ.
pub(super) fn project(value: &Value, other: Other<'_>, needs: &mut Needs<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(i) => (*i).into(),
        Value::Float(f) => (*f).into(),
        Value::String(s) => Json::String(s.to_string()),
        Value::List(list) => Json::Array(
            list.iter()
                .enumerate()
                .map(|(i, item)| project(item, other.below(|o| o.as_list()?.get(i)), needs))
                .collect(),
        ),
        Value::Map(map) => {
            let entries: Object<String, Json> = map
                .iter()
                .map(|(key, item)| {
                    (key.to_string(), project(item, other.below(|o| o.as_map()?.get(key)), needs))
                })
                .collect();
            match is_mistakable(map) {
                true => json!({ "literal": entries }),
                false => Json::Object(entries),
            }
        }
        Value::Sensitive(_) => match other {
            Other::Nothing => json!({ "sensitive": true }),
            Other::Missing => json!({ "sensitive": true, "changed": true }),
            Other::Is(other) => json!({ "sensitive": true, "changed": other != value }),
        },
        Value::Unknown(unknown) => {
            let Unknown { ty, origin: _, sensitive } = &**unknown;
            let after: Vec<Json> =
                needs.resolve(unknown).iter().map(|address| address.as_str().into()).collect();
            let mut out = Object::new();
            out.insert("unknown".into(), true.into());
            out.insert("after".into(), after.into());
            if !ty.is_any() {
                out.insert("type".into(), serde_json::to_value(ty).unwrap_or_default());
            }
            if *sensitive {
                out.insert("sensitive".into(), true.into());
            }
            Json::Object(out)
        }
    }
}

/// Whether a map of the user's data looks like one of our own objects.
fn is_mistakable(map: &Map) -> bool {
    let is_true = |key| map.get(key) == Some(&Value::Bool(true));
    is_true("sensitive") || is_true("unknown") || (map.len() == 1 && map.contains_key("literal"))
}
