//! `core.command`: something that commands make, read, change and delete.
//!
//! Secrets go to a command by environment and standard input only: arguments can be read by
//! everybody on the machine, so a sensitive value in them is refused before anything starts.

use std::time::Duration;

use aurak_api::scrub::Scrubber;
use aurak_api::{
    Applied, Call, CancelToken, Effect, Progress, ProviderError, Recovery, Update, wait_for_lock,
};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Name, Value};

use crate::provider::{Core, draw_id, with};
use crate::supervisor::{self, CommandEnd, CommandError, CommandSpec, Output};

/// The exit status by which `read` says that there is nothing.
const ABSENT: i32 = 4;

/// Between SIGTERM and SIGKILL: enough to tidy up, short enough to wait for.
const GRACE: Duration = Duration::from_secs(5);
/// So much before the end of its step's time a command is ended, or a tenth of that time before: what
/// became of it is told then, by those who know it, and not only that there is no time left.
const AHEAD: Duration = Duration::from_secs(10);

/// A read has no deadline of its own; this keeps a plan from hanging.
const READ_LIMIT: Duration = Duration::from_secs(300);

/// How long recovery waits for what an interrupted run left behind. Its supervisor ends it after
/// the grace, so a minute means that something else is wrong.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);

/// How many lines of standard error an error shows.
const TAIL_LINES: usize = 20;

/// Attributes whose change runs `update`. What only says how to read or delete is remembered.
const CAUSES: [&str; 4] = ["create", "triggers", "environment", "stdin"];

pub(crate) async fn create(core: &Core, call: &Call, desired: &Value) -> Result<Progress, ProviderError> {
    // All of them are looked at now, so that a delete does not fail for a mistake made long before.
    for name in ["read", "update", "delete"] {
        arguments(desired, name)?;
    }
    let Some(argv) = arguments(desired, "create")? else {
        return Err(ProviderError::permanent("`create` is empty").help("say what makes it"));
    };
    let id = draw_id();
    match Run::changing(core, call, desired, None).run("create", argv).await {
        Ok(output) => Ok(done(id, desired, output.unwrap_or_else(empty))),
        Err(failure) => Err(after_failure(core, call, desired, id, failure).await),
    }
}

pub(crate) async fn update(core: &Core, call: &Call, update: &Update) -> Result<Progress, ProviderError> {
    let (desired, live) = (&update.desired, &update.live);
    for name in ["create", "read", "delete"] {
        arguments(desired, name)?;
    }
    let kept = attribute(live, "output").cloned().unwrap_or_else(empty);
    let last = kept.reveal();
    // What went in before may come out again, and the configuration does not know it any more.
    let secrets = Scrubber::of([live, desired]);
    let revealed =
        |body: &Value, name: &str| attribute(body, name).filter(|v| !v.is_null()).map(Value::reveal);
    let caused = CAUSES.iter().any(|name| revealed(live, name) != revealed(desired, name));
    let output = match arguments(desired, "update")? {
        Some(argv) if caused => Run::changing(core, call, desired, Some(&last))
            .and_secrets_of(live)
            .run("update", argv)
            .await
            .map_err(|failure| failure.error)?,
        _ => None,
    };
    let output = match output {
        Some(output) => secrets.mark(&output, None),
        // The configuration no longer says that all of it is a secret.
        None if is_sensitive(live) && !is_sensitive(desired) => {
            let inputs = with(live, [("output", Value::Null)]);
            Scrubber::of([&inputs, desired]).mark(&last, None)
        }
        None => kept,
    };
    Ok(done(update.id.clone(), desired, output))
}

pub(crate) async fn delete(core: &Core, call: &Call, live: &Value) -> Result<Progress, ProviderError> {
    if let Some(argv) = arguments(live, "delete")? {
        let last = attribute(live, "output").map(Value::reveal);
        Run::changing(core, call, live, last.as_ref()).run("delete", argv).await.map_err(|f| f.error)?;
    }
    Ok(Progress::Deleted)
}

