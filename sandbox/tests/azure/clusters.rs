//! AKS: clusters and agent pools.

use aurak_sandbox::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::kit::{Got, Lab};

const CLUSTER: &str = "@/Microsoft.ContainerService/managedClusters/k 2026-04-01";
const POOL: &str = "@/Microsoft.ContainerService/managedClusters/k/agentPools/work 2026-04-01";
const SYSTEM: &str = "@/Microsoft.ContainerService/managedClusters/k/agentPools/sys 2026-04-01";

fn cluster() -> Value {
    json!({
        "location": "westeurope",
        "identity": { "type": "SystemAssigned" },
        "properties": {
            "kubernetesVersion": "1.32.6",
            "dnsPrefix": "k",
            "agentPoolProfiles": [{ "name": "sys", "count": 1, "vmSize": "Standard_D2s_v5", "mode": "System" }],
        },
    })
}

fn with(pointer: &str, value: Value) -> Value {
    put_in(cluster(), pointer, value)
}

fn put_in(mut body: Value, pointer: &str, value: Value) -> Value {
    let mut at = &mut body;
    for part in pointer.split('/').skip(1) {
        at = match part.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[part],
        };
    }
    *at = value;
    body
}

fn pool() -> Value {
    json!({ "properties": { "count": 2, "vmSize": "Standard_D4s_v5", "mode": "User" } })
}

fn pool_with(name: &str, value: Value) -> Value {
    put_in(pool(), &format!("/properties/{name}"), value)
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.group();
    lab.make(CLUSTER, cluster());
    lab
}

fn post(lab: &mut Lab, action: &str) -> Got {
    lab.ask(&format!("POST {}", CLUSTER.replace(' ', &format!("/{action} "))), Value::Null)
}

#[track_caller]
fn refused_bare(got: &Got, status: u16, code: &str) {
    got.refused(status, code);
    assert!(got.body.get("error").is_none(), "this service answers without the error around it");
}

#[test]
fn a_cluster_is_made_over_minutes() {
    let mut lab = Lab::new();
    lab.group();
    lab.get(CLUSTER).refused(404, "ResourceNotFound");
    let made = lab.put(CLUSTER, cluster());
    assert_eq!((made.status, &made.body["properties"]["provisioningState"]), (201, &json!("Creating")));
    assert_eq!(made.body["properties"]["agentPoolProfiles"][0]["provisioningState"], "Creating");
    let link = made.link("Azure-AsyncOperation");
    let status = |lab: &mut Lab| {
        let request =
            Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
        lab.send(request).body["status"].as_str().map(str::to_owned)
    };
    lab.now += 239_000;
    assert_eq!(status(&mut lab).as_deref(), Some("InProgress"));
    lab.now += 1_000;
    assert_eq!(status(&mut lab).as_deref(), Some("Succeeded"));
    let body = lab.get(CLUSTER).body;
    let properties = &body["properties"];
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(properties["powerState"]["code"], "Running");
    assert_eq!(properties["nodeResourceGroup"], "MC_g_k_westeurope");
    assert_eq!(properties["networkProfile"]["serviceCidr"], "10.0.0.0/16");
    assert!(
        body["eTag"].is_string() && properties["identityProfile"]["kubeletidentity"]["objectId"].is_string()
    );
    let nodes = lab.get("~/resourceGroups/MC_g_k_westeurope 2024-11-01").body;
    assert_eq!(nodes["managedBy"], body["id"]);
    let pools = lab.list("@/Microsoft.ContainerService/managedClusters/k/agentPools 2026-04-01").0;
    assert_eq!((pools.len(), &pools[0]["properties"]["orchestratorVersion"]), (1, &json!("1.32.6")));
    let gone = lab.delete(CLUSTER);
    assert_eq!(gone.status, 202);
    lab.rest();
    lab.get("~/resourceGroups/MC_g_k_westeurope 2024-11-01").refused(404, "ResourceGroupNotFound");
    assert_eq!(lab.delete(CLUSTER).status, 204);
}

