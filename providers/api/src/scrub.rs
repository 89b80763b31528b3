//! Takes secrets out of text that is about to be shown, and recognises them in values.
//!
//! Services and commands repeat in their messages what they were sent. Whoever called them knows
//! the secrets that went in, and so can take them out again, in clear and as they look inside JSON
//! or a URL, and line by line where a secret has several lines (keys and certificates).

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

/// From this length on a text that equals a secret counts as that secret: `dev` or `8080` may well
/// be both.
const SHORTEST_WHOLE: usize = 6;

/// From this length on a secret also counts as recognised inside a longer text, such as a
/// connection string that was put together from it.
const SHORTEST_PART: usize = 8;

/// Knows secrets. Its `Debug` does not tell them.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Each once, in all its spellings, the longest first.
    spellings: Vec<String>,
    /// The secrets themselves.
    texts: Vec<String>,
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
        let mut spellings = Vec::new();
        for text in &texts {
            let trimmed = text.trim();
            let lines = trimmed.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
            for form in [text.as_str(), trimmed].into_iter().chain(lines) {
                spellings.push(form.to_string());
                spellings.push(json_spelling(form));
                spellings.push(url_spelling(form));
            }
        }
        spellings.retain(|form| form.len() >= SHORTEST);
        spellings.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        Scrubber { spellings, texts }
    }

    /// This one and what another one knows.
    #[must_use]
    pub fn and(mut self, other: &Scrubber) -> Scrubber {
        if other.spellings.is_empty() {
            return self;
        }
        self.texts.extend_from_slice(&other.texts);
        self.spellings.extend_from_slice(&other.spellings);
        self.spellings.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.spellings.dedup();
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
        self.texts.iter().any(|secret| {
            (secret.len() >= SHORTEST_WHOLE && text == secret)
                || (secret.len() >= SHORTEST_PART && text.contains(secret.as_str()))
        })
    }

    /// A value in which every text that has a known secret in it is marked, but for what `plain`
    /// has in clear at the same place.
    pub fn mark(&self, value: &Value, plain: Option<&Value>) -> Value {
        if self.texts.is_empty() {
            return value.clone();
        }
        let marked = value.map_leaves::<std::convert::Infallible>(&mut |path, leaf| {
            Ok(match leaf {
                Value::String(text) if self.recognises(text) => {
                    let known = plain.and_then(|plain| plain.at(path)) == Some(leaf);
                    (!known).then(|| leaf.clone().sensitive())
                }
                _ => None,
            })
        });
        match marked {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }
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
        let scrubber = scrubber(&["long-secret", "secret", "pin"]);
        let value =
            Value::list(["mongodb://u:long-secret@h".into(), "secret".into(), "pin".into(), 1.into()]);
        assert_eq!(format!("{:?}", scrubber.mark(&value, None)), r#"[(sensitive), (sensitive), "pin", 1]"#);
        let plain = Value::list([Value::Null, "secret".into()]);
        assert_eq!(
            format!("{:?}", scrubber.mark(&value, Some(&plain))),
            r#"[(sensitive), "secret", "pin", 1]"#
        );
    }

    #[test]
    fn numbers_and_nested_leaves_count() {
        let values = [Value::map([("a", Value::list([Value::from(123_456).sensitive()]))])];
        assert_eq!(Scrubber::of(&values).scrub("pin 123456"), "pin (sensitive)");
        assert_eq!(format!("{:?}", Scrubber::of(&values)), "Scrubber(1)");
    }
}
