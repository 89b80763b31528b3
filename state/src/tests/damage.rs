//! A disk that gives back something else than it was given: flipped bits and cut files. Whatever is
//! read afterwards is what was written, or an error that says what to do. `AURAK_DISK_CASES` is how
//! many places are tried of each kind; without it, a sample.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aurak_model::{Record, StateDoc, Value};
use tempfile::TempDir;

use crate::tests::samples::*;
use crate::{HistoryEntry, Identity, SqliteStore, Store, StoreError};

const TTL: Duration = Duration::from_secs(3600);

/// What is written is there long before this; a read that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The files of a store, by name.
type Files = BTreeMap<String, Vec<u8>>;

/// Everything that a store tells.
#[derive(Debug, PartialEq)]
struct Told {
    identity: Identity,
    doc: StateDoc,
    records: Vec<(u64, Record)>,
    history: Vec<HistoryEntry>,
    parts: Vec<Vec<u8>>,
}

/// What was found, for the tests to see that they looked.
#[derive(Debug, Default)]
struct Seen {
    noticed: usize,
    harmless: usize,
}

fn cases(sample: usize) -> usize {
    std::env::var("AURAK_DISK_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(sample)
}

/// Numbers that look drawn, and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn files(dir: &Path) -> Files {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// A state with everything in it: short and long rows, rows that changed and that are gone, so that
/// there are free pages too.
async fn fill(store: &SqliteStore) {
    let lease = store.acquire(holder("ada@here"), TTL).await.unwrap();
    store.append(lease.fence, script()).await.unwrap();
    store.put_parts(lease.fence, vec![("d1".into(), vec![b'x'; 9000]), ("d2".into(), vec![])]).await.unwrap();
    let name = |n: usize| format!("r{n:03}");
    let value = |n: usize| Value::from("v".repeat(n * 37 % 3000));
    for n in 0..40 {
        let records = vec![
            intent(&name(n), &name(n), value(n)),
            outcome(Some(&name(n)), vec![put(row(&name(n), value(n)))], Some(("create core.data", n as u64))),
        ];
        store.append(lease.fence, records).await.unwrap();
    }
    for n in 0..40 {
        let change = match n % 3 {
            0 => continue,
            1 => put(row(&name(n), value(n + 1))),
            _ => aurak_model::record::RowChange::Remove(address(&name(n))),
        };
        store.append(lease.fence, vec![outcome(None, vec![change], None)]).await.unwrap();
    }
    store.release(lease).await.unwrap();
}

/// More, by a writer that is killed.
async fn go_on(store: &SqliteStore) {
    let lease = store.acquire(holder("bob@here"), TTL).await.unwrap();
    for n in 0..6 {
        store.append(lease.fence, more(n)).await.unwrap();
    }
}

fn more(n: usize) -> Vec<Record> {
    vec![
        intent("late", &format!("late-{n}"), Value::Null),
        outcome(None, vec![put(row(&format!("late{n}"), Value::from("w".repeat(n * 900))))], None),
        outcome(None, vec![put(row("r001", Value::Int(n as i64)))], None),
    ]
}

async fn tell(store: &SqliteStore) -> Result<Told, StoreError> {
    Ok(Told {
        identity: store.identity(),
        doc: store.document().await?,
        records: store.records(0, usize::MAX).await?,
        history: store.history(usize::MAX).await?,
        parts: store.parts(&["d1".to_string(), "d2".to_string()]).await?,
    })
}

async fn read(dir: &Path) -> Result<Told, StoreError> {
    tell(&SqliteStore::open_read_only(dir, Some(key()))?).await
}

/// The next run: takes over, changes, adds and removes.
async fn run(dir: &Path) -> Result<Told, StoreError> {
    let store = SqliteStore::open(dir, Some(key()))?;
    store.document().await?;
    let lease = store.acquire(holder("eve@here"), TTL).await?;
    store.append(lease.fence, more(9)).await?;
    let gone = aurak_model::record::RowChange::Remove(address("r003"));
    store.append(lease.fence, vec![outcome(None, vec![gone], None)]).await?;
    store.release(lease).await?;
    tell(&store).await
}

/// Damages a copy in each of these ways, and sees what is told of it.
async fn damaged(files: &Files, damages: impl Iterator<Item = (String, Files)>) -> Seen {
    // What is damaged here need not wait for a disk.
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let dir = TempDir::new_in(root).unwrap();
    let place = |name: usize, files: &Files| {
        let to = dir.path().join(name.to_string());
        std::fs::create_dir(&to).unwrap();
        for (name, bytes) in files {
            std::fs::write(to.join(name), bytes).unwrap();
        }
        to
    };
    let (expected, expected_later) =
        (read(&place(0, files)).await.unwrap(), run(&place(1, files)).await.unwrap());
    let mut seen = Seen::default();
    let mut wrong = Vec::new();
    for (number, (what, files)) in damages.enumerate() {
        let to = place(number + 2, &files);
        let both = tokio::time::timeout(PATIENCE, async {
            let told = read(&to).await;
            (told, run(&to).await)
        });
        let Ok((told, later)) = both.await else {
            wrong.push(format!("{what}: hangs"));
            continue;
        };
        let checked = match SqliteStore::open_read_only(&to, Some(key())) {
            Ok(store) => store.check().await.map(|_| ()),
            Err(error) => Err(error),
        };
        let mut noticed = false;
        for (told, expected) in [(told, &expected), (later, &expected_later)] {
            match told {
                Ok(told) if told == *expected => {}
                Ok(_) => wrong.push(format!("{what}: what is told is wrong, and nothing says so")),
                Err(error) => {
                    noticed = true;
                    if matches!(error, StoreError::Closed) || error.help().is_none() {
                        wrong.push(format!("{what}: {error}, {error:?}"));
                    }
                }
            }
        }
        if let Err(error) = checked
            && (matches!(error, StoreError::Closed) || error.help().is_none())
        {
            wrong.push(format!("{what}: check: {error}, {error:?}"));
        }
        match noticed {
            true => seen.noticed += 1,
            false => seen.harmless += 1,
        }
        std::fs::remove_dir_all(&to).unwrap();
    }
    assert!(wrong.is_empty(), "{} of {seen:?}:\n{}", wrong.len(), wrong.join("\n"));
    seen
}

fn flips(files: &Files, name: &str, count: usize, seed: u64) -> impl Iterator<Item = (String, Files)> {
    let length = files[name].len();
    let mut dice = Dice(seed);
    (0..count).map(move |case| {
        // Every second one hits the first page of a cut, where headers and definitions are.
        let byte = dice.below(if case % 4 == 0 { length.min(4096) } else { length });
        let bit = dice.below(8);
        let mut files = files.clone();
        files.get_mut(name).unwrap()[byte] ^= 1 << bit;
        (format!("bit {bit} of byte {byte} of {name}"), files)
    })
}

fn cuts(
    files: &Files,
    name: &str,
    unit: usize,
    count: usize,
    seed: u64,
) -> impl Iterator<Item = (String, Files)> {
    let length = files[name].len();
    let mut dice = Dice(seed);
    let boundaries: Vec<usize> = (0..length).step_by(unit).collect();
    let step = (boundaries.len() / count).max(1);
    let lengths: Vec<usize> = boundaries
        .into_iter()
        .step_by(step)
        .chain((0..count / 2).map(|_| dice.below(length)))
        .chain([1, 16, 32, 100, length - 1])
        .collect();
    lengths.into_iter().map(move |length| {
        let mut files = files.clone();
        files.get_mut(name).unwrap().truncate(length);
        (format!("{name} cut to {length}"), files)
    })
}

/// A store between two runs, and one whose writer was killed.
async fn two() -> (Files, Files) {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::create(dir.path(), identity(), Some(key())).unwrap();
    fill(&store).await;
    let at_rest = files(dir.path());
    go_on(&store).await;
    (at_rest, files(dir.path()))
}

#[tokio::test]
async fn a_flipped_bit_between_two_runs_is_noticed_or_harmless() {
    let (files, _) = two().await;
    let seen = damaged(&files, flips(&files, "state.db", cases(150), 1)).await;
    assert!(seen.noticed > 40, "{seen:?}");
}

#[tokio::test]
async fn a_flipped_bit_after_a_kill_is_noticed_or_harmless() {
    let (_, files) = two().await;
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["state.db", "state.db-shm", "state.db-wal", "state.lock.2"]
    );
    let all = flips(&files, "state.db", cases(30), 2)
        .chain(flips(&files, "state.db-wal", cases(60), 3))
        .chain(flips(&files, "state.db-shm", cases(10), 4))
        .chain(flips(&files, "state.lock.2", cases(10), 5));
    let seen = damaged(&files, all).await;
    assert!(seen.noticed > 10, "{seen:?}");
}

#[tokio::test]
async fn a_file_that_was_cut_is_noticed() {
    let (at_rest, killed) = two().await;
    let all = cuts(&at_rest, "state.db", 4096, cases(20), 6);
    let seen = damaged(&at_rest, all).await;
    assert_eq!(seen.harmless, 0, "{seen:?}");
    let all = cuts(&killed, "state.db", 4096, cases(8), 7);
    damaged(&killed, all).await;
    let all = cuts(&killed, "state.db-wal", 4096 + 24, cases(16), 8);
    let seen = damaged(&killed, all).await;
    assert_eq!(seen.harmless, 0, "{seen:?}");
}
