//! The provider against the sandbox, over TLS and with a token: the conformance kit for each type, and
//! what the sandbox refuses.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;
use std::sync::Arc;

use aurak_api::conformance::{self, Sample};
use aurak_api::{Call, Class, Progress, Provider, ProviderError, ProviderType, Registry, Update};
use aurak_azure::{AzureOptions, AzureType};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Value};
use aurak_rest::Paces;
use aurak_sandbox::{Handle, Options, Sandbox};
use serde_json::{Value as Json, json};

/// A sandbox in which long operations take milliseconds, and the provider type in front of it.
struct Place {
    sandbox: Handle,
    azure: Arc<AzureType>,
    subscription: String,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new(options: Options) -> Place {
        let sandbox = Sandbox::start(Options { speed: 2_000.0, ..options }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, &sandbox.ca_pem).unwrap();
        let identity = &sandbox.identity;
        let subscription = identity.subscriptions[0].id.clone();
        let variables = [
            ("AURAK_SANDBOX_URL", sandbox.url.clone()),
            ("AURAK_SANDBOX_CA", ca.display().to_string()),
            ("AZURE_AUTHORITY_HOST", sandbox.url.clone()),
            ("AZURE_TENANT_ID", identity.tenant.clone()),
            ("AZURE_CLIENT_ID", identity.client_id.clone()),
            ("AZURE_CLIENT_SECRET", identity.client_secret.clone()),
            ("AZURE_SUBSCRIPTION_ID", subscription.clone()),
        ];
        let env =
            move |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let options = AzureOptions { folder: PathBuf::from("/"), env: Arc::new(env), paces: Paces::new() };
        Place { sandbox, azure: Arc::new(AzureType::new(options)), subscription, _folder: folder }
    }

    async fn provider(&self) -> Arc<dyn Provider> {
        let registry = Registry::new().with(self.azure.clone());
        registry.configure("azure", &Value::map::<&str>([])).await.unwrap()
    }

    /// The id of a group.
    fn group(&self, name: &str) -> String {
        format!("/subscriptions/{}/resourceGroups/{name}", self.subscription)
    }
}

fn value(json: Json) -> Value {
    Value::from_json(&json)
}

fn group(name: &str) -> Json {
    json!({ "name": name, "location": "westeurope" })
}

fn call() -> Call {
    Call::new("k", &Address::parse("a").unwrap())
}

/// Follows a call to its end.
async fn end(
    provider: &dyn Provider,
    ty: &str,
    begun: Result<Progress, ProviderError>,
) -> Result<Progress, ProviderError> {
    let mut progress = begun?;
    while let Progress::Waiting { handle, poll, .. } = progress {
        tokio::time::sleep(poll).await;
        progress = provider.resume(&call(), ty, &handle).await?;
    }
    Ok(progress)
}

