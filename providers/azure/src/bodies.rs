//! What was read of an object, back in the words of Resource Manager: what a sandbox is filled with.

use aurak_model::Value;
use serde_json::{Map, Value as Json};

use crate::types;

/// The body of an object of a type; none where the type is not one of ours, or it has no id.
pub fn body(type_name: &str, attributes: &Value) -> Option<Json> {
    let types = types::all();
    let ty = types.get(type_name)?;
    let attributes = attributes.as_map()?;
    let mut body = Map::new();
    body.insert("id".to_string(), attributes.get("id")?.as_str()?.into());
    for (name, value) in attributes.iter().filter(|(name, _)| ty.in_body(name)) {
        body.insert(name.to_string(), value.reveal().to_json()?);
    }
    Some(Json::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_has_no_more_than_the_service_showed() {
        let group = "/subscriptions/s/resourceGroups/g";
        let read = json!({
            "id": format!("{group}/providers/Microsoft.Network/publicIPAddresses/a"), "group": group, "name": "a",
            "location": "westeurope", "properties": { "ipAddress": "20.0.0.1" },
        });
        let body = body("azure.public_ip", &Value::from_json(&read)).unwrap();
        assert_eq!(
            body,
            json!({ "id": read["id"], "location": "westeurope", "properties": { "ipAddress": "20.0.0.1" } })
        );
        assert_eq!(super::body("azure.nothing", &Value::from_json(&read)), None);
        assert_eq!(super::body("azure.public_ip", &Value::from_json(&json!({}))), None);
    }
}