#[test]
fn a_late_deletion_spares_what_was_made_since() {
    let mut lab = lab();
    let group = "~/resourceGroups/g 2024-11-01";
    assert_eq!(lab.delete(CLUSTER).status, 202);
    assert_eq!(lab.delete(group).status, 202);
    lab.now += 15_000;
    lab.put(group, json!({ "location": "westeurope" }));
    assert_eq!(lab.put(CLUSTER, cluster()).status, 201);
    lab.now += 200_000;
    assert_eq!(lab.get(CLUSTER).body["properties"]["provisioningState"], "Creating");
    lab.rest();
    assert_eq!(lab.get(CLUSTER).body["properties"]["provisioningState"], "Succeeded");
}

#[test]
fn clusters_are_checked() {
    let mut lab = Lab::new();
    lab.group();
    for (body, code) in [
        (with("/properties/dnsPrefix", Value::Null), "InvalidParameter"),
        (with("/properties/dnsPrefix", json!("-a")), "InvalidParameter"),
        (with("/properties/nodeResourceGroup", json!("x".repeat(81))), "InvalidParameter"),
        (with("/identity", Value::Null), "InvalidParameter"),
        (with("/properties/agentPoolProfiles", json!([])), "InvalidParameter"),
        (with("/properties/agentPoolProfiles/0/mode", json!("User")), "OperationNotAllowed"),
        (with("/properties/agentPoolProfiles/0/name", json!("Sys")), "InvalidParameter"),
        (with("/properties/agentPoolProfiles/0/vmSize", json!("huge")), "VMSizeNotSupported"),
        (with("/properties/kubernetesVersion", json!("1.20.0")), "K8sVersionNotSupported"),
        (with("/properties/supportPlan", json!("AKSLongTermSupport")), "InvalidParameter"),
        (
            with(
                "/properties/networkProfile",
                json!({ "networkPlugin": "kubenet", "networkPluginMode": "overlay" }),
            ),
            "InvalidParameter",
        ),
        (
            with(
                "/properties/networkProfile",
                json!({ "networkPlugin": "azure", "networkPolicy": "cilium" }),
            ),
            "InvalidParameter",
        ),
        (
            with(
                "/properties/networkProfile",
                json!({ "serviceCidr": "10.9.0.0/16", "dnsServiceIP": "10.0.0.10" }),
            ),
            "InvalidParameter",
        ),
        (with("/properties/networkProfile", json!({ "serviceCidr": "10.9.0.0/16" })), "InvalidParameter"),
        (with("/properties/networkProfile", json!({ "networkPlugin": "magic" })), "InvalidParameter"),
        (with("/properties/colour", json!("red")), "UnmarshalError"),
        (with("/properties/enableRBAC", json!("yes")), "UnmarshalError"),
    ] {
        refused_bare(&lab.put(CLUSTER, body), 400, code);
    }
    lab.put(&CLUSTER.replace("/k ", "/-k "), cluster()).refused(400, "InvalidParameter");
    lab.put(&CLUSTER.replace("/k ", "/windows "), cluster()).refused(400, "ReservedResourceName");
    lab.put(CLUSTER, with("/location", json!("mars"))).refused(400, "LocationNotAvailableForResourceType");
    lab.put(CLUSTER, with("/location", Value::Null)).refused(400, "LocationRequired");
    lab.get(CLUSTER).refused(404, "ResourceNotFound");
}

