//! Leases in the database.
//!
//! The lease is one row, changed under the database's write lock. Whoever wants it looks at the
//! lock file of the one who has it: lock free on the same machine means that the process is gone,
//! and its lease ends at once. Everybody else keeps it until its time is up: a process that was
//! stopped holds its lock but not its lease.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};

use crate::error::StoreError;
use crate::lease::{Fence, Held, Holder, Lease, admit};
use crate::sqlite::database::{Database, sql, wrong_key};
use crate::sqlite::lockfile::{self, LockFile, Sign};

impl Database {
    pub(super) fn acquire(&mut self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        self.writable()?;
        if self.log_missing {
            return Err(StoreError::LogMissing { dir: self.dir().to_path_buf() });
        }
        // Without the write lock first: those who wait must not slow down the one who works.
        let before = read(&self.connection)?;
        if let Some(held) = &before {
            yields(held, &holder.host, self.dir(), &*self.clock)?;
        }
        self.set_journal_mode("WAL")?;

        let doing = "take the lease on the state";
        let dir = self.dir().to_path_buf();
        let transaction = begin(&mut self.connection, doing).map_err(|error| match before {
            // A process that was stopped in the middle of a transaction keeps everybody out.
            Some(held) if is_busy(&error) => StoreError::Held { holder: Box::new(held.lease.holder) },
            _ => error,
        })?;
        if let Some(held) = &read(&transaction)? {
            yields(held, &holder.host, &dir, &*self.clock)?;
        }
        let newest: u64 =
            transaction.query_row("SELECT fence FROM meta", (), |row| row.get(0)).map_err(sql(doing))?;
        let fence = Fence(newest + 1);
        let held = Held::begin(fence, holder, ttl, &*self.clock);
        if let Some(key) = &self.key {
            adopt_key(&transaction, key)?;
        }
        let lock = LockFile::take(&dir, fence, &held.lease.holder)?;
        write(&transaction, &held)?;
        transaction.execute("UPDATE meta SET fence = ?1, open = ?1", [fence.0]).map_err(sql(doing))?;
        if let Err(error) = transaction.commit() {
            lock.give_back();
            return Err(sql(doing)(error));
        }
        // Into the database itself: the mark has to be there where the log gets lost.
        self.checkpoint()?;
        if let Some(key) = &self.key {
            self.set_key_id(key.id());
        }
        lockfile::remove(&dir, Fence(newest));
        self.lock = Some(lock);
        Ok(held.lease)
    }

    pub(super) fn renew(&mut self, fence: Fence) -> Result<Lease, StoreError> {
        self.writable()?;
        let doing = "renew the lease on the state";
        let clock = self.clock.clone();
        let transaction = begin(&mut self.connection, doing)?;
        let mut held = admitted(&transaction, fence, &*clock)?;
        held.extend(&*clock);
        write(&transaction, &held)?;
        transaction.commit().map_err(sql(doing))?;
        Ok(held.lease)
    }

    pub(super) fn release(&mut self, fence: Fence) -> Result<(), StoreError> {
        self.writable()?;
        let doing = "give the lease on the state back";
        let transaction = begin(&mut self.connection, doing)?;
        let ours =
            transaction.execute("DELETE FROM lease WHERE fence = ?1", [fence.0]).map_err(sql(doing))? > 0;
        if ours {
            transaction.execute("UPDATE meta SET open = 0", ()).map_err(sql(doing))?;
        }
        transaction.commit().map_err(sql(doing))?;
        if ours {
            self.fold_log()?;
        }
        match self.lock.take() {
            Some(lock) if ours => lock.give_back(),
            // Another's: its file was removed by whoever took over.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn holder(&mut self) -> Result<Option<Holder>, StoreError> {
        Ok(read(&self.connection)?.map(|held| held.lease.holder))
    }

    pub(super) fn break_lease(&mut self) -> Result<Option<Holder>, StoreError> {
        self.writable()?;
        let doing = "take the lease on the state away";
        let transaction = begin(&mut self.connection, doing)?;
        let held = read(&transaction)?;
        transaction.execute("DELETE FROM lease", ()).map_err(sql(doing))?;
        transaction.execute("UPDATE meta SET open = 0", ()).map_err(sql(doing))?;
        transaction.commit().map_err(sql(doing))?;
        // Whoever unlocks after the log was lost goes on with what is left.
        self.log_missing = false;
        self.fold_log()?;
        if let Some(held) = &held {
            lockfile::remove(self.dir(), held.lease.fence);
        }
        Ok(held.map(|held| held.lease.holder))
    }

    /// Goes back to a single file. Where another process has the database open just now it stays as
    /// it is, which is as good and only has more files.
    fn fold_log(&mut self) -> Result<(), StoreError> {
        match self.set_journal_mode("DELETE") {
            Err(StoreError::Database { .. }) => self.checkpoint(),
            other => other,
        }
    }

    fn set_journal_mode(&self, mode: &str) -> Result<(), StoreError> {
        self.connection
            .pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0))
            .map(|_| ())
            .map_err(sql("change how the state is logged"))
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))
            .map_err(sql("bring the state's log into its database"))
    }
}

