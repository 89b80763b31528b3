//! DNS zones and record sets.

use serde_json::{Value, json};

use crate::kit::Lab;

const ZONE: &str = "@/Microsoft.Network/dnsZones/example.org 2018-05-01";

fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.group();
    lab.make(ZONE, json!({ "location": "global" }));
    lab
}

fn set(kind: &str, name: &str) -> String {
    format!("@/Microsoft.Network/dnsZones/example.org/{kind}/{name} 2018-05-01")
}

fn body(property: &str, records: Value) -> Value {
    json!({ "properties": { "TTL": 300, property: records } })
}

fn a(address: &str) -> Value {
    body("ARecords", json!([{ "ipv4Address": address }]))
}

#[test]
fn a_zone_comes_with_its_apex() {
    let mut lab = lab();
    let zone = lab.get(ZONE).body;
    assert_eq!(zone["type"], "Microsoft.Network/dnszones");
    assert_eq!(zone["properties"]["numberOfRecordSets"], 2);
    assert_eq!(zone["properties"]["nameServers"].as_array().map(Vec::len), Some(4));
    let soa = lab.get(&set("SOA", "@")).body;
    assert_eq!(soa["properties"]["SOARecord"]["minimumTTL"], 300);
    lab.delete(&set("SOA", "@")).refused(400, "BadRequest");
    lab.delete(&set("NS", "@")).refused(400, "BadRequest");
    lab.put(&set("SOA", "sub"), body("SOARecord", json!({ "host": "x" }))).refused(400, "BadRequest");
    let mut longer = soa["properties"].clone();
    longer["TTL"] = json!(7200);
    assert_eq!(lab.put(&set("SOA", "@"), json!({ "properties": longer })).status, 200, "it can be changed");
}

#[test]
fn zones_are_checked() {
    let mut lab = lab();
    let zone = |name: &str| format!("@/Microsoft.Network/dnsZones/{name} 2018-05-01");
    for name in ["org", "-a.org", "a..org", "a_.o%20g", &format!("{}.org", "x".repeat(64))] {
        let got = lab.put(&zone(name), json!({ "location": "global" }));
        got.refused(400, "BadRequest");
        assert!(got.body.get("error").is_none(), "this service answers without the error around it");
    }
    lab.put(&zone("b.org"), json!({ "location": "westeurope" }))
        .refused(400, "LocationNotAvailableForResourceType");
    lab.put(&zone("b.org"), json!({})).refused(400, "LocationRequired");
    let private = json!({ "location": "global", "properties": { "zoneType": "Private" } });
    lab.put(&zone("b.org"), private).refused(400, "BadRequest");
    let request = lab
        .request(&format!("PUT {ZONE}"))
        .header("If-None-Match", "*")
        .json(&json!({ "location": "global" }));
    lab.send(request).refused(412, "PreconditionFailed");
    let gone = lab.delete(ZONE);
    assert_eq!(gone.status, 202);
    assert!(gone.header("Azure-AsyncOperation").is_some() && gone.header("Location").is_some());
    lab.ask(&format!("PATCH {ZONE}"), json!({ "tags": {} })).refused(409, "Conflict");
    lab.rest();
    lab.get(&set("A", "www")).refused(404, "ParentResourceNotFound");
}

#[test]
fn records_of_every_kind_live() {
    let mut lab = lab();
    for (kind, property, records) in [
        ("A", "ARecords", json!([{ "ipv4Address": "192.0.2.1" }])),
        ("AAAA", "AAAARecords", json!([{ "ipv6Address": "2001:db8::1" }])),
        ("CAA", "caaRecords", json!([{ "flags": 0, "tag": "issue", "value": "ca.example.net" }])),
        ("CNAME", "CNAMERecord", json!({ "cname": "www.example.net" })),
        ("MX", "MXRecords", json!([{ "preference": 10, "exchange": "mail.example.net." }])),
        ("NS", "NSRecords", json!([{ "nsdname": "ns1.example.net" }])),
        ("PTR", "PTRRecords", json!([{ "ptrdname": "host.example.net" }])),
        (
            "SRV",
            "SRVRecords",
            json!([{ "priority": 1, "weight": 2, "port": 443, "target": "host.example.net" }]),
        ),
        ("TXT", "TXTRecords", json!([{ "value": ["v=spf1", " -all"] }])),
    ] {
        let line = set(kind, &format!("on-{kind}"));
        let made = lab.put(&line, body(property, records.clone()));
        assert_eq!(
            (made.status, &made.body["properties"][property]),
            (201, &records),
            "{kind}: {}",
            made.body
        );
        assert_eq!(made.body["properties"]["fqdn"], format!("on-{kind}.example.org."));
        assert_eq!(made.body["type"], format!("Microsoft.Network/dnszones/{kind}"));
        let changed = lab.put(&line, json!({ "properties": { "TTL": 60, property: records } }));
        assert_eq!((changed.status, &changed.body["properties"]["TTL"]), (200, &json!(60)));
        assert_ne!(changed.body["etag"], made.body["etag"]);
        assert_eq!(lab.delete(&line).status, 200);
        assert_eq!(lab.delete(&line).status, 204);
    }
}

