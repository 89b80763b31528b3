//! Charts in folders, without what `.helmignore` leaves out.
//!
//! Links are followed, as Helm does, and a warning says so.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::archive::without_bom;
use crate::error::quoted;
use crate::ignore::Rules;
use crate::{Error, File, Helm, Profile};

/// The files of a folder, in the order of their paths.
pub(crate) fn files(helm: &Helm<'_>, folder: &Path) -> Result<Vec<File>, Error> {
    let rules = match fs::read(folder.join(".helmignore")) {
        Ok(text) => Rules::parse(&text, &helm.limits)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Rules::default(),
        Err(error) => return Err(io("reading .helmignore", error)),
    };
    let mut walk = Walk { helm, rules: rules.with_defaults(), files: Vec::new(), bytes: 0, seen: 0 };
    walk.folder(folder, "", 0)?;
    Ok(walk.files)
}

struct Walk<'a> {
    helm: &'a Helm<'a>,
    rules: Rules,
    files: Vec<File>,
    bytes: u64,
    seen: usize,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) -> Result<(), Error> {
        let limits = &self.helm.limits;
        if depth > limits.folder_depth {
            return Err(Error::limit(format!("{below}: more than {} folders deep", limits.folder_depth)));
        }
        let what = || format!("error reading {}", if below.is_empty() { "." } else { below });
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| io(what(), error))? {
            let entry = entry.map_err(|error| io(what(), error))?;
            self.seen += 1;
            if self.seen > limits.files {
                return Err(Error::limit(format!("the chart has more than {} files", limits.files)));
            }
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| Error::refused(format!("{}: a name that is not UTF-8: {name:?}", what())))?;
            names.push(name);
        }
        names.sort();
        for name in names {
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            self.entry(&folder.join(&name), path, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, full: &Path, path: String, depth: usize) -> Result<(), Error> {
        let what = || format!("error reading {path}");
        if fs::symlink_metadata(full).map_err(|error| io(what(), error))?.is_symlink() {
            self.helm.warn(format!(
                "found symbolic link in path: {path}. Contents of linked file included and used"
            ));
        }
        let found =
            fs::metadata(full).map_err(|error| io(format!("error evaluating symlink {path}"), error))?;
        if self.rules.ignores(&path, found.is_dir()) {
            return Ok(());
        }
        if found.is_dir() {
            return self.folder(full, &path, depth + 1);
        }
        if !found.is_file() {
            return Err(Error::refused(format!(
                "cannot load irregular file {path} as it has file mode type bits set"
            )));
        }
        let limits = &self.helm.limits;
        let left = limits.chart_bytes.saturating_sub(self.bytes);
        let allowed = match self.helm.profile {
            Profile::Helm3 => limits.file_bytes.min(left),
            Profile::Helm4 => left,
        };
        let mut data = Vec::new();
        let file = fs::File::open(full).map_err(|error| io(what(), error))?;
        let read = file.take(allowed + 1).read_to_end(&mut data).map_err(|error| io(what(), error))? as u64;
        if read > allowed {
            return Err(if self.helm.profile == Profile::Helm3 && read > limits.file_bytes {
                let name = path.rsplit('/').next().unwrap_or(&path);
                Error::refused(format!(
                    "chart file {} is larger than the maximum file size {}",
                    quoted(name),
                    limits.file_bytes
                ))
            } else {
                Error::refused(format!(
                    "error reading {path}: chart exceeds maximum decompressed size of {} bytes",
                    limits.chart_bytes
                ))
            });
        }
        self.bytes += read;
        self.files.push(File { name: path, data: without_bom(data).into() });
        Ok(())
    }
}

fn io(what: impl Into<String>, source: std::io::Error) -> Error {
    Error::Io { what: what.into(), source }
}
