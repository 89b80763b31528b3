//! The name plate of a database: what state it is, and how far its writers came.

use aurak_model::record::FORMAT;
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::error::StoreError;
use crate::identity::Identity;
use crate::sqlite::database::sql;
use crate::sqlite::sum::{insert, intact, integer, maybe, text};

/// The one row of `meta`.
pub(super) struct Plate {
    pub(super) identity: Identity,
    /// Of the newest lease.
    pub(super) fence: u64,
    /// The fence of a writer that has not yet closed cleanly, or 0.
    pub(super) open: u64,
    /// Of the last record when this was written.
    pub(super) serial: u64,
}

impl Plate {
    pub(super) fn read(connection: &Connection) -> Result<Plate, StoreError> {
        let doing = "read what state this is";
        let text =
            "SELECT id, stack, environment, key_id, salt, written_by, fence, open, serial, sum FROM meta";
        let mut statement = connection.prepare_cached(text).map_err(sql(doing))?;
        let plate = statement.query_row((), |row| {
            let text = |at| row.get::<_, String>(at).map(Into::into);
            let maybe = |at| row.get::<_, Option<String>>(at).map(|text| text.map(Into::into));
            let identity = Identity {
                id: text(0)?,
                stack: text(1)?,
                environment: maybe(2)?,
                format: FORMAT,
                key_id: maybe(3)?,
                salt: text(4)?,
            };
            let plate = Plate { identity, fence: row.get(6)?, open: row.get(7)?, serial: row.get(8)? };
            Ok((plate, intact("meta", row)))
        });
        let damaged = || StoreError::Damaged { what: "what state it is does not add up".into() };
        let (plate, intact) = plate.optional().map_err(sql(doing))?.ok_or_else(damaged)?;
        match intact? {
            true => Ok(plate),
            false => Err(damaged()),
        }
    }

    pub(super) fn write(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let Plate { identity, fence, open, serial } = self;
        let Identity { id, stack, environment, format: _, key_id, salt } = identity;
        let columns = [
            text(id),
            text(stack),
            maybe(environment.as_deref()),
            maybe(key_id.as_deref()),
            text(salt),
            text(env!("CARGO_PKG_VERSION")),
            integer(*fence),
            integer(*open),
            integer(*serial),
        ];
        let statement = "INSERT OR REPLACE INTO meta
            (id, stack, environment, key_id, salt, written_by, fence, open, serial, sum, one)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1)";
        insert(transaction, "meta", statement, &columns, "write what state this is").map(drop)
    }
}
