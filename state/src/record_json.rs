//! The stored form of a record: canonical JSON `{"v":1,"kind":...}`.

use aurak_model::{Record, record};
use serde::Deserialize;

use crate::error::StoreError;

/// Writes a record; its sensitive leaves are sealed already.
pub fn encode(record: &Record) -> Result<String, StoreError> {
    let json = serde_json::to_string(record)
        .map_err(|source| StoreError::Encode { what: "a record of the journal".into(), source })?;
    // The kind is a tag inside the object, so there is always one field to come before.
    let rest = json.strip_prefix('{').unwrap_or(&json);
    Ok(format!("{{\"v\":{},{rest}", record::FORMAT))
}

/// Reads a record; `serial` names it in errors.
pub fn decode(json: &str, serial: u64) -> Result<Record, StoreError> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
    }
    let damaged = |error: serde_json::Error| StoreError::Damaged {
        what: format!("record {serial} of the journal cannot be read: {error}"),
    };
    let Head { v } = serde_json::from_str(json).map_err(damaged)?;
    if v > record::FORMAT {
        return Err(StoreError::NewerFormat { found: v, ours: record::FORMAT, by: None });
    }
    serde_json::from_str(json).map_err(damaged)
}
