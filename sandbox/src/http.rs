//! Requests and responses as plain data: what the core takes and gives. No sockets here.

use std::collections::BTreeMap;

use serde_json::Value;

/// The methods that Resource Manager and Entra answer; every other one is refused with 405.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Put,
    Patch,
    Post,
    Delete,
    Other,
}

impl Method {
    pub fn parse(text: &str) -> Method {
        match text {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            _ => Method::Other,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            Method::Other => "OTHER",
        }
    }

    pub(crate) fn is_read(self) -> bool {
        matches!(self, Method::Get | Method::Head)
    }
}

/// What a long operation that this request starts will come to: the fault plan decides it outside
/// of the core, which stays a function of its arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    #[default]
    Normal,
    Fail,
    Slow,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// Still percent-encoded, without the query.
    pub path: String,
    /// Decoded, in the order of the URL.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub fate: Fate,
}

impl Request {
    /// `target` is a path with or without a query.
    pub fn new(method: Method, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method,
            path: path.to_owned(),
            query: parse_pairs(query),
            headers: BTreeMap::new(),
            body: Vec::new(),
            fate: Fate::Normal,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    pub fn json(mut self, body: &Value) -> Request {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// Query names are compared without case, as Resource Manager does.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has_header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The decoded segments of the path; empty ones are left out, so a doubled slash does no harm.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(|part| decode(part, false)).collect()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    #[default]
    Empty,
    Json(Value),
    Html(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content: Content,
    /// The service works this long on the request before it answers, in milliseconds.
    pub delay: i64,
}

impl Response {
    pub fn empty(status: u16) -> Response {
        Response { status, ..Response::default() }
    }

    pub fn json(status: u16, body: Value) -> Response {
        Response { status, content: Content::Json(body), ..Response::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Response {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, null when there is none.
    pub fn body(&self) -> &Value {
        match &self.content {
            Content::Json(value) => value,
            Content::Empty | Content::Html(_) => &Value::Null,
        }
    }

    /// The code of a refusal, with or without the `error` around it.
    pub fn code(&self) -> Option<&str> {
        let body = self.body();
        body.pointer("/error/code").or_else(|| body.get("code")).and_then(Value::as_str)
    }
}

/// `a=1&b=2` of a query or a form.
pub(crate) fn parse_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|b| (*b as char).to_digit(16));
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) if plus => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// For a value that goes into a query of ours.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded() {
        let request = Request::new(Method::Get, "/a%20b//c+d?$Filter=x+eq%201&flag&%zz=%4");
        assert_eq!(request.segments(), ["a b", "c+d"]);
        assert_eq!(request.query("$filter"), Some("x eq 1"));
        assert_eq!(request.query("flag"), Some(""));
        assert_eq!(request.query("%zz"), Some("%4"), "what is no escape stays");
        assert_eq!(encode("a b/ä"), "a%20b%2F%C3%A4");
    }
}
