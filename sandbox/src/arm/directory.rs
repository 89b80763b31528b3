//! What is above the resources: endpoints of the cloud, tenants, subscriptions, locations, providers
//! and their registration, and the lists of everything in a subscription or group.

use serde_json::{Value, json};

use super::{
    Azure, Context, Filter, Kind, Locations, Scope, Spec, access, list, list_of, no_group, no_method,
    operations, stamp,
};
use crate::http::{Method, Request, Response};
use crate::refusal::{Outcome, Refusal};
use crate::types;
use crate::world::{Registration, Resource, Subscription, World};

/// Registering a provider takes a while.
const REGISTERS_IN: i64 = 20_000;

pub(crate) fn no_subscription(id: &str) -> Box<Refusal> {
    Refusal::new(404, "SubscriptionNotFound", format!("The subscription '{id}' could not be found."))
}

pub(crate) fn unknown_type(namespace: &str, rest: &[String], version: &str) -> Box<Refusal> {
    let Some(known) = types::namespaces().find(|known| known.eq_ignore_ascii_case(namespace)) else {
        return Refusal::new(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{namespace}' is invalid."),
        );
    };
    let types: Vec<&str> = rest.iter().step_by(2).map(String::as_str).collect();
    Refusal::new(
        404,
        "InvalidResourceType",
        format!(
            "The resource type '{}' could not be found in the namespace '{known}' for api version '{version}'.",
            types.join("/")
        ),
    )
}

/// `GET /metadata/endpoints`, which `az cloud register` and others read: an object in newer versions,
/// a list with one in older ones.
pub(crate) fn endpoints(azure: &Azure, request: &Request) -> Outcome<Response> {
    let version = super::api_version(request)?;
    let base = &azure.base;
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    let cloud = json!({
        "name": "AurakSandbox",
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, "https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": base,
        "graph": base,
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": format!("{base}/"),
        "media": "https://rest.media.azure.net",
        "batch": "https://batch.core.windows.net/",
        "gallery": base,
        "sqlManagement": base,
        "vmImageAliasDoc": base,
        "suffixes": {
            "keyVaultDns": format!("vault.{host}"),
            "storage": format!("core.{host}"),
            "acrLoginServer": format!("azurecr.{host}"),
            "sqlServerHostname": format!("database.{host}"),
            "mhsmDns": format!("managedhsm.{host}"),
        },
    });
    let single = version.as_str() >= "2022-09-01";
    Ok(Response::json(200, if single { cloud } else { json!([cloud]) }))
}

/// Paths that name neither a scope nor a provider.
pub(crate) fn words(cx: &Context<'_>, world: &mut World, words: &[String]) -> Outcome<Response> {
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    if !cx.request.method.is_read() {
        return Err(no_method(cx.request));
    }
    match lower.as_slice() {
        ["tenants"] => {
            let tenant = &world.identity().tenant;
            Ok(Response::json(
                200,
                list_of(vec![json!({
                    "id": format!("/tenants/{tenant}"),
                    "tenantId": tenant,
                    "displayName": "Aurak Sandbox",
                    "tenantCategory": "Home",
                    "defaultDomain": "sandbox.onmicrosoft.com",
                    "domains": ["sandbox.onmicrosoft.com"],
                    "countryCode": "NL",
                })]),
            ))
        }
        ["subscriptions"] => {
            let found = world.identity().subscriptions.iter();
            let visible = found.filter(|subscription| access::sees(cx, world, &subscription.id));
            let shown = visible.map(|subscription| shown(world, subscription)).collect();
            Ok(Response::json(200, list_of(shown)))
        }
        ["subscriptions", id, "locations"] => {
            access::authorise(cx, world, "Microsoft.Resources/subscriptions/locations/read", &words[1])?;
            let location = |name: &&str| {
                json!({
                    "id": format!("/subscriptions/{id}/locations/{name}"),
                    "name": name,
                    "type": "Region",
                    "displayName": name,
                    "regionalDisplayName": name,
                    "metadata": { "regionType": "Physical" },
                })
            };
            Ok(Response::json(200, list_of(types::REGIONS.iter().map(location).collect())))
        }
        ["subscriptions", id, "resourcegroups"] => groups(cx, world, id),
        ["subscriptions", id, "resources"] => resources(cx, world, &format!("/subscriptions/{id}")),
        ["subscriptions", id, "resourcegroups", group, "resources"] => {
            let key = format!("/subscriptions/{id}/resourcegroups/{group}");
            if !world.resources.contains(&key) {
                return Err(no_group(&words[3]));
            }
            resources(cx, world, &key)
        }
        ["subscriptions", id, "operationresults", operation] => {
            operations::poll(cx, world, id, "operationresults", operation)
        }
        _ => Err(Refusal::new(
            404,
            "InvalidResourceType",
            format!("The path '{}' names nothing that is known here.", cx.request.path),
        )),
    }
}

