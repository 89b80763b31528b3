//! The database: its tables, how it is created and opened, and its name plate.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aurak_model::record::FORMAT;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, ffi};

use crate::clock::Clock;
use crate::error::StoreError;
use crate::identity::Identity;
use crate::lease::Fence;
use crate::sealing::Key;
use crate::sealing::leaves::{Sealer, Way};
use crate::sqlite::FILE;
use crate::sqlite::lockfile::{self, LockFile};
use crate::sqlite::plate::Plate;
use crate::sqlite::read::each;
use crate::sqlite::refusal::Refusal;
use crate::sqlite::sum::{Total, sum};

/// Tells our databases from others: `aurk`.
const APPLICATION_ID: i32 = 0x6175_726b;

/// How long a statement waits for another process in the database. Transactions take milliseconds;
/// one that takes longer belongs to a process that was stopped in the middle of it.
const BUSY: Duration = Duration::from_secs(5);

/// Format 1. Rows and what else has leaves keep the JSON of the model, sealed as in the journal;
/// columns beside it are heads, for queries that need no more. A [`sum`](super::sum) is of all columns
/// before it.
const TABLES: &str = "
    CREATE TABLE meta (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        stack TEXT NOT NULL,
        environment TEXT,
        key_id TEXT,
        salt TEXT NOT NULL,
        written_by TEXT NOT NULL,
        fence INTEGER NOT NULL,     -- of the newest lease
        open INTEGER NOT NULL,      -- the fence of a writer that has not yet closed cleanly, or 0
        serial INTEGER NOT NULL,    -- of the last record when this was written
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE lease (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        fence INTEGER NOT NULL,
        holder TEXT NOT NULL,
        ttl_ms INTEGER NOT NULL,
        expires_boot_ms INTEGER NOT NULL,
        boot_id TEXT NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE journal (
        serial INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        key TEXT,                   -- the idempotency key, or the id of the run
        failed INTEGER NOT NULL,
        record TEXT NOT NULL,
        total INTEGER NOT NULL,     -- of the sums of everything below, after this record
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX runs ON journal (serial) WHERE kind IN ('begin', 'end');
    CREATE TABLE rows (
        address TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        type TEXT NOT NULL,
        id TEXT,                    -- of the current object
        provider TEXT NOT NULL,
        sealed INTEGER NOT NULL,    -- whether any leaf is
        body TEXT NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE providers (
        address TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE outputs (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE pending (
        serial INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        intent TEXT NOT NULL,
        handle TEXT,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE overrides (
        address TEXT NOT NULL,
        path TEXT NOT NULL,
        body TEXT NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (address, path)
    ) STRICT;
    CREATE TABLE durations (
        name TEXT PRIMARY KEY,
        ms INTEGER NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- Sealed with their digests, so they need no sum.
    CREATE TABLE parts (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
";

/// The total of [`TABLES`] as SQLite keeps them: a bit that changes in there can change what statements
/// mean. A test says what it has to be.
const TABLES_TOTAL: Total = Total(261_798_968_152_951_315);

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    ReadWrite,
    /// To write without waiting for the disk.
    Unsynchronised,
    ReadOnly,
}

/// What is missing after a writer that did not close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The write-ahead log.
    Log,
    /// Records at its end.
    Records { there: u64, written: u64 },
}

/// An open database.
pub(super) struct Database {
    pub(super) connection: Connection,
    pub(super) key: Option<Arc<Key>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) lock: Option<LockFile>,
    /// What is missing of the log of a writer that had not closed.
    pub(super) lost: Option<Lost>,
    /// Which file it is, by device and number.
    file: (u64, u64),
    identity: Arc<RwLock<Identity>>,
    dir: PathBuf,
    mode: Mode,
}

impl Database {
    pub(super) fn open(
        dir: &Path,
        key: Option<Arc<Key>>,
        clock: Arc<dyn Clock>,
        mode: Mode,
    ) -> Result<Database, StoreError> {
        // Before the connection makes an empty one.
        let log = log_size(dir);
        let connection = connect(dir, mode)?;
        let Plate { identity, open, .. } = identity(&connection, dir)?;
        let lost = match open != 0 && log == 0 && is_log_missing(&connection, dir, open)? {
            true => Some(Lost::Log),
            false => lost_records(&connection, dir, open)?,
        };
        if let (Some(expected), Some(key)) = (&identity.key_id, &key)
            && **expected != *key.id()
        {
            return Err(wrong_key(expected, key));
        }
        Ok(Database {
            connection,
            key,
            clock,
            lock: None,
            lost,
            file: file(dir)?,
            identity: Arc::new(RwLock::new(identity)),
            dir: dir.to_path_buf(),
            mode,
        })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn shared_identity(&self) -> Arc<RwLock<Identity>> {
        self.identity.clone()
    }

    /// Remembers that the store has this key from now on.
    pub(super) fn set_key_id(&self, key_id: &str) {
        self.identity.write().unwrap_or_else(PoisonError::into_inner).key_id = Some(key_id.into());
    }

    pub(super) fn writable(&self) -> Result<(), StoreError> {
        match self.mode {
            // What is written into a file that is not in its place any more would be lost.
            Mode::ReadWrite | Mode::Unsynchronised if file(&self.dir).ok() != Some(self.file) => {
                Err(StoreError::Replaced { path: self.dir.join(FILE) })
            }
            Mode::ReadWrite | Mode::Unsynchronised => Ok(()),
            Mode::ReadOnly => Err(StoreError::ReadOnly),
        }
    }

    /// Refuses to go on where the last of what was written is missing.
    pub(super) fn whole(&self) -> Result<(), StoreError> {
        self.loss().map_or(Ok(()), Err)
    }

    /// What is missing, as an error.
    pub(super) fn loss(&self) -> Option<StoreError> {
        loss(self.lost, &self.dir)
    }

    pub(super) fn sealer<'a>(&'a self, store: &'a str, way: Way) -> Sealer<'a> {
        Sealer { store, key: self.key.as_deref(), way }
    }

    /// Ends it. A lease that was not given back stays; its lock goes with the process's file, and
    /// the next run sees that nobody is there.
    pub(super) fn close(self) {
        drop(self.lock);
        // What could fail here is the closing of a connection without open transactions.
        let _ = self.connection.close();
    }
}

/// Creates the database of a store.
pub(super) fn create(dir: &Path, identity: Identity, key: Option<&Key>) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    let fail = |doing: &'static str, path: &Path| {
        let path = path.to_path_buf();
        move |source: std::io::Error| StoreError::Io { doing, path, source }
    };
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail("create the folder", dir))?;
    let synchronise = |dir: &Path| std::fs::File::open(dir).and_then(|dir| dir.sync_all());
    if path.exists() {
        return Err(StoreError::Exists { dir: dir.to_path_buf() });
    }
    // Made beside its place and put there whole: what is empty in its place was not left by us.
    let part = dir.join(format!(".{FILE}.{}", std::process::id()));
    // One of a process that was killed, of our number.
    let _ = std::fs::remove_file(&part);
    let made = make(&part, identity, key);
    // A link, unlike a rename, takes nobody else's place.
    let linked = made.and_then(|()| match std::fs::hard_link(&part, &path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::Exists { dir: dir.to_path_buf() })
        }
        Err(error) => Err(fail("create", &path)(error)),
    });
    let _ = std::fs::remove_file(&part);
    linked?;
    synchronise(dir).map_err(fail("create", &path))?;
    // A folder is on the disk once the one around it is.
    for made in missing {
        let around = made.parent().filter(|around| *around != Path::new("")).unwrap_or(Path::new("."));
        synchronise(around).map_err(fail("create the folder", made))?;
    }
    Ok(())
}

/// Makes the database in a new file.
fn make(path: &Path, identity: Identity, key: Option<&Key>) -> Result<(), StoreError> {
    let fail = |source| StoreError::Io { doing: "create", path: path.to_path_buf(), source };
    // The database's own files take over the mode of the first.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
    let mut connection = try_connect(path, Mode::ReadWrite).map_err(sql("create the state"))?;
    let doing = "create the state's tables";
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(sql(doing))?;
    transaction.execute_batch(TABLES).map_err(sql(doing))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql(doing))?;
    transaction.pragma_update(None, "user_version", FORMAT).map_err(sql(doing))?;
    let key_id = key.map(|key| key.id().into());
    Plate { identity: Identity { key_id, ..identity }, fence: 0, open: 0, serial: 0 }.write(&transaction)?;
    transaction.commit().map_err(sql(doing))
}

/// A file that is only there beside a database: its log, or the lock of who writes to it.
fn left_beside(dir: &Path) -> Option<String> {
    let names = std::fs::read_dir(dir).ok()?.flatten();
    let mut left: Vec<String> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            let log = ["-wal", "-journal"].iter().any(|log| *name == format!("{FILE}{log}"));
            log || name.starts_with("state.lock.")
        })
        .collect();
    left.sort();
    left.into_iter().next()
}

