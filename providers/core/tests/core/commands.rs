//! `core.command`.

use std::fs;
use std::sync::{Arc, Mutex};

use aurak_api::{Effect, Provider, ProviderError, Recovery, Update};
use aurak_model::Value;
use aurak_model::snapshot::Refreshed;

use crate::{call, core, done, get, until};

const CANARY: &str = "canary-0815-secret";

fn with(body: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut map = body.as_map().cloned().unwrap_or_default();
    map.insert(name, value.into());
    Value::from(map)
}

fn script(create: &str) -> Value {
    Value::map([("create", Value::from(create))])
}

fn secret_environment() -> Value {
    Value::map([("TOKEN", Value::from(CANARY).sensitive())])
}

async fn fails(core: &Arc<dyn Provider>, desired: &Value) -> ProviderError {
    core.create(&call(), "core.command", desired).await.unwrap_err()
}

#[tokio::test]
async fn a_command_gets_its_key_the_last_output_its_environment_and_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let show = r#"printf '{"key":"%s","last":%s,"a":"%s","in":"%s","dir":"%s"}' "$AURAK_IDEMPOTENCY_KEY" "$AURAK_OUTPUT" "$A" "$(cat)" "$(pwd -P)""#;
    let desired = with(&script(show), "update", show);
    let desired = with(&desired, "stdin", "hello");
    let desired = with(&desired, "environment", Value::map([("A", Value::from(1))]));
    let made = done(core.create(&call(), "core.command", &desired).await.unwrap());
    let output = get(&made.attributes, "output");
    assert_eq!(get(&output, "key"), "key-1".into());
    assert_eq!(get(&output, "last"), Value::map::<&str>([]));
    assert_eq!(get(&output, "a"), "1".into());
    assert_eq!(get(&output, "in"), "hello".into());
    assert_eq!(get(&output, "dir"), folder.path().canonicalize().unwrap().to_str().unwrap().into());

    let desired = with(&desired, "triggers", 2);
    let update = Update { id: made.id.clone(), desired, live: made.attributes, unset: Vec::new() };
    let changed = done(core.update(&call(), "core.command", &update).await.unwrap());
    assert_eq!(get(&changed.attributes, "output.last.in"), "hello".into());
    assert_eq!(changed.id, made.id);
}

#[tokio::test]
async fn update_runs_for_what_it_is_there_for() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let base = with(&script("echo '{\"n\":1}'"), "update", "echo x >> ran; echo not JSON");
    let made = done(core.create(&call(), "core.command", &base).await.unwrap());
    let ran = || fs::read_to_string(folder.path().join("ran")).unwrap_or_default().lines().count();
    let cases: [(&str, Value, usize); 6] = [
        ("read", "echo".into(), 0),
        ("delete", "true".into(), 0),
        ("sensitive", true.into(), 0),
        ("triggers", 1.into(), 1),
        ("environment", secret_environment(), 1),
        ("stdin", "x".into(), 1),
    ];
    for (name, value, runs) in cases {
        let before = ran();
        let desired = with(&base, name, value);
        let update =
            Update { id: made.id.clone(), desired, live: made.attributes.clone(), unset: Vec::new() };
        let changed = done(core.update(&call(), "core.command", &update).await.unwrap());
        assert_eq!(ran() - before, runs, "{name}");
        // A command that prints no object leaves the output as it was.
        assert_eq!(
            get(&changed.attributes, "output").reveal(),
            Value::map([("n", Value::from(1))]),
            "{name}"
        );
        assert_eq!(get(&changed.attributes, "output").has_marks(), name == "sensitive");
    }
}

