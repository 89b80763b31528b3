//! GET of a resource, and everything below a provider that is no resource: actions, views, operations.

use super::{
    Address, Context, Etag, Place, Scope, directory, etag, guard, list, locks, operations, preconditions,
};
use crate::http::{Method, Response};
use crate::refusal::Outcome;
use crate::types;
use crate::world::World;

pub(crate) fn read(cx: &Context<'_>, world: &mut World, address: &Address) -> Outcome<Response> {
    let spec = address.kind.spec();
    let Some(resource) = world.resources.get(&address.key) else {
        if spec.place != Place::Subscription {
            preconditions::parent(world, address, "read")?;
        }
        return Err(preconditions::missing(address));
    };
    let response = if cx.request.method == Method::Head && spec.place == Place::Subscription {
        Response::empty(204)
    } else {
        Response::json(200, address.kind.show(world, resource))
    };
    Ok(match spec.etag {
        Etag::Top => response.with("ETag", etag(spec, resource)),
        Etag::None | Etag::TopCamel | Etag::Property => response,
    })
}

pub(crate) fn other(
    cx: &Context<'_>,
    world: &mut World,
    scope: &Scope,
    namespace: &str,
    rest: &[String],
) -> Outcome<Response> {
    let lower: Vec<String> = rest.iter().map(|part| part.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    if let (["locations", _, what @ ("operations" | "operationresults"), id], Some(subscription)) =
        (lower.as_slice(), &scope.subscription)
        && cx.request.method.is_read()
    {
        // The id is known to who began it, and the role that let them may be gone with the group.
        return operations::poll(cx, world, subscription, what, id);
    }
    if let ([word @ ("register" | "unregister")], Some(subscription), None, Method::Post) =
        (lower.as_slice(), &scope.subscription, &scope.group, cx.request.method)
    {
        return directory::register(cx, world, subscription, namespace, *word == "register");
    }
    if let Some(outcome) = types::beside(cx, world, scope, namespace, &lower) {
        return outcome;
    }
    // The longest beginning that is a resource, and what is asked of it.
    let whole = (1..=rest.len() / 2).rev().map(|pairs| pairs * 2).find_map(|length| {
        let types: Vec<&str> = rest[..length].iter().step_by(2).map(String::as_str).collect();
        let kind = types::find(&format!("{namespace}/{}", types.join("/")))?;
        let names = rest[..length].iter().skip(1).step_by(2).cloned().collect();
        Some((Address::new(kind, scope.clone(), names), &rest[length..]))
    });
    let Some((address, tail)) = whole else {
        return Err(directory::unknown_type(namespace, rest, cx.version));
    };
    let tail_lower: Vec<String> = tail.iter().map(|part| part.to_ascii_lowercase()).collect();
    match cx.request.method {
        Method::Post => act(cx, world, &address, tail, &tail_lower),
        Method::Get | Method::Head => {
            guard(cx, world, address.kind, scope, &address.id, "read")?;
            let Some(resource) = world.resources.get(&address.key) else {
                return Err(preconditions::missing(&address));
            };
            let found = address.kind.view(cx, world, resource, &tail_lower);
            found.unwrap_or_else(|| Err(directory::unknown_type(namespace, rest, cx.version)))
        }
        _ => Err(directory::unknown_type(namespace, rest, cx.version)),
    }
}

fn act(
    cx: &Context<'_>,
    world: &mut World,
    address: &Address,
    tail: &[String],
    lower: &[String],
) -> Outcome<Response> {
    let spec = address.kind.spec();
    let unknown =
        || directory::unknown_type(spec.namespace(), &[spec.last().to_owned(), tail.join("/")], cx.version);
    let [action] = lower else {
        return Err(unknown());
    };
    guard(cx, world, address.kind, &address.scope, &address.id, &format!("{}/action", tail[0]))?;
    preconditions::alive(world, address)?;
    locks::check(world, address, Method::Post, &format!("{}/action", tail[0]))?;
    if !world.resources.contains(&address.key) {
        return Err(preconditions::missing(address));
    }
    let body = if cx.request.body.is_empty() { serde_json::Map::new() } else { cx.body(spec.service)? };
    match address.kind.act(cx, world, &address.key, action, &body) {
        Some(outcome) => outcome,
        None => Err(unknown()),
    }
}

/// For views that are lists of resources: the same pages as any other list.
pub(crate) fn view_of<'a>(
    cx: &Context<'_>,
    world: &World,
    found: impl Iterator<Item = &'a crate::world::Resource>,
    size: usize,
) -> Outcome<Response> {
    list::respond(cx, world, found.collect(), size)
}
