//! Every row of the tables compared with what Go answered.
//!
//! The tables are written by `tests/oracle/template/generate.sh` of the repository; this needs no Go.

mod functions;
mod host;
mod limits;
mod mutants;
mod rows;

use std::path::Path;

use rows::{Row, compare};

#[test]
fn printing() {
    table("printing.jsonl", 200);
}

#[test]
fn quoting_and_numbers() {
    table("quoting.jsonl", 60);
}

#[test]
fn parsing() {
    table("parsing.jsonl", 100);
}

#[test]
fn executing() {
    table("executing.jsonl", 500);
}

#[test]
fn findings() {
    table("findings.jsonl", 8);
}

/// Rows of a file that is named in the environment: those that `generate.sh fuzz` prints.
#[test]
fn differential() {
    let Ok(path) = std::env::var("AURAK_GOTEMPLATE_ROWS") else { return };
    report(&read(Path::new(&path)));
}

fn table(name: &str, least: usize) {
    let rows = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(name));
    assert!(rows.len() >= least, "{name} has only {} rows", rows.len());
    report(&rows);
}

fn read(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).expect("a table");
    text.lines().map(|line| serde_json::from_str(line).map(Row::new).expect("a row")).collect()
}

fn report(rows: &[Row]) {
    let wrong: Vec<String> = rows.iter().filter_map(|row| compare(row).err()).collect();
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} rows differ:\n{shown}", wrong.len(), rows.len());
}
