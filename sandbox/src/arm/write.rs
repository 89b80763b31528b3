//! PUT and PATCH for every type.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Address, Context, Etag, Kind, Locations, Patch, Place, Service, Start, Style, access, begin, etag,
    holder, locks, no_group, operations,
};
use crate::http::Response;
use crate::refusal::{Outcome, Refusal};
use crate::types;
use crate::world::{Effect, Progress, Resource, World};

/// Names that may not become a part of a public host name.
const RESERVED: &[&str] = &[
    "access",
    "azure",
    "bing",
    "bizspark",
    "biztalk",
    "cortana",
    "directx",
    "dotnet",
    "dynamics",
    "excel",
    "exchange",
    "forefront",
    "groove",
    "hololens",
    "hyperv",
    "kinect",
    "lync",
    "msdn",
    "o365",
    "office",
    "office365",
    "onedrive",
    "onenote",
    "outlook",
    "powerpoint",
    "sharepoint",
    "skype",
    "visio",
    "visualstudio",
];
const RESERVED_WITHIN: &[&str] = &["microsoft", "windows"];
const RESERVED_AT_START: &[&str] = &["login", "xbox"];

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

pub(crate) fn missing(address: &Address) -> Box<Refusal> {
    if address.kind.spec().place == Place::Subscription {
        return no_group(address.name());
    }
    Refusal::new(
        404,
        "ResourceNotFound",
        format!(
            "The Resource '{}' under resource group '{}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            address.short(),
            address.scope.group.as_deref().unwrap_or("<null>")
        ),
    )
}

