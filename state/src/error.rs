//! Why a store could not do what it was asked, and what to do about it.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::lease::{Fence, Holder};
use crate::sqlite::refusal::Refusal;

/// The error of a store's operations.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else has the lease.
    #[error("the state is locked by {} (process {} on {})", .holder.who, .holder.pid, .holder.host)]
    Held {
        /// Who, since when, and until when.
        holder: Box<Holder>,
    },
    /// The lease ran out or went to somebody else.
    #[error("the lease {fence} on the state is lost: {why}")]
    LeaseLost {
        /// The lease that was used.
        fence: Fence,
        /// What became of it.
        why: LostBecause,
    },
    /// A sensitive value was to be written or read, and the store was opened without a key.
    #[error("{what} is sensitive, and the state was opened without its key")]
    KeyNeeded {
        /// What it is.
        what: String,
    },
    /// The key is not the one that the store was sealed with.
    #[error("the key {given} does not fit: this state was sealed with the key {expected}")]
    WrongKey {
        /// The id of the store's key.
        expected: String,
        /// The id of the given key.
        given: String,
    },
    /// Something sealed does not open.
    #[error("{what} cannot be opened: {why}")]
    Unsealable {
        /// What it is.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The text is not a key.
    #[error("this is not a key: {why}")]
    BadKey {
        /// What is wrong with it; never the text itself.
        why: &'static str,
    },
    /// The file of a key is no good.
    #[error("the key in `{}` cannot be used: {why}", .path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never the text itself.
        why: String,
        /// What to do.
        help: String,
    },
    /// A newer aurak wrote this.
    #[error("the state is in format {found}, and this aurak reads up to format {ours}")]
    NewerFormat {
        /// The format that was found.
        found: u32,
        /// The newest format that this aurak knows.
        ours: u32,
        /// The version of aurak that wrote it last, where it says so.
        by: Option<String>,
    },
    /// There is no store.
    #[error("there is no state in `{}`", .dir.display())]
    NotFound {
        /// The folder.
        dir: PathBuf,
    },
    /// There was a store, and its database is gone.
    #[error("`state.db` in `{}` is missing, beside which there is `{left}`", .dir.display())]
    DatabaseMissing {
        /// The folder.
        dir: PathBuf,
        /// What tells that it was there.
        left: String,
    },
    /// There is a store already.
    #[error("there is a state in `{}` already", .dir.display())]
    Exists {
        /// The folder.
        dir: PathBuf,
    },
    /// A state of this identity was begun before: the plan that carries it was applied.
    #[error("a state with this id was begun before, in `{}`", .dir.display())]
    Begun {
        /// The folder.
        dir: PathBuf,
    },
    /// The file that was opened is not in its place any more.
    #[error("`{}` was removed or replaced while it was open", .path.display())]
    Replaced {
        /// The place.
        path: PathBuf,
    },
    /// A writer did not close, and what it had written last is gone.
    #[error("`state.db-wal` in `{}` is missing, and with it what was written last", .dir.display())]
    LogMissing {
        /// The folder.
        dir: PathBuf,
    },
    /// A writer did not close, and of what it had written the end is gone.
    #[error(
        "`state.db-wal` in `{}` is damaged or of another moment: of {written} records that were written \
         {} are missing",
        .dir.display(), .written - .there
    )]
    LogShort {
        /// The folder.
        dir: PathBuf,
        /// How many records there are.
        there: u64,
        /// How many were written.
        written: u64,
    },
    /// The store was opened read-only.
    #[error("the state is open for reading only")]
    ReadOnly,
    /// The store holds something that it should not.
    #[error("the state is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// A value could not be written as JSON.
    #[error("{what} cannot be written as JSON")]
    Encode {
        /// What it is.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The operating system refused.
    #[error("could not {doing} `{}`", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Its answer.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// Its answer.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// The store's thread has ended.
    #[error("the state is closed")]
    Closed,
}

/// What became of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostBecause {
    /// It ran out before it was renewed.
    Expired,
    /// Another run has one with a greater number.
    Overtaken {
        /// That number.
        by: Fence,
    },
    /// It was given back, or broken by `state unlock`.
    Ended,
}

impl std::fmt::Display for LostBecause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LostBecause::Expired => f.write_str("it ran out before it was renewed"),
            LostBecause::Overtaken { by } => write!(f, "another run took over with the lease {by}"),
            LostBecause::Ended => f.write_str("it was ended by `aurak state unlock` or by its holder"),
        }
    }
}

impl StoreError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            StoreError::Held { holder } => format!(
                "wait for it with `--lock-timeout`; if process {} on {} is no longer there, \
                 `aurak state unlock` takes the lock away",
                holder.pid, holder.host
            ),
            StoreError::LeaseLost { .. } => {
                "nothing was written after it was lost; run the command again, it continues from the journal"
                    .into()
            }
            StoreError::KeyNeeded { .. } => {
                "give the stack's key in AURAK_KEY, or its passphrase in AURAK_PASSPHRASE".into()
            }
            StoreError::WrongKey { expected, .. } => {
                format!("give the key {expected} in AURAK_KEY, or the right passphrase in AURAK_PASSPHRASE")
            }
            StoreError::Unsealable { .. } => {
                "it was changed or moved outside aurak; `aurak state check` lists everything that is so"
                    .into()
            }
            StoreError::BadKey { .. } => {
                "a key is 32 random bytes in base64: `openssl rand -base64 32`".into()
            }
            StoreError::KeyFile { help, .. } => help.clone(),
            StoreError::NewerFormat { by: Some(by), .. } => {
                format!("use aurak {by} or newer; older ones cannot read this state")
            }
            StoreError::NewerFormat { by: None, .. } => "use a newer aurak".into(),
            StoreError::Damaged { .. } => {
                "`aurak state check` says what is wrong; a copy of the folder from before is the way back"
                    .into()
            }
            StoreError::LogMissing { .. } | StoreError::LogShort { .. } => {
                "bring the file back from a copy of the same moment as `state.db`; without \
                 one, `aurak state unlock` goes on with what is left, and objects that were made last have \
                 to be imported"
                    .into()
            }
            StoreError::DatabaseMissing { .. } => {
                "bring the file back from a copy of the same moment. Only where the state is given up for \
                 good, remove its folder: what it knew of has to be imported then"
                    .into()
            }
            StoreError::NotFound { .. } => "`aurak apply` creates it; `--state` names another folder".into(),
            StoreError::Begun { .. } => {
                "go on with that one, or make another plan for a state of its own".into()
            }
            StoreError::Replaced { .. } => "nothing was written to it since. See which file is the right one, put it in its place, run `aurak state check`, then the command again".into(),
            StoreError::Exists { .. } => "another run may have made it just now: run the command again, or name another folder with `--state`".into(),
            StoreError::Io { source, .. } => return what_to_do(source.kind()),
            StoreError::Database { source, .. } => {
                return what_to_do(source.downcast_ref::<Refusal>()?.kind());
            }
            StoreError::ReadOnly
            | StoreError::Encode { .. }
            | StoreError::Random(_)
            | StoreError::Closed => return None,
        })
    }
}

/// What to do where a file could not be written.
fn what_to_do(kind: ErrorKind) -> Option<String> {
    Some(match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room on the disk, then run the command again: it goes on from what is written".into()
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            "whoever runs this has to be able to write to the state's folder and its files. What only reads \
             needs that too where a run was killed and not all of its files are there; a copy of the folder \
             does for it"
                .into()
        }
        _ => return None,
    })
}