pub(crate) async fn read(core: &Core, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
    let Some(argv) = arguments(last, "read")? else {
        return Ok(Refreshed::Found { id: id.into(), attributes: last.clone() });
    };
    let output = attribute(last, "output").map(Value::reveal);
    let run = Run {
        core,
        attributes: last,
        secrets: Scrubber::of([last]),
        key: format!("read-{id}"),
        output: output.as_ref(),
        cancel: CancelToken::new(),
        limit: Some(READ_LIMIT),
        call: None,
    };
    Ok(look(&run, id, argv).await)
}

/// What became of a create whose end nobody saw.
pub(crate) async fn recover(core: &Core, call: &Call, desired: &Value) -> Result<Recovery, ProviderError> {
    if let Some(path) = call.lock_file() {
        let free = wait_for_lock(&path, RECOVERY_LIMIT).await.map_err(|error| {
            ProviderError::permanent(format!("cannot look at the lock file `{}`: {error}", path.display()))
        })?;
        if !free {
            return Err(ProviderError::conflict(format!(
                "a command of an earlier run is still running: it holds `{}`",
                path.display()
            ))
            .help("wait until it ends, or end it, and run again"));
        }
    }
    let Some(argv) = arguments(desired, "read")? else {
        return Ok(Recovery::Ask(
            "its `create` command was started, and nobody saw its end; with a `read` command aurak could look"
                .to_string(),
        ));
    };
    Ok(match look(&Run::changing(core, call, desired, None), &draw_id(), argv).await {
        Refreshed::Absent => Recovery::Repeat,
        found @ Refreshed::Found { .. } => Recovery::Object(found),
        Refreshed::Unreadable(why) => Recovery::Ask(why),
        Refreshed::Asleep(why) => Recovery::Ask(why),
        Refreshed::Ambiguous(_) => Recovery::Ask("several objects answer".to_string()),
    })
}

/// Runs `read`.
async fn look(run: &Run<'_>, id: &str, argv: Vec<String>) -> Refreshed {
    match run.run("read", argv).await {
        Ok(output) => {
            let output = output.or_else(|| run.output.cloned()).unwrap_or_else(empty);
            let Applied { id, attributes } = applied(id.into(), run.attributes, output);
            Refreshed::Found { id, attributes }
        }
        Err(Failure { end: Some(CommandEnd::Exit(ABSENT)), .. }) => Refreshed::Absent,
        Err(failure) => Refreshed::Unreadable(failure.error.message),
    }
}

/// What a create that failed left behind: `read` knows. Without one nobody does; a command that said
/// by itself that it failed may be run again, one that was ended may not.
async fn after_failure(
    core: &Core,
    call: &Call,
    desired: &Value,
    id: Name,
    failure: Failure,
) -> ProviderError {
    let Failure { error, end, started } = failure;
    let Ok(Some(argv)) = arguments(desired, "read") else { return error };
    if !started {
        return error;
    }
    // What `read` finds now need not be all of it, and there is no time to look: the next run does.
    if call.cancel.is_cancelled() || end == Some(CommandEnd::Cancelled) {
        return error.effect(Effect::Unknown);
    }
    match look(&Run::changing(core, call, desired, None), &id, argv).await {
        Refreshed::Absent => error.effect(Effect::None),
        Refreshed::Found { id, attributes } => {
            error.effect(Effect::Partial(Box::new(Applied { id, attributes })))
        }
        Refreshed::Asleep(_) | Refreshed::Unreadable(_) | Refreshed::Ambiguous(_) => {
            error.effect(Effect::Unknown)
        }
    }
}

/// A command of a resource, about to run.
struct Run<'a> {
    core: &'a Core,
    attributes: &'a Value,
    secrets: Scrubber,
    key: String,
    output: Option<&'a Value>,
    cancel: CancelToken,
    limit: Option<Duration>,
    call: Option<&'a Call>,
}

/// A command that did not end well.
struct Failure {
    error: ProviderError,
    end: Option<CommandEnd>,
    started: bool,
}

impl Failure {
    fn of(error: ProviderError, started: bool) -> Failure {
        Failure { error, end: None, started }
    }
}

