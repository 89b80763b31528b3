//! Who is at work, for locks and the journal.

use std::path::Path;
use std::process::{Command, Stdio};

/// `user@host` as well as it can be found out.
pub(crate) fn user() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    user.unwrap_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()))
}

/// The machine's name.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The commit that a folder is at, where it is in a Git repository; `+` where something is changed
/// there and not committed.
pub(crate) fn commit(dir: &Path) -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "core.fsmonitor=false", "-C"])
            .arg(dir)
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .env("GIT_OPTIONAL_LOCKS", "0")
            .output()
            .ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| !commit.is_empty())?;
    let changed = git(&["status", "--porcelain", "--", "."]).is_some_and(|lines| !lines.is_empty());
    Some(if changed { format!("{commit}+") } else { commit })
}