fn log_size(dir: &Path) -> u64 {
    std::fs::metadata(dir.join(format!("{FILE}-wal"))).map_or(0, |log| log.len())
}

/// Whether the log is gone of the writer that has this mark. Writers come and go meanwhile: as long as
/// one's mark can be read its log has something in it, so an empty one between two readings of the
/// same mark is missing.
fn is_log_missing(connection: &Connection, dir: &Path, open: u64) -> Result<bool, StoreError> {
    let mut before = open;
    loop {
        let log = log_size(dir);
        let now: u64 = connection
            .query_row("SELECT open FROM meta", (), |row| row.get(0))
            .map_err(sql("read what state this is"))?;
        if now == 0 || log > 0 {
            return Ok(false);
        }
        if now == before {
            return Ok(true);
        }
        before = now;
    }
}

/// Whether records are missing that the writer of this mark had noted in its lock file, which it does
/// for each after it is durable. The note is read first: a writer that is still there only adds.
pub(super) fn lost_records(
    connection: &Connection,
    dir: &Path,
    open: u64,
) -> Result<Option<Lost>, StoreError> {
    let Some(written) = (open != 0).then(|| lockfile::noted(dir, Fence(open))).flatten() else {
        return Ok(None);
    };
    let there = connection
        .query_row("SELECT coalesce(max(serial), 0) FROM journal", (), |row| row.get(0))
        .map_err(sql("read the journal"))?;
    Ok((there < written).then_some(Lost::Records { there, written }))
}

