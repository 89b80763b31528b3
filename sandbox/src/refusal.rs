//! A refusal: status, code and message as the service that refuses would send them.

use serde_json::{Value, json};

use crate::http::Response;

pub(crate) type Outcome<T> = Result<T, Box<Refusal>>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) target: Option<String>,
    pub(crate) details: Vec<(String, String)>,
    /// Some services answer without the `error` around code and message; see `Service`.
    pub(crate) bare: bool,
    pub(crate) headers: Vec<(String, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Box<Refusal> {
        Box::new(Refusal {
            status,
            code: code.to_owned(),
            message: message.into(),
            target: None,
            details: Vec::new(),
            bare: false,
            headers: Vec::new(),
        })
    }

    pub(crate) fn target(mut self: Box<Self>, target: &str) -> Box<Refusal> {
        self.target = Some(target.to_owned());
        self
    }

    pub(crate) fn detail(mut self: Box<Self>, code: &str, message: impl Into<String>) -> Box<Refusal> {
        self.details.push((code.to_owned(), message.into()));
        self
    }

    pub(crate) fn header(mut self: Box<Self>, name: &str, value: impl Into<String>) -> Box<Refusal> {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn error(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(target) = &self.target {
            error["target"] = json!(target);
        }
        if !self.details.is_empty() {
            error["details"] = self
                .details
                .iter()
                .map(|(code, message)| json!({ "code": code, "message": message }))
                .collect();
        }
        error
    }

    pub(crate) fn response(&self) -> Response {
        let mut error = self.error();
        let body = if self.bare {
            if error.get("details").is_none() {
                error["details"] = Value::Null;
            }
            error["subcode"] = json!("");
            error
        } else {
            json!({ "error": error })
        };
        let mut response = Response::json(self.status, body);
        response.headers.extend(self.headers.iter().cloned());
        response
    }
}
