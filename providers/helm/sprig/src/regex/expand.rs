//! What a match is replaced by: a text in which `$1` and `${name}` stand for groups.

use regex::bytes::Captures;

/// Appends the text with the groups of a match in it.
pub(crate) fn expand(out: &mut Vec<u8>, template: &str, found: &Captures<'_>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.extend_from_slice(before.as_bytes());
        if let Some(after) = after.strip_prefix('$') {
            out.push(b'$');
            rest = after;
            continue;
        }
        let (name, left) = match after.strip_prefix('{') {
            Some(inner) => match inner.split_once('}') {
                Some((name, left)) => (name, left),
                None => ("", after),
            },
            None => {
                let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if name.is_empty() || name.contains(|c: char| !c.is_alphanumeric() && c != '_') {
            out.push(b'$');
            rest = after;
            continue;
        }
        let group = match name.parse::<usize>() {
            Ok(number) => found.get(number),
            Err(_) => found.name(name),
        };
        out.extend_from_slice(group.map_or(&b""[..], |group| group.as_bytes()));
        rest = left;
    }
    out.extend_from_slice(rest.as_bytes());
}
