//! Everything that the sandbox knows: resources, operations under way, principals, who is signing in.
//!
//! A world is changed by the core only, in memory. What a request touched is taken with
//! [`World::take_changes`] and written by [`crate::server`] before the answer leaves, so that an
//! acknowledged write is never lost.

mod resource;
mod store;
mod table;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use resource::{Effect, Operation, Progress, Resource, set as set_path};
pub use store::{StoreError, WorldFile};
pub use table::Change;
pub(crate) use table::Table;

use crate::arm::Buckets;

/// What is set when a world is made and rarely changes afterwards.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// Names the world; ids and secrets are derived from `entropy`, so that nothing here needs a
    /// source of randomness later.
    pub id: String,
    pub(crate) entropy: String,
    pub tenant: String,
    pub subscriptions: Vec<Subscription>,
    pub client_id: String,
    pub client_secret: String,
    /// The directory object of that client, which owns every subscription.
    pub client_object: String,
    /// The key that signs tokens, PKCS#8 in base64.
    pub(crate) signing_key: String,
    /// The certificate authority of the HTTPS listener, PEM; empty until the first start.
    pub(crate) ca_certificate: String,
    pub(crate) ca_key: String,
    /// How many ids were drawn.
    pub(crate) drawn: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    pub id: String,
    pub name: String,
    /// Namespaces that differ from `Registered`, in lower case, with when they get there.
    pub(crate) providers: BTreeMap<String, Registration>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Registration {
    Registering { until: i64 },
    Unregistering { until: i64 },
    Unregistered,
}

/// Someone who can sign in or hold a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) object_id: String,
    pub(crate) client_id: String,
    pub(crate) name: String,
    /// The managed identity behind it, as a key of `resources`.
    pub(crate) resource: Option<String>,
    /// From when Resource Manager can see it: the directory replicates.
    pub(crate) visible: i64,
}

/// A device-code sign-in under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) user_code: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) expires: i64,
    pub(crate) approved: bool,
    pub(crate) asked: i64,
}

pub struct World {
    pub(crate) identity: Table<Identity>,
    pub(crate) resources: Table<Resource>,
    pub(crate) operations: Table<Operation>,
    pub(crate) principals: Table<Principal>,
    pub(crate) devices: Table<Device>,
    /// Operations that still run, by when they end.
    pub(crate) agenda: std::collections::BTreeSet<(i64, String)>,
    /// Requests since the start; not stored.
    pub(crate) served: u64,
    /// Not stored: a restarted sandbox starts with full buckets.
    pub(crate) buckets: Buckets,
}

/// The one key of the identity table.
const SELF: &str = "world";

/// How many finished operations are kept for clients that still poll; Azure keeps them for a day.
const FINISHED_KEPT: usize = 2_000;

/// What a new world is made of: the caller brings randomness and the key.
pub struct Seed {
    pub entropy: [u8; 32],
    /// PKCS#8, RSA.
    pub signing_key: Vec<u8>,
    pub subscriptions: usize,
}

impl World {
    pub fn new(seed: &Seed, now: i64) -> World {
        let mut world = World::empty();
        let entropy = STANDARD.encode(seed.entropy);
        world.identity.insert(
            SELF.to_owned(),
            Identity {
                id: String::new(),
                entropy,
                tenant: String::new(),
                subscriptions: Vec::new(),
                client_id: String::new(),
                client_secret: String::new(),
                client_object: String::new(),
                signing_key: STANDARD.encode(&seed.signing_key),
                ca_certificate: String::new(),
                ca_key: String::new(),
                drawn: 0,
            },
        );
        let (id, tenant, client, object) = (world.guid(), world.guid(), world.guid(), world.guid());
        let secret = world.secret(30).replace(['+', '/', '='], "~");
        let subscriptions = (0..seed.subscriptions.max(1))
            .map(|index| Subscription {
                id: world.guid(),
                name: if index == 0 { "Sandbox".to_owned() } else { format!("Sandbox {}", index + 1) },
                providers: BTreeMap::new(),
            })
            .collect();
        world.principals.insert(
            object.clone(),
            Principal {
                object_id: object.clone(),
                client_id: client.clone(),
                name: "aurak-sandbox".to_owned(),
                resource: None,
                visible: now,
            },
        );
        world.change_identity(|identity| {
            identity.id = id;
            identity.tenant = tenant;
            identity.client_id = client;
            identity.client_object = object;
            identity.client_secret = secret;
            identity.subscriptions = subscriptions;
        });
        world
    }

