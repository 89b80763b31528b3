//! A world in a SQLite file: one row per thing, one transaction per batch of requests.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::{Change, World};

/// The format of the file. A later one is refused, an earlier one would be migrated here.
const FORMAT: i64 = 1;

pub struct WorldFile {
    connection: Connection,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("opening the world in {}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("the world in {} has format {found}, and this version reads up to {FORMAT}; use the aurak that made it, or another path", path.display())]
    Format { path: PathBuf, found: i64 },
    #[error("reading the world")]
    Read(#[source] rusqlite::Error),
    #[error("the row {key} of the world is damaged; `aurak sandbox reset` begins a new one")]
    Row { key: String, source: serde_json::Error },
    #[error("writing the world")]
    Write(#[source] rusqlite::Error),
}

impl WorldFile {
    pub fn open(path: &Path) -> Result<WorldFile, StoreError> {
        let open = |source| StoreError::Open { path: path.to_owned(), source };
        let connection = Connection::open(path).map_err(open)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 CREATE TABLE IF NOT EXISTS row (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;",
            )
            .map_err(open)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(open)?;
        match found {
            0 => connection.pragma_update(None, "user_version", FORMAT).map_err(open)?,
            FORMAT => {}
            found => return Err(StoreError::Format { path: path.to_owned(), found }),
        }
        Ok(WorldFile { connection })
    }

    /// The world in the file, or none in a new one.
    pub fn load(&self) -> Result<Option<World>, StoreError> {
        let mut world = World::empty();
        let mut statement =
            self.connection.prepare("SELECT kind, key, body FROM row").map_err(StoreError::Read)?;
        let mut rows = statement.query([]).map_err(StoreError::Read)?;
        while let Some(row) = rows.next().map_err(StoreError::Read)? {
            let read = |index| row.get::<_, String>(index).map_err(StoreError::Read);
            let (kind, key, body) = (read(0)?, read(1)?, read(2)?);
            world
                .restore(&kind, key.clone(), &body)
                .map_err(|source| StoreError::Row { key: format!("{kind} {key}"), source })?;
        }
        Ok((world.identity.len() == 1).then_some(world))
    }

    /// Durable when it returns.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction().map_err(StoreError::Write)?;
        {
            let mut put = transaction
                .prepare_cached("INSERT OR REPLACE INTO row (kind, key, body) VALUES (?1, ?2, ?3)")
                .map_err(StoreError::Write)?;
            let mut remove = transaction
                .prepare_cached("DELETE FROM row WHERE kind = ?1 AND key = ?2")
                .map_err(StoreError::Write)?;
            for Change { table, key, row } in changes {
                match row {
                    Some(row) => put.execute(params![table, key, row]),
                    None => remove.execute(params![table, key]),
                }
                .map_err(StoreError::Write)?;
            }
        }
        transaction.commit().map_err(StoreError::Write)
    }
}
