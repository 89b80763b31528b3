//! Takes secrets out of text that is about to be shown, and recognises them in values.
//!
//! Services and commands repeat in their messages what they were sent. Whoever called them knows
//! the secrets that went in, and so can take them out again, in clear and as they look inside JSON
//! or a URL, and line by line where a secret has several lines (keys and certificates).

use std::sync::Arc;

use aurak_model::value::Secret;
use aurak_model::{Value, value::Map};

/// What a secret is replaced with.
const HIDDEN: &str = "(sensitive)";

/// Shorter secrets are not looked for: they would turn up in any text, and hiding each `1` of a
/// message tells more than it hides.
const SHORTEST: usize = 3;

/// A line of a secret with several lines is looked for by itself from this length on: shorter ones
/// are braces and the like.
const SHORTEST_LINE: usize = 8;

/// From this length on a value that equals a secret, or a text that has it inside, such as a
/// connection string that was put together from it, counts as secret: `dev` or `80` may well be
/// both.
const SHORTEST_KNOWN: usize = 4;

/// Below this length a secret inside a longer text has to stand by itself: `admin` is in
/// `db-admin`, not in `administrators`.
const SHORTEST_ANYWHERE: usize = 8;

/// Knows secrets. Its `Debug` does not tell them.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Each once, in all its spellings, the longest first.
    spellings: Vec<String>,
    /// The secrets themselves.
    texts: Vec<String>,
    /// The secrets as they are recognised in values: as a whole in all their spellings, not line by
    /// line, because the lines that all certificates share are no secret.
    parts: Vec<String>,
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({})", self.texts.len())
    }
}

impl Scrubber {
    /// Knows the marked leaves of these values.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Scrubber {
        let mut texts = Vec::new();
        for value in values {
            collect(value, &mut texts);
        }
        texts.sort();
        texts.dedup();
        let (mut forms, mut parts) = (Vec::new(), Vec::new());
        for text in &texts {
            let trimmed = text.trim();
            let lines = trimmed.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
            for whole in [text.as_str(), trimmed] {
                parts.extend(spellings_of(whole));
            }
            lines.for_each(|line| forms.extend(spellings_of(line)));
        }
        forms.extend_from_slice(&parts);
        forms.retain(|form| form.len() >= SHORTEST);
        parts.retain(|form| form.len() >= SHORTEST_KNOWN);
        parts.sort();
        parts.dedup();
        Scrubber { spellings: longest_first(forms), texts, parts }
    }

    /// This one and what another one knows.
    #[must_use]
    pub fn and(mut self, other: &Scrubber) -> Scrubber {
        if other.spellings.is_empty() {
            return self;
        }
        self.texts.extend_from_slice(&other.texts);
        self.parts.extend_from_slice(&other.parts);
        self.spellings.extend_from_slice(&other.spellings);
        self.spellings = longest_first(self.spellings);
        self
    }

    /// Whether it knows no secret.
    pub fn is_empty(&self) -> bool {
        self.spellings.is_empty()
    }

    /// The length of the longest spelling of a secret.
    pub fn longest(&self) -> usize {
        self.spellings.first().map_or(0, String::len)
    }

    /// A text without secrets.
    pub fn scrub(&self, text: &str) -> String {
        self.scrub_from(text, 0)
    }

    /// The end of a text, from a byte on, without secrets. One that begins before that byte is
    /// recognised too: of a text that was cut at its front, leave out [`Scrubber::longest`] bytes
    /// to be sure that no end of a secret is left.
    pub fn scrub_from(&self, text: &str, from: usize) -> String {
        let mut out = String::with_capacity(text.len().saturating_sub(from));
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            match self.spellings.iter().find(|form| text[at..].starts_with(form.as_str())) {
                Some(form) => {
                    at += form.len();
                    if at > from && !out.ends_with(HIDDEN) {
                        out.push_str(HIDDEN);
                    }
                }
                None => {
                    if at >= from {
                        out.push(c);
                    }
                    at += c.len_utf8();
                }
            }
        }
        out
    }

    /// Whether a text is one of the secrets, or has one inside.
    pub fn recognises(&self, text: &str) -> bool {
        self.parts.iter().any(|secret| {
            text.match_indices(secret.as_str()).any(|(at, _)| {
                secret.len() >= SHORTEST_ANYWHERE
                    || stands_alone(secret, &text[..at], &text[at + secret.len()..])
            })
        })
    }

    /// Whether a number or a boolean is one of the secrets: what prints JSON may make one of a text.
    fn recognises_scalar(&self, leaf: &Value) -> bool {
        let number = match leaf {
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        };
        let text = match leaf {
            Value::Bool(b) => b.to_string(),
            Value::Int(i) => i.to_string(),
            Value::Float(f) => f.to_string(),
            _ => return false,
        };
        self.texts
            .iter()
            .map(|secret| secret.trim())
            .filter(|secret| secret.len() >= SHORTEST_KNOWN)
            .any(|secret| text == secret || (number.is_some() && secret.parse().ok() == number))
    }

    /// A value in which everything that has a known secret in it is marked, but for what `plain` has
    /// in clear at the same place. A map with a secret among its keys is marked as a whole, keys and
    /// all; the keys at the top are names of attributes and stay.
    pub fn mark(&self, value: &Value, plain: Option<&Value>) -> Value {
        if self.texts.is_empty() {
            return value.clone();
        }
        match value {
            Value::Map(map) => self.mark_entries(map, plain),
            other => self.mark_part(other, plain),
        }
    }

    fn mark_entries(&self, map: &Map, plain: Option<&Value>) -> Value {
        let plain = plain.and_then(Value::as_map);
        Value::map(
            map.iter().map(|(key, item)| {
                (key.clone(), self.mark_part(item, plain.and_then(|plain| plain.get(key))))
            }),
        )
    }

    fn mark_part(&self, value: &Value, plain: Option<&Value>) -> Value {
        match value {
            Value::Map(map) => {
                let known = plain.and_then(Value::as_map);
                let secret =
                    |key: &str| self.recognises(key) && !known.is_some_and(|known| known.contains_key(key));
                if map.keys().any(|key| secret(key)) {
                    return Value::Sensitive(Secret::Plain(Arc::new(value.reveal())));
                }
                self.mark_entries(map, plain)
            }
            Value::List(list) => {
                let plain = plain.and_then(Value::as_list);
                Value::list(
                    list.iter()
                        .enumerate()
                        .map(|(i, item)| self.mark_part(item, plain.and_then(|plain| plain.get(i)))),
                )
            }
            Value::String(text) if plain != Some(value) && self.recognises(text) => value.clone().sensitive(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_)
                if plain != Some(value) && self.recognises_scalar(value) =>
            {
                value.clone().sensitive()
            }
            other => other.clone(),
        }
    }
}

