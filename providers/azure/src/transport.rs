//! Carries requests to Resource Manager through the pipeline of azure_core, with a token each. The
//! pipeline tries nothing twice: the driver and the engine decide what may be sent again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::ProviderError;
use aurak_rest::{Method, Request, Response, Transport, TransportError};
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::{
    ClientOptions, Context, Pipeline, PipelineSendOptions, Request as CoreRequest, RetryOptions,
    Transport as CoreTransport, Url,
};

use crate::cloud::Cloud;
use crate::credential::first_line;
use crate::token::TokenPolicy;

/// To reach a host. Regions are far from one another, but not that far.
const CONNECT: Duration = Duration::from_secs(20);
/// Between two bytes of an answer. Resource Manager itself gives up after a minute.
const READ: Duration = Duration::from_secs(90);

/// The way to Resource Manager.
pub(crate) struct ArmTransport {
    pipeline: Pipeline,
    cloud: Cloud,
}

/// The client for a cloud: TLS with the machine's certificates, or only with those that are given.
pub(crate) fn client(authorities: Option<&[u8]>) -> Result<reqwest::Client, ProviderError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none());
    let builder = match authorities {
        None => builder,
        Some(pem) => {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(ProviderError::permanent("there are no certificates in the file of `ca`")
                    .help("it holds one or more of them as PEM"));
            }
            builder.tls_certs_only(certificates)
        }
    };
    builder.build().map_err(|error| ProviderError::permanent(format!("could not set TLS up: {error}")))
}

impl ArmTransport {
    pub(crate) fn new(cloud: &Cloud, client: reqwest::Client, credential: Arc<dyn TokenCredential>) -> Self {
        let options = ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(CoreTransport::new(Arc::new(client))),
            ..ClientOptions::default()
        };
        let token = TokenPolicy::new(credential, cloud.scope());
        let pipeline = Pipeline::new(
            Some("aurak"),
            option_env!("CARGO_PKG_VERSION"),
            options,
            Vec::new(),
            vec![Arc::new(token)],
            None,
        );
        ArmTransport { pipeline, cloud: cloud.clone() }
    }
}

#[async_trait]
impl Transport for ArmTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        // Whoever made it: a token goes nowhere else.
        let url = Some(&request.url).filter(|url| self.cloud.holds(url)).and_then(|url| Url::parse(url).ok());
        let Some(url) = url else {
            let message = format!("this is not an address of {}", self.cloud.endpoint);
            return Err(TransportError::Refused(message));
        };
        let method = match request.method {
            Method::Get => azure_core::http::Method::Get,
            Method::Put => azure_core::http::Method::Put,
            Method::Patch => azure_core::http::Method::Patch,
            Method::Post => azure_core::http::Method::Post,
            Method::Delete => azure_core::http::Method::Delete,
        };
        let mut core = CoreRequest::new(url, method);
        core.insert_header("accept", "application/json");
        for (name, value) in request.headers {
            core.insert_header(name, value);
        }
        match (&request.body, request.method) {
            (Some(body), _) => {
                core.insert_header("content-type", "application/json");
                core.set_body(body.to_string().into_bytes());
            }
            (None, Method::Post | Method::Put | Method::Patch) => core.insert_header("content-length", "0"),
            (None, Method::Get | Method::Delete) => {}
        }
        let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let answer =
            self.pipeline.send(&Context::new(), &mut core, Some(options)).await.map_err(|e| failed(&e))?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_ascii_lowercase(), value.as_str().to_string()));
        Ok(Response::of(answer.status().into(), headers.collect(), answer.body()))
    }
}

fn failed(error: &azure_core::Error) -> TransportError {
    let text = first_line(error);
    match error.kind() {
        ErrorKind::Connection => TransportError::NotSent(text),
        ErrorKind::Credential => TransportError::NoCredential {
            message: format!("there is no credential that works ({text})"),
            help: "log in with `az login`, set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or say \
                   with `credential` which one to use"
                .to_string(),
        },
        // The rest happens after the request was on its way, or cannot be told from that.
        _ => TransportError::NoAnswer(text),
    }
}
