//! The lock file of a lease: as long as the process lives that took the lease, the system holds a
//! lock on `state.lock.FENCE`. Every lease has a file of its own, because a process that was
//! stopped keeps its lock, and whoever takes over after its time needs one too.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::StoreError;
use crate::lease::{Fence, Holder};
use crate::sqlite::sum::{integer, sum};

/// A lock that lasts until it is dropped or the process ends.
pub(super) struct LockFile {
    path: PathBuf,
    /// The lock is on the open file.
    file: File,
    /// Where the note begins, behind the holder.
    note: u64,
}

/// What a lock file tells about the holder of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The lock is held: the process is there, running or stopped.
    Alive,
    /// The lock is free: the process is gone.
    Dead,
    /// There is no such file: nothing is known.
    Unknown,
}

impl LockFile {
    /// Takes the lock of a new lease, and writes its holder into the file for people.
    pub(super) fn take(dir: &Path, fence: Fence, holder: &Holder) -> Result<LockFile, StoreError> {
        let path = path(dir, fence);
        let fail = |doing| {
            let path = path.clone();
            move |source: std::io::Error| StoreError::Io { doing, path, source }
        };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(fail("create"))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|errno| fail("lock")(errno.into()))?;
        let text = serde_json::to_string(holder).unwrap_or_default();
        writeln!(file, "{text}").map_err(fail("write"))?;
        Ok(LockFile { path, file, note: text.len() as u64 + 1 })
    }

    /// Notes that records up to this one are durable. It does not wait for the disk: what is noted is
    /// true whenever it gets there, and a kill takes nothing of it away. So a log that lost its end
    /// without the machine having stopped is noticed.
    pub(super) fn note(&self, serial: u64) {
        // On a full disk the note before stays, which is as true.
        let _ = self.file.write_all_at(note(serial).as_bytes(), self.note);
    }

    /// Gives the lock back and removes its file.
    pub(super) fn give_back(self) {
        // The lease is gone from the database already; a file that stays is only litter.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Asks the lock file of a lease.
pub(super) fn sign(dir: &Path, fence: Fence) -> Result<Sign, StoreError> {
    let path = path(dir, fence);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Sign::Unknown),
        Err(source) => return Err(StoreError::Io { doing: "open", path, source }),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        // It is given back when the file is closed, here.
        Ok(()) => Ok(Sign::Dead),
        Err(Errno::WOULDBLOCK) => Ok(Sign::Alive),
        Err(errno) => Err(StoreError::Io { doing: "lock", path, source: errno.into() }),
    }
}

/// The last record that the holder of a lease noted as durable.
pub(super) fn noted(dir: &Path, fence: Fence) -> Option<u64> {
    let text = std::fs::read_to_string(path(dir, fence)).ok()?;
    let line = text.lines().nth(1)?;
    let serial = line.split(' ').nth(1)?.parse().ok()?;
    // Half of an old note and half of a new one say nothing.
    (line == note(serial).trim_end()).then_some(serial)
}

/// A line of always the same length.
fn note(serial: u64) -> String {
    let sum = sum("note", &[integer(serial)]).cast_unsigned();
    format!("written {serial:020} {sum:016x}\n")
}

/// Removes the file of a lease that is over.
pub(super) fn remove(dir: &Path, fence: Fence) {
    let _ = std::fs::remove_file(path(dir, fence));
}

fn path(dir: &Path, fence: Fence) -> PathBuf {
    dir.join(format!("state.lock.{fence}"))
}