/// What is missing, as an error.
pub(super) fn loss(lost: Option<Lost>, dir: &Path) -> Option<StoreError> {
    let dir = dir.to_path_buf();
    lost.map(|lost| match lost {
        Lost::Log => StoreError::LogMissing { dir },
        Lost::Records { there, written } => StoreError::LogShort { dir, there, written },
    })
}

/// Which file lies in the database's place.
fn file(dir: &Path) -> Result<(u64, u64), StoreError> {
    let path = dir.join(FILE);
    match std::fs::metadata(&path) {
        Ok(meta) => Ok((meta.dev(), meta.ino())),
        Err(source) => Err(StoreError::Io { doing: "look at", path, source }),
    }
}

/// Opens a connection and sees that the file is a database.
fn connect(dir: &Path, mode: Mode) -> Result<Connection, StoreError> {
    let path = dir.join(FILE);
    match std::fs::metadata(&path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => {
            return Err(StoreError::Damaged { what: format!("`{}` is no file", path.display()) });
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(match left_beside(dir) {
                Some(left) => StoreError::DatabaseMissing { dir: dir.to_path_buf(), left },
                None => StoreError::NotFound { dir: dir.to_path_buf() },
            });
        }
        Err(source) => return Err(StoreError::Io { doing: "look at", path, source }),
    }
    match (mode, try_connect(&path, mode)) {
        // A writer died in the middle of a change of mode: its rollback journal has to be played
        // back, which only a writer can do.
        (Mode::ReadOnly, Err(error)) if needs_recovery(&error) => {
            try_connect(&path, Mode::ReadWrite).map_err(sql("recover the state"))?;
            try_connect(&path, Mode::ReadOnly).map_err(sql("open the state"))
        }
        (_, result) => result.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                StoreError::Damaged { what: format!("`{}` is not a database any more", path.display()) }
            }
            _ => sql("open the state")(error),
        }),
    }
}

