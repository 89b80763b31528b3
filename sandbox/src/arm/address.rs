//! Paths of Resource Manager: what a request is about. Compared without case; ids that are made from
//! them have the casing of the types and of the names as they were given.

use super::kind::{Kind, Place};
use crate::types;

/// Where something is: a subscription, a group, a resource, or the tenant (empty).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) subscription: Option<String>,
    pub(crate) group: Option<String>,
    /// Canonical, without a slash at the end.
    pub(crate) id: String,
}

impl Scope {
    pub(crate) fn key(&self) -> String {
        self.id.to_ascii_lowercase()
    }

    pub(crate) fn group_key(&self) -> Option<String> {
        let (subscription, group) = (self.subscription.as_ref()?, self.group.as_ref()?);
        Some(format!("/subscriptions/{subscription}/resourcegroups/{group}").to_ascii_lowercase())
    }
}

/// A resource of a type that is known here.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) kind: &'static dyn Kind,
    pub(crate) scope: Scope,
    /// From the outermost to the resource itself.
    pub(crate) names: Vec<String>,
    pub(crate) id: String,
    pub(crate) key: String,
}

impl Address {
    pub(crate) fn new(kind: &'static dyn Kind, scope: Scope, names: Vec<String>) -> Address {
        let id = match kind.spec().place {
            Place::Subscription => scope.id.clone(),
            Place::Group | Place::Child | Place::Extension => {
                let mut id = format!("{}/providers/{}", scope.id, kind.spec().namespace());
                for (type_, name) in kind.spec().types().zip(&names) {
                    id.push_str(&format!("/{type_}/{name}"));
                }
                id
            }
        };
        let key = id.to_ascii_lowercase();
        Address { kind, scope, names, id, key }
    }

    pub(crate) fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The resource that a child is in.
    pub(crate) fn parent(&self) -> Option<Address> {
        if self.kind.spec().place != Place::Child {
            return None;
        }
        let (parent, _) = self.kind.spec().name.rsplit_once('/')?;
        let names = self.names[..self.names.len() - 1].to_vec();
        Some(Address::new(types::find(parent)?, self.scope.clone(), names))
    }

    /// `Microsoft.Storage/storageAccounts/abc`, as messages name it.
    pub(crate) fn short(&self) -> String {
        let mut text = self.kind.spec().namespace().to_owned();
        for (type_, name) in self.kind.spec().types().zip(&self.names) {
            text.push_str(&format!("/{type_}/{name}"));
        }
        text
    }
}

/// What the path of a request names.
pub(crate) enum Target {
    Scope(Scope),
    /// `.../providers[/{namespace}]`
    Providers(Scope, Option<String>),
    Resource(Address),
    /// A type whose last name is missing, and where.
    Collection {
        kind: &'static dyn Kind,
        scope: Scope,
        names: Vec<String>,
    },
    /// What is neither: an action, a view, an operation, a type that is not known.
    Other {
        scope: Scope,
        namespace: String,
        rest: Vec<String>,
    },
    /// Not below a scope: `/subscriptions`, `/subscriptions/{s}/resources`, ...
    Words(Vec<String>),
}

pub(crate) fn parse(segments: &[String]) -> Target {
    let split = split(segments);
    let Some(split) = split else {
        return match scope(segments) {
            Some(scope) if scope.group.is_some() => {
                let name = scope.group.clone().unwrap_or_default();
                Target::Resource(Address::new(types::group(), scope, vec![name]))
            }
            Some(scope) => Target::Scope(scope),
            None => Target::Words(segments.to_vec()),
        };
    };
    let Some(scope) = scope(&segments[..split]) else {
        return Target::Words(segments.to_vec());
    };
    let mut rest = segments[split + 1..].iter();
    let Some(namespace) = rest.next() else {
        return Target::Providers(scope, None);
    };
    let rest: Vec<String> = rest.cloned().collect();
    if rest.is_empty() {
        return Target::Providers(scope, Some(namespace.clone()));
    }
    let types: Vec<&str> = rest.iter().step_by(2).map(String::as_str).collect();
    let Some(kind) = types::find(&format!("{namespace}/{}", types.join("/"))) else {
        return Target::Other { scope, namespace: namespace.clone(), rest };
    };
    let names: Vec<String> = rest.iter().skip(1).step_by(2).cloned().collect();
    if names.len() == types.len() {
        Target::Resource(Address::new(kind, scope, names))
    } else {
        Target::Collection { kind, scope, names }
    }
}

