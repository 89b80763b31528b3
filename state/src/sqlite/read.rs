//! Reads: the state, the journal, the history.

use std::sync::Arc;

use aurak_model::record::{Pending, ProviderRow, Row};
use aurak_model::{Address, Name, Record, StateDoc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Transaction};
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::fold::empty;
use crate::history::history;
use crate::identity::Identity;
use crate::record_json;
use crate::sealing::leaves::{Sealer, Way};
use crate::sqlite::database::{Database, sql};
use crate::store::HistoryEntry;

impl Database {
    pub(super) fn document(&mut self) -> Result<StateDoc, StoreError> {
        let identity = self.identity();
        let key = self.key.clone();
        let transaction = snapshot(&mut self.connection)?;
        let sealer = Sealer { store: &identity.id, key: key.as_deref(), way: Way::Open };
        // Rows are opened as they come: their heads say which ones hold anything sealed.
        let (mut doc, rows) = sealed_but_rows(&transaction, &identity)?;
        let mut opened = Vec::with_capacity(rows.len());
        for (address, mut row, sealed) in rows {
            if sealed {
                sealer.shared_row(&mut row)?;
            }
            opened.push((address, row));
        }
        sealer.document(&mut doc)?;
        doc.rows = opened.into_iter().collect();
        Ok(doc)
    }

    pub(super) fn records(&mut self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        let identity = self.identity();
        let mut records = journal(&self.connection, after, limit)?;
        let sealer = self.sealer(&identity.id, Way::Open);
        for (_, record) in &mut records {
            sealer.record(record)?;
        }
        Ok(records)
    }

    pub(super) fn history(&mut self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        let doing = "read the history";
        let transaction = snapshot(&mut self.connection)?;
        let mut runs = Vec::new();
        let text = "SELECT serial, record FROM journal WHERE kind IN ('begin', 'end') ORDER BY serial";
        each(&transaction, text, (), doing, |row| {
            let serial: u64 = row.get(0).map_err(sql(doing))?;
            runs.push((serial, record_json::decode(&text_at(row, 1)?, serial)?));
            Ok(())
        })?;
        let mut entries = history(runs.iter().map(|(serial, record)| (*serial, record)), limit);
        // Steps are counted by their heads: one writer at a time means that a run has all records
        // from its first to the next run's first.
        let mut end = i64::MAX as u64;
        for entry in &mut entries {
            let text = "SELECT failed, count(*) FROM journal
                        WHERE kind = 'outcome' AND serial > ?1 AND serial < ?2 GROUP BY failed";
            each(&transaction, text, (entry.serial, end), doing, |row| {
                let (failed, count) = (row.get(0).map_err(sql(doing))?, row.get(1).map_err(sql(doing))?);
                match failed {
                    true => entry.failed = count,
                    false => entry.done = count,
                }
                Ok(())
            })?;
            end = entry.serial;
        }
        Ok(entries)
    }
}

/// A point in time: what is read in it belongs together.
pub(super) fn snapshot(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    connection.transaction().map_err(sql("read the state"))
}

/// The state as it is stored.
pub(super) fn sealed(transaction: &Transaction<'_>, identity: &Identity) -> Result<StateDoc, StoreError> {
    let (mut doc, rows) = sealed_but_rows(transaction, identity)?;
    doc.rows = rows.into_iter().map(|(address, row, _)| (address, row)).collect();
    Ok(doc)
}

/// The records after a serial, leaves sealed.
pub(super) fn journal(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Record)>, StoreError> {
    let mut records = Vec::new();
    for (serial, json) in journal_texts(connection, after, limit)? {
        records.push((serial, record_json::decode(&json, serial)?));
    }
    Ok(records)
}

