//! Secrets that are easy to recognise, planted wherever secrets come from, and looked for in
//! everything that comes out: what is printed, what is written, what everybody on the machine can
//! read of a running process. They may be where they were meant to go and nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use aurak_exec::{Cancel, Limits};
use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::record::EndResult;
use aurak_model::{Diagnostic, Files, Plan, PlanReport};
use aurak_plan::Options;
use aurak_render::plan::PlanView;
use aurak_run::{Applied, Approver, DiskStores, KeySource, Me, Request, Session};
use aurak_state::{Holder, Identity, Key, StoreError, SystemClock};
use aurak_tests::process::{Done, Folder, command_line, contains, processes, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::AURAK;

/// What all planted secrets begin with.
const CANARY: &str = "canary7q";

/// Commands tell the secrets to files in `meant`, print them as output, to standard error, and in
/// the end fail with them on their lips.
const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  token: { type: string, sensitive: true }
  pem: { type: string, sensitive: true }
  conf: { type: map, sensitive: true }
  fails: { type: boolean, default: false }
let:
  both: "{{ token }}:{{ conf.user }}"
resources:
  plain:
    type: core.data
    input:
      token: "{{ token }}"
      text: "before {{ token }} after"
      map: "{{ conf }}"
      json: "{{ conf | json }}"
      coded: "{{ both | b64encode }}"
  drawn: { type: core.random, kind: password, length: 24, special: false }
  file: { type: core.file, path: meant/file, content: "{{ both }}" }
  pinned: { type: core.file, path: meant/pinned, sensitive: true, content: "{{ env('PIN') }}" }
  told:
    type: core.command
    create: "printf %s \"$DRAWN\" > meant/drawn; touch started; while [ ! -e go ]; do sleep 0.01; done; echo $TOKEN >&2"
    environment: { TOKEN: "{{ token }}", DRAWN: "{{ drawn.result }}" }
    stdin: "{{ pem }}"
  prints:
    type: core.command
    create: "printf '{\"token\": \"%s\", \"in\": {\"list\": [\"x %s\"]}}' $TOKEN $TOKEN"
    read: "echo looking with $TOKEN >&2; printf '{\"token\": \"%s\"}' $TOKEN"
    environment: { TOKEN: "{{ token }}" }
  uses: { type: core.data, input: { of: "{{ prints.output.token }}" } }
  fails:
    when: "{{ fails }}"
    type: core.command
    create: "echo it is $TOKEN; cat >&2; echo \"$CONF and $TOKEN\" >&2; exit 3"
    environment: { TOKEN: "{{ token }}", CONF: "{{ conf | json }}" }
    stdin: "{{ pem }}"
outputs:
  token: { value: "{{ token }}", sensitive: true }
  drawn: { value: "{{ drawn.result }}", sensitive: true }
  conf: { value: "{{ conf }}", sensitive: true }
"#;

fn secrets(n: u32) -> String {
    format!(
        "token: {CANARY}-token-{n}\npem: |\n  {CANARY}-first-line-{n}\n  {CANARY}-second-line-{n}\n\
         conf: {{ user: {CANARY}-user-{n}, password: '{CANARY}\"quoted-{n}' }}\n"
    )
}

/// The forms in which a secret could hide.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![secret.into(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    // Base64 looks different for each of the three places in a group where it can begin; the
    // characters that also depend on what stands around it are left out.
    for before in 0..3 {
        let coded = STANDARD.encode([&vec![0; before], secret.as_bytes()].concat());
        let whole = (before + secret.len()) / 3 * 4;
        forms.push(coded.as_bytes()[if before == 0 { 0 } else { 4 }..whole].to_vec());
    }
    forms
}

#[test]
fn a_secret_is_recognised_in_all_forms() {
    for before in ["", "x", "xy", "xyz"] {
        let text = format!("{before}{CANARY}-and-more");
        assert!(
            forms(CANARY).iter().any(|form| contains(STANDARD.encode(&text).as_bytes(), form)),
            "{before}"
        );
    }
}

/// Looks for secrets in what it is given.
pub(crate) struct Watch {
    forms: Vec<Vec<u8>>,
    pub(crate) seen: BTreeSet<String>,
    pub(crate) looked_at: usize,
}

impl Watch {
    pub(crate) fn new() -> Watch {
        Watch { forms: forms(CANARY), seen: BTreeSet::new(), looked_at: 0 }
    }

    pub(crate) fn also(&mut self, secret: &str) {
        self.forms.extend(forms(secret));
    }

