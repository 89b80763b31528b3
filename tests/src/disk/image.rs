//! A disk that may lose what nobody waited for.
//!
//! It is fed with the calls of a trace of `strace -f -y -xx`. What was written since the last
//! `fsync` of a file, and what was done to a folder's names since the last one of the folder, is
//! pending; a cut takes all of that away, or some of it, in sectors and in no order for contents and in
//! order for names. Nothing is taken for granted that a file system does beyond that: a new file is
//! there only once its folder was synchronised.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::kill::matrix::Chance;
use crate::trace::Call;

/// A disk writes whole sectors, one after the other in any order.
const SECTOR: usize = 512;

/// A disk below a folder.
#[derive(Clone, Default)]
pub struct Image {
    root: PathBuf,
    files: Vec<File>,
    /// As running programs see them.
    names: BTreeMap<PathBuf, Entry>,
    /// As they are on the disk.
    durable: BTreeMap<PathBuf, Entry>,
    pending: Vec<Change>,
}

/// What a cut leaves of what is pending.
pub enum Left<'a> {
    /// All of it: the machine went on, only its programs ended.
    All,
    /// Nothing.
    Nothing,
    /// Some, as it falls.
    Some(&'a mut Chance),
}

/// Paths and contents; a folder has none.
pub type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Edit>,
}

#[derive(Clone)]
enum Edit {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

#[derive(Clone)]
enum Change {
    Put(PathBuf, Entry),
    Remove(PathBuf),
}

impl Change {
    fn path(&self) -> &Path {
        match self {
            Change::Put(path, _) | Change::Remove(path) => path,
        }
    }

    fn make(&self, names: &mut BTreeMap<PathBuf, Entry>) {
        match self {
            Change::Put(path, entry) => drop(names.insert(path.clone(), *entry)),
            Change::Remove(path) => drop(names.remove(path)),
        }
    }
}

impl File {
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        self.pending.iter().for_each(|edit| edit.make(&mut bytes));
        bytes
    }
}

impl Edit {
    fn make(&self, bytes: &mut Vec<u8>) {
        match self {
            Edit::Length(length) => bytes.resize(*length, 0),
            Edit::Write { at, bytes: new } => write(bytes, *at, new),
        }
    }
}

fn below(chance: &mut Chance, bound: usize) -> usize {
    usize::try_from(chance.below(bound as u64)).unwrap_or(0)
}

fn write(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if bytes.len() < at + new.len() {
        bytes.resize(at + new.len(), 0);
    }
    bytes[at..at + new.len()].copy_from_slice(new);
}

impl Image {
    /// An empty disk below this folder, which is there.
    pub fn new(root: &Path) -> Image {
        Image { root: root.components().collect(), ..Image::default() }
    }

    /// A disk that has this much, all of it for good.
    pub fn with(root: &Path, contents: &Contents) -> Image {
        let mut image = Image::new(root);
        for (path, bytes) in contents {
            let entry = match bytes {
                None => Entry::Folder,
                Some(bytes) => {
                    image.files.push(File { durable: bytes.clone(), pending: Vec::new() });
                    Entry::File(image.files.len() - 1)
                }
            };
            image.names.insert(image.root.join(path), entry);
        }
        image.durable = image.names.clone();
        image
    }