/// Whether a short secret is no piece of a longer word or number: in `x4711` the number is whole, in
/// `14711` it is another one.
fn stands_alone(secret: &str, before: &str, after: &str) -> bool {
    let number = secret.bytes().all(|b| b.is_ascii_digit());
    let joins = |c: char| if number { c.is_ascii_digit() } else { c.is_alphanumeric() };
    !before.chars().next_back().is_some_and(joins) && !after.chars().next().is_some_and(joins)
}

fn longest_first(mut forms: Vec<String>) -> Vec<String> {
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

/// A text as it is, and as it looks where it was written into something else.
fn spellings_of(text: &str) -> Vec<String> {
    let json = json_spelling(text);
    let ascii = ascii_spelling(&json);
    let slashes = json.replace('/', "\\/");
    // JSON that was put into JSON, as logs do.
    let nested = json_spelling(&json);
    // A text in single quotes ends where one of them comes: `'\''`.
    let quoted = text.replace('\'', "'\\''");
    vec![
        text.to_string(),
        slashes,
        ascii,
        nested,
        html_safe(&json),
        json,
        url_spelling(text),
        shell_spelling(text),
        text.replace('\\', "\\\\").replace('\'', "\\'"),
        quoted,
    ]
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Sensitive(Secret::Plain(leaf)) => collect_plain(leaf, texts),
        Value::List(list) => list.iter().for_each(|item| collect(item, texts)),
        Value::Map(map) => map.values().for_each(|item| collect(item, texts)),
        _ => {}
    }
}

fn collect_plain(leaf: &Value, texts: &mut Vec<String>) {
    let mut add = |text: String| {
        if text.len() >= SHORTEST {
            texts.push(text);
        }
    };
    match leaf {
        Value::String(text) => add(text.to_string()),
        Value::Int(i) => add(i.to_string()),
        Value::Float(f) => add(f.to_string()),
        Value::List(list) => list.iter().for_each(|item| collect_plain(item, texts)),
        Value::Map(map) => Map::values(map).for_each(|item| collect_plain(item, texts)),
        Value::Sensitive(_) => collect(leaf, texts),
        Value::Null | Value::Bool(_) | Value::Unknown(_) => {}
    }
}

fn json_spelling(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_string()
}

