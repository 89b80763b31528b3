//! What a service is like, whatever the type.

use std::time::Duration;

use aurak_api::{Class, Effect, ProviderError};
use serde_json::Value as Json;

use crate::pace::Kind;
use crate::transport::{Method, Request, Response};

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// What is in it.
    pub items: Vec<Json>,
    /// Where the next part is, whole.
    pub next: Option<String>,
}

/// An answer that says no.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Its status; 0 for what a long operation says when it fails.
    pub status: u16,
    /// The service's code.
    pub code: String,
    /// The service's words.
    pub message: String,
    /// What it is about, where it says so.
    pub target: Option<String>,
    /// More of its words, one for each line.
    pub details: Vec<String>,
}

/// What a refusal means.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What to do now.
    pub class: Class,
    /// Whether anything was changed.
    pub effect: Effect,
    /// What a person can do.
    pub help: Option<String>,
}

impl Verdict {
    /// A refusal that changed nothing.
    pub fn new(class: Class) -> Verdict {
        Verdict { class, effect: Effect::None, help: None }
    }

    /// With what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Verdict {
        self.help = Some(help.into());
        self
    }
}

/// How a service speaks.
pub trait Dialect: Send + Sync {
    /// Where it is, without a slash at the end.
    fn endpoint(&self) -> &str;

    /// Whether an address that the service gave is one to send credentials to.
    fn trusts(&self, url: &str) -> bool;

    /// What fills a hole of a path that no attribute fills.
    fn given(&self, hole: &str) -> Option<&str>;

    /// Asks for a version of the interface.
    fn versioned(&self, request: Request, version: &str) -> Request;

    /// The path of a collection, as types name them.
    fn collection(&self, name: &str) -> String {
        name.to_string()
    }

    /// A part of a list.
    fn page(&self, answer: &Json) -> Page;

    /// Whether a name at the top of a body is the service's own and never sent.
    fn is_envelope(&self, name: &str) -> bool;

    /// The id that a body has.
    fn id<'b>(&self, body: &'b Json) -> Option<&'b str>;

    /// The mark that changes with each change of the object.
    fn etag(&self, answer: &Response) -> Option<String>;

    /// The state that an object is in, as its body says; none means that nothing goes on.
    fn state<'b>(&self, body: &'b Json) -> Option<&'b str>;

    /// What a refusal says.
    fn refusal(&self, answer: &Response) -> Refusal;

    /// What it means for a request.
    fn judge(&self, refusal: &Refusal, method: Method, after: Option<Duration>) -> Verdict;

    /// Whether a server error in answer to a question about an operation is how that ended, and not
    /// how the question did: where the service says so by the status of the answer.
    fn is_the_end(&self, _answer: &Response) -> bool {
        false
    }

    /// The path of an object that stands in the way of one that was to be made at `path`, where a refusal
    /// says that it is the same by another name.
    fn instead(&self, _path: &str, _refusal: &ProviderError) -> Option<String> {
        None
    }

    /// How much of which bucket is left, as an answer says.
    fn left(&self, answer: &Response) -> Vec<(Kind, u64)>;

    /// The header that names where the status of a long operation is told.
    fn monitor_header(&self) -> &'static str;

    /// How often to ask where the service does not say.
    fn poll(&self) -> Duration;
}

/// When to come back, as an answer says: in seconds, as all the services here do.
pub(crate) fn retry_after(answer: &Response) -> Option<Duration> {
    let millis = ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|name| answer.header(name));
    if let Some(millis) = millis.and_then(|text| text.trim().parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    answer.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

impl Refusal {
    /// An error of it, for something that was done.
    pub fn error(&self, what: &str, verdict: Verdict) -> ProviderError {
        let mut message = match (self.message.trim(), self.code.as_str()) {
            ("", "") => format!("{what}: the service says no, and not why"),
            ("", code) => format!("{what}: {code}"),
            (text, _) => format!("{what}: {}", text.replace(['\r', '\n'], " ")),
        };
        for line in self.target.iter().map(|target| format!("about `{target}`")).chain(self.details.clone()) {
            message.push('\n');
            message.push_str(&line.replace(['\r', '\n'], " "));
        }
        let Verdict { class, effect, help } = verdict;
        let mut error = ProviderError::new(class, message).effect(effect);
        if self.status != 0 {
            error = error.status(self.status.to_string());
        }
        if !self.code.is_empty() {
            error = error.code(self.code.as_str());
        }
        ProviderError { help, ..error }
    }
}
