//! Every row of the tables compared with what the real sprig answered.
//!
//! The tables are written by `tests/oracle/sprig/generate.sh` of the repository; this needs no Go.

mod draws;
mod host;
mod rows;

use std::path::Path;

use rows::{Row, compare};

macro_rules! tables {
    ($($name:ident $least:literal)*) => {
        $(#[test]
        fn $name() {
            let file = concat!(stringify!($name), ".jsonl");
            let rows = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(file));
            assert!(rows.len() >= $least, "{file} has only {} rows", rows.len());
            report(&rows);
        })*
    };
}

tables! {
    texts 260
    lists 260
    dicts 200
    numbers 230
    json 110
    encodings 100
    semver 210
    dates 100
    crypto 60
    regex 120
    urls 45
}

/// Rows of a file that is named in the environment: those that `generate.sh fuzz` prints.
#[test]
fn differential() {
    let Ok(path) = std::env::var("AURAK_SPRIG_ROWS") else { return };
    report(&read(Path::new(&path)));
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
