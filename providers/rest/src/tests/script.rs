//! A service that answers by a script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::Class;
use serde_json::{Value as Json, json};

use crate::{
    Dialect, Kind, Method, Pace, Page, Refusal, Request, Response, RestProvider, RestType, Transport,
    TransportError, Verdict,
};

pub(super) const THING: &str = r#"
name: t.thing
attributes:
  id: { type: string, computed: true, normal: azure_id }
  group: { type: string, required: true, normal: azure_id, immutable: always }
  name: { type: string, required: true, immutable: always }
  location: { type: string }
  tags: { type: map, case_insensitive: true, items: { type: string } }
  properties:
    type: object
    attributes:
      size: { type: integer }
      TTL: { type: integer }
      password: { type: string, sensitive: true, write_only: true }
      state: { type: string, computed: true }
      mode: { type: string, server_default: true }
      free: { type: any }
      words: { type: list, items: { type: string } }
      steps: { type: list, items: { type: object, attributes: { run: { type: string } } } }
      zones: { type: list, set: true, items: { type: string, case_insensitive: true } }
      members: { type: list, additive: true, items: { type: string } }
      rules:
        type: list
        keyed_by: name
        items:
          type: object
          attributes:
            name: { type: string, required: true }
            port: { type: integer }
            note: { type: string }
            etag: { type: string, computed: true }
  keys: { type: map, computed: true, sensitive: true, volatile: true, items: { type: string } }
key: (self.group | trim('/')) ~ '/things/' ~ self.name
collection: (self.group | trim('/')) ~ '/things'
rest:
  version: "7"
  path: "{group}/things/{name}"
  etag: true
  read_only: [properties.internal, "properties.rules[*].seen"]
  outputs:
    keys: { post: listKeys, at: keys, keyed_by: name, value: value }
"#;

pub(super) fn thing() -> RestType {
    RestType::load("thing.yaml", THING, &[]).unwrap()
}

/// A dialect that says everything in the simplest way.
pub(super) struct Plain;

impl Dialect for Plain {
    fn endpoint(&self) -> &str {
        "https://api.test"
    }

    fn trusts(&self, url: &str) -> bool {
        url.starts_with("https://api.test/")
    }

    fn given(&self, _: &str) -> Option<&str> {
        None
    }

    fn versioned(&self, mut request: Request, version: &str) -> Request {
        request.url.push_str(&format!("?v={version}"));
        request
    }

    fn page(&self, answer: &Json) -> Page {
        Page {
            items: answer["value"].as_array().cloned().unwrap_or_default(),
            next: answer["next"].as_str().map(str::to_string),
        }
    }

    fn is_envelope(&self, name: &str) -> bool {
        matches!(name, "id" | "etag")
    }

    fn id<'b>(&self, body: &'b Json) -> Option<&'b str> {
        body["id"].as_str()
    }

    fn etag(&self, answer: &Response) -> Option<String> {
        answer.body["etag"].as_str().map(str::to_string)
    }

    fn state<'b>(&self, body: &'b Json) -> Option<&'b str> {
        body["properties"]["state"].as_str()
    }

    fn refusal(&self, answer: &Response) -> Refusal {
        let text = |key: &str| answer.body["error"][key].as_str().unwrap_or_default().to_string();
        Refusal { status: answer.status, code: text("code"), message: text("message"), ..Refusal::default() }
    }

    fn judge(&self, refusal: &Refusal, _: Method, after: Option<Duration>) -> Verdict {
        Verdict::new(match (refusal.status, refusal.code.as_str()) {
            (_, "Busy") if refusal.status < 500 => Class::Conflict,
            (429 | 500..=599, _) => Class::Transient { after },
            (404, _) => Class::Gone,
            _ => Class::Permanent,
        })
        .help(format!("about {}", refusal.code))
    }

    fn left(&self, _: &Response) -> Vec<(Kind, u64)> {
        Vec::new()
    }

    fn monitor_header(&self) -> &'static str {
        "monitor"
    }

    fn poll(&self) -> Duration {
        Duration::from_secs(7)
    }
}

/// Answers by a script. Each line of it is a request as `METHOD path?query header: value body`.
#[derive(Clone, Default)]
pub(super) struct Script {
    left: Arc<Mutex<VecDeque<Result<Response, TransportError>>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(super) fn new(answers: Vec<Result<Response, TransportError>>) -> Script {
        Script { left: Arc::new(Mutex::new(answers.into())), ..Script::default() }
    }

    /// The requests that came, and how many answers are left over.
    pub(super) fn seen(&self) -> String {
        let mut lines = self.seen.lock().unwrap().clone();
        match self.left.lock().unwrap().len() {
            0 => {}
            left => lines.push(format!("and {left} more were expected")),
        }
        lines.join("\n")
    }

    pub(super) fn provider(&self) -> RestProvider {
        self.with(Pace::new(&[]))
    }

    /// One whose deletes are counted.
    pub(super) fn throttled(&self) -> RestProvider {
        self.with(Pace::new(&[(Kind::Delete, crate::pace::Limit { size: 100, refill: 100 })]))
    }

    fn with(&self, pace: Pace) -> RestProvider {
        let types = BTreeMap::from([("t.thing".into(), thing())]);
        RestProvider::new(
            Arc::new(types),
            Arc::new(Plain),
            Arc::new(self.clone()),
            Arc::new(pace),
            "here".into(),
        )
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut line = format!(
            "{} {}",
            request.method.name(),
            request.url.strip_prefix("https://api.test").unwrap_or(&request.url)
        );
        for (name, value) in &request.headers {
            line.push_str(&format!(" {name}: {value}"));
        }
        if let Some(body) = &request.body {
            line.push_str(&format!(" {body}"));
        }
        self.seen.lock().unwrap().push(line);
        let next = self.left.lock().unwrap().pop_front();
        next.unwrap_or(Err(TransportError::Refused("the script is over".into())))
    }
}

pub(super) fn ok(body: Json) -> Result<Response, TransportError> {
    Ok(Response { status: 200, body, ..Response::default() })
}

pub(super) fn status(status: u16, headers: &[(&str, &str)], body: Json) -> Result<Response, TransportError> {
    let headers = headers.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    Ok(Response { status, headers, body, text: None })
}

pub(super) fn no(code: u16, word: &str) -> Result<Response, TransportError> {
    status(code, &[], json!({ "error": { "code": word, "message": format!("no: {word}") } }))
}
