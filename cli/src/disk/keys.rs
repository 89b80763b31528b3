//! Where the keys of states are: the environment first, then a file of the user's own.
//!
//! `AURAK_KEY` holds a key, `AURAK_PASSPHRASE` what one is made from; otherwise each state has a file
//! in `$XDG_DATA_HOME/aurak/keys`, which only its owner may read.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aurak_run::KeySource;
use aurak_state::{Identity, Key, StoreError};

/// Where keys come from.
pub(crate) struct KeyPlaces {
    key: Option<String>,
    passphrase: Option<String>,
    folder: Option<PathBuf>,
    /// Told where a new key was put.
    said: Box<dyn Fn(&Path) + Send + Sync>,
}

impl KeyPlaces {
    /// The places of this process.
    pub(crate) fn of_process(said: impl Fn(&Path) + Send + Sync + 'static) -> KeyPlaces {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let data = text("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let data = data.or_else(|| {
            text("HOME")
                .map(PathBuf::from)
                .filter(|home| home.is_absolute())
                .map(|home| home.join(".local/share"))
        });
        KeyPlaces {
            key: text("AURAK_KEY"),
            passphrase: text("AURAK_PASSPHRASE"),
            folder: data.map(|data| data.join("aurak/keys")),
            said: Box::new(said),
        }
    }

    fn path(&self, identity: &Identity) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(name(identity)))
    }

    /// Where it is noted in which folder a state was begun: beside the folder of keys.
    fn begun(&self, identity: &Identity) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.with_file_name("begun").join(name(identity)))
    }
}

/// Ids are drawn by us; a state that somebody else wrote could hold anything.
fn name(identity: &Identity) -> String {
    identity.id.chars().filter(char::is_ascii_alphanumeric).collect()
}

impl KeySource for KeyPlaces {
    fn find(&self, identity: &Identity) -> Result<Option<Key>, StoreError> {
        if let Some(text) = &self.key {
            return Key::from_base64(text.trim()).map(Some);
        }
        if let Some(passphrase) = &self.passphrase {
            return Key::from_passphrase(passphrase, &identity.salt).map(Some);
        }
        let Some(path) = self.path(identity) else { return Ok(None) };
        let io = |doing| {
            let path = path.clone();
            move |source| StoreError::Io { doing, path, source }
        };
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mode = fs::metadata(&path).map_err(io("look at"))?.permissions().mode();
                if mode & 0o077 != 0 {
                    let why = format!("others may read it (mode {:o})", mode & 0o777);
                    let help = format!("if nobody did, run `chmod 600 {}`", path.display());
                    return Err(StoreError::KeyFile { path, why, help });
                }
                Key::from_base64(text.trim()).map(Some).map_err(|error| StoreError::KeyFile {
                    path,
                    why: error.to_string(),
                    help:
                        "bring the file back from a copy: without it the secrets in the state cannot be read"
                            .to_string(),
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read the key in")(error)),
        }
    }

    fn file(&self, identity: &Identity) -> Option<PathBuf> {
        self.path(identity)
    }

    fn make(&self, identity: &Identity) -> Result<Key, StoreError> {
        let Some(path) = self.path(identity) else {
            let source = io::Error::new(
                io::ErrorKind::NotFound,
                "neither XDG_DATA_HOME nor HOME is set; give a key with AURAK_KEY",
            );
            return Err(StoreError::Io { doing: "keep the stack's key in", path: PathBuf::new(), source });
        };
        let io = |doing| {
            let path = path.clone();
            move |source| StoreError::Io { doing, path, source }
        };
        let key = Key::generate()?;
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(io("make the folder of"))?;
        }
        // Never over a key that is there: what it sealed could not be opened any more.
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(io("keep the stack's key in"))?;
        let text = key.to_base64();
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .map_err(io("keep the stack's key in"))?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(io("keep the stack's key in"))?;
        }
        (self.said)(&path);
        Ok(key)
    }

    fn begin(&self, identity: &Identity, dir: &Path) -> Option<PathBuf> {
        let path = self.begun(identity)?;
        // Without a place to note it, as in a container without a home, nothing is known.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path.parent()?).ok()?;
        match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let _ = file.write_all(dir.as_os_str().as_bytes()).and_then(|()| file.sync_all());
                None
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = fs::read(&path).unwrap_or_default();
                Some(PathBuf::from(std::ffi::OsString::from_vec(there)))
            }
            Err(_) => None,
        }
    }

    fn not_begun(&self, identity: &Identity) {
        if let Some(path) = self.begun(identity) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(dir: &Path) -> KeyPlaces {
        KeyPlaces { key: None, passphrase: None, folder: Some(dir.join("keys")), said: Box::new(|_| {}) }
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::new("demo", None).unwrap();
        let places = places(dir.path());
        assert!(places.find(&identity).unwrap().is_none());
        let made = places.make(&identity).unwrap();
        let path = places.path(&identity).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(places.find(&identity).unwrap().unwrap().id(), made.id());
        assert!(places.make(&identity).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = places.find(&identity).err().unwrap();
        assert!(error.help().unwrap().contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "").unwrap();
        let error = places.find(&identity).err().unwrap();
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        assert!(error.help().unwrap().contains("from a copy"), "{error}");
    }

    #[test]
    fn a_state_is_begun_once() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::new("demo", None).unwrap();
        let places = places(dir.path());
        assert_eq!(places.begin(&identity, Path::new("/a")), None);
        assert_eq!(places.begin(&identity, Path::new("/b")), Some("/a".into()));
        assert_eq!(places.begin(&Identity::new("demo", None).unwrap(), Path::new("/b")), None);
        places.not_begun(&identity);
        assert_eq!(places.begin(&identity, Path::new("/b")), None);
        // Where nothing can be kept nothing is refused.
        let nowhere = KeyPlaces { folder: Some("/dev/null/keys".into()), ..places };
        assert_eq!(nowhere.begin(&identity, Path::new("/c")), None);
    }

    #[test]
    fn the_environment_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::new("demo", None).unwrap();
        let key = Key::generate().unwrap();
        let text = key.to_base64().to_string();
        let given = KeyPlaces { key: Some(text), ..places(dir.path()) };
        assert_eq!(given.find(&identity).unwrap().unwrap().id(), key.id());
        let given = KeyPlaces { key: None, passphrase: Some("words".into()), ..places(dir.path()) };
        let (one, two) = (given.find(&identity).unwrap().unwrap(), given.find(&identity).unwrap().unwrap());
        assert_eq!(one.id(), two.id());
        assert_ne!(one.id(), key.id());
        let bad = KeyPlaces { key: Some("short".into()), ..places(dir.path()) };
        assert!(bad.find(&identity).is_err());
    }
}
