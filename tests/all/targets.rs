//! Every target of the coverage-guided fuzz with every seed, in a normal build: what once was a finding
//! stays mended. Seeds whose names begin with `good` are what their reader wants, and stay so.

use std::path::{Path, PathBuf};

use aurak_tests::targets::{MOST_BYTES, TARGETS};

#[test]
fn seeds_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut refused = Vec::new();
    for target in TARGETS {
        let mut seeds = Vec::new();
        files(&root.join("fuzz/seeds").join(target.name), "", &mut seeds);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for (folder, end) in target.seeds {
            files(&root.join(folder), end, &mut seeds);
        }
        let mut accepted = 0;
        for path in seeds {
            let bytes = std::fs::read(&path).unwrap();
            if bytes.len() > MOST_BYTES {
                continue;
            }
            let good = std::panic::catch_unwind(|| (target.run)(&bytes));
            let Ok(good) = good else { panic!("{} fails with {}", target.name, path.display()) };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !good && name.starts_with("good") {
                refused.push(format!("{} refuses {}", target.name, path.display()));
            }
            accepted += usize::from(good);
        }
        assert!(accepted > 0, "{} accepts no seed at all", target.name);
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Files of a folder and those below it whose names end like this, in order.
fn files(folder: &Path, end: &str, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, end, out);
        } else if path.to_string_lossy().ends_with(end) {
            out.push(path);
        }
    }
}
