//! What goes with a call to a provider, and what comes back.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aurak_model::record::IdempotencyKey;
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Name, Path, Value};
use tokio::sync::watch;

/// An object as a provider made or left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The provider's id.
    pub id: Name,
    /// Its whole body.
    pub attributes: Value,
}

/// One of the objects of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The provider's id.
    pub id: Name,
    /// The natural key, where the type has one and the listing tells it.
    pub key: Option<Name>,
    /// Its whole body.
    pub attributes: Value,
}

/// A change of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The provider's id.
    pub id: Name,
    /// What the configuration owns of it, as it is to be.
    pub desired: Value,
    /// Its whole body as last read.
    pub live: Value,
    /// What the configuration owned before and owns no longer: to be unset.
    pub unset: Vec<Path>,
}

/// How far a call has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It is done, and the object is this now.
    Done(Applied),
    /// It is done, and the object is gone (or was gone already).
    Deleted,
    /// The service goes on by itself.
    Waiting {
        /// What `resume` needs, journalled, so that a long operation survives a crash.
        handle: Value,
        /// What is waited for, for people.
        why: String,
        /// When to ask again.
        poll: Duration,
    },
}

/// What became of a call whose end nobody saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Recovery {
    /// It left nothing behind, or nothing that a second call would add to: make it again.
    Repeat,
    /// This is what is there now.
    Object(Refreshed),
    /// Only a person can tell, and why.
    Ask(String),
}

/// How far an object has come that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing goes on with it.
    Ready,
    /// The service is still making, changing or deleting it, and what it says about that.
    Waiting(String),
    /// The service gave up on it, and why.
    Failed(String),
}

/// What goes with every call that changes something.
#[derive(Clone)]
pub struct Call {
    /// Names this call: the same one on a repetition.
    pub key: IdempotencyKey,
    /// The resource that it is made for.
    pub address: Address,
    /// Takes a line about what is going on, for people.
    pub progress: Arc<dyn Fn(String) + Send + Sync>,
    /// Ends the call early.
    pub cancel: CancelToken,
    /// How long the call may take at the most.
    pub deadline: Option<Duration>,
    /// Where a process that works for this call keeps its lock file; see [`Call::lock_file`].
    pub lock_dir: Option<PathBuf>,
}

impl Call {
    /// A call without limits that nobody listens to.
    pub fn new(key: &str, address: &Address) -> Call {
        Call {
            key: IdempotencyKey(key.into()),
            address: address.clone(),
            progress: Arc::new(|_| {}),
            cancel: CancelToken::new(),
            deadline: None,
            lock_dir: None,
        }
    }

    /// Says what is going on.
    pub fn progress(&self, text: impl Into<String>) {
        (self.progress)(text.into());
    }

    /// The file that a process which works for this call keeps locked (`flock`) while it, or what
    /// it started, lives. Whoever recovers the call waits for that lock first.
    pub fn lock_file(&self) -> Option<PathBuf> {
        let dir = self.lock_dir.as_ref()?;
        // A key is no path: what could step out of the folder is written out.
        let safe: String = self
            .key
            .0
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' })
            .collect();
        Some(dir.join(format!("{safe}.lock")))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call { key, address, progress: _, cancel, deadline, lock_dir } = self;
        f.debug_struct("Call")
            .field("key", key)
            .field("address", address)
            .field("cancelled", &cancel.is_cancelled())
            .field("deadline", deadline)
            .field("lock_dir", lock_dir)
            .finish()
    }
}

/// Tells a call to end early. Clones are the same token.
#[derive(Clone, Debug)]
pub struct CancelToken {
    sender: Arc<watch::Sender<bool>>,
}

impl Default for CancelToken {
    fn default() -> CancelToken {
        CancelToken::new()
    }
}

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> CancelToken {
        CancelToken { sender: Arc::new(watch::Sender::new(false)) }
    }

    /// Cancels; further times do nothing.
    pub fn cancel(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.sender.borrow()
    }

    /// Ends when it is cancelled.
    pub async fn cancelled(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as this token, so waiting cannot fail.
        let _ = receiver.wait_for(|cancelled| *cancelled).await;
    }
}

/// Waits until nothing of a call is running any more; see [`Call::lock_file`]. Answers
/// whether that came before the limit.
pub async fn wait_for_lock(path: &FilePath, limit: Duration) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if tokio::time::Instant::now() >= deadline => {
                return Ok(false);
            }
            // A lock cannot be waited for with a limit; who holds it is about to end.
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cancelled_token_wakes_those_who_wait_and_those_who_come_later() {
        let token = CancelToken::new();
        let waiting = tokio::spawn({
            let token = token.clone();
            async move { token.cancelled().await }
        });
        assert!(!token.is_cancelled());
        token.cancel();
        waiting.await.unwrap();
        token.cancelled().await;
        assert!(token.is_cancelled());
    }

    #[test]
    fn a_lock_file_stays_in_its_folder() {
        let mut call = Call::new("../../x/1", &Address::parse("a").unwrap());
        assert_eq!(call.lock_file(), None);
        call.lock_dir = Some("/locks".into());
        assert_eq!(call.lock_file().unwrap(), PathBuf::from("/locks/______x_1.lock"));
    }

    #[tokio::test]
    async fn a_lock_is_waited_for() {
        let path = std::env::temp_dir().join(format!("aurak-api-{}.lock", std::process::id()));
        assert!(wait_for_lock(&path, Duration::ZERO).await.unwrap(), "what is not there is free");
        let held = File::create(&path).unwrap();
        held.lock().unwrap();
        assert!(!wait_for_lock(&path, Duration::from_millis(50)).await.unwrap());
        drop(held);
        assert!(wait_for_lock(&path, Duration::ZERO).await.unwrap());
        std::fs::remove_file(&path).unwrap();
    }
}