/// JSON as those write it who keep to ASCII.
fn ascii_spelling(json: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        match c {
            ' '..='~' => out.push(c),
            // Writing into a string cannot fail.
            _ => {
                for unit in c.encode_utf16(&mut units).iter() {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

/// JSON as those write it who keep it safe inside HTML.
fn html_safe(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A backslash before everything that could mean something to a shell.
fn shell_spelling(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:@%+=,".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn url_spelling(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            // Writing into a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubber(secrets: &[&str]) -> Scrubber {
        let values: Vec<Value> = secrets.iter().map(|s| Value::from(*s).sensitive()).collect();
        Scrubber::of(&values)
    }

    #[test]
    fn secrets_leave_text_in_every_spelling() {
        let cases = [
            ("hunter2", "password=hunter2!", "password=(sensitive)!"),
            ("p\"q/r", r#"{"p":"p\"q/r"} p%22q%2Fr"#, r#"{"p":"(sensitive)"} (sensitive)"#),
            ("hunter2\n", "user hunter2, bye", "user (sensitive), bye"),
            ("-----BEGIN-----\nabcdefghij\n}\n", "bad line `abcdefghij` }", "bad line `(sensitive)` }"),
            ("p\"q", r#"{"log":"{\"p\":\"p\\\"q\"}"}"#, r#"{"log":"{\"p\":\"(sensitive)\"}"}"#),
            ("a/b/c", r#"{"p":"a\/b\/c"}"#, r#"{"p":"(sensitive)"}"#),
            ("pä€s", r"p\u00e4\u20acs", "(sensitive)"),
            ("a<b&c", r"a\u003cb\u0026c", "(sensitive)"),
            ("a b$c\"d", r#"sh: a\ b\$c\"d: no"#, "sh: (sensitive): no"),
            ("it's so", r"'it'\''s so' it\'s so", "'(sensitive)' (sensitive)"),
            (r"a\b", r"a\\b", "(sensitive)"),
            ("ab", "ab is too short to be a secret", "ab is too short to be a secret"),
            ("aaa", "aaaaaaa", "(sensitive)a"),
            ("hunter", "é hunter é", "é (sensitive) é"),
        ];
        for (secret, text, expected) in cases {
            assert_eq!(scrubber(&[secret]).scrub(text), expected, "{secret}");
        }
    }

    #[test]
    fn a_longer_secret_goes_first() {
        assert_eq!(scrubber(&["abc", "abcdef"]).scrub("abcdefg abc"), "(sensitive)g (sensitive)");
    }

    #[test]
    fn a_text_that_was_cut_shows_no_end_of_a_secret() {
        let scrubber = scrubber(&["0123456789"]);
        let cut = "56789 and 0123456789 more";
        assert_eq!(scrubber.scrub_from(cut, scrubber.longest()), "(sensitive) more");
    }

    #[test]
    fn values_that_hold_a_secret_are_marked() {
        let scrubber = scrubber(&["long-secret", "admin", "4711", "true", "1.50", "pin"]);
        let cases: [(Value, bool); 16] = [
            ("mongodb://u:long-secret@h".into(), true),
            ("xlong-secretx".into(), true),
            ("admin".into(), true),
            ("db-admin".into(), true),
            ("administrators".into(), false),
            ("p4711".into(), true),
            ("14711".into(), false),
            (4711.into(), true),
            (14711.into(), false),
            (Value::Float(4711.0), true),
            (Value::Float(1.5), true),
            (true.into(), true),
            (false.into(), false),
            ("truest".into(), false),
            ("pin".into(), false),
            (Value::Null, false),
        ];
        for (value, secret) in cases {
            let marked = scrubber.mark(&Value::list([value.clone()]), None);
            assert_eq!(marked.has_marks(), secret, "{value:?}");
            // What stands in clear in the configuration is none.
            let value = Value::list([value]);
            assert_eq!(scrubber.mark(&value, Some(&value)), value);
        }
    }

    #[test]
    fn a_secret_among_the_keys_hides_the_map() {
        let scrubber = scrubber(&["777777"]);
        let body = Value::map([("output", Value::map([("k-777777", Value::from(1))])), ("n", 1.into())]);
        let marked = scrubber.mark(&body, None);
        assert_eq!(format!("{marked:?}"), r#"{"n": 1, "output": (sensitive)}"#);
        assert_eq!(marked.reveal(), body);
        assert_eq!(scrubber.mark(&body, Some(&body)), body);
    }

    #[test]
    fn numbers_and_nested_leaves_count() {
        let values = [Value::map([("a", Value::list([Value::from(123_456).sensitive()]))])];
        assert_eq!(Scrubber::of(&values).scrub("pin 123456"), "pin (sensitive)");
        assert_eq!(format!("{:?}", Scrubber::of(&values)), "Scrubber(1)");
    }
}
