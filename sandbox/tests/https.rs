//! The sandbox as a server: a client over TLS, restarts, faults, the log.

use std::path::Path;
use std::sync::Arc;

use aurak_sandbox::{Azure, Faults, Handle, Method, Options, Request, Sandbox, WorldFile};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const GROUP: &str = "resourceGroups/g?api-version=2024-11-01";

async fn connect(handle: &Handle, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(handle.ca_pem.as_bytes()).expect("PEM")).expect("a root");
    let mut config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let address = handle.url.strip_prefix("https://").expect("https");
    let stream = TcpStream::connect(address.replace("localhost", "127.0.0.1")).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS")
}

struct Client {
    sender: Option<http1::SendRequest<Full<Bytes>>>,
    token: String,
}

impl Client {
    async fn new(handle: &Handle) -> Client {
        let mut client = Client { sender: None, token: String::new() };
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}/.default",
            handle.identity.client_id, handle.identity.client_secret, handle.url
        );
        let path = format!("/{}/oauth2/v2.0/token", handle.identity.tenant);
        let (status, body) = client.send(handle, "POST", &path, Some(form)).await.expect("an answer");
        assert_eq!(status, 200, "{body}");
        client.token = body["access_token"].as_str().expect("a token").to_owned();
        client
    }

    /// On the connection that is open, or a new one; `None` when it is dropped.
    async fn send(
        &mut self,
        handle: &Handle,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Option<(u16, Value)> {
        if self.sender.as_ref().is_none_or(http1::SendRequest::is_closed) {
            let (sender, connection) =
                http1::handshake(TokioIo::new(connect(handle, b"http/1.1").await)).await.expect("HTTP");
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        let form = self.token.is_empty();
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("Host", "localhost")
            .header("Authorization", format!("Bearer {}", self.token))
            .header(
                "Content-Type",
                if form { "application/x-www-form-urlencoded" } else { "application/json" },
            )
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .expect("a request");
        let sender = self.sender.as_mut().expect("connected");
        let Ok(response) = sender.send_request(request).await else {
            self.sender = None;
            return None;
        };
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        Some((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    async fn ask(&mut self, handle: &Handle, method: &str, rest: &str, body: Value) -> (u16, Value) {
        let path = format!("/subscriptions/{}/{rest}", handle.identity.subscriptions[0].id);
        let body = (!body.is_null()).then(|| body.to_string());
        self.send(handle, method, &path, body).await.expect("an answer")
    }
}

fn options(world: &Path) -> Options {
    Options { world: Some(world.to_owned()), speed: 60.0, ..Options::default() }
}

#[tokio::test]
async fn a_world_outlives_its_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("world.db");
    let first = Sandbox::start(options(&path)).await.expect("a sandbox");
    let mut client = Client::new(&first).await;
    let (status, made) = client.ask(&first, "PUT", GROUP, json!({ "location": "westeurope" })).await;
    assert_eq!(status, 201);
    let (status, read) = client.ask(&first, "GET", GROUP, Value::Null).await;
    assert_eq!((status, &read), (200, &made), "on the same connection");
    // What was acknowledged is in the file, seen by another connection to it.
    let mut stored = WorldFile::open(&path).expect("a file").load().expect("a world").expect("not empty");
    let azure = Azure::new(&stored, &first.url, 1.0).expect("services");
    let target = format!("/subscriptions/{}/{GROUP}", first.identity.subscriptions[0].id);
    let request =
        Request::new(Method::Get, &target).header("authorization", &format!("Bearer {}", client.token));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    assert_eq!(azure.handle(&mut stored, now as i64, &request).body(), &made);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else reads it");
    }
    let second = Sandbox::start(options(&path)).await.err().expect("a refusal");
    assert!(second.to_string().starts_with("another sandbox serves the world in"), "{second}");
    let (tenant, authority) = (first.identity.tenant.clone(), first.ca_pem.clone());
    drop(client);
    first.stop().await;
    let second = Sandbox::start(options(&path)).await.expect("a sandbox");
    assert_eq!((&second.identity.tenant, &second.ca_pem), (&tenant, &authority));
    let (status, again) = Client::new(&second).await.ask(&second, "GET", GROUP, Value::Null).await;
    assert_eq!((status, again), (200, made));
    second.stop().await;
}

#[tokio::test]
async fn what_cannot_be_written_is_not_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("world.db");
    let handle = Sandbox::start(options(&path)).await.expect("a sandbox");
    let mut client = Client::new(&handle).await;
    let file = rusqlite::Connection::open(&path).expect("a file");
    let full = "CREATE TRIGGER full BEFORE INSERT ON row BEGIN SELECT RAISE(FAIL, 'no room'); END";
    file.execute_batch(full).expect("a trigger");
    let (status, body) = client.ask(&handle, "PUT", GROUP, json!({ "location": "westeurope" })).await;
    assert_eq!((status, body["error"]["code"].as_str()), (500, Some("InternalServerError")));
    // What is in memory is no longer what is on disk, so that nothing more is answered from it.
    let (status, body) = client.ask(&handle, "GET", GROUP, Value::Null).await;
    assert_eq!(status, 500);
    assert!(body["error"]["message"].as_str().expect("text").contains("no room"), "{body}");
    file.execute_batch("DROP TRIGGER full").expect("no trigger");
    handle.stop().await;
    let again = Sandbox::start(options(&path)).await.expect("a sandbox");
    let (status, _) = Client::new(&again).await.ask(&again, "GET", GROUP, Value::Null).await;
    assert_eq!(status, 404, "what was refused did not happen");
    again.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let handle = Sandbox::start(Options::default()).await.expect("a sandbox");
    let stream = connect(&handle, b"h2").await;
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let uri = format!("{}/metadata/endpoints?api-version=2022-09-01", handle.url);
    let request = hyper::Request::builder().uri(uri).body(Full::new(Bytes::new())).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("x-ms-request-id"));
    handle.stop().await;
}