    pub(crate) fn empty() -> World {
        World {
            identity: Table::new("identity"),
            resources: Table::new("resource"),
            operations: Table::new("operation"),
            principals: Table::new("principal"),
            devices: Table::new("device"),
            agenda: std::collections::BTreeSet::new(),
            served: 0,
            buckets: Buckets::default(),
        }
    }

    /// # Panics
    /// On a world without identity, which neither [`World::new`] nor [`WorldFile::load`] return.
    #[expect(clippy::expect_used, reason = "an invariant of the two constructors")]
    pub fn identity(&self) -> &Identity {
        self.identity.get(SELF).expect("a world has an identity")
    }

    pub(crate) fn change_identity(&mut self, change: impl FnOnce(&mut Identity)) {
        if let Some(identity) = self.identity.get_mut(SELF) {
            change(identity);
        }
    }

    /// A new id, the same in every world of the same seed and history.
    pub(crate) fn guid(&mut self) -> String {
        let bytes = self.draw("guid");
        let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }

    /// A new secret of so many bytes, in base64.
    pub(crate) fn secret(&mut self, bytes: usize) -> String {
        let mut out = Vec::new();
        while out.len() < bytes {
            out.extend(self.draw("secret"));
        }
        STANDARD.encode(&out[..bytes])
    }

    fn draw(&mut self, what: &str) -> [u8; 32] {
        let mut drawn = 0;
        self.change_identity(|identity| {
            identity.drawn += 1;
            drawn = identity.drawn;
        });
        Sha256::digest(format!("{}/{what}/{drawn}", self.identity().entropy)).into()
    }

    pub(crate) fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.identity().subscriptions.iter().find(|subscription| subscription.id.eq_ignore_ascii_case(id))
    }

    /// One that is loaded comes before those that the world began with: it is what clients mean.
    pub(crate) fn add_subscription(&mut self, id: &str) {
        if self.subscription(id).is_none() {
            let loaded =
                Subscription { id: id.to_owned(), name: format!("Loaded {id}"), providers: BTreeMap::new() };
            self.change_identity(|identity| identity.subscriptions.insert(0, loaded));
        }
    }

    /// Everything below a resource, group or subscription; not itself.
    pub(crate) fn below<'a>(
        &'a self,
        key: &str,
    ) -> impl Iterator<Item = (&'a String, &'a Resource)> + use<'a> {
        let prefix = format!("{key}/");
        self.resources.range(prefix)
    }

    /// What the requests since the last call changed, in an order that can be written as it is.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let World { identity, resources, operations, principals, devices, agenda: _, served: _, buckets: _ } =
            self;
        let mut changes = identity.take_changes();
        changes.extend(resources.take_changes());
        changes.extend(operations.take_changes());
        changes.extend(principals.take_changes());
        changes.extend(devices.take_changes());
        changes
    }

    /// Puts a stored row back; the agenda follows from the operations.
    pub(crate) fn restore(&mut self, table: &str, key: String, row: &str) -> Result<(), serde_json::Error> {
        match table {
            "identity" => self.identity.restore(key, row)?,
            "resource" => self.resources.restore(key, row)?,
            "operation" => {
                self.operations.restore(key.clone(), row)?;
                if let Some(operation) = self.operations.get(&key).filter(|operation| operation.runs()) {
                    self.agenda.insert((operation.ends, key));
                }
            }
            "principal" => self.principals.restore(key, row)?,
            "device" => self.devices.restore(key, row)?,
            // Written by a later version: kept in the file, of no use here.
            _ => {}
        }
        Ok(())
    }

    /// As it was made: nothing is in it, and who may sign in stays.
    pub fn clear(&mut self) {
        let own = self.identity().client_object.clone();
        self.resources.retain(|_| false);
        self.operations.retain(|_| false);
        self.devices.retain(|_| false);
        self.principals.retain(|principal| principal.object_id == own);
        self.agenda.clear();
        self.buckets = Buckets::default();
        self.change_identity(|identity| {
            identity.subscriptions.iter_mut().for_each(|subscription| subscription.providers.clear());
        });
    }

    /// How many resources there are, those that come with others among them.
    pub fn count(&self) -> usize {
        self.resources.len()
    }

    /// Forgets the oldest finished operations.
    pub(crate) fn forget_operations(&mut self) {
        if self.operations.len() <= FINISHED_KEPT + self.agenda.len() {
            return;
        }
        let mut finished: Vec<(i64, String)> = self
            .operations
            .iter()
            .filter(|(_, operation)| !operation.runs())
            .map(|(key, operation)| (operation.ends, key.clone()))
            .collect();
        finished.sort();
        for (_, key) in finished.into_iter().take(FINISHED_KEPT / 2) {
            self.operations.remove(&key);
        }
    }
}
