//! Storage accounts, blob services and containers.

use aurak_sandbox::{Method, Request};
use serde_json::{Value, json};

use crate::kit::Lab;

const ACCOUNT: &str = "@/Microsoft.Storage/storageAccounts/mine 2025-08-01";
const SERVICE: &str = "@/Microsoft.Storage/storageAccounts/mine/blobServices/default 2025-08-01";
const CONTAINER: &str =
    "@/Microsoft.Storage/storageAccounts/mine/blobServices/default/containers/files 2025-08-01";

fn account() -> Value {
    json!({ "location": "westeurope", "kind": "StorageV2", "sku": { "name": "Standard_LRS" }, "properties": {} })
}

fn with(path: &str, value: Value) -> Value {
    let mut body = account();
    let mut at = &mut body;
    for part in path.split('.') {
        at = &mut at[part];
    }
    *at = value;
    body
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.group();
    lab.make(ACCOUNT, account());
    lab
}

#[test]
fn an_account_is_made_behind_a_location() {
    let mut lab = Lab::new();
    lab.group();
    let made = lab.put(ACCOUNT, account());
    assert_eq!((made.status, &made.body, made.header("Retry-After")), (202, &Value::Null, Some("17")));
    assert_eq!(made.header("Azure-AsyncOperation"), None);
    let link = made.link("Location");
    let follow = |lab: &mut Lab| {
        let request =
            Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
        lab.send(request)
    };
    assert_eq!(follow(&mut lab).status, 202);
    lab.put(ACCOUNT, account()).refused(409, "StorageAccountOperationInProgress");
    lab.put(CONTAINER, json!({})).refused(409, "StorageAccountIsNotProvisioned");
    lab.ask(&format!("POST {}", ACCOUNT.replace(' ', "/listKeys ")), Value::Null)
        .refused(409, "StorageAccountIsNotProvisioned");
    lab.now += 20_000;
    let done = follow(&mut lab);
    assert_eq!((done.status, &done.body), (200, &lab.get(ACCOUNT).body));
    assert_eq!(done.body["properties"]["primaryEndpoints"]["blob"], "https://mine.blob.core.windows.net/");
    assert_eq!(done.body["sku"], json!({ "name": "Standard_LRS", "tier": "Standard" }));
    let again = lab.put(ACCOUNT, with("tags", json!({ "a": "b" })));
    assert_eq!(
        (again.status, &again.body["tags"]),
        (200, &json!({ "a": "b" })),
        "an update is answered at once"
    );
}

#[test]
fn account_names_are_one_space() {
    let mut lab = Lab::with(2);
    lab.group();
    lab.make(ACCOUNT, account());
    let named = |name: &str| format!("@/Microsoft.Storage/storageAccounts/{name} 2025-08-01");
    for name in ["ab", "Upper", "with-hyphen", &"x".repeat(25)] {
        lab.put(&named(name), account()).refused(400, "AccountNameInvalid");
    }
    lab.put(&named("mymicrosoft"), account()).refused(400, "ReservedResourceName");
    lab.put(&named("loginserver"), account()).refused(400, "ReservedResourceName");
    lab.put(&named("outlook"), account()).refused(400, "ReservedResourceName");
    lab.put(&named("storage"), account()).refused(409, "StorageAccountAlreadyTaken");
    lab.make("~/resourceGroups/h 2024-11-01", json!({ "location": "westeurope" }));
    let elsewhere = "~/resourceGroups/h/providers/Microsoft.Storage/storageAccounts/mine 2025-08-01";
    lab.put(elsewhere, account()).refused(409, "StorageAccountInAnotherResourceGroup");
    let mut moved = account();
    moved["location"] = json!("northeurope");
    lab.put(ACCOUNT, moved).refused(409, "InvalidResourceLocation");
    let first = std::mem::replace(&mut lab.subscription, lab.world.identity().subscriptions[1].id.clone());
    lab.group();
    lab.put(ACCOUNT, account()).refused(409, "StorageAccountAlreadyTaken");
    lab.subscription = first;
    lab.remove(ACCOUNT);
    assert_eq!(lab.put(elsewhere, account()).status, 202, "a name is free when its account is gone");
}

#[test]
fn a_name_can_be_asked_for() {
    let mut lab = lab();
    let line = "POST ~/providers/Microsoft.Storage/checkNameAvailability 2025-08-01";
    let mut ask =
        |name: &str| lab.ask(line, json!({ "name": name, "type": "Microsoft.Storage/storageAccounts" })).body;
    assert_eq!(ask("free"), json!({ "nameAvailable": true }));
    assert_eq!(ask("mine")["reason"], "AlreadyExists");
    assert_eq!(ask("test")["reason"], "AlreadyExists");
    assert_eq!(ask("No")["reason"], "AccountNameInvalid");
    lab.ask(line, json!({ "name": "x", "type": "other" })).refused(400, "InvalidRequestContent");
}

