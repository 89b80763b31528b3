//! Any requests in any order: nothing panics, what is stored is what there is, and everything that
//! is under way comes to an end.

use aurak_sandbox::{Fate, WorldFile};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::kit::Lab;

const NETWORK: &str = "@/Microsoft.Network";
const AKS: &str = "@/Microsoft.ContainerService/managedClusters/k";
const STORAGE: &str = "@/Microsoft.Storage/storageAccounts/acc";

/// Lines of resources, with a body that is good and one that is half good.
fn targets() -> Vec<(String, Value, Value)> {
    let place = json!({ "location": "westeurope" });
    let vnet = json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": [{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } }] } });
    let bare = json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/8"] } } });
    let cluster = |version: &str| json!({ "location": "westeurope", "identity": { "type": "SystemAssigned" }, "properties": { "dnsPrefix": "k", "kubernetesVersion": version, "agentPoolProfiles": [{ "name": "sys", "vmSize": "Standard_D2s_v5", "mode": "System" }] } });
    let pool =
        |mode: &str| json!({ "properties": { "vmSize": "Standard_D2s_v5", "mode": mode, "count": 1 } });
    let account =
        |sku: &str| json!({ "location": "westeurope", "kind": "StorageV2", "sku": { "name": sku } });
    let record =
        |address: &str| json!({ "properties": { "TTL": 60, "ARecords": [{ "ipv4Address": address }] } });
    let trust = |subject: &str| json!({ "properties": { "issuer": "https://i.example.org", "subject": subject, "audiences": ["a"] } });
    let lock = |level: &str| json!({ "properties": { "level": level } });
    vec![
        ("~/resourceGroups/g 2024-11-01".into(), place.clone(), json!({ "location": "eastus" })),
        (format!("{NETWORK}/virtualNetworks/v 2025-01-01"), vnet, bare),
        (
            format!("{NETWORK}/virtualNetworks/v/subnets/b 2025-01-01"),
            json!({ "properties": { "addressPrefix": "10.0.1.0/24" } }),
            json!({ "properties": { "addressPrefix": "10.0.0.0/16" } }),
        ),
        (format!("{NETWORK}/networkSecurityGroups/n 2025-01-01"), place.clone(), json!({})),
        (format!("{NETWORK}/dnsZones/a.org 2018-05-01"), json!({ "location": "global" }), place.clone()),
        (format!("{NETWORK}/dnsZones/a.org/A/www 2018-05-01"), record("192.0.2.1"), record("no")),
        (
            format!("{NETWORK}/dnsZones/a.org/CNAME/www 2018-05-01"),
            json!({ "properties": { "TTL": 60, "CNAMERecord": { "cname": "b.org" } } }),
            json!({ "properties": { "TTL": 60 } }),
        ),
        (format!("{STORAGE} 2025-08-01"), account("Standard_LRS"), account("Standard_ZRS")),
        (format!("{STORAGE}/blobServices/default/containers/files 2025-08-01"), json!({}), json!({ "properties": { "publicAccess": "Blob" } })),
        (format!("{AKS} 2026-04-01"), cluster("1.32.6"), cluster("1.33.3")),
        (format!("{AKS}/agentPools/work 2026-04-01"), pool("User"), pool("System")),
        ("@/Microsoft.ManagedIdentity/userAssignedIdentities/who 2024-11-30".into(), place, json!(7)),
        ("@/Microsoft.ManagedIdentity/userAssignedIdentities/who/federatedIdentityCredentials/trust 2024-11-30".into(), trust("s"), trust("")),
        ("@/Microsoft.Authorization/locks/l 2020-05-01".into(), lock("CanNotDelete"), lock("ReadOnly")),
    ]
}

#[derive(Clone, Debug)]
struct Step {
    verb: u8,
    target: usize,
    good: bool,
    wait: i64,
    fate: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0..12_u8, 0..targets().len(), prop::bool::weighted(0.8), 0..400_i64, 0..10_u8)
        .prop_map(|(verb, target, good, wait, fate)| Step { verb, target, good, wait, fate })
}

fn play(lab: &mut Lab, targets: &[(String, Value, Value)], step: &Step) -> u16 {
    let (line, good, bad) = &targets[step.target];
    let body = if step.good { good } else { bad }.clone();
    lab.fate = match step.fate {
        0 => Fate::Fail,
        1 => Fate::Slow,
        _ => Fate::Normal,
    };
    let action = |name: &str| format!("POST {}", line.replace(' ', &format!("/{name} ")));
    let got = match step.verb {
        0..=5 => lab.put(line, body),
        6 | 7 => lab.delete(line),
        8 => lab.get(line),
        9 => lab.ask(&format!("PATCH {line}"), json!({ "tags": { "a": "b" } })),
        10 => lab.ask(&action(if step.good { "stop" } else { "start" }), Value::Null),
        _ => lab.ask(&action("listKeys"), Value::Null),
    };
    // A third of the steps follow at once, the others up to minutes later.
    lab.now += if step.wait < 130 { 0 } else { step.wait * 1_000 };
    if step.wait > 350 {
        lab.token = lab.sign_in();
    }
    got.status
}

