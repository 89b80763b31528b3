//! Saved plans: applied by a fresh process that has the plan, the key and the place of the state and
//! nothing else; refused where a byte was changed; stale only for what they touch.

use std::fs;
use std::path::Path;

use aurak_run::file;
use aurak_tests::process::{Done, Folder, Running};

use crate::AURAK;

/// `aurak` in another folder than the stack's.
fn run_in(folder: &Folder, dir: &Path, args: &[&str]) -> Done {
    let mut command = folder.command(args);
    command.current_dir(dir);
    Running::start(command).unwrap().end().unwrap()
}

fn good(done: Done) -> Done {
    assert_eq!(done.code, Some(0), "{done:?}");
    done
}

/// Secrets from a profile, from the environment and drawn on the way; and what is only planned when
/// the run has come so far, from the sources that the plan carries.
const PLANTED: &str = r#"
aurak: 1
name: demo
inputs:
  token: { type: string, sensitive: true }
let:
  words: "{{ file('words.txt') }}"
resources:
  drawn: { type: core.random, kind: password }
  tells:
    type: core.command
    create: "printf '%s|%s' \"$TOKEN\" \"$PIN\" > told; printf '{\"names\": [\"a\", \"b\"]}'"
    environment: { TOKEN: "{{ token }}", PIN: "{{ env('PIN') }}" }
  kept: { type: core.file, path: kept, content: "{{ token }}/{{ drawn.result }}" }
  later:
    type: core.file
    for_each: "{{ tells.output.names }}"
    path: "later-{{ each.key }}"
    content: "{{ words }} {{ token }} {{ env('PIN') }} {{ template('words.tpl', {'n': 3}) }}"
outputs:
  token: { value: "{{ token }}", sensitive: true }
"#;

#[test]
fn files_whose_names_come_later_are_carried_where_they_have_a_folder() {
    let stack = r#"
aurak: 1
name: demo
resources:
  first: { type: core.data, input: one }
  carried:
    type: core.data
    for_each: "{{ [first.output] }}"
    input: "{{ file('parts/' ~ each.key ~ '.txt') | trim }}"
  any:
    type: core.data
    for_each: "{{ [first.output] }}"
    input: "{{ file(each.key ~ '.txt') }}"
outputs:
  carried: { value: "{{ carried | values | map(attribute='output') | list }}" }
"#;
    for (stack, code) in
        [(stack.to_string(), 1), (stack.replace("file(each.key", "file('parts/' ~ each.key"), 0)]
    {
        let folder = Folder::with_stack(AURAK, &stack).unwrap();
        fs::create_dir(folder.root().join("stack/parts")).unwrap();
        folder.write("parts/one.txt", "said in a part").unwrap();
        folder.write("one.txt", "said anywhere").unwrap();
        let unsaved = good(folder.run(&["plan", "--state", "../state"]).unwrap());
        assert!(!unsaved.stdout.contains("does not carry"), "{unsaved:?}");
        let saved = good(folder.run(&["plan", "--state", "../state", "-o", "../saved.plan"]).unwrap());
        assert_eq!(
            saved.stdout.matches("the saved plan does not carry what").count(),
            code as usize,
            "{saved:?}"
        );
        fs::remove_dir_all(folder.root().join("stack")).unwrap();
        let empty = folder.root().join("empty");
        fs::create_dir(&empty).unwrap();
        let done = run_in(&folder, &empty, &["apply", "../saved.plan", "--state", "../state"]);
        assert_eq!(done.code, Some(code), "{done:?}");
        let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.contains("`one.txt`: the saved plan does not carry it"), code == 1, "{done:?}");
        assert!(!said.contains("parts/one.txt"), "{done:?}");
    }
}

