//! The stack's folder as sources.
//!
//! A path must stay inside the stack's folder, also when a symbolic link leads out of it. What else
//! may be read was declared: profiles named on the command line, and the folder of a module, which
//! shows itself by its `module.yaml`. Only regular files are read: a pipe would wait forever and
//! `/dev/zero` never ends.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aurak_lang::{SourceError, Sources, glob};

/// No source is larger: a file of this size is a mistake, and reading it would take the memory of
/// everything else.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The file that makes a folder a module.
const MODULE: &str = "module.yaml";

/// The files of a stack and the environment of this process.
#[derive(Debug)]
pub(crate) struct DiskSources {
    root: PathBuf,
    /// Folders and files that may be read besides, without links in their paths.
    declared: Mutex<Vec<PathBuf>>,
}

impl DiskSources {
    /// Sources of a folder. `declared` are paths relative to it that may lead out of it.
    pub(crate) fn new(root: &Path, declared: &[String]) -> io::Result<DiskSources> {
        let root = fs::canonicalize(root)?;
        let declared = declared.iter().filter_map(|path| fs::canonicalize(root.join(path)).ok()).collect();
        Ok(DiskSources { root, declared: Mutex::new(declared) })
    }

    /// The folder, without links in its path.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn is_allowed(&self, path: &Path) -> bool {
        if path.starts_with(&self.root) {
            return true;
        }
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        declared.iter().any(|allowed| path.starts_with(allowed))
    }

    /// Where a path leads, if it may be read.
    fn locate(&self, path: &str) -> Result<PathBuf, SourceError> {
        let joined = self.root.join(path);
        let outside = || match self.is_allowed(&lexical(&joined)) {
            true => SourceError::NotFound,
            // Whether something is there is not for a stack to find out.
            false => SourceError::Outside,
        };
        let real = fs::canonicalize(&joined).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => outside(),
            _ => SourceError::Other(error.to_string()),
        })?;
        if joined.file_name().is_some_and(|name| name == MODULE) && real.is_file() {
            if let (false, Some(folder)) = (self.is_allowed(&real), real.parent()) {
                let mut declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
                declared.push(folder.to_path_buf());
            }
            return Ok(real);
        }
        match self.is_allowed(&real) {
            true => Ok(real),
            false => Err(SourceError::Outside),
        }
    }
}

impl Sources for DiskSources {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let real = self.locate(path)?;
        let other = |error: io::Error| SourceError::Other(error.to_string());
        let meta = fs::metadata(&real).map_err(other)?;
        if meta.is_dir() {
            return Err(SourceError::Other("it is a folder".to_string()));
        }
        if !meta.is_file() {
            return Err(SourceError::Other("it is not a regular file".to_string()));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(LARGEST)).unwrap_or(0));
        File::open(&real).map_err(other)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(other)?;
        match bytes.len() as u64 > LARGEST {
            true => Err(SourceError::Other(format!("it is larger than {} MiB", LARGEST / 1024 / 1024))),
            false => Ok(bytes),
        }
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, SourceError> {
        let parts: Vec<&str> = pattern.split('/').collect();
        let fixed = parts.iter().take_while(|part| !glob::is_pattern(part)).count().min(parts.len() - 1);
        let base = parts[..fixed].join("/");
        let depth = match parts.iter().any(|part| part.contains("**")) {
            true => usize::MAX,
            false => parts.len() - fixed,
        };
        let hidden = parts[fixed..].iter().any(|part| part.starts_with('.'));
        let start = match self.locate(&base) {
            Ok(start) => start,
            Err(SourceError::NotFound) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        let mut open = vec![(start, base, depth)];
        while let Some((folder, name, depth)) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => continue,
                Err(error) => return Err(SourceError::Other(format!("{}: {error}", folder.display()))),
            };
            for entry in entries {
                let entry = entry.map_err(|error| SourceError::Other(error.to_string()))?;
                // A name that is no UTF-8 cannot be written in a stack either.
                let Ok(file) = entry.file_name().into_string() else { continue };
                if file.starts_with('.') && !hidden {
                    continue;
                }
                let path = if name.is_empty() { file } else { format!("{name}/{file}") };
                let Ok(real) = self.locate(&path) else { continue };
                // A folder that is a link may lead back to where it stands.
                if real.is_dir() {
                    if depth > 1 && !entry.path().is_symlink() {
                        open.push((real, path, depth - 1));
                    }
                } else if glob::matches(pattern, &path) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// A path without `.` and `..`, as far as its text tells.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        dir
    }

    #[test]
    fn a_stack_reads_its_own_folder_only() {
        let dir = folder(&[
            "stack/aurak.yaml",
            "stack/sub/a.yml",
            "secret.txt",
            "shared/p.yml",
            "mod/module.yaml",
            "mod/x.yml",
        ]);
        let stack = dir.path().join("stack");
        std::os::unix::fs::symlink("../secret.txt", stack.join("link")).unwrap();
        std::os::unix::fs::symlink("sub/a.yml", stack.join("inside")).unwrap();
        let sources = DiskSources::new(&stack, &["../shared/p.yml".to_string()]).unwrap();
        assert_eq!(sources.read("sub/../aurak.yaml").unwrap(), b"stack/aurak.yaml");
        assert_eq!(sources.read("inside").unwrap(), b"stack/sub/a.yml");
        assert_eq!(sources.read("none"), Err(SourceError::NotFound));
        assert_eq!(sources.read("aurak.yaml/x"), Err(SourceError::NotFound));
        for outside in
            ["../secret.txt", "link", "/etc/passwd", "../none", "../mod/x.yml", "/proc/self/environ"]
        {
            assert_eq!(sources.read(outside), Err(SourceError::Outside), "{outside}");
        }
        assert_eq!(sources.read("../shared/p.yml").unwrap(), b"shared/p.yml");
        assert_eq!(sources.read("../mod/module.yaml").unwrap(), b"mod/module.yaml");
        assert_eq!(sources.read("../mod/x.yml").unwrap(), b"mod/x.yml");
        assert!(matches!(sources.read("sub"), Err(SourceError::Other(_))));
    }

    #[test]
    fn globs_find_files_in_order() {
        let dir = folder(&["b.yml", "a.yml", "x/c.yml", "x/y/d.yml", ".hidden/e.yml", "f.txt"]);
        std::os::unix::fs::symlink("..", dir.path().join("x/loop")).unwrap();
        let sources = DiskSources::new(dir.path(), &[]).unwrap();
        assert_eq!(sources.glob("*.yml").unwrap(), ["a.yml", "b.yml"]);
        assert_eq!(sources.glob("x/*.yml").unwrap(), ["x/c.yml"]);
        assert_eq!(sources.glob("**/*.yml").unwrap(), ["a.yml", "b.yml", "x/c.yml", "x/y/d.yml"]);
        assert_eq!(sources.glob("a.yml").unwrap(), ["a.yml"]);
        assert_eq!(sources.glob("none/*.yml").unwrap(), [""; 0]);
        assert_eq!(sources.glob("../*"), Err(SourceError::Outside));
    }
}
