//! In which order kinds are installed, and removed.

use std::cmp::Ordering;

use crate::Profile;

const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// How many of them Helm 4 has and Helm 3 has not.
const WEBHOOKS: usize = 2;

/// The kinds in the order in which they are installed. Kinds that are not here come after them.
#[must_use]
pub fn install_order(profile: Profile) -> &'static [&'static str] {
    match profile {
        Profile::Helm3 => &INSTALL[..INSTALL.len() - WEBHOOKS],
        Profile::Helm4 => &INSTALL,
    }
}

/// The kinds in the order in which they are removed: backwards, but for services, which go before what
/// is behind them.
#[must_use]
pub fn uninstall_order(profile: Profile) -> Vec<&'static str> {
    let mut order: Vec<_> =
        install_order(profile).iter().rev().copied().filter(|kind| *kind != "Service").collect();
    let after = order.iter().position(|kind| *kind == "IngressClass").map_or(0, |at| at + 1);
    order.insert(after, "Service");
    order
}

/// Known kinds by the order, then unknown ones by name.
pub(super) fn compare(order: &[&str], a: &str, b: &str) -> Ordering {
    let place = |kind: &str| order.iter().position(|known| *known == kind);
    match (place(a), place(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}
