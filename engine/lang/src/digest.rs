//! The digest of a program: over everything that was read to make it, and what it was asked with.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::sources::{SourceError, Sources};

/// Sources that note what they answer, as digests.
pub(crate) struct Noting<'a> {
    inner: &'a dyn Sources,
    notes: Mutex<BTreeMap<String, [u8; 32]>>,
}

impl<'a> Noting<'a> {
    pub(crate) fn new(inner: &'a dyn Sources) -> Noting<'a> {
        Noting { inner, notes: Mutex::default() }
    }

    /// Notes something else that the program depends on.
    pub(crate) fn note(&self, kind: &str, name: &str, content: &[u8]) {
        let digest = Sha256::digest(content).into();
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(format!("{kind}\0{name}"), digest);
    }

    /// The digest of all notes, as hexadecimal text. Names are followed by a zero byte, which they
    /// cannot hold, and digests have one length: nothing else gives the same bytes.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, digest) in &*self.notes.lock().unwrap_or_else(PoisonError::into_inner) {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(digest);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Sources for Noting<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let answer = self.inner.read(path);
        match &answer {
            Ok(bytes) => self.note("file", path, bytes),
            Err(_) => self.note("no file", path, b""),
        }
        answer
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, SourceError> {
        let answer = self.inner.glob(pattern)?;
        self.note("glob", pattern, answer.join("\0").as_bytes());
        Ok(answer)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.inner.env(name)
    }
}