#[test]
fn a_plan_is_applied_without_its_sources() {
    let mut folder = Folder::with_stack(AURAK, PLANTED).unwrap();
    folder.write("secrets.yml", "token: planted-by-profile\n").unwrap();
    folder.write("words.txt", "said in a file").unwrap();
    folder.write("words.tpl", "{{ n }} times").unwrap();
    folder.set("PIN", "planted-by-environment");
    good(
        folder
            .run(&["plan", "--profile", "secrets.yml", "--state", "../state", "-o", "../saved.plan"])
            .unwrap(),
    );

    // The process that applies it finds nothing but the plan, the key and the state.
    folder.set("PIN", "another one");
    fs::remove_dir_all(folder.root().join("stack")).unwrap();
    let empty = folder.root().join("empty");
    fs::create_dir(&empty).unwrap();
    let done = good(run_in(&folder, &empty, &["apply", "../saved.plan", "--state", "../state"]));
    let text = |name: &str| fs::read_to_string(empty.join(name)).unwrap();
    assert_eq!(text("told"), "planted-by-profile|planted-by-environment", "{done:?}");
    let (token, drawn) = text("kept").split_once('/').map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
    assert_eq!(token, "planted-by-profile");
    assert!(drawn.len() > 15, "{drawn}");
    for name in ["later-a", "later-b"] {
        assert_eq!(text(name), "said in a file planted-by-profile planted-by-environment 3 times");
    }
    // A plan is applied once.
    let again = run_in(&folder, &empty, &["apply", "../saved.plan", "--state", "../state"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("the plan is stale"), "{again:?}");
    assert_eq!(folder.left_behind(), [""; 0]);
}

/// A small plan with a secret in it: its bytes and the folder that it belongs to.
fn small() -> (Folder, Vec<u8>) {
    let stack = "aurak: 1\nname: demo\nresources:\n  file: { type: core.file, path: out, content: secret, sensitive: true }\n";
    let folder = Folder::with_stack(AURAK, stack).unwrap();
    good(folder.run(&["plan", "--state", "../state", "-o", "../saved.plan"]).unwrap());
    let bytes = fs::read(folder.path("../saved.plan")).unwrap();
    (folder, bytes)
}

#[test]
fn every_changed_byte_is_refused() {
    let (folder, bytes) = small();
    let key = folder.key().unwrap();
    assert!(file::read(&bytes, &key).is_ok());
    let mut changed = bytes.clone();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            assert!(file::read(&changed, &key).is_err(), "byte {at}, bit {bit}");
            changed[at] = bytes[at];
        }
    }
    for at in 0..bytes.len() {
        assert!(file::read(&bytes[..at], &key).is_err(), "cut off at {at}");
        let mut more = bytes.clone();
        more.insert(at, bytes[at]);
        assert!(file::read(&more, &key).is_err(), "doubled at {at}");
        more.drain(at..at + 2);
        assert!(file::read(&more, &key).is_err(), "left out at {at}");
    }
    for more in [&b"\n"[..], b" ", b"\0", b"{}"] {
        assert!(file::read(&[&bytes, more].concat(), &key).is_err(), "{more:?} at the end");
    }
    // What only looks different is another file too: the same JSON in other words.
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [(":", ": "), ("demo", "d\\u0065mo"), ("{", "{ "), ("\"version\":0", "\"version\":0.0")]
    {
        assert!(text.contains(from), "{from}");
        assert!(file::read(text.replacen(from, to, 1).as_bytes(), &key).is_err(), "{from} as {to}");
    }
}

#[test]
fn a_changed_plan_is_not_applied() {
    let (folder, bytes) = small();
    let before = bytes.len();
    let (open, sealed) = (before / 4, before - 100);
    for at in [0, 3, 15, 30, open, before / 2, sealed, before - 4, before - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(folder.path("../changed.plan"), changed).unwrap();
        let done = folder.run(&["apply", "../changed.plan", "--state", "../state"]).unwrap();
        assert_eq!(done.code, Some(1), "byte {at}: {done:?}");
        assert!(done.stderr.contains("plan"), "byte {at}: {done:?}");
        assert!(!folder.path("out").exists() && !folder.path("../state").exists(), "byte {at}: {done:?}");
    }
    // Nor with another key; and it was the changes that did it.
    let mut other = folder.command(&["apply", "../saved.plan", "--state", "../state"]);
    other.env("AURAK_KEY", &*aurak_state::Key::generate().unwrap().to_base64());
    let done = Running::start(other).unwrap().end().unwrap();
    assert_eq!((done.code, folder.path("out").exists()), (Some(1), false), "{done:?}");
    assert!(done.stderr.contains("does not fit: this plan was sealed with the key"), "{done:?}");
    good(folder.run(&["apply", "../saved.plan", "--state", "../state"]).unwrap());
    assert_eq!(folder.read("out"), "secret");
}

/// `b` is what the plan changes; it says the mode of `read`, and nothing else of it. `a` is beside.
const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  x: { type: string, default: one }
  y: { type: string, default: one }
let:
  words: "{{ file('words.txt') }}"
resources:
  a: { type: core.file, path: a, content: "{{ x }}" }
  b: { type: core.file, path: b, content: "{{ y }} {{ read.mode }} {{ words }}" }
  read: { type: core.file, path: read, content: "{{ x }}", mode: "0640" }
"#;

const AFTER: &str = "two 0640 word";

/// A plan that changes `b`, something that happens, and then the plan: what becomes of it.
fn after(meddle: impl FnOnce(&Folder)) -> (Folder, Done) {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    folder.write("words.txt", "word").unwrap();
    folder.write("p.yml", "y: two\n").unwrap();
    good(folder.run(&["apply", "--yes"]).unwrap());
    good(folder.run(&["plan", "--profile", "p.yml", "-o", "../saved.plan"]).unwrap());
    meddle(&folder);
    let done = folder.run(&["apply", "../saved.plan"]).unwrap();
    (folder, done)
}

