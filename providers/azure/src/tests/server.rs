//! A server with a certificate of its own, which answers requests in the order in which they are
//! expected. Its answers have the shapes that Azure's have; what Azure would refuse it does not know.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// An answer: status, headers, body. A status of 0 hangs up instead.
pub(super) type Reply = (u16, Vec<(&'static str, String)>, Json);

pub(super) struct Server {
    pub(super) url: String,
    /// The certificate to trust, as PEM.
    pub(super) ca: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `replies` is told the address.
    pub(super) async fn start(replies: impl FnOnce(&str) -> Vec<Reply>) -> Server {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let replies = Arc::new(Mutex::new(VecDeque::from(replies(&url))));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (acceptor, seen, replies) = (acceptor.clone(), seen.clone(), replies.clone());
                    tokio::spawn(async move { serve(acceptor, stream, &seen, &replies).await });
                }
            }
        });
        Server { url, ca: cert.pem(), seen }
    }

    pub(super) fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }

    /// The requests that came, each with its token and body.
    pub(super) fn seen(&self) -> String {
        self.seen.lock().unwrap().join("\n")
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    replies: &Mutex<VecDeque<Reply>>,
) -> Option<()> {
    let mut stream = acceptor.accept(stream).await.ok()?;
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
            })
        };
        let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        while bytes.len() < end + length {
            stream.read_buf(&mut bytes).await.ok()?;
        }
        let mut line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_string();
        for name in ["authorization", "if-match", "if-none-match"] {
            line.extend(header(name).map(|value| format!(" {name}: {value}")));
        }
        let body = String::from_utf8_lossy(&bytes[end..end + length]).into_owned();
        if !body.is_empty() {
            line.push_str(&format!(" {body}"));
        }
        seen.lock().unwrap().push(line);
        bytes.drain(..end + length);
        let (status, headers, body) = replies.lock().unwrap().pop_front()?;
        if status == 0 {
            return None;
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{answer}\r\n{body}").as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
    }
}
