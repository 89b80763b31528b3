//! Stores under a folder: `.aurak/NAME@ENV`.

use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::identity::Identity;
use crate::sqlite::{FILE, SqliteStore};

/// A store that was found.
#[derive(Debug)]
pub struct Found {
    /// Its folder.
    pub dir: PathBuf,
    /// What it is; an error where it cannot be read, which does not mean that it is not there.
    pub identity: Result<Identity, StoreError>,
}

/// The stores in the folders of a folder, by name of the folder. A folder that is not there has
/// none.
pub fn list_stores(root: &Path) -> Result<Vec<Found>, StoreError> {
    let fail = |source| StoreError::Io { doing: "look for states in", path: root.to_path_buf(), source };
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut dirs = Vec::new();
    for entry in entries {
        let dir = entry.map_err(fail)?.path();
        if dir.join(FILE).exists() {
            dirs.push(dir);
        }
    }
    dirs.sort();
    Ok(dirs.into_iter().map(|dir| Found { identity: SqliteStore::identify(&dir), dir }).collect())
}
