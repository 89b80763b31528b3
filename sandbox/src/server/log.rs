//! Requests and answers as NDJSON. Of headers only those are written that hold no secret; in bodies
//! everything that is a credential is replaced.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::StartError;
use super::faults::Fault;
use crate::arm::stamp;
use crate::http::{Content, Request, Response, parse_pairs};

pub(super) struct Log {
    files: Vec<File>,
}

/// One line.
pub(super) struct Entry(Value);

const HEADERS: &[&str] =
    &["accept", "content-type", "if-match", "if-none-match", "user-agent", "x-ms-client-request-id"];

const ANSWER_HEADERS: &[&str] =
    &["azure-asyncoperation", "etag", "location", "retry-after", "www-authenticate", "x-ms-request-id"];

const HIDDEN: &str = "(hidden)";

/// Names of what is a secret wherever it stands, in lower case.
const SECRETS: &[&str] = &[
    "access_token",
    "adminpassword",
    "assertion",
    "authorization",
    "client_assertion",
    "client_secret",
    "code",
    "device_code",
    "id_token",
    "password",
    "refresh_token",
    "secret",
    "secrettext",
    "serverappsecret",
    "user_code",
];

impl Log {
    pub(super) fn open(paths: &[PathBuf]) -> Result<Log, StartError> {
        let open = |path: &PathBuf| {
            super::private(path)
                .and_then(|()| File::options().append(true).open(path))
                .map_err(|source| StartError::Log { path: path.clone(), source })
        };
        Ok(Log { files: paths.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// A log that cannot be written does not stop the sandbox.
    pub(super) fn write(&mut self, entries: &[&Entry]) {
        if self.files.is_empty() {
            return;
        }
        let text: String = entries.iter().map(|Entry(line)| format!("{line}\n")).collect();
        for file in &mut self.files {
            let _ = file.write_all(text.as_bytes());
        }
    }
}

impl Entry {
    pub(super) fn new(
        now: i64,
        request: &Request,
        response: Option<&Response>,
        fault: Option<Fault>,
    ) -> Entry {
        let headers: Map<String, Value> = request
            .headers
            .iter()
            .filter(|(name, _)| HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let query: Map<String, Value> =
            request.query.iter().map(|(name, value)| (name.clone(), hide(name, &json!(value)))).collect();
        let mut line = json!({
            "time": stamp(now),
            "method": request.method.as_str(),
            "path": request.path,
            "query": query,
            "headers": headers,
            "body": body(request),
        });
        if let Some(response) = response {
            let headers: Map<String, Value> = response
                .headers
                .iter()
                .filter(|(name, _)| ANSWER_HEADERS.contains(&name.to_ascii_lowercase().as_str()))
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            let body = match &response.content {
                Content::Json(value) => clean(value, credentials(&request.path)),
                Content::Empty | Content::Html(_) => Value::Null,
            };
            line["answer"] = json!({ "status": response.status, "headers": headers, "body": body });
        }
        if let Some(fault) = fault {
            line["fault"] = json!(fault.name());
        }
        Entry(line)
    }
}

/// Whether a path gives out keys or kubeconfigs, whose values are secrets by any name.
fn credentials(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    last.starts_with("list") || last == "regeneratekey"
}

fn body(request: &Request) -> Value {
    if request.body.is_empty() {
        return Value::Null;
    }
    if let Ok(value) = serde_json::from_slice::<Value>(&request.body) {
        return clean(&value, credentials(&request.path));
    }
    let form =
        request.headers.get("content-type").is_some_and(|type_| type_.contains("x-www-form-urlencoded"));
    if form {
        let pairs = parse_pairs(&String::from_utf8_lossy(&request.body));
        return pairs
            .into_iter()
            .map(|(name, value)| {
                let shown = hide(&name, &json!(value));
                (name, shown)
            })
            .collect();
    }
    json!(format!("{} bytes", request.body.len()))
}

fn hide(name: &str, value: &Value) -> Value {
    if SECRETS.contains(&name.to_ascii_lowercase().as_str()) { json!(HIDDEN) } else { value.clone() }
}

fn clean(value: &Value, values_too: bool) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| {
                let lower = name.to_ascii_lowercase();
                // `code` is a secret in a sign-in, and the name of an error or a state elsewhere.
                let secret = lower != "code" && SECRETS.contains(&lower.as_str());
                let shown = match value {
                    Value::String(_) if secret || (values_too && lower == "value") => json!(HIDDEN),
                    // The sentence that tells a person the code has it inside.
                    Value::String(_) if lower == "message" && map.contains_key("user_code") => json!(HIDDEN),
                    value => clean(value, values_too),
                };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| clean(item, values_too)).collect(),
        value => value.clone(),
    }
}
