//! A world filled with what was read elsewhere.

use aurak_sandbox::LoadError;
use serde_json::{Value, json};

use crate::kit::Lab;

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a";

fn bodies() -> Vec<Value> {
    let group = format!("{SUBSCRIPTION}/resourceGroups/Mine");
    vec![
        json!({ "id": format!("{group}/providers/Microsoft.Network/virtualNetworks/v"), "location": "westeurope",
            "etag": "W/\"1\"", "properties": { "provisioningState": "Succeeded",
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "subnets": [{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } }] } }),
        json!({ "id": group, "location": "westeurope", "properties": { "provisioningState": "Succeeded" } }),
        json!({ "id": format!("{group}/providers/Microsoft.Storage/storageAccounts/acc"), "location": "westeurope",
            "kind": "StorageV2", "sku": { "name": "Standard_LRS" }, "properties": {} }),
        json!({ "id": format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/who"), "location": "westeurope",
            "properties": { "principalId": "00000000-0000-0000-0000-00000000000B", "clientId": "c" } }),
    ]
}

#[test]
fn what_was_read_is_there_with_its_ids() {
    let mut lab = Lab::new();
    assert_eq!(lab.world.load(&bodies(), lab.now), Ok(6), "the subnet and the blob service are among them");
    lab.subscription = SUBSCRIPTION.rsplit('/').next().expect("an id").to_owned();
    let inside = "~/resourceGroups/mine/providers";
    let subnet = lab.get(&format!("{inside}/Microsoft.Network/virtualNetworks/v/subnets/a 2025-01-01"));
    assert_eq!(subnet.body["properties"]["addressPrefix"], "10.0.0.0/24");
    assert!(subnet.body["id"].as_str().expect("an id").contains("/resourceGroups/Mine/"));
    let keys = lab.ask(
        &format!("POST {inside}/Microsoft.Storage/storageAccounts/acc/listKeys 2025-08-01"),
        Value::Null,
    );
    assert_eq!(keys.body["keys"][0]["value"].as_str().map(str::len), Some(88), "keys of this world");
    let role = format!(
        "{inside}/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111 2022-04-01"
    );
    let reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let body = json!({ "properties": { "roleDefinitionId": reader, "principalId": "00000000-0000-0000-0000-00000000000b" } });
    assert_eq!(lab.put(&role, body).status, 201, "its principal is known");
}

#[test]
fn what_a_world_shows_makes_the_same_world() {
    let mut lab = Lab::new();
    lab.world.load(&bodies(), lab.now).expect("a world");
    let shown = lab.world.bodies();
    let mut other = Lab::new();
    assert_eq!(other.world.load(&shown, lab.now), Ok(shown.len()));
    assert_eq!(other.world.bodies(), shown);
}

#[test]
fn all_is_loaded_or_nothing() {
    let mut lab = Lab::new();
    let mut wrong = |bodies: &[Value]| lab.world.load(bodies, 0).expect_err("a refusal");
    assert_eq!(wrong(&[json!({})]), LoadError::NoId);
    let strange = json!({ "id": format!("{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Foo/bars/b") });
    assert!(matches!(wrong(&[strange]), LoadError::UnknownType(_)));
    assert!(matches!(wrong(&bodies()[..1]), LoadError::NoParent { .. }), "its group is missing");
    assert_eq!(lab.world.load(&bodies(), 0), Ok(6), "so that nothing was left behind");
    assert!(matches!(lab.world.load(&bodies(), 0), Err(LoadError::NotEmpty(_))));
}
