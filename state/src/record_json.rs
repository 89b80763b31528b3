//! The stored form of a record: canonical JSON `{"v":1,"kind":...}`.

use std::sync::Arc;

use aurak_model::record::RowChange;
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

/// The word for a record's kind, as it stands in the JSON.
pub(crate) fn kind(record: &Record) -> &'static str {
    match record {
        Record::Begin(_) => "begin",
        Record::Intent(_) => "intent",
        Record::Waiting { .. } => "waiting",
        Record::Outcome(_) => "outcome",
        Record::Provider(_) => "provider",
        Record::ProviderGone { .. } => "provider_gone",
        Record::Output { .. } => "output",
        Record::Override(_) => "override",
        Record::OverrideGone { .. } => "override_gone",
        Record::End { .. } => "end",
    }
}

/// Gives the rows of a record their version: the serial of the record that writes them.
pub(crate) fn assign_version(record: &mut Record, serial: u64) {
    let Record::Outcome(outcome) = record else { return };
    for change in &mut outcome.rows {
        match change {
            RowChange::Put(row) if row.version != serial => Arc::make_mut(row).version = serial,
            RowChange::Put(_) | RowChange::Remove(_) => {}
        }
    }
}