/// The records after a serial, as they are stored.
pub(super) fn journal_texts(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, String)>, StoreError> {
    let doing = "read the journal";
    let column = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut texts = Vec::new();
    let text = "SELECT serial, record FROM journal WHERE serial > ?1 ORDER BY serial LIMIT ?2";
    each(connection, text, (column(after), column(limit as u64)), doing, |row| {
        texts.push((row.get(0).map_err(sql(doing))?, text_at(row, 1)?));
        Ok(())
    })?;
    Ok(texts)
}

type SealedRow = (Address, Arc<Row>, bool);

fn sealed_but_rows(
    transaction: &Transaction<'_>,
    identity: &Identity,
) -> Result<(StateDoc, Vec<SealedRow>), StoreError> {
    let doing = "read the state";
    let mut doc = empty(identity);
    doc.serial = transaction
        .query_row("SELECT coalesce(max(serial), 0) FROM journal", (), |row| row.get(0))
        .map_err(sql(doing))?;

    let mut rows = Vec::new();
    // In the order of their insertion, which is the cheapest; the map sorts.
    each(transaction, "SELECT sealed, body, address FROM rows", (), doing, |columns| {
        let sealed = columns.get(0).map_err(sql(doing))?;
        let row: Row = decode(columns, 1, "the row of", 2)?;
        rows.push((row.address.clone(), Arc::new(row), sealed));
        Ok(())
    })?;
    each(transaction, "SELECT body, address FROM providers", (), doing, |columns| {
        let provider: ProviderRow = decode(columns, 0, "the provider", 1)?;
        doc.providers.insert(provider.address.clone(), provider);
        Ok(())
    })?;
    each(transaction, "SELECT value, name FROM outputs", (), doing, |columns| {
        let name: Name = text_at(columns, 1)?.into();
        doc.outputs.insert(name, decode(columns, 0, "the output", 1)?);
        Ok(())
    })?;
    each(transaction, "SELECT intent, key, handle FROM pending ORDER BY serial", (), doing, |columns| {
        let handle = match columns.get_ref(2).map_err(sql(doing))? {
            ValueRef::Null => None,
            _ => Some(decode(columns, 2, "the handle of call", 1)?),
        };
        doc.pending.push(Pending { intent: decode(columns, 0, "the call", 1)?, handle });
        Ok(())
    })?;
    each(transaction, "SELECT body, address FROM overrides", (), doing, |columns| {
        doc.overrides.push(decode(columns, 0, "an override of", 1)?);
        Ok(())
    })?;
    // The order of paths is by their steps, which their text does not have.
    doc.overrides.sort_by(|a, b| (&a.address, &a.path).cmp(&(&b.address, &b.path)));
    each(transaction, "SELECT name, ms FROM durations", (), doing, |columns| {
        doc.durations.insert(text_at(columns, 0)?.into(), columns.get(1).map_err(sql(doing))?);
        Ok(())
    })?;
    Ok((doc, rows))
}

/// Runs a query and hands over its rows.
pub(super) fn each(
    connection: &Connection,
    text: &str,
    values: impl Params,
    doing: &'static str,
    mut row: impl FnMut(&rusqlite::Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(text).map_err(sql(doing))?;
    let mut rows = statement.query(values).map_err(sql(doing))?;
    while let Some(columns) = rows.next().map_err(sql(doing))? {
        row(columns)?;
    }
    Ok(())
}

/// Reads a column of JSON without a copy; another column names it in the error.
fn decode<T: DeserializeOwned>(
    columns: &rusqlite::Row<'_>,
    at: usize,
    what: &str,
    name: usize,
) -> Result<T, StoreError> {
    let bytes = match columns.get_ref(at).map_err(sql("read the state"))? {
        ValueRef::Text(bytes) => bytes,
        _ => &[],
    };
    serde_json::from_slice(bytes).map_err(|error| StoreError::Damaged {
        what: format!("{what} `{}` cannot be read: {error}", text_at(columns, name).unwrap_or_default()),
    })
}

pub(super) fn text_at(columns: &rusqlite::Row<'_>, at: usize) -> Result<String, StoreError> {
    columns.get(at).map_err(sql("read the state"))
}
