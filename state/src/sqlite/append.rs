//! Appends: records into the journal, and what they do into the tables.
//!
//! This is [`fold`](crate::fold::fold) by statements; the conformance suite and `check` compare the
//! two. Everything of an append is one transaction, so a commit is the only wait for the disk.

use aurak_model::record::{Outcome, Row, RowChange};
use aurak_model::{Name, ProviderAddress, Record};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Params, Transaction};
use serde::Serialize;

use crate::error::StoreError;
use crate::fold::{durations, learn_address, learn_type};
use crate::lease::Fence;
use crate::record_json;
use crate::sealing::leaves::{Sealer, Way, row_has_marks};
use crate::sqlite::database::{Database, sql};
use crate::sqlite::holding::{admitted, begin};
use crate::sqlite::read::{Last, last};
use crate::sqlite::sum::{Total, insert, integer, maybe, text};
use crate::store::Appended;

const DOING: &str = "write to the state";

impl Database {
    pub(super) fn append(&mut self, fence: Fence, mut records: Vec<Record>) -> Result<Appended, StoreError> {
        self.writable()?;
        self.whole()?;
        let doing = "write to the state's journal";
        let id = self.identity().id;
        let clock = self.clock.clone();
        let key = self.key.clone();
        let transaction = begin(&mut self.connection, doing)?;
        admitted(&transaction, fence, &*clock)?;
        let Last { mut serial, total } = last(&transaction)?;
        let mut tables = Tables { transaction: &transaction, total };
        let sealer = Sealer { store: &id, key: key.as_deref(), way: Way::Seal };
        for record in &mut records {
            serial += 1;
            record_json::assign_version(record, serial);
            sealer.record(record)?;
            tables.fold(record, serial)?;
            tables.journal(record, serial)?;
        }
        transaction.commit().map_err(sql(doing))?;
        if let Some(lock) = &self.lock {
            lock.note(serial);
        }
        Ok(Appended { serial })
    }
}

/// The tables, and the total of their sums.
struct Tables<'a> {
    transaction: &'a Transaction<'a>,
    total: Total,
}