#[test]
fn what_an_account_is_made_with_stays() {
    let mut lab = lab();
    for (path, value) in [
        ("kind", json!("FileStorage")),
        ("kind", json!("Storage")),
        ("sku.name", json!("Standard_ZRS")),
        ("sku.name", json!("Premium_LRS")),
        ("sku.name", json!("StandardV2_LRS")),
        ("properties.isHnsEnabled", json!(true)),
        ("properties.isHnsEnabled", json!(false)),
        ("properties.isNfsV3Enabled", json!(true)),
        ("properties.dnsEndpointType", json!("AzureDnsZone")),
        ("properties.encryption.requireInfrastructureEncryption", json!(true)),
    ] {
        let got = lab.put(ACCOUNT, with(path, value.clone()));
        let expected = if path == "kind" && value == "FileStorage" {
            "InvalidValuesForRequestParameters"
        } else {
            "AccountPropertyCannotBeUpdated"
        };
        got.refused(400, expected);
    }
    for sku in ["Standard_GRS", "Standard_RAGRS", "Standard_LRS"] {
        assert_eq!(lab.put(ACCOUNT, with("sku.name", json!(sku))).status, 200);
    }
    assert_eq!(lab.put(ACCOUNT, with("properties.largeFileSharesState", json!("Enabled"))).status, 200);
    lab.put(ACCOUNT, account()).refused(400, "AccountPropertyCannotBeUpdated");
}

#[test]
fn bodies_are_checked() {
    let mut lab = lab();
    lab.put(ACCOUNT, json!({ "location": "westeurope" })).refused(400, "InvalidRequestContent");
    lab.put(ACCOUNT, with("properties.supportHttps", json!(true))).refused(400, "InvalidRequestContent");
    lab.put(ACCOUNT, with("properties.minimumTlsVersion", json!("TLS9")))
        .refused(400, "InvalidValuesForRequestParameters");
    lab.put(ACCOUNT, with("sku.name", json!("Standard_XRS")))
        .refused(400, "InvalidValuesForRequestParameters");
    let fresh = "@/Microsoft.Storage/storageAccounts/fresh 2025-08-01";
    lab.put(fresh, with("kind", json!("BlockBlobStorage"))).refused(400, "InvalidValuesForRequestParameters");
    lab.put(fresh, with("kind", json!("BlobStorage"))).refused(400, "AccountPropertyIsInvalid");
    lab.put(fresh, with("identity", json!({ "type": "UserAssigned" }))).refused(400, "MissingIdentityIds");
    let strange =
        json!({ "type": "UserAssigned", "userAssignedIdentities": { "/subscriptions/s/none": {} } });
    lab.put(fresh, with("identity", strange)).refused(400, "FailedIdentityOperation");
    lab.get(fresh).refused(404, "ResourceNotFound");
}

#[test]
fn a_patch_merges_and_a_put_replaces() {
    let mut lab = lab();
    let change = json!({ "properties": { "allowBlobPublicAccess": true }, "tags": { "a": "b" } });
    let patched = lab.ask(&format!("PATCH {ACCOUNT}"), change);
    assert_eq!((patched.status, &patched.body["properties"]["allowBlobPublicAccess"]), (200, &json!(true)));
    let replaced = lab.put(ACCOUNT, account());
    assert_eq!(replaced.body["properties"]["allowBlobPublicAccess"], false);
    assert_eq!(replaced.body.get("tags"), None);
    let system = lab.put(ACCOUNT, with("identity", json!({ "type": "SystemAssigned" }))).body;
    assert!(system["identity"]["principalId"].is_string());
    assert_eq!(lab.put(ACCOUNT, account()).body["identity"], system["identity"], "an identity is kept");
    let none = lab.put(ACCOUNT, with("identity", json!({ "type": "None" }))).body;
    assert_eq!(none["identity"]["principalId"], Value::Null);
}

#[test]
fn keys_are_listed_and_renewed() {
    let mut lab = lab();
    let list = format!("POST {}", ACCOUNT.replace(' ', "/listKeys?$expand=kerb "));
    let renew = format!("POST {}", ACCOUNT.replace(' ', "/regenerateKey "));
    let first = lab.ask(&list, Value::Null).body;
    assert_eq!(first["keys"][0]["value"].as_str().map(str::len), Some(88));
    lab.ask(&renew, json!({ "keyName": "key3" })).refused(400, "InvalidValuesForRequestParameters");
    let second = lab.ask(&renew, json!({ "keyName": "key1" })).body;
    assert_ne!(first["keys"][0]["value"], second["keys"][0]["value"]);
    assert_eq!(first["keys"][1], second["keys"][1]);
    let secret = second["keys"][0]["value"].as_str().expect("a key");
    assert!(!lab.get(ACCOUNT).body.to_string().contains(secret), "a read shows no key");
    lab.make(
        "@/Microsoft.Storage/storageAccounts/mine/providers/Microsoft.Authorization/locks/l 2020-05-01",
        json!({ "properties": { "level": "ReadOnly" } }),
    );
    lab.ask(&list, Value::Null).refused(409, "ScopeLocked");
    lab.ask(&list.replace("/mine/", "/none/"), Value::Null).refused(404, "ResourceNotFound");
}

