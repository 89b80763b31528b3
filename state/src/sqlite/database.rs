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
use crate::sealing::Key;
use crate::sealing::leaves::{Sealer, Way};
use crate::sqlite::FILE;
use crate::sqlite::lockfile::LockFile;

/// Tells our databases from others: `aurk`.
const APPLICATION_ID: i32 = 0x6175_726b;

/// How long a statement waits for another process in the database. Transactions take milliseconds;
/// one that takes longer belongs to a process that was stopped in the middle of it.
const BUSY: Duration = Duration::from_secs(5);

/// Format 1. Rows and what else has leaves keep the JSON of the model, sealed as in the journal;
/// columns beside it are heads, for queries that need no more.
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
        open INTEGER NOT NULL       -- the fence of a writer that has not yet closed cleanly, or 0
    ) STRICT;
    CREATE TABLE lease (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        fence INTEGER NOT NULL,
        holder TEXT NOT NULL,
        ttl_ms INTEGER NOT NULL,
        expires_boot_ms INTEGER NOT NULL,
        boot_id TEXT NOT NULL
    ) STRICT;
    CREATE TABLE journal (
        serial INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        key TEXT,                   -- the idempotency key, or the id of the run
        failed INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs ON journal (serial) WHERE kind IN ('begin', 'end');
    CREATE TABLE rows (
        address TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        type TEXT NOT NULL,
        id TEXT,                    -- of the current object
        provider TEXT NOT NULL,
        sealed INTEGER NOT NULL,    -- whether any leaf is
        body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE providers (address TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE outputs (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE pending (
        serial INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        intent TEXT NOT NULL,
        handle TEXT
    ) STRICT;
    CREATE TABLE overrides (
        address TEXT NOT NULL,
        path TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (address, path)
    ) STRICT;
    CREATE TABLE durations (name TEXT PRIMARY KEY, ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE parts (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
";

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    ReadWrite,
    /// To write without waiting for the disk.
    Unsynchronised,
    ReadOnly,
}

/// An open database.
pub(super) struct Database {
    pub(super) connection: Connection,
    pub(super) key: Option<Arc<Key>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) lock: Option<LockFile>,
    /// Whether the write-ahead log was gone although a writer had not closed.
    pub(super) log_missing: bool,
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
        let (identity, open) = identity(&connection, dir)?;
        let log_missing = open != 0 && log == 0 && is_log_missing(&connection, dir, open)?;
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
            log_missing,
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
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail("create the folder", dir))?;
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
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail("create", &path))
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
    transaction
        .execute(
            "INSERT INTO meta (one, id, stack, environment, key_id, salt, written_by, fence, open)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, 0, 0)",
            (
                &*identity.id,
                &*identity.stack,
                identity.environment.as_deref(),
                key.map(Key::id),
                &*identity.salt,
                env!("CARGO_PKG_VERSION"),
            ),
        )
        .map_err(sql(doing))?;
    transaction.commit().map_err(sql(doing))
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
            return Err(StoreError::NotFound { dir: dir.to_path_buf() });
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

fn tables(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(sql("read the state's tables"))
}

/// Reads the name plate and the mark of an open writer, and refuses what is not ours or too new.
fn identity(connection: &Connection, dir: &Path) -> Result<(Identity, u64), StoreError> {
    let doing = "read what state this is";
    if tables(connection)? == 0 {
        return Err(StoreError::Damaged { what: format!("`{}` is empty", dir.join(FILE).display()) });
    }
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(sql(doing));
    if pragma("application_id")? != i64::from(APPLICATION_ID) {
        return Err(StoreError::Damaged {
            what: format!("`{}` is a database, but not of aurak", dir.join(FILE).display()),
        });
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
    connection
        .query_row("SELECT id, stack, environment, key_id, salt, open FROM meta", (), |row| {
            let text = |at| row.get::<_, String>(at).map(Into::into);
            let maybe = |at| row.get::<_, Option<String>>(at).map(|text| text.map(Into::into));
            let identity = Identity {
                id: text(0)?,
                stack: text(1)?,
                environment: maybe(2)?,
                format,
                key_id: maybe(3)?,
                salt: text(4)?,
            };
            Ok((identity, row.get::<_, u64>(5)?))
        })
        .map_err(sql(doing))
}

pub(super) fn wrong_key(expected: &str, key: &Key) -> StoreError {
    StoreError::WrongKey { expected: expected.to_string(), given: key.id().to_string() }
}

/// What was being done when the database refused.
pub(super) fn sql(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Database { doing, source: Box::new(source) }
}
