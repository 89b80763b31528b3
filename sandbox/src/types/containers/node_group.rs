//! The group that the service makes for the nodes of a cluster, with the identity of their kubelets.

use serde_json::{Map, Value, json};

use crate::arm::{Context, guid_of};
use crate::types::{GROUPS, principal};
use crate::world::{Resource, World};

pub(super) fn key(cluster: &Resource) -> String {
    let subscription = cluster.id.split('/').nth(2).unwrap_or_default();
    let name = cluster.text("properties.nodeResourceGroup").unwrap_or_default();
    format!("/subscriptions/{subscription}/resourcegroups/{name}").to_ascii_lowercase()
}

/// Makes it once; an issuer of tokens comes with the cluster too.
pub(super) fn make(cx: &Context<'_>, world: &mut World, key: &str) {
    let Some(cluster) = world.resources.get(key).cloned() else { return };
    let issuer = cluster.flag("properties.oidcIssuerProfile.enabled") == Some(true);
    if let (true, Some(cluster)) = (issuer, world.resources.get_mut(key)) {
        let url = format!("{}/oidc/{}/", cx.azure.base, guid_of(&cluster.id));
        cluster.set("properties.oidcIssuerProfile.issuerURL", url);
    }
    let group_key = self::key(&cluster);
    if world.resources.contains(&group_key) {
        return;
    }
    let location = cluster.location().to_owned();
    let name = cluster.text("properties.nodeResourceGroup").unwrap_or_default().to_owned();
    let subscription = cluster.id.split('/').nth(2).unwrap_or_default();
    let body = |value: Value| value.as_object().cloned().unwrap_or_default();
    let settled =
        Resource { hidden: Map::new(), state: "Succeeded".to_owned(), operation: None, ..cluster.clone() };
    let group = Resource {
        id: format!("/subscriptions/{subscription}/resourceGroups/{name}"),
        name,
        type_: GROUPS.to_owned(),
        body: body(json!({ "location": location, "managedBy": cluster.id })),
        ..settled.clone()
    };
    let id = format!(
        "{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}-agentpool",
        group.id, cluster.name
    );
    let made = principal(cx, world, &format!("{}-agentpool", cluster.name), &id.to_ascii_lowercase());
    let kubelet = Resource {
        id: id.clone(),
        name: made.name.clone(),
        type_: "Microsoft.ManagedIdentity/userAssignedIdentities".to_owned(),
        body: body(json!({
            "location": location,
            "properties": {
                "tenantId": world.identity().tenant, "principalId": made.object_id, "clientId": made.client_id,
            },
        })),
        ..settled
    };
    world.resources.insert(group_key, group);
    world.resources.insert(id.to_ascii_lowercase(), kubelet);
    if let Some(cluster) = world.resources.get_mut(key)
        && cluster.at("properties.identityProfile").is_none()
    {
        cluster.set(
            "properties.identityProfile.kubeletidentity",
            json!({ "resourceId": id, "clientId": made.client_id, "objectId": made.object_id }),
        );
    }
}
