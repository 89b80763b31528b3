//! One connection: HTTP/1.1 or 2 in, requests of the core out, and back.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::keeper::{Reply, Requests};
use crate::arm::LARGEST_BODY;
use crate::http::{Content, Method, Request, Response, parse_pairs};

/// A client that is silent this long in the middle of a head is let go.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn serve(stream: TlsStream<TcpStream>, requests: Requests, watcher: Watcher) {
    let service = service_fn(move |request| {
        let requests = requests.clone();
        async move { answer(request, &requests).await }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    // What goes wrong on a connection is between it and its client.
    let _ = watcher.watch(connection).await;
}

/// A connection that is dropped on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct Dropped;

async fn answer(
    request: hyper::Request<Incoming>,
    requests: &Requests,
) -> Result<hyper::Response<Full<Bytes>>, Dropped> {
    let Ok(request) = read(request).await else {
        return Err(Dropped);
    };
    match requests.ask(request).await {
        Reply::Answer(response) => {
            if response.delay > 0 {
                tokio::time::sleep(Duration::from_millis(response.delay.unsigned_abs())).await;
            }
            write(response).map_err(|_| Dropped)
        }
        Reply::Drop => Err(Dropped),
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, hyper::Error> {
    let (head, mut incoming) = request.into_parts();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let mut body = Vec::new();
    // One byte more than the core takes is enough for it to refuse.
    while let Some(frame) = incoming.frame().await {
        if let Ok(data) = frame?.into_data() {
            body.extend_from_slice(&data);
        }
        if body.len() > LARGEST_BODY {
            body.truncate(LARGEST_BODY + 1);
            break;
        }
    }
    Ok(Request {
        method: Method::parse(head.method.as_str()),
        path: head.uri.path().to_owned(),
        query: parse_pairs(head.uri.query().unwrap_or_default()),
        headers,
        body,
        fate: crate::http::Fate::Normal,
    })
}

fn write(response: Response) -> Result<hyper::Response<Full<Bytes>>, hyper::http::Error> {
    let (type_, body) = match response.content {
        Content::Empty => (None, Bytes::new()),
        Content::Json(value) => (Some("application/json; charset=utf-8"), Bytes::from(value.to_string())),
        Content::Html(text) => (Some("text/html; charset=utf-8"), Bytes::from(text)),
    };
    let mut builder = hyper::Response::builder().status(response.status);
    if let Some(type_) = type_ {
        builder = builder.header("Content-Type", type_);
    }
    for (name, value) in response.headers {
        // What a client sent may come back in a header, and need not be fit for one.
        if let Ok(value) = hyper::header::HeaderValue::from_str(&value) {
            builder = builder.header(name, value);
        }
    }
    builder.body(Full::new(body))
}
