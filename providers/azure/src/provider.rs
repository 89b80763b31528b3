//! The provider type `azure`: what a node of it is configured with, and opening one.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use aurak_api::{Provider, ProviderError, ProviderType};
use aurak_model::schema::{Immutable, ProviderSchema};
use aurak_model::{Attribute, Kind as Holds, Name, TypeSchema, Value};
use aurak_rest::pace::Limit;
use aurak_rest::{Kind, Paces, Request, RestProvider, Transport, TransportError};

use crate::arm::Arm;
use crate::cloud::Cloud;
use crate::credential::{Asker, first_line};
use crate::settings::Settings;
use crate::transport::{ArmTransport, client};
use crate::types;

/// Calls at once: what a subscription takes without being throttled at once.
const CONCURRENCY: usize = 16;

/// The buckets of Resource Manager for one who calls, in a subscription and a region. They are the same
/// everywhere since 2024; what answers say of them counts where it is less.
const LIMITS: &[(Kind, Limit)] = &[
    (Kind::Read, Limit { size: 250, refill: 25 }),
    (Kind::Write, Limit { size: 200, refill: 10 }),
    (Kind::Delete, Limit { size: 200, refill: 10 }),
];

/// The version with which a subscription is asked for its tenant.
const SUBSCRIPTIONS: &str = "2022-12-01";

/// Asks the environment for a variable.
pub type Env = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the provider needs to know about where it runs.
#[derive(Clone)]
pub struct AzureOptions {
    /// Paths in configurations are relative to it.
    pub folder: PathBuf,
    /// Where variables such as `AZURE_CLIENT_ID` are looked up.
    pub env: Env,
    /// Shared by all that use the same accounts.
    pub paces: Paces,
}

/// The provider type.
#[derive(Clone)]
pub struct AzureType {
    options: AzureOptions,
}

impl AzureType {
    /// The type, for a stack.
    pub fn new(options: AzureOptions) -> AzureType {
        AzureType { options }
    }
}

static SCHEMA: LazyLock<Arc<ProviderSchema>> = LazyLock::new(|| {
    let text = |name: &str, description: &str| {
        let attribute = Attribute { description: description.to_string(), ..Attribute::of(Holds::String) };
        (Name::from(name), attribute)
    };
    let of_world = |(name, attribute): (Name, Attribute)| {
        (name, Attribute { immutable: vec![Immutable::Always], ..attribute })
    };
    let one_of = |(name, attribute): (Name, Attribute), allowed: &[&str]| {
        (name, Attribute { allowed: allowed.iter().map(|text| Name::from(*text)).collect(), ..attribute })
    };
    let attributes = [
        of_world(text("subscription", "The id of the subscription. Else `AZURE_SUBSCRIPTION_ID`.")),
        of_world(text("tenant", "The tenant. Else `AZURE_TENANT_ID`, or that of the subscription.")),
        text("client_id", "The application, or the managed identity. Else `AZURE_CLIENT_ID`."),
        text("client_secret", "Its secret. Else `AZURE_CLIENT_SECRET`."),
        text(
            "client_certificate",
            "A file with its certificate and key as PEM. Else `AZURE_CLIENT_CERTIFICATE_PATH`.",
        ),
        text(
            "credentials",
            "A JSON file with `AZURE_CLIENT_ID`, `AZURE_SECRET`, `AZURE_TENANT` and `AZURE_SUBSCRIPTION_ID`. \
             Else the one that `-c` or `AURAK_CREDENTIALS` names.",
        ),
        one_of(
            text(
                "credential",
                "What proves who we are. Else what is given: a secret, a certificate, the token file of a \
                 workload identity; else the Azure CLI or the machine's identity.",
            ),
            &["secret", "certificate", "workload", "managed", "cli"],
        ),
        of_world(one_of(
            text("cloud", "The cloud; `public` unless an `endpoint` is given."),
            &["public", "government", "china", "custom"],
        )),
        text("endpoint", "Where Resource Manager is, for a custom cloud."),
        text(
            "authority",
            "Where Entra is, for a custom cloud. Else `AZURE_AUTHORITY_HOST`, or the endpoint.",
        ),
        text("audience", "What tokens are for, for a custom cloud. Else the endpoint."),
        text("ca", "A file with the certificates to trust, as PEM, instead of those of this machine."),
    ];
    let mut attributes: std::collections::BTreeMap<Name, Attribute> = attributes.into_iter().collect();
    if let Some(secret) = attributes.get_mut("client_secret") {
        secret.sensitive = true;
    }
    Arc::new(ProviderSchema {
        name: "azure".into(),
        description: "Azure, through Resource Manager. Bodies are in the words of Azure. Where \
                      `AURAK_SANDBOX_URL` is set, all goes there, with the credentials of the environment."
            .to_string(),
        attributes,
        concurrency: CONCURRENCY,
    })
});

