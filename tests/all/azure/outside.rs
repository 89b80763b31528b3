//! What only somebody else can bring about, as somebody who uses aurak sees it.

use serde_json::json;

use super::place::{Place, STACK};

#[test]
fn a_resource_provider_that_is_not_registered_is_told_of() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::new("2024-11-30").await;
        let stack = json!({
            "aurak": 1, "name": STACK, "providers": { "azure": {} }, "resources": {
                "group": { "type": "azure.resource_group", "name": "g", "location": "westeurope" },
                "it": {
                    "type": "azure.user_assigned_identity", "name": "who", "group": "{{ group.id }}",
                    "location": "westeurope",
                },
            },
        });
        let provider = format!("{}/providers/Microsoft.ManagedIdentity", place.subscription());
        place.other.post(&format!("{provider}/unregister")).await.unwrap();
        let text = place.apply(&stack).await.unwrap_err();
        let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "could not create `it`",
            "MissingSubscriptionRegistration; nothing was changed",
            "az provider register --namespace Microsoft.ManagedIdentity",
        ] {
            assert!(told.contains(words), "no `{words}` in\n{text}");
        }
        place.other.post(&format!("{provider}/register")).await.unwrap();
        place.apply(&stack).await.unwrap();
    });
}