#[tokio::test]
async fn only_loopback_is_served() {
    let options = Options { address: "0.0.0.0:0".parse().expect("an address"), ..Options::default() };
    let refused = Sandbox::start(options).await.err().expect("a refusal");
    assert!(refused.to_string().contains("not a loopback address"));
}

#[tokio::test]
async fn large_bodies_are_refused_and_the_server_lives() {
    let handle = Sandbox::start(Options::default()).await.expect("a sandbox");
    let mut client = Client::new(&handle).await;
    let path = format!("/subscriptions/{}/{GROUP}", handle.identity.subscriptions[0].id);
    let large = "x".repeat(aurak_sandbox::LARGEST_BODY * 2);
    // The answer may come before the client has sent everything, and the connection go with it.
    if let Some((status, _)) = client.send(&handle, "PUT", &path, Some(large)).await {
        assert_eq!(status, 413);
    }
    let (status, _) = client.ask(&handle, "PUT", GROUP, json!({ "location": "westeurope" })).await;
    assert_eq!(status, 201);
    handle.stop().await;
}

#[tokio::test]
async fn faults_strike_and_the_log_keeps_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log.ndjson");
    let options = Options {
        speed: 10_000.0,
        faults: Some(Faults { seed: 3, rate: 0.5 }),
        logs: vec![log.clone()],
        ..Options::default()
    };
    let handle = Sandbox::start(options).await.expect("a sandbox");
    let mut client = Client::new(&handle).await;
    let subscription = handle.identity.subscriptions[0].id.clone();
    let account = "resourceGroups/g/providers/Microsoft.Storage/storageAccounts/canary";
    let mut keys = Value::Null;
    // This path is the same in every world, and so is what strikes on it with this seed.
    for _ in 0..20 {
        client.send(&handle, "GET", "/subscriptions?api-version=2022-12-01", None).await;
    }
    // Whatever strikes, asking again gets there.
    for (method, rest, body) in [
        ("PUT", GROUP.to_owned(), json!({ "location": "westeurope" })),
        (
            "PUT",
            format!("{account}?api-version=2025-08-01"),
            json!({ "location": "westeurope", "kind": "StorageV2", "sku": { "name": "Standard_LRS" } }),
        ),
        ("POST", format!("{account}/listKeys?api-version=2025-08-01"), Value::Null),
    ] {
        let body = (!body.is_null()).then(|| body.to_string());
        let mut done = false;
        for _ in 0..100 {
            let path = format!("/subscriptions/{subscription}/{rest}");
            if let Some((200..=202, answer)) = client.send(&handle, method, &path, body.clone()).await {
                keys = answer;
                done = true;
                // What was accepted is settled before the next one.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                let path = format!("/subscriptions/{subscription}/{account}?api-version=2025-08-01");
                let (status, state) = loop {
                    let read = client.send(&handle, "GET", &path, None).await;
                    if let Some((200 | 404, _)) = read {
                        break read.expect("an answer");
                    }
                };
                if status == 404 || state["properties"]["provisioningState"] == "Succeeded" {
                    break;
                }
            }
        }
        assert!(done, "{method} {rest}");
    }
    let key = keys["keys"][0]["value"].as_str().expect("a key").to_owned();
    let secrets = [handle.identity.client_secret.clone(), client.token.clone(), key];
    drop(client);
    handle.stop().await;
    let text = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(
        lines.iter().any(|line| line["fault"].is_string())
            && lines.iter().any(|line| line["answer"]["status"] == 200)
    );
    for secret in secrets {
        assert!(!text.contains(&secret), "a secret is in the log");
    }
    assert!(text.contains("(hidden)"));
}
