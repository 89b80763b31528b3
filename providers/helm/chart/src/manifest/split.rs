//! A text of several documents into its documents.

use crate::Profile;

/// The documents of a text, without those that are empty.
///
/// Helm 3 trims them on both sides and separates at any line that begins with `---`, with what is
/// white before it; Helm 4 keeps the end of a document as it is.
#[must_use]
pub fn split(text: &str, profile: Profile) -> Vec<&str> {
    match profile {
        Profile::Helm3 => split3(text.trim()),
        Profile::Helm4 => split4(text.trim_start()),
    }
}

/// What `\s` of Go's regexp is: less than what Rust and Go trim.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

fn split3(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("---")) {
        let found = at + found;
        let before = text.get(..found).unwrap_or_default();
        // At the very beginning, or after a line break that is not part of the last separator.
        if found == 0 || (before.ends_with('\n') && found > start) {
            let end = start.max(before.trim_end_matches(is_space).len());
            documents.push(text.get(start..end).unwrap_or_default());
            let rest = text.get(found + 3..).unwrap_or_default();
            start = text.len() - rest.trim_start_matches(is_space).len();
            at = start;
        } else {
            at = found + 1;
        }
    }
    documents.push(text.get(start..).unwrap_or_default());
    // A document of white space that is not `\s` is kept, and empty.
    documents.into_iter().filter(|document| !document.is_empty()).map(str::trim).collect()
}

fn split4(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---") {
            documents.push(text.get(start..at).unwrap_or_default());
            start = at + line.len() - rest.trim_start_matches([' ', '\t']).len();
        }
        at += line.len();
    }
    documents.push(text.get(start..).unwrap_or_default());
    documents.into_iter().map(str::trim_start).filter(|document| !document.is_empty()).collect()
}
