//! What a provider node says, what a credentials file says and what the environment says, put together:
//! in this order, the first that says something counts.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use aurak_api::ProviderError;
use aurak_model::Value;
use azure_core::http::Url;

use crate::cloud::{BadCloud, Cloud};
use crate::identity::Identity;

/// The variable that names a credentials file, where a provider names none.
pub const CREDENTIALS: &str = "AURAK_CREDENTIALS";

/// The variable that says which cloud and tenant a sandbox stands for, as `public/TENANT`: what was read
/// there and copied is the same thing here.
pub const STANDS_FOR: &str = "AURAK_SANDBOX_FOR";

/// Asks the environment; an empty variable is none.
pub(crate) type Ask<'a> = &'a dyn Fn(&str) -> Option<String>;

/// All that is needed to open a provider.
pub(crate) struct Settings {
    pub(crate) cloud: Cloud,
    pub(crate) subscription: String,
    /// None where it is to be asked of the subscription.
    pub(crate) tenant: Option<String>,
    pub(crate) identity: Identity,
    /// The cloud and tenant that a sandbox stands for.
    pub(crate) stands_for: Option<String>,
    /// Certificates to trust instead of those of this machine, as PEM.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// The values of a credentials file, under its own names.
#[derive(Default, serde::Deserialize)]
struct CredentialsFile {
    #[serde(rename = "AZURE_CLIENT_ID")]
    client_id: Option<String>,
    #[serde(rename = "AZURE_SECRET", alias = "AZURE_CLIENT_SECRET")]
    secret: Option<String>,
    #[serde(rename = "AZURE_TENANT", alias = "AZURE_TENANT_ID")]
    tenant: Option<String>,
    #[serde(rename = "AZURE_SUBSCRIPTION_ID")]
    subscription: Option<String>,
}

impl Settings {
    /// Puts them together. Paths are relative to the folder.
    pub(crate) fn read(config: &Value, folder: &Path, env: Ask<'_>) -> Result<Settings, ProviderError> {
        let said = |name: &str| {
            let text = config.as_map().and_then(|map| map.get(name)).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_string)
        };
        let env = |name: &str| env(name).filter(|text| !text.is_empty());
        let file = match said("credentials").or_else(|| env(CREDENTIALS)) {
            Some(path) => credentials_file(&folder.join(path))?,
            None => CredentialsFile::default(),
        };
        let CredentialsFile { client_id, secret, tenant, subscription } = file;
        // In the sandbox, nothing that is meant for Azure is used but the subscription, and nothing is
        // sent to Azure, whatever the stack says.
        let sandbox = env("AURAK_SANDBOX_URL");
        let in_sandbox = sandbox.is_some();
        if let Some(url) = sandbox.as_deref().filter(|url| !is_on_this_machine(url)) {
            return Err(ProviderError::permanent(format!("`{url}` is no sandbox: that is on this machine"))
                .help("unset AURAK_SANDBOX_URL, or start a sandbox: eval \"$(aurak sandbox start)\""));
        }
        let own = |name: &str| said(name).filter(|_| !in_sandbox);
        let (client_id, secret, tenant) = match in_sandbox {
            true => (None, None, None),
            false => (client_id, secret, tenant),
        };

        let subscription = said("subscription").or(subscription).or_else(|| env("AZURE_SUBSCRIPTION_ID"));
        let subscription = subscription.ok_or_else(|| {
            ProviderError::permanent("it is not said which subscription to use")
                .help("give the provider `subscription`, or set AZURE_SUBSCRIPTION_ID")
        })?;
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        if !plain(&subscription) {
            return Err(ProviderError::permanent(format!("`{subscription}` is no id of a subscription"))
                .help("it is made of letters, digits and hyphens: `az account list` shows it"));
        }
        let tenant = own("tenant").or(tenant).or_else(|| env("AZURE_TENANT_ID"));
        if let Some(tenant) = tenant.as_deref().filter(|tenant| !plain(tenant)) {
            return Err(ProviderError::permanent(format!("`{tenant}` is no tenant")));
        }

        let client_id = own("client_id").or(client_id).or_else(|| env("AZURE_CLIENT_ID"));
        let secret = own("client_secret").or(secret).or_else(|| env("AZURE_CLIENT_SECRET"));
        let certificate = own("client_certificate").map(|path| folder.join(path));
        let certificate = certificate.or_else(|| env("AZURE_CLIENT_CERTIFICATE_PATH").map(PathBuf::from));
        let token_file = env("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from);
        let identity =
            Identity::choose(own("credential").as_deref(), client_id, secret, certificate, token_file)?;

        let authority = env("AZURE_AUTHORITY_HOST");
        let cloud = match &sandbox {
            Some(sandbox) => Cloud::sandbox(sandbox, authority.as_deref()),
            None => cloud(&said, authority.as_deref()),
        };
        let cloud =
            cloud.map_err(|bad| ProviderError::permanent(format!("the cloud of the provider: {bad}")))?;
        let authorities = own("ca").map(|path| folder.join(path));
        let authorities = authorities.or_else(|| {
            // Trusted for the sandbox only.
            env("AURAK_SANDBOX_CA").filter(|_| in_sandbox).map(PathBuf::from)
        });
        let authorities = match authorities {
            Some(path) => {
                Some(std::fs::read(&path).map_err(|error| unreadable("certificates", &path, &error))?)
            }
            None => None,
        };
        let stands_for = env(STANDS_FOR).filter(|_| in_sandbox);
        Ok(Settings { cloud, subscription, tenant, identity, stands_for, authorities })
    }
}

fn cloud(said: &dyn Fn(&str) -> Option<String>, authority: Option<&str>) -> Result<Cloud, BadCloud> {
    let (name, endpoint) = (said("cloud"), said("endpoint"));
    if let Some(known) = name.as_deref().and_then(Cloud::known) {
        return match ["endpoint", "authority", "audience"].into_iter().find(|key| said(key).is_some()) {
            Some(key) => Err(BadCloud::Known(known.name, key)),
            None => Ok(known),
        };
    }
    let own = said("authority");
    match endpoint.as_deref() {
        Some(endpoint) => Cloud::custom(endpoint, own.as_deref().or(authority), said("audience").as_deref()),
        None if name.is_some() => Err(BadCloud::NoEndpoint),
        None => match (own.as_deref(), Cloud::known("public")) {
            (None, Some(public)) => Ok(public),
            _ => Err(BadCloud::NoEndpoint),
        },
    }
}

fn credentials_file(path: &Path) -> Result<CredentialsFile, ProviderError> {
    let text = std::fs::read(path).map_err(|error| unreadable("credentials", path, &error))?;
    // What is wrong is not shown: a part of the file could be in it.
    serde_json::from_slice(&text).map_err(|error| {
        ProviderError::permanent(format!(
            "the credentials in {} are no JSON object of texts (line {})",
            path.display(),
            error.line()
        ))
        .help("it holds AZURE_CLIENT_ID, AZURE_SECRET, AZURE_TENANT and AZURE_SUBSCRIPTION_ID")
    })
}

pub(crate) fn unreadable(what: &str, path: &Path, error: &std::io::Error) -> ProviderError {
    ProviderError::permanent(format!("could not read the {what} in {}: {error}", path.display()))
}

/// Whether a URL leads nowhere but to this machine.
fn is_on_this_machine(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