fn groups(cx: &Context<'_>, world: &World, subscription: &str) -> Outcome<Response> {
    let spec = types::group().spec();
    let scope = format!("/subscriptions/{subscription}");
    access::authorise(cx, world, &format!("{}/read", spec.name), &scope)?;
    let filter = Filter::parse(cx.request.query("$filter"), &["tagname", "tagvalue"])?;
    let found = world
        .below(&scope)
        .map(|(_, resource)| resource)
        .filter(|resource| resource.type_ == spec.name && tagged(resource, &filter));
    list::respond(cx, world, found.collect(), spec.page)
}

fn tagged(resource: &Resource, filter: &Filter) -> bool {
    let Some(name) = filter.get("tagname") else { return true };
    let tags = resource.at("tags").and_then(Value::as_object);
    let found = tags.and_then(|tags| tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name)));
    found.is_some_and(|(_, value)| filter.fits("tagvalue", value.as_str().unwrap_or_default()))
}

/// `GET .../resources`: what has a location, without properties.
fn resources(cx: &Context<'_>, world: &World, scope: &str) -> Outcome<Response> {
    access::authorise(cx, world, "Microsoft.Resources/subscriptions/resources/read", scope)?;
    let known = ["tagname", "tagvalue", "resourcetype", "name", "location", "resourcegroup"];
    let filter = Filter::parse(cx.request.query("$filter"), &known)?;
    let expand = cx.request.query("$expand").unwrap_or_default().to_ascii_lowercase();
    let found: Vec<&Resource> = world
        .below(scope)
        .map(|(_, resource)| resource)
        .filter(|resource| {
            types::find(&resource.type_)
                .is_some_and(|kind| kind.spec().tracked && kind.spec().name != types::GROUPS)
        })
        .filter(|resource| {
            filter.fits("resourcetype", &resource.type_)
                && filter.fits("name", &resource.name)
                && filter.fits("location", resource.location())
                && filter.fits("resourcegroup", resource.id.split('/').nth(4).unwrap_or_default())
                && tagged(resource, &filter)
        })
        .collect();
    let keys: Vec<String> = found.iter().map(|resource| resource.key()).collect();
    let page = list::page(cx, &keys, 1000)?;
    let value = found[page.from..page.to].iter().map(|resource| {
        let mut item = json!({ "id": resource.id, "name": resource.name, "type": resource.type_ });
        for part in ["location", "tags", "sku", "kind", "identity", "zones", "managedBy"] {
            if let Some(value) = resource.at(part) {
                item[part] = value.clone();
            }
        }
        for (name, value) in [
            ("createdTime", json!(stamp(resource.created))),
            ("changedTime", json!(stamp(resource.changed))),
            ("provisioningState", json!(resource.state)),
        ] {
            if expand.contains(&name.to_ascii_lowercase()) {
                item[name] = value;
            }
        }
        item
    });
    Ok(Response::json(200, list::paged(value.collect(), page.next)))
}

pub(crate) fn subscription(cx: &Context<'_>, world: &World, scope: &Scope) -> Outcome<Response> {
    if !cx.request.method.is_read() {
        return Err(no_method(cx.request));
    }
    let id = scope.subscription.as_deref().unwrap_or_default();
    access::authorise(cx, world, "Microsoft.Resources/subscriptions/read", &scope.id)?;
    match world.subscription(id) {
        Some(subscription) => Ok(Response::json(200, shown(world, subscription))),
        None => Err(no_subscription(id)),
    }
}

fn shown(world: &World, subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id,
        "tenantId": world.identity().tenant,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": { "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off" },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    })
}

fn state(world: &World, subscription: &str, namespace: &str, now: i64) -> &'static str {
    let found = world
        .subscription(subscription)
        .and_then(|subscription| subscription.providers.get(&namespace.to_ascii_lowercase()));
    match found {
        None => "Registered",
        Some(Registration::Registering { until }) if *until <= now => "Registered",
        Some(Registration::Registering { .. }) => "Registering",
        Some(Registration::Unregistering { until }) if *until > now => "Unregistering",
        Some(Registration::Unregistering { .. } | Registration::Unregistered) => "NotRegistered",
    }
}

