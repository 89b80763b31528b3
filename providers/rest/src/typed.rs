//! Paths of objects of any type, where the type is one of the attributes.
//!
//! An object of the type `Space.Name/things` in something is at `PARENT/providers/Space.Name/things/NAME`.
//! One of the type `Space.Name/things/parts` is a part of a thing, and at `THING/parts/NAME`. So a path
//! says what the type is, and what the parent.

use std::borrow::Cow;

use crate::template::{BadTemplate, Template};

/// What stands before the name of a type.
const PROVIDERS: &str = "/providers/";

/// What an id says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts<'i> {
    pub(crate) parent: &'i str,
    pub(crate) ty: Cow<'i, str>,
    pub(crate) name: &'i str,
}

/// The path of an object.
pub(crate) fn fill(parent: &str, ty: &str, name: &str) -> Result<String, BadTemplate> {
    let unfit = |hole: &str, value: &str, why: &'static str| BadTemplate::Unfit {
        hole: hole.into(),
        value: value.to_string(),
        why,
        template: "{parent}/providers/{type}/{name}".to_string(),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    if !ty.chars().all(plain) || ty.split('/').count() < 2 {
        return Err(unfit("type", ty, "it is no name of a type"));
    }
    let below = match take_apart(parent) {
        Some(parts) => part_of(ty, &parts.ty),
        None => None,
    };
    let text = match below {
        Some(last) => format!("{{parent}}/{last}/{{name}}"),
        None if ty.split('/').count() == 2 => format!("{{parent}}{PROVIDERS}{ty}/{{name}}"),
        None => return Err(unfit("parent", parent, "it is not of the type that this type is a part of")),
    };
    Template::parse(&text)?.fill(|hole| Some(if hole == "parent" { parent } else { name }))
}

/// What a type adds to that of which it is a part.
fn part_of<'t>(ty: &'t str, whole: &str) -> Option<&'t str> {
    let (start, last) = ty.rsplit_once('/')?;
    start.eq_ignore_ascii_case(whole).then_some(last)
}

/// What an id says; `None` where it does not name a type.
pub(crate) fn take_apart(id: &str) -> Option<Parts<'_>> {
    let id = id.strip_suffix('/').unwrap_or(id);
    let at = id.to_ascii_lowercase().rfind(PROVIDERS)?;
    let (scope, rest) = (&id[..at], &id[at + PROVIDERS.len()..]);
    let segments: Vec<&str> = rest.split('/').collect();
    // A space, and then types and names in turn.
    if segments.len() < 3 || segments.len().is_multiple_of(2) || segments.iter().any(|s| s.is_empty()) {
        return None;
    }
    let name = segments[segments.len() - 1];
    if segments.len() == 3 {
        return Some(Parts { parent: scope, ty: rest[..rest.len() - name.len() - 1].into(), name });
    }
    let ty =
        segments[..1].iter().chain(segments[1..].iter().step_by(2)).copied().collect::<Vec<_>>().join("/");
    let last = segments[segments.len() - 2];
    Some(Parts { parent: &id[..id.len() - last.len() - name.len() - 2], ty: ty.into(), name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_is_of_and_where() {
        let table = [
            (
                "/subscriptions/s/resourceGroups/g",
                "A.B/things",
                "n",
                "/subscriptions/s/resourceGroups/g/providers/A.B/things/n",
            ),
            ("/g/providers/A.B/things/n", "A.B/things/parts", "p", "/g/providers/A.B/things/n/parts/p"),
            (
                "/g/providers/A.B/things/n/parts/p",
                "A.B/things/parts/bits",
                "b",
                "/g/providers/A.B/things/n/parts/p/bits/b",
            ),
            // What extends another object is at it and not a part of it.
            ("/g/providers/A.B/things/n", "C/locks", "l", "/g/providers/A.B/things/n/providers/C/locks/l"),
            (
                "/g/providers/A.B/things/n",
                "A.B/notes",
                "l",
                "/g/providers/A.B/things/n/providers/A.B/notes/l",
            ),
        ];
        for (parent, ty, name, id) in table {
            assert_eq!(fill(parent, ty, name).as_deref(), Ok(id));
            assert_eq!(take_apart(id), Some(Parts { parent, ty: ty.into(), name }), "{id}");
        }
        assert_eq!(
            fill("/g/PROVIDERS/a.b/THINGS/n/", "A.B/things/parts", "p").unwrap(),
            "/g/PROVIDERS/a.b/THINGS/n/parts/p"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (parent, ty, name) in [
            ("/g", "A.B/things/parts", "p"),
            ("/g/providers/A.B/others/n", "A.B/things/parts", "p"),
            ("/g", "things", "n"),
            ("/g", "A.B/{x}", "n"),
            ("/g", "A.B/things", "a/b"),
            ("/g/..", "A.B/things", "a"),
        ] {
            assert!(fill(parent, ty, name).is_err(), "{parent} {ty} {name}");
        }
        for id in [
            "",
            "/subscriptions/s/resourceGroups/g",
            "/g/providers/A",
            "/g/providers/A/b",
            "/g/providers/A/b/c/d",
            "/g/providers//b/c",
        ] {
            assert_eq!(take_apart(id), None, "{id}");
        }
    }
}
