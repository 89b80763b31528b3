//! Parts of sources, by digest.

use rusqlite::{Connection, OptionalExtension};

use crate::error::StoreError;
use crate::lease::Fence;
use crate::sealing::parts::{open_part, seal_part};
use crate::sqlite::database::{Database, sql};
use crate::sqlite::holding::{admitted, begin};

impl Database {
    pub(super) fn put_parts(&mut self, fence: Fence, parts: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        self.writable()?;
        let doing = "keep the configuration for the history";
        let identity = self.identity();
        let clock = self.clock.clone();
        let key = self.key.clone();
        let transaction = begin(&mut self.connection, doing)?;
        admitted(&transaction, fence, &*clock)?;
        for (digest, bytes) in parts {
            let there = transaction
                .prepare_cached("SELECT 1 FROM parts WHERE digest = ?1")
                .and_then(|mut statement| statement.exists([digest]))
                .map_err(sql(doing))?;
            if !there {
                let sealed = seal_part(&identity, key.as_deref(), digest, bytes)?;
                transaction
                    .prepare_cached("INSERT INTO parts (digest, bytes) VALUES (?1, ?2)")
                    .and_then(|mut statement| statement.execute((digest, sealed)))
                    .map_err(sql(doing))?;
            }
        }
        transaction.commit().map_err(sql(doing))
    }

    pub(super) fn parts(&mut self, digests: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
        let identity = self.identity();
        let mut parts = Vec::with_capacity(digests.len());
        for digest in digests {
            let sealed = sealed_part(&self.connection, digest)?;
            parts.push(open_part(&identity, self.key.as_deref(), digest, sealed.as_deref())?);
        }
        Ok(parts)
    }
}

/// A part as it is stored, where it is there.
pub(super) fn sealed_part(connection: &Connection, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
    connection
        .prepare_cached("SELECT bytes FROM parts WHERE digest = ?1")
        .and_then(|mut statement| statement.query_row([digest], |row| row.get(0)).optional())
        .map_err(sql("read the kept configuration"))
}
