//! What is asked of a write before the rules of its type: a group that lives, a parent, a name, a
//! place, tags, and the conditions of its headers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Address, Context, Etag, Locations, Place, etag, no_group};
use crate::refusal::{Outcome, Refusal};
use crate::types;
use crate::world::{Resource, World};

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

pub(super) fn named(address: &Address) -> Outcome<()> {
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

pub(super) fn moved(address: &Address, old: &Resource, location: &str) -> Box<Refusal> {
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

pub(super) fn location(
    address: &Address,
    body: &mut Map<String, Value>,
    old: Option<&Resource>,
) -> Outcome<()> {
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
pub(super) fn tags(body: &Map<String, Value>) -> Outcome<()> {
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