impl<'a> Run<'a> {
    fn changing(core: &'a Core, call: &'a Call, attributes: &'a Value, output: Option<&'a Value>) -> Run<'a> {
        Run {
            core,
            attributes,
            secrets: Scrubber::of([attributes]),
            key: call.key.0.to_string(),
            output,
            cancel: call.cancel.clone(),
            limit: call.deadline.map(|deadline| deadline - (deadline / 10).min(AHEAD)),
            call: Some(call),
        }
    }

    fn and_secrets_of(mut self, other: &Value) -> Run<'a> {
        self.secrets = self.secrets.and(&Scrubber::of([other]));
        self
    }

    /// Runs a command to its end and gives the JSON object that it printed, if it printed one.
    async fn run(&self, name: &str, argv: Vec<String>) -> Result<Option<Value>, Failure> {
        let spec = self.spec(argv).map_err(|error| Failure::of(error, false))?;
        let line = |text: &str| {
            if let Some(call) = self.call {
                call.progress(self.secrets.scrub(text));
            }
        };
        let ran = {
            // The semaphore is never closed; without a permit the command runs all the same.
            let _permit = self.core.commands.acquire().await;
            let supervisor = &self.core.options.supervisor;
            let tail = self.secrets.longest();
            supervisor::run(supervisor, &spec, &self.cancel, self.limit, tail, &line).await
        };
        let output = match ran {
            Ok(output) => output,
            Err(error) => return Err(not_run(name, error)),
        };
        if output.end != CommandEnd::Exit(0) {
            return Err(self.failed(name, &output));
        }
        if output.stdout_cut {
            let message = format!("the `{name}` command printed more than 4 MiB");
            let error = ProviderError::permanent(message).effect(Effect::Unknown);
            return Err(Failure::of(error, true));
        }
        Ok(object(&output.stdout, &line))
    }

    fn spec(&self, argv: Vec<String>) -> Result<CommandSpec, ProviderError> {
        let mut environment = Vec::new();
        let given = attribute(self.attributes, "environment").map(Value::reveal);
        for (name, value) in given.as_ref().and_then(Value::as_map).into_iter().flat_map(|map| map.iter()) {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(ProviderError::permanent(format!(
                    "`environment`: `{name}` is no name of a variable"
                )));
            }
            match plain_text(value) {
                Some(text) if text.contains('\0') => {
                    return Err(ProviderError::permanent(format!("`environment`: `{name}` has a NUL in it")));
                }
                Some(text) => environment.push((name.to_string(), text)),
                None if value.is_null() => {}
                None => {
                    return Err(ProviderError::permanent(format!("`environment`: `{name}` is no text"))
                        .help("write a list or a map out with `| json`"));
                }
            }
        }
        let output = self.output.and_then(Value::to_json).unwrap_or_else(|| serde_json::json!({}));
        environment.push(("AURAK_IDEMPOTENCY_KEY".to_string(), self.key.clone()));
        environment.push(("AURAK_OUTPUT".to_string(), output.to_string()));
        let stdin = attribute(self.attributes, "stdin").map(Value::reveal);
        Ok(CommandSpec {
            argv,
            environment,
            stdin: stdin.as_ref().and_then(plain_text).unwrap_or_default(),
            folder: self.core.options.folder.clone(),
            lock_file: self.call.and_then(Call::lock_file),
            grace: GRACE,
        })
    }

    fn failed(&self, name: &str, output: &Output) -> Failure {
        let (what, status, effect) = match output.end {
            CommandEnd::Exit(code) => {
                (format!("failed with exit status {code}"), format!("exit status {code}"), Effect::Untold)
            }
            CommandEnd::Signal(signal) => {
                (format!("was ended by signal {signal}"), format!("signal {signal}"), Effect::Unknown)
            }
            CommandEnd::TimedOut => {
                let limit = match self.call {
                    Some(_) => "its `timeouts` allow".to_string(),
                    None => format!("{:?}", self.limit.unwrap_or_default()),
                };
                (format!("took longer than {limit}, and was ended"), "timeout".to_string(), Effect::Unknown)
            }
            CommandEnd::Cancelled => (
                "was ended because the run was cancelled".to_string(),
                "cancelled".to_string(),
                Effect::Unknown,
            ),
        };
        let mut message = format!("the `{name}` command {what}");
        let tail = self.tail(output);
        if !tail.is_empty() {
            message.push('\n');
            message.push_str(&tail);
        }
        let error = ProviderError::permanent(message).status(status).effect(effect);
        Failure { error, end: Some(output.end), started: true }
    }

    /// The last lines of standard error, without secrets.
    fn tail(&self, output: &Output) -> String {
        // Where the front was cut off, it may begin with the end of a secret, and that in the middle
        // of a character.
        let middle = output.stderr.iter().take_while(|byte| **byte & 0xC0 == 0x80).count();
        let text = String::from_utf8_lossy(&output.stderr[middle..]);
        let mut from = if output.stderr_cut { self.secrets.longest().min(text.len()) } else { 0 };
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let text = self.secrets.scrub_from(&text, from);
        let lines: Vec<&str> = text.trim_end().lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

fn not_run(name: &str, error: CommandError) -> Failure {
    let started = matches!(error, CommandError::Lost);
    let error = match error {
        CommandError::NotStarted(why) => {
            ProviderError::permanent(format!("the `{name}` command could not be started: {why}"))
        }
        CommandError::Supervisor { program, source } => ProviderError::permanent(format!(
            "the `{name}` command could not be started: no supervisor by `{program}`: {source}"
        )),
        CommandError::Lost => {
            ProviderError::permanent(format!("the supervisor of the `{name}` command was killed"))
                .effect(Effect::Unknown)
        }
    };
    Failure::of(error, started)
}

/// The JSON object that was printed. Other output is for people, and nothing follows from it.
fn object(stdout: &[u8], line: &dyn Fn(&str)) -> Option<Value> {
    let text = String::from_utf8_lossy(stdout);
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => Some(Value::from_json(&json)),
        Err(error) => {
            line(&format!(
                "what it printed begins like a JSON object and is none (line {}, column {})",
                error.line(),
                error.column()
            ));
            None
        }
    }
}

