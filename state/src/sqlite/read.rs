//! Reads: the state, the journal, the history.

use std::collections::BTreeMap;
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
use crate::sqlite::plate::Plate;
use crate::sqlite::sum::{Total, intact, judge};
use crate::store::HistoryEntry;

impl Database {
    pub(super) fn document(&mut self) -> Result<StateDoc, StoreError> {
        self.whole()?;
        let identity = self.identity();
        let key = self.key.clone();
        let transaction = snapshot(&mut self.connection)?;
        let sealer = Sealer { store: &identity.id, key: key.as_deref(), way: Way::Open };
        // Rows are opened as they come: their heads say which ones hold anything sealed.
        let (mut doc, rows) = sealed_but_rows(&transaction, &identity, &mut refuse)?;
        let mut opened = Vec::with_capacity(rows.len());
        for (address, mut row, sealed) in rows {
            if sealed {
                sealer.shared_row(&mut row)?;
            }
            opened.push((address, row));
        }
        sealer.document(&mut doc)?;
        doc.rows = by_address(opened, &mut refuse)?;
        Ok(doc)
    }

    pub(super) fn records(&mut self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError> {
        self.whole()?;
        let identity = self.identity();
        let transaction = snapshot(&mut self.connection)?;
        checked_last(&transaction, &Plate::read(&transaction)?)?;
        let mut records = journal(&transaction, after, limit, &mut refuse)?;
        transaction.finish().map_err(sql("read the journal"))?;
        for ((serial, _), expected) in records.iter().zip(after + 1..) {
            if *serial != expected {
                return Err(damaged(format!("record {expected} of the journal is missing")));
            }
        }
        let sealer = self.sealer(&identity.id, Way::Open);
        for (_, record) in &mut records {
            sealer.record(record)?;
        }
        Ok(records)
    }

    pub(super) fn history(&mut self, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.whole()?;
        let doing = "read the history";
        let transaction = snapshot(&mut self.connection)?;
        checked_last(&transaction, &Plate::read(&transaction)?)?;
        let mut runs = Vec::new();
        let text = "SELECT serial, kind, key, failed, record, total, sum FROM journal
                    WHERE kind IN ('begin', 'end') ORDER BY serial";
        each(&transaction, text, (), doing, |row| {
            let (serial, text) = record(row, &mut refuse)?;
            runs.push((serial, record_json::decode(&text, serial)?));
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

/// What happens with damage that is found: it ends the reading, or is taken down.
pub(super) type Report<'a> = dyn FnMut(String) -> Result<(), StoreError> + 'a;

/// Who works with a state wants none of it if some is damaged.
pub(super) fn refuse(what: String) -> Result<(), StoreError> {
    Err(damaged(what))
}

fn damaged(what: String) -> StoreError {
    StoreError::Damaged { what }
}

/// The end of the journal.
#[derive(Clone, Copy, Default)]
pub(super) struct Last {
    /// The serial of the last record.
    pub(super) serial: u64,
    /// What the tables beside the journal amount to.
    pub(super) total: Total,
}

/// Reads the end of the journal.
pub(super) fn last(connection: &Connection) -> Result<Last, StoreError> {
    let doing = "read the journal";
    let text =
        "SELECT serial, kind, key, failed, record, total, sum FROM journal ORDER BY serial DESC LIMIT 1";
    let mut last = Last::default();
    each(connection, text, (), doing, |row| {
        let (serial, _) = record(row, &mut refuse)?;
        last = Last { serial, total: Total(row.get(5).map_err(sql(doing))?) };
        Ok(())
    })?;
    Ok(last)
}

/// Reads the end of the journal, and sees that it is where it has to be.
pub(super) fn checked_last(connection: &Connection, plate: &Plate) -> Result<Last, StoreError> {
    let last = last(connection)?;
    let there = last.serial;
    match plate.serial {
        expected if there < expected || (plate.open == 0 && there != expected) => {
            Err(damaged(format!("its journal ends at record {there}, and {expected} were written")))
        }
        _ => Ok(last),
    }
}

/// The state as it is stored.
pub(super) fn sealed(
    transaction: &Transaction<'_>,
    identity: &Identity,
    report: &mut Report<'_>,
) -> Result<StateDoc, StoreError> {
    let (mut doc, rows) = sealed_but_rows(transaction, identity, report)?;
    doc.rows = by_address(rows.into_iter().map(|(address, row, _)| (address, row)).collect(), report)?;
    Ok(doc)
}

/// Rows in order. A damaged index finds less than there is, and then a row is written a second time.
fn by_address(
    rows: Vec<(Address, Arc<Row>)>,
    report: &mut Report<'_>,
) -> Result<BTreeMap<Address, Arc<Row>>, StoreError> {
    let count = rows.len();
    let rows: BTreeMap<_, _> = rows.into_iter().collect();
    if rows.len() != count {
        report("some rows are there twice".into())?;
    }
    Ok(rows)
}

/// The records after a serial, leaves sealed.
pub(super) fn journal(
    connection: &Connection,
    after: u64,
    limit: usize,
    report: &mut Report<'_>,
) -> Result<Vec<(u64, Record)>, StoreError> {
    let mut records = Vec::new();
    for (serial, json) in journal_texts(connection, after, limit, report)? {
        records.push((serial, record_json::decode(&json, serial)?));
    }
    Ok(records)
}

/// Hands over all records one by one, leaves sealed.
pub(super) fn each_record(
    connection: &Connection,
    report: &mut Report<'_>,
    each: &mut dyn FnMut(u64, Record),
) -> Result<(), StoreError> {
    each_text(connection, 0, usize::MAX, report, |serial, json| {
        each(serial, record_json::decode(&json, serial)?);
        Ok(())
    })
}

/// The records after a serial, as they are stored.
pub(super) fn journal_texts(
    connection: &Connection,
    after: u64,
    limit: usize,
    report: &mut Report<'_>,
) -> Result<Vec<(u64, String)>, StoreError> {
    let mut texts = Vec::new();
    each_text(connection, after, limit, report, |serial, json| {
        texts.push((serial, json));
        Ok(())
    })?;
    Ok(texts)
}

fn each_text(
    connection: &Connection,
    after: u64,
    limit: usize,
    report: &mut Report<'_>,
    mut then: impl FnMut(u64, String) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let column = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let text = "SELECT serial, kind, key, failed, record, total, sum FROM journal
                WHERE serial > ?1 ORDER BY serial LIMIT ?2";
    each(connection, text, (column(after), column(limit as u64)), "read the journal", |row| {
        let (serial, json) = record(row, report)?;
        then(serial, json)
    })
}

/// A record of all its columns.
fn record(row: &rusqlite::Row<'_>, report: &mut Report<'_>) -> Result<(u64, String), StoreError> {
    let serial = row.get(0).map_err(sql("read the journal"))?;
    if !intact("journal", row)? {
        report(format!("record {serial} of the journal is not what was written"))?;
    }
    Ok((serial, text_at(row, 4)?))
}

type SealedRow = (Address, Arc<Row>, bool);

fn sealed_but_rows(
    transaction: &Transaction<'_>,
    identity: &Identity,
    report: &mut Report<'_>,
) -> Result<(StateDoc, Vec<SealedRow>), StoreError> {
    let doing = "read the state";
    let mut doc = empty(identity);
    let last = checked_last(transaction, &Plate::read(transaction)?)?;
    doc.serial = last.serial;
    let mut tables = Tables { transaction, report, total: Total::default(), count: 0 };

    let mut rows = Vec::new();
    // In the order of their insertion, which is the cheapest; the map sorts.
    let text = "SELECT address, version, type, id, provider, sealed, body, sum FROM rows";
    tables.each(text, "rows", "the row of", 0, |columns| {
        let row: Row = decode(columns, 6, "the row of", 0)?;
        rows.push((row.address.clone(), Arc::new(row), columns.get(5).map_err(sql(doing))?));
        Ok(())
    })?;
    tables.each("SELECT address, body, sum FROM providers", "providers", "the provider", 0, |columns| {
        let provider: ProviderRow = decode(columns, 1, "the provider", 0)?;
        doc.providers.insert(provider.address.clone(), provider);
        Ok(())
    })?;
    tables.each("SELECT name, value, sum FROM outputs", "outputs", "the output", 0, |columns| {
        let name: Name = text_at(columns, 0)?.into();
        doc.outputs.insert(name, decode(columns, 1, "the output", 0)?);
        Ok(())
    })?;
    let text = "SELECT serial, key, type, intent, handle, sum FROM pending ORDER BY serial";
    tables.each(text, "pending", "the call", 1, |columns| {
        let handle = match columns.get_ref(4).map_err(sql(doing))? {
            ValueRef::Null => None,
            _ => Some(decode(columns, 4, "the handle of call", 1)?),
        };
        doc.pending.push(Pending { intent: decode(columns, 3, "the call", 1)?, handle });
        Ok(())
    })?;
    let text = "SELECT address, path, body, sum FROM overrides";
    tables.each(text, "overrides", "an override of", 0, |columns| {
        doc.overrides.push(decode(columns, 2, "an override of", 0)?);
        Ok(())
    })?;
    // The order of paths is by their steps, which their text does not have.
    doc.overrides.sort_by(|a, b| (&a.address, &a.path).cmp(&(&b.address, &b.path)));
    tables.each("SELECT name, ms, sum FROM durations", "durations", "the duration of", 0, |columns| {
        doc.durations.insert(text_at(columns, 0)?.into(), columns.get(1).map_err(sql(doing))?);
        Ok(())
    })?;
    let Tables { total, count, .. } = tables;
    if total != last.total {
        report("rows are missing, or are there that should not be".into())?;
    }
    let StateDoc { providers, outputs, pending, overrides, durations, .. } = &doc;
    let others = providers.len() + outputs.len() + pending.len() + overrides.len() + durations.len();
    if rows.len() + others != count {
        report("some rows beside those of resources are there twice".into())?;
    }
    Ok((doc, rows))
}

/// Reads whole tables, and adds up what is read.
struct Tables<'a, 'b> {
    transaction: &'a Transaction<'a>,
    report: &'a mut Report<'b>,
    total: Total,
    count: usize,
}

impl Tables<'_, '_> {
    /// Hands over the rows of a table; its last column is the sum, another names it.
    fn each(
        &mut self,
        text: &str,
        table: &str,
        what: &str,
        name: usize,
        mut row: impl FnMut(&rusqlite::Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Tables { transaction, report, total, count } = self;
        each(transaction, text, (), "read the state", |columns| {
            let (sum, intact) = judge(table, columns)?;
            *total = total.with(sum);
            if !intact {
                let name = text_at(columns, name).unwrap_or_default();
                report(format!("{what} `{name}` is not what was written"))?;
            }
            *count += 1;
            row(columns)
        })
    }
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
