//! Somebody else: a plain client of Resource Manager, which knows nothing of what we own.

use std::time::Duration;

use aurak_sandbox::Handle;
use reqwest::{Client, Method};
use serde_json::Value as Json;

/// Long operations take milliseconds here; after so many looks something is wrong.
const MOST_LOOKS: usize = 500;
const BETWEEN_LOOKS: Duration = Duration::from_millis(4);

pub(super) struct Other {
    http: Client,
    base: String,
    token: String,
    version: String,
}

impl Other {
    /// Logs in. `version` is the api-version that it uses.
    pub(super) async fn new(sandbox: &Handle, version: &str) -> Other {
        let ca = reqwest::Certificate::from_pem(sandbox.ca_pem.as_bytes()).unwrap();
        let http = Client::builder().tls_certs_only([ca]).build().unwrap();
        let identity = &sandbox.identity;
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}/.default",
            identity.client_id, identity.client_secret, sandbox.url
        );
        let url = format!("{}/{}/oauth2/v2.0/token", sandbox.url, identity.tenant);
        let request = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.unwrap().bytes().await.unwrap();
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        let token = answer["access_token"].as_str().unwrap().to_string();
        Other { http, base: sandbox.url.clone(), token, version: version.to_string() }
    }

    /// Where each object says its version itself: the one that its own type has here.
    fn version_for(&self, id: &str) -> String {
        let types = aurak_azure::all();
        let plain = |version: &str| !version.contains('{');
        let own = types.values().find(|ty| plain(&ty.spec.version) && ty.take_apart(id).is_some());
        match own {
            Some(ty) if !plain(&self.version) => ty.spec.version.clone(),
            _ => self.version.clone(),
        }
    }

    async fn send(&self, method: Method, id: &str, body: Option<&Json>) -> Result<(u16, Json), String> {
        let url = format!("{}{id}?api-version={}", self.base, self.version_for(id));
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Json::Null)))
    }

    /// The object, once nothing goes on with it any more.
    pub(super) async fn get(&self, id: &str) -> Result<Option<Json>, String> {
        for _ in 0..MOST_LOOKS {
            let (status, body) = self.send(Method::GET, id, None).await?;
            let state = body["properties"]["provisioningState"].as_str().unwrap_or("Succeeded");
            match (status, state) {
                (404, _) => return Ok(None),
                (200, "Succeeded") => return Ok(Some(body)),
                (200, _) => tokio::time::sleep(BETWEEN_LOOKS).await,
                _ => return Err(format!("GET {id}: {status} {body}")),
            }
        }
        Err(format!("{id} does not come to rest"))
    }

    /// Writes the object.
    pub(super) async fn put(&self, id: &str, body: &Json) -> Result<Json, String> {
        for _ in 0..MOST_LOOKS {
            let (status, answer) = self.send(Method::PUT, id, Some(body)).await?;
            match status {
                200..=202 => return self.get(id).await?.ok_or_else(|| format!("{id} is not there")),
                409 | 429 if is_busy(&answer) => tokio::time::sleep(BETWEEN_LOOKS).await,
                _ => return Err(format!("somebody else: PUT {id} {body}: {status} {answer}")),
            }
        }
        Err(format!("something goes on with {id} all the time"))
    }

    /// Asks for something to be done.
    pub(super) async fn post(&self, path: &str) -> Result<(), String> {
        match self.send(Method::POST, path, None).await? {
            (200..=299, _) => Ok(()),
            (status, answer) => Err(format!("somebody else: POST {path}: {status} {answer}")),
        }
    }

    /// Whether the service does not take what is written.
    pub(super) async fn is_refused(&self, id: &str, body: &Json) -> Result<(), String> {
        let (status, _) = self.send(Method::PUT, id, Some(body)).await?;
        match status {
            400..=499 => Ok(()),
            _ => Err(format!("the type forbids it, and the service does it in place (PUT {id}: {status})")),
        }
    }

    pub(super) async fn delete(&self, id: &str) -> Result<(), String> {
        let (status, answer) = self.send(Method::DELETE, id, None).await?;
        if !matches!(status, 200..=204) {
            return Err(format!("somebody else: DELETE {id}: {status} {answer}"));
        }
        for _ in 0..MOST_LOOKS {
            if self.send(Method::GET, id, None).await?.0 == 404 {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(format!("{id} does not go"))
    }
}

/// Whether it is worth trying again.
fn is_busy(answer: &Json) -> bool {
    let code = answer["error"]["code"].as_str().or(answer["code"].as_str());
    matches!(code, Some("AnotherOperationInProgress" | "ContainerBeingDeleted" | "Conflict"))
}
