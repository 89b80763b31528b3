//! Long operations: they begin with a request, run for a while, and end when time has come, whoever
//! looks at them. Polled at the URL of Azure-AsyncOperation (always 200, with a status) or of Location
//! (202 until done, then what a synchronous answer would have been).

use serde_json::{Value, json};

use super::{Context, Kind, Style, stamp};
use crate::http::{Fate, Response};
use crate::refusal::{Outcome, Refusal};
use crate::types;
use crate::world::{Effect, Operation, Progress, Resource, World};

/// A slow operation takes so many times as long.
const SLOWER: i64 = 10;

pub(crate) struct Start<'a> {
    pub(crate) key: &'a str,
    /// As refusals and statuses name it.
    pub(crate) name: &'a str,
    pub(crate) effect: Effect,
    /// Milliseconds in Azure.
    pub(crate) takes: i64,
    /// `provisioningState` while it runs.
    pub(crate) state: &'a str,
    /// The status of the answer at the end, where the resource is not the answer.
    pub(crate) done: u16,
    pub(crate) verdict: Progress,
}

/// Begins an operation, which then holds the resource.
pub(crate) fn begin(cx: &Context<'_>, world: &mut World, start: &Start<'_>) -> String {
    let id = world.guid();
    let takes = if cx.request.fate == Fate::Slow { start.takes * SLOWER } else { start.takes };
    let verdict = match cx.request.fate {
        Fate::Fail => Progress::Failed {
            status: 500,
            code: "InternalOperationError".into(),
            message: "An internal error occurred while the operation was processed. Please try again.".into(),
        },
        Fate::Normal | Fate::Slow => start.verdict.clone(),
    };
    let ends = cx.after(takes);
    let subscription = start.key.split('/').nth(2).unwrap_or_default().to_owned();
    if let Some(resource) = world.resources.get_mut(start.key) {
        resource.state = start.state.to_owned();
        resource.operation = Some(id.clone());
    }
    world.operations.insert(
        id.clone(),
        Operation {
            subscription,
            resource: start.key.to_owned(),
            name: start.name.to_owned(),
            effect: start.effect,
            started: cx.now,
            ends,
            verdict,
            progress: Progress::Running,
            done: start.done,
        },
    );
    world.agenda.insert((ends, id.clone()));
    id
}

/// Ends what has run its time.
pub(crate) fn settle(world: &mut World, now: i64) {
    while let Some((ends, id)) = world.agenda.first().cloned().filter(|(ends, _)| *ends <= now) {
        world.agenda.remove(&(ends, id.clone()));
        let Some(operation) = world.operations.get_mut(&id) else { continue };
        operation.progress = operation.verdict.clone();
        let operation = operation.clone();
        let held: Vec<String> = world
            .below(&operation.resource)
            .filter(|(_, resource)| resource.operation.as_ref() == Some(&id))
            .map(|(key, _)| key.clone())
            .chain([operation.resource.clone()])
            .collect();
        let succeeded = operation.progress == Progress::Succeeded;
        if succeeded && operation.effect == Effect::Delete {
            // What was deleted with its group and made anew meanwhile is another resource.
            let same = world.resources.get(&operation.resource).and_then(|found| found.operation.as_ref());
            if same == Some(&id) {
                remove(world, &operation.resource);
            }
            continue;
        }
        for key in held {
            let Some(resource) = world.resources.get_mut(&key) else { continue };
            if resource.operation.as_ref() != Some(&id) {
                continue;
            }
            resource.operation = None;
            resource.state = if succeeded { "Succeeded" } else { "Failed" }.to_owned();
            let type_ = resource.type_.clone();
            if let (true, Some(kind)) = (succeeded, types::find(&type_)) {
                kind.settled(world, &key, &operation.name, now);
            }
        }
    }
    world.forget_operations();
}

/// Removes a resource and everything in it, the innermost first.
pub(crate) fn remove(world: &mut World, key: &str) {
    let mut keys: Vec<String> = world.below(key).map(|(key, _)| key.clone()).collect();
    keys.reverse();
    keys.push(key.to_owned());
    for key in keys {
        let Some(resource) = world.resources.remove(&key) else { continue };
        let principals: Vec<String> = world
            .principals
            .iter()
            .filter(|(_, principal)| principal.resource.as_ref() == Some(&key))
            .map(|(id, _)| id.clone())
            .collect();
        for id in principals {
            world.principals.remove(&id);
        }
        if let Some(kind) = types::find(&resource.type_) {
            kind.gone(world, &resource);
        }
    }
}