#[tokio::test]
async fn reading_tells_absent_from_broken() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let read = |script: &str| {
        with(&with(&Value::Null, "read", script), "output", Value::map([("a", Value::from(1))]))
    };
    let found = core.read("core.command", "i", &read("echo '{\"b\":2}'")).await.unwrap();
    let Refreshed::Found { attributes, .. } = found else { panic!("{found:?}") };
    assert_eq!(get(&attributes, "output"), Value::map([("b", Value::from(2))]));
    assert_eq!(core.read("core.command", "i", &read("exit 4")).await.unwrap(), Refreshed::Absent);
    assert_eq!(
        core.read("core.command", "i", &read("echo no luck >&2; exit 5")).await.unwrap(),
        Refreshed::Unreadable("the `read` command failed with exit status 5\nno luck".into())
    );
}

#[tokio::test]
async fn a_secret_in_an_argument_is_refused_and_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let secret = Value::from(CANARY).sensitive();
    for name in ["create", "read", "update", "delete"] {
        let list = Value::list(["touch".into(), "started".into(), secret.clone()]);
        let desired = with(&script("touch started"), name, list);
        let error = fails(&core, &desired).await;
        assert_eq!(
            error.message,
            format!(
                "`{name}` has a sensitive value in its arguments, which everybody on the machine can read"
            )
        );
        assert_eq!(
            error.help.unwrap(),
            "hand it over by `environment` or `stdin`, and use `$NAME` in a text for `sh -c`"
        );
    }
    assert!(!folder.path().join("started").exists());
}

#[tokio::test]
async fn a_failure_shows_status_and_the_end_of_stderr_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let said = Arc::new(Mutex::new(Vec::new()));
    let mut call = call();
    call.progress = Arc::new({
        let said = said.clone();
        move |line| said.lock().unwrap().push(line)
    });
    // So much of it that the front is cut off, in the middle of a secret somewhere.
    let desired = script(
        "i=0; while [ $i -lt 1000 ]; do printf '%s' \"$TOKEN\" >&2; i=$((i+1)); done; \
                          echo >&2; echo \"bad $TOKEN and $(cat)\" >&2; exit 7",
    );
    let desired = with(&desired, "environment", secret_environment());
    let desired = with(&desired, "stdin", Value::from("another-secret").sensitive());
    let error = core.create(&call, "core.command", &desired).await.unwrap_err();
    assert_eq!(
        error.message,
        "the `create` command failed with exit status 7\n(sensitive)\nbad (sensitive) and (sensitive)"
    );
    assert_eq!(error.status.as_deref(), Some("exit status 7"));
    assert_eq!(error.effect, Effect::Untold);
    let said = said.lock().unwrap().join("\n");
    assert!(said.contains("bad (sensitive)"), "{said}");
    for part in ["canary", "0815", "another"] {
        assert!(!format!("{error:?}{said}").contains(part), "{part}");
    }
}

#[tokio::test]
async fn output_that_repeats_a_secret_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let desired = with(
        &script("printf '{\"url\":\"db://%s@host\",\"n\":1}' \"$TOKEN\""),
        "environment",
        secret_environment(),
    );
    let made = done(core.create(&call(), "core.command", &desired).await.unwrap());
    assert_eq!(format!("{:?}", get(&made.attributes, "output")), r#"{"n": 1, "url": (sensitive)}"#);
}

