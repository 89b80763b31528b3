//! `aurak sandbox log`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;

/// Show what was asked of the sandbox, and what it answered
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  aurak sandbox log --writes\n  aurak sandbox log --json | jq .answer.status"
)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// Only what changes something
    #[arg(long)]
    writes: bool,
    /// Whole requests and answers, as NDJSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let path = args.place.home()?.log();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Exit::Done),
        Err(error) => return Err(CommandError::file("read", &path, &error)),
    };
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| CommandError::file("read", &path, &error))?;
        // The last line of a sandbox that was killed may be cut off.
        let Ok(entry) = serde_json::from_str::<Value>(&line) else { continue };
        let text = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or_default();
        if args.writes && !changes(text("/method"), text("/path")) {
            continue;
        }
        if args.json {
            ui.print(&format!("{line}\n"))?;
            continue;
        }
        let status = entry.pointer("/answer/status").map_or("no answer".to_string(), Value::to_string);
        let code = text("/answer/body/error/code");
        let fault = text("/fault");
        let parts = [code, fault];
        let more: String =
            parts.iter().filter(|part| !part.is_empty()).map(|part| format!("  {part}")).collect();
        ui.print(&format!("{}  {:6} {status}  {}{more}\n", text("/time"), text("/method"), text("/path")))?;
    }
    Ok(Exit::Done)
}

/// Whether a request is one to change something. Tokens, and keys that an action lists, are only asked
/// for.
fn changes(method: &str, path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    match method {
        "GET" | "HEAD" => false,
        "POST" => last != "token" && last != "devicecode" && !last.starts_with("list"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_asks_changes_nothing() {
        assert!(changes("PUT", "/subscriptions/s") && changes("POST", "/clusters/c/stop"));
        assert!(!changes("GET", "/clusters/c") && !changes("POST", "/t/oauth2/v2.0/token"));
        assert!(!changes("POST", "/clusters/c/listClusterAdminCredential"));
    }
}
