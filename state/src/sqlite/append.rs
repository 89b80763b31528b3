//! Appends: records into the journal, and what they do into the tables.
//!
//! This is [`fold`](crate::fold::fold) by statements; the conformance suite and `check` compare the
//! two. Everything of an append is one transaction, so a commit is the only wait for the disk.

use aurak_model::record::{Outcome, Row, RowChange};
use aurak_model::{Name, Record};
use rusqlite::{OptionalExtension, Params, Transaction};
use serde::Serialize;

use crate::error::StoreError;
use crate::fold::{durations, learn};
use crate::lease::Fence;
use crate::record_json;
use crate::sealing::leaves::{Sealer, Way, row_has_marks};
use crate::sqlite::database::{Database, sql};
use crate::sqlite::holding::{admitted, begin};
use crate::store::Appended;

impl Database {
    pub(super) fn append(&mut self, fence: Fence, mut records: Vec<Record>) -> Result<Appended, StoreError> {
        self.writable()?;
        let doing = "write to the state's journal";
        let id = self.identity().id;
        let clock = self.clock.clone();
        let key = self.key.clone();
        let transaction = begin(&mut self.connection, doing)?;
        admitted(&transaction, fence, &*clock)?;
        let mut serial: u64 = transaction
            .prepare_cached("SELECT coalesce(max(serial), 0) FROM journal")
            .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
            .map_err(sql(doing))?;
        let sealer = Sealer { store: &id, key: key.as_deref(), way: Way::Seal };
        for record in &mut records {
            serial += 1;
            record_json::assign_version(record, serial);
            sealer.record(record)?;
            write(&transaction, record, serial)?;
        }
        transaction.commit().map_err(sql(doing))?;
        Ok(Appended { serial })
    }
}

fn write(transaction: &Transaction<'_>, record: &Record, serial: u64) -> Result<(), StoreError> {
    let (key, failed) = match record {
        Record::Begin(operation) => (Some(&operation.id.0), false),
        Record::End { operation, .. } => (Some(&operation.0), false),
        Record::Intent(intent) => (Some(&intent.key.0), false),
        Record::Waiting { key, .. } => (Some(&key.0), false),
        Record::Outcome(outcome) => (outcome.key.as_ref().map(|key| &key.0), outcome.error.is_some()),
        Record::Provider(_)
        | Record::ProviderGone { .. }
        | Record::Output { .. }
        | Record::Override(_)
        | Record::OverrideGone { .. } => (None, false),
    };
    execute(
        transaction,
        "INSERT INTO journal (serial, kind, key, failed, record) VALUES (?1, ?2, ?3, ?4, ?5)",
        (serial, record_json::kind(record), key.map(|key| &**key), failed, record_json::encode(record)?),
    )?;
    match record {
        Record::Begin(_) | Record::End { .. } => Ok(()),
        Record::Intent(intent) => execute(
            transaction,
            "INSERT OR REPLACE INTO pending (serial, key, type, intent) VALUES (?1, ?2, ?3, ?4)",
            (serial, &*intent.key.0, &*intent.type_name, json(intent)?),
        ),
        Record::Waiting { key, handle } => {
            execute(transaction, "UPDATE pending SET handle = ?2 WHERE key = ?1", (&*key.0, json(handle)?))
        }
        Record::Outcome(outcome) => write_outcome(transaction, outcome, serial),
        Record::Provider(provider) => execute(
            transaction,
            "INSERT OR REPLACE INTO providers (address, body) VALUES (?1, ?2)",
            (provider.address.as_str(), json(provider)?),
        ),
        Record::ProviderGone { address } => {
            execute(transaction, "DELETE FROM providers WHERE address = ?1", [address.as_str()])
        }
        Record::Output { name, value: Some(value) } => execute(
            transaction,
            "INSERT OR REPLACE INTO outputs (name, value) VALUES (?1, ?2)",
            (&**name, json(value)?),
        ),
        Record::Output { name, value: None } => {
            execute(transaction, "DELETE FROM outputs WHERE name = ?1", [&**name])
        }
        Record::Override(over) => execute(
            transaction,
            "INSERT OR REPLACE INTO overrides (address, path, body) VALUES (?1, ?2, ?3)",
            (over.address.as_str(), over.path.to_string(), json(over)?),
        ),
        Record::OverrideGone { address, path } => execute(
            transaction,
            "DELETE FROM overrides WHERE address = ?1 AND path = ?2",
            (address.as_str(), path.to_string()),
        ),
    }
}

fn write_outcome(transaction: &Transaction<'_>, outcome: &Outcome, serial: u64) -> Result<(), StoreError> {
    let closed: Option<Name> = match &outcome.key {
        None => None,
        Some(key) => transaction
            .prepare_cached("DELETE FROM pending WHERE key = ?1 RETURNING type")
            .and_then(|mut statement| {
                statement.query_row([&*key.0], |row| row.get::<_, String>(0)).optional()
            })
            .map_err(sql("close a pending call"))?
            .map(Into::into),
    };
    if let Some((name, of_type, ms)) = durations(outcome, closed.as_ref()) {
        write_duration(transaction, &name, ms)?;
        if let Some(of_type) = of_type {
            let before = transaction
                .prepare_cached("SELECT ms FROM durations WHERE name = ?1")
                .and_then(|mut statement| statement.query_row([&*of_type], |row| row.get(0)).optional())
                .map_err(sql("read a duration"))?;
            write_duration(transaction, &of_type, learn(before, ms))?;
        }
    }
    for change in &outcome.rows {
        match change {
            RowChange::Put(row) => write_row(transaction, row, serial)?,
            RowChange::Remove(address) => {
                execute(transaction, "DELETE FROM rows WHERE address = ?1", [address.as_str()])?;
            }
        }
    }
    Ok(())
}

fn write_row(transaction: &Transaction<'_>, row: &Row, serial: u64) -> Result<(), StoreError> {
    execute(
        transaction,
        "INSERT INTO rows (address, version, type, id, provider, sealed, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (address) DO UPDATE SET version = excluded.version, type = excluded.type,
             id = excluded.id, provider = excluded.provider, sealed = excluded.sealed,
             body = excluded.body",
        (
            row.address.as_str(),
            serial,
            &*row.type_name,
            row.current.as_ref().map(|object| &*object.id),
            row.provider.as_str(),
            row_has_marks(row),
            json(row)?,
        ),
    )
}

fn write_duration(transaction: &Transaction<'_>, name: &str, ms: u64) -> Result<(), StoreError> {
    execute(transaction, "INSERT OR REPLACE INTO durations (name, ms) VALUES (?1, ?2)", (name, ms))
}

fn execute(transaction: &Transaction<'_>, text: &'static str, values: impl Params) -> Result<(), StoreError> {
    transaction
        .prepare_cached(text)
        .and_then(|mut statement| statement.execute(values))
        .map(|_| ())
        .map_err(sql("write to the state"))
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|source| StoreError::Encode { what: "a part of the state".into(), source })
}