#[test]
fn what_a_cluster_is_made_with_stays() {
    let mut lab = Lab::new();
    lab.group();
    let base = || {
        let network =
            json!({ "networkPlugin": "azure", "networkPluginMode": "overlay", "networkPolicy": "calico" });
        let body = with("/properties/networkProfile", network);
        put_in(body, "/properties/oidcIssuerProfile", json!({ "enabled": true }))
    };
    lab.make(CLUSTER, base());
    for (pointer, value) in [
        ("/properties/dnsPrefix", json!("other")),
        ("/properties/nodeResourceGroup", json!("other")),
        ("/properties/enableRBAC", json!(false)),
        ("/properties/diskEncryptionSetID", json!("/subscriptions/s/x")),
        ("/properties/oidcIssuerProfile", json!({ "enabled": false })),
        ("/properties/apiServerAccessProfile", json!({ "enablePrivateCluster": true })),
        (
            "/properties/linuxProfile",
            json!({ "adminUsername": "me", "ssh": { "publicKeys": [{ "keyData": "ssh-rsa A" }] } }),
        ),
        ("/properties/networkProfile/networkPlugin", json!("kubenet")),
        ("/properties/networkProfile/networkPolicy", json!("azure")),
        ("/properties/networkProfile/podCidr", json!("10.245.0.0/16")),
        ("/properties/networkProfile/serviceCidr", json!("10.1.0.0/16")),
        ("/properties/networkProfile/dnsServiceIP", json!("10.0.0.11")),
        ("/properties/networkProfile/loadBalancerSku", json!("basic")),
    ] {
        let got = lab.put(CLUSTER, put_in(base(), pointer, value));
        refused_bare(&got, 409, "PropertyChangeNotAllowed");
        assert!(got.body["target"].is_string());
    }
    lab.put(CLUSTER, with("/location", json!("eastus"))).refused(409, "InvalidResourceLocation");
    let issuer = lab.get(CLUSTER).body["properties"]["oidcIssuerProfile"]["issuerURL"].clone();
    let network = json!({ "networkPolicy": "cilium", "networkDataplane": "cilium" });
    let changed = lab.make(CLUSTER, with("/properties/networkProfile", network));
    assert_eq!(
        changed["properties"]["networkProfile"]["networkPluginMode"], "overlay",
        "the profile keeps what is left out"
    );
    assert_eq!(changed["properties"]["oidcIssuerProfile"]["issuerURL"], issuer);
}

#[test]
fn one_operation_at_a_time_in_a_cluster() {
    let mut lab = lab();
    lab.make(POOL, pool());
    assert_eq!(lab.put(POOL, pool_with("count", json!(3))).status, 200);
    let other = POOL.replace("work", "other");
    for got in [
        lab.put(&other, pool()),
        lab.put(POOL, pool()),
        lab.put(CLUSTER, cluster()),
        lab.delete(POOL),
        lab.delete(CLUSTER),
        lab.ask(&format!("PATCH {CLUSTER}"), json!({ "tags": {} })),
    ] {
        refused_bare(&got, 409, "OperationNotAllowed");
        let text = got.body["message"].as_str().expect("text");
        assert!(text.contains("Another agentpool operation (work - Updating) is in progress"), "{text}");
    }
    let start = post(&mut lab, "stop");
    refused_bare(&start, 409, "OperationNotAllowed");
    lab.rest();
    lab.put(CLUSTER, cluster());
    let got = lab.put(POOL, pool());
    assert!(
        got.body["message"]
            .as_str()
            .expect("text")
            .contains("Another operation (PutManagedClusterOperation) is in progress")
    );
}

#[test]
fn a_cluster_stops_and_starts() {
    let mut lab = lab();
    let running = post(&mut lab, "start");
    refused_bare(&running, 409, "OperationNotAllowed");
    assert!(
        running.body["message"]
            .as_str()
            .expect("text")
            .contains("Power State(Running), starting cannot be performed")
    );
    let stop = post(&mut lab, "stop");
    assert_eq!(stop.status, 202);
    let link = stop.link("Location");
    let follow = |lab: &mut Lab| {
        let request =
            Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
        lab.send(request).status
    };
    assert_eq!(follow(&mut lab), 202);
    lab.now += 90_000;
    assert_eq!(follow(&mut lab), 204);
    let stopped = lab.get(CLUSTER).body;
    assert_eq!(stopped["properties"]["powerState"]["code"], "Stopped");
    assert_eq!(stopped["properties"]["provisioningState"], "Succeeded");
    refused_bare(&post(&mut lab, "stop"), 409, "OperationNotAllowed");
    refused_bare(&lab.put(CLUSTER, cluster()), 409, "OperationNotAllowed");
    refused_bare(&lab.put(POOL, pool()), 409, "OperationNotAllowed");
    refused_bare(&lab.delete(SYSTEM), 409, "OperationNotAllowed");
    assert_eq!(post(&mut lab, "start").status, 202);
    lab.rest();
    assert_eq!(lab.put(POOL, pool()).status, 201);
}

