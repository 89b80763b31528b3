//! Every scenario of `tests/scenarios` comes out as it was reviewed.
//!
//! `AURAK_BLESS=1` writes what came out into the files; `AURAK_SCENARIO=name` plays only those whose
//! name contains this.

use std::path::{Path, PathBuf};

use aurak_tests::scenario::play;
use aurak_tests::scenario::script::Script;

/// The least number of scenarios: a folder that was not found must not pass.
const AT_LEAST: usize = 40;

#[test]
fn scenarios_come_out_as_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let bless = std::env::var_os("AURAK_BLESS").is_some();
    let only = std::env::var("AURAK_SCENARIO").unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(paths.len() >= AT_LEAST, "{} scenarios in {}", paths.len(), folder.display());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.contains(&only) {
            continue;
        }
        if let Err(why) = check(&path, bless) {
            wrong.push(format!("== {name}\n{why}"));
        }
    }
    assert!(wrong.is_empty(), "{} scenarios came out differently\n{}", wrong.len(), wrong.join("\n"));
}

fn check(path: &Path, bless: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let script = Script::parse(&text).map_err(|e| e.to_string())?;
    let played = play(&script).map_err(|e| e.to_string())?;
    let out = played.script.to_string();
    if bless && out != text {
        std::fs::write(path, &out).map_err(|e| e.to_string())?;
    }
    let mut why = played.problems.join("\n");
    if !bless && out != text {
        let diff = similar::TextDiff::from_lines(text.as_str(), out.as_str());
        why.push_str(&diff.unified_diff().context_radius(3).header("reviewed", "came out").to_string());
    }
    if why.is_empty() { Ok(()) } else { Err(why) }
}
