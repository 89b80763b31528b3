//! Storage accounts. Their names are one space for the whole world.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{VERSIONS, blob_service, hidden};
use crate::arm::{Context, Kind, Locations, Name, Patch, Service, Spec, Style, stamp};
use crate::http::Response;
use crate::refusal::{Outcome, Refusal};
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct Account;

pub(crate) const NAME: &str = "Microsoft.Storage/storageAccounts";
pub(super) const PATTERN: &str = "^[a-z0-9]{3,24}$";
pub(super) const RULE: &str = "Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.";

/// Names that someone in another tenant has.
pub(super) const TAKEN: &[&str] = &[
    "account",
    "assets",
    "backup",
    "blobs",
    "data",
    "logs",
    "mystorage",
    "mystorageaccount",
    "storage",
    "test",
];

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Storage,
    name_rule: Name { pattern: PATTERN, status: 400, code: "AccountNameInvalid", rule: RULE, public: true },
    locations: Locations::Regions,
    tracked: true,
    style: Style::Location,
    creates_in: 20_000,
    patch: Patch::Merge,
    fixed: &[
        "extendedLocation",
        "zones",
        "properties.immutableStorageWithVersioning.enabled",
        "properties.isHnsEnabled",
        "properties.isNfsV3Enabled",
        "properties.dnsEndpointType",
        "properties.encryption.requireInfrastructureEncryption",
        "properties.encryption.services.table.keyType",
        "properties.encryption.services.queue.keyType",
    ],
    kept: &["identity"],
    listed_in_subscription: true,
    retry_after: 17,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/storage_account.txt")));

impl Kind for Account {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn admit(
        &self,
        cx: &Context<'_>,
        world: &mut World,
        old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        if old.is_none() {
            free(world, new)?;
        }
        kind_and_sku(old, new)?;
        one_way(old, new)?;
        defaults(cx, new, old);
        if old.is_none() {
            draw_keys(world, new, cx.now);
        }
        Ok(())
    }

    fn stored(&self, _cx: &Context<'_>, world: &mut World, key: &str) {
        self.complete(world, key);
    }

    fn complete(&self, world: &mut World, key: &str) {
        blob_service::come_with(world, key);
    }

    fn loaded(&self, world: &mut World, resource: &mut Resource) {
        draw_keys(world, resource, resource.created);
    }

    fn act(
        &self,
        cx: &Context<'_>,
        world: &mut World,
        key: &str,
        action: &str,
        body: &Map<String, Value>,
    ) -> Option<Outcome<Response>> {
        match action {
            "listkeys" => Some(keys(world, key)),
            "regeneratekey" => Some(regenerate(cx, world, key, body)),
            _ => None,
        }
    }
}

fn draw_keys(world: &mut World, account: &mut Resource, now: i64) {
    for key in ["key1", "key2"] {
        account.hidden.insert(key.to_owned(), json!(world.secret(64)));
        account.hidden.insert(format!("{key} at"), json!(stamp(now)));
    }
}

/// The account of this name, wherever it is.
pub(super) fn named<'a>(world: &'a World, name: &str) -> Option<&'a Resource> {
    world
        .resources
        .iter()
        .map(|(_, resource)| resource)
        .find(|resource| resource.type_ == NAME && resource.name.eq_ignore_ascii_case(name))
}

fn refuse(status: u16, code: &str, message: impl Into<String>) -> Box<Refusal> {
    Service::Storage.refuse(status, code, message)
}

fn free(world: &World, new: &Resource) -> Outcome<()> {
    let taken = || {
        refuse(
            409,
            "StorageAccountAlreadyTaken",
            format!("The storage account named {} is already taken.", new.name),
        )
    };
    if TAKEN.contains(&new.name.as_str()) {
        return Err(taken());
    }
    let subscription = |id: &str| id.split('/').nth(2).unwrap_or_default().to_ascii_lowercase();
    match named(world, &new.name) {
        None => Ok(()),
        Some(other) if subscription(&other.id) == subscription(&new.id) => Err(refuse(
            409,
            "StorageAccountInAnotherResourceGroup",
            format!("The account {} is already in another resource group in this subscription.", new.name),
        )),
        Some(_) => Err(taken()),
    }
}

fn kind_and_sku(old: Option<&Resource>, new: &mut Resource) -> Outcome<()> {
    let kind = new.text("kind").unwrap_or_default().to_owned();
    let sku = new.text("sku.name").unwrap_or_default().to_owned();
    let tier = if sku.starts_with("Premium") { "Premium" } else { "Standard" };
    new.set("sku.tier", tier);
    let premium_only = ["FileStorage", "BlockBlobStorage"].contains(&kind.as_str());
    if premium_only && tier != "Premium" || kind == "BlobStorage" && tier == "Premium" {
        return Err(refuse(
            400,
            "InvalidValuesForRequestParameters",
            format!(
                "Values for request parameters are invalid: sku. The kind '{kind}' does not go with '{sku}'."
            ),
        ));
    }
    if kind == "BlobStorage" && new.at("properties.accessTier").is_none() {
        return Err(refuse(
            400,
            "AccountPropertyIsInvalid",
            "The property 'accessTier' is required for accounts of the kind 'BlobStorage'.",
        ));
    }
    let Some(old) = old else { return Ok(()) };
    let (was, before) = (old.text("kind").unwrap_or_default(), old.text("sku.name").unwrap_or_default());
    if was != kind && !(["Storage", "BlobStorage"].contains(&was) && kind == "StorageV2") {
        return Err(Service::Storage.fixed("kind"));
    }
    // Replication moves freely among those without zones, and among those with them.
    let zonal = |sku: &str| sku.ends_with("ZRS");
    let premium = |sku: &str| sku.starts_with("Premium");
    let generation = |sku: &str| sku.contains("V2");
    if zonal(before) != zonal(&sku)
        || premium(before) != premium(&sku)
        || generation(before) != generation(&sku)
    {
        return Err(Service::Storage.fixed("sku.name"));
    }
    Ok(())
}