async fn make(provider: &dyn Provider, ty: &str, desired: Json) -> Result<(String, Value), ProviderError> {
    let begun = provider.create(&call(), ty, &value(desired)).await;
    match end(provider, ty, begun).await? {
        Progress::Done(applied) => Ok((applied.id.to_string(), applied.attributes)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_type_conforms() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    let g = place.group("g");
    make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let in_group = |name: &str| json!({ "group": g, "name": name, "location": "westeurope" });
    let account =
        merged(in_group("aurakholds"), json!({ "kind": "StorageV2", "sku": { "name": "Standard_LRS" } }));
    make(&*provider, "azure.storage_account", account).await.unwrap();
    make(&*provider, "azure.user_assigned_identity", in_group("holds")).await.unwrap();
    make(&*provider, "azure.managed_cluster", cluster(&g, "holds", "a")).await.unwrap();
    let network = |name: &str, tag: &str| {
        merged(
            tagged(in_group(name), tag),
            json!({
            "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } }),
        )
    };
    make(&*provider, "azure.virtual_network", network("holds", "a")).await.unwrap();
    let within = |rest: &str| format!("{g}/providers/{rest}");
    let (storage, identities, zones, clusters) = (
        within("Microsoft.Storage/storageAccounts"),
        within("Microsoft.ManagedIdentity/userAssignedIdentities"),
        within("Microsoft.Network/dnszones"),
        within("Microsoft.ContainerService/managedClusters"),
    );
    let identity = format!("{identities}/holds");
    let trust = |subject: &str| {
        json!({ "identity": identity, "name": "sample", "properties": {
            "issuer": "https://issuer.test", "subject": subject, "audiences": ["api://AzureADTokenExchange"] } })
    };
    let lock = |notes: &str| json!({ "scope": identity, "name": "sample", "properties": { "level": "CanNotDelete", "notes": notes } });
    let role = |why: &str| {
        json!({ "scope": identity, "role": "Reader", "properties": {
            "principalId": "0a0a0a0a-0000-4000-8000-00000000000a", "principalType": "User", "description": why } })
    };
    let stored = |tier: &str| {
        merged(
            in_group("aurakconforms"),
            json!({ "kind": "StorageV2", "sku": { "name": "Standard_LRS" },
            "properties": { "minimumTlsVersion": "TLS1_2", "accessTier": tier } }),
        )
    };
    let container = |value: &str| {
        json!({ "account": format!("{storage}/aurakholds"), "name": "sample",
                "properties": { "metadata": { "a": value } } })
    };
    let blobs =
        |properties: Json| json!({ "account": format!("{storage}/aurakholds"), "properties": properties });
    let networks = within("Microsoft.Network/virtualNetworks");
    let subnet = |name: &str, policies: &str| {
        json!({ "network": format!("{networks}/holds"), "name": name, "properties": {
            "addressPrefix": "10.0.1.0/24", "privateEndpointNetworkPolicies": policies } })
    };
    let addresses = within("Microsoft.Network/publicIPAddresses");
    let address = |minutes: i64| {
        merged(
            in_group("sample"),
            json!({ "sku": { "name": "Standard" }, "properties": {
            "publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": minutes } }),
        )
    };
    let any = |name: &str, minutes: i64| {
        json!({ "resource_type": "Microsoft.Network/publicIPAddresses", "api_version": "2025-01-01", "parent": g,
                "name": name, "location": "westeurope", "sku": { "name": "Standard" }, "properties": {
                    "publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": minutes } })
    };
    let firewalls = within("Microsoft.Network/networkSecurityGroups");
    make(&*provider, "azure.network_security_group", in_group("holds")).await.unwrap();
    let firewall = |ports: Json| {
        let rules = json!({ "properties": { "securityRules": [rule("first", 100, ports), rule("second", 110, json!({ "destinationPortRange": "22" }))] } });
        merged(in_group("sample"), rules)
    };
    let firewall_rule = |ports: Json| {
        let below = json!({ "security_group": format!("{firewalls}/holds") });
        merged(rule("sample", 100, ports), below)
    };
    let holds = json!({ "group": g, "name": "holds.test", "location": "global" });
    make(&*provider, "azure.dns_zone", holds).await.unwrap();
    let record = |address: &str| {
        json!({ "zone": format!("{zones}/holds.test"), "kind": "A", "name": "sample", "properties": {
            "TTL": 300, "ARecords": [{ "ipv4Address": address }] } })
    };
    let zone =
        |tag: &str| json!({ "group": g, "name": "sample.test", "location": "global", "tags": { "a": tag } });
    let pool = |count: i64| {
        json!({ "cluster": format!("{clusters}/holds"), "name": "sample", "properties": {
            "count": count, "vmSize": "Standard_D4s_v5", "mode": "User" } })
    };
    let under_group = |tag: &str| tagged(group("sample"), tag);
    let samples = [
        (
            "resource_group",
            "sample".to_string(),
            place.group("nothing"),
            "resourcegroups".to_string(),
            under_group("1"),
            under_group("2"),
        ),
        sampled(
            "storage_account",
            &storage,
            "aurakconforms",
            "providers/Microsoft.Storage/storageAccounts",
            stored("Hot"),
            stored("Cool"),
        ),
        sampled(
            "storage_container",
            &format!("{storage}/aurakholds/blobServices/default/containers"),
            "sample",
            "",
            container("1"),
            container("2"),
        ),
        (
            "blob_service",
            format!("{storage}/aurakholds/blobServices/default"),
            format!("{storage}/auraknothing/blobServices/default"),
            format!("{storage}/aurakholds/blobServices"),
            blobs(
                json!({ "isVersioningEnabled": true, "deleteRetentionPolicy": { "enabled": true, "days": 7 } }),
            ),
            blobs(
                json!({ "isVersioningEnabled": true, "deleteRetentionPolicy": { "enabled": true, "days": 9 } }),
            ),
        ),
        sampled(
            "user_assigned_identity",
            &identities,
            "sample",
            "providers/Microsoft.ManagedIdentity/userAssignedIdentities",
            tagged(in_group("sample"), "1"),
            tagged(in_group("sample"), "2"),
        ),
        sampled(
            "federated_credential",
            &format!("{identity}/federatedIdentityCredentials"),
            "sample",
            "",
            trust("one"),
            trust("two"),
        ),
        sampled(
            "lock",
            &format!("{identity}/providers/Microsoft.Authorization/locks"),
            "sample",
            "",
            lock("one"),
            lock("two"),
        ),
        sampled(
            "role_assignment",
            &format!("{identity}/providers/Microsoft.Authorization/roleAssignments"),
            "0a0a0a0a-0000-4000-8000-000000000001",
            "",
            role("one"),
            role("two"),
        ),
        sampled(
            "dns_zone",
            &zones,
            "sample.test",
            "providers/Microsoft.Network/dnszones",
            zone("1"),
            zone("2"),
        ),
        sampled(
            "managed_cluster",
            &clusters,
            "sample",
            "providers/Microsoft.ContainerService/managedClusters",
            cluster(&g, "sample", "1"),
            cluster(&g, "sample", "2"),
        ),
        sampled(
            "record_set",
            &format!("{zones}/holds.test/A"),
            "sample",
            &format!("{zones}/holds.test/recordsets"),
            record("10.0.0.1"),
            record("10.0.0.2"),
        ),
        sampled(
            "public_ip",
            &addresses,
            "sample",
            "providers/Microsoft.Network/publicIPAddresses",
            address(4),
            address(9),
        ),
        sampled(
            "resource",
            &addresses,
            "sample-of-any",
            "",
            any("sample-of-any", 4),
            any("sample-of-any", 9),
        ),
        sampled(
            "virtual_network",
            &networks,
            "sample",
            "providers/Microsoft.Network/virtualNetworks",
            network("sample", "1"),
            network("sample", "2"),
        ),
        sampled(
            "subnet",
            &format!("{networks}/holds/subnets"),
            "sample",
            "",
            subnet("sample", "Enabled"),
            subnet("sample", "Disabled"),
        ),
        sampled(
            "network_security_group",
            &firewalls,
            "sample",
            "providers/Microsoft.Network/networkSecurityGroups",
            firewall(json!({ "destinationPortRange": "443" })),
            firewall(json!({ "destinationPortRange": "8443" })),
        ),
        sampled(
            "security_rule",
            &format!("{firewalls}/holds/securityRules"),
            "sample",
            "",
            firewall_rule(json!({ "destinationPortRange": "443" })),
            firewall_rule(json!({ "destinationPortRange": "8443" })),
        ),
        sampled("agent_pool", &format!("{clusters}/holds/agentPools"), "sample", "", pool(1), pool(2)),
    ];
    let samples = samples.into_iter().map(|(ty, key, unknown, collection, made, changed)| Sample {
        type_name: format!("azure.{ty}"),
        attributes: value(made),
        update: Some(value(changed)),
        key: Some(key),
        // Of any type, there is no list, and an id says nothing without a version.
        collection: Some(collection).filter(|_| ty != "resource"),
        unknown_id: Some(unknown).filter(|_| ty != "resource"),
    });
    let samples: Vec<_> = samples.collect();
    let azure: Arc<dyn ProviderType> = place.azure.clone();
    let findings = conformance::run(azure, &Value::map::<&str>([]), &samples).await;
    let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    place.sandbox.stop().await;
}

/// Type, key, an id that names nothing, collection, body, changed body.
type Row = (&'static str, String, String, String, Json, Json);

/// A row of an object below a path, which is its collection unless another one is given.
fn sampled(ty: &'static str, below: &str, name: &str, collection: &str, made: Json, changed: Json) -> Row {
    let collection = if collection.is_empty() { below } else { collection };
    (ty, format!("{below}/{name}"), format!("{below}/nothing"), collection.to_string(), made, changed)
}

fn tagged(body: Json, tag: &str) -> Json {
    merged(body, json!({ "tags": { "a": tag } }))
}

fn merged(mut body: Json, more: Json) -> Json {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// A rule that lets in what goes to some ports.
fn rule(name: &str, priority: i64, ports: Json) -> Json {
    let properties = json!({
        "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": priority,
        "sourcePortRange": "*", "sourceAddressPrefix": "Internet", "destinationAddressPrefix": "*",
    });
    json!({ "name": name, "properties": merged(properties, ports) })
}

fn cluster(group: &str, name: &str, tag: &str) -> Json {
    json!({
        "group": group, "name": name, "location": "westeurope", "tags": { "a": tag },
        "identity": { "type": "SystemAssigned" },
        "properties": {
            "dnsPrefix": name,
            "agentPoolProfiles": [{ "name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5" }],
        },
    })
}

#[tokio::test]
async fn keys_are_read_when_they_are_used_and_are_secret() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let (id, attributes) = make(
        &*provider,
        "azure.storage_account",
        json!({ "group": place.group("g"), "name": "aurakkeys", "location": "westeurope",
                "kind": "StorageV2", "sku": { "name": "Standard_LRS" } }),
    )
    .await
    .unwrap();
    assert!(!attributes.as_map().unwrap().contains_key("keys"));
    let read = provider.read_volatile("azure.storage_account", &id, &attributes).await.unwrap();
    let Refreshed::Found { attributes, .. } = read else { panic!("{read:?}") };
    let keys = attributes.as_map().unwrap().get("keys").unwrap();
    assert_eq!(keys.as_map().unwrap().len(), 2);
    assert!(keys.as_map().unwrap().values().all(|key| key.has_marks() && !key.reveal().is_null()));
    place.sandbox.stop().await;
}

#[tokio::test]
async fn an_update_keeps_what_another_client_set() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    let ours = |tags: Json| json!({ "name": "g", "location": "westeurope", "tags": tags });
    let (id, live) =
        make(&*provider, "azure.resource_group", ours(json!({ "a": "1", "b": "1" }))).await.unwrap();
    let update = |desired: Json, unset: &[&str]| Update {
        id: id.as_str().into(),
        desired: value(desired),
        live: live.clone(),
        unset: unset.iter().map(|path| aurak_model::Path::parse(path).unwrap()).collect(),
    };
    // Another client, after ours read it.
    let theirs = update(ours(json!({ "theirs": "x" })), &[]);
    let ty = "azure.resource_group";
    end(&*provider, ty, provider.update(&call(), ty, &theirs).await).await.unwrap();
    let mine = update(ours(json!({ "a": "2" })), &["tags.b"]);
    let done = end(&*provider, ty, provider.update(&call(), ty, &mine).await).await.unwrap();
    let Progress::Done(applied) = done else { panic!("{done:?}") };
    let tags = applied.attributes.as_map().unwrap().get("tags").unwrap().to_json().unwrap();
    assert_eq!(tags, json!({ "a": "2", "theirs": "x" }));
    place.sandbox.stop().await;
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let place = Place::new(Options { page: Some(2), ..Options::default() }).await;
    let provider = place.provider().await;
    for i in 0..5 {
        make(&*provider, "azure.resource_group", group(&format!("g{i}"))).await.unwrap();
    }
    let listed = provider.list("azure.resource_group", "resourcegroups").await.unwrap();
    let names: Vec<_> = listed.iter().map(|item| item.id.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["g0", "g1", "g2", "g3", "g4"]);
    place.sandbox.stop().await;
}

#[tokio::test]
async fn what_is_refused_says_what_to_do() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    let account = |name: &str, group: &str| {
        json!({ "group": place.group(group), "name": name, "location": "westeurope",
                "kind": "StorageV2", "sku": { "name": "Standard_LRS" } })
    };
    let nowhere =
        make(&*provider, "azure.storage_account", account("auraknowhere", "nogroup")).await.unwrap_err();
    assert_eq!(
        (nowhere.class, nowhere.code.as_deref(), nowhere.help.as_deref()),
        (
            Class::Permanent,
            Some("ResourceGroupNotFound"),
            Some("what it lives in is not there: let it refer to the resource that makes it")
        )
    );
    make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    make(&*provider, "azure.resource_group", group("h")).await.unwrap();
    make(&*provider, "azure.storage_account", account("auraktwice", "g")).await.unwrap();
    let again = make(&*provider, "azure.storage_account", account("auraktwice", "g")).await.unwrap_err();
    assert!(matches!(again.class, Class::Exists { .. }), "{again:?}");
    let taken = make(&*provider, "azure.storage_account", account("auraktwice", "h")).await.unwrap_err();
    assert_eq!(taken.class, Class::Permanent, "{taken:?}");
    place.sandbox.stop().await;
}

#[tokio::test]
async fn a_change_of_a_network_keeps_its_subnets() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let network = |tag: &str| {
        json!({ "group": place.group("g"), "name": "net", "location": "westeurope", "tags": { "a": tag },
                "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } })
    };
    let (id, live) = make(&*provider, "azure.virtual_network", network("1")).await.unwrap();
    let subnet = |i: u8| json!({ "network": id, "name": format!("s{i}"), "properties": { "addressPrefix": format!("10.0.{i}.0/24") } });
    for i in 0..3 {
        make(&*provider, "azure.subnet", subnet(i)).await.unwrap();
    }
    // One is under way, and the next comes too early: the engine waits and sends it again.
    let begun = provider.create(&call(), "azure.subnet", &value(subnet(3))).await;
    if matches!(begun, Ok(Progress::Waiting { .. })) {
        match provider.create(&call(), "azure.subnet", &value(subnet(4))).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.class, Class::Conflict, "{error:?}"),
        }
    }
    end(&*provider, "azure.subnet", begun).await.unwrap();
    // What was read before the subnets came is what the plan was made with.
    let update = Update { id: id.as_str().into(), desired: value(network("2")), live, unset: Vec::new() };
    let ty = "azure.virtual_network";
    let mut done = provider.update(&call(), ty, &update).await;
    while done.as_ref().is_err_and(|error| error.class == Class::Conflict) {
        done = provider.update(&call(), ty, &update).await;
    }
    end(&*provider, ty, done).await.unwrap();
    let collection = format!("{id}/subnets");
    let listed = provider.list("azure.subnet", &collection).await.unwrap();
    let names: Vec<_> = listed.iter().map(|item| item.id.rsplit('/').next().unwrap()).collect();
    assert!(names.starts_with(&["s0", "s1", "s2", "s3"]), "{names:?}");
    place.sandbox.stop().await;
}

#[tokio::test]
async fn rules_that_are_listed_are_all_rules_and_others_stay_where_none_is() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let ty = "azure.network_security_group";
    let bare = json!({ "group": place.group("g"), "name": "nsg", "location": "westeurope" });
    let (id, live) = make(&*provider, ty, bare.clone()).await.unwrap();
    let ports = |port: &str| json!({ "destinationPortRange": port });
    let own = merged(rule("own", 100, ports("80")), json!({ "security_group": id }));
    make(&*provider, "azure.security_rule", own).await.unwrap();
    let change = async |desired: Json, unset: &[&str], live: Value| {
        let unset = unset.iter().map(|path| aurak_model::Path::parse(path).unwrap()).collect();
        let update = Update { id: id.as_str().into(), desired: value(desired), live, unset };
        match end(&*provider, ty, provider.update(&call(), ty, &update).await).await.unwrap() {
            Progress::Done(applied) => applied.attributes,
            other => panic!("{other:?}"),
        }
    };
    let rules = |live: &Value| -> Vec<(String, Json)> {
        let listed = live.to_json().unwrap()["properties"]["securityRules"].clone();
        let ports = |rule: &Json| {
            let one = rule["properties"]["destinationPortRange"].clone();
            if one.is_null() { rule["properties"]["destinationPortRanges"].clone() } else { one }
        };
        let rules = listed.as_array().unwrap().iter();
        rules.map(|rule| (rule["name"].as_str().unwrap().to_string(), ports(rule))).collect()
    };
    // None is listed: a change of the group keeps those that are resources.
    let live = change(tagged(bare.clone(), "1"), &[], live).await;
    assert_eq!(rules(&live), [("own".to_string(), json!("80"))]);
    // One that is listed is what there is.
    let listed = |ports: Json| {
        merged(bare.clone(), json!({ "properties": { "securityRules": [rule("listed", 200, ports)] } }))
    };
    let live = change(listed(ports("22")), &[], live).await;
    assert_eq!(rules(&live), [("listed".to_string(), json!("22"))]);
    // From one port to several.
    let several = listed(json!({ "destinationPortRanges": ["22", "443"] }));
    let live = change(several, &["properties.securityRules[0].properties.destinationPortRange"], live).await;
    assert_eq!(rules(&live), [("listed".to_string(), json!(["22", "443"]))]);
    let live = change(bare, &["properties.securityRules"], live).await;
    assert_eq!(rules(&live), []);
    place.sandbox.stop().await;
}

#[tokio::test]
async fn the_service_of_an_account_is_put_back_and_never_deleted() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let account = json!({ "group": place.group("g"), "name": "aurakblobs", "location": "westeurope",
                          "kind": "StorageV2", "sku": { "name": "Standard_LRS" } });
    let (account, _) = make(&*provider, "azure.storage_account", account).await.unwrap();
    let ty = "azure.blob_service";
    let desired = |properties: Json| value(json!({ "account": account, "properties": properties }));
    let there = provider.create(&call(), ty, &desired(json!({}))).await.unwrap_err();
    let Class::Exists { id } = there.class else { panic!("{there:?}") };
    let read = async || match provider.read(ty, &id, &Value::Null).await.unwrap() {
        Refreshed::Found { attributes, .. } => attributes,
        other => panic!("{other:?}"),
    };
    let properties = |live: &Value| live.to_json().unwrap()["properties"].clone();
    let begun = properties(&read().await);
    let change = async |asked: Json, unset: &[&str]| {
        let unset = unset.iter().map(|path| aurak_model::Path::parse(path).unwrap()).collect();
        let update = Update { id: id.clone(), desired: desired(asked), live: read().await, unset };
        end(&*provider, ty, provider.update(&call(), ty, &update).await).await.unwrap();
        properties(&read().await)
    };
    let kept = json!({ "enabled": true, "days": 7 });
    let both = change(json!({ "isVersioningEnabled": true, "deleteRetentionPolicy": kept }), &[]).await;
    assert_eq!(
        (&both["isVersioningEnabled"], &both["deleteRetentionPolicy"]["days"]),
        (&json!(true), &json!(7))
    );
    // The service keeps what a change leaves out, so that letting go says what it starts as.
    let one = change(json!({ "deleteRetentionPolicy": kept }), &["properties.isVersioningEnabled"]).await;
    assert_eq!(
        (&one["isVersioningEnabled"], &one["deleteRetentionPolicy"]["days"]),
        (&json!(false), &json!(7))
    );
    let live = read().await;
    let deleted = end(&*provider, ty, provider.delete(&call(), ty, &id, &live).await).await.unwrap();
    assert!(matches!(deleted, Progress::Deleted), "{deleted:?}");
    let mut after = properties(&read().await);
    after.as_object_mut().unwrap().remove("isVersioningEnabled");
    assert_eq!(after, begun);
    place.sandbox.stop().await;
}

