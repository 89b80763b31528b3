//! The kubeconfig of a cluster: of this sandbox, good for nothing but to be passed on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::arm::fingerprint;
use crate::world::{Resource, World};

/// `{kubeconfigs: [{name, value}]}`
pub(super) fn of(world: &World, cluster: &Resource, admin: bool) -> Value {
    let group = cluster.id.split('/').nth(4).unwrap_or_default();
    let (name, host) = (&cluster.name, cluster.text("properties.fqdn").unwrap_or_default());
    let user = format!("cluster{}_{group}_{name}", if admin { "Admin" } else { "User" });
    let secret = |what: &str| {
        let text = format!("{}/{}/{}/{what}", world.identity().entropy, cluster.id, cluster.created);
        fingerprint(&text)
    };
    let certificate = STANDARD
        .encode(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", secret("ca")));
    let context = if admin { format!("{name}-admin") } else { name.clone() };
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    certificate-authority-data: {certificate}\n    server: https://{host}:443\ncontexts:\n- name: {context}\n  context:\n    cluster: {name}\n    user: {user}\ncurrent-context: {context}\npreferences: {{}}\nusers:\n- name: {user}\n  user:\n    token: {}\n",
        secret(&user)
    );
    json!({ "kubeconfigs": [{ "name": if admin { "clusterAdmin" } else { "clusterUser" }, "value": STANDARD.encode(text) }] })
}