#[test]
fn versions_go_up_one_by_one() {
    let mut lab = lab();
    let to = |version: &str| with("/properties/kubernetesVersion", json!(version));
    for wrong in ["1.34.1", "1.31.10"] {
        let got = lab.put(CLUSTER, to(wrong));
        refused_bare(&got, 400, "OperationNotAllowed");
        assert!(got.body["message"].as_str().expect("text").contains("Available upgrades: [1.32.7"));
    }
    let profile = lab.get(&CLUSTER.replace(' ', "/upgradeProfiles/default ")).body;
    let offered =
        profile["properties"]["controlPlaneProfile"]["upgrades"].as_array().expect("a list").clone();
    assert!(offered.iter().any(|upgrade| upgrade["kubernetesVersion"] == "1.33.3"));
    lab.make(CLUSTER, to("1.33.3"));
    assert_eq!(lab.get(SYSTEM).body["properties"]["orchestratorVersion"], "1.32.6", "pools go after");
    assert_eq!(lab.make(CLUSTER, to("1.33"))["properties"]["currentKubernetesVersion"], "1.33.3");
    lab.make(CLUSTER, to("1.34.1"));
    refused_bare(&lab.put(CLUSTER, to("1.35.0")), 400, "NodePoolMcVersionIncompatible");
    let sys = |version: &str| json!({ "properties": { "count": 1, "vmSize": "Standard_D2s_v5", "mode": "System", "orchestratorVersion": version } });
    refused_bare(&lab.put(SYSTEM, sys("1.35.0")), 400, "NodePoolMcVersionIncompatible");
    lab.make(SYSTEM, sys("1.34.1"));
    refused_bare(&lab.put(SYSTEM, sys("1.33.3")), 400, "OperationNotAllowed");
    let pool = lab.get(&SYSTEM.replace(' ', "/upgradeProfiles/default ")).body;
    assert_eq!(pool["properties"]["upgrades"], json!([]), "no pool is newer than the control plane");
    refused_bare(
        &lab.put(POOL, pool_with("orchestratorVersion", json!("1.31.10"))),
        400,
        "NodePoolMcVersionIncompatible",
    );
    let found = lab
        .get("~/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions 2026-04-01")
        .body;
    assert!(found["values"].as_array().is_some_and(|values| values.len() > 3));
}

#[test]
fn the_last_system_pool_stays() {
    let mut lab = lab();
    lab.make(POOL, pool());
    refused_bare(&lab.delete(SYSTEM), 400, "OperationNotAllowed");
    let user = json!({ "properties": { "count": 1, "vmSize": "Standard_D2s_v5", "mode": "User" } });
    refused_bare(&lab.put(SYSTEM, user.clone()), 400, "OperationNotAllowed");
    lab.make(POOL, pool_with("mode", json!("System")));
    lab.make(SYSTEM, user);
    assert_eq!(lab.delete(SYSTEM).status, 202);
    lab.rest();
    lab.get(SYSTEM).refused(404, "ResourceNotFound");
}

#[test]
fn pools_are_checked() {
    let mut lab = lab();
    for (body, code) in [
        (pool_with("vmSize", Value::Null), "InvalidParameter"),
        (pool_with("vmSize", json!("D4")), "VMSizeNotSupported"),
        (pool_with("count", json!(-1)), "InvalidParameter"),
        (pool_with("count", json!(1001)), "InvalidParameter"),
        (pool_with("minCount", json!(1)), "InvalidParameter"),
        (pool_with("enableAutoScaling", json!(true)), "InvalidParameter"),
        (pool_with("maxPods", json!(9)), "InvalidParameter"),
        (pool_with("availabilityZones", json!(["4"])), "InvalidParameter"),
        (pool_with("osDiskSizeGB", json!(2049)), "InvalidParameter"),
        (pool_with("mode", json!("Boss")), "InvalidParameter"),
        (pool_with("upgradeSettings", json!({ "drainTimeoutInMinutes": 0 })), "InvalidParameter"),
        (
            pool_with(
                "vnetSubnetID",
                json!(
                    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
                ),
            ),
            "SubnetNotFound",
        ),
        (
            json!({ "properties": { "vmSize": "Standard_D2s_v5", "mode": "System", "count": 0 } }),
            "InvalidParameter",
        ),
        (
            json!({ "properties": { "vmSize": "Standard_D2s_v5", "mode": "System", "scaleSetPriority": "Spot" } }),
            "InvalidParameter",
        ),
        (
            json!({ "properties": { "vmSize": "Standard_D2s_v5", "mode": "System", "osType": "Windows" } }),
            "InvalidParameter",
        ),
        (
            json!({ "properties": { "vmSize": "Standard_D2s_v5", "mode": "System", "powerState": { "code": "Stopped" } } }),
            "OperationNotAllowed",
        ),
        (
            json!({ "properties": { "vmSize": "Standard_D2s_v5", "enableAutoScaling": true, "minCount": 3, "maxCount": 2 } }),
            "InvalidParameter",
        ),
        (
            json!({ "properties": { "vmSize": "Standard_D2s_v5", "enableAutoScaling": true, "minCount": 1, "maxCount": 2, "count": 5 } }),
            "InvalidParameter",
        ),
        (json!({ "properties": { "vmSize": "Standard_D2s_v5", "sizes": 1 } }), "UnmarshalError"),
    ] {
        refused_bare(&lab.put(POOL, body), 400, code);
    }
    lab.put(&POOL.replace("work", "Work-1"), pool()).refused(400, "InvalidParameter");
    lab.put(&POOL.replace("/k/", "/none/"), pool()).refused(404, "ParentResourceNotFound");
    let scaled = json!({ "properties": { "vmSize": "Standard_D2s_v5", "enableAutoScaling": true, "minCount": 2, "maxCount": 4 } });
    assert_eq!(lab.make(POOL, scaled)["properties"]["count"], 2);
}

