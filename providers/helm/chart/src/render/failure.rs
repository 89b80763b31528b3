//! Why a template failed: what Helm says, and the same for somebody who wants to find the place.

use std::fmt;

use aurak_gotemplate::{Error, ErrorKind};

use super::functions::{MESSAGE_END, MESSAGE_START};
use crate::Profile;

/// A template that could not be read or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    text: String,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What is wrong, without the places.
    pub why: String,
    /// Where: first the template that was rendered, last the one that failed.
    pub places: Vec<Frame>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// A text is no template.
    Parse,
    /// A template failed.
    Execution,
    /// The chart said so itself, by `fail` or `required`.
    Stated,
    /// A limit of ours was reached; Helm would have gone on.
    Limit,
}

/// A place that a failure went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The path of the file in the tree of charts; `gotpl` is a text that `tpl` was given.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The byte in the line, where it is known.
    pub column: Option<usize>,
    /// The template that was executed: the file, or a name that it defines.
    pub template: String,
    /// The action, as Go writes it.
    pub action: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// A file that is no template.
    pub(super) fn parse(file: &str, error: &Error) -> Self {
        let whole = error.message();
        let parts: Vec<&str> = whole.split(": ").collect();
        let (location, why) = match parts.as_slice() {
            [_, location, .., why] => (*location, *why),
            [_, why] => (*why, *why),
            _ => (file, whole),
        };
        let text = if parts.len() < 2 {
            format!("parse error in ({file}): {whole}")
        } else {
            format!("parse error at ({location}): {why}")
        };
        let mut places: Vec<Frame> = place(location).into_iter().collect();
        for place in &mut places {
            place.template.clone_from(&place.file);
        }
        let kind = if error.kind() == ErrorKind::Limit { FailureKind::Limit } else { FailureKind::Parse };
        Self { text, kind, why: why.to_owned(), places }
    }

    /// A template that failed.
    pub(super) fn execution(error: &Error, profile: Profile) -> Self {
        let whole = error.message();
        let frames: Vec<(Frame, &str)> = error.chain().filter_map(executing).collect();
        let why = frames.last().map_or(whole, |(_, why)| *why).to_owned();
        let mut places: Vec<Frame> = frames.into_iter().map(|(frame, _)| frame).collect();
        places.dedup();
        let mut parts = whole.splitn(3, ": ");
        let (_, location, rest) = (parts.next(), parts.next(), parts.next());
        let stated = location.zip(rest.and_then(stated));
        let (text, kind, why) = match stated {
            Some((location, message)) => (
                format!("execution error at ({location}): {message}"),
                FailureKind::Stated,
                message.to_owned(),
            ),
            None => {
                let text = match profile {
                    Profile::Helm3 => None,
                    Profile::Helm4 => lines(error),
                };
                let kind = match error.kind() {
                    ErrorKind::Limit => FailureKind::Limit,
                    _ => FailureKind::Execution,
                };
                (text.unwrap_or_else(|| whole.to_owned()), kind, why)
            }
        };
        Self { text, kind, why, places }
    }
}

/// The message of `fail` or `required` in the text of an error.
fn stated(text: &str) -> Option<&str> {
    let start = text.find(MESSAGE_START)? + MESSAGE_START.len();
    let end = text.rfind(MESSAGE_END)?;
    text.get(start..end)
}

/// `FILE:LINE:COLUMN`, of which the last may not be there.
fn place(location: &str) -> Option<Frame> {
    let number = |text: &str| text.parse::<usize>().ok();
    let (rest, last) = location.rsplit_once(':')?;
    let last = number(last)?;
    let (file, line, column) =
        match rest.rsplit_once(':').and_then(|(file, line)| Some((file, number(line)?))) {
            Some((file, line)) => (file, line, Some(last)),
            None => (rest, last, None),
        };
    Some(Frame { file: file.to_owned(), line, column, template: String::new(), action: String::new() })
}

/// The frame that a message of an execution begins with, and what follows it.
fn executing(message: &str) -> Option<(Frame, &str)> {
    let rest = message.strip_prefix("template: ")?;
    let (location, rest) = rest.split_once(": executing \"")?;
    let (template, rest) = rest.split_once("\" at <")?;
    let (action, why) = rest.split_once(">: ")?;
    let mut frame = place(location)?;
    template.clone_into(&mut frame.template);
    action.clone_into(&mut frame.action);
    Some((frame, why))
}

/// The error as Helm 4 breaks it into lines; nothing if a part of it is of a form it does not know.
fn lines(error: &Error) -> Option<String> {
    let mut parts: Vec<(&str, &str, &str)> = Vec::new();
    for message in error.chain() {
        let part = part(message)?;
        if parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    let mut out = String::new();
    for (location, function, message) in parts {
        for (text, after) in [(location, "\n  "), (function, "\n    "), (message, "\n")] {
            if !text.is_empty() {
                out.push_str(text);
                out.push_str(after);
            }
        }
    }
    Some(out.trim().to_owned())
}

/// One message: its place, what was executed, and what is wrong, up to the next message in it.
fn part(message: &str) -> Option<(&str, &str, &str)> {
    let rest = message.strip_prefix("template: ")?;
    if rest.starts_with("no template ") {
        return Some(("", "", message));
    }
    let cut = |text: &'_ str| text.find(" template:").unwrap_or(text.len());
    if let Some((location, after)) = rest.split_once(": executing ")
        && let Some(name) = after.strip_prefix('"')
        && let Some(end) = name.find('"')
        && let Some(at) = name.get(end + 1..)?.strip_prefix(" at <")
        && let Some(close) = at.find(">: ")
    {
        let why = at.get(close + 3..)?;
        // Up to the colon after the action.
        let length = "executing ".len() + 1 + end + 1 + " at <".len() + close + 2;
        let start = location.len() + ": ".len();
        return Some((location, rest.get(start..start + length)?, why.get(..cut(why))?));
    }
    let (location, why) = rest.rsplit_once(": ")?;
    Some((location, "", why.get(..cut(why))?))
}