    /// Takes a call that has ended. Whether it could be understood; what is elsewhere always is.
    pub(crate) fn take(&mut self, call: &Call<'_>) -> Result<(), String> {
        if !call.succeeded {
            return Ok(());
        }
        let arguments = call.arguments;
        match call.name {
            "openat" | "open" if arguments.contains("O_CREAT") || arguments.contains("O_TRUNC") => {
                let Some(path) = self.inside(named(arguments, 0)) else { return Ok(()) };
                let file = match self.names.get(&path) {
                    Some(Entry::File(file)) => *file,
                    _ => {
                        self.files.push(File::default());
                        let file = self.files.len() - 1;
                        self.change(Change::Put(path, Entry::File(file)));
                        file
                    }
                };
                if arguments.contains("O_TRUNC") {
                    self.edit(file, Edit::Length(0));
                }
            }
            "write" | "pwrite64" => {
                let Some(file) = self.open_file(arguments) else { return Ok(()) };
                let bytes = string(arguments, 0).ok_or("a write without bytes")?;
                let at = match call.name {
                    // Programs that do not say where add to the end.
                    "write" => self.files[file].now().len(),
                    _ => last_number(arguments).ok_or("a write without its place")?,
                };
                self.edit(file, Edit::Write { at, bytes });
            }
            "ftruncate" => {
                let Some(file) = self.open_file(arguments) else { return Ok(()) };
                self.edit(file, Edit::Length(last_number(arguments).ok_or("a cut without its length")?));
            }
            "fsync" | "fdatasync" => {
                let Some(path) = self.inside(opened(arguments)) else { return Ok(()) };
                match self.names.get(&path) {
                    Some(Entry::File(file)) => {
                        let file = &mut self.files[*file];
                        file.durable = file.now();
                        file.pending.clear();
                    }
                    _ => self.synchronise_names(&path),
                }
            }
            "mkdir" | "mkdirat" => {
                if let Some(path) = self.inside(named(arguments, 0)) {
                    self.change(Change::Put(path, Entry::Folder));
                }
            }
            "link" | "linkat" => {
                let (from, to) = (self.inside(named(arguments, 0)), self.inside(named(arguments, 1)));
                if let (Some(from), Some(to)) = (from, to) {
                    let entry = *self.names.get(&from).ok_or("a link to nothing")?;
                    self.change(Change::Put(to, entry));
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let (from, to) = (self.inside(named(arguments, 0)), self.inside(named(arguments, 1)));
                if let (Some(from), Some(to)) = (from, to) {
                    let entry = *self.names.get(&from).ok_or("a rename of nothing")?;
                    self.change(Change::Put(to, entry));
                    self.change(Change::Remove(from));
                }
            }
            "unlink" | "unlinkat" => {
                if let Some(path) = self.inside(named(arguments, 0)) {
                    self.change(Change::Remove(path));
                }
            }
            "writev" | "pwritev" | "truncate" | "fallocate" | "creat" | "copy_file_range" | "sendfile"
                if self.inside(opened(arguments).or_else(|| named(arguments, 0))).is_some() =>
            {
                return Err(format!("{} is not understood", call.name));
            }
            _ => {}
        }
        Ok(())
    }

    /// What is there after a cut.
    pub fn cut(&self, mut left: Left<'_>) -> Contents {
        let mut names = self.durable.clone();
        let kept = match &mut left {
            Left::All => self.pending.len(),
            Left::Nothing => 0,
            Left::Some(chance) => below(chance, self.pending.len() + 1),
        };
        self.pending.iter().take(kept).for_each(|change| change.make(&mut names));
        let mut contents = Contents::new();
        for (path, entry) in &names {
            // A folder that is gone took everything with it.
            let mut above = path.ancestors().skip(1).take_while(|above| *above != self.root);
            if !above.all(|above| names.get(above) == Some(&Entry::Folder)) {
                continue;
            }
            let bytes = match entry {
                Entry::Folder => None,
                Entry::File(file) => Some(self.files[*file].after(&mut left)),
            };
            contents.insert(path.strip_prefix(&self.root).unwrap_or(path).to_path_buf(), bytes);
        }
        contents
    }

    fn change(&mut self, change: Change) {
        change.make(&mut self.names);
        self.pending.push(change);
    }

    fn edit(&mut self, file: usize, edit: Edit) {
        self.files[file].pending.push(edit);
    }

    fn synchronise_names(&mut self, folder: &Path) {
        let (done, rest) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|change: &Change| change.path().parent() == Some(folder));
        self.pending = rest;
        let done: Vec<Change> = done;
        done.iter().for_each(|change| change.make(&mut self.durable));
    }

    /// The file that a call works on by its number.
    fn open_file(&self, arguments: &str) -> Option<usize> {
        match self.names.get(&self.inside(opened(arguments))?) {
            Some(Entry::File(file)) => Some(*file),
            _ => None,
        }
    }

    /// A path below the root, without detours.
    fn inside(&self, path: Option<PathBuf>) -> Option<PathBuf> {
        let mut plain = PathBuf::new();
        for part in path?.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                Component::CurDir => {}
                other => plain.push(other),
            }
        }
        // Memory that processes share is made anew by whoever opens the database first.
        let shared = plain.to_string_lossy().ends_with("-shm");
        (plain.starts_with(&self.root) && !shared).then_some(plain)
    }
}

impl File {
    fn after(&self, left: &mut Left<'_>) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for edit in &self.pending {
            match (&mut *left, edit) {
                (Left::All, edit) => edit.make(&mut bytes),
                (Left::Nothing, _) => {}
                (Left::Some(chance), Edit::Length(_)) => {
                    if below(chance, 2) == 0 {
                        edit.make(&mut bytes);
                    }
                }
                // All, nothing, or some of the sectors.
                (Left::Some(chance), Edit::Write { at, bytes: new }) => match below(chance, 3) {
                    0 => edit.make(&mut bytes),
                    1 => {}
                    _ => {
                        let mut from = 0;
                        while from < new.len() {
                            let to = ((at + from) / SECTOR * SECTOR + SECTOR - at).min(new.len());
                            if below(chance, 2) == 0 {
                                write(&mut bytes, at + from, &new[from..to]);
                            }
                            from = to;
                        }
                    }
                },
            }
        }
        bytes
    }
}

