//! Who we are in Azure: what proves it, and in which order it is looked for.

use std::path::PathBuf;

use aurak_api::ProviderError;
use azure_core::credentials::Secret;

use crate::settings::unreadable;

/// What proves who we are. Its `Debug` shows no secret.
#[derive(Debug)]
pub(crate) enum Identity {
    /// An application with a secret.
    Secret { client_id: String, secret: Secret },
    /// An application with a certificate and its key, as PEM.
    Certificate { client_id: String, pem: Secret },
    /// An application that trusts the issuer of a token in a file.
    Workload { client_id: String, token_file: PathBuf },
    /// What the machine is.
    Managed { client_id: Option<String> },
    /// Who is logged in with the Azure CLI.
    Cli,
    /// Whichever of the last two there is.
    Found { client_id: Option<String> },
}

impl Identity {
    /// Chooses by what is given, or as it is said.
    pub(crate) fn choose(
        said: Option<&str>,
        client_id: Option<String>,
        secret: Option<String>,
        certificate: Option<PathBuf>,
        token_file: Option<PathBuf>,
    ) -> Result<Identity, ProviderError> {
        let kind = match (said, &client_id) {
            (Some(said), _) => said,
            (None, Some(_)) if secret.is_some() => "secret",
            (None, Some(_)) if certificate.is_some() => "certificate",
            (None, Some(_)) if token_file.is_some() => "workload",
            (None, _) => "found",
        };
        let missing = |what: &str, how: &str| {
            ProviderError::permanent(format!("the credential `{kind}` needs {what}")).help(how.to_string())
        };
        let client = || {
            let how = "give the provider `client_id`, or set AZURE_CLIENT_ID";
            client_id.clone().ok_or_else(|| missing("a client id", how))
        };
        Ok(match kind {
            "secret" => {
                let how = "give the provider `client_secret` or `credentials`, or set AZURE_CLIENT_SECRET";
                let secret = secret.ok_or_else(|| missing("a secret", how))?;
                Identity::Secret { client_id: client()?, secret: secret.into() }
            }
            "certificate" => {
                let how = "give the provider `client_certificate`, or set AZURE_CLIENT_CERTIFICATE_PATH";
                let path = certificate.ok_or_else(|| missing("a certificate", how))?;
                let pem = std::fs::read(&path).map_err(|error| unreadable("certificate", &path, &error))?;
                let pem = String::from_utf8(pem).map_err(|_| {
                    ProviderError::permanent(format!("the certificate in {} is no PEM", path.display()))
                        .help("turn PKCS#12 into PEM: openssl pkcs12 -in FILE -nodes -out FILE.pem")
                })?;
                Identity::Certificate { client_id: client()?, pem: pem.into() }
            }
            "workload" => {
                let how = "set AZURE_FEDERATED_TOKEN_FILE, as a pod with a workload identity has it";
                let token_file = token_file.ok_or_else(|| missing("a token file", how))?;
                Identity::Workload { client_id: client()?, token_file }
            }
            "managed" => Identity::Managed { client_id },
            "cli" => Identity::Cli,
            _ => Identity::Found { client_id },
        })
    }
}