/// More segments than any id has; what is longer is no scope.
const LONGEST: usize = 64;

/// The last `providers` at a place where a word of the path stands, not a name.
fn split(segments: &[String]) -> Option<usize> {
    (0..segments.len()).rev().find(|at| at % 2 == 0 && is(&segments[*at], "providers"))
}

/// A scope, with the canonical case of its words and types.
pub(crate) fn scope(segments: &[String]) -> Option<Scope> {
    match segments {
        [] => Some(Scope::default()),
        [word, subscription] if is(word, "subscriptions") => Some(Scope {
            subscription: Some(subscription.clone()),
            group: None,
            id: format!("/subscriptions/{subscription}"),
        }),
        [word, subscription, groups, group] if is(word, "subscriptions") && is(groups, "resourcegroups") => {
            Some(Scope {
                subscription: Some(subscription.clone()),
                group: Some(group.clone()),
                id: format!("/subscriptions/{subscription}/resourceGroups/{group}"),
            })
        }
        // Shorter at each turn: what is before the last provider is a scope again.
        _ if segments.len() <= LONGEST && split(segments).is_some() => match parse(segments) {
            Target::Resource(address) => Some(Scope {
                subscription: address.scope.subscription.clone(),
                group: address.scope.group.clone(),
                id: address.id,
            }),
            _ => None,
        },
        _ => None,
    }
}

fn is(segment: &str, word: &str) -> bool {
    segment.eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(path: &str) -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    fn describe(path: &str) -> String {
        match parse(&segments(path)) {
            Target::Scope(scope) => format!("scope {}", scope.id),
            Target::Providers(scope, namespace) => format!("providers {} {namespace:?}", scope.id),
            Target::Resource(address) => format!("{} {}", address.kind.spec().name, address.id),
            Target::Collection { kind, scope, names } => {
                format!("list {} in {} {names:?}", kind.spec().name, scope.id)
            }
            Target::Other { scope, namespace, rest } => format!("other {} {namespace} {rest:?}", scope.id),
            Target::Words(words) => format!("words {words:?}"),
        }
    }

    #[test]
    fn endless_and_twisted_paths_are_read() {
        let long = "/providers/a/b/c".repeat(10_000);
        assert!(describe(&long).starts_with("words"));
        assert!(describe("/subscriptions/providers/x").starts_with("words"));
    }

    #[test]
    fn paths_name_resources_lists_and_other_things() {
        for (path, expected) in [
            ("/SUBSCRIPTIONS/s", "scope /subscriptions/s"),
            ("/subscriptions", "words [\"subscriptions\"]"),
            (
                "/subscriptions/s/resourcegroups/G",
                "Microsoft.Resources/resourceGroups /subscriptions/s/resourceGroups/G",
            ),
            ("/subscriptions/s/resources", "words [\"subscriptions\", \"s\", \"resources\"]"),
            ("/subscriptions/s/providers", "providers /subscriptions/s None"),
            (
                "/subscriptions/s/resourceGroups/providers",
                "Microsoft.Resources/resourceGroups /subscriptions/s/resourceGroups/providers",
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/microsoft.authorization/LOCKS/l",
                "Microsoft.Authorization/locks /subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/locks/l",
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/locks",
                "list Microsoft.Authorization/locks in /subscriptions/s/resourceGroups/g []",
            ),
            (
                "/subscriptions/s/providers/Microsoft.Foo/bars/b",
                "other /subscriptions/s Microsoft.Foo [\"bars\", \"b\"]",
            ),
        ] {
            assert_eq!(describe(path), expected, "{path}");
        }
    }
}
