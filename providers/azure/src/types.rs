//! The types, from their files.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aurak_model::Name;
use aurak_rest::RestType;

/// The holes of paths that the provider fills.
pub(crate) const GIVEN: &[&str] = &["subscription"];

/// The type files, by name.
pub const FILES: &[(&str, &str)] = &[
    ("azure/agent_pool.yaml", include_str!("../types/agent_pool.yaml")),
    ("azure/blob_service.yaml", include_str!("../types/blob_service.yaml")),
    ("azure/dns_zone.yaml", include_str!("../types/dns_zone.yaml")),
    ("azure/federated_credential.yaml", include_str!("../types/federated_credential.yaml")),
    ("azure/lock.yaml", include_str!("../types/lock.yaml")),
    ("azure/managed_cluster.yaml", include_str!("../types/managed_cluster.yaml")),
    ("azure/network_security_group.yaml", include_str!("../types/network_security_group.yaml")),
    ("azure/public_ip.yaml", include_str!("../types/public_ip.yaml")),
    ("azure/record_set.yaml", include_str!("../types/record_set.yaml")),
    ("azure/resource.yaml", include_str!("../types/resource.yaml")),
    ("azure/resource_group.yaml", include_str!("../types/resource_group.yaml")),
    ("azure/role_assignment.yaml", include_str!("../types/role_assignment.yaml")),
    ("azure/security_rule.yaml", include_str!("../types/security_rule.yaml")),
    ("azure/storage_account.yaml", include_str!("../types/storage_account.yaml")),
    ("azure/storage_container.yaml", include_str!("../types/storage_container.yaml")),
    ("azure/subnet.yaml", include_str!("../types/subnet.yaml")),
    ("azure/user_assigned_identity.yaml", include_str!("../types/user_assigned_identity.yaml")),
    ("azure/virtual_network.yaml", include_str!("../types/virtual_network.yaml")),
];

static TYPES: LazyLock<Arc<BTreeMap<Name, RestType>>> = LazyLock::new(|| {
    // A test loads each of them, so none is missing here.
    let types = FILES.iter().filter_map(|(file, text)| RestType::load(file, text, GIVEN).ok());
    Arc::new(types.map(|ty| (ty.schema.name.clone(), ty)).collect())
});

/// All of them, by the name of the type.
pub fn all() -> Arc<BTreeMap<Name, RestType>> {
    TYPES.clone()
}