fn try_connect(path: &Path, mode: Mode) -> Result<Connection, rusqlite::Error> {
    let flags = match mode {
        Mode::ReadWrite | Mode::Unsynchronised => OpenFlags::SQLITE_OPEN_READ_WRITE,
        // The same as `mode=ro` in a URI, without its rules for special characters.
        Mode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The log of a writer that died must stay until a run that holds the lease has seen it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let synchronous = match mode {
        Mode::ReadWrite | Mode::ReadOnly => "FULL",
        Mode::Unsynchronised => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    Ok(connection)
}

fn needs_recovery(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        matches!(error.extended_code, ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY)
    })
}

/// Reads the name plate, and refuses what is not ours or too new.
fn identity(connection: &Connection, dir: &Path) -> Result<Plate, StoreError> {
    let doing = "read what state this is";
    let damaged = |what: &str| StoreError::Damaged { what: format!("`{}` {what}", dir.join(FILE).display()) };
    let tables = schema(connection)?;
    if tables == Total::default() {
        return Err(damaged("is empty"));
    }
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(sql(doing));
    if pragma("application_id")? != i64::from(APPLICATION_ID) {
        return Err(damaged("is a database, but not of aurak"));
    }
    let format = u32::try_from(pragma("user_version")?).unwrap_or(u32::MAX);
    if format > FORMAT {
        // The one thing that every format promises to keep: who wrote it.
        let by = connection
            .query_row("SELECT written_by FROM meta", (), |row| row.get::<_, String>(0))
            .optional()
            .unwrap_or_default();
        return Err(StoreError::NewerFormat { found: format, ours: FORMAT, by });
    }
    if format != FORMAT || tables != TABLES_TOTAL {
        return Err(damaged("has other tables than aurak made"));
    }
    Plate::read(connection)
}

/// The total of the definitions of the tables; none for an empty database.
fn schema(connection: &Connection) -> Result<Total, StoreError> {
    let mut total = Total::default();
    let text = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
    each(connection, text, (), "read the state's tables", |row| {
        let columns: Result<Vec<_>, _> = (0..4).map(|at| row.get_ref(at)).collect();
        total = total.with(sum("sqlite_schema", &columns.map_err(sql("read the state's tables"))?));
        Ok(())
    })?;
    Ok(total)
}

pub(super) fn wrong_key(expected: &str, key: &Key) -> StoreError {
    StoreError::WrongKey { expected: expected.to_string(), given: key.id().to_string() }
}

/// What was being done when the database refused. What nothing but damage explains is said as such.
pub(super) fn sql(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| match is_damage(&source) {
        true => StoreError::Damaged { what: format!("could not {doing}: {source}") },
        false => StoreError::Database { doing, source: Box::new(Refusal(source)) },
    }
}

/// Statements are ours and fit to our tables, and what they read was written by us.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::*;
    match error {
        SqliteFailure(error, _) if error.extended_code == ffi::SQLITE_IOERR_SHORT_READ => true,
        SqliteFailure(error, _) => matches!(
            error.code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::Unknown
                | ErrorCode::TypeMismatch
        ),
        FromSqlConversionFailure(..)
        | IntegralValueOutOfRange(..)
        | Utf8Error(..)
        | QueryReturnedNoRows
        | InvalidColumnName(..)
        | InvalidColumnType(..)
        | InvalidColumnIndex(..)
        | SqlInputError { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_those_of_this_format() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        // Another total is another format, unless none was released.
        assert_eq!(schema(&connection).unwrap(), TABLES_TOTAL);
    }
}
