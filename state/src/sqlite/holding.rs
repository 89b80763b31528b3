//! Leases in the database.
//!
//! The lease is one row, changed under the database's write lock. Whoever wants it looks at the
//! lock file of the one who has it: lock free on the same machine means that the process is gone,
//! and its lease ends at once, and so does no lock file where the machine was started anew since.
//! Everybody else keeps it until its time is up: a process that was
//! stopped holds its lock but not its lease.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::error::StoreError;
use crate::identity::Identity;
use crate::lease::{Fence, Held, Holder, Lease, admit};
use crate::sqlite::database::{Database, loss, lost_records, sql, wrong_key};
use crate::sqlite::lockfile::{self, LockFile, Sign};
use crate::sqlite::plate::Plate;
use crate::sqlite::read::{Last, checked_last, last};
use crate::sqlite::refusal::Refusal;
use crate::sqlite::sum::{insert, intact, integer, text};

/// How long a child of a killed process may hold its lock.
const LAST_CHILD: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl Database {
    pub(super) fn acquire(&mut self, holder: Holder, ttl: Duration) -> Result<Lease, StoreError> {
        self.writable()?;
        self.whole()?;
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
        let mut plate = Plate::read(&transaction)?;
        let newest = plate.fence;
        // Who was there when this was opened may be gone since.
        self.lost = lost_records(&transaction, &dir, plate.open)?;
        if let Some(lost) = loss(self.lost, &dir) {
            return Err(lost);
        }
        let fence = Fence(newest + 1);
        let held = Held::begin(fence, holder, ttl, &*self.clock);
        if let Some(key) = &self.key {
            adopt_key(&mut plate.identity, key)?;
        }
        let Last { serial, .. } = checked_last(&transaction, &plate)?;
        let lock = LockFile::take(&dir, fence, &held.lease.holder)?;
        lock.note(serial);
        write(&transaction, &held)?;
        Plate { fence: fence.0, open: fence.0, serial, ..plate }.write(&transaction)?;
        if let Err(error) = transaction.commit() {
            lock.give_back();
            return Err(sql(doing)(error));
        }
        lockfile::remove(&dir, Fence(newest));
        self.lock = Some(lock);
        if let Some(key) = &self.key {
            self.set_key_id(key.id());
        }
        // The mark has to be there where the log gets lost.
        if let Err(error) = self.checkpoint_whole() {
            let _ = self.release(fence);
            return Err(error);
        }
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
            close(&transaction)?;
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

    pub(super) fn at_work(&mut self, host: &str) -> Result<Option<Holder>, StoreError> {
        let Some(held) = read(&self.connection)? else { return Ok(None) };
        match yields(&held, host, self.dir(), &*self.clock) {
            Ok(()) => Ok(None),
            Err(StoreError::Held { holder }) => Ok(Some(*holder)),
            Err(error) => Err(error),
        }
    }

    pub(super) fn break_lease(&mut self) -> Result<Option<Holder>, StoreError> {
        self.writable()?;
        let doing = "take the lease on the state away";
        let transaction = begin(&mut self.connection, doing)?;
        let held = read(&transaction)?;
        transaction.execute("DELETE FROM lease", ()).map_err(sql(doing))?;
        close(&transaction)?;
        transaction.commit().map_err(sql(doing))?;
        // Whoever unlocks after the log was lost goes on with what is left.
        self.lost = None;
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
            Err(StoreError::Database { .. }) => self.checkpoint("PASSIVE").map(|_| ()),
            other => other,
        }
    }

    fn set_journal_mode(&self, mode: &str) -> Result<(), StoreError> {
        self.connection
            .pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0))
            .map(|_| ())
            .map_err(sql("change how the state is logged"))
    }

    /// Brings all of the log into the database itself, however long others read what was there before.
    fn checkpoint_whole(&self) -> Result<(), StoreError> {
        match self.checkpoint("FULL")? {
            true => Ok(()),
            false => {
                let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                Err(sql("bring the state's log into its database")(rusqlite::Error::SqliteFailure(
                    busy, None,
                )))
            }
        }
    }

    /// Brings the log into the database, and says whether all of it is there now.
    fn checkpoint(&self, how: &str) -> Result<bool, StoreError> {
        self.connection
            .query_row(&format!("PRAGMA wal_checkpoint({how})"), (), |row| {
                let (busy, logged, moved) =
                    (row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
                Ok(!busy && logged == moved)
            })
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
    source.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.kind() == ErrorKind::ResourceBusy)
}

/// Whether a lease gives way to another run.
fn yields(
    held: &Held,
    host: &str,
    dir: &std::path::Path,
    clock: &dyn crate::Clock,
) -> Result<(), StoreError> {
    // Locks are only trusted on one machine: not every network file system carries them.
    let dead = held.lease.holder.host == host
        && match sign(held, dir)? {
            Sign::Dead => true,
            Sign::Alive => false,
            // A power cut takes the file with it where its folder had not reached the disk.
            Sign::Unknown => held.is_of_another_start(clock),
        };
    match dead || held.expired(clock) {
        true => Ok(()),
        false => Err(StoreError::Held { holder: Box::new(held.lease.holder.clone()) }),
    }
}

/// What the lock file tells. A process that is gone may have left a child that has not yet become the
/// program it is to run, and holds the lock until then: a moment.
fn sign(held: &Held, dir: &std::path::Path) -> Result<Sign, StoreError> {
    let holder = i32::try_from(held.lease.holder.pid).ok().and_then(Pid::from_raw);
    let is_gone = || holder.is_some_and(|holder| test_kill_process(holder) == Err(Errno::SRCH));
    let until = Instant::now() + LAST_CHILD;
    loop {
        match lockfile::sign(dir, held.lease.fence)? {
            Sign::Alive if is_gone() && Instant::now() < until => std::thread::sleep(LOOK_AGAIN),
            sign => return Ok(sign),
        }
    }
}

/// Gives the store a key, or sees that it is the one that it has.
fn adopt_key(identity: &mut Identity, key: &crate::Key) -> Result<(), StoreError> {
    match &identity.key_id {
        Some(there) if **there == *key.id() => Ok(()),
        Some(there) => Err(wrong_key(there, key)),
        None => {
            identity.key_id = Some(key.id().into());
            Ok(())
        }
    }
}

/// Writes that nobody writes any more.
fn close(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let Last { serial, .. } = last(transaction)?;
    Plate { open: 0, serial, ..Plate::read(transaction)? }.write(transaction)
}

fn read(connection: &Connection) -> Result<Option<Held>, StoreError> {
    let doing = "read the lease on the state";
    let mut statement = connection
        .prepare_cached("SELECT fence, holder, ttl_ms, expires_boot_ms, boot_id, sum FROM lease")
        .map_err(sql(doing))?;
    let row = statement
        .query_row((), |row| {
            let holder: String = row.get(1)?;
            Ok((row.get(0)?, holder, row.get(2)?, row.get(3)?, row.get(4)?, intact("lease", row)))
        })
        .optional()
        .map_err(sql(doing))?;
    let Some((fence, holder, ttl_ms, expires_boot_ms, boot_id, intact)) = row else { return Ok(None) };
    if !intact? {
        return Err(StoreError::Damaged { what: "the lease is not what was written".into() });
    }
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
    let columns =
        [integer(fence.0), text(&holder), integer(ttl_ms), integer(*expires_boot_ms), text(boot_id)];
    let statement = "INSERT OR REPLACE INTO lease (fence, holder, ttl_ms, expires_boot_ms, boot_id, sum, one)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)";
    insert(transaction, "lease", statement, &columns, "write the lease on the state").map(drop)
}
