//! What a type lets people leave out: a name that is made from what the object is, and an id that has a
//! well-known name.

use std::collections::BTreeMap;

use aurak_model::path::Seg;
use aurak_model::value::Map;
use aurak_model::{Name, Path, Value};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::spec::RestType;
use crate::template::Template;

/// An attribute that stands, by a well-known name, for an id in the body.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Where the id is.
    pub at: Path,
    /// The id, in which `{word}` is what is known of the name.
    pub id: Template,
    /// What is known of each name: the last part of its id.
    pub known: BTreeMap<Name, Name>,
}

/// The hole of [`Words::id`] that a known name fills.
pub(crate) const WORD: &str = "word";

/// The attributes with all that was left out and follows from them. `given` are the holes that the
/// provider fills.
pub(crate) fn completed<'g>(ty: &RestType, attributes: &Map, given: impl Fn(&str) -> Option<&'g str>) -> Map {
    let mut out = attributes.clone();
    for (name, words) in &ty.spec.words {
        let Some(word) = out.get(name).and_then(Value::as_str) else { continue };
        let known = words.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        let Some((_, known)) = known.filter(|_| at(&out, &words.at).is_none()) else { continue };
        let id = words.id.fill(|hole| if hole == WORD { Some(&**known) } else { given(hole) });
        if let Ok(id) = id {
            out = with(&out, &words.at.0, Value::string(id));
        }
    }
    for (name, paths) in &ty.spec.guids {
        if out.get(name).is_some_and(|name| !name.is_null()) {
            continue;
        }
        let texts: Option<Vec<String>> = paths.iter().map(|path| at(&out, path)).collect();
        if let Some(texts) = texts {
            out.insert(name.clone(), Value::string(guid(&texts)));
        }
    }
    out
}

/// The well-known names of what stands in a body.
pub(crate) fn named<'t>(ty: &'t RestType, body: &Map) -> impl Iterator<Item = (&'t Name, &'t Name)> {
    ty.spec.words.iter().filter_map(|(name, words)| {
        let id = at(body, &words.at)?;
        let last = id.rsplit('/').next()?;
        let (word, _) = words.known.iter().find(|(_, known)| known.eq_ignore_ascii_case(last))?;
        Some((name, word))
    })
}

/// A text in a map.
fn at(map: &Map, path: &Path) -> Option<String> {
    let (first, rest) = path.0.split_first()?;
    let Seg::Key(key) = first else { return None };
    map.get(key)?.at(&Path(rest.to_vec()))?.as_str().map(str::to_string)
}

/// A map with a value at a path of keys.
pub(crate) fn with(map: &Map, path: &[Seg], value: Value) -> Map {
    let mut out = map.clone();
    match path {
        [Seg::Key(key)] => drop(out.insert(key.clone(), value)),
        [Seg::Key(key), rest @ ..] => {
            let below = map.get(key).and_then(Value::as_map).cloned().unwrap_or_default();
            out.insert(key.clone(), Value::from(with(&below, rest, value)));
        }
        _ => {}
    }
    out
}

/// The same GUID for the same texts, whose case and slashes around them do not count: one of the
/// version that is for everybody's own use.
fn guid(texts: &[String]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        let text = text.trim_matches('/').to_ascii_lowercase();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: [&str; 2]) -> String {
        guid(&texts.map(str::to_string))
    }

    #[test]
    fn a_guid_is_the_same_for_the_same_and_another_for_others() {
        // Written out, because objects are found again by it.
        assert_eq!(of(["/subscriptions/s", "r"]), "dbb535ff-9cf5-8d9c-b99b-7393a03fb2cc");
        assert_eq!(of(["/Subscriptions/S/", "R"]), of(["/subscriptions/s", "r"]));
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
    }
}
