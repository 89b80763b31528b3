//! Whole calls over TLS with a token: a provider that is configured as a stack would configure it.

use std::path::PathBuf;
use std::sync::Arc;

use aurak_api::{Call, Class, Effect, Progress, Provider, ProviderError, Registry};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Value};
use aurak_rest::Paces;
use serde_json::json;

use super::server::{Reply, Server};
use crate::{AzureOptions, AzureType};

const GROUP: &str = "/subscriptions/s/resourceGroups/g";

fn registry(env: Vec<(&'static str, String)>) -> Registry {
    let env = move |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let options = AzureOptions { folder: PathBuf::from("/"), env: Arc::new(env), paces: Paces::new() };
    Registry::new().with(Arc::new(AzureType::new(options)))
}

/// A provider in front of a server, as the sandbox is reached.
async fn provider(server: &Server, config: Value) -> Result<Arc<dyn Provider>, ProviderError> {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &server.ca).unwrap();
    let env = vec![
        ("AURAK_SANDBOX_URL", server.url.clone()),
        ("AURAK_SANDBOX_CA", ca.display().to_string()),
        ("AZURE_AUTHORITY_HOST", server.url.clone()),
        ("AZURE_SUBSCRIPTION_ID", "S".to_string()),
        ("AZURE_TENANT_ID", "T".to_string()),
        ("AZURE_CLIENT_ID", "app".to_string()),
        ("AZURE_CLIENT_SECRET", "canary".to_string()),
    ];
    registry(env).configure("azure", &config).await
}

fn nothing() -> Value {
    Value::map::<&str>([])
}

fn token() -> Reply {
    (
        200,
        vec![("content-type", "application/json".into())],
        json!({
            "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "tok"
        }),
    )
}

fn no(status: u16, code: &str) -> Reply {
    (status, Vec::new(), json!({ "error": { "code": code, "message": format!("no: {code}") } }))
}

fn group(state: &str) -> Reply {
    (
        200,
        Vec::new(),
        json!({
            "id": "/subscriptions/S/resourceGroups/G", "name": "G", "type": "Microsoft.Resources/resourceGroups",
            "location": "westeurope", "tags": null, "properties": { "provisioningState": state }
        }),
    )
}

fn call() -> Call {
    Call::new("k", &Address::parse("a").unwrap())
}

fn desired() -> Value {
    Value::map([("name", Value::from("G")), ("location", Value::from("westeurope"))])
}

