//! Tokens: the credential of an identity, as one that says what it tried.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use tokio::sync::OnceCell;

use crate::certificate::CertificateAssertion;
use crate::cloud::Cloud;
use crate::identity::Identity;

/// How long a machine may take to say that it has an identity. Where there is none, nobody answers.
const MANAGED: Duration = Duration::from_secs(10);

/// How often a question for a token is put again before the request that needs it fails in passing.
const TRIES: u32 = 3;

/// Who asks for tokens.
pub(crate) struct Asker<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) client: reqwest::Client,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) subscription: &'a str,
}

impl Asker<'_> {
    /// The credential of an identity. Nothing is asked yet.
    pub(crate) fn credential(&self, identity: Identity) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let tenant = || {
            self.tenant.map(str::to_string).ok_or_else(|| {
                let text =
                    "an application needs its tenant: give the provider `tenant`, or set AZURE_TENANT_ID";
                azure_core::Error::with_message(ErrorKind::Credential, text)
            })
        };
        let client_options = self.client_options();
        let tries: Vec<(&'static str, Arc<dyn TokenCredential>)> = match identity {
            Identity::Secret { client_id, secret } => {
                let options = ClientSecretCredentialOptions { client_options };
                let credential = ClientSecretCredential::new(&tenant()?, client_id, secret, Some(options))?;
                vec![("the client secret", credential)]
            }
            Identity::Certificate { client_id, pem } => {
                let tenant = tenant()?;
                let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.cloud.authority);
                let assertion = CertificateAssertion::new(&pem, &client_id, audience)
                    .map_err(|bad| azure_core::Error::with_message(ErrorKind::Credential, bad.to_string()))?;
                let options = ClientAssertionCredentialOptions { client_options };
                let credential = ClientAssertionCredential::new(tenant, client_id, assertion, Some(options))?;
                vec![("the client certificate", credential)]
            }
            Identity::Workload { client_id, token_file } => {
                let options = WorkloadIdentityCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions { client_options },
                    client_id: Some(client_id),
                    tenant_id: Some(tenant()?),
                    token_file_path: Some(token_file),
                };
                vec![("the workload identity", WorkloadIdentityCredential::new(Some(options))?)]
            }
            Identity::Managed { client_id } => vec![("the managed identity", managed(client_id)?)],
            Identity::Cli => vec![("the Azure CLI", self.cli()?)],
            Identity::Found { client_id } => {
                vec![("the Azure CLI", self.cli()?), ("the managed identity", managed(client_id)?)]
            }
        };
        Ok(Arc::new(Tries { tries, works: OnceCell::new() }))
    }

    fn client_options(&self) -> ClientOptions {
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.cloud.authority.clone();
        ClientOptions {
            transport: Some(Transport::new(Arc::new(self.client.clone()))),
            cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: TRIES,
                ..ExponentialRetryOptions::default()
            }),
            ..ClientOptions::default()
        }
    }

    fn cli(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let options = AzureCliCredentialOptions {
            subscription: Some(self.subscription.to_string()),
            ..AzureCliCredentialOptions::default()
        };
        Ok(AzureCliCredential::new(Some(options))?)
    }
}

fn managed(client_id: Option<String>) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.map(UserAssignedId::ClientId),
        client_options: ClientOptions { retry: RetryOptions::none(), ..ClientOptions::default() },
    };
    Ok(Arc::new(InTime(ManagedIdentityCredential::new(Some(options))?)))
}

/// One that gives up after a while.
struct InTime(Arc<ManagedIdentityCredential>);

impl fmt::Debug for InTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InTime(..)")
    }
}

#[async_trait]
impl TokenCredential for InTime {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let asked = tokio::time::timeout(MANAGED, self.0.get_token(scopes, options)).await;
        asked.unwrap_or_else(|_| {
            Err(azure_core::Error::with_message(
                ErrorKind::Credential,
                "this machine has none, or does not answer",
            ))
        })
    }
}

/// Several, of which the first that works stays.
struct Tries {
    tries: Vec<(&'static str, Arc<dyn TokenCredential>)>,
    works: OnceCell<usize>,
}

impl fmt::Debug for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tries.iter().map(|(name, _)| name)).finish()
    }
}

#[async_trait]
impl TokenCredential for Tries {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let options =
            || options.as_ref().map(|o| TokenRequestOptions { method_options: o.method_options.clone() });
        let known = self.works.get().copied();
        let tries = self.tries.iter().enumerate().filter(|(i, _)| known.is_none_or(|known| known == *i));
        let mut failed = Vec::new();
        let mut passing = false;
        for (i, (name, credential)) in tries {
            match credential.get_token(scopes, options()).await {
                Ok(token) => {
                    // Another one was faster with the same question; its answer is as good.
                    let _ = self.works.set(i);
                    return Ok(token);
                }
                Err(error) => {
                    passing |= is_passing(&error);
                    failed.push(format!("{name}: {}", first_line(&error)));
                }
            }
        }
        // A question for a token never changes anything: that Entra could not be reached is no reason
        // to think that the request which needs the token was sent.
        let kind = if passing { ErrorKind::Connection } else { ErrorKind::Credential };
        Err(azure_core::Error::with_message(kind, failed.join("; ")))
    }
}

/// Whether nobody answered.
fn is_passing(error: &azure_core::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let ours = error.downcast_ref::<azure_core::Error>();
        if ours.is_some_and(|error| matches!(error.kind(), ErrorKind::Connection | ErrorKind::Io)) {
            return true;
        }
        next = error.source();
    }
    false
}

/// What an error says, without the links to a manual that follow, and with what is behind it.
pub(crate) fn first_line(error: &azure_core::Error) -> String {
    let mut text = error.to_string().lines().next().unwrap_or_default().trim().to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let line = cause.to_string().lines().next().unwrap_or_default().trim().to_string();
        if !line.is_empty() && !text.contains(&line) {
            text = format!("{text}: {line}");
        }
        source = cause.source();
    }
    text
}