impl Tables<'_> {
    fn journal(&mut self, record: &Record, serial: u64) -> Result<(), StoreError> {
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
        let json = record_json::encode(record)?;
        let columns = [
            integer(serial),
            text(record_json::kind(record)),
            maybe(key.map(|key| &**key)),
            integer(failed.into()),
            text(&json),
            ValueRef::Integer(self.total.0),
        ];
        let statement = "INSERT INTO journal (serial, kind, key, failed, record, total, sum)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        // Its sum is its own: the total is of what the records make.
        insert(self.transaction, "journal", statement, &columns, DOING).map(drop)
    }

    fn fold(&mut self, record: &Record, serial: u64) -> Result<(), StoreError> {
        match record {
            Record::Begin(_) | Record::End { .. } => Ok(()),
            Record::Intent(intent) => {
                let key = &*intent.key.0;
                self.forget("DELETE FROM pending WHERE key = ?1 RETURNING sum", [key])?;
                self.pending(serial, key, &intent.type_name, &json(intent)?, None)
            }
            Record::Waiting { key, handle } => self.waiting(&key.0, &json(handle)?),
            Record::Outcome(outcome) => self.outcome(outcome, serial),
            Record::Provider(provider) => {
                self.provider_gone(&provider.address)?;
                let body = json(provider)?;
                let columns = [text(provider.address.as_str()), text(&body)];
                let statement = "INSERT INTO providers (address, body, sum) VALUES (?1, ?2, ?3)";
                self.put("providers", statement, &columns)
            }
            Record::ProviderGone { address } => self.provider_gone(address),
            Record::Output { name, value } => {
                self.forget("DELETE FROM outputs WHERE name = ?1 RETURNING sum", [&**name])?;
                let Some(value) = value else { return Ok(()) };
                let statement = "INSERT INTO outputs (name, value, sum) VALUES (?1, ?2, ?3)";
                self.put("outputs", statement, &[text(name), text(&json(value)?)])
            }
            Record::Override(over) => {
                let (path, body) = (over.path.to_string(), json(over)?);
                self.override_gone(over.address.as_str(), &path)?;
                let columns = [text(over.address.as_str()), text(&path), text(&body)];
                let statement = "INSERT INTO overrides (address, path, body, sum) VALUES (?1, ?2, ?3, ?4)";
                self.put("overrides", statement, &columns)
            }
            Record::OverrideGone { address, path } => self.override_gone(address.as_str(), &path.to_string()),
        }
    }

    fn provider_gone(&mut self, address: &ProviderAddress) -> Result<(), StoreError> {
        self.forget("DELETE FROM providers WHERE address = ?1 RETURNING sum", [address.as_str()])
    }

    fn override_gone(&mut self, address: &str, path: &str) -> Result<(), StoreError> {
        self.forget("DELETE FROM overrides WHERE address = ?1 AND path = ?2 RETURNING sum", (address, path))
    }

    fn pending(
        &mut self,
        serial: u64,
        key: &str,
        of_type: &str,
        intent: &str,
        handle: Option<&str>,
    ) -> Result<(), StoreError> {
        let columns = [integer(serial), text(key), text(of_type), text(intent), maybe(handle)];
        let statement = "INSERT INTO pending (serial, key, type, intent, handle, sum)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.put("pending", statement, &columns)
    }

    fn waiting(&mut self, key: &str, handle: &str) -> Result<(), StoreError> {
        let before = self.take(
            "DELETE FROM pending WHERE key = ?1 RETURNING sum, serial, type, intent",
            [key],
            |row| Ok((row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?)),
        )?;
        match before {
            Some((serial, of_type, intent)) => self.pending(serial, key, &of_type, &intent, Some(handle)),
            None => Ok(()),
        }
    }

    fn outcome(&mut self, outcome: &Outcome, serial: u64) -> Result<(), StoreError> {
        let closed: Option<Name> = match &outcome.key {
            None => None,
            Some(key) => self
                .take("DELETE FROM pending WHERE key = ?1 RETURNING sum, type", [&*key.0], |row| {
                    row.get::<_, String>(1)
                })?
                .map(Into::into),
        };
        if let Some((name, of_type, ms)) = durations(outcome, closed.as_ref()) {
            self.duration(&name, |before| learn_address(before, ms))?;
            if let Some(of_type) = of_type {
                self.duration(&of_type, |before| learn_type(before, ms))?;
            }
        }
        for change in &outcome.rows {
            match change {
                RowChange::Put(row) => self.row(row, serial)?,
                RowChange::Remove(address) => {
                    let address = address.as_str();
                    let gone = self.take(
                        "DELETE FROM rows WHERE address = ?1 RETURNING sum",
                        [address],
                        |_| Ok(()),
                    )?;
                    if gone.is_none() {
                        self.not_there(address)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &Row, serial: u64) -> Result<(), StoreError> {
        let address = row.address.as_str();
        // It stays in its place, so that a change of a row touches no more pages than it must.
        let before = self.look("SELECT sum FROM rows WHERE address = ?1", [address], |_| Ok(()))?;
        if let Some((sum, ())) = before {
            self.total = self.total.without(sum);
        }
        let body = json(row)?;
        let columns = [
            text(address),
            integer(serial),
            text(&row.type_name),
            maybe(row.current.as_ref().map(|object| &*object.id)),
            text(row.provider.as_str()),
            integer(row_has_marks(row).into()),
            text(&body),
        ];
        let statement = "INSERT INTO rows (address, version, type, id, provider, sealed, body, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (address) DO UPDATE SET version = excluded.version, type = excluded.type,
                 id = excluded.id, provider = excluded.provider, sealed = excluded.sealed,
                 body = excluded.body, sum = excluded.sum";
        self.put("rows", statement, &columns)
    }

    /// Sees that a row that was not found is not there: a damaged index finds less than there is, and
    /// what was let go would come back. Rare, because what is removed is there.
    fn not_there(&self, address: &str) -> Result<(), StoreError> {
        match self.look("SELECT sum FROM rows WHERE +address = ?1", [address], |_| Ok(()))? {
            None => Ok(()),
            Some(_) => {
                Err(StoreError::Damaged { what: format!("the row of `{address}` is not in its index") })
            }
        }
    }

    fn duration(&mut self, name: &str, ms: impl FnOnce(Option<u64>) -> u64) -> Result<(), StoreError> {
        let before =
            self.take("DELETE FROM durations WHERE name = ?1 RETURNING sum, ms", [name], |row| row.get(1))?;
        let statement = "INSERT INTO durations (name, ms, sum) VALUES (?1, ?2, ?3)";
        self.put("durations", statement, &[text(name), integer(ms(before))])
    }

    /// Writes a row.
    fn put(
        &mut self,
        table: &str,
        statement: &'static str,
        columns: &[ValueRef<'_>],
    ) -> Result<(), StoreError> {
        let sum = insert(self.transaction, table, statement, columns, DOING)?;
        self.total = self.total.with(sum);
        Ok(())
    }

    /// Deletes a row, where it is there.
    fn forget(&mut self, statement: &'static str, key: impl Params) -> Result<(), StoreError> {
        self.take(statement, key, |_| Ok(())).map(drop)
    }

    /// Deletes a row and gives what was in it. The first column is its sum.
    fn take<T>(
        &mut self,
        statement: &'static str,
        key: impl Params,
        what: impl FnOnce(&rusqlite::Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        let found = self.look(statement, key, what)?;
        Ok(found.map(|(sum, what)| {
            self.total = self.total.without(sum);
            what
        }))
    }

    fn look<T>(
        &self,
        statement: &'static str,
        key: impl Params,
        what: impl FnOnce(&rusqlite::Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<(i64, T)>, StoreError> {
        self.transaction
            .prepare_cached(statement)
            .and_then(|mut statement| {
                statement.query_row(key, |row| Ok((row.get(0)?, what(row)?))).optional()
            })
            .map_err(sql(DOING))
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|source| StoreError::Encode { what: "a part of the state".into(), source })
}