#[tokio::test]
async fn no_process_shows_a_secret_in_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let desired = script("touch started; while [ ! -e go ]; do sleep 0.01; done; : plain-0816-marker");
    let desired = with(&desired, "environment", secret_environment());
    let desired = with(&desired, "stdin", Value::from(CANARY).sensitive());
    let path = folder.path().to_path_buf();
    let looking = tokio::spawn(async move {
        until("the command runs", || path.join("started").exists().then_some(())).await;
        let lines: Vec<String> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        fs::write(path.join("go"), "").unwrap();
        lines
    });
    done(core.create(&call(), "core.command", &desired).await.unwrap());
    let lines = looking.await.unwrap();
    assert!(lines.iter().any(|line| line.contains("plain-0816-marker")), "the command was not seen");
    assert!(!lines.iter().any(|line| line.contains(CANARY)));
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let list = |items: Vec<Value>| with(&Value::Null, "create", Value::list(items));
    let cases = [
        (
            list(vec!["no-such-program".into()]),
            "the `create` command could not be started: there is no program `no-such-program`",
        ),
        (
            list(vec![folder.path().to_str().unwrap().into()]),
            "the `create` command could not be started: `FOLDER` may not be executed",
        ),
        (with(&Value::Null, "create", 5), "`create` is no command"),
        (list(vec!["echo".into(), Value::Null]), "`create` is no command"),
        (list(vec![]), "`create` is empty"),
        (with(&script("true"), "read", 5), "`read` is no command"),
        (
            with(&script("true"), "environment", Value::map([("A=B", Value::from("x"))])),
            "`environment`: `A=B` is no name of a variable",
        ),
        (
            with(&script("true"), "environment", Value::map([("A", Value::list(["x".into()]))])),
            "`environment`: `A` is no text",
        ),
        (
            with(&script("true"), "environment", Value::map([("A", Value::from("x".repeat(1 << 20)))])),
            "the `create` command could not be started: its arguments and environment (with AURAK_OUTPUT) are too long",
        ),
    ];
    for (desired, message) in cases {
        let error = fails(&core, &desired).await;
        assert_eq!(error.message.replace(folder.path().to_str().unwrap(), "FOLDER"), message);
        assert_eq!(error.effect, Effect::None);
    }
}

#[tokio::test]
async fn a_create_that_fails_asks_read_what_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let read = "test -e made || exit 4; echo '{\"half\":true}'";
    let clean = with(&script("exit 1"), "read", read);
    assert_eq!(fails(&core, &clean).await.effect, Effect::None);
    // Nobody can look.
    assert_eq!(fails(&core, &script("touch left; exit 3")).await.effect, Effect::Untold);
    let half = with(&script("touch made; exit 1"), "read", read);
    let Effect::Partial(left) = fails(&core, &half).await.effect else { panic!("nothing left") };
    assert_eq!(get(&left.attributes, "output.half"), true.into());
    let broken = with(&script("exit 1"), "read", "exit 9");
    assert_eq!(fails(&core, &broken).await.effect, Effect::Unknown);
    // It did not end by itself, so nobody knows what it left.
    assert_eq!(fails(&core, &script("kill -9 $$")).await.effect, Effect::Unknown);
}

#[tokio::test]
async fn a_create_that_nobody_saw_end_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let mut call = call();
    call.lock_dir = Some(folder.path().join("locks"));
    let desired = with(&script("touch made"), "read", "test -e made || exit 4");
    assert_eq!(core.recover(&call, "core.command", &desired).await.unwrap(), Recovery::Repeat);
    done(core.create(&call, "core.command", &desired).await.unwrap());
    assert_eq!(fs::read_dir(folder.path().join("locks")).unwrap().count(), 0, "the lock file stays");
    let found = core.recover(&call, "core.command", &desired).await.unwrap();
    assert!(matches!(found, Recovery::Object(Refreshed::Found { .. })), "{found:?}");
    let asked = core.recover(&call, "core.command", &script("touch made")).await.unwrap();
    assert!(matches!(asked, Recovery::Ask(_)), "{asked:?}");
}

