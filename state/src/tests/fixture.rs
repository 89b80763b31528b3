//! A store of format 1 as the first release wrote it: every later one reads it.
//!
//! `AURAK_WRITE_FIXTURES=1 cargo test -p aurak-state fixture` writes it anew, which only a change of
//! an unreleased format may do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::tests::samples::*;
use crate::{Identity, SqliteStore, Store};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/format-1")
}

fn fixed_identity() -> Identity {
    Identity {
        id: "0123456789abcdef0123456789abcdef".into(),
        salt: "00112233445566778899aabbccddeeff".into(),
        ..identity()
    }
}

async fn write(dir: &Path) -> SqliteStore {
    let store = SqliteStore::create(dir, fixed_identity(), Some(key())).unwrap();
    let lease = store.acquire(holder("ada@here"), Duration::from_secs(60)).await.unwrap();
    store.append(lease.fence, script_from_sources()).await.unwrap();
    store.put_parts(lease.fence, sources()).await.unwrap();
    store.release(lease).await.unwrap();
    store
}

#[tokio::test]
async fn format_1_is_read_as_it_was_written() {
    if std::env::var_os("AURAK_WRITE_FIXTURES").is_some() {
        let _ = std::fs::remove_dir_all(fixture());
        drop(write(&fixture()).await);
    }
    let dir = TempDir::new().unwrap();
    std::fs::copy(fixture().join("state.db"), dir.path().join("state.db")).unwrap();
    let store = SqliteStore::open(dir.path(), Some(key())).unwrap();
    let expected = write(&dir.path().join("new")).await;
    assert_eq!(store.identity(), expected.identity());
    assert_eq!(store.document().await.unwrap(), expected.document().await.unwrap());
    assert_eq!(store.records(0, 99).await.unwrap(), expected.records(0, 99).await.unwrap());
    assert_eq!(store.history(9).await.unwrap(), expected.history(9).await.unwrap());
    assert_eq!(store.check().await.unwrap(), expected.check().await.unwrap());
    assert_eq!(store.parts(&["abc".to_string()]).await.unwrap(), [b"aurak: 1\n".to_vec()]);
    // And it can be gone on with.
    let lease = store.acquire(holder("bob@here"), Duration::from_secs(60)).await.unwrap();
    assert_eq!(lease.fence.0, 2);
    store.append(lease.fence, vec![begin("op-2", 60)]).await.unwrap();
}