#[async_trait]
impl ProviderType for AzureType {
    fn schema(&self) -> Arc<ProviderSchema> {
        SCHEMA.clone()
    }

    fn types(&self) -> Vec<Arc<TypeSchema>> {
        types::all().values().map(|ty| ty.schema.clone()).collect()
    }

    async fn configure(&self, config: &Value) -> Result<Arc<dyn Provider>, ProviderError> {
        let AzureOptions { folder, env, paces } = &self.options;
        let settings = Settings::read(config, folder, &|name| env(name))?;
        let Settings { cloud, subscription, tenant, identity, stands_for, authorities } = settings;
        let client = client(authorities.as_deref())?;
        let asker = Asker {
            cloud: &cloud,
            client: client.clone(),
            tenant: tenant.as_deref(),
            subscription: &subscription,
        };
        let credential = asker.credential(identity).map_err(|error| {
            ProviderError::permanent(format!("could not use the credential: {}", first_line(&error)))
        })?;
        let transport = ArmTransport::new(&cloud, client, credential);
        let tenant = match tenant {
            Some(tenant) => tenant,
            None => tenant_of(&cloud, &subscription, &transport).await?,
        };
        let place = stands_for.unwrap_or_else(|| format!("{}/{tenant}", cloud.name));
        let world = world(&place, &subscription);
        let pace = paces.of(&world, LIMITS);
        let arm = Arm::new(cloud, &subscription);
        Ok(Arc::new(RestProvider::new(types::all(), Arc::new(arm), Arc::new(transport), pace, world)))
    }
}

/// What objects live in, by the cloud and the tenant. A custom cloud may move to another port; its tenants
/// and subscriptions are its own.
fn world(place: &str, subscription: &str) -> Name {
    format!("azure/{place}/{subscription}").to_ascii_lowercase().into()
}

/// The cloud and tenant of a world, as `public/TENANT`, and its subscription.
pub fn place_of(world: &str) -> Option<(&str, &str)> {
    world.strip_prefix("azure/")?.rsplit_once('/')
}

/// The tenant that a subscription is in.
pub(crate) async fn tenant_of(
    cloud: &Cloud,
    subscription: &str,
    transport: &dyn Transport,
) -> Result<String, ProviderError> {
    let url = format!("{}/subscriptions/{subscription}?api-version={SUBSCRIPTIONS}", cloud.endpoint);
    let what = format!("could not ask for the subscription {subscription}");
    let answer =
        transport.send(Request::new(aurak_rest::Method::Get, url)).await.map_err(|error| match error {
            TransportError::NotSent(why) | TransportError::NoAnswer(why) => {
                ProviderError::transient(format!("{what}: {why}"))
            }
            TransportError::NoCredential { message, help } => {
                ProviderError::permanent(format!("{what}: {message}")).help(help)
            }
            TransportError::Refused(why) => ProviderError::permanent(format!("{what}: {why}")),
        })?;
    if !answer.is_success() {
        let refusal = crate::refusal::read(&answer);
        let verdict = crate::refusal::judge(&refusal, aurak_rest::Method::Get, None);
        return Err(refusal.error(&what, verdict));
    }
    let tenant = answer.body.get("tenantId").and_then(serde_json::Value::as_str).unwrap_or_default();
    match tenant {
        "" => Err(ProviderError::permanent(format!("{what}: the answer names no tenant"))
            .help("give the provider `tenant`, or set AZURE_TENANT_ID")),
        tenant => Ok(tenant.to_string()),
    }
}
