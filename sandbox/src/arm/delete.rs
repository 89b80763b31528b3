//! DELETE for every type.

use super::{
    Address, Context, Kind, Place, Start, begin, holder, locks, no_group, operations, preconditions,
};
use crate::http::Response;
use crate::refusal::{Outcome, Refusal};
use crate::types;
use crate::world::{Effect, Operation, Progress, World};

pub(crate) fn delete(cx: &Context<'_>, world: &mut World, address: &Address) -> Outcome<Response> {
    let (kind, spec) = (address.kind, address.kind.spec());
    let Some(resource) = world.resources.get(&address.key).cloned() else {
        if spec.place == Place::Subscription {
            return Err(no_group(address.name()));
        }
        preconditions::parent(world, address, "delete")?;
        return Ok(Response::empty(204));
    };
    locks::check(world, address, cx.request.method, "delete")?;
    preconditions::conditions(cx, address, Some(&resource))?;
    let under_way = |operation: &Operation| {
        operation.effect == Effect::Delete && operation.runs() && operation.resource == address.key
    };
    if let Some(id) = &resource.operation
        && world.operations.get(id).is_some_and(under_way)
    {
        return Ok(operations::follow(cx, world, kind, &address.key, id, Response::empty(202)));
    }
    // A group goes with whatever runs in it; everything else waits for its turn.
    if spec.place != Place::Subscription
        && let Some((held, operation)) = holder(world, kind, &address.key)
    {
        return Err(spec.service.busy(&held.id, &held.name, &held.state, &operation.name));
    }
    kind.may_go(cx, world, &resource)?;
    if spec.deletes_in == 0 {
        let response = match spec.deleted_shows {
            true => Response::json(spec.deleted, kind.show(world, &resource)),
            false => Response::empty(spec.deleted),
        };
        operations::remove(world, &address.key);
        return Ok(Response { delay: cx.delay(spec.works), ..response });
    }
    let verdict = if spec.place == Place::Subscription {
        group_verdict(world, &address.key)
    } else {
        Progress::Succeeded
    };
    let name = format!("Delete{}Operation", spec.last().trim_end_matches('s'));
    let id = begin(
        cx,
        world,
        &Start {
            key: &address.key,
            name: &name,
            effect: Effect::Delete,
            takes: spec.deletes_in,
            state: "Deleting",
            done: if spec.place == Place::Subscription { 200 } else { 204 },
            verdict,
        },
    );
    Ok(operations::follow(cx, world, kind, &address.key, &id, Response::empty(202)))
}

/// The deletion of a group is accepted, and fails when something outside uses what is in it.
fn group_verdict(world: &World, group: &str) -> Progress {
    let inside = format!("{group}/");
    let blocked = world.below(group).find_map(|(key, resource)| {
        let kind: &dyn Kind = types::find(&resource.type_)?;
        let user = types::users(world, key).find(|user| !user.key().starts_with(&inside))?;
        (kind.spec().service == super::Service::Network).then(|| (resource.id.clone(), user.id.clone()))
    });
    match blocked {
        None => Progress::Succeeded,
        Some((used, user)) => {
            let refusal = Refusal::new(
                409,
                "ResourceGroupDeletionBlocked",
                format!("Deletion of resource group failed because '{used}' is in use by '{user}'."),
            );
            Progress::Failed { status: refusal.status, code: refusal.code, message: refusal.message }
        }
    }
}
