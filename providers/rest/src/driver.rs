//! Sending requests: at our turn, again where that is harmless, and with errors in the engine's words.

use std::sync::Arc;
use std::time::Duration;

use aurak_api::{Class, Effect, ProviderError};
use serde_json::Value as Json;
use tokio::time::sleep;

use crate::dialect::{Dialect, retry_after};
use crate::pace::{Kind, Pace};
use crate::template::escaped;
use crate::transport::{Method, Request, Response, Transport, TransportError};

/// The waits before a question is put again. Short: what lasts longer is for the engine to wait for,
/// which shows it.
const AGAIN: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
/// How often a question that was throttled waits for the time that the service names.
const THROTTLED: usize = 5;
/// How long to keep away where a service throttles and does not say.
const THROTTLED_FOR: Duration = Duration::from_secs(5);
/// More parts than any list has; a service that goes on for longer goes round in circles.
const MOST_PAGES: usize = 10_000;

/// A service, and the way to it.
#[derive(Clone)]
pub(crate) struct Driver {
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) pace: Arc<Pace>,
}

impl Driver {
    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{}", self.dialect.endpoint(), escaped(path.trim_start_matches('/')))
    }

    /// Sends a request once, at its turn.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let method = request.method;
        let kind = match method {
            Method::Get => Kind::Read,
            Method::Put | Method::Patch | Method::Post => Kind::Write,
            Method::Delete => Kind::Delete,
        };
        self.pace.turn(kind).await;
        let answer = self.transport.send(request).await?;
        for (kind, left) in self.dialect.left(&answer) {
            self.pace.left(kind, left);
        }
        // Some services say the same of one object that is busy, which is no reason for all to wait.
        if answer.status == 429
            && let Class::Transient { .. } =
                self.dialect.judge(&self.dialect.refusal(&answer), method, None).class
        {
            self.pace.refused(kind, retry_after(&answer).unwrap_or(THROTTLED_FOR));
        }
        Ok(answer)
    }

    /// Puts a question that changes nothing, again where it fails in passing. The answer may be a
    /// refusal.
    pub(crate) async fn ask(&self, request: Request) -> Result<Response, ProviderError> {
        let mut waits = AGAIN.iter();
        let mut throttled = 0;
        loop {
            let sent = self.send(request.clone()).await;
            match &sent {
                // The pace knows how long to keep away.
                Ok(answer) if answer.status == 429 && throttled < THROTTLED => throttled += 1,
                Ok(Response { status: 408 | 500..=599, .. })
                | Err(TransportError::NotSent(_) | TransportError::NoAnswer(_)) => match waits.next() {
                    Some(wait) => sleep(*wait).await,
                    None => return sent.map_err(|error| unanswered(&request, &error)),
                },
                _ => return sent.map_err(|error| unanswered(&request, &error)),
            }
        }
    }

    /// The same, where only success will do.
    pub(crate) async fn get(&self, request: Request) -> Result<Response, ProviderError> {
        let answer = self.ask(request.clone()).await?;
        match answer.is_success() {
            true => Ok(answer),
            false => Err(self.refused(&request, &answer)),
        }
    }

    /// Sends a request that changes something, once.
    pub(crate) async fn change(&self, request: Request) -> Result<Response, ProviderError> {
        let answer = self.send(request.clone()).await.map_err(|error| unanswered(&request, &error))?;
        match answer.is_success() {
            true => Ok(answer),
            false => Err(self.refused(&request, &answer)),
        }
    }

    /// All that a list holds.
    pub(crate) async fn list(&self, path: &str, version: &str) -> Result<Vec<Json>, ProviderError> {
        let mut items = Vec::new();
        let mut request = self.dialect.versioned(Request::new(Method::Get, self.url(path)), version);
        for _ in 0..MOST_PAGES {
            let answer = self.get(request.clone()).await?;
            let page = self.dialect.page(&answer.body);
            items.extend(page.items);
            let Some(next) = page.next else { return Ok(items) };
            request = Request::new(Method::Get, self.trusted(&next)?);
        }
        Err(ProviderError::permanent(format!("GET {path}: the list does not end")))
    }

    /// An address that the service gave, where it may be followed.
    pub(crate) fn trusted(&self, url: &str) -> Result<String, ProviderError> {
        match self.dialect.trusts(url) {
            true => Ok(url.to_string()),
            false => Err(ProviderError::permanent(format!(
                "the service at {} says to go on at `{}`, which is not a part of it",
                self.dialect.endpoint(),
                url.split('?').next().unwrap_or_default()
            ))
            .effect(Effect::Unknown)),
        }
    }

    /// The error that a refusal is.
    pub(crate) fn refused(&self, request: &Request, answer: &Response) -> ProviderError {
        let refusal = self.dialect.refusal(answer);
        let verdict = self.dialect.judge(&refusal, request.method, retry_after(answer));
        refusal.error(&named(request), verdict)
    }
}

/// A request, for messages.
pub(crate) fn named(request: &Request) -> String {
    format!("{} {}", request.method.name(), request.path())
}

fn unanswered(request: &Request, error: &TransportError) -> ProviderError {
    let message = format!("{}: {error}", named(request));
    let effect = match request.method {
        Method::Get => Effect::None,
        Method::Put | Method::Patch | Method::Post | Method::Delete => Effect::Unknown,
    };
    match error {
        TransportError::NotSent(_) => ProviderError::new(Class::Transient { after: None }, message),
        TransportError::NoAnswer(_) => {
            ProviderError::new(Class::Transient { after: None }, message).effect(effect)
        }
        TransportError::NoCredential { help, .. } => ProviderError::permanent(message).help(help.clone()),
        TransportError::Refused(_) => ProviderError::permanent(message),
    }
}