/// Everything that reads show.
fn seen(lab: &mut Lab, targets: &[(String, Value, Value)]) -> Vec<(u16, Value)> {
    targets
        .iter()
        .map(|(line, ..)| {
            let got = lab.get(line);
            (got.status, got.body)
        })
        .collect()
}

/// Without what differs between worlds: ETags, and how an operation ended.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(name, value)| {
                !["etag", "eTag", "provisioningState"].contains(&name.as_str()) && !value.is_null()
            })
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        value => value.clone(),
    }
}

fn cases() -> u32 {
    std::env::var("AURAK_CASES").map_or(64, |text| text.parse::<u32>().expect("AURAK_CASES is a number") / 20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_world_stays_whole(steps in prop::collection::vec(step(), 1..40)) {
        let targets = targets();
        let mut lab = Lab::new();
        let mut file = WorldFile::open(std::path::Path::new(":memory:")).expect("a file");
        lab.group();
        for step in &steps {
            let status = play(&mut lab, &targets, step);
            prop_assert!((200..500).contains(&status), "{step:?}: {status}");
            file.write(&lab.world.take_changes()).expect("written");
        }
        lab.fate = Fate::Normal;
        lab.now += 1_000;
        lab.token = lab.sign_in();
        // The stored world answers like the one in memory.
        let mut stored = Lab::new();
        stored.world = file.load().expect("readable").expect("a world");
        (stored.now, stored.token) = (lab.now, lab.token.clone());
        let here = seen(&mut lab, &targets);
        prop_assert_eq!(&here, &seen(&mut stored, &targets));
        // Everything ends.
        lab.now += 24 * 3_600_000;
        lab.token = lab.sign_in();
        (stored.now, stored.token) = (lab.now, lab.token.clone());
        let later = seen(&mut lab, &targets);
        prop_assert_eq!(&later, &seen(&mut stored, &targets));
        for (status, body) in &later {
            let state = body["properties"]["provisioningState"].as_str().unwrap_or("Succeeded");
            prop_assert!(*status != 200 || ["Succeeded", "Failed"].contains(&state), "{body}");
        }
        // What was read can be loaded into another world, and reads the same there.
        let all: Vec<Value> = later.iter().filter(|(status, _)| *status == 200).map(|(_, body)| body.clone()).collect();
        let mut other = Lab::of([9; 32], 1);
        let count = other.world.load(&all, lab.now).expect("loaded");
        prop_assert!(count >= all.len());
        (other.now, other.subscription) = (lab.now, lab.subscription.clone());
        other.token = other.sign_in();
        for ((status, there), (_, here)) in seen(&mut other, &targets).into_iter().zip(&later) {
            prop_assert!(status != 200 || plain(&there) == plain(here), "{there:#}\n{here:#}");
        }
        // And, with the lock gone, everything can go.
        let group = "~/resourceGroups/g 2024-11-01";
        if lab.get(group).status == 200 {
            lab.remove("@/Microsoft.Authorization/locks/l 2020-05-01");
            lab.remove(group);
        }
        prop_assert_eq!(lab.get("~/resourcegroups 2024-11-01").body, json!({ "value": [] }));
        prop_assert_eq!(lab.get("~/resources 2021-04-01").body, json!({ "value": [] }));
    }

    #[test]
    fn any_path_and_body_is_answered(
        method in prop::sample::select(vec!["GET", "PUT", "PATCH", "POST", "DELETE", "HEAD"]),
        parts in prop::collection::vec(prop::sample::select(vec![
            "subscriptions", "~", "providers", "resourceGroups", "g", "Microsoft.Network", "Microsoft.Storage",
            "storageAccounts", "dnsZones", "recordsets", "locks", "Microsoft.Authorization", "roleDefinitions",
            "locations", "operations", "operationresults", "%zz", "%00", "ä", "..", "listKeys", "tenants",
        ]), 0..9),
        body in "\\PC{0,40}",
    ) {
        let mut lab = Lab::new();
        lab.group();
        let path = format!("/{}", parts.join("/")).replace('~', &lab.subscription.clone());
        let mut request = lab.request(&format!("{method} {path} 2024-11-01"));
        request.body = body.into_bytes();
        let got = lab.send(request);
        prop_assert!((200..500).contains(&got.status), "{path}: {}", got.status);
    }
}
