//! `core.file`: a text file on this machine.
//!
//! Written whole or not at all: into a file beside it, which is then given its name. A relative
//! path stays inside the stack's folder; an absolute one goes where it says. Links in folders on
//! the way are followed, those of a relative path only as long as they stay inside; the id is the path
//! without them. A link at the place itself never is: it counts as something that is not ours, is not
//! read, and is not written through.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use aurak_api::{Applied, Effect, Progress, ProviderError, Update};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Path as ModelPath, Value};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::provider::{Core, text, with};

/// Contents are kept in the state; more than this does not belong there.
const MAX_SIZE: u64 = 16 << 20;

/// A file as it is to be.
struct Wanted {
    place: PathBuf,
    content: Value,
    mode: u32,
}

pub(crate) async fn create(core: &Core, desired: &Value) -> Result<Progress, ProviderError> {
    write(core, desired, default_mode(desired), true).await
}

pub(crate) async fn update(core: &Core, update: &Update) -> Result<Progress, ProviderError> {
    let Update { id, desired, live, unset } = update;
    let kept = match text(live, "mode").and_then(|text| parse_mode(text).ok()) {
        Some(mode) if is_secret(desired) == is_secret(live) && !unset.contains(&ModelPath::key("mode")) => {
            mode
        }
        _ => default_mode(desired),
    };
    // The path may be spelled in another way now; the file keeps its id.
    let path = desired.as_map().and_then(|map| map.get("path")).cloned().unwrap_or_default();
    let written = write(core, &with(desired, [("path", (&**id).into())]), kept, false).await?;
    Ok(match written {
        Progress::Done(Applied { attributes, .. }) => {
            Progress::Done(Applied { id: id.clone(), attributes: with(&attributes, [("path", path)]) })
        }
        other => other,
    })
}

async fn write(core: &Core, desired: &Value, mode: u32, new: bool) -> Result<Progress, ProviderError> {
    // It becomes the id, which is never sealed.
    if desired.as_map().and_then(|map| map.get("path")).is_some_and(Value::has_marks) {
        return Err(ProviderError::permanent("`path` is sensitive, and the id would show it")
            .help("give the file a name that is no secret"));
    }
    let revealed = desired.reveal();
    let path = text(&revealed, "path").unwrap_or_default().to_string();
    let wanted = Wanted {
        place: place(&core.options.folder, &path)?,
        content: revealed.as_map().and_then(|map| map.get("content")).cloned().unwrap_or_default(),
        mode: text(&revealed, "mode").map_or(Ok(mode), parse_mode)?,
    };
    let mode = wanted.mode;
    let (named, folder) = (path.clone(), core.options.folder.clone());
    let id = blocking(&path, move || {
        stays_inside(&folder, &named, &wanted.place).map_err(Outside::refused)?;
        let put = put(&wanted, new);
        // Its folder is there now.
        let id = identity(&folder, &named, &wanted.place);
        put.map_err(|failure| failure.tell(&named, &id)).map(|()| id)
    })
    .await??;
    Ok(Progress::Done(applied(&id, desired, mode)))
}

pub(crate) async fn read(core: &Core, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
    let place = place(&core.options.folder, id)?;
    let (named, folder) = (id.to_string(), core.options.folder.clone());
    let spelled = text(&last.reveal(), "path").unwrap_or_default().to_string();
    let looked = blocking(id, move || {
        stays_inside(&folder, &named, &place)?;
        let real = identity(&folder, &named, &place);
        // As the configuration spells it, where that leads to the same file.
        let same = self::place(&folder, &spelled).is_ok_and(|at| identity(&folder, &spelled, &at) == real);
        Ok::<_, Outside>((look(&place), if same { spelled } else { named }, real))
    })
    .await?;
    let (looked, path, real) = match looked {
        Ok(looked) => looked,
        Err(outside) => return Ok(Refreshed::Unreadable(outside.to_string())),
    };
    Ok(match looked {
        Ok(Looked::Absent) => Refreshed::Absent,
        Ok(Looked::Other(what)) => Refreshed::Unreadable(format!("`{id}` {what}")),
        Ok(Looked::File { content, mode }) => {
            // Content that was a secret is one still, whatever it is now.
            let content = Value::from(content);
            let content = if is_secret(last) { content.sensitive() } else { content };
            let body = with(last, [("path", path.into()), ("content", content)]);
            let Applied { id, attributes } = applied(&real, &body, mode);
            Refreshed::Found { id, attributes }
        }
        Err(error) => Refreshed::Unreadable(format!("`{id}` cannot be read: {error}")),
    })
}

