//! The binary as users meet it: stacks from templates, in folders of their own, without a terminal.

#![expect(clippy::unwrap_used, reason = "helpers of tests may end them")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use insta::assert_snapshot;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A folder with a template's stack in it.
    fn of(template: &str) -> Folder {
        let folder = Folder::new();
        folder.run(&["init", "--name", "demo", "--template", template]);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aurak"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null()).env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("XDG_DATA_HOME", self.path().join("data")).env("USER", "ana");
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Both outputs and the exit code, without what differs from run to run.
    fn run(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let mut text = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        if !err.is_empty() {
            text.push_str("--\n");
            text.push_str(&err);
        }
        text.push_str(&format!("[{}]\n", output.status.code().unwrap()));
        text.replace(&*self.path().to_string_lossy(), "FOLDER")
    }
}

/// Times, keys and drawn names of a text made the same.
fn settings() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d+\.\ds", "TIME");
    settings.add_filter(r"keys/[0-9a-f]{32}", "keys/ID");
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID");
    settings.add_filter(r"Hello, [a-z0-9]{8}!", "Hello, VISITOR!");
    settings.bind_to_scope()
}

#[test]
fn alone_it_shows_what_one_needs() {
    assert_snapshot!(Folder::new().run(&[]), @"
    aurak brings declared infrastructure and the real one together.

      aurak init NAME     write a first stack into a new folder
      aurak plan          say what is different, and what would be done about it
      aurak apply         do it, after asking
      aurak show          say what is there
      aurak destroy       delete it again, after asking

    Every command has --help; `aurak --help` lists all of them.
    [0]
    ");
}

#[test]
fn a_first_stack_is_planned_applied_shown_and_destroyed() {
    let _guard = settings();
    let folder = Folder::of("hello");
    assert_snapshot!(folder.run(&["plan", "--exit-code"]), @"
    demo

    + letter                core.file    create
        content             (known after visitor)
        path                letter.txt
        sensitive           false
    + password              core.random  create
        kind                password
    + visitor               core.random  create
        kind                id

    outputs
      + password            (sensitive, known after password)
      + visitor             (known after visitor)

    3 to create
    [2]
    ");
    assert!(!folder.path().join(".aurak").exists(), "a plan leaves nothing behind");
    assert_snapshot!(folder.run(&["apply"]), @"
    --
    error: apply asks before it changes anything, and nobody is there to answer
      help: add --yes, or save a plan with `aurak plan -o FILE` and apply that
    [1]
    ");
    let applied = folder.run(&["apply", "--yes"]);
    assert!(
        applied.contains("3 created\noutputs: `aurak output`\n") && applied.ends_with("[0]\n"),
        "{applied}"
    );
    assert_snapshot!(folder.run(&["plan", "--exit-code"]), @"
    demo  1 resource read in TIME with 1 request

    nothing to do; 3 as they should be
    [0]
    ");
    assert_snapshot!(folder.run(&["output", "password"]), @"
    --
    error: the output `password` is sensitive
      help: add --reveal to print it all the same
    [1]
    ");
    assert_eq!(folder.run(&["output", "password", "--reveal"]).lines().next().unwrap().len(), 32);
    assert_snapshot!(folder.run(&["show", "leter"]), @"
    --
    error: the state has no `leter`
      help: did you mean `letter`?
    [1]
    ");
    assert_snapshot!(folder.run(&["state", "check"]), @"
    the state is in order
    [0]
    ");
    assert_snapshot!(folder.run(&["state", "unlock"]), @"
    nobody holds the lock
    [0]
    ");
    std::fs::write(folder.path().join("letter.txt"), "scribbled over\n").unwrap();
    assert_snapshot!(folder.run(&["plan", "--exit-code"]), @r#"
    demo  1 resource read in TIME with 1 request

    ≠ changed outside aurak
        letter              content  "Hello, VISITOR!\n" → "scribbled over\n"  will be set back

    ~ letter                core.file  in place
        content             "scribbled over\n" → "Hello, VISITOR!\n"           aurak.yaml:24:14

    1 to change, 1 drifted; 2 as they should be
    [2]
    "#);
    let destroyed = folder.run(&["destroy", "--yes", "--short"]);
    assert!(destroyed.ends_with("3 deleted\n[0]\n"), "{destroyed}");
    assert!(!folder.path().join("letter.txt").exists());
}

#[test]
fn every_template_plans_at_once_and_settles() {
    for (template, extra) in [("hello", None), ("environments", Some("live")), ("commands", None)] {
        let folder = Folder::of(template);
        let with = |args: &[&str]| {
            let mut args = args.to_vec();
            if let Some(environment) = extra {
                args.extend(["--env", environment]);
            }
            folder.run(&args)
        };
        assert!(with(&["validate"]).ends_with("[0]\n"), "{}", with(&["validate"]));
        assert!(with(&["plan", "--exit-code"]).ends_with("[2]\n"), "{template}");
        assert!(with(&["apply", "--yes"]).ends_with("[0]\n"), "{template}");
        assert!(with(&["plan", "--exit-code"]).ends_with("[0]\n"), "{template}");
        assert!(with(&["destroy", "--yes"]).ends_with("[0]\n"), "{template}");
    }
}

#[test]
fn a_saved_plan_is_shown_and_applied_elsewhere() {
    let folder = Folder::of("hello");
    assert!(folder.run(&["plan", "-o", "next.plan"]).contains("next: `aurak apply next.plan`"));
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::rename(folder.path().join("next.plan"), elsewhere.join("next.plan")).unwrap();
    let shown = folder.run(&["-C", "elsewhere", "show", "next.plan", "--json"]);
    assert!(shown.contains("\"format\":\"aurak.plan/1\""), "{shown}");
    let refused = folder.run(&["-C", "elsewhere", "apply", "next.plan", "--var", "greeting=x"]);
    assert!(refused.contains("a saved plan has its own"), "{refused}");
    let applied = folder.run(&["-C", "elsewhere", "apply", "next.plan", "--state", "state"]);
    assert!(applied.ends_with("[0]\n"), "{applied}");
    assert!(elsewhere.join("letter.txt").exists() && elsewhere.join("state/state.db").exists());
    let again = folder.run(&["-C", "elsewhere", "apply", "next.plan", "--state", "state"]);
    assert!(again.contains("stale") && again.ends_with("[1]\n"), "{again}");
}

#[test]
fn events_are_lines_of_json() {
    let folder = Folder::of("hello");
    let output = folder.output(&["apply", "--yes", "--json"]);
    assert!(output.status.success());
    let lines: Vec<serde_json::Value> = output
        .stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();
    assert_eq!(lines[0]["format"], "aurak.plan/1");
    for (n, event) in lines[1..].iter().enumerate() {
        assert_eq!(event["format"], "aurak.event/1");
        assert_eq!(event["n"], n);
    }
    assert_eq!(lines[1]["event"], "started");
    assert_eq!(lines[lines.len() - 1]["result"], "done");
}

#[test]
fn mistakes_are_met_kindly() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&["plan"]), @"
    --
    error: there is no aurak.yaml in FOLDER
      help: go to the stack's folder or name it with -C; `aurak init` writes a first stack
    [1]
    ");
    assert_snapshot!(folder.run(&["schema", "core.fiel"]), @"
    --
    error: there is no type `core.fiel`
      help: did you mean `core.file`?
    [1]
    ");
    assert_snapshot!(folder.run(&["init", "--template", "hello", "--name", "1"]), @"
    --
    error: a stack cannot be called `1`
      help: use letters, digits, `_` and `-`, beginning with a letter; give it with --name
    [1]
    ");
    folder.run(&["init", "--template", "hello"]);
    assert_snapshot!(folder.run(&["init", "--template", "hello"]), @"
    --
    error: `aurak.yaml` is there already
      help: nothing was written; name another folder
    [1]
    ");
    assert_snapshot!(folder.run(&["-C", "none", "plan"]), @"
    --
    error: could not go to `none`: No such file or directory (os error 2)
    [1]
    ");
    assert_snapshot!(folder.run(&["apply", "--lock-timeout", "soon"]), @"
    --
    error: invalid value 'soon' for '--lock-timeout <DURATION>': write a duration like 90s, 5m or 1h30m

    For more information, try '--help'.
    [1]
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let folder = Folder::of("hello");
    let mut child = folder.command(&["plan"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = folder.command(&["plan"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr).unwrap().starts_with("error: could not write to standard output")
    );
}

#[test]
fn without_the_key_nothing_is_planned_or_changed() {
    let folder = Folder::of("hello");
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    std::fs::rename(folder.path().join("data"), folder.path().join("away")).unwrap();
    for args in [&["plan"][..], &["plan", "-o", "x.plan"], &["apply", "--yes"], &["destroy", "--yes"]] {
        let refused = folder.run(args);
        assert!(
            refused.contains("error: the key of this state (`") && refused.ends_with("[1]\n"),
            "{refused}"
        );
        for place in ["AURAK_KEY", "AURAK_PASSPHRASE", "FOLDER/data/aurak/keys/"] {
            assert!(refused.contains(place), "{place}: {refused}");
        }
    }
    assert!(!folder.path().join("x.plan").exists() && !folder.path().join("data").exists());
    for args in [&["state", "list"][..], &["state", "show", "password"], &["state", "check"]] {
        assert!(folder.run(args).ends_with("[0]\n"), "{}", folder.run(args));
    }
    std::fs::rename(folder.path().join("away"), folder.path().join("data")).unwrap();
    assert!(folder.run(&["plan", "--exit-code"]).ends_with("[0]\n"));
}

#[test]
fn a_saved_plan_is_applied_where_it_was_made() {
    let folder = Folder::new();
    folder.run(&["init", "stack", "--template", "hello"]);
    assert!(folder.run(&["-C", "stack", "plan", "-o", "../next.plan"]).ends_with("[0]\n"));
    let applied = folder.run(&["apply", "next.plan"]);
    assert!(applied.ends_with("[0]\n"), "{applied}");
    assert!(folder.path().join("stack/letter.txt").exists() && folder.path().join("stack/.aurak").exists());
    assert!(!folder.path().join("letter.txt").exists() && !folder.path().join(".aurak").exists());
}

#[test]
fn a_plan_is_written_over_nothing_but_a_plan() {
    let folder = Folder::of("hello");
    assert_snapshot!(folder.run(&["plan", "-o", "aurak.yaml"]), @"
    --
    error: `aurak.yaml` is there already, and is no saved plan
      help: nothing was written; name another file
    [1]
    ");
    assert!(folder.run(&["plan", "-o", "none/next.plan"]).ends_with("[1]\n"));
    assert!(!folder.path().join("data").exists(), "no key was made");
    assert!(folder.run(&["plan", "-o", "next.plan"]).ends_with("[0]\n"));
    assert!(folder.run(&["plan", "-o", "next.plan"]).ends_with("[0]\n"));
}

#[test]
fn a_lost_report_is_an_error() {
    let folder = Folder::of("hello");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = folder.command(&["apply", "--yes"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(folder.path().join("letter.txt").exists(), "the run went on");
}

#[test]
fn errors_are_json_for_programs() {
    let folder = Folder::of("hello");
    std::fs::write(folder.path().join("aurak.yaml"), "aurak: 1\nname: demo\nresuorces: {}\n").unwrap();
    for args in [
        &["plan", "--json"][..],
        &["apply", "--yes", "--json"],
        &["destroy", "--yes", "--json"],
        &["show", "--json", "nope"],
        &["output", "--json", "nope"],
        &["state", "list", "--json"],
        &["state", "show", "--json", "nope"],
    ] {
        let output = folder.output(args);
        assert_eq!(output.status.code(), Some(1));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["format"], "aurak.error/1");
        assert_eq!(document["findings"][0]["severity"], "error");
        // What is documented, and nothing else.
        let page = include_str!("../../docs/reference/plan-json.md");
        let page = page.split("\n### A message").nth(1).unwrap().split("\n## ").next().unwrap();
        let finding = document["findings"][0].as_object().unwrap();
        let label = finding["labels"][0].as_object().unwrap();
        for key in finding.keys().chain(label.keys()) {
            assert!(page.contains(&format!("`{key}`")), "{key} is not documented");
        }
        assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["findings", "format"]);
    }
}

#[test]
fn a_renamed_stack_names_the_other_state_in_its_plan() {
    let folder = Folder::of("hello");
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    let stack = std::fs::read_to_string(folder.path().join("aurak.yaml")).unwrap();
    std::fs::write(folder.path().join("aurak.yaml"), stack.replace("name: demo", "name: other")).unwrap();
    let plan = folder.run(&["plan"]);
    assert!(plan.contains("`other` has no state, but this folder holds the state of `demo`"), "{plan}");
}

#[test]
fn a_profile_may_be_a_folder_elsewhere() {
    let folder = Folder::of("hello");
    let profile = folder.path().join("profile");
    std::fs::create_dir(&profile).unwrap();
    std::fs::write(profile.join("a.yml"), "greeting: Hail\n").unwrap();
    let valid = folder.run(&["validate", "--profile", profile.to_str().unwrap()]);
    assert!(valid.ends_with("[0]\n"), "{valid}");
}

#[test]
fn a_state_that_lost_its_contents_is_damaged_and_not_new() {
    let folder = Folder::of("hello");
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    std::fs::write(folder.path().join(".aurak/demo/state.db"), "").unwrap();
    for args in [&["plan"][..], &["apply", "--yes"], &["state", "list"]] {
        let refused = folder.run(args);
        assert!(refused.contains("the state is damaged") && refused.ends_with("[1]\n"), "{refused}");
    }
}

#[test]
fn what_a_type_says_must_hold_is_checked_by_plans() {
    let folder = Folder::new();
    let stack = r#"aurak: 1
name: demo
resources:
  a: { type: core.command, create: [] }
  b: { type: core.command, create: {} }
  c: { type: core.command, create: " " }
  d: { type: core.command, create: ["true"], read: 4, environment: { "A=B": x, "": y, C: "a\0b" } }
  e: { type: core.command, create: ["echo", { a: 1 }] }
  f: { type: core.command, create: ["echo", 1, true], read: null, update: ["x"], environment: { A: "{{ k.result }}" } }
  g: { type: core.random, kind: integer }
  h: { type: core.random, kind: integer, min: 5, max: 3 }
  i: { type: core.random, kind: integer, max: -1 }
  k: { type: core.random, kind: integer, min: 5, max: 5 }
"#;
    std::fs::write(folder.path().join("aurak.yaml"), stack).unwrap();
    let refused = folder.run(&["plan"]);
    let said: Vec<&str> =
        refused.lines().filter(|line| ["error", "-->", "^"].iter().any(|part| line.contains(part))).collect();
    assert_snapshot!(said.join("\n"), @"
    error: `create` of `a` does not fit
     --> aurak.yaml:4:36
      |                                    ^ it must be a list of arguments that is not empty, or a text for `sh -c`
    error: `create` of `b` does not fit
     --> aurak.yaml:5:36
      |                                    ^ it must be a list of arguments that is not empty, or a text for `sh -c`
    error: `create` of `c` does not fit
     --> aurak.yaml:6:36
      |                                    ^^^^ it must be a list of arguments that is not empty, or a text for `sh -c`
    error: `read` of `d` does not fit
     --> aurak.yaml:7:52
      |                                                    ^ it must be a list of arguments, or a text for `sh -c`
    error: `environment` of `d` does not fit
     --> aurak.yaml:7:68
      |                                                                    ^ a variable needs a name
    error: `environment` of `d` does not fit
     --> aurak.yaml:7:68
      |                                                                    ^ the name of a variable cannot have a `=` in it
    error: `environment` of `d` does not fit
     --> aurak.yaml:7:68
      |                                                                    ^
    error: `create` of `e` does not fit
     --> aurak.yaml:8:36
      |                                    ^ it must be a list of arguments that is not empty, or a text for `sh -c`
    error: `kind` of `g` does not fit
      --> aurak.yaml:10:33
       |                                 ^^^^^^^ an `integer` needs `max`, the most that it may be
    error: `max` of `h` does not fit
      --> aurak.yaml:11:55
       |                                                       ^ it is less than `min`, which is 0 where nothing is said
    error: `max` of `i` does not fit
      --> aurak.yaml:12:47
       |                                               ^^ it is less than `min`, which is 0 where nothing is said
    11 errors
    ");
}

#[test]
fn a_variable_for_an_input_that_is_no_text_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::of("hello");
    let value = std::ffi::OsStr::from_bytes(b"canary\xff");
    let output = folder.command(&["plan"]).env("AURAK_VAR_greeting", value).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("the value of the environment variable AURAK_VAR_greeting is not UTF-8"), "{err}");
    assert!(!err.contains("canary"), "{err}");
    let name = std::ffi::OsStr::from_bytes(b"AURAK_VAR_\xff");
    let output = folder.command(&["plan"]).env(name, "x").output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("the name of the environment variable"));
    let output = folder.command(&["plan"]).env("AURAK_VAR_others", "canary").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(out.contains("AURAK_VAR_others") && !out.contains("canary"), "{out}");
}

#[test]
fn an_address_of_several_shows_them() {
    let folder = Folder::new();
    let stack = r#"aurak: 1
name: demo
resources:
  pool: { type: core.data, for_each: [a, b], input: "{{ each.key }}" }
  pool2: { type: core.data }
modules:
  inner: { source: ./inner }
"#;
    std::fs::write(folder.path().join("aurak.yaml"), stack).unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let module = "resources:\n  one: { type: core.data }\n";
    std::fs::write(folder.path().join("inner/module.yaml"), module).unwrap();
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    let group = folder.run(&["show", "pool"]);
    assert!(group.contains("pool[\"a\"]") && group.contains("pool[\"b\"]"), "{group}");
    assert!(group.contains("2 resources") && !group.contains("pool2"), "{group}");
    let module = folder.run(&["state", "show", "inner"]);
    assert!(module.contains("inner.one") && module.contains("1 resource"), "{module}");
    let json: serde_json::Value =
        serde_json::from_slice(&folder.output(&["show", "pool", "--json"]).stdout).unwrap();
    assert_eq!(json["resources"].as_array().unwrap().len(), 2);
    assert!(folder.run(&["show", "poool2"]).contains("did you mean `pool2`?"));
    assert!(folder.run(&["show", "poool"]).contains("did you mean"));
}

#[test]
fn with_nothing_to_do_programs_are_told_so() {
    let folder = Folder::of("hello");
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    let output = folder.output(&["apply", "--yes", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0]["format"], "aurak.plan/1");
    assert_eq!(lines[0]["has_changes"], false);
    assert_eq!((&lines[1]["event"], &lines[1]["stack"]), (&"started".into(), &"demo".into()));
    assert!(lines[1].get("operation").is_none());
    assert_eq!((&lines[2]["event"], &lines[2]["result"]), (&"finished".into(), &"done".into()));
    assert_eq!((&lines[1]["n"], &lines[2]["n"]), (&0.into(), &1.into()));
}

/// Writes the row of an address again, as another version of its type.
async fn rewrite(folder: &Path, address: &str, version: u32) {
    use aurak_model::record::{OperationId, Outcome, Record, RowChange};
    use aurak_state::{Holder, SqliteStore, Store as _};
    let store = SqliteStore::open(folder.join(".aurak/demo"), None).unwrap();
    let lease =
        store.acquire(Holder::new("ana", 1, "host", None), std::time::Duration::from_secs(60)).await.unwrap();
    let doc = store.document().await.unwrap();
    let row = doc.rows.values().find(|row| row.address.as_str() == address).unwrap();
    let row = aurak_model::Row { schema_version: version, ..(**row).clone() };
    let outcome = Outcome {
        operation: OperationId("by-hand".into()),
        step: aurak_model::StepId(0),
        key: None,
        rows: vec![RowChange::Put(row.into())],
        error: None,
        took: None,
        at_ms: 0,
    };
    store.append(lease.fence, vec![Record::Outcome(outcome)]).await.unwrap();
    store.release(lease).await.unwrap();
}

#[tokio::test]
async fn rows_of_other_versions_are_upgraded_or_refused() {
    let folder = Folder::new();
    let stack = "aurak: 1\nname: demo\nresources:\n  one: { type: core.data, input: 1 }\n";
    std::fs::write(folder.path().join("aurak.yaml"), stack).unwrap();
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    rewrite(folder.path(), "one", 9).await;
    for args in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"], &["plan", "-o", "x.plan"]] {
        let refused = folder.run(args);
        let said = "`one` was written by version 9 of core.data, and this aurak has version 1";
        assert!(refused.contains(said) && refused.ends_with("[1]\n"), "{refused}");
    }
    assert!(folder.run(&["show", "one", "--detail"]).contains("of the type 9"));
    rewrite(folder.path(), "one", 0).await;
    let plan = folder.run(&["plan"]);
    assert!(plan.contains("nothing to do; 1 as it should be"), "{plan}");
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    assert!(folder.run(&["show", "one", "--detail"]).contains("of the type 1"));
    assert!(folder.run(&["state", "check"]).ends_with("[0]\n"));
}

const CHOICES: &str = "
aurak: 1
name: demo
environments: { test: {}, live: {} }
inputs:
  size: { type: string }
  token: { type: string, sensitive: true }
resources:
  one:
    type: core.command
    create: '[ -e ready ]'
    environment: { SIZE: '{{ size }}', TOKEN: '{{ token }}' }
outputs:
  size: { value: '{{ size }}' }
";

#[test]
fn the_next_command_works_on_the_same_world() {
    let folder = Folder::new();
    let stack = folder.path().join("my stack");
    std::fs::create_dir(&stack).unwrap();
    std::fs::write(stack.join("aurak.yaml"), CHOICES).unwrap();
    let place = "--state '../its state' --env test";
    let given = ["-C", "my stack", "--state", "../its state", "--env", "test"];
    let inputs = ["--var", "size=it is [1]", "--var", "token=CANARY"];
    let run = |words: &[&str]| folder.run(&[words, &given[..], &inputs[..]].concat());
    let failed = run(&["apply", "--yes"]);
    let again = format!("`aurak -C 'my stack' apply {place} --var 'size=it is [1]' --var token=...`");
    assert!(failed.contains(&again) && failed.ends_with("[1]\n"), "{failed}");
    let saved = run(&["plan", "-o", "a plan"]);
    assert!(saved.contains("`aurak -C 'my stack' apply 'a plan' --state '../its state'`"), "{saved}");
    std::fs::write(stack.join("ready"), "").unwrap();
    let other = ["--var", "size=other", "--var", "token=CANARY"];
    let done = folder.run(&[&["apply", "--yes"], &given[..], &other[..]].concat());
    assert!(
        done.contains(&format!("outputs: `aurak -C 'my stack' output {place} --var size=other")),
        "{done}"
    );
    let unknown = run(&["show", "nope"]);
    assert!(
        unknown.contains(&format!(
            "`aurak -C 'my stack' state list {place} --var 'size=it is [1]' --var token=...`"
        )),
        "{unknown}"
    );
    assert!(![failed, saved, done, unknown].concat().contains("CANARY"));
}

#[test]
fn a_change_of_an_output_alone_is_counted() {
    let folder = Folder::new();
    let path = folder.path().join("aurak.yaml");
    let stack = "aurak: 1\nname: demo\nresources: { a: { type: core.data } }\noutputs: { x: { value: 1 } }\n";
    std::fs::write(&path, stack).unwrap();
    assert!(folder.run(&["apply", "--yes"]).ends_with("[0]\n"));
    std::fs::write(&path, stack.replace("value: 1", "value: 2")).unwrap();
    let plan = folder.run(&["plan", "--exit-code"]);
    assert!(plan.ends_with("\n1 output to change; 1 as it should be\n[2]\n"), "{plan}");
}

#[test]
fn of_many_findings_the_errors_are_shown_first_and_all_on_request() {
    let folder = Folder::new();
    let mut stack = "aurak: 1\nname: demo\nlet:\n".to_string();
    for n in 0..60 {
        stack.push_str(&format!("  x{n}: '{{{{ nope{n} }}}}'\n"));
    }
    std::fs::write(folder.path().join("aurak.yaml"), stack).unwrap();
    let errors = |args: &[&str]| folder.run(args).matches("error: ").count();
    let some = folder.run(&["plan"]);
    assert!(some.contains("10 more; --detail shows them"), "{some}");
    assert_eq!((errors(&["plan"]), errors(&["plan", "--detail"]), errors(&["validate"])), (50, 60, 60));
}