/// The arguments of a command, if there is one.
fn arguments(attributes: &Value, name: &str) -> Result<Option<Vec<String>>, ProviderError> {
    let Some(command) = attribute(attributes, name) else { return Ok(None) };
    if command.has_marks() {
        return Err(ProviderError::permanent(format!(
            "`{name}` has a sensitive value in its arguments, which everybody on the machine can read"
        ))
        .help("hand it over by `environment` or `stdin`, and use `$NAME` in a text for `sh -c`"));
    }
    let no_command = || {
        ProviderError::permanent(format!("`{name}` is no command"))
            .help("write a list of arguments, or a text for `sh -c`")
    };
    match command {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => Ok(Some(vec!["sh".to_string(), "-c".to_string(), text.to_string()])),
        Value::List(items) if items.is_empty() => Ok(None),
        Value::List(items) => items
            .iter()
            .map(|item| plain_text(item).ok_or_else(no_command))
            .collect::<Result<_, _>>()
            .map(Some),
        _ => Err(no_command()),
    }
}

fn attribute<'a>(attributes: &'a Value, name: &str) -> Option<&'a Value> {
    attributes.as_map()?.get(name)
}

/// A scalar as text.
fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_json().map(|json| json.to_string()),
        _ => None,
    }
}

fn empty() -> Value {
    Value::map::<&str>([])
}

/// Whether all that the commands print is a secret.
fn is_sensitive(attributes: &Value) -> bool {
    attribute(attributes, "sensitive").and_then(Value::as_bool).unwrap_or_default()
}

fn done(id: Name, desired: &Value, output: Value) -> Progress {
    Progress::Done(applied(id, desired, output))
}

fn applied(id: Name, desired: &Value, output: Value) -> Applied {
    let output = if is_sensitive(desired) { output.sensitive() } else { output };
    Applied { attributes: with(desired, [("output", output), ("id", Value::String(id.clone()))]), id }
}