/// Nothing is written into a group that is going away.
pub(crate) fn alive(world: &World, address: &Address) -> Outcome<()> {
    let group = address.scope.group_key().and_then(|key| world.resources.get(&key));
    match group {
        Some(group) if group.state == "Deleting" => Err(Refusal::new(
            409,
            "ResourceGroupBeingDeleted",
            format!(
                "The resource group '{}' is in deprovisioning state and cannot perform this operation.",
                group.name
            ),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn parent(world: &World, address: &Address, verb: &str) -> Outcome<()> {
    // What an extension is on has to be there, and a child needs its parent.
    let (key, shown) = match (address.kind.spec().place, address.parent()) {
        (Place::Child, Some(parent)) => (parent.key.clone(), parent.names.join("/")),
        (Place::Extension, _) if address.scope.id.contains("/providers/") => {
            (address.scope.key(), address.scope.id.rsplit('/').next().unwrap_or_default().to_owned())
        }
        _ => return Ok(()),
    };
    if world.resources.contains(&key) {
        return Ok(());
    }
    Err(Refusal::new(
        404,
        "ParentResourceNotFound",
        format!(
            "Failed to perform '{verb}' on resource(s) of type '{}', because the parent resource '{shown}' could not be found.",
            address.kind.spec().types().collect::<Vec<_>>().join("/")
        ),
    ))
}

fn named(address: &Address) -> Outcome<()> {
    let (spec, name) = (address.kind.spec(), address.name());
    let rule = &spec.name_rule;
    if !types::matches(rule.pattern, name) {
        let message = format!("Resource name {name} is invalid. {}", rule.rule);
        return Err(spec.service.refuse(rule.status, rule.code, message));
    }
    let lower = name.to_ascii_lowercase();
    let reserved = RESERVED.contains(&lower.as_str())
        || RESERVED_WITHIN.iter().any(|word| lower.contains(word))
        || RESERVED_AT_START.iter().any(|word| lower.starts_with(word));
    if rule.public && reserved {
        return Err(Refusal::new(
            400,
            "ReservedResourceName",
            format!("The resource name '{name}' or a part of the name is a trademarked or reserved word."),
        ));
    }
    Ok(())
}

/// `West Europe` and `westeurope` are one place.
pub(crate) fn normal(location: &str) -> String {
    location.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

fn moved(address: &Address, old: &Resource, location: &str) -> Box<Refusal> {
    if address.kind.spec().place == Place::Subscription {
        return Refusal::new(
            409,
            "InvalidResourceGroupLocation",
            format!(
                "Invalid resource group location '{location}'. The Resource group already exists in location '{}'.",
                old.location()
            ),
        );
    }
    Refusal::new(
        409,
        "InvalidResourceLocation",
        format!(
            "The resource '{}' already exists in location '{}' in resource group '{}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
            old.name,
            old.location(),
            address.scope.group.as_deref().unwrap_or_default()
        ),
    )
}

fn location(address: &Address, body: &mut Map<String, Value>, old: Option<&Resource>) -> Outcome<()> {
    let spec = address.kind.spec();
    if spec.locations == Locations::None {
        return Ok(());
    }
    let key = body.keys().find(|key| key.eq_ignore_ascii_case("location")).cloned();
    let given = key.and_then(|key| body.remove(&key)).filter(|value| !value.is_null());
    let Some(given) = given.as_ref().and_then(Value::as_str).filter(|text| !text.trim().is_empty()) else {
        return Err(match given {
            Some(_) if !given.as_ref().is_some_and(Value::is_string) => {
                spec.service.unreadable("'location' must be a string")
            }
            _ => Refusal::new(
                400,
                "LocationRequired",
                "The location property is required for this definition.",
            ),
        });
    };
    let location = normal(given);
    let known: &[&str] = match spec.locations {
        Locations::Global => &["global"],
        Locations::Regions | Locations::None => types::REGIONS,
    };
    if !known.contains(&location.as_str()) {
        return Err(if spec.place == Place::Subscription {
            Refusal::new(
                400,
                "LocationNotAvailableForResourceGroup",
                format!(
                    "The provided location '{given}' is not available for resource group. List of available regions is '{}'.",
                    known.join(",")
                ),
            )
        } else {
            Refusal::new(
                400,
                "LocationNotAvailableForResourceType",
                format!(
                    "The provided location '{given}' is not available for resource type '{}'. List of available regions for the resource type is '{}'.",
                    spec.name,
                    known.join(",")
                ),
            )
        });
    }
    if let Some(old) = old
        && normal(old.location()) != location
    {
        return Err(moved(address, old, given));
    }
    body.insert("location".to_owned(), json!(location));
    Ok(())
}

/// At most 50, names to 512 characters and values to 256; names are compared without case.
fn tags(body: &Map<String, Value>) -> Outcome<()> {
    let Some(Value::Object(tags)) =
        body.iter().find(|(key, _)| key.eq_ignore_ascii_case("tags")).map(|(_, tags)| tags)
    else {
        return Ok(());
    };
    let refuse = |code: &str, message: String| Err(Refusal::new(400, code, message));
    if tags.len() > 50 {
        return refuse("TooManyTags", format!("The number of tags {} exceeds the limit of 50.", tags.len()));
    }
    let mut seen = BTreeMap::new();
    for (name, value) in tags {
        if name.is_empty() || name.chars().count() > 512 {
            return refuse("InvalidTagNameLength", "Tag names must have 1 to 512 characters.".to_owned());
        }
        if name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            return refuse(
                "InvalidTagNameCharacters",
                format!(
                    "The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
                ),
            );
        }
        if value.as_str().is_some_and(|value| value.chars().count() > 256) {
            return refuse(
                "InvalidTagValueLength",
                format!("The value of tag '{name}' has more than 256 characters."),
            );
        }
        if let Some(other) = seen.insert(name.to_ascii_lowercase(), name) {
            return refuse(
                "DuplicateTagName",
                format!("The tags '{other}' and '{name}' differ in case only."),
            );
        }
    }
    Ok(())
}

/// If-Match and If-None-Match, where the service has ETags.
pub(crate) fn conditions(cx: &Context<'_>, address: &Address, old: Option<&Resource>) -> Outcome<()> {
    let spec = address.kind.spec();
    if spec.etag == Etag::None {
        return Ok(());
    }
    let plain = |text: &str| text.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    if let Some(wanted) = cx.request.has_header("if-match") {
        let found = old.map(|old| etag(spec, old)).unwrap_or_default();
        let fits = if wanted.trim() == "*" { old.is_some() } else { plain(wanted) == plain(&found) };
        if !fits {
            return Err(spec.service.stale(wanted, &found));
        }
    }
    match cx.request.has_header("if-none-match") {
        Some(wanted) if wanted.trim() == "*" && old.is_some() => Err(spec.service.exists()),
        _ => Ok(()),
    }
}
