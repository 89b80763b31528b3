//! Resource groups and locks.

use serde_json::{Value, json};

use crate::kit::Lab;

const GROUP: &str = "~/resourceGroups/g 2024-11-01";
const LOCK: &str = "@/Microsoft.Authorization/locks/l 2020-05-01";

fn locked(level: &str) -> Lab {
    let mut lab = Lab::new();
    lab.group();
    let got = lab.put(LOCK, json!({ "properties": { "level": level, "notes": "mine" } }));
    assert_eq!(
        (got.status, got.body["type"].as_str()),
        (201, Some("Microsoft.Authorization/locks")),
        "{}",
        got.body
    );
    lab
}

#[test]
fn a_group_lives() {
    let mut lab = Lab::new();
    let made = lab.put(GROUP, json!({ "location": "West Europe", "tags": { "a": "1", "b": "2" } }));
    assert_eq!(made.status, 201);
    assert_eq!(
        made.body,
        json!({
            "id": format!("/subscriptions/{}/resourceGroups/g", lab.subscription),
            "name": "g",
            "type": "Microsoft.Resources/resourceGroups",
            "location": "westeurope",
            "tags": { "a": "1", "b": "2" },
            "properties": { "provisioningState": "Succeeded" },
        })
    );
    let upper = lab.get("~/RESOURCEGROUPS/G 2024-11-01");
    assert_eq!(upper.body, made.body, "ids are compared without case and keep theirs");
    let patched = lab.ask(&format!("PATCH {GROUP}"), json!({ "tags": { "c": "3" } }));
    assert_eq!(
        (patched.status, &patched.body["tags"]),
        (200, &json!({ "c": "3" })),
        "tags are replaced as a whole"
    );
    let again = lab.put(GROUP, json!({ "location": "westeurope" }));
    assert_eq!((again.status, again.body.get("tags")), (200, None), "what a PUT leaves out is dropped");
    assert_eq!(lab.ask(&format!("HEAD {GROUP}"), Value::Null).status, 204);
    lab.remove(GROUP);
    assert_eq!(lab.ask(&format!("HEAD {GROUP}"), Value::Null).status, 404);
}

#[test]
fn group_names_have_a_rule() {
    let mut lab = Lab::new();
    for name in ["ends.", "a%20b", "a%2Fb", "a*b", &"x".repeat(91)] {
        let got =
            lab.put(&format!("~/resourceGroups/{name} 2024-11-01"), json!({ "location": "westeurope" }));
        got.refused(400, "InvalidResourceGroup");
    }
    for name in ["a", "A.b-c_(d)", &"x".repeat(90)] {
        let got =
            lab.put(&format!("~/resourceGroups/{name} 2024-11-01"), json!({ "location": "westeurope" }));
        assert_eq!(got.status, 201, "{name}");
    }
}

#[test]
fn a_group_stays_where_it_is() {
    let mut lab = Lab::new();
    lab.group();
    lab.put(GROUP, json!({ "location": "northeurope" })).refused(409, "InvalidResourceGroupLocation");
    let patch = lab.ask(&format!("PATCH {GROUP}"), json!({ "location": "northeurope" }));
    patch.refused(409, "InvalidResourceGroupLocation");
    lab.ask("PATCH ~/resourceGroups/none 2024-11-01", json!({})).refused(404, "ResourceGroupNotFound");
}

#[test]
fn nothing_is_written_into_a_group_that_goes() {
    let mut lab = Lab::new();
    lab.group();
    let first = lab.delete(GROUP);
    assert_eq!(
        lab.delete(GROUP).header("Location"),
        first.header("Location"),
        "one deletion, asked for twice"
    );
    lab.put(GROUP, json!({ "location": "westeurope" })).refused(409, "ResourceGroupBeingDeleted");
    lab.ask(&format!("PATCH {GROUP}"), json!({ "tags": {} })).refused(409, "ResourceGroupBeingDeleted");
    lab.put(LOCK, json!({ "properties": { "level": "ReadOnly" } })).refused(409, "ResourceGroupBeingDeleted");
    assert_eq!(lab.get(GROUP).body["properties"]["provisioningState"], "Deleting");
}

