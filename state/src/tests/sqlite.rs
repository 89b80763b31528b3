//! What is particular to the store in a folder: files, modes, locks, keys, formats, damage.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aurak_model::{Severity, StateDoc, Value};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::error::LostBecause;
use crate::tests::samples::*;
use crate::{Clock, Holder, Key, Lease, SqliteStore, Store, StoreError, SystemClock, list_stores};

const TTL: Duration = Duration::from_secs(3600);

fn create(key: Option<Arc<Key>>) -> (TempDir, SqliteStore) {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::create(dir.path().join("shop@pre"), identity(), key).unwrap();
    (dir, store)
}

async fn acquire(store: &SqliteStore) -> Lease {
    store.acquire(holder("ada@here"), TTL).await.unwrap()
}

/// Every file of a folder and what is in it.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

fn names(dir: &Path) -> Vec<String> {
    files(dir).into_keys().collect()
}

fn sql(dir: &Path, text: &str) {
    Connection::open(dir.join("state.db")).unwrap().execute_batch(text).unwrap();
}

/// What a machine that lost power would find.
fn copy(from: &Path, to: &Path, but: &str) {
    std::fs::create_dir_all(to).unwrap();
    for (name, bytes) in files(from) {
        if name != but {
            std::fs::write(to.join(name), bytes).unwrap();
        }
    }
}

#[tokio::test]
async fn files_are_for_their_owner_and_one_file_is_left() {
    let (_root, store) = create(Some(key()));
    let dir = store.dir().to_path_buf();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(names(&dir), ["state.db"]);

    let lease = acquire(&store).await;
    store.append(lease.fence, script()).await.unwrap();
    assert_eq!(names(&dir), ["state.db", "state.db-shm", "state.db-wal", "state.lock.1"]);
    for name in names(&dir) {
        assert_eq!(mode(&dir.join(&name)), 0o600, "{name}");
    }
    let before = store.document().await.unwrap();
    store.release(lease).await.unwrap();
    assert_eq!(names(&dir), ["state.db"]);
    drop(store);
    let store = SqliteStore::open(&dir, Some(key())).unwrap();
    assert_eq!(store.document().await.unwrap(), before);
}

#[tokio::test]
async fn reading_changes_no_file_and_creates_none() {
    let (_root, store) = create(Some(key()));
    let dir = store.dir().to_path_buf();
    let lease = acquire(&store).await;
    store.append(lease.fence, script()).await.unwrap();
    let doc = store.document().await.unwrap();
    store.release(lease).await.unwrap();
    drop(store);

    let before = files(&dir);
    let reader = SqliteStore::open_read_only(&dir, Some(key())).unwrap();
    assert_eq!(reader.document().await.unwrap(), doc);
    assert_eq!(reader.history(5).await.unwrap().len(), 1);
    assert!(reader.check().await.unwrap().iter().all(|finding| finding.severity == Severity::Note));
    assert_eq!(reader.holder().await.unwrap(), None);
    assert!(matches!(reader.acquire(holder("x"), TTL).await, Err(StoreError::ReadOnly)));
    assert!(matches!(reader.break_lease().await, Err(StoreError::ReadOnly)));
    assert!(files(&dir) == before);
    drop(reader);
    assert!(files(&dir) == before);
}

#[tokio::test]
async fn readers_see_whole_appends_while_a_writer_writes() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    let lease = acquire(&store).await;
    let writer = async {
        for i in 0..200 {
            let rows = vec![put(row(&format!("a{i}"), i.into())), put(row(&format!("b{i}"), i.into()))];
            let records = vec![outcome(None, rows, None), output("last", Some(i.into()))];
            store.append(lease.fence, records).await.unwrap();
        }
    };
    let reader = SqliteStore::open_read_only(&dir, None).unwrap();
    let reading = async {
        let mut last = 0;
        while last < 400 {
            let doc = reader.document().await.unwrap();
            assert_eq!(doc.rows.len() as u64, doc.serial);
            if doc.serial > 0 {
                assert_eq!(doc.outputs["last"], Value::Int((doc.serial / 2 - 1).try_into().unwrap()));
            }
            assert!(doc.serial >= last);
            last = doc.serial;
        }
    };
    futures::join!(writer, reading);
    // The log stays while a reader is there, and the next run goes on all the same.
    store.release(lease).await.unwrap();
    drop((store, reader));
    let store = SqliteStore::open(&dir, None).unwrap();
    assert_eq!(store.document().await.unwrap().serial, 400);
    let lease = acquire(&store).await;
    store.release(lease).await.unwrap();
    assert_eq!(names(&dir), ["state.db"]);
}

