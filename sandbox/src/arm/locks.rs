//! Locks: inherited from the subscription, the group and every resource above.

use super::{Address, Method};
use crate::refusal::{Outcome, Refusal};
use crate::types::LOCKS;
use crate::world::{Resource, World};

/// Refuses what a lock forbids. Locks themselves and what is at the lock's own level may be managed
/// under a lock, or nobody could ever take it away.
pub(crate) fn check(world: &World, address: &Address, method: Method, verb: &str) -> Outcome<()> {
    if address.kind.spec().name == LOCKS {
        return Ok(());
    }
    let path = format!("{}/", address.key);
    let found = all(world).find(|(scope, lock)| {
        let above = path.starts_with(&format!("{scope}/"));
        // What is below goes with it, so a lock there forbids deleting from above.
        let below = scope.starts_with(&path);
        let read_only = lock.text("properties.level") == Some("ReadOnly");
        match method {
            Method::Delete => above || below,
            Method::Get | Method::Head => false,
            _ => above && read_only,
        }
    });
    let Some((_, lock)) = found else {
        return Ok(());
    };
    Err(Refusal::new(
        409,
        "ScopeLocked",
        format!(
            "The scope '{}' cannot perform {verb} operation because following scope(s) are locked: '{}'. Please remove the lock and try again.",
            address.id,
            scope_of(lock)
        ),
    ))
}

fn all(world: &World) -> impl Iterator<Item = (String, &Resource)> {
    world
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_ == LOCKS)
        .map(|(key, lock)| (scope_of_key(key).to_owned(), lock))
}

fn scope_of_key(key: &str) -> &str {
    key.rsplit_once("/providers/").map_or(key, |(scope, _)| scope)
}

fn scope_of(lock: &Resource) -> &str {
    scope_of_key(&lock.id)
}