#[tokio::test]
async fn a_group_comes_and_goes_with_one_token() {
    let server = Server::start(|url| {
        vec![
            token(),
            no(404, "ResourceGroupNotFound"),
            (201, Vec::new(), json!({ "properties": { "provisioningState": "Succeeded" } })),
            group("Succeeded"),
            group("Succeeded"),
            (
                202,
                vec![
                    ("location", format!("{url}/subscriptions/S/operationresults/1")),
                    ("retry-after", "15".into()),
                ],
                json!(null),
            ),
            (202, Vec::new(), json!(null)),
            (200, Vec::new(), json!(null)),
        ]
    })
    .await;
    let provider = provider(&server, nothing()).await.unwrap();
    assert_eq!(provider.world().as_deref(), Some("azure/sandbox/t/s"));
    let made = provider.create(&call(), "azure.resource_group", &desired()).await.unwrap();
    let Progress::Done(made) = made else { panic!("{made:?}") };
    assert_eq!(&*made.id, "/subscriptions/s/resourcegroups/g");
    insta::assert_snapshot!(format!("{:?}", made.attributes), @r#"{"id": "/subscriptions/S/resourceGroups/G", "location": "westeurope", "name": "G", "properties": {"provisioningState": "Succeeded"}}"#);
    let read = provider.read("azure.resource_group", &made.id, &made.attributes).await.unwrap();
    assert_eq!(read, Refreshed::Found { id: made.id.clone(), attributes: made.attributes.clone() });
    let deleting =
        provider.delete(&call(), "azure.resource_group", &made.id, &made.attributes).await.unwrap();
    let Progress::Waiting { handle, poll, .. } = deleting else { panic!("{deleting:?}") };
    assert_eq!(poll.as_secs(), 15);
    let going = provider.resume(&call(), "azure.resource_group", &handle).await;
    assert!(matches!(going, Ok(Progress::Waiting { .. })), "{going:?}");
    assert_eq!(provider.resume(&call(), "azure.resource_group", &handle).await, Ok(Progress::Deleted));
    insta::assert_snapshot!(server.seen().replace(server.port(), "PORT"), @r#"
    POST /T/oauth2/v2.0/token client_id=app&client_secret=canary&grant_type=client_credentials&scope=https%3A%2F%2Flocalhost%3APORT%2F.default
    GET /subscriptions/S/resourceGroups/G?api-version=2024-11-01 authorization: Bearer tok
    PUT /subscriptions/S/resourceGroups/G?api-version=2024-11-01 authorization: Bearer tok {"location":"westeurope"}
    GET /subscriptions/S/resourceGroups/G?api-version=2024-11-01 authorization: Bearer tok
    GET /subscriptions/S/resourceGroups/G?api-version=2024-11-01 authorization: Bearer tok
    DELETE /subscriptions/S/resourceGroups/G?api-version=2024-11-01 authorization: Bearer tok
    GET /subscriptions/S/operationresults/1 authorization: Bearer tok
    GET /subscriptions/S/operationresults/1 authorization: Bearer tok
    "#);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_not_sent_again() {
    let server = Server::start(|_| {
        vec![token(), no(404, "ResourceGroupNotFound"), (0, Vec::new(), json!(null)), group("Succeeded")]
    })
    .await;
    let provider = provider(&server, nothing()).await.unwrap();
    let error = provider.create(&call(), "azure.resource_group", &desired()).await.unwrap_err();
    assert_eq!((&error.class, &error.effect), (&Class::Transient { after: None }, &Effect::Unknown));
    assert!(error.message.starts_with("PUT /subscriptions/S/resourceGroups/G: "), "{}", error.message);
    assert_eq!(server.seen().matches("PUT").count(), 1, "{}", server.seen());
}

#[tokio::test]
async fn what_is_throttled_for_long_is_for_the_engine_to_wait_for() {
    let slow = || {
        (
            429,
            vec![("retry-after", "600".to_string())],
            json!({ "error": { "code": "SubscriptionRequestsThrottled", "message": "slow" } }),
        )
    };
    let server = Server::start(|_| vec![token(), no(404, "ResourceGroupNotFound"), slow()]).await;
    let provider = provider(&server, nothing()).await.unwrap();
    let error = provider.create(&call(), "azure.resource_group", &desired()).await.unwrap_err();
    let after = Some(std::time::Duration::from_secs(600));
    assert_eq!((error.class, error.effect), (Class::Transient { after }, Effect::None));
}

#[tokio::test]
async fn the_tenant_is_that_of_the_subscription() {
    let server = Server::start(|_| vec![token(), (200, Vec::new(), json!({ "tenantId": "T9" }))]).await;
    // An application has to name its tenant; who is logged in with the Azure CLI has not.
    let cloud = crate::Cloud::custom(&server.url, None, None).unwrap();
    let client = crate::transport::client(Some(server.ca.as_bytes())).unwrap();
    let asker = crate::credential::Asker {
        cloud: &cloud,
        client: client.clone(),
        tenant: Some("t"),
        subscription: "S",
    };
    let identity = crate::identity::Identity::Secret { client_id: "app".into(), secret: "pw".into() };
    let credential = asker.credential(identity).unwrap();
    let transport = crate::transport::ArmTransport::new(&cloud, client, credential);
    assert_eq!(crate::provider::tenant_of(&cloud, "S", &transport).await.unwrap(), "T9");
    assert!(server.seen().ends_with("GET /subscriptions/S?api-version=2022-12-01 authorization: Bearer tok"));
}

#[tokio::test]
async fn a_secret_that_is_not_accepted_is_told_and_not_shown() {
    let refused = || {
        (
            401,
            Vec::new(),
            json!({
                "error": "invalid_client", "error_codes": [7000215], "error_description": "AADSTS7000215: Invalid client secret provided."
            }),
        )
    };
    let server = Server::start(|_| vec![refused(); 3]).await;
    let provider = provider(&server, nothing()).await.unwrap();
    let error = provider.read("azure.resource_group", GROUP, &Value::Null).await.unwrap_err();
    assert_eq!(error.class, Class::Permanent);
    assert!(error.message.contains("AADSTS7000215"), "{}", error.message);
    assert!(error.help.is_some() && !format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let mut server = Server::start(|_| vec![token(), group("Succeeded")]).await;
    server.ca = Server::start(|_| Vec::new()).await.ca;
    let provider = provider(&server, nothing()).await.unwrap();
    let error = provider.delete(&call(), "azure.resource_group", GROUP, &Value::Null).await.unwrap_err();
    assert_eq!(server.seen(), "", "{error:?}");
    assert_eq!(
        (&error.class, &error.effect),
        (&Class::Transient { after: None }, &Effect::None),
        "{error:?}"
    );
}