/// Who holds a resource, or what is around it where its type takes one operation at a time.
pub(crate) fn holder<'a>(
    world: &'a World,
    kind: &dyn Kind,
    key: &str,
) -> Option<(&'a Resource, &'a Operation)> {
    let root = match kind.spec().exclusive {
        super::Exclusive::Own => None,
        super::Exclusive::Root => root_of(key),
    };
    let held = |resource: &'a Resource| {
        let operation = world.operations.get(resource.operation.as_ref()?)?;
        // A child that is held with its parent: the parent is what runs.
        let resource = world.resources.get(&operation.resource).unwrap_or(resource);
        Some((resource, operation))
    };
    match root {
        None => world.resources.get(key).and_then(held),
        Some(root) => world
            .resources
            .get(&root)
            .into_iter()
            .chain(world.below(&root).map(|(_, resource)| resource))
            .find_map(held),
    }
}

/// The topmost resource in a key: up to the name behind the first type.
pub(crate) fn root_of(key: &str) -> Option<String> {
    let (scope, rest) = key.rsplit_once("/providers/")?;
    let mut parts = rest.split('/');
    let (namespace, type_, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{scope}/providers/{namespace}/{type_}/{name}"))
}

/// Adds the headers by which a client follows an operation.
pub(crate) fn follow(
    cx: &Context<'_>,
    world: &World,
    kind: &dyn Kind,
    key: &str,
    id: &str,
    mut response: Response,
) -> Response {
    let spec = kind.spec();
    let subscription = key.split('/').nth(2).unwrap_or_default();
    // A child has no location of its own.
    let place = root_of(key).and_then(|root| world.resources.get(&root)).map_or("global", Resource::location);
    let url = |what: &str| match spec.place {
        super::Place::Subscription => {
            format!(
                "{}/subscriptions/{subscription}/operationresults/{id}?api-version={}",
                cx.azure.base, cx.version
            )
        }
        _ => format!(
            "{}/subscriptions/{subscription}/providers/{}/locations/{place}/{what}/{id}?api-version={}",
            cx.azure.base,
            spec.namespace(),
            cx.version
        ),
    };
    let accepted = response.status == 202;
    if spec.style == Style::Operation && spec.place != super::Place::Subscription {
        response = response.with("Azure-AsyncOperation", url("operations"));
    }
    if accepted {
        response = response.with("Location", url("operationresults"));
    }
    response.with("Retry-After", cx.retry_after(spec.retry_after))
}

/// `GET .../operations/{id}` and `.../operationresults/{id}`.
pub(crate) fn poll(
    cx: &Context<'_>,
    world: &World,
    subscription: &str,
    what: &str,
    id: &str,
) -> Outcome<Response> {
    let found = world
        .operations
        .get(&id.to_ascii_lowercase())
        .filter(|operation| operation.subscription.eq_ignore_ascii_case(subscription));
    let Some(operation) = found else {
        return Err(Refusal::new(
            404,
            "OperationNotFound",
            format!("The operation '{id}' could not be found. It may have ended too long ago."),
        ));
    };
    let kind = types::of_key(&operation.resource);
    let retry = cx.retry_after(kind.map_or(10, |kind| kind.spec().retry_after));
    if what == "operations" {
        return Ok(status(cx, operation, id, &retry));
    }
    match &operation.progress {
        Progress::Running => Ok(Response::empty(202)
            .with("Location", format!("{}{}?api-version={}", cx.azure.base, cx.request.path, cx.version))
            .with("Retry-After", retry)),
        Progress::Failed { status, code, message } => Err(Refusal::new(*status, code, message.clone())),
        Progress::Succeeded => {
            let resource = world.resources.get(&operation.resource);
            match (resource, kind) {
                (Some(resource), Some(kind)) if operation.effect == Effect::Settle && operation.done == 0 => {
                    Ok(Response::json(200, kind.show(world, resource)))
                }
                _ => Ok(Response::empty(if operation.done == 0 { 200 } else { operation.done })),
            }
        }
    }
}

fn status(cx: &Context<'_>, operation: &Operation, id: &str, retry: &str) -> Response {
    let mut body = json!({
        "id": cx.request.path,
        "name": id,
        "startTime": stamp(operation.started),
    });
    let text = match &operation.progress {
        Progress::Running => "InProgress",
        Progress::Succeeded => "Succeeded",
        Progress::Failed { code, message, .. } => {
            body["error"] = json!({ "code": code, "message": message });
            "Failed"
        }
    };
    body["status"] = Value::from(text);
    if operation.runs() {
        return Response::json(200, body).with("Retry-After", retry);
    }
    body["endTime"] = json!(stamp(operation.ends));
    Response::json(200, body)
}
