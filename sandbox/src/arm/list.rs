//! Lists and their pages: `value`, and `nextLink` while there is more. The token of a page is the key
//! of its last item, so what is created or deleted meanwhile neither repeats nor hides anything else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Address, Context, Filter, Kind, Place, Scope, preconditions};
use crate::http::{Response, encode};
use crate::refusal::{Outcome, Refusal};
use crate::types;
use crate::world::{Resource, World};

pub(crate) struct Page {
    /// The range of the items on it.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) next: Option<String>,
}

/// Cuts a page out of a list whose items have these keys, in order.
pub(crate) fn page(cx: &Context<'_>, keys: &[String], size: usize) -> Outcome<Page> {
    let refuse = |what: &str| {
        Refusal::new(
            400,
            "InvalidQueryParameterValue",
            format!("The value of the query parameter '{what}' is invalid."),
        )
    };
    let from = match cx.request.query("$skiptoken") {
        None => 0,
        Some(token) => {
            let last = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let last = last.ok_or_else(|| refuse("$skiptoken"))?;
            keys.partition_point(|key| *key <= last)
        }
    };
    let mut size = size.min(cx.azure.page);
    for name in ["$top", "$maxpagesize"] {
        if let Some(top) = cx.request.query(name) {
            let top: usize = top.parse().ok().filter(|top| *top > 0).ok_or_else(|| refuse(name))?;
            size = size.min(top);
        }
    }
    let to = (from + size).min(keys.len());
    let next = (to < keys.len() && to > from).then(|| {
        let mut query: Vec<String> = cx
            .request
            .query
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"))
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        query.push(format!("%24skiptoken={}", URL_SAFE_NO_PAD.encode(&keys[to - 1])));
        format!("{}{}?{}", cx.azure.base, cx.request.path, query.join("&"))
    });
    Ok(Page { from, to, next })
}

pub(crate) fn respond(
    cx: &Context<'_>,
    world: &World,
    found: Vec<&Resource>,
    size: usize,
) -> Outcome<Response> {
    let keys: Vec<String> = found.iter().map(|resource| resource.key()).collect();
    let page = page(cx, &keys, size)?;
    let value = found[page.from..page.to]
        .iter()
        .filter_map(|resource| types::find(&resource.type_).map(|kind| kind.show(world, resource)));
    Ok(Response::json(200, paged(value.collect(), page.next)))
}

pub(crate) fn paged(value: Vec<Value>, next: Option<String>) -> Value {
    match next {
        Some(next) => json!({ "value": value, "nextLink": next }),
        None => json!({ "value": value }),
    }
}

pub(crate) fn list(
    cx: &Context<'_>,
    world: &World,
    kind: &'static dyn Kind,
    scope: &Scope,
    names: &[String],
) -> Outcome<Response> {
    let spec = kind.spec();
    let of_type = |resource: &&Resource| resource.type_ == spec.name;
    let mut found: Vec<&Resource> = match spec.place {
        Place::Child => {
            let mut names = names.to_vec();
            names.push(String::new());
            let inside = Address::new(kind, scope.clone(), names);
            preconditions::parent(world, &inside, "read")?;
            world.resources.range(inside.key).map(|(_, resource)| resource).filter(of_type).collect()
        }
        Place::Group if scope.group.is_none() && !spec.listed_in_subscription => {
            return Err(super::directory::unknown_type(
                spec.namespace(),
                &[spec.last().to_owned()],
                cx.version,
            ));
        }
        Place::Group | Place::Subscription => {
            world.below(&scope.key()).map(|(_, resource)| resource).filter(of_type).collect()
        }
        Place::Extension => extensions(cx, world, kind, scope)?,
    };
    if let Some(suffix) = cx.request.query("$recordsetnamesuffix") {
        found.retain(|resource| resource.name.ends_with(suffix));
    }
    respond(cx, world, found, spec.page)
}

/// Locks: at the scope and below. Role assignments: also above, and with `atScope()` not below.
fn extensions<'a>(
    cx: &Context<'_>,
    world: &'a World,
    kind: &dyn Kind,
    scope: &Scope,
) -> Outcome<Vec<&'a Resource>> {
    let roles = kind.spec().name != types::LOCKS;
    let known: &[&str] = if roles { &["principalid"] } else { &["level"] };
    let filter = Filter::parse(cx.request.query("$filter"), known)?;
    let here = format!("{}/", scope.key());
    let found = world
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_ == kind.spec().name)
        .filter(|(key, _)| {
            let at = format!("{}/", key.rsplit_once("/providers/").map_or("", |(at, _)| at));
            let above = here.starts_with(&at);
            let below = at.starts_with(&here);
            (above && (roles || at == here)) || (below && !filter.at_scope)
        })
        .map(|(_, resource)| resource)
        .filter(|resource| {
            filter.fits("principalid", resource.text("properties.principalId").unwrap_or_default())
                && filter.fits("level", resource.text("properties.level").unwrap_or_default())
        });
    Ok(found.collect())
}