fn is_fresh(what: &str, meddle: impl FnOnce(&Folder)) -> Folder {
    let (folder, done) = after(meddle);
    assert_eq!(done.code, Some(0), "{what}: {done:?}");
    assert_eq!(folder.read("b"), AFTER, "{what}");
    folder
}

fn is_stale(what: &str, why: &str, meddle: impl FnOnce(&Folder)) {
    let (folder, done) = after(meddle);
    assert_eq!(done.code, Some(1), "{what}: {done:?}");
    for words in ["the plan is stale: ", why, "plan again"] {
        assert!(done.stderr.contains(words), "{what}: {words}: {done:?}");
    }
    assert_ne!(folder.read("b"), AFTER, "{what}");
}

#[test]
fn a_plan_that_nothing_happened_to_is_fresh() {
    is_fresh("nothing", |_| {});
}

#[test]
fn an_unrelated_apply_leaves_it_fresh() {
    let folder = is_fresh("an apply of what it does not touch", |folder| {
        good(folder.run(&["apply", "--yes", "--var", "x=three", "--only", "a"]).unwrap());
    });
    assert_eq!(folder.read("a"), "three");
}

#[test]
fn a_related_apply_makes_it_stale() {
    is_stale("an apply of what it changes", "`b` was changed by another apply since", |folder| {
        good(folder.run(&["apply", "--yes", "--var", "y=three"]).unwrap());
    });
    is_stale("an apply that deletes it", "`b` is gone from the state", |folder| {
        good(folder.run(&["destroy", "--yes"]).unwrap());
    });
}

#[test]
fn drift_makes_it_stale_where_it_touches() {
    is_stale("drift in what it changes", "`b` was changed outside aurak since", |folder| {
        folder.write("b", "drifted").unwrap();
    });
    is_stale("what it changes is gone", "`b` was changed outside aurak since", |folder| {
        fs::remove_file(folder.path("b")).unwrap();
    });
    is_stale("drift in what it reads", "`read` was changed outside aurak since", |folder| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder.path("read"), fs::Permissions::from_mode(0o600)).unwrap();
    });
}

#[test]
fn drift_elsewhere_leaves_it_fresh() {
    let folder = is_fresh("drift in what it does not touch", |folder| {
        folder.write("a", "drifted").unwrap();
    });
    assert_eq!(folder.read("a"), "drifted");
    is_fresh("drift in what it does not read of what it reads", |folder| {
        folder.write("read", "drifted").unwrap();
    });
}

#[test]
fn a_changed_configuration_makes_it_stale() {
    is_stale("the stack", "`aurak.yaml` was changed since", |folder| {
        folder.write("aurak.yaml", format!("{STACK}\n# a word\n")).unwrap();
    });
    is_stale("a profile", "`p.yml` was changed since", |folder| {
        folder.write("p.yml", "y: two # a word\n").unwrap()
    });
    is_stale("a file that is read", "`words.txt` was changed since", |folder| {
        folder.write("words.txt", "words").unwrap();
    });
    is_stale("a file that is gone", "`p.yml` is gone", |folder| {
        fs::remove_file(folder.path("p.yml")).unwrap()
    });
}

#[test]
fn what_it_would_create_being_there_makes_it_stale() {
    let (folder, _) = small();
    folder.write("out", "somebody's").unwrap();
    let done = folder.run(&["apply", "../saved.plan", "--state", "../state"]).unwrap();
    assert_eq!(done.code, Some(1), "{done:?}");
    assert_eq!(folder.read("out"), "somebody's");
}

#[test]
fn a_first_plan_is_applied_once() {
    let (folder, _) = small();
    good(folder.run(&["apply", "--state", "../state", "../saved.plan"]).unwrap());
    // To another place that has no state yet, to the same once more, and to the same without it.
    let other = folder.run(&["apply", "--state", "../other", "../saved.plan"]).unwrap();
    assert_eq!(other.code, Some(1), "{other:?}");
    let words = "the plan is stale: it was applied before, and began the state in `";
    assert!(other.stderr.contains(words) && other.stderr.contains("/state`"), "{other:?}");
    assert!(!folder.path("../other/state.db").exists());
    let again = folder.run(&["apply", "--state", "../state", "../saved.plan"]).unwrap();
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("`file` was created since"), "{again:?}");
    fs::remove_dir_all(folder.path("../state")).unwrap();
    let gone = folder.run(&["apply", "--state", "../state", "../saved.plan"]).unwrap();
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(gone.stderr.contains("it was applied before"), "{gone:?}");
}

#[test]
fn a_first_plan_that_could_not_begin_its_state_can_be_applied_again() {
    let (folder, _) = small();
    folder.write("../blocked", "a file").unwrap();
    let blocked = folder.run(&["apply", "--state", "../blocked/state", "../saved.plan"]).unwrap();
    assert_eq!(blocked.code, Some(1), "{blocked:?}");
    good(folder.run(&["apply", "--state", "../state", "../saved.plan"]).unwrap());
}
