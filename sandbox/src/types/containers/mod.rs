//! AKS: managed clusters and their agent pools.

pub(crate) mod agent_pool;
pub(crate) mod cluster;
mod kubeconfig;
mod network;
mod node_group;
mod pool_rules;
mod profiles;
mod releases;

use serde_json::{Value, json};

use crate::arm::{Context, Service};
use crate::http::Response;
use crate::refusal::{Outcome, Refusal};

const VERSIONS: &[&str] = &[
    "2024-09-01",
    "2024-10-01",
    "2025-01-01",
    "2025-02-01",
    "2025-05-01",
    "2025-07-01",
    "2025-08-01",
    "2025-09-01",
    "2025-10-01",
    "2026-01-01",
    "2026-02-01",
    "2026-03-01",
    "2026-04-01",
    "2026-05-01",
    "2026-06-01",
    "2026-08-01",
];

/// The pools of a write on their way from the body of a cluster to their own.
const POOLS: &str = "pools";

fn refuse(status: u16, code: &str, message: impl Into<String>) -> Box<Refusal> {
    Service::Containers.refuse(status, code, message)
}

fn not_allowed(status: u16, message: impl Into<String>) -> Box<Refusal> {
    refuse(status, "OperationNotAllowed", message)
}

fn invalid(path: &str, why: &str) -> Box<Refusal> {
    Service::Containers.invalid(path, why)
}

/// `GET .../locations/{l}/kubernetesVersions`.
pub(crate) fn kubernetes_versions(cx: &Context<'_>) -> Option<Outcome<Response>> {
    cx.request.method.is_read().then(|| {
        let values: Vec<Value> = releases::MINORS
            .iter()
            .map(|(minor, patches)| {
                let patches: serde_json::Map<String, Value> = patches
                    .iter()
                    .map(|patch| {
                        let version = releases::Version { minor: *minor, patch: *patch };
                        let upgrades: Vec<String> =
                            releases::upgrades(version).iter().map(ToString::to_string).collect();
                        (version.to_string(), json!({ "upgrades": upgrades }))
                    })
                    .collect();
                json!({
                    "version": format!("1.{minor}"),
                    "capabilities": { "supportPlan": ["KubernetesOfficial", "AKSLongTermSupport"] },
                    "isDefault": *minor == releases::DEFAULT,
                    "patchVersions": patches,
                })
            })
            .collect();
        Ok(Response::json(200, json!({ "values": values })))
    })
}