pub(crate) async fn delete(core: &Core, id: &str) -> Result<Progress, ProviderError> {
    let place = place(&core.options.folder, id)?;
    let (named, folder) = (id.to_string(), core.options.folder.clone());
    blocking(id, move || {
        stays_inside(&folder, &named, &place).map_err(Outside::refused)?;
        match fs::remove_file(&place) {
            Err(error) if !is_absent(&error) => {
                Err(ProviderError::permanent(format!("`{named}` cannot be deleted: {error}")))
            }
            _ => {
                sync_folder(&place);
                Ok(())
            }
        }
    })
    .await??;
    Ok(Progress::Deleted)
}

fn applied(id: &str, body: &Value, mode: u32) -> Applied {
    // `0o644` and `0644` are the same: the one that the configuration has is kept.
    let written = text(body, "mode").filter(|text| parse_mode(text).is_ok_and(|same| same == mode));
    let mode = written.map_or_else(|| format!("{mode:04o}"), str::to_string);
    let mut attributes = with(body, [("mode", mode.into()), ("id", id.into())]);
    if is_secret(body) {
        let content = attributes.as_map().and_then(|map| map.get("content")).cloned().unwrap_or_default();
        attributes = with(&attributes, [("content", content.sensitive())]);
    }
    Applied { id: id.into(), attributes }
}

/// Whether the content must not be shown: the configuration says so, or it is made of secrets.
fn is_secret(body: &Value) -> bool {
    let map = body.as_map();
    map.and_then(|map| map.get("sensitive")).and_then(Value::as_bool).unwrap_or_default()
        || map.and_then(|map| map.get("content")).is_some_and(Value::has_marks)
}

/// The mode where nothing is said.
fn default_mode(desired: &Value) -> u32 {
    if is_secret(desired) { 0o600 } else { 0o644 }
}

fn parse_mode(text: &str) -> Result<u32, ProviderError> {
    u32::from_str_radix(text.strip_prefix("0o").unwrap_or(text), 8)
        .ok()
        .filter(|mode| *mode <= 0o777)
        .ok_or_else(|| ProviderError::permanent(format!("`mode` is `{text}`; write it like `0644`")))
}

/// Where a path leads.
fn place(folder: &Path, path: &str) -> Result<PathBuf, ProviderError> {
    if path.is_empty() || path.contains('\0') || path.ends_with('/') {
        return Err(ProviderError::permanent(format!("`{path}` is no path of a file")));
    }
    let written = Path::new(path);
    if written.is_absolute() {
        return Ok(written.to_path_buf());
    }
    let mut inside = PathBuf::new();
    for component in written.components() {
        let stays = match component {
            Component::Normal(name) => {
                inside.push(name);
                true
            }
            Component::CurDir => true,
            Component::ParentDir => inside.pop(),
            Component::RootDir | Component::Prefix(_) => false,
        };
        if !stays {
            return Err(ProviderError::permanent(format!("`{path}` leads out of the stack's folder"))
                .help("write an absolute path if that is meant"));
        }
    }
    if inside.file_name().is_none() {
        return Err(ProviderError::permanent(format!("`{path}` is no path of a file")));
    }
    Ok(folder.join(inside))
}

/// What tells a file from others: its path, and where links lead to its folder, the path without them.
/// A relative one stays relative, so that the stack's folder can move.
fn identity(folder: &Path, path: &str, place: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real = |place: &Path| Some(place.parent()?.canonicalize().ok()?.join(place.file_name()?));
    let (Some(real), Ok(root)) = (real(place), folder.canonicalize()) else { return path.to_string() };
    let absolute = Path::new(path).is_absolute();
    let (direct, real) = match absolute {
        true => (place, &*real),
        false => match (place.strip_prefix(folder), real.strip_prefix(&root)) {
            (Ok(direct), Ok(real)) => (direct, real),
            _ => return path.to_string(),
        },
    };
    match real.to_str() {
        Some(real) if Path::new(real) != direct => real.to_string(),
        _ => path.to_string(),
    }
}

/// A relative path whose folder is a link to somewhere else, or lies below one.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` leads out of the stack's folder, to `{folder}`")]
struct Outside {
    path: String,
    folder: String,
}

impl Outside {
    fn refused(self) -> ProviderError {
        ProviderError::permanent(self.to_string()).help("write an absolute path if that is meant")
    }
}