/// Writing and reading need the provider; groups, locks and roles are always there.
pub(crate) fn registered(cx: &Context<'_>, world: &World, spec: &Spec, scope: &Scope) -> Outcome<()> {
    let Some(subscription) = &scope.subscription else { return Ok(()) };
    let namespace = spec.namespace();
    let always = ["Microsoft.Resources", "Microsoft.Authorization"].contains(&namespace);
    if always || ["Registered", "Registering"].contains(&state(world, subscription, namespace, cx.now)) {
        return Ok(());
    }
    Err(Refusal::new(
        409,
        "MissingSubscriptionRegistration",
        format!("The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions."),
    )
    .target(namespace)
    .detail("MissingSubscriptionRegistration", format!("The subscription is not registered to use namespace '{namespace}'.")))
}

pub(crate) fn providers(
    cx: &Context<'_>,
    world: &World,
    scope: &Scope,
    namespace: Option<&str>,
) -> Outcome<Response> {
    if !cx.request.method.is_read() {
        return Err(no_method(cx.request));
    }
    access::authorise(cx, world, "Microsoft.Resources/subscriptions/providers/read", &scope.id)?;
    let show = |known: &str| provider(world, scope, known, cx.now);
    match namespace {
        None => Ok(Response::json(200, list_of(types::namespaces().map(show).collect()))),
        Some(wanted) => match types::namespaces().find(|known| known.eq_ignore_ascii_case(wanted)) {
            Some(known) => Ok(Response::json(200, show(known))),
            None => Err(unknown_type(wanted, &[], cx.version)),
        },
    }
}

fn provider(world: &World, scope: &Scope, namespace: &str, now: i64) -> Value {
    let types: Vec<Value> = types::ALL
        .iter()
        .map(|kind: &&dyn Kind| kind.spec())
        .filter(|spec| spec.namespace() == namespace)
        .map(|spec| {
            let locations: &[&str] = match spec.locations {
                Locations::None => &[],
                Locations::Global => &["global"],
                Locations::Regions => types::REGIONS,
            };
            json!({
                "resourceType": spec.types().collect::<Vec<_>>().join("/"),
                "locations": locations,
                "apiVersions": spec.versions,
                "capabilities": if spec.tracked { "SupportsTags, SupportsLocation" } else { "None" },
            })
        })
        .collect();
    let mut body = json!({
        "namespace": namespace,
        "resourceTypes": types,
        "registrationPolicy": "RegistrationRequired",
    });
    if let Some(subscription) = &scope.subscription {
        body["id"] = json!(format!("/subscriptions/{subscription}/providers/{namespace}"));
        body["registrationState"] = json!(state(world, subscription, namespace, now));
    }
    body
}

/// `POST /subscriptions/{s}/providers/{namespace}/register` and `/unregister`.
pub(crate) fn register(
    cx: &Context<'_>,
    world: &mut World,
    subscription: &str,
    namespace: &str,
    wanted: bool,
) -> Outcome<Response> {
    let Some(known) = types::namespaces().find(|known| known.eq_ignore_ascii_case(namespace)) else {
        return Err(unknown_type(namespace, &[], cx.version));
    };
    debug_assert_eq!(cx.request.method, Method::Post);
    let scope = Scope {
        subscription: Some(subscription.to_owned()),
        group: None,
        id: format!("/subscriptions/{subscription}"),
    };
    let word = if wanted { "register" } else { "unregister" };
    access::authorise(cx, world, &format!("{known}/{word}/action"), &scope.id)?;
    let in_use = world
        .below(&scope.key())
        .any(|(_, resource)| resource.type_.split_once('/').is_some_and(|(namespace, _)| namespace == known));
    if !wanted && in_use {
        return Err(Refusal::new(
            409,
            "CannotUnregisterInUseProvider",
            format!(
                "The resource provider '{known}' has resources in the subscription '{subscription}' and cannot be unregistered."
            ),
        ));
    }
    let now = state(world, subscription, known, cx.now);
    let until = cx.after(REGISTERS_IN);
    let change = match (wanted, now) {
        (true, "NotRegistered" | "Unregistering") => Some(Registration::Registering { until }),
        (false, "Registered" | "Registering") => Some(Registration::Unregistering { until }),
        _ => None,
    };
    if let Some(change) = change {
        let key = known.to_ascii_lowercase();
        world.change_identity(|identity| {
            let found =
                identity.subscriptions.iter_mut().find(|known| known.id.eq_ignore_ascii_case(subscription));
            if let Some(found) = found {
                found.providers.insert(key, change);
            }
        });
    }
    Ok(Response::json(200, provider(world, &scope, known, cx.now)))
}