#[tokio::test]
async fn no_file_holds_a_secret() {
    let (root, store) = create(Some(key()));
    let lease = acquire(&store).await;
    store.append(lease.fence, script()).await.unwrap();
    store.put_parts(lease.fence, vec![("d".into(), CANARY.into())]).await.unwrap();
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let mut seen = 0;
    let mut look = |dir: &Path| {
        for (name, bytes) in files(dir) {
            assert!(!has(&bytes, CANARY), "{name}");
            assert!(!has(&bytes, &key().to_base64()), "{name}");
            seen += usize::from(has(&bytes, "$sealed"));
        }
    };
    look(store.dir());
    store.release(lease).await.unwrap();
    look(store.dir());
    assert!(seen >= 2, "the records were looked at");
    drop((store, root));
}

#[tokio::test]
async fn without_the_key_leaves_stay_sealed() {
    let (_root, store) = create(Some(key()));
    let lease = acquire(&store).await;
    store.append(lease.fence, script()).await.unwrap();
    let doc = SqliteStore::open_read_only(store.dir(), None).unwrap().document().await.unwrap();
    assert!(doc.outputs["token"].has_marks());
    assert_eq!(doc.outputs["token"].reveal(), doc.outputs["token"], "it is sealed");
    assert!(!format!("{doc:?}").contains(CANARY));
    let row = &doc.rows[&address("a")].current.as_ref().unwrap().desired;
    assert_eq!(row.as_map().unwrap().get("input").unwrap().as_map().unwrap().get("name"), Some(&"a".into()));
}