/// The path of the number that a call works on: `11<PATH>, ...`.
fn opened(arguments: &str) -> Option<PathBuf> {
    let (number, rest) = arguments.split_once('<')?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    path(rest.split_once('>')?.0)
}

/// The n-th path that a call names, seen from its working folder.
fn named(arguments: &str, n: usize) -> Option<PathBuf> {
    let path = PathBuf::from(String::from_utf8(string(arguments, n)?).ok()?);
    if path.is_absolute() {
        return Some(path);
    }
    let (_, rest) = arguments.split_once("AT_FDCWD<")?;
    Some(self::path(rest.split_once('>')?.0)?.join(path))
}

/// The n-th text between quotes.
fn string(arguments: &str, n: usize) -> Option<Vec<u8>> {
    decode(arguments.split('"').nth(n * 2 + 1)?)
}

fn path(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(String::from_utf8(decode(text)?).ok()?))
}

/// Bytes from `\x2f\x74`.
fn decode(text: &str) -> Option<Vec<u8>> {
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex.strip_prefix(b"\\x")?).ok()?, 16).ok();
    text.as_bytes().chunks(4).map(byte).collect()
}

/// The number at the end of a call's arguments.
fn last_number(arguments: &str) -> Option<usize> {
    let inside = arguments.rsplit_once(')').map_or(arguments, |(inside, _)| inside);
    let inside = inside.trim_end_matches("<unfinished ...>");
    inside.rsplit_once(", ")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::calls;

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    /// A disk after these calls, in words with paths and texts in the clear.
    fn after(lines: &[(&str, &[&str], &str)]) -> Image {
        let mut trace = String::new();
        for (name, texts, rest) in lines {
            let mut rest = (*rest).to_string();
            for text in *texts {
                rest = rest.replacen('@', &hex(text), 1);
            }
            trace.push_str(&format!("7 {name}({rest}\n"));
        }
        let mut image = Image::new(Path::new("/s"));
        for call in calls(&trace) {
            image.take(&call).unwrap();
        }
        image
    }

    const MADE: &[(&str, &[&str], &str)] = &[
        ("openat", &["/s", "/s/a"], "AT_FDCWD<@>, \"@\", O_RDWR|O_CREAT, 0600) = 3"),
        ("pwrite64", &["/s/a", "one"], "3<@>, \"@\", 3, 0) = 3"),
        ("fdatasync", &["/s/a"], "3<@>) = 0"),
        ("fsync", &["/s"], "4<@>) = 0"),
        ("pwrite64", &["/s/a", "two"], "3<@>, \"@\", 3, 3) = 3"),
        ("unlink", &["/s/a"], "\"@\") = 0"),
    ];

    fn text(image: &Image, left: Left<'_>) -> Option<String> {
        let bytes = image.cut(left).remove(Path::new("a"))??;
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_was_synchronised_stays_and_the_rest_may_go() {
        let image = after(&MADE[..5]);
        assert_eq!(text(&image, Left::Nothing).as_deref(), Some("one"));
        assert_eq!(text(&image, Left::All).as_deref(), Some("onetwo"));
        assert_eq!(text(&after(&MADE[..3]), Left::Nothing), None, "its folder was not synchronised");
        assert_eq!(text(&after(&MADE[..2]), Left::All).as_deref(), Some("one"));
        assert_eq!(
            text(&after(MADE), Left::Nothing).as_deref(),
            Some("one"),
            "nobody waited for its removal"
        );
        assert_eq!(text(&after(MADE), Left::All), None);
    }

    #[test]
    fn writes_are_torn_between_sectors() {
        let long = "x".repeat(2000);
        let image =
            after(&[MADE[0], MADE[3], ("pwrite64", &["/s/a", &long], "3<@>, \"@\", 2000, 100) = 2000")]);
        let mut torn = 0;
        for seed in 0..50 {
            let bytes = text(&image, Left::Some(&mut Chance(seed))).unwrap();
            let count = bytes.bytes().filter(|byte| *byte == b'x').count();
            // The first and the last sector are not filled.
            assert!([0, 412, 52, 412 + 52].contains(&(count % 512)), "{count}");
            torn += usize::from(count > 0 && count < 2000);
        }
        assert!(torn > 5);
    }
}