#[test]
fn a_lock_against_deleting_is_inherited() {
    let mut lab = locked("CanNotDelete");
    let got = lab.delete(GROUP);
    got.refused(409, "ScopeLocked");
    assert!(got.body["error"]["message"].as_str().expect("text").contains("/resourceGroups/g'"));
    assert_eq!(lab.put(GROUP, json!({ "location": "westeurope" })).status, 200, "writing is free");
    assert_eq!(lab.delete(LOCK).status, 200);
    assert_eq!(lab.delete(LOCK).status, 204);
    assert_eq!(lab.delete(GROUP).status, 202);
}

#[test]
fn a_lock_against_writing_is_inherited() {
    let mut lab = locked("ReadOnly");
    lab.put(GROUP, json!({ "location": "westeurope" })).refused(409, "ScopeLocked");
    lab.ask(&format!("PATCH {GROUP}"), json!({ "tags": {} })).refused(409, "ScopeLocked");
    lab.delete(GROUP).refused(409, "ScopeLocked");
    assert_eq!(lab.get(GROUP).status, 200);
    let changed = lab.put(LOCK, json!({ "properties": { "level": "CanNotDelete" } }));
    assert_eq!((changed.status, &changed.body["properties"]), (200, &json!({ "level": "CanNotDelete" })));
    assert_eq!(lab.put(GROUP, json!({ "location": "westeurope" })).status, 200);
}

#[test]
fn a_lock_of_the_subscription_covers_its_groups() {
    let mut lab = Lab::new();
    lab.group();
    let line = "~/providers/Microsoft.Authorization/locks/all 2020-05-01";
    lab.make(line, json!({ "properties": { "level": "readonly" } }));
    assert_eq!(lab.get(line).body["properties"]["level"], "ReadOnly", "in the case of the specification");
    lab.delete(GROUP).refused(409, "ScopeLocked");
    lab.put("~/resourceGroups/h 2024-11-01", json!({ "location": "westeurope" })).refused(409, "ScopeLocked");
}

#[test]
fn locks_are_checked_and_listed() {
    let mut lab = locked("CanNotDelete");
    lab.put(LOCK, json!({})).refused(400, "BadRequest");
    lab.put(LOCK, json!({ "properties": { "level": "Hard" } })).refused(400, "BadRequest");
    lab.put(LOCK, json!({ "properties": { "level": "ReadOnly", "notes": "x".repeat(513) } }))
        .refused(400, "LockNotesTooLong");
    lab.put(
        "@/Microsoft.Authorization/locks/a%3Cb 2020-05-01",
        json!({ "properties": { "level": "ReadOnly" } }),
    )
    .refused(400, "InvalidLockName");
    let (found, _) = lab.list("~/providers/Microsoft.Authorization/locks 2020-05-01");
    assert_eq!(found.len(), 1, "the subscription lists what is below");
    let (found, _) = lab.list("@/Microsoft.Authorization/locks?$filter=level+eq+'ReadOnly' 2020-05-01");
    assert!(found.is_empty());
}

#[test]
fn groups_are_listed_by_pages_and_tags() {
    let mut lab = Lab::paged(3);
    for n in 0..7 {
        let tags = json!({ "odd": (n % 2 == 1).to_string() });
        lab.put(
            &format!("~/resourceGroups/g{n} 2024-11-01"),
            json!({ "location": "westeurope", "tags": tags }),
        );
    }
    let names = |found: &[Value]| {
        found.iter().map(|g| g["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let (found, pages) = lab.list("~/resourcegroups 2024-11-01");
    assert_eq!((names(&found), pages), ((0..7).map(|n| format!("g{n}")).collect(), 3));
    let (found, pages) = lab.list("~/resourcegroups?$top=2 2024-11-01");
    assert_eq!((found.len(), pages), (7, 4));
    let (found, _) = lab.list("~/resourcegroups?$filter=tagName+eq+'ODD'+and+tagValue+eq+'true' 2024-11-01");
    assert_eq!(names(&found), ["g1", "g3", "g5"]);
    lab.get("~/resourcegroups?$skiptoken=%21 2024-11-01").refused(400, "InvalidQueryParameterValue");
    lab.get("~/resourcegroups?$top=0 2024-11-01").refused(400, "InvalidQueryParameterValue");
}
