//! The built-in roles that an environment assigns, with the ids they have in every tenant, and which
//! actions of Resource Manager they allow. Roles for data have none.

use serde_json::{Value, json};

use crate::arm::{Context, Filter};
use crate::http::Response;
use crate::refusal::{Outcome, Refusal};

pub(crate) struct Role {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    actions: &'static [&'static str],
    not_actions: &'static [&'static str],
    data_actions: &'static [&'static str],
}

const READ: &str = "*/read";
const AUTHORIZATION: &[&str] = &[
    "Microsoft.Authorization/*/Delete",
    "Microsoft.Authorization/*/Write",
    "Microsoft.Authorization/elevateAccess/Action",
];
const GROUP_READ: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";
const ROLES_READ: &str = "Microsoft.Authorization/*/read";
const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

const fn role(id: &'static str, name: &'static str, actions: &'static [&'static str]) -> Role {
    Role { id, name, actions, not_actions: &[], data_actions: &[] }
}

const fn data(id: &'static str, name: &'static str, data_actions: &'static [&'static str]) -> Role {
    Role { id, name, actions: &[], not_actions: &[], data_actions }
}

pub(crate) static CATALOGUE: &[Role] = &[
    role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", &["*"]),
    Role {
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        name: "Contributor",
        actions: &["*"],
        not_actions: AUTHORIZATION,
        data_actions: &[],
    },
    role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", &[READ]),
    role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        &[READ, "Microsoft.Authorization/*"],
    ),
    role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        &[
            READ,
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
        ],
    ),
    role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        &["Microsoft.Network/*", GROUP_READ, ROLES_READ],
    ),
    role(
        "befefa01-2a29-4197-83a8-272ff33ce314",
        "DNS Zone Contributor",
        &["Microsoft.Network/dnsZones/*", GROUP_READ, ROLES_READ],
    ),
    role(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        &["Microsoft.Network/privateDnsZones/*", GROUP_READ, ROLES_READ],
    ),
    role(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        &["Microsoft.Storage/storageAccounts/*", GROUP_READ, ROLES_READ],
    ),
    role(
        "81a9662b-bebf-436f-a333-f67b29880f12",
        "Storage Account Key Operator Service Role",
        &[
            "Microsoft.Storage/storageAccounts/listkeys/action",
            "Microsoft.Storage/storageAccounts/regeneratekey/action",
        ],
    ),
    data("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner", &[BLOBS]),
    data("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor", &[BLOBS]),
    data("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader", &[BLOBS]),
    role(
        "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8",
        "Azure Kubernetes Service Contributor Role",
        &["Microsoft.ContainerService/managedClusters/*", GROUP_READ],
    ),
    role(
        "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
        "Azure Kubernetes Service Cluster Admin Role",
        &[
            "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
        ],
    ),
    role(
        "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
        "Azure Kubernetes Service Cluster User Role",
        &[
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
        ],
    ),
    data(
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
        "Azure Kubernetes Service RBAC Cluster Admin",
        &["Microsoft.ContainerService/managedClusters/*"],
    ),
    data(
        "3498e952-d568-435e-9b2c-8d77e338d7f7",
        "Azure Kubernetes Service RBAC Admin",
        &["Microsoft.ContainerService/managedClusters/*"],
    ),
    data(
        "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
        "Azure Kubernetes Service RBAC Reader",
        &["Microsoft.ContainerService/managedClusters/*/read"],
    ),
    data(
        "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb",
        "Azure Kubernetes Service RBAC Writer",
        &["Microsoft.ContainerService/managedClusters/*"],
    ),
    role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "AcrPull",
        &["Microsoft.ContainerRegistry/registries/pull/read"],
    ),
    role(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        &[
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ],
    ),
    role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        &[
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            GROUP_READ,
        ],
    ),
    role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        &["Microsoft.ManagedIdentity/userAssignedIdentities/*", GROUP_READ],
    ),
    data("00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator", &["Microsoft.KeyVault/vaults/*"]),
    data(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        &["Microsoft.KeyVault/vaults/secrets/*"],
    ),
    data(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        &["Microsoft.KeyVault/vaults/secrets/getSecret/action"],
    ),
    data(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        &["Microsoft.KeyVault/vaults/keys/*"],
    ),
    data(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        &["Microsoft.KeyVault/vaults/keys/read"],
    ),
    role("43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader", &[READ]),
    data(
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Metrics Publisher",
        &["Microsoft.Insights/Metrics/Write"],
    ),
    data(
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "Cognitive Services OpenAI User",
        &["Microsoft.CognitiveServices/accounts/OpenAI/*"],
    ),
    data(
        "a97b65f3-24c7-4388-baec-2e87135dc908",
        "Cognitive Services User",
        &["Microsoft.CognitiveServices/*"],
    ),
];