#[tokio::test]
async fn another_key_is_refused() {
    let (_root, store) = create(None);
    // A store takes the key of the first who writes with one.
    let dir = store.dir().to_path_buf();
    drop(store);
    let other = SqliteStore::open(&dir, Some(other_key())).unwrap();
    let store = SqliteStore::open(&dir, Some(key())).unwrap();
    assert_eq!(store.identity().key_id, None);
    let lease = acquire(&store).await;
    assert_eq!(store.identity().key_id.as_deref(), Some(key().id()));
    store.release(lease).await.unwrap();

    let error = other.acquire(holder("bob@there"), TTL).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    let error = SqliteStore::open(&dir, Some(other_key())).err().unwrap();
    insta::assert_snapshot!(error, @"the key 0b1babab41161cc3 does not fit: this state was sealed with the key 1bf456a89bcd65f5");
    insta::assert_snapshot!(error.help().unwrap(), @"give the key 1bf456a89bcd65f5 in AURAK_KEY, or the right passphrase in AURAK_PASSPHRASE");
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    drop(store);
    sql(&dir, "PRAGMA user_version = 2; UPDATE meta SET written_by = '7.1.0'");
    for error in [
        SqliteStore::open(&dir, None).err().unwrap(),
        SqliteStore::open_read_only(&dir, None).err().unwrap(),
        SqliteStore::identify(&dir).unwrap_err(),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the state is in format 2, and this aurak reads up to format 1");
            insta::assert_snapshot!(error.help().unwrap(), @"use aurak 7.1.0 or newer; older ones cannot read this state");
        }
    }
    sql(&dir, "DROP TABLE meta");
    insta::assert_snapshot!(SqliteStore::open(&dir, None).err().unwrap().help().unwrap(), @"use a newer aurak");

    // The same for a single record, in a database of this format.
    let error = crate::record_json::decode(r#"{"v":2,"kind":"new"}"#, 1).unwrap_err();
    assert!(matches!(error, StoreError::NewerFormat { found: 2, ours: 1, .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_store_is_refused() {
    let root = TempDir::new().unwrap();
    let dir = root.path().join("none");
    assert!(matches!(SqliteStore::open(&dir, None), Err(StoreError::NotFound { .. })));
    std::fs::create_dir(&dir).unwrap();
    assert!(matches!(SqliteStore::open(&dir, None), Err(StoreError::NotFound { .. })));

    // A creation puts its file there whole: one that is empty, or none at all, has lost its contents.
    std::fs::write(dir.join("state.db"), "").unwrap();
    assert!(matches!(SqliteStore::open(&dir, None), Err(StoreError::Damaged { .. })));
    assert!(matches!(SqliteStore::create(&dir, identity(), None), Err(StoreError::Exists { .. })));
    std::fs::remove_file(dir.join("state.db")).unwrap();
    std::fs::create_dir(dir.join("state.db")).unwrap();
    assert!(matches!(SqliteStore::identify(&dir), Err(StoreError::Damaged { .. })));
    std::fs::remove_dir(dir.join("state.db")).unwrap();
    drop(SqliteStore::create(&dir, identity(), None).unwrap());
    let again = SqliteStore::create(&dir, identity(), None);
    assert!(matches!(again, Err(StoreError::Exists { .. })));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1, "nothing is left beside it");

    std::fs::write(dir.join("state.db"), "x".repeat(9000)).unwrap();
    let error = SqliteStore::open(&dir, None).err().unwrap();
    assert!(error.to_string().ends_with("is not a database any more"), "{error}");
    std::fs::remove_file(dir.join("state.db")).unwrap();
    sql(&dir, "CREATE TABLE meta (a)");
    let error = SqliteStore::open(&dir, None).err().unwrap();
    assert!(error.to_string().ends_with("is a database, but not of aurak"), "{error}");
}

#[tokio::test]
async fn who_is_gone_is_taken_over_at_once() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    let first = acquire(&store).await;
    store.append(first.fence, vec![begin("op-1", 1)]).await.unwrap();
    let other = SqliteStore::open(&dir, None).unwrap();
    assert!(matches!(other.acquire(holder("bob@here"), TTL).await, Err(StoreError::Held { .. })));
    // As after a kill: the lease was not given back, its lock is free.
    drop(store);
    assert!(other.holder().await.unwrap().is_some());
    // Not on another machine, where a free lock may only mean that locks do not get there.
    let far = Holder::new("eve@far", 1, "far", None);
    assert!(matches!(other.acquire(far, TTL).await, Err(StoreError::Held { .. })));
    let second = other.acquire(holder("bob@here"), TTL).await.unwrap();
    assert!(second.fence > first.fence);
    assert_eq!(other.document().await.unwrap().serial, 1);
    let error = other.append(first.fence, vec![end("op-1", 2)]).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { why: LostBecause::Overtaken { .. }, .. }));
    assert_eq!(names(&dir), ["state.db", "state.db-shm", "state.db-wal", "state.lock.2"]);
    other.release(second).await.unwrap();
    assert_eq!(names(&dir), ["state.db"]);
}

/// The machine's clocks after it was started anew.
struct Restarted;

impl Clock for Restarted {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms()
    }
    fn boot_ms(&self) -> u64 {
        SystemClock.boot_ms()
    }
    fn boot_id(&self) -> String {
        "another".to_string()
    }
}

/// After a power cut the lock file may be missing: its folder is not waited for.
#[tokio::test]
async fn who_held_the_lease_before_the_machine_was_started_anew_is_taken_over_at_once() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    let lease = acquire(&store).await;
    let bob = || holder("bob@here");
    let other = SqliteStore::open_with_clock(&dir, None, Arc::new(Restarted)).unwrap();
    let held = other.acquire(bob(), TTL).await;
    assert!(matches!(held, Err(StoreError::Held { .. })), "its lock is held, whatever the clock says");
    std::fs::remove_file(dir.join("state.lock.1")).unwrap();
    drop(store);
    let same = SqliteStore::open(&dir, None).unwrap();
    let held = same.acquire(bob(), TTL).await;
    assert!(matches!(held, Err(StoreError::Held { .. })), "the machine was not started anew");
    let far = Holder::new("eve@far", 1, "far", None);
    let held = other.acquire(far, TTL).await;
    assert!(matches!(held, Err(StoreError::Held { .. })), "another machine has other starts");
    let second = other.acquire(bob(), TTL).await.unwrap();
    assert!(second.fence > lease.fence);
    other.release(second).await.unwrap();
}