#[tokio::test]
async fn a_role_is_assigned_once_and_needs_no_name() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    let ty = "azure.role_assignment";
    let (scope, _) = make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let identity = json!({ "group": scope, "name": "who", "location": "westeurope" });
    let (_, identity) = make(&*provider, "azure.user_assigned_identity", identity).await.unwrap();
    let principal = identity.to_json().unwrap()["properties"]["principalId"].clone();
    let assign = |role: &str, more: Json| {
        let properties = merged(json!({ "principalId": principal }), more);
        json!({ "scope": scope, "role": role, "properties": properties })
    };
    // The directory has not heard of it everywhere; the engine waits and asks again.
    let mut tries = 0;
    let (id, made) = loop {
        tries += 1;
        match make(&*provider, ty, assign("reader", json!({}))).await {
            Ok(made) => break made,
            Err(error) => assert!(matches!(error.class, Class::Transient { .. }), "{error:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    let body = made.to_json().unwrap();
    assert_eq!(
        (&body["role"], &body["properties"]["principalType"]),
        (&json!("Reader"), &json!("ServicePrincipal"))
    );
    // What was made by a call whose end nobody saw is found by what it is.
    let again = provider.recover(&call(), ty, &value(assign("Reader", json!({})))).await.unwrap();
    let aurak_api::Recovery::Object(Refreshed::Found { id: found, .. }) = again else { panic!("{again:?}") };
    assert_eq!(*found, *id);
    // Under a name of its own it would be a second one.
    let other = "0a0a0a0a-0000-4000-8000-000000000001";
    let named = merged(assign("Reader", json!({})), json!({ "name": other }));
    let error = make(&*provider, ty, named).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("RoleAssignmentExists"));
    let Class::Exists { id: there } = &error.class else { panic!("{error:?}") };
    assert_eq!(**there, *id);
    // By the id of the role it is the same one, and another role is another one.
    let role = body["properties"]["roleDefinitionId"].clone();
    let by_id =
        json!({ "scope": scope, "properties": { "principalId": principal, "roleDefinitionId": role } });
    let error = make(&*provider, ty, by_id).await.unwrap_err();
    assert!(matches!(&error.class, Class::Exists { id: there } if **there == *id), "{error:?}");
    let (second, _) = make(&*provider, ty, assign("Contributor", json!({}))).await.unwrap();
    assert_ne!(second, id);
    assert!(tries > 0);
    place.sandbox.stop().await;
}

#[tokio::test]
async fn any_type_is_made_in_a_group_as_a_part_of_another_and_at_another() {
    let place = Place::new(Options::default()).await;
    let provider = place.provider().await;
    let ty = "azure.resource";
    let (group_id, _) = make(&*provider, "azure.resource_group", group("g")).await.unwrap();
    let any = |resource_type: &str, version: &str, parent: &str, name: &str, more: Json| {
        let of =
            json!({ "resource_type": resource_type, "api_version": version, "parent": parent, "name": name });
        merged(of, more)
    };
    let network = |tag: &str| {
        any(
            "Microsoft.Network/virtualNetworks",
            "2025-01-01",
            &group_id,
            "net",
            json!({
            "location": "westeurope", "tags": { "a": tag },
            "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } }),
        )
    };
    let (net, live) = make(&*provider, ty, network("1")).await.unwrap();
    let subnets = "Microsoft.Network/virtualNetworks/subnets";
    let subnet =
        any(subnets, "2025-01-01", &net, "part", json!({ "properties": { "addressPrefix": "10.0.1.0/24" } }));
    let (part, body) = make(&*provider, ty, subnet).await.unwrap();
    assert_eq!(part, format!("{net}/subnets/part"));
    let body = body.to_json().unwrap();
    assert_eq!(
        (&body["resource_type"], &body["api_version"], &body["output"]["provisioningState"]),
        (&json!(subnets), &json!("2025-01-01"), &json!("Succeeded"))
    );
    // What is not written stays: the part is in no body of ours.
    let update = Update { id: net.as_str().into(), desired: value(network("2")), live, unset: Vec::new() };
    let done = end(&*provider, ty, provider.update(&call(), ty, &update).await).await.unwrap();
    let Progress::Done(changed) = done else { panic!("{done:?}") };
    let changed = changed.attributes.to_json().unwrap();
    assert_eq!(
        (&changed["tags"]["a"], &changed["output"]["subnets"][0]["name"]),
        (&json!("2"), &json!("part"))
    );
    // Another version of the interface is another way to say the same.
    let older = merged(network("2"), json!({ "api_version": "2024-05-01" }));
    let update =
        Update { id: net.as_str().into(), desired: value(older), live: value(changed), unset: Vec::new() };
    let done = end(&*provider, ty, provider.update(&call(), ty, &update).await).await.unwrap();
    let Progress::Done(changed) = done else { panic!("{done:?}") };
    assert_eq!(changed.attributes.to_json().unwrap()["api_version"], json!("2024-05-01"));
    let lock = json!({ "properties": { "level": "CanNotDelete" } });
    let lock = any("Microsoft.Authorization/locks", "2020-05-01", &net, "keep", lock);
    let (lock, at) = make(&*provider, ty, lock).await.unwrap();
    assert_eq!(lock, format!("{net}/providers/microsoft.authorization/locks/keep"));
    let deleted = end(&*provider, ty, provider.delete(&call(), ty, &lock, &at).await).await.unwrap();
    assert!(matches!(deleted, Progress::Deleted), "{deleted:?}");
    // What the type is a part of has to be what it is in, and Azure knows its types and versions.
    let nowhere = any(subnets, "2025-01-01", &group_id, "part", json!({}));
    let error = make(&*provider, ty, nowhere).await.unwrap_err();
    assert!(error.message.contains("it is not of the type that this type is a part of"), "{error:?}");
    let unknown = any("Microsoft.Network/virtualNetworks", "1999-01-01", &group_id, "x", json!({}));
    let error = make(&*provider, ty, unknown).await.unwrap_err();
    assert_eq!(error.class, Class::Permanent, "{error:?}");
    place.sandbox.stop().await;
}
