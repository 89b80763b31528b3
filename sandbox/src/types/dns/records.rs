//! The data of records: each kind has its own property, and its own idea of what is valid.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::record_set::bad;
use crate::refusal::Outcome;
use crate::types::matches;
use crate::world::Resource;

pub(super) const KINDS: &[&str] = &["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];

/// Where the records of each kind are.
const PROPERTIES: &[(&str, &str)] = &[
    ("A", "ARecords"),
    ("AAAA", "AAAARecords"),
    ("CAA", "caaRecords"),
    ("CNAME", "CNAMERecord"),
    ("MX", "MXRecords"),
    ("NS", "NSRecords"),
    ("PTR", "PTRRecords"),
    ("SOA", "SOARecord"),
    ("SRV", "SRVRecords"),
    ("TXT", "TXTRecords"),
];

const MOST_RECORDS: usize = 20;
const LONGEST_CHUNK: usize = 255;
const LONGEST_TEXT: usize = 4096;

pub(super) fn check(kind: &str, set: &mut Resource) -> Outcome<()> {
    let own = PROPERTIES.iter().find(|(known, _)| *known == kind).map_or("", |(_, property)| property);
    for (_, property) in PROPERTIES.iter().filter(|(_, property)| *property != own) {
        // An empty list of another kind is what typed clients send for nothing.
        match set.take(&format!("properties.{property}")) {
            None => {}
            Some(Value::Array(list)) if list.is_empty() => {}
            Some(_) => {
                return Err(bad(format!(
                    "The property '{property}' cannot be given for a record set of type '{kind}'."
                )));
            }
        }
    }
    let path = format!("properties.{own}");
    let alias = set.text("properties.targetResource.id").is_some();
    let records: Vec<Value> = match set.at(&path) {
        None => Vec::new(),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    if alias && !records.is_empty() {
        return Err(bad("A record set has either records or a target resource, not both."));
    }
    if records.len() > MOST_RECORDS {
        return Err(bad(format!(
            "The number of records exceeds the limit of {MOST_RECORDS} of a record set."
        )));
    }
    for (index, record) in records.iter().enumerate() {
        if records[..index].contains(record) {
            return Err(bad("The record set contains the same record twice."));
        }
        valid(kind, record)?;
    }
    if !alias && records.is_empty() && ["CNAME", "SOA"].contains(&kind) {
        return Err(bad(format!("A record set of type '{kind}' must have a record.")));
    }
    if !alias && records.is_empty() {
        set.set(&path, json!([]));
    }
    Ok(())
}

fn valid(kind: &str, record: &Value) -> Outcome<()> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let has = |name: &str| match record.get(name) {
        Some(_) => Ok(()),
        None => Err(bad(format!("The property '{name}' of a record of type '{kind}' is required."))),
    };
    match kind {
        "A" => match text("ipv4Address").parse::<Ipv4Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(bad(format!("The IPv4 address '{}' is invalid.", text("ipv4Address")))),
        },
        "AAAA" => match text("ipv6Address").parse::<Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(bad(format!("The IPv6 address '{}' is invalid.", text("ipv6Address")))),
        },
        "CNAME" => host(text("cname")),
        "NS" => host(text("nsdname")),
        "PTR" => host(text("ptrdname")),
        "MX" => has("preference").and_then(|()| host(text("exchange"))),
        "SRV" => {
            ["priority", "weight", "port"].iter().try_for_each(|name| has(name))?;
            host(text("target"))
        }
        "CAA" => {
            has("flags")?;
            match text("tag") {
                "issue" | "issuewild" | "iodef" => Ok(()),
                other => Err(bad(format!("The CAA tag '{other}' is invalid."))),
            }
        }
        "TXT" => {
            let chunks: Vec<&str> = record
                .get("value")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            if chunks.is_empty() || chunks.iter().any(|chunk| chunk.chars().count() > LONGEST_CHUNK) {
                return Err(bad(format!(
                    "A value of a TXT record is a list of strings of at most {LONGEST_CHUNK} characters."
                )));
            }
            if chunks.iter().map(|chunk| chunk.len()).sum::<usize>() > LONGEST_TEXT {
                return Err(bad(format!("A TXT record has at most {LONGEST_TEXT} characters.")));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn host(name: &str) -> Outcome<()> {
    let plain = name.strip_suffix('.').unwrap_or(name);
    let pattern =
        r"^(?i:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.(?i:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?))*$";
    if plain.len() <= 253 && matches(pattern, plain) {
        return Ok(());
    }
    Err(bad(format!("The domain name '{name}' is invalid.")))
}