#[tokio::test]
async fn a_copy_taken_at_any_moment_goes_on() {
    let (root, store) = create(Some(key()));
    let lease = acquire(&store).await;
    for (i, record) in script().into_iter().enumerate() {
        store.append(lease.fence, vec![record]).await.unwrap();
        let dir = root.path().join(format!("copy-{i}"));
        copy(store.dir(), &dir, "");
        let found = SqliteStore::open_read_only(&dir, Some(key())).unwrap();
        assert_eq!(found.document().await.unwrap(), store.document().await.unwrap());
        drop(found);
        let found = SqliteStore::open(&dir, Some(key())).unwrap();
        let its = acquire(&found).await;
        assert_eq!(found.document().await.unwrap().serial, i as u64 + 1);
        assert!(found.check().await.unwrap().iter().all(|finding| !finding.is_error()));
        found.release(its).await.unwrap();
        assert_eq!(names(&dir), ["state.db"]);
    }
}

#[tokio::test]
async fn a_transaction_that_was_cut_off_is_rolled_back_by_a_reader_too() {
    let (root, store) = create(None);
    let lease = acquire(&store).await;
    store.append(lease.fence, vec![output("a", Some(1.into()))]).await.unwrap();
    let doc = store.document().await.unwrap();
    store.release(lease).await.unwrap();

    // Between two runs the database is a single file with a rollback journal: a change of mode can
    // be cut off there. The pages of this one are in the file before it is committed.
    let cut = Connection::open(store.dir().join("state.db")).unwrap();
    cut.execute_batch(
        "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE outputs SET value = '2';
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
         INSERT INTO durations SELECT 'd' || i || hex(randomblob(200)), i, 0 FROM n;",
    )
    .unwrap();
    let dir = root.path().join("copy");
    copy(store.dir(), &dir, "");
    drop(cut);
    assert_eq!(names(&dir), ["state.db", "state.db-journal"]);
    let reader = SqliteStore::open_read_only(&dir, None).unwrap();
    assert_eq!(reader.document().await.unwrap(), doc);
    assert_eq!(names(&dir), ["state.db"]);
}

#[tokio::test]
async fn a_log_that_was_removed_or_cut_is_missed() {
    let (root, store) = create(None);
    let lease = acquire(&store).await;
    for _ in 0..3 {
        store.append(lease.fence, vec![begin("op-1", 1), end("op-1", 2)]).await.unwrap();
    }
    let whole = std::fs::read(store.dir().join("state.db-wal")).unwrap().len();
    let mut told = String::new();
    for (what, length) in [("removed", None), ("emptied", Some(0)), ("cut", Some(whole - 1))] {
        let dir = root.path().join(what);
        copy(store.dir(), &dir, "");
        let _ = std::fs::remove_file(dir.join("state.db-shm"));
        match length {
            None => std::fs::remove_file(dir.join("state.db-wal")).unwrap(),
            Some(length) => {
                let log = std::fs::OpenOptions::new().write(true).open(dir.join("state.db-wal")).unwrap();
                log.set_len(length as u64).unwrap();
            }
        }
        // However often it is opened, and by readers too.
        for found in [
            SqliteStore::open_read_only(&dir, None).unwrap(),
            SqliteStore::open(&dir, None).unwrap(),
            SqliteStore::open(&dir, None).unwrap(),
        ] {
            let error = found.document().await.unwrap_err();
            assert_eq!(found.records(0, 9).await.unwrap_err().to_string(), error.to_string());
            assert_eq!(found.history(9).await.unwrap_err().to_string(), error.to_string());
            assert!(found.fork().await.is_err());
            assert!(error.help().unwrap().contains("`aurak state unlock` goes on with what is left"));
            let findings = found.check().await.unwrap();
            assert_eq!(
                findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(),
                ["log_missing"]
            );
            let taken = found.acquire(holder("bob@here"), TTL).await.unwrap_err();
            assert!(
                matches!(taken, StoreError::ReadOnly) || taken.to_string() == error.to_string(),
                "{taken}"
            );
            told = format!("{what}: {error}").replace(&*dir.to_string_lossy(), "DIR");
        }
        let found = SqliteStore::open(&dir, None).unwrap();
        found.break_lease().await.unwrap();
        let its = acquire(&found).await;
        found.append(its.fence, vec![begin("op-2", 1)]).await.unwrap();
        found.release(its).await.unwrap();
        drop(found);
        assert_eq!(SqliteStore::open(&dir, None).unwrap().check().await.unwrap(), []);
    }
    insta::assert_snapshot!(told, @"cut: `state.db-wal` in `DIR` is damaged or of another moment: of 6 records that were written 2 are missing");
}