#[test]
fn bad_data_is_refused() {
    let mut lab = lab();
    for (kind, property, records) in [
        ("A", "ARecords", json!([{ "ipv4Address": "192.0.2" }])),
        ("A", "ARecords", json!([{ "ipv4Address": "192.0.2.1" }, { "ipv4Address": "192.0.2.1" }])),
        ("A", "AAAARecords", json!([{ "ipv6Address": "::1" }])),
        (
            "A",
            "ARecords",
            json!((0..21).map(|n| json!({ "ipv4Address": format!("192.0.2.{n}") })).collect::<Vec<_>>()),
        ),
        ("AAAA", "AAAARecords", json!([{ "ipv6Address": "192.0.2.1" }])),
        ("CAA", "caaRecords", json!([{ "flags": 0, "tag": "any", "value": "x" }])),
        ("CAA", "caaRecords", json!([{ "flags": 256, "tag": "issue", "value": "x" }])),
        ("CNAME", "CNAMERecord", json!({ "cname": "a b" })),
        ("CNAME", "CNAMERecord", Value::Null),
        ("MX", "MXRecords", json!([{ "exchange": "mail.example.net" }])),
        ("SRV", "SRVRecords", json!([{ "priority": 1, "weight": 2, "target": "x" }])),
        ("TXT", "TXTRecords", json!([{ "value": ["x".repeat(256)] }])),
        ("TXT", "TXTRecords", json!([{ "value": vec!["x".repeat(255); 17] }])),
        ("TXT", "TXTRecords", json!([{ "value": [] }])),
        ("A", "Records", json!([])),
    ] {
        lab.put(&set(kind, "x"), body(property, records)).refused(400, "BadRequest");
    }
    lab.put(&set("A", "x"), json!({ "properties": { "ARecords": [] } })).refused(400, "BadRequest");
    lab.put(&set("A", "x"), json!({ "properties": { "TTL": 0 } })).refused(400, "BadRequest");
    lab.put(&set("A", "a%20b"), a("192.0.2.1")).refused(400, "BadRequest");
    let target = json!({ "properties": { "targetResource": { "id": "/subscriptions/x/none" } } });
    lab.put(&set("A", "x"), target).refused(400, "BadRequest");
    assert_eq!(lab.put(&set("A", "*.deep"), a("192.0.2.1")).status, 201);
    assert_eq!(lab.put(&set("TXT", "_acme-challenge"), body("TXTRecords", json!([]))).status, 201);
}

#[test]
fn a_cname_stands_alone() {
    let mut lab = lab();
    let cname = || body("CNAMERecord", json!({ "cname": "example.net" }));
    lab.put(&set("CNAME", "@"), cname()).refused(400, "BadRequest");
    lab.put(&set("A", "www"), a("192.0.2.1"));
    let got = lab.put(&set("CNAME", "WWW"), cname());
    got.refused(409, "Conflict");
    assert!(
        got.body["message"]
            .as_str()
            .expect("text")
            .starts_with("The CNAME record could not be created because")
    );
    lab.put(&set("CNAME", "other"), cname());
    lab.put(&set("A", "other"), a("192.0.2.1")).refused(409, "CannotCreateRecordDueToCNameNamingRestriction");
    assert_eq!(lab.put(&set("CNAME", "other"), cname()).status, 200);
}

#[test]
fn etags_and_patches_of_records() {
    let mut lab = lab();
    let line = set("A", "www");
    let made = lab.put(&line, a("192.0.2.1")).body;
    let request = lab.request(&format!("PUT {line}")).header("If-None-Match", "*").json(&a("192.0.2.2"));
    lab.send(request).refused(412, "PreconditionFailed");
    let request = lab.request(&format!("PUT {line}")).header("If-Match", "other").json(&a("192.0.2.2"));
    lab.send(request).refused(412, "PreconditionFailed");
    let request = lab.request(&format!("DELETE {line}")).header("If-Match", "other");
    lab.send(request).refused(412, "PreconditionFailed");
    let request = lab
        .request(&format!("PATCH {line}"))
        .header("If-Match", made["etag"].as_str().expect("an etag"))
        .json(&json!({ "properties": { "metadata": { "k": "v" } } }));
    let patched = lab.send(request);
    assert_eq!((patched.status, &patched.body["properties"]["TTL"]), (200, &json!(300)));
    assert_eq!(patched.body["properties"]["metadata"], json!({ "k": "v" }));
    let put = lab.put(&line, a("192.0.2.3"));
    assert_eq!(put.body["properties"].get("metadata"), None, "what a PUT leaves out is dropped");
}

#[test]
fn record_sets_are_listed() {
    let mut lab = Lab::paged(4);
    lab.group();
    lab.make(ZONE, json!({ "location": "global" }));
    for n in 0..9 {
        lab.put(&set("A", &format!("n{n}")), a("192.0.2.1"));
    }
    let all = "@/Microsoft.Network/dnsZones/example.org/recordsets 2018-05-01";
    let (found, pages) = lab.list(all);
    assert_eq!((found.len(), pages), (11, 3));
    assert_eq!(lab.list(&all.replace("recordsets", "all")).0.len(), 11);
    let (found, _) = lab.list(&all.replace("recordsets", "A"));
    assert_eq!(found.len(), 9);
    let (found, _) = lab.list(&all.replace("recordsets", "A?$recordsetnamesuffix=7"));
    assert_eq!(found.len(), 1);
    assert_eq!(lab.list("~/providers/Microsoft.Network/dnszones 2018-05-01").0.len(), 1);
}