/// What can be turned on, and never off again.
fn one_way(old: Option<&Resource>, new: &Resource) -> Outcome<()> {
    let Some(old) = old else { return Ok(()) };
    let large = "properties.largeFileSharesState";
    if old.text(large) == Some("Enabled") && new.text(large) != Some("Enabled") {
        return Err(Service::Storage.fixed(large));
    }
    // A locked policy stays locked, and can only be given a longer period.
    let policy = |name: &str| format!("properties.immutableStorageWithVersioning.immutabilityPolicy.{name}");
    let (state, period) = (policy("state"), policy("immutabilityPeriodSinceCreationInDays"));
    let appends = policy("allowProtectedAppendWrites");
    if old.text(&state) != Some("Locked") {
        return Ok(());
    }
    if new.text(&state) != Some("Locked") {
        return Err(Service::Storage.fixed(&state));
    }
    if new.number(&period) < old.number(&period) {
        return Err(Service::Storage.fixed(&period));
    }
    if new.flag(&appends).unwrap_or_default() != old.flag(&appends).unwrap_or_default() {
        return Err(Service::Storage.fixed(&appends));
    }
    Ok(())
}

fn defaults(cx: &Context<'_>, new: &mut Resource, old: Option<&Resource>) {
    for (path, value) in [
        ("properties.supportsHttpsTrafficOnly", json!(true)),
        ("properties.minimumTlsVersion", json!("TLS1_2")),
        ("properties.allowBlobPublicAccess", json!(false)),
        ("properties.allowCrossTenantReplication", json!(false)),
        ("properties.networkAcls.defaultAction", json!("Allow")),
        ("properties.networkAcls.bypass", json!("AzureServices")),
        ("properties.networkAcls.ipRules", json!([])),
        ("properties.networkAcls.virtualNetworkRules", json!([])),
        ("properties.encryption.keySource", json!("Microsoft.Storage")),
    ] {
        new.fill(path, value);
    }
    let created = stamp(old.map_or(cx.now, |old| old.created));
    for service in ["blob", "file"] {
        new.fill(&format!("properties.encryption.services.{service}.keyType"), "Account");
        new.fill(&format!("properties.encryption.services.{service}.enabled"), true);
        new.set(&format!("properties.encryption.services.{service}.lastEnabledTime"), created.clone());
    }
    let kind = new.text("kind").unwrap_or_default().to_owned();
    if new.text("sku.tier") == Some("Standard") && ["StorageV2", "BlobStorage"].contains(&kind.as_str()) {
        new.fill("properties.accessTier", "Hot");
    }
    let name = new.name.clone();
    let location = new.location().to_owned();
    new.set("properties.primaryLocation", location);
    new.set("properties.statusOfPrimary", "available");
    new.set("properties.creationTime", created.clone());
    new.set("properties.keyCreationTime", json!({ "key1": created, "key2": created }));
    new.set("properties.privateEndpointConnections", json!([]));
    let services: &[&str] = match kind.as_str() {
        "BlobStorage" | "BlockBlobStorage" => &["blob", "dfs", "web"],
        "FileStorage" => &["file"],
        _ => &["blob", "dfs", "file", "queue", "table", "web"],
    };
    let endpoints: Map<String, Value> = services
        .iter()
        .map(|service| {
            let zone = if *service == "web" { "z6.web" } else { service };
            ((*service).to_owned(), json!(format!("https://{name}.{zone}.core.windows.net/")))
        })
        .collect();
    new.set("properties.primaryEndpoints", endpoints);
}

fn keys(world: &World, key: &str) -> Outcome<Response> {
    super::provisioned(world, key)?;
    let keys: Vec<Value> = world
        .resources
        .get(key)
        .into_iter()
        .flat_map(|account| {
            ["key1", "key2"].map(|name| {
                json!({
                    "keyName": name,
                    "value": hidden(account, name),
                    "permissions": "FULL",
                    "creationTime": hidden(account, &format!("{name} at")),
                })
            })
        })
        .collect();
    Ok(Response::json(200, json!({ "keys": keys })))
}

fn regenerate(
    cx: &Context<'_>,
    world: &mut World,
    key: &str,
    body: &Map<String, Value>,
) -> Outcome<Response> {
    super::provisioned(world, key)?;
    let name = body.get("keyName").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    if !["key1", "key2"].contains(&name.as_str()) {
        return Err(refuse(
            400,
            "InvalidValuesForRequestParameters",
            "Values for request parameters are invalid: keyName.",
        ));
    }
    let secret = world.secret(64);
    if let Some(account) = world.resources.get_mut(key) {
        account.hidden.insert(name.clone(), json!(secret));
        account.hidden.insert(format!("{name} at"), json!(stamp(cx.now)));
        account.set(&format!("properties.keyCreationTime.{name}"), stamp(cx.now));
    }
    keys(world, key)
}
