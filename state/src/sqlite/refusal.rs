//! Why the database refused, in words, and what kind of refusal it is.

use std::fmt;
use std::io::ErrorKind;

use rusqlite::{ErrorCode, ffi};

/// An error of the database that no damage explains.
#[derive(Debug)]
pub(crate) struct Refusal(pub(super) rusqlite::Error);

impl Refusal {
    /// What the operating system said, as far as the database tells it.
    pub(crate) fn kind(&self) -> ErrorKind {
        let Some(error) = self.0.sqlite_error() else { return ErrorKind::Other };
        match (error.code, error.extended_code) {
            // The memory that processes share is a file too, of which a page is missing.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => ErrorKind::StorageFull,
            (ErrorCode::ReadOnly, _) => ErrorKind::ReadOnlyFilesystem,
            (ErrorCode::CannotOpen | ErrorCode::PermissionDenied, _) => ErrorKind::PermissionDenied,
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => ErrorKind::ResourceBusy,
            _ => ErrorKind::Other,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind(), self.0.sqlite_error()) {
            (ErrorKind::StorageFull, _) => f.write_str("the disk is full"),
            (ErrorKind::ReadOnlyFilesystem, _) => f.write_str("the file or its folder is read-only"),
            (ErrorKind::PermissionDenied, _) => {
                f.write_str("a file cannot be opened, or made beside the database")
            }
            (ErrorKind::ResourceBusy, _) => f.write_str("another process has been in it for too long"),
            (_, Some(error)) => write!(f, "{} (SQLite code {})", self.0, error.extended_code),
            (_, None) => self.0.fmt(f),
        }
    }
}

// Its text says all of it.
impl std::error::Error for Refusal {}
