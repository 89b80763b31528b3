//! PUT and PATCH for every type.

use serde_json::{Map, Value, json};

use super::preconditions::{alive, conditions, location, missing, moved, named, normal, parent, tags};
use super::{
    Address, Context, Etag, Kind, Patch, Service, Start, Style, access, begin, etag, holder, locks,
    operations,
};
use crate::http::Response;
use crate::refusal::Outcome;
use crate::types;
use crate::world::{Effect, Progress, Resource, World};

pub(crate) fn put(cx: &Context<'_>, world: &mut World, address: &Address) -> Outcome<Response> {
    let spec = address.kind.spec();
    alive(world, address)?;
    parent(world, address, "write")?;
    let old = world.resources.get(&address.key).cloned();
    if old.is_none() {
        named(address)?;
    }
    locks::check(world, address, cx.request.method, "write")?;
    let mut body = cx.body(spec.service)?;
    location(address, &mut body, old.as_ref())?;
    if spec.tracked {
        tags(&body)?;
    }
    conditions(cx, address, old.as_ref())?;
    address.kind.shape().fit(&mut body).map_err(|misfit| spec.service.misfit(&misfit))?;
    store(cx, world, address, old, body)
}

pub(crate) fn patch(cx: &Context<'_>, world: &mut World, address: &Address) -> Outcome<Response> {
    let spec = address.kind.spec();
    if spec.patch == Patch::None {
        return Err(super::no_method(cx.request));
    }
    alive(world, address)?;
    parent(world, address, "write")?;
    let Some(old) = world.resources.get(&address.key).cloned() else {
        return Err(missing(address));
    };
    locks::check(world, address, cx.request.method, "write")?;
    let mut change = cx.body(spec.service)?;
    if spec.tracked {
        tags(&change)?;
    }
    conditions(cx, address, Some(&old))?;
    if let Some(location) = change.remove("location")
        && location.as_str().map(normal) != old.text("location").map(normal)
    {
        return Err(moved(address, &old, location.as_str().unwrap_or_default()));
    }
    address.kind.shape().fit_patch(&mut change).map_err(|misfit| spec.service.misfit(&misfit))?;
    if spec.patch == Patch::Tags
        && let Some(other) = change.keys().find(|key| *key != "tags")
    {
        return Err(spec
            .service
            .unreadable(&format!("'{other}' cannot be changed by PATCH, which takes tags only")));
    }
    let mut body = address.kind.whole(world, &old);
    for (name, value) in change {
        match (name.as_str(), value) {
            ("tags", value) => {
                body.insert(name, value);
            }
            (_, value) => merge(&mut body, &name, value),
        }
    }
    body.retain(|_, value| !value.is_null());
    store(cx, world, address, Some(old), body)
}

/// RFC 7396.
fn merge(body: &mut Map<String, Value>, name: &str, value: Value) {
    match value {
        Value::Null => {
            body.remove(name);
        }
        Value::Object(change) => {
            let entry = body.entry(name).or_insert_with(|| json!({}));
            if !entry.is_object() {
                *entry = json!({});
            }
            if let Value::Object(map) = entry {
                for (name, value) in change {
                    merge(map, &name, value);
                }
            }
        }
        value => {
            body.insert(name.to_owned(), value);
        }
    }
}

fn store(
    cx: &Context<'_>,
    world: &mut World,
    address: &Address,
    old: Option<Resource>,
    body: Map<String, Value>,
) -> Outcome<Response> {
    let (kind, spec) = (address.kind, address.kind.spec());
    if let Some((held, operation)) = holder(world, kind, &address.key) {
        return Err(spec.service.busy(&held.id, &held.name, &held.state, &operation.name));
    }
    let mut new = Resource {
        id: old.as_ref().map_or_else(|| address.id.clone(), |old| old.id.clone()),
        name: old.as_ref().map_or_else(|| address.name().to_owned(), |old| old.name.clone()),
        type_: spec.name.to_owned(),
        body,
        hidden: old.as_ref().map(|old| old.hidden.clone()).unwrap_or_default(),
        state: "Succeeded".to_owned(),
        operation: None,
        revision: old.as_ref().map_or(cx.now as u64, |old| old.revision) + 1,
        created: old.as_ref().map_or(cx.now, |old| old.created),
        changed: cx.now,
    };
    if let Some(old) = &old {
        for path in spec.kept.iter().chain(spec.fixed) {
            if let (None, Some(value)) = (new.at(path), old.at(path)) {
                new.set(path, value.clone());
            }
        }
        for path in spec.fixed {
            if !same(old.at(path), new.at(path)) {
                return Err(spec.service.fixed(path));
            }
        }
    }
    if spec.service != Service::Authorization {
        access::authorise_links(cx, world, &format!("{}/write", spec.name), &new)?;
    }
    types::managed_identity(cx, world, old.as_ref(), &mut new)?;
    kind.admit(cx, world, old.as_ref(), &mut new)?;
    world.resources.insert(address.key.clone(), new);
    let takes = if old.is_some() { spec.updates_in } else { spec.creates_in };
    let operation = (takes > 0).then(|| {
        let name = format!("Put{}Operation", title(spec.last().trim_end_matches('s')));
        begin(
            cx,
            world,
            &Start {
                key: &address.key,
                name: &name,
                effect: Effect::Settle,
                takes,
                state: if old.is_some() { spec.updating } else { "Creating" },
                done: 0,
                verdict: Progress::Succeeded,
            },
        )
    });
    kind.stored(cx, world, &address.key);
    let status = if old.is_some() { spec.updated } else { spec.created };
    Ok(answer(cx, world, kind, &address.key, status, operation.as_deref()))
}

/// The answer to a write: the resource, and how to follow the operation if one began.
fn answer(
    cx: &Context<'_>,
    world: &World,
    kind: &dyn Kind,
    key: &str,
    status: u16,
    operation: Option<&str>,
) -> Response {
    let Some(resource) = world.resources.get(key) else {
        return Response::empty(status);
    };
    let spec = kind.spec();
    let response = match (operation, spec.style) {
        (Some(_), Style::Location) => Response::empty(202),
        _ => Response::json(status, kind.show(world, resource)),
    };
    let response = match (spec.etag, response.status) {
        (Etag::Top, 200 | 201) => response.with("ETag", etag(spec, resource)),
        _ => response,
    };
    match operation {
        Some(id) => operations::follow(cx, world, kind, key, id, response),
        None => Response { delay: cx.delay(spec.works), ..response },
    }
}

fn title(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + characters.as_str())
        .unwrap_or_default()
}

/// Ids and enumerations are compared without case, as everywhere in Azure.
pub(crate) fn same(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::String(left)), Some(Value::String(right))) => left.eq_ignore_ascii_case(right),
        (left, right) => left == right,
    }
}