    pub(crate) fn look(&mut self, place: &str, bytes: &[u8]) {
        self.looked_at += 1;
        for form in &self.forms {
            if contains(bytes, form) {
                self.seen.insert(format!("{place}: {}", String::from_utf8_lossy(form)));
            }
        }
    }

    pub(crate) fn look_at(&mut self, what: &str, done: &Done) {
        assert!(!done.stdout.is_empty() || !done.stderr.is_empty(), "{what} says nothing");
        self.look(&format!("the output of {what}"), done.stdout.as_bytes());
        self.look(&format!("what {what} says beside"), done.stderr.as_bytes());
    }

    /// Looks at all files but those that the secrets were given in or meant for.
    fn look_through(&mut self, when: &str, dir: &Path) {
        for path in files(dir) {
            let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
            if name.starts_with("stack/meant/") || name.starts_with("stack/secrets") {
                continue;
            }
            // A log may go while it is looked at.
            self.look(&format!("{name} {when}"), &fs::read(&path).unwrap_or_default());
        }
    }
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

/// Reads the command lines of all processes again and again.
pub(crate) struct Guard {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<String>>,
}

impl Guard {
    pub(crate) fn start() -> Guard {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut lines = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                lines.extend(processes().map(command_line));
                thread::sleep(Duration::from_millis(1));
            }
            lines
        });
        Guard { stop, thread }
    }

    pub(crate) fn end(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn secrets_are_where_they_were_meant_to_go_and_nowhere_else() {
    let mut folder = Folder::with_stack(AURAK, STACK).unwrap();
    folder.set("PIN", &format!("{CANARY}-pin"));
    fs::create_dir(folder.path("meant")).unwrap();
    folder.write("secrets.yml", secrets(1)).unwrap();
    let mut watch = Watch::new();
    let guard = Guard::start();
    let run = |watch: &mut Watch, code: i32, args: &[&str]| {
        let done = folder.run(args).unwrap();
        assert_eq!(done.code, Some(code), "{args:?}: {done:?}");
        watch.look_at(&args.join(" "), &done);
    };
    let with = |args: &[&'static str]| [args, &["--profile", "secrets.yml"]].concat();

    // Before anything is there.
    run(&mut watch, 0, &with(&["validate"]));
    run(&mut watch, 0, &with(&["plan"]));
    run(&mut watch, 0, &with(&["plan", "--detail"]));
    run(&mut watch, 0, &with(&["plan", "--json"]));
    run(&mut watch, 0, &with(&["plan", "-o", "../saved.plan"]));
    run(&mut watch, 0, &["show", "../saved.plan", "--detail"]);
    run(&mut watch, 0, &["show", "../saved.plan", "--json"]);
    run(&mut watch, 0, &with(&["graph", "--format", "dot"]));
    run(&mut watch, 0, &["graph", "../saved.plan"]);
    run(&mut watch, 1, &with(&["apply"]));

    // While it is made: the journal has intents, outcomes and a log beside it.
    let apply = folder.start(&["apply", "../saved.plan", "--json"]).unwrap();
    until("the command runs", || folder.path("started").exists().then_some(())).unwrap();
    let mut drawn = String::new();
    until("the drawn one is told", || {
        drawn = folder.read("meant/drawn");
        (drawn.len() == 24).then_some(())
    })
    .unwrap();
    watch.also(&drawn);
    let log = folder.path(".aurak/demo/state.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    watch.look_through("during an apply", folder.root());
    folder.write("go", "").unwrap();
    let done = apply.end().unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    watch.look_at("apply FILE --json", &done);

    // When it is there.
    for args in [
        &["show"][..],
        &["show", "--json"],
        &["show", "--detail"],
        &["output"],
        &["output", "--json"],
        &["state", "list", "--json"],
        &["state", "show", "plain", "--detail"],
        &["state", "show", "prints", "--json"],
        &["state", "check"],
        &["graph", "--recorded"],
    ] {
        run(&mut watch, 0, &[args, &["--profile", "secrets.yml"]].concat());
    }
    run(&mut watch, 1, &with(&["output", "token"]));
    run(&mut watch, 0, &with(&["plan", "--exit-code"]));
    watch.look_through("after an apply", folder.root());

    // When they change, and when they are in the mouth of a command that fails.
    folder.write("secrets.yml", secrets(2)).unwrap();
    run(&mut watch, 0, &with(&["plan", "--detail"]));
    run(&mut watch, 0, &with(&["plan", "--json"]));
    run(&mut watch, 1, &with(&["apply", "--yes", "--var", "fails=true"]));
    run(&mut watch, 1, &with(&["apply", "--yes", "--var", "fails=true", "--json"]));
    folder.write("meant/file", format!("drifted {CANARY}")).unwrap();
    run(&mut watch, 0, &with(&["plan", "--detail"]));
    run(&mut watch, 0, &with(&["apply", "--yes", "--detail"]));
    watch.look_through("after a change", folder.root());
    run(&mut watch, 0, &with(&["destroy", "--yes"]));
    watch.look_through("after all", folder.root());

    let lines = guard.end();
    for line in &lines {
        watch.look("the list of processes", line.as_bytes());
    }
    // It has seen the one that had most to hide.
    assert!(lines.iter().any(|line| line.contains("touch started")), "{lines:?}");
    assert!(watch.looked_at > 100, "{}", watch.looked_at);
    assert_eq!(watch.seen, BTreeSet::new());
    assert_eq!(folder.left_behind(), [""; 0]);
}

#[test]
fn what_is_asked_for_is_shown() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    fs::create_dir(folder.path("meant")).unwrap();
    folder.write("secrets.yml", secrets(1)).unwrap();
    folder.write("go", "").unwrap();
    let mut apply = folder.command(&["apply", "--yes", "--profile", "secrets.yml"]);
    apply.env("PIN", format!("{CANARY}-pin"));
    let done = aurak_tests::process::Running::start(apply).unwrap().end().unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    let token = folder.run(&["output", "token", "--reveal", "--profile", "secrets.yml"]).unwrap();
    assert_eq!(token.stdout, format!("{CANARY}-token-1\n"), "{token:?}");
    assert_eq!(folder.read("meant/pinned"), format!("{CANARY}-pin"));
    assert_eq!(folder.read("meant/file"), format!("{CANARY}-token-1:{CANARY}-user-1"));
}

/// Mistakes in the files and variables that secrets are given in.
#[test]
fn errors_do_not_repeat_secrets() {
    let mut watch = Watch::new();
    let c = CANARY;
    for (what, profile) in [
        ("another type", format!("token: [{c}]\npem: {{ a: {c} }}\nconf: {c}\n")),
        ("a misspelt name", format!("token: {c}\ntokn: {c}\npem: {c}\n")),
        ("a name that is twice there", format!("token: {c}a\ntoken: {c}b\npem: {c}\n")),
        ("an open quote", format!("token: {c}\npem: \"{c}\nconf: {{ a: {c},\n")),
        ("an open list", format!("token: {c}\nconf: {{ a: {c}, b: [{c} }}\n")),
        ("a name in quotes", format!("fails: maybe\n\"token\": {c}\npem: {c}\n")),
        ("all on one line", format!("{{ token: {c}, fails: maybe, pem: {c} }}\n")),
        ("lines of text", format!("pem: |\n  {c}\n\n  {c}\nfails: maybe\ntoken: {c}\nconf: {{ a: {c} }}\n")),
        ("no map", format!("- {c}\n- {c}\n")),
        ("bad indentation", format!("token: {c}\n  pem: {c}\n {c}\n")),
        ("a number that is none", format!("token: {c}\npem: {c}\nconf: {{ a: 012, b: {c} }}\n")),
        ("an expression that is none", format!("token: \"{{{{ {c} + }}}}\"\npem: {c}\n")),
        ("a missing name", format!("token: \"{{{{ '{c}' + no_such_name }}}}\"\npem: {c}\n")),
    ] {
        let mut folder = Folder::with_stack(AURAK, STACK).unwrap();
        folder.set("PIN", "1");
        folder.write("secrets.yml", &profile).unwrap();
        let done = folder.run(&["plan", "--profile", "secrets.yml"]).unwrap();
        assert_eq!(done.code, Some(1), "{what}: {done:?}");
        watch.look_at(&format!("plan with {what}\n{}", done.stderr), &done);
    }
    for (what, name, value) in [
        ("another type", "AURAK_VAR_conf", format!("[{c}]")),
        ("no YAML", "AURAK_VAR_conf", format!("{{ a: {c}, b: \"{c}")),
        ("an unknown name", "AURAK_VAR_tokn", c.to_string()),
    ] {
        let mut folder = Folder::with_stack(AURAK, STACK).unwrap();
        folder.set("PIN", "1");
        folder.set(name, &value);
        let done = folder.run(&["plan"]).unwrap();
        assert_eq!(done.code, Some(1), "{what}: {done:?}");
        watch.look_at(&format!("plan with {what} in {name}"), &done);
    }
    assert!(watch.seen.is_empty(), "{}", watch.seen.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Secrets that stand in the stack itself, beside a mistake.
#[test]
fn errors_do_not_show_secret_defaults() {
    let mut watch = Watch::new();
    let c = CANARY;
    let stack = format!(
        "aurak: 1\nname: demo\nenvironments:\n  one: {{ inputs: {{ token: {c}, nothing: 1 }} }}\ninputs:\n  \
         nothin: 1\n  token: {{ type: string, sensitive: true, default: {c} }}\n  x: [\"{{{{ y }}}}\"]\n  pem:\n    \
         type: string\n    sensitive: true\n    default: |\n      {c}\n      {c}\n    no_such_key: 1\n"
    );
    let folder = Folder::with_stack(AURAK, &stack).unwrap();
    let done = folder.run(&["plan"]).unwrap();
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains("default: ********") && done.stderr.contains("no_such_key"), "{done:?}");
    watch.look_at(&format!("plan\n{}", done.stderr), &done);
    assert!(watch.seen.is_empty(), "{}", watch.seen.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Configurations of providers and attributes that a service never shows again, in the simulated
/// world: a saved plan, a state on a disk, events.
#[tokio::test(start_paused = true)]
async fn secrets_of_providers_are_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let stack = format!(
        "aurak: 1\nname: demo\nproviders:\n  sim: {{ token: \"{{{{ env('TOKEN') }}}}\" }}\nresources:\n  \
         group: {{ type: sim.group, name: demo }}\n  \
         secret: {{ type: sim.secret, name: one, value: {CANARY}-value }}\n  \
         thing: {{ type: sim.thing, name: thing, secret: \"{{{{ env('TOKEN') }}}}\" }}\n"
    );
    let mut sources = MemorySources::of([("aurak.yaml", stack.as_str())]);
    sources.env.insert("TOKEN".to_string(), format!("{CANARY}-token"));
    let registry = Arc::new(aurak_sim::World::new(1).registry());
    let keys = Arc::new(OneKey(Key::generate().unwrap().to_base64().to_string()));
    let session = Session {
        folder: None,
        sources: Arc::new(sources),
        request: LoadRequest::default(),
        schemas: Arc::new(registry.schemas()),
        registry,
        stores: Arc::new(DiskStores::new(dir.path().to_path_buf(), None, keys.clone())),
        clock: Arc::new(SystemClock),
        me: Me { who: "me".to_string(), host: "here".to_string(), pid: 1, commit: Arc::new(|| None) },
    };
    let mut watch = Watch::new();
    let outcome = aurak_run::plan(&session, Options::default()).await.unwrap();
    let view =
        PlanView { plan: &outcome.plan, report: &outcome.report, files: &outcome.files, took_ms: None };
    watch.look("the plan as JSON", aurak_render::json::plan(&view).to_string().as_bytes());
    watch.look("the plan in Rust", format!("{:?}", outcome.plan).as_bytes());
    let saved = aurak_run::save(&session, &outcome, &keys.key().unwrap()).unwrap();
    watch.look("the saved plan", &saved);

    let (events, mut received) = tokio::sync::mpsc::unbounded_channel();
    let request = Request {
        options: Options::default(),
        limits: Limits::default(),
        lock_timeout: Duration::ZERO,
        new: false,
        deferred_max: 0,
        cancel: Cancel::new(),
        events,
    };
    let saved = aurak_run::file::read(&saved, &keys.key().unwrap()).unwrap();
    let applied = aurak_run::apply_saved(&session, saved, request, &Nobody).await.unwrap();
    assert!(matches!(applied, Applied::Executed { end: EndResult::Done, .. }), "{applied:?}");
    let mut n = 0;
    while let Ok(event) = received.try_recv() {
        n += 1;
        watch.look("an event", serde_json::to_string(&event).unwrap().as_bytes());
    }
    assert!(n > 5);
    watch.look_through("after an apply", dir.path());
    let state = fs::read(dir.path().join("demo/state.db")).unwrap();
    assert!(contains(&state, b"sim.secret") && contains(&state, b"$sealed"));
    assert_eq!(watch.seen, BTreeSet::new());
}

/// The key of all states.
struct OneKey(String);

impl OneKey {
    fn key(&self) -> Result<Key, StoreError> {
        Key::from_base64(&self.0)
    }
}

impl KeySource for OneKey {
    fn find(&self, _: &Identity) -> Result<Option<Key>, StoreError> {
        self.key().map(Some)
    }

    fn make(&self, _: &Identity) -> Result<Key, StoreError> {
        self.key()
    }
}

/// A saved plan asks nobody.
struct Nobody;

#[async_trait]
impl Approver for Nobody {
    async fn approve(&self, _: &Plan, _: &PlanReport, _: &Files) -> bool {
        false
    }

    async fn waiting_for(&self, _: &Holder) {}

    async fn recovered(&self, _: &[Diagnostic]) {}
}
