//! The example stacks, planned and applied by the real program: the plans come out as the files
//! beside them say, an apply is followed by an empty plan, and a destroy leaves nothing.

use std::fs;
use std::path::Path;

use aurak_tests::process::Folder;

use crate::AURAK;
use crate::docs::{repository, same_as_file};

/// An example in a folder of its own.
fn example(name: &str) -> Folder {
    let folder = Folder::new(AURAK).unwrap();
    copy(&repository().join("examples").join(name), &folder.path("."));
    folder
}

/// Copies a stack without what an apply left there.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_name().to_str() {
            Some(".aurak" | "out") => {}
            _ if entry.path().is_dir() => copy(&entry.path(), &to),
            _ => {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
}

fn aurak(folder: &Folder, args: &[&str]) -> String {
    let done = folder.run(args).unwrap();
    assert_eq!(done.code, Some(0), "aurak {}\n{}{}", args.join(" "), done.stdout, done.stderr);
    done.stdout
}

/// A plan as it is typed and printed, without how long reading took.
fn plan(folder: &Folder, options: &[&str]) -> String {
    let args = [&["plan"], options].concat();
    let out = aurak(folder, &args);
    let (head, rest) = out.split_once('\n').unwrap();
    let head = match (head.split_once(" in "), head.split_once(" with ")) {
        (Some((before, _)), Some((_, after))) => format!("{before} in 0.1s with {after}"),
        _ => head.to_string(),
    };
    let typed: Vec<String> = args
        .iter()
        .map(|arg| if arg.contains([' ', '{']) { format!("'{arg}'") } else { arg.to_string() })
        .collect();
    format!("$ aurak {}\n{head}\n{rest}", typed.join(" "))
}

/// Applies, sees that nothing is left to do, and destroys.
fn applies(folder: &Folder, choice: &[&str], then: impl FnOnce()) {
    aurak(folder, &[&["apply", "--yes"], choice].concat());
    aurak(folder, &[&["plan", "--exit-code"], choice].concat());
    then();
    aurak(folder, &[&["destroy", "--yes"], choice].concat());
}

/// The files below a folder.
fn files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[test]
fn first() {
    let folder = example("first");
    same_as_file("examples/first/plan.txt", &plan(&folder, &[]));
    applies(&folder, &[], || {
        let names: Vec<String> =
            serde_json::from_str(&aurak(&folder, &["output", "names", "--json"])).unwrap();
        let drawn = names[0].strip_prefix("api-").unwrap();
        assert_eq!(aurak(&folder, &["output", "services"]).trim(), "2");
        assert!(
            !aurak(&folder, &["output"]).contains(aurak(&folder, &["output", "password", "--reveal"]).trim())
        );

        // Somebody adds a port by hand, and somebody else one in the configuration.
        let text = folder.read("out/services.json");
        folder.write("out/services.json", text.replace("8081\n", "8081,\n    \"ftp\": 21\n")).unwrap();
        let later = plan(&folder, &["--var", "services={mail: 2525}"]).replace(drawn, "k3x9fq");
        same_as_file("examples/first/later.txt", &later);
        for page in ["README.md", "docs/plans.md"] {
            let text = fs::read_to_string(repository().join(page)).unwrap();
            let shows = text.contains(&format!("```text\n{later}```"));
            assert!(shows, "{page} does not show examples/first/later.txt");
        }
    });
    assert_eq!(files(&folder.path("out")), 0);
}

#[test]
fn environments() {
    let folder = example("environments");
    let plans = ["test", "live"].map(|name| plan(&folder, &["--env", name]));
    same_as_file("examples/environments/plan.txt", &plans.join("\n"));
    applies(&folder, &["--env", "test"], || applies(&folder, &["--env", "live"], || {}));
    assert_eq!(files(&folder.path("out")), 0);
}
