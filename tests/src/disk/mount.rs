//! Small and read-only file systems, where this machine lets a process have its own mounts.

use std::io;
use std::process::{Command, Stdio};

use crate::process::{Done, Folder, Running, missing};

/// Ways to a namespace in which one may mount, the one that needs no rights first.
const WAYS: &[&[&str]] = &[&["unshare", "-Urm"], &["unshare", "-m"]];

/// How mounts are made here. Where nobody lets us there is no way, and what needs one is skipped and says
/// so; where the real thing is required, that is a failure.
pub fn way() -> Result<Option<&'static [&'static str]>, String> {
    let way = WAYS.iter().copied().find(|way| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]).args(["sh", "-c", "mount -t tmpfs -o size=64k none /mnt && test -w /mnt"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    if way.is_none() {
        missing("nobody may mount here", "let `unshare -Urm` make namespaces, or be root")?;
    }
    Ok(way)
}

/// Runs a script for bash in a stack's folder, with mounts of its own that end with it. `$0` is the
/// program. With `set -e` it ends at the first command that fails, and what it says is told.
pub fn script(folder: &Folder, way: &[&str], script: &str, args: &[&str]) -> io::Result<Done> {
    let words: Vec<&str> = way.iter().chain(&["bash", "-euc", script]).copied().collect();
    let mut command = folder.under(&words);
    command.args(args);
    Running::start(command)?.end()
}