/// Whether the folder of a relative path is inside the stack's folder once all links are followed.
/// Folders that are not there yet are made as folders, so the deepest that is there decides.
fn stays_inside(folder: &Path, path: &str, place: &Path) -> Result<(), Outside> {
    if Path::new(path).is_absolute() {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(root) = folder.canonicalize() else { return Ok(()) };
    let real = place.ancestors().skip(1).find_map(|above| above.canonicalize().ok());
    match real {
        Some(real) if !real.starts_with(&root) => {
            Err(Outside { path: path.to_string(), folder: real.display().to_string() })
        }
        _ => Ok(()),
    }
}

enum Looked {
    File { content: String, mode: u32 },
    Absent,
    Other(&'static str),
}

fn look(place: &Path) -> io::Result<Looked> {
    let found = match fs::symlink_metadata(place) {
        Err(error) if is_absent(&error) => return Ok(Looked::Absent),
        found => found?,
    };
    if found.is_symlink() {
        return Ok(Looked::Other("is a symbolic link, not a file"));
    }
    if !found.is_file() {
        return Ok(Looked::Other("is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(place)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Ok(Looked::Other("has more than 16 MiB"));
    }
    // What is not UTF-8 was not written by us: it differs, and is shown as well as it can be.
    let content = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Looked::File { content, mode: found.permissions().mode() & 0o7777 })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Why a file was not written.
enum Failure {
    Exists,
    Other(io::Error),
    /// It has its name already; whether that survives a power cut is not known.
    NotSynced(io::Error),
}

impl Failure {
    fn tell(self, path: &str, id: &str) -> ProviderError {
        match self {
            Failure::Exists => ProviderError::exists(id, format!("`{path}` is there already")),
            Failure::Other(error) => ProviderError::permanent(format!("`{path}` cannot be written: {error}")),
            Failure::NotSynced(error) => {
                ProviderError::permanent(format!("`{path}` was written but cannot be made durable: {error}"))
                    .effect(Effect::Unknown)
            }
        }
    }
}

fn put(wanted: &Wanted, new: bool) -> Result<(), Failure> {
    let Wanted { place, content, mode } = wanted;
    let content = content.as_str().unwrap_or_default();
    if content.len() as u64 > MAX_SIZE {
        return Err(Failure::Other(io::Error::other("it has more than 16 MiB")));
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).map_err(Failure::Other)?;
    }
    match fs::symlink_metadata(place) {
        Ok(_) if new => return Err(Failure::Exists),
        Ok(found) if !found.is_file() => {
            return Err(Failure::Other(io::Error::other("there is something else than a file")));
        }
        _ => {}
    }
    let beside = beside(place);
    let file = locked(&beside).map_err(Failure::Other)?;
    let written = fill(&file, content, *mode).and_then(|()| rename(&beside, place, new));
    if written.is_err() {
        // What could not be given its name is of no use; that it cannot be removed helps nobody.
        let _ = fs::remove_file(&beside);
    }
    drop(file);
    written?;
    match place.parent() {
        Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(Failure::NotSynced),
        None => Ok(()),
    }
}

/// The same name each time, so that a killed run leaves one such file at the most, and the next
/// write of the same file removes it.
fn beside(place: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(".aurak-new");
    place.with_file_name(name)
}

/// Makes the file beside anew, for nobody else's eyes, and for this write alone: another one of the same
/// file, under whatever path, waits. What a killed run left is free, and goes.
fn locked(beside: &Path) -> io::Result<File> {
    // A file system without locks has nobody who waits.
    let lock = |file: &File| match file.lock() {
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
        _ => Ok(()),
    };
    let is_there = |file: &File| -> io::Result<bool> {
        let own = file.metadata()?;
        Ok(fs::symlink_metadata(beside).is_ok_and(|at| (at.dev(), at.ino()) == (own.dev(), own.ino())))
    };
    loop {
        match File::options().write(true).create_new(true).mode(0o600).open(beside) {
            Ok(file) => {
                lock(&file)?;
                if is_there(&file)? {
                    return Ok(file);
                }
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Who opens a pipe waits for somebody at its other end.
                let opened = match fs::symlink_metadata(beside) {
                    Ok(found) if found.is_file() => File::open(beside),
                    Ok(_) => Err(ErrorKind::InvalidInput.into()),
                    Err(error) => Err(error),
                };
                let other = match opened {
                    Ok(other) => other,
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(_) => {
                        remove(beside)?;
                        continue;
                    }
                };
                lock(&other)?;
                if is_there(&other)? {
                    remove(beside)?;
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The mode comes when the content is there.
fn fill(mut file: &File, content: &str, mode: u32) -> Result<(), Failure> {
    let mut write = || -> io::Result<()> {
        file.write_all(content.as_bytes())?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()
    };
    write().map_err(Failure::Other)
}

fn rename(beside: &Path, place: &Path, new: bool) -> Result<(), Failure> {
    if new {
        match renameat_with(CWD, beside, CWD, place, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::EXIST) => return Err(Failure::Exists),
            // A file system that does not know the flag: it was looked at a moment ago.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {}
            Err(error) => return Err(Failure::Other(error.into())),
        }
    }
    fs::rename(beside, place).map_err(Failure::Other)
}

fn sync_folder(place: &Path) {
    // A deletion that a power cut takes back is seen and made again.
    if let Some(folder) = place.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

async fn blocking<T: Send + 'static>(
    path: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ProviderError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ProviderError::permanent(format!("`{path}`: {error}")).effect(Effect::Unknown))
}
