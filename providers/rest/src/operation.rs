//! Following a long operation, as a machine without requests: an answer goes in, what to do next comes
//! out. What it needs to go on is a [`Handle`], which is journalled, so that another run can.
//!
//! Services tell how an operation goes in three ways: at an address of its own that tells a status (the
//! monitor), at an address that says "not yet" until it gives the result, or in the object itself. An
//! answer to a change may name the first two at once; then the monitor decides.
//!
//! Its rules, where services differ: status words have any case; an empty answer of a monitor is a
//! success; a monitor that is not there (any more) leaves the object itself to ask; a word that is not
//! known means that it goes on.

use aurak_model::Value;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::dialect::{Dialect, Refusal};
use crate::transport::Response;

/// What is being done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// It cannot be deleted, and is put back to what it starts as.
    Reset,
    /// An action of it was called.
    Invoke,
}

/// How it is told how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// By a status at an address of its own.
    Monitor,
    /// By an address that has the result in the end.
    Location,
    /// By the object itself.
    Object,
}

/// What is needed to go on following an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// What is being done.
    pub verb: Verb,
    /// How it is followed.
    pub kind: Follow,
    /// Where to ask.
    pub poll_url: String,
    /// Where the result is, where that is not the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_url: Option<String>,
    /// The id of the object.
    pub object: String,
    /// The version of the interface, where the type does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It goes on: ask with the handle, after a while.
    Ask {
        /// What to ask with.
        handle: Handle,
        /// How far it is, for people.
        why: String,
    },
    /// It is over and went well.
    Over,
    /// It is over, and this is the result of an action.
    Result(Json),
    /// It is over and did not go well.
    Failed(Refusal),
}

impl Handle {
    /// As a value for the journal.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).map_or(Value::Null, |json| Value::from_json(&json))
    }

    /// From the journal.
    pub fn from_value(value: &Value) -> Option<Handle> {
        serde_json::from_value(value.reveal().to_json()?).ok()
    }
}

/// What an answer to a change leads to. It went well: others are refusals and not for here.
pub fn begun(dialect: &dyn Dialect, verb: Verb, object: &str, url: &str, answer: &Response) -> Next {
    let location = answer.header("location").map(str::to_string);
    let ask = |kind, poll_url: String, final_url: Option<String>, word: &str| {
        let handle = Handle { verb, kind, poll_url, final_url, object: object.to_string(), version: None };
        Next::Ask { why: doing(verb, word), handle }
    };
    if let Some(monitor) = answer.header(dialect.monitor_header()) {
        let result = location.filter(|_| verb == Verb::Invoke);
        return ask(Follow::Monitor, monitor.to_string(), result, "");
    }
    match (answer.status, location) {
        (202, Some(location)) => ask(Follow::Location, location, None, ""),
        // An action without an address to ask at has nothing that could be followed.
        (_, _) if verb == Verb::Invoke => Next::Result(answer.body.clone()),
        (202, None) => ask(Follow::Object, url.to_string(), None, ""),
        (_, _) if verb == Verb::Delete => match dialect.state(&answer.body).map(Word::of) {
            Some(Word::GoesOn) => ask(Follow::Object, url.to_string(), None, ""),
            _ => Next::Over,
        },
        _ => match dialect.state(&answer.body).map(|state| (Word::of(state), state)) {
            Some((Word::GoesOn, state)) => ask(Follow::Object, url.to_string(), None, state),
            Some((Word::Failed, state)) => Next::Failed(failed(dialect, state, &answer.body)),
            Some((Word::Succeeded, _)) | None => Next::Over,
        },
    }
}

/// What an answer to a question leads to. `url` is the address of the object.
pub fn asked(dialect: &dyn Dialect, handle: &Handle, url: &str, answer: &Response) -> Next {
    let goes_on =
        |handle: &Handle, word: &str| Next::Ask { handle: handle.clone(), why: doing(handle.verb, word) };
    let of_object = || {
        let handle = Handle { kind: Follow::Object, poll_url: url.to_string(), ..handle.clone() };
        Next::Ask { why: doing(handle.verb, ""), handle }
    };
    let delete = handle.verb == Verb::Delete;
    let state = || {
        let at_top = answer.body.get("status").and_then(Json::as_str);
        at_top.or_else(|| dialect.state(&answer.body))
    };
    match (handle.kind, answer.status) {
        // It went with what it lives in.
        (_, 404 | 410) if handle.verb == Verb::Reset => Next::Over,
        (_, 404 | 410) if delete => Next::Over,
        (Follow::Monitor | Follow::Location, 404 | 410) => of_object(),
        // It is not there yet.
        (Follow::Object, 404) => goes_on(handle, ""),
        (Follow::Monitor, 202) => goes_on(handle, state().unwrap_or_default()),
        (Follow::Monitor, 200..=299) => match state().map(|state| (Word::of(state), state)) {
            None | Some((Word::Succeeded, _)) => match &handle.final_url {
                // The result of an action has an address of its own, which is asked once more.
                Some(result) => {
                    let handle = Handle {
                        kind: Follow::Location,
                        poll_url: result.clone(),
                        final_url: None,
                        ..handle.clone()
                    };
                    Next::Ask { why: doing(handle.verb, ""), handle }
                }
                None => Next::Over,
            },
            Some((Word::Failed, state)) => Next::Failed(failed(dialect, state, &answer.body)),
            Some((Word::GoesOn, state)) => goes_on(handle, state),
        },
        (Follow::Location, 202) => goes_on(handle, ""),
        (Follow::Location, 200..=299) if handle.verb == Verb::Invoke => Next::Result(answer.body.clone()),
        (Follow::Location, 200..=299) => Next::Over,
        (Follow::Object, 200..=299) => {
            match dialect.state(&answer.body).map(|state| (Word::of(state), state)) {
                Some((Word::Failed, state)) => Next::Failed(failed(dialect, state, &answer.body)),
                Some((Word::GoesOn, state)) => goes_on(handle, state),
                // It stands there as if nothing had been asked: the delete has not begun or is not over.
                Some((Word::Succeeded, _)) | None if delete => goes_on(handle, ""),
                Some((Word::Succeeded, _)) | None => Next::Over,
            }
        }
        _ => Next::Failed(dialect.refusal(answer)),
    }
}

/// What a state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is over and went well.
    Succeeded,
    /// It is over and did not.
    Failed,
    /// Everything else.
    GoesOn,
}

impl Word {
    /// By the word.
    pub fn of(state: &str) -> Word {
        match state.to_ascii_lowercase().as_str() {
            "succeeded" => Word::Succeeded,
            "failed" | "canceled" | "cancelled" => Word::Failed,
            _ => Word::GoesOn,
        }
    }
}

/// What a failed operation says: it has an error like an answer, or only its state.
fn failed(dialect: &dyn Dialect, state: &str, body: &Json) -> Refusal {
    let mut refusal = dialect.refusal(&Response { status: 0, body: body.clone(), ..Response::default() });
    if refusal.message.is_empty() {
        refusal.message = format!("the operation is {}", state.to_ascii_lowercase());
    }
    refusal
}

fn doing(verb: Verb, word: &str) -> String {
    let what = match verb {
        Verb::Create => "the service makes it",
        Verb::Update => "the service changes it",
        Verb::Delete => "the service deletes it",
        Verb::Reset => "the service puts it back",
        Verb::Invoke => "the service works on it",
    };
    match word {
        "" => what.to_string(),
        word => format!("{what}: {word}"),
    }
}
