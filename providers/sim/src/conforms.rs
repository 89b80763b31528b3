//! The conformance kit on every type.

use aurak_api::conformance::{Sample, run};
use aurak_model::Value;

use crate::World;
use crate::remote::{RemoteWorld, serve};

fn value(json: &str) -> Value {
    Value::from_json(&serde_json::from_str(json).unwrap())
}

/// A type, the attributes to make one with and to change it to, its natural key and collection. The
/// values are in the service's own forms, because the kit compares them as they are.
const SAMPLES: &[(&str, &str, &str, Option<&str>, &str)] = &[
    (
        "sim.group",
        r#"{"name": "h", "location": "northeurope", "tags": {"a": "1"}}"#,
        r#"{"name": "h", "location": "northeurope", "tags": {"b": "2"}}"#,
        Some("h"),
        "groups",
    ),
    (
        "sim.network",
        r#"{"group": "group-1", "name": "m", "ranges": ["10.0.0.0/8"]}"#,
        r#"{"group": "group-1", "name": "m", "tags": {"a": "1"}}"#,
        Some("group-1/m"),
        "networks",
    ),
    (
        "sim.subnet",
        r#"{"network": "network-1", "name": "s", "range": "10.1.0.0/16"}"#,
        r#"{"network": "network-1", "name": "s", "range": "10.1.0.0/16", "delegations": ["a", "b"]}"#,
        Some("network-1/s"),
        "network-1/subnets",
    ),
    (
        "sim.cluster",
        r#"{"group": "group-1", "name": "d", "location": "westeurope", "tier": "Free", "labels": {"a": "1"},
            "rules": [{"name": "web", "port": 443, "priority": 1}], "admin_password": "a", "features": ["x"]}"#,
        r#"{"group": "group-1", "name": "d", "location": "westeurope", "tier": "Premium", "version": "1.31",
            "network": {"plugin": "flat", "mtu": 1400}, "settings": [1], "policy": "{\"a\":1}"}"#,
        Some("group-1/d"),
        "clusters",
    ),
    (
        "sim.pool",
        r#"{"cluster": "cluster-1", "name": "p", "size": "small", "count": 3}"#,
        r#"{"cluster": "cluster-1", "name": "p", "size": "small", "autoscale": true, "min": 1, "max": 5}"#,
        Some("cluster-1/p"),
        "cluster-1/pools",
    ),
    (
        "sim.thing",
        r#"{"name": "t", "value": {"a": [1, null]}, "fixed": "f"}"#,
        r#"{"name": "t", "value": null, "fixed": "f", "secret": "s"}"#,
        Some("t/f"),
        "things",
    ),
    (
        "sim.dependant",
        r#"{"name": "d", "uses": "group-1"}"#,
        r#"{"name": "d", "all": ["cluster-1", "group-1"], "value": 1}"#,
        Some("d"),
        "dependants",
    ),
    (
        "sim.secret",
        r#"{"name": "s", "value": "one"}"#,
        r#"{"name": "s", "value": "two"}"#,
        Some("s"),
        "secrets",
    ),
    ("sim.token", r#"{"owner": "me"}"#, r#"{"owner": "me", "scopes": ["a"]}"#, None, "tokens"),
    (
        "sim.database",
        r#"{"group": "group-1", "name": "db", "size_gb": 10, "retention": "60s", "password": "p"}"#,
        r#"{"group": "group-1", "name": "db", "size_gb": 20, "password": "q"}"#,
        Some("group-1/db"),
        "databases",
    ),
    (
        "sim.volume",
        r#"{"name": "v", "class": "disk", "size_gb": 1}"#,
        r#"{"name": "v", "class": "disk", "size_gb": 2}"#,
        Some("v/disk"),
        "volumes",
    ),
    (
        "sim.preview",
        r#"{"name": "p", "replicas": 2}"#,
        r#"{"name": "p", "replicas": 3, "note": "n"}"#,
        Some("p"),
        "previews",
    ),
    (
        "inner.namespace",
        r#"{"name": "n"}"#,
        r#"{"name": "n", "labels": {"a": "1"}}"#,
        Some("n"),
        "namespaces",
    ),
    (
        "inner.object",
        r#"{"namespace": "default", "kind": "config", "name": "o", "data": 1}"#,
        r#"{"namespace": "default", "kind": "config", "name": "o", "secret": {"a": "s"}}"#,
        Some("default/config/o"),
        "config",
    ),
];

async fn findings(world: &World, types: Vec<std::sync::Arc<dyn aurak_api::ProviderType>>) -> Vec<String> {
    world.add(crate::MAIN, "sim.group", &value(r#"{"name": "g"}"#)).unwrap();
    world.add(crate::MAIN, "sim.network", &value(r#"{"group": "group-1", "name": "n"}"#)).unwrap();
    let cluster = r#"{"group": "group-1", "name": "c", "location": "westeurope"}"#;
    world.add(crate::MAIN, "sim.cluster", &value(cluster)).unwrap();
    let mut findings = Vec::new();
    for ty in types {
        let name = ty.schema().name.clone();
        let config = match &*name {
            "sim" => "{}",
            _ => r#"{"endpoint": "https://cluster-1.sim", "token": "opens-cluster-1-1"}"#,
        };
        let samples: Vec<Sample> = SAMPLES
            .iter()
            .filter(|(type_name, ..)| type_name.split('.').next() == Some(&*name))
            .map(|(type_name, attributes, update, key, collection)| Sample {
                type_name: (*type_name).to_string(),
                attributes: value(attributes),
                update: Some(value(update)),
                key: key.map(str::to_string),
                collection: Some((*collection).to_string()),
                unknown_id: Some("nothing-1".to_string()),
            })
            .collect();
        findings.extend(run(ty, &value(config), &samples).await.iter().map(ToString::to_string));
    }
    // A composite has no object of its own to try.
    findings.retain(|finding| !finding.ends_with("bundle`"));
    findings
}

#[tokio::test(start_paused = true)]
async fn every_type_conforms() {
    let world = World::new(1);
    let findings = findings(&world, world.provider_types()).await;
    insta::assert_snapshot!(findings.join("\n"), @"");
}

#[tokio::test]
async fn every_type_conforms_from_another_process_too() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("world");
    let world = World::new(1);
    world.latency(None, None, std::time::Duration::ZERO);
    world.second(std::time::Duration::from_micros(100));
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let server = tokio::spawn({
        let (world, socket) = (world.clone(), socket.clone());
        async move { serve(world, &socket, || ready.send(()).unwrap()).await }
    });
    is_ready.await.unwrap();
    let findings = findings(&world, RemoteWorld::new(&socket).provider_types()).await;
    insta::assert_snapshot!(findings.join("\n"), @"");
    server.abort();
}
