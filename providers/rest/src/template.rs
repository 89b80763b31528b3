//! The path of an object, with holes that attributes fill: `{group}/providers/X/things/{name}`.
//!
//! A hole at the beginning holds a whole path, such as the id of what the object lives in; every
//! other hole one segment. That makes it possible to take an id apart again, from its end. The words
//! between the holes are compared without case.

use std::collections::BTreeMap;

use aurak_model::Name;
use serde::{Deserialize, Deserializer};

/// A path with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Hole(Name),
}

/// Why a text is no template, or why it cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A brace without the other one, or nothing between them.
    #[error("`{0}`: braces go in pairs around a name")]
    Braces(String),
    /// A hole that does not fill a segment.
    #[error("`{0}`: `{{{1}}}` stands between slashes")]
    NoSegment(String, Name),
    /// Something has no value.
    #[error("`{0}` is needed for the path `{1}`")]
    Missing(Name, String),
    /// A value that would lead elsewhere.
    #[error("`{value}` cannot be a part of a path: {why} (`{hole}` of `{template}`)")]
    Unfit {
        /// Which hole.
        hole: Name,
        /// What was to go there.
        value: String,
        /// What is wrong with it.
        why: &'static str,
        /// The whole template.
        template: String,
    },
}

impl Template {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Template, BadTemplate> {
        let braces = || BadTemplate::Braces(text.to_string());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            if !rest[open..].starts_with('{') {
                return Err(braces());
            }
            let close = rest[open..].find('}').map(|at| at + open).ok_or_else(braces)?;
            let (words, hole) = (&rest[..open], &rest[open + 1..close]);
            let after = &rest[close + 1..];
            if hole.is_empty() || hole.contains('{') {
                return Err(braces());
            }
            let begins = (words.is_empty() && parts.is_empty()) || words.ends_with('/');
            if !begins || !(after.is_empty() || after.starts_with('/')) {
                return Err(BadTemplate::NoSegment(text.to_string(), hole.into()));
            }
            if !words.is_empty() {
                parts.push(Part::Words(words.to_string()));
            }
            parts.push(Part::Hole(hole.into()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Words(rest.to_string()));
        }
        Ok(Template { text: text.to_string(), parts })
    }

    /// The names of the holes.
    pub fn holes(&self) -> impl Iterator<Item = &Name> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(name) => Some(name),
            Part::Words(_) => None,
        })
    }

    /// The path with its holes filled, beginning with one slash.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, BadTemplate> {
        let mut path = String::new();
        for (i, part) in self.parts.iter().enumerate() {
            match part {
                Part::Words(words) => path.push_str(words),
                Part::Hole(name) => {
                    let value =
                        value(name).ok_or_else(|| BadTemplate::Missing(name.clone(), self.text.clone()))?;
                    let value = if i == 0 { value.trim_matches('/') } else { value };
                    if let Some(why) = unfit(value, i == 0) {
                        return Err(BadTemplate::Unfit {
                            hole: name.clone(),
                            value: value.to_string(),
                            why,
                            template: self.text.clone(),
                        });
                    }
                    path.push_str(value);
                }
            }
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        Ok(path)
    }

    /// What fills the holes of an id; `None` where the id is of another form.
    pub fn take_apart<'i>(&self, id: &'i str) -> Option<BTreeMap<Name, &'i str>> {
        let mut found = BTreeMap::new();
        let mut rest = id.strip_suffix('/').unwrap_or(id);
        for (i, part) in self.parts.iter().enumerate().rev() {
            match part {
                Part::Words(words) => {
                    let at = rest.len().checked_sub(words.len())?;
                    if !rest.is_char_boundary(at) || !rest[at..].eq_ignore_ascii_case(words) {
                        return None;
                    }
                    rest = &rest[..at];
                }
                Part::Hole(name) => {
                    let at = if i == 0 { 0 } else { rest.rfind('/')? + 1 };
                    if rest[at..].is_empty() {
                        return None;
                    }
                    found.insert(name.clone(), &rest[at..]);
                    rest = &rest[..at];
                }
            }
        }
        rest.is_empty().then_some(found)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
        let text = String::deserialize(deserializer)?;
        Template::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text would make another path of a path.
fn unfit(value: &str, whole: bool) -> Option<&'static str> {
    if value.is_empty() {
        Some("it is empty")
    } else if !whole && value.contains('/') {
        Some("it has a slash")
    } else if value.split('/').any(|segment| segment == "." || segment == "..") {
        Some("it has dots that step out of the path")
    } else if value.split('/').any(str::is_empty) {
        Some("it has two slashes in a row")
    } else if value.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '\\' | '%')) {
        Some("it has a character that a path cannot have")
    } else {
        None
    }
}

/// A path as it stands in an address: what is no plain character is escaped.
pub(crate) fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'/' | b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+'
            | b',' | b';' | b'=' | b':' | b'@' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn an_id_is_made_and_taken_apart_again() {
        let pool = template("{cluster}/agentPools/{name}");
        let path = pool
            .fill(|hole| match hole {
                "cluster" => Some("subscriptions/s/x/managedClusters/c/"),
                _ => Some("a b"),
            })
            .unwrap();
        assert_eq!(path, "/subscriptions/s/x/managedClusters/c/agentPools/a b");
        assert_eq!(escaped(&path), "/subscriptions/s/x/managedClusters/c/agentPools/a%20b");
        let parts = pool.take_apart("/subscriptions/s/x/managedClusters/c/AGENTPOOLS/a b").unwrap();
        assert_eq!(parts["cluster"], "/subscriptions/s/x/managedClusters/c");
        assert_eq!(parts["name"], "a b");
        assert_eq!(pool.holes().map(|name| &**name).collect::<Vec<_>>(), ["cluster", "name"]);
    }

    #[test]
    fn an_id_of_another_form_is_told_apart() {
        let group = template("/subscriptions/{subscription}/resourceGroups/{name}");
        assert!(group.take_apart("/subscriptions/s/resourcegroups/g").is_some());
        for other in [
            "",
            "/",
            "/subscriptions/s/resourceGroups",
            "/subscriptions/s/resourceGroups/g/providers/P/t/n",
            "/x/subscriptions/s/resourceGroups/g",
            "/subscriptions/s/resourceGroups/",
            "ü",
        ] {
            assert_eq!(group.take_apart(other), None, "{other}");
        }
    }

    #[test]
    fn what_fills_a_hole_stays_in_its_place() {
        let thing = template("{group}/things/{name}");
        let fill = |group: &'static str, name: &'static str| {
            thing.fill(move |hole| Some(if hole == "group" { group } else { name }))
        };
        assert!(fill("/subscriptions/s", "n").is_ok());
        for (group, name) in [
            ("/a", "x/y"),
            ("/a", ".."),
            ("/a/../b", "n"),
            ("/a", ""),
            ("/a//b", "n"),
            ("/a", "n?x=1"),
            ("/a", "n#"),
            ("/a", "%2e%2e"),
            ("/a", "n\n"),
            ("/", "n"),
        ] {
            assert!(matches!(fill(group, name), Err(BadTemplate::Unfit { .. })), "{group} {name}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for text in ["{", "}", "a/{", "{}", "{a}{b}", "x{a}/y", "{a}y", "{a{b}}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