#[tokio::test]
async fn a_secret_that_was_printed_stays_one_when_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let token = |text: &str| Value::map([("TOKEN", Value::from(text).sensitive())]);
    let base = script(r#"printf '{"n": 1, "url": "https://%s@host"}' "$TOKEN""#);
    for update in [None, Some(r#"printf '%s' "$AURAK_OUTPUT""#)] {
        let base = update.map_or(base.clone(), |update| with(&base, "update", update));
        let desired = with(&base, "environment", token(CANARY));
        let mut last = done(core.create(&call(), "core.command", &desired).await.unwrap());
        for next in ["another-secret", "a-third-secret"] {
            let desired = with(&base, "environment", token(next));
            let update = Update { id: last.id.clone(), desired, live: last.attributes, unset: Vec::new() };
            last = done(core.update(&call(), "core.command", &update).await.unwrap());
            assert_eq!(format!("{:?}", get(&last.attributes, "output")), r#"{"n": 1, "url": (sensitive)}"#);
        }
    }
}

#[tokio::test]
async fn a_secret_is_recognised_as_a_number_in_a_text_and_as_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let cases = [
        (r#"{"x": 777777}"#, r#"{"x": (sensitive)}"#),
        (r#"{"x": 777777.0}"#, r#"{"x": (sensitive)}"#),
        (r#"{"x": "p-777777", "n": 1}"#, r#"{"n": 1, "x": (sensitive)}"#),
        (r#"{"777777": 1}"#, "(sensitive)"),
        (r#"{"a": {"k777777": 1}, "n": 1}"#, r#"{"a": (sensitive), "n": 1}"#),
        (r#"{"x": 7777770}"#, r#"{"x": 7777770}"#),
    ];
    for (printed, shown) in cases {
        let desired = with(&script(&printed_by(printed)), "environment", environment("777777"));
        let made = done(core.create(&call(), "core.command", &desired).await.unwrap());
        assert_eq!(format!("{:?}", get(&made.attributes, "output")), shown, "{printed}");
    }
}

#[tokio::test]
async fn a_secret_that_was_exchanged_stays_hidden_in_what_was_printed_before() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    for sensitive in [false, true] {
        let base = with(&script(r#"printf '{"x":"%s","n":1}' "$S""#), "sensitive", sensitive);
        let base = with(&base, "environment", environment("old-secret"));
        let made = done(core.create(&call(), "core.command", &base).await.unwrap());
        let desired = with(&with(&base, "sensitive", false), "environment", environment("new-secret"));
        let update = Update { id: made.id, desired, live: made.attributes, unset: Vec::new() };
        let changed = done(core.update(&call(), "core.command", &update).await.unwrap());
        assert_eq!(format!("{:?}", get(&changed.attributes, "output")), r#"{"n": 1, "x": (sensitive)}"#);
    }
}

#[tokio::test]
async fn a_create_that_was_cancelled_is_never_done() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let wait = "touch made; while :; do sleep 0.01; done";
    for create in
        [wait.to_string(), format!("trap 'exit 0' TERM; {wait}"), format!("trap 'exit 3' TERM; {wait}")]
    {
        let _ = fs::remove_file(folder.path().join("made"));
        let desired = with(&script(&create), "read", "[ -e made ] || exit 4");
        let call = call();
        let running = core.create(&call, "core.command", &desired);
        let cancelling = async {
            until("it runs", || folder.path().join("made").exists().then_some(())).await;
            call.cancel.cancel();
        };
        let (result, ()) = tokio::join!(running, cancelling);
        let error = result.unwrap_err();
        assert_eq!(error.effect, Effect::Unknown, "{create}");
        let first = error.message.lines().next();
        assert_eq!(first, Some("the `create` command was ended because the run was cancelled"));
    }
}

fn printed_by(text: &str) -> String {
    format!("echo '{text}'")
}

fn environment(secret: &str) -> Value {
    Value::map([("S", Value::from(secret).sensitive())])
}

#[tokio::test]
async fn a_command_over_its_time_is_ended_while_there_is_time_to_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(folder.path()).await;
    let limit = std::time::Duration::from_secs(2);
    let call = aurak_api::Call { deadline: Some(limit), ..call() };
    let desired = script("sleep 60");
    let create = core.create(&call, "core.command", &desired);
    let error = tokio::time::timeout(limit, create).await.unwrap().unwrap_err();
    assert_eq!(error.message, "the `create` command took longer than its `timeouts` allow, and was ended");
    assert_eq!((error.status.as_deref(), error.effect), (Some("timeout"), Effect::Unknown));
}