#[test]
fn the_blob_service_is_always_there() {
    let mut lab = lab();
    assert_eq!(lab.get(SERVICE).body["properties"]["deleteRetentionPolicy"]["enabled"], false);
    let with = |properties: Value| json!({ "properties": properties });
    lab.put(SERVICE, with(json!({ "deleteRetentionPolicy": { "enabled": true } })))
        .refused(400, "InvalidValuesForRequestParameters");
    lab.put(SERVICE, with(json!({ "deleteRetentionPolicy": { "enabled": true, "days": 366 } })))
        .refused(400, "InvalidValuesForRequestParameters");
    lab.put(SERVICE, with(json!({ "restorePolicy": { "enabled": true, "days": 1 } })))
        .refused(400, "InvalidValuesForRequestParameters");
    assert_eq!(lab.put(SERVICE, with(json!({ "isVersioningEnabled": true }))).status, 200);
    let kept =
        lab.put(SERVICE, with(json!({ "deleteRetentionPolicy": { "enabled": true, "days": 7 } }))).body;
    assert_eq!(kept["properties"]["isVersioningEnabled"], true, "this service keeps what a PUT leaves out");
    lab.delete(SERVICE).refused(405, "HttpMethodNotSupported");
    lab.put(&SERVICE.replace("default", "second"), with(json!({}))).refused(400, "InvalidResourceName");
}

#[test]
fn containers_live_and_their_names_rest() {
    let mut lab = lab();
    let made = lab.put(CONTAINER, json!({ "properties": { "metadata": { "a": "b" } } }));
    assert_eq!((made.status, &made.body["properties"]["publicAccess"]), (201, &json!("None")));
    assert!(made.body["etag"].as_str().expect("an etag").starts_with("\"0x8D"));
    let request = lab.request(&format!("DELETE {CONTAINER}")).header("If-Match", "\"0x0\"");
    lab.send(request).refused(412, "PreconditionFailed");
    for name in ["ab", "Upper", "a--b", "-ab", "ab-", &"x".repeat(64)] {
        lab.put(&CONTAINER.replace("files", name), json!({})).refused(400, "InvalidResourceName");
    }
    let public = json!({ "properties": { "publicAccess": "Blob" } });
    lab.put(CONTAINER, public.clone()).refused(409, "PublicAccessNotPermitted");
    lab.put(ACCOUNT, with("properties.allowBlobPublicAccess", json!(true)));
    assert_eq!(lab.put(CONTAINER, public).status, 200);
    let scope = json!({ "properties": { "defaultEncryptionScope": "other" } });
    lab.put(CONTAINER, scope).refused(400, "AccountPropertyCannotBeUpdated");
    assert_eq!(lab.delete(CONTAINER).status, 200);
    lab.put(CONTAINER, json!({})).refused(409, "ContainerBeingDeleted");
    lab.now += 30_000;
    assert_eq!(lab.put(CONTAINER, json!({})).status, 201);
    lab.put(&CONTAINER.replace("/mine/", "/none/"), json!({})).refused(404, "ParentResourceNotFound");
}

#[test]
fn containers_are_listed_by_pages() {
    let mut lab = lab();
    for n in 0..5 {
        lab.put(&CONTAINER.replace("files", &format!("c-{n}")), json!({}));
    }
    let line = CONTAINER.replace("containers/files", "containers");
    let (found, pages) = lab.list(&line.replace(' ', "?$maxpagesize=2 "));
    assert_eq!((found.len(), pages), (5, 3));
    assert_eq!(lab.list("~/providers/Microsoft.Storage/storageAccounts 2025-08-01").0.len(), 1);
}

#[test]
fn a_lock_below_keeps_what_is_above() {
    let mut lab = lab();
    lab.put(CONTAINER, json!({}));
    let lock = CONTAINER.replace(" 2025-08-01", "/providers/Microsoft.Authorization/locks/l 2020-05-01");
    lab.make(&lock, json!({ "properties": { "level": "CanNotDelete" } }));
    for line in [CONTAINER, ACCOUNT, "~/resourceGroups/g 2024-11-01"] {
        lab.delete(line).refused(409, "ScopeLocked");
    }
    lab.put(&lock.replace("/files/", "/none/"), json!({ "properties": { "level": "CanNotDelete" } }))
        .refused(404, "ParentResourceNotFound");
}
