//! Where texts come from: files of a folder, files in memory, and the record of what was read.
//!
//! Nothing here opens a file. The command line brings a [`Sources`] over a folder; tests and saved
//! plans bring [`MemorySources`]; [`Recording`] stands between and keeps what passed, so that the
//! same program can be made again without the folder.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::glob;

/// Reads files, lists them, and knows the environment. Paths are relative to the stack's folder,
/// with `/`, and may begin with `../`.
pub trait Sources: Send + Sync {
    /// The content of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError>;
    /// The files that match a pattern (see [`crate::glob`]), sorted.
    fn glob(&self, pattern: &str) -> Result<Vec<String>, SourceError>;
    /// A variable of the environment.
    fn env(&self, name: &str) -> Option<String>;
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is none.
    #[error("there is no such file")]
    NotFound,
    /// It is outside of what may be read.
    #[error("it is outside of the stack's folder")]
    Outside,
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

/// Files and variables in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemorySources {
    /// Contents by path.
    #[serde(with = "stored")]
    pub files: BTreeMap<String, Vec<u8>>,
    /// Variables; what is not here is not set.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Answers to patterns that were asked before. They stand for themselves: files may have been
    /// listed without being read. Other patterns are matched against `files`.
    #[serde(default)]
    pub globs: BTreeMap<String, Vec<String>>,
}

impl MemorySources {
    /// Sources of text files.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> MemorySources {
        let files = files.into_iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()));
        MemorySources { files: files.collect(), ..MemorySources::default() }
    }
}

impl Sources for MemorySources {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.files.get(path).cloned().ok_or(SourceError::NotFound)
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, SourceError> {
        if let Some(answer) = self.globs.get(pattern) {
            return Ok(answer.clone());
        }
        Ok(self.files.keys().filter(|path| glob::matches(pattern, path)).cloned().collect())
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }
}

/// Everything that was asked of some sources, with the answers.
pub struct Recording<'a> {
    inner: &'a dyn Sources,
    record: Mutex<Record>,
}

/// What was asked and answered.
#[derive(Clone, Debug, Default)]
struct Record {
    /// Contents, or `None` for what could not be read.
    files: BTreeMap<String, Option<Vec<u8>>>,
    /// Answers to patterns.
    globs: BTreeMap<String, Vec<String>>,
    /// Variables, or `None` for those that are not set.
    env: BTreeMap<String, Option<String>>,
}

impl<'a> Recording<'a> {
    /// Records what is asked of these sources.
    pub fn new(inner: &'a dyn Sources) -> Recording<'a> {
        Recording { inner, record: Mutex::default() }
    }

    /// Sources that give the same answers again.
    pub fn memory(&self) -> MemorySources {
        let record = self.with(|record| record.clone());
        MemorySources {
            files: record.files.into_iter().filter_map(|(path, bytes)| Some((path, bytes?))).collect(),
            env: record.env.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            globs: record.globs,
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Record) -> T) -> T {
        // A panic elsewhere cannot leave a map half written.
        f(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sources for Recording<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let answer = self.inner.read(path);
        self.with(|record| record.files.insert(path.to_string(), answer.as_ref().ok().cloned()));
        answer
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, SourceError> {
        let answer = self.inner.glob(pattern)?;
        self.with(|record| record.globs.insert(pattern.to_string(), answer.clone()));
        Ok(answer)
    }

    fn env(&self, name: &str) -> Option<String> {
        let answer = self.inner.env(name);
        self.with(|record| record.env.insert(name.to_string(), answer.clone()));
        answer
    }
}

/// The stored form of files: text as text, so that it can be read; anything else as Base64.
mod stored {
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum File {
        Text(String),
        Base64(String),
    }

    pub(super) fn serialize<S: Serializer>(
        files: &BTreeMap<String, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(files.iter().map(|(path, bytes)| {
            let file = match std::str::from_utf8(bytes) {
                Ok(text) => File::Text(text.to_string()),
                Err(_) => File::Base64(STANDARD.encode(bytes)),
            };
            (path, file)
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
        let files: BTreeMap<String, File> = BTreeMap::deserialize(deserializer)?;
        files
            .into_iter()
            .map(|(path, file)| {
                let bytes = match file {
                    File::Text(text) => text.into_bytes(),
                    File::Base64(text) => STANDARD.decode(text).map_err(de::Error::custom)?,
                };
                Ok((path, bytes))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_answers_again_what_was_asked() {
        let mut sources = MemorySources::of([("a.yml", "a"), ("x/b.yml", "b"), ("c.txt", "c")]);
        sources.files.insert("bin".into(), vec![0xff, 0x00]);
        sources.env.insert("HOME".into(), "/root".into());
        sources.env.insert("SECRET".into(), "s".into());
        let recording = Recording::new(&sources);
        assert_eq!(recording.glob("*.yml").unwrap(), ["a.yml"]);
        assert_eq!(recording.read("bin").unwrap(), [0xff, 0x00]);
        assert_eq!(recording.read("none"), Err(SourceError::NotFound));
        assert_eq!(recording.env("HOME").as_deref(), Some("/root"));
        assert_eq!(recording.env("NONE"), None);

        let json = serde_json::to_string(&recording.memory()).unwrap();
        let again: MemorySources = serde_json::from_str(&json).unwrap();
        assert_eq!(again, recording.memory());
        assert_eq!(again.glob("*.yml").unwrap(), ["a.yml"]);
        assert_eq!(again.read("a.yml"), Err(SourceError::NotFound), "listed, never read");
        assert_eq!(again.env("SECRET"), None, "never asked");
    }
}