#[test]
fn what_a_pool_is_made_with_stays() {
    let mut lab = lab();
    lab.make(POOL, pool());
    for (name, value) in [
        ("vmSize", json!("Standard_D8s_v5")),
        ("osDiskSizeGB", json!(256)),
        ("osDiskType", json!("Ephemeral")),
        ("maxPods", json!(50)),
        ("osType", json!("Windows")),
        ("availabilityZones", json!(["1"])),
        ("scaleSetPriority", json!("Spot")),
        ("enableFIPS", json!(true)),
        ("enableNodePublicIP", json!(true)),
        ("kubeletConfig", json!({ "podMaxPids": 100 })),
        ("osSKU", json!("Windows2022")),
    ] {
        let got = lab.put(POOL, pool_with(name, value.clone()));
        refused_bare(&got, 409, "PropertyChangeNotAllowed");
        assert_eq!(got.body["target"], format!("properties.{name}"));
    }
    let listed = with("/properties/agentPoolProfiles/0/vmSize", json!("Standard_D8s_v5"));
    refused_bare(&lab.put(CLUSTER, listed), 409, "PropertyChangeNotAllowed");
    let changed = lab.make(POOL, pool_with("nodeLabels", json!({ "a": "b" })));
    assert_eq!(changed["properties"]["nodeLabels"], json!({ "a": "b" }));
    assert_eq!(lab.make(POOL, pool_with("osSKU", json!("AzureLinux")))["properties"].get("nodeLabels"), None);
}

#[test]
fn a_pool_that_the_cluster_does_not_name_stays() {
    let mut lab = lab();
    lab.make(POOL, pool());
    let body = lab.make(CLUSTER, cluster());
    assert_eq!(body["properties"]["agentPoolProfiles"].as_array().map(Vec::len), Some(2));
    let more =
        with("/properties/agentPoolProfiles", json!([{ "name": "third", "vmSize": "Standard_D2s_v5" }]));
    assert_eq!(lab.make(CLUSTER, more)["properties"]["agentPoolProfiles"].as_array().map(Vec::len), Some(3));
    let tagged = lab.ask(&format!("PATCH {CLUSTER}"), json!({ "tags": { "a": "b" } }));
    assert_eq!((tagged.status, &tagged.body["tags"]), (200, &json!({ "a": "b" })));
    lab.rest();
    assert_eq!(lab.get(CLUSTER).body["properties"]["agentPoolProfiles"].as_array().map(Vec::len), Some(3));
}

#[test]
fn etags_of_clusters_and_pools() {
    let mut lab = lab();
    let tag = lab.get(SYSTEM).body["properties"]["eTag"].as_str().expect("an etag").to_owned();
    let body = lab.get(SYSTEM).body;
    let request = lab.request(&format!("PUT {SYSTEM}")).header("If-Match", "other").json(&body);
    refused_bare(&lab.send(request), 409, "EtagMismatch");
    let request = lab.request(&format!("PUT {CLUSTER}")).header("If-None-Match", "*").json(&cluster());
    refused_bare(&lab.send(request), 412, "PreconditionFailed");
    let request = lab.request(&format!("PUT {SYSTEM}")).header("If-Match", &tag).json(&body);
    assert_eq!(lab.send(request).status, 200, "what was read can be written");
}