#[tokio::test]
async fn a_database_that_was_removed_from_beside_its_log_is_missed() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    let lease = acquire(&store).await;
    store.append(lease.fence, vec![begin("op-1", 1)]).await.unwrap();
    drop(store);
    std::fs::remove_file(dir.join("state.db")).unwrap();
    for name in ["state.db-shm", "state.db-wal", "state.lock.1"] {
        let error = SqliteStore::open(&dir, None).err().unwrap();
        assert!(matches!(error, StoreError::DatabaseMissing { .. }), "{error}");
        assert!(error.help().unwrap().contains("bring the file back"));
        std::fs::remove_file(dir.join(name)).unwrap();
    }
    let error = SqliteStore::open(&dir, None).err().unwrap();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
}

/// The note in the lock file tells the same, but a copy of a folder may come without it.
#[tokio::test]
async fn a_log_that_was_removed_with_the_lock_file_is_missed() {
    let (root, store) = create(None);
    let lease = acquire(&store).await;
    store.append(lease.fence, vec![begin("op-1", 1), end("op-1", 2)]).await.unwrap();
    let dir = root.path().join("copy");
    copy(store.dir(), &dir, "state.db-wal");
    for name in files(&dir).into_keys().filter(|name| name != "state.db") {
        std::fs::remove_file(dir.join(name)).unwrap();
    }
    for found in [SqliteStore::open_read_only(&dir, None).unwrap(), SqliteStore::open(&dir, None).unwrap()] {
        let error = found.document().await.unwrap_err();
        assert!(matches!(error, StoreError::LogMissing { .. }), "{error}");
    }
}

/// Whoever opened it while all was well looks again when it is going to write.
#[tokio::test]
async fn a_log_that_was_removed_meanwhile_is_missed_by_who_takes_the_lease() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    let other = SqliteStore::open(&dir, None).unwrap();
    let lease = acquire(&other).await;
    other.append(lease.fence, vec![begin("op-1", 1), end("op-1", 2)]).await.unwrap();
    // As after a kill.
    drop(other);
    for name in ["state.db-wal", "state.db-shm"] {
        std::fs::remove_file(dir.join(name)).unwrap();
    }
    let error = store.acquire(holder("bob@here"), TTL).await.unwrap_err();
    assert!(error.to_string().ends_with("of 2 records that were written 2 are missing"), "{error}");
}

/// Half of an old note and half of a new one: a kill, or a disk, that kept some of it.
#[tokio::test]
async fn a_note_that_is_torn_says_nothing() {
    let (root, store) = create(None);
    let lease = acquire(&store).await;
    store.append(lease.fence, vec![begin("op-1", 1), end("op-1", 2)]).await.unwrap();
    let dir = root.path().join("copy");
    copy(store.dir(), &dir, "");
    let lock = dir.join("state.lock.1");
    let text = std::fs::read_to_string(&lock).unwrap();
    let noted = text.replace("written 00000000000000000002", "written 00000000000000000902");
    assert_ne!(noted, text, "there is a note");
    std::fs::write(&lock, noted).unwrap();
    let found = SqliteStore::open(&dir, None).unwrap();
    assert_eq!(found.document().await.unwrap().serial, 2);
}