impl Role {
    pub(crate) fn allows(&self, action: &str) -> bool {
        let fits = |patterns: &[&str]| patterns.iter().any(|pattern| wildcard(pattern, action));
        fits(self.actions) && !fits(self.not_actions)
    }

    fn show(&self) -> Value {
        json!({
            "id": format!("/providers/Microsoft.Authorization/roleDefinitions/{}", self.id),
            "name": self.id,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": self.name,
                "type": "BuiltInRole",
                "description": "",
                "assignableScopes": ["/"],
                "permissions": [{
                    "actions": self.actions,
                    "notActions": self.not_actions,
                    "dataActions": self.data_actions,
                    "notDataActions": [],
                }],
                "createdOn": "2015-02-02T21:55:09.8806423Z",
                "updatedOn": "2021-11-11T20:13:28.6061853Z",
                "createdBy": null,
                "updatedBy": null,
            },
        })
    }
}

/// A role by its id, whatever scope the id is written with.
pub(crate) fn by_id(id: &str) -> Option<&'static Role> {
    let (before, guid) = id.rsplit_once('/')?;
    let words = before.to_ascii_lowercase();
    let fits = words.ends_with("/providers/microsoft.authorization/roledefinitions");
    CATALOGUE.iter().find(|role| fits && role.id.eq_ignore_ascii_case(guid))
}

/// `*` stands for any text; without case.
fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('*').collect();
    let Some((last, between)) = parts.split_last() else {
        return false;
    };
    for part in between {
        let Some(at) = left.find(part) else {
            return false;
        };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

/// `GET {scope}/providers/Microsoft.Authorization/roleDefinitions[/{id}]`.
pub(crate) fn answer(cx: &Context<'_>, rest: &[&str]) -> Option<Outcome<Response>> {
    if !cx.request.method.is_read() {
        return None;
    }
    match rest {
        [] => Some(Filter::parse(cx.request.query("$filter"), &["rolename", "type"]).map(|filter| {
            let found = CATALOGUE
                .iter()
                .filter(|role| filter.fits("rolename", role.name) && filter.fits("type", "BuiltInRole"));
            Response::json(200, json!({ "value": found.map(Role::show).collect::<Vec<_>>() }))
        })),
        [id] => Some(match CATALOGUE.iter().find(|role| role.id == *id) {
            Some(role) => Ok(Response::json(200, role.show())),
            None => Err(Refusal::new(
                404,
                "RoleDefinitionDoesNotExist",
                format!("The specified role definition with ID '{id}' does not exist."),
            )),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_allow_by_pattern() {
        for (role, action, allowed) in [
            ("Owner", "Microsoft.Network/dnsZones/write", true),
            ("Contributor", "Microsoft.Network/dnsZones/write", true),
            ("Contributor", "Microsoft.Authorization/roleAssignments/write", false),
            ("Reader", "Microsoft.Network/dnsZones/A/read", true),
            ("Reader", "Microsoft.Storage/storageAccounts/listKeys/action", false),
            ("DNS Zone Contributor", "microsoft.network/DNSZONES/a/write", true),
            ("DNS Zone Contributor", "Microsoft.Network/virtualNetworks/write", false),
            ("Storage Blob Data Owner", "Microsoft.Storage/storageAccounts/read", false),
        ] {
            let found = CATALOGUE.iter().find(|known| known.name == role).expect(role);
            assert_eq!(found.allows(action), allowed, "{role} {action}");
        }
        assert!(by_id("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-a8ff-443c-a75c-2fe8c4bcb635").is_some());
        assert!(by_id("8e3af657-a8ff-443c-a75c-2fe8c4bcb635").is_none());
    }
}