#[test]
fn credentials_are_given_out() {
    let mut lab = lab();
    let user = post(&mut lab, "listClusterUserCredential").body;
    let text = |body: &Value| {
        let value = body["kubeconfigs"][0]["value"].as_str().expect("a value");
        String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text")
    };
    assert!(text(&user).contains("server: https://k-"));
    let admin = post(&mut lab, "listClusterAdminCredential").body;
    assert_ne!(text(&user), text(&admin));
    lab.make(CLUSTER, with("/properties/disableLocalAccounts", json!(true)));
    refused_bare(&post(&mut lab, "listClusterAdminCredential"), 400, "BadRequest");
    post(&mut lab, "explode").refused(404, "InvalidResourceType");
    lab.ask(&format!("POST {}", CLUSTER.replace("/k ", "/none/start ")), Value::Null)
        .refused(404, "ResourceNotFound");
}

#[test]
fn a_subnet_that_nodes_stand_in_stays() {
    let mut lab = Lab::new();
    lab.group();
    lab.make("~/resourceGroups/net 2024-11-01", json!({ "location": "westeurope" }));
    let vnet = "~/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v 2025-01-01";
    let body = |prefix: &str| {
        json!({ "location": "westeurope", "properties": {
        "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
        "subnets": [{ "name": "nodes", "properties": { "addressPrefix": prefix } }],
    } })
    };
    let made = lab.make(vnet, body("10.1.0.0/24"));
    let id = made["properties"]["subnets"][0]["id"].clone();
    lab.make(CLUSTER, with("/properties/agentPoolProfiles/0/vnetSubnetID", id));
    let subnet = vnet.replace("/v ", "/v/subnets/nodes ");
    lab.delete(&subnet).refused(400, "InUseSubnetCannotBeDeleted");
    lab.delete(vnet).refused(400, "InUseSubnetCannotBeDeleted");
    lab.put(&subnet, json!({ "properties": { "addressPrefix": "10.1.1.0/24" } }))
        .refused(400, "InUsePrefixCannotBeDeleted");
    let bare = json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } } });
    lab.put(vnet, bare).refused(400, "InUseSubnetCannotBeDeleted");
    let group = "~/resourceGroups/net 2024-11-01";
    let link = lab.delete(group).link("Location");
    lab.rest();
    let request = Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
    lab.send(request).refused(409, "ResourceGroupDeletionBlocked");
    assert_eq!(lab.get(group).status, 200);
    lab.remove(CLUSTER);
    lab.remove(group);
    lab.get(group).refused(404, "ResourceGroupNotFound");
}

#[test]
fn an_address_that_a_cluster_uses_stays() {
    let mut lab = Lab::new();
    lab.group();
    let line = "@/Microsoft.Network/publicIPAddresses/out 2025-01-01";
    let body = json!({ "location": "westeurope", "sku": { "name": "Standard" }, "properties": { "publicIPAllocationMethod": "Static" } });
    let id = lab.make(line, body)["id"].clone();
    let profile = json!({ "loadBalancerProfile": { "outboundIPs": { "publicIPs": [{ "id": id }] } } });
    lab.make(CLUSTER, with("/properties/networkProfile", profile));
    lab.delete(line).refused(400, "PublicIPAddressCannotBeDeleted");
    lab.remove(CLUSTER);
    lab.remove(line);
    lab.get(line).refused(404, "ResourceNotFound");
}

#[test]
fn a_read_only_lock_forbids_actions() {
    let mut lab = lab();
    let lock = CLUSTER.replace(" 2026-04-01", "/providers/Microsoft.Authorization/locks/l 2020-05-01");
    lab.make(&lock, json!({ "properties": { "level": "ReadOnly" } }));
    post(&mut lab, "stop").refused(409, "ScopeLocked");
    post(&mut lab, "listClusterUserCredential").refused(409, "ScopeLocked");
    lab.put(POOL, pool()).refused(409, "ScopeLocked");
    lab.remove(&lock);
    assert_eq!(post(&mut lab, "stop").status, 202);
}