/// A reader of an old moment keeps the mark of a new lease in the log, where it gets lost with it.
#[tokio::test]
async fn no_lease_is_taken_whose_mark_stays_in_the_log() {
    let (_root, store) = create(None);
    let lease = acquire(&store).await;
    store.append(lease.fence, vec![begin("op-1", 1)]).await.unwrap();
    let mut reader = Connection::open(store.dir().join("state.db")).unwrap();
    let reading = reader.transaction().unwrap();
    reading.query_row("SELECT count(*) FROM journal", (), |_| Ok(())).unwrap();
    store.release(lease).await.unwrap();
    let taken = store.acquire(holder("bob@here"), TTL).await;
    let refused = taken.unwrap_err();
    assert!(matches!(refused, StoreError::Database { .. }), "{refused}");
    assert!(store.holder().await.unwrap().is_none());
    drop(reading);
    let lease = acquire(&store).await;
    store.release(lease).await.unwrap();
}

/// The last record changes nothing beside the journal, so that no total tells of it.
#[tokio::test]
async fn a_last_record_that_is_gone_is_missed() {
    let (_root, store) = create(None);
    let lease = acquire(&store).await;
    store.append(lease.fence, vec![begin("op-1", 1), end("op-1", 2)]).await.unwrap();
    store.release(lease).await.unwrap();
    sql(store.dir(), "DELETE FROM journal WHERE serial = 2");
    let error = store.document().await.unwrap_err();
    insta::assert_snapshot!(error, @"the state is damaged: its journal ends at record 1, and 2 were written");
    let taken = store.acquire(holder("bob@here"), TTL).await.unwrap_err();
    assert_eq!(taken.to_string(), error.to_string());
}

#[tokio::test]
async fn tables_that_are_not_ours_are_refused() {
    for text in [
        "CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows; END",
        "DROP INDEX runs",
        "CREATE TABLE more (one INTEGER)",
    ] {
        let (_root, store) = create(None);
        let dir = store.dir().to_path_buf();
        drop(store);
        sql(&dir, text);
        let error = SqliteStore::open(&dir, None).err().unwrap();
        assert!(error.to_string().ends_with("has other tables than aurak made"), "{text}: {error}");
    }
}

#[tokio::test]
async fn check_finds_what_was_tampered_with() {
    let cases = [
        ("a row", "UPDATE rows SET body = replace(body, 'id-a', 'id-x') WHERE address = 'a'"),
        ("a head", "UPDATE rows SET type = 'core.file' WHERE address = 'a'"),
        ("a row that is gone", "DELETE FROM rows WHERE address = 'a'"),
        ("a record that is gone", "DELETE FROM journal WHERE serial = 13"),
        ("an output", "UPDATE outputs SET value = '5' WHERE name = 'none'"),
        (
            "a leaf that was moved",
            "UPDATE rows SET body = replace(body, body ->> '$.current.desired.input.password.$sealed',
                 body ->> '$.current.attributes.output.password.$sealed') WHERE address = 'a'",
        ),
        ("what is no JSON", "UPDATE outputs SET value = '{' WHERE name = 'none'"),
        ("a duration", "DELETE FROM durations WHERE name = 'create a'"),
        ("a pending call", "DELETE FROM pending"),
        ("a part of the sources", "UPDATE parts SET bytes = zeroblob(40)"),
        ("a part that is gone", "DELETE FROM parts"),
    ];
    let mut told = String::new();
    for (what, text) in cases {
        let (_root, store) = create(Some(key()));
        let lease = acquire(&store).await;
        store.append(lease.fence, script_from_sources()).await.unwrap();
        store.put_parts(lease.fence, sources()).await.unwrap();
        sql(store.dir(), text);
        told.push_str(&format!("{what}:\n"));
        let findings = store.check().await.unwrap();
        for finding in findings.iter().filter(|finding| finding.is_error()) {
            told.push_str(&format!("  {}: {finding}\n", finding.code));
        }
        // What to do is said once, and names the file.
        let helps: Vec<&str> =
            findings.iter().filter(|f| f.code == "damaged").filter_map(|f| f.help.as_deref()).collect();
        assert!(
            matches!(helps[..], [help] if help.contains(&*store.dir().join("state.db").to_string_lossy()) && help.contains("copy of the file")),
            "{what}: {helps:?}"
        );
    }
    insta::assert_snapshot!(told, @"
    a row:
      damaged: the columns of the row of `a` are not what its body says
      damaged: the row of `a` is not what was written
      damaged: the row of `a` differs from what the journal says
    a head:
      damaged: the columns of the row of `a` are not what its body says
      damaged: the row of `a` is not what was written
    a row that is gone:
      damaged: rows are missing, or are there that should not be
      damaged: the row of `a` is in the journal but not in the state
    a record that is gone:
      damaged: the journal goes from record 12 to 14
      damaged: the provider `gone` is in the journal but not in the state
    an output:
      damaged: the output `none` is not what was written
      damaged: the output `none` differs from what the journal says
    a leaf that was moved:
      damaged: the row of `a` is not what was written
      damaged: the row of `a` differs from what the journal says
      unsealable: the rows: `input.password` of row a (current.desired) cannot be opened: it was changed, moved, or sealed with another key
    what is no JSON:
      damaged: the output `none` is not what was written
      damaged: the output `none` cannot be read: EOF while parsing an object at line 1 column 1
    a duration:
      damaged: rows are missing, or are there that should not be
      damaged: the duration of `create a` is in the journal but not in the state
    a pending call:
      damaged: rows are missing, or are there that should not be
      damaged: the pending calls are not those of the journal
    a part of the sources:
      damaged: the part abc of the sources cannot be opened: it is not in the sealed form
    a part that is gone:
      damaged: the part abc of the sources is missing
    ");
}

