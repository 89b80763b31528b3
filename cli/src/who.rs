//! Who is at work, for locks and the journal.

use std::path::Path;
use std::process::{Command, Stdio};

/// The user's name as well as it can be found out: services and containers often set no variable.
pub(crate) fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let variable = || {
        let names = ["USER", "LOGNAME"].into_iter();
        names.filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty())
    };
    let listed = || name_in(&std::fs::read_to_string("/etc/passwd").ok()?, uid);
    variable().or_else(listed).unwrap_or_else(|| format!("uid{uid}"))
}

/// The name of a user in the form of `/etc/passwd`.
fn name_in(passwd: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_string())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nana:x:1000:1000::/home/ana:/bin/sh\n";
        assert_eq!(name_in(passwd, 1000).as_deref(), Some("ana"));
        assert_eq!(name_in(passwd, 100), None);
    }
}
