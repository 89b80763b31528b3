//! Attributes that an action of the object answers: keys, credentials.

use aurak_model::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::spec::Output;

/// The value in an answer; `None` where it is not as the type says. It is a secret, so that nothing of
/// it goes into a message.
pub(crate) fn value(output: &Output, answer: &Json) -> Option<Value> {
    let answer = Value::from_json(answer);
    let at = answer.at(&output.at)?;
    if let Some(key) = &output.keyed_by {
        let member = |item: &Value, name: &str| Some(item.as_map()?.get(name)?.clone());
        let entries: Option<Vec<(String, Value)>> = at
            .as_list()?
            .iter()
            .map(|item| {
                let name = member(item, key)?.as_str()?.to_string();
                let held = match &output.value {
                    Some(held) => member(item, held)?,
                    None => item.clone(),
                };
                Some((name, decoded(output, held)?))
            })
            .collect();
        return Some(Value::map(entries?));
    }
    decoded(output, at.clone())
}

fn decoded(output: &Output, value: Value) -> Option<Value> {
    if !output.base64 {
        return Some(value);
    }
    let bytes = STANDARD.decode(value.as_str()?).ok()?;
    String::from_utf8(bytes).ok().map(Value::string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn output(json: Json) -> Output {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_list_of_keys_becomes_a_map() {
        let keys =
            output(json!({ "post": "listKeys", "at": "keys", "keyed_by": "keyName", "value": "value" }));
        let answer = json!({ "keys": [{ "keyName": "key1", "value": "a", "permissions": "FULL" }] });
        assert_eq!(value(&keys, &answer), Some(Value::map([("key1", Value::from("a"))])));
        assert_eq!(value(&keys, &json!({ "keys": [{ "keyName": "key1" }] })), None);
        assert_eq!(value(&keys, &json!({})), None);
    }

    #[test]
    fn text_in_base64_is_decoded() {
        let config = output(json!({ "post": "list", "at": "kubeconfigs[0].value", "base64": true }));
        let answer = json!({ "kubeconfigs": [{ "name": "x", "value": "YXBp" }] });
        assert_eq!(value(&config, &answer), Some(Value::from("api")));
        assert_eq!(value(&config, &json!({ "kubeconfigs": [{ "value": "%" }] })), None);
    }
}
