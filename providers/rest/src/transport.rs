//! Requests and answers, and what carries them.

use async_trait::async_trait;
use serde_json::Value as Json;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes or changes.
    Put,
    /// Changes in part.
    Patch,
    /// Calls an action.
    Post,
    /// Deletes.
    Delete,
}

impl Method {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What it does.
    pub method: Method,
    /// Where to, whole.
    pub url: String,
    /// Headers beside those that the transport adds.
    pub headers: Vec<(&'static str, String)>,
    /// A body in JSON.
    pub body: Option<Json>,
}

impl Request {
    /// One without a body.
    pub fn new(method: Method, url: impl Into<String>) -> Request {
        Request { method, url: url.into(), headers: Vec::new(), body: None }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: Json) -> Request {
        self.body = Some(body);
        self
    }

    /// The path of where it goes to, for messages: without host and query.
    pub fn path(&self) -> &str {
        let after = self.url.split_once("://").map_or(self.url.as_str(), |(_, after)| after);
        let path = after.find('/').map_or("/", |at| &after[at..]);
        path.split(['?', '#']).next().unwrap_or(path)
    }
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers, with names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body; null where there is none.
    pub body: Json,
    /// Its body, where that is no JSON.
    pub text: Option<String>,
}

impl Response {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it went well.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// From the bytes of a body.
    pub fn of(status: u16, headers: Vec<(String, String)>, bytes: &[u8]) -> Response {
        let (body, text) = match serde_json::from_slice(bytes) {
            Ok(body) => (body, None),
            Err(_) if bytes.iter().all(u8::is_ascii_whitespace) => (Json::Null, None),
            Err(_) => (Json::Null, Some(String::from_utf8_lossy(bytes).into_owned())),
        };
        Response { status, headers, body, text }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request never left.
    #[error("{0}")]
    NotSent(String),
    /// It left, and nobody knows what became of it.
    #[error("{0}")]
    NoAnswer(String),
    /// There is nothing to prove who we are with, or it is not accepted.
    #[error("{message}")]
    NoCredential {
        /// What was tried, and why it did not work.
        message: String,
        /// What to do.
        help: String,
    },
    /// It may not be sent there.
    #[error("{0}")]
    Refused(String),
}

/// Carries requests, with credentials.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one, once.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}