#[tokio::test]
async fn stores_are_found_by_their_folders() {
    let root = TempDir::new().unwrap();
    assert!(list_stores(&root.path().join("none")).unwrap().is_empty());
    for (stack, environment) in [("shop", Some("pro")), ("shop", None), ("alone", Some("pre"))] {
        let identity = crate::Identity::new(stack, environment.map(Into::into)).unwrap();
        let dir = root.path().join(identity.folder());
        drop(SqliteStore::create(dir, identity, None).unwrap());
    }
    std::fs::create_dir(root.path().join("empty")).unwrap();
    std::fs::create_dir(root.path().join("broken")).unwrap();
    std::fs::write(root.path().join("broken/state.db"), "no database").unwrap();
    let found: Vec<String> = list_stores(root.path())
        .unwrap()
        .into_iter()
        .map(|found| {
            let name = found.dir.file_name().unwrap().to_str().unwrap().to_string();
            let what = found.identity.map_or("unreadable".to_string(), |identity| identity.folder());
            format!("{name}: {what}")
        })
        .collect();
    assert_eq!(found, ["alone@pre: alone@pre", "broken: unreadable", "shop: shop", "shop@pro: shop@pro"]);
}

#[tokio::test]
async fn what_was_asked_is_done_though_nobody_waits() {
    let (_root, store) = create(None);
    let dir = store.dir().to_path_buf();
    let lease = acquire(&store).await;
    let mut append = Box::pin(store.append(lease.fence, vec![begin("op-1", 1)]));
    // Polled once, the message is on its way; then whoever asked goes away, and so does the store.
    let _ = futures::poll!(&mut append);
    drop(append);
    drop(store);
    let doc: StateDoc = SqliteStore::open(&dir, None).unwrap().document().await.unwrap();
    assert_eq!(doc.serial, 1);
}

#[tokio::test]
async fn a_file_that_is_taken_away_or_replaced_is_not_written_any_more() {
    for replaced in [false, true] {
        let (_root, store) = create(Some(key()));
        let path = store.dir().join("state.db");
        let lease = acquire(&store).await;
        store.append(lease.fence, vec![begin("op", 1)]).await.unwrap();
        std::fs::rename(&path, store.dir().join("aside.db")).unwrap();
        if replaced {
            std::fs::copy(store.dir().join("aside.db"), &path).unwrap();
        }
        let refused = |result: Result<(), StoreError>| {
            assert!(matches!(result, Err(StoreError::Replaced { .. })), "{result:?}");
        };
        refused(store.append(lease.fence, vec![begin("op", 1)]).await.map(|_| ()));
        refused(store.renew(&lease).await.map(|_| ()));
        // Back in its place it is the same file.
        std::fs::rename(store.dir().join("aside.db"), &path).unwrap();
        store.append(lease.fence, vec![begin("op", 1)]).await.unwrap();
    }
}