/// The lease that this fence holds, inside a transaction.
pub(super) fn admitted(
    transaction: &Transaction<'_>,
    fence: Fence,
    clock: &dyn crate::Clock,
) -> Result<Held, StoreError> {
    let held = read(transaction)?;
    let newest: u64 = transaction
        .prepare_cached("SELECT fence FROM meta")
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .map_err(sql("read the lease on the state"))?;
    admit(held, newest, fence, clock)
}

/// Starts to write; the write lock is taken at once, so that nothing has to be tried again.
pub(super) fn begin<'a>(
    connection: &'a mut Connection,
    doing: &'static str,
) -> Result<Transaction<'a>, StoreError> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql(doing))
}

fn is_busy(error: &StoreError) -> bool {
    let StoreError::Database { source, .. } = error else { return false };
    let code = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether a lease gives way to another run.
fn yields(
    held: &Held,
    host: &str,
    dir: &std::path::Path,
    clock: &dyn crate::Clock,
) -> Result<(), StoreError> {
    // Locks are only trusted on one machine: not every network file system carries them.
    let dead = held.lease.holder.host == host && lockfile::sign(dir, held.lease.fence)? == Sign::Dead;
    match dead || held.expired(clock) {
        true => Ok(()),
        false => Err(StoreError::Held { holder: Box::new(held.lease.holder.clone()) }),
    }
}

/// Gives the store a key, or sees that it is the one that it has.
fn adopt_key(transaction: &Transaction<'_>, key: &crate::Key) -> Result<(), StoreError> {
    let doing = "read the state's key id";
    let there: Option<String> =
        transaction.query_row("SELECT key_id FROM meta", (), |row| row.get(0)).map_err(sql(doing))?;
    match there {
        Some(there) if there == key.id() => Ok(()),
        Some(there) => Err(wrong_key(&there, key)),
        None => transaction
            .execute("UPDATE meta SET key_id = ?1", [key.id()])
            .map(|_| ())
            .map_err(sql("write the state's key id")),
    }
}

fn read(connection: &Connection) -> Result<Option<Held>, StoreError> {
    let doing = "read the lease on the state";
    let mut statement = connection
        .prepare_cached("SELECT fence, holder, ttl_ms, expires_boot_ms, boot_id FROM lease")
        .map_err(sql(doing))?;
    let row = statement
        .query_row((), |row| {
            let holder: String = row.get(1)?;
            Ok((row.get(0)?, holder, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()
        .map_err(sql(doing))?;
    let Some((fence, holder, ttl_ms, expires_boot_ms, boot_id)) = row else { return Ok(None) };
    let holder = serde_json::from_str(&holder)
        .map_err(|error| StoreError::Damaged { what: format!("the lease has no holder: {error}") })?;
    let ttl = Duration::from_millis(ttl_ms);
    let lease = Lease { fence: Fence(fence), holder, ttl, expires_boot_ms };
    Ok(Some(Held { lease, boot_id }))
}

fn write(transaction: &Transaction<'_>, held: &Held) -> Result<(), StoreError> {
    let Held { lease: Lease { fence, holder, ttl, expires_boot_ms }, boot_id } = held;
    let holder = serde_json::to_string(holder)
        .map_err(|source| StoreError::Encode { what: "the holder of the lease".into(), source })?;
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO lease (one, fence, holder, ttl_ms, expires_boot_ms, boot_id)
             VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut statement| {
            let column = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
            statement.execute((fence.0, holder, column(ttl_ms), column(*expires_boot_ms), boot_id))
        })
        .map(|_| ())
        .map_err(sql("write the lease on the state"))
}
