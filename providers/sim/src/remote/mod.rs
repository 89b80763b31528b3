//! A world in a process of its own, over a Unix socket.
//!
//! One connection carries one request and its answer, each as a length (four bytes, big end first)
//! and JSON. The service finishes a request whose caller went away: the world outlives its clients,
//! and that is the point of it.

mod client;
mod control;
mod server;

pub use client::RemoteWorld;
pub use control::{Command, Result as CommandResult};
pub use server::serve;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::wire::{Refusal, Reply, Request};

/// The longest message, so that a stray client cannot ask for all memory.
const LONGEST: u32 = 256 << 20;

/// What a client sends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// Something for the service.
    Request(Box<Request>),
    /// Something for the world around it.
    Command(Command),
}

/// What it gets back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// The service's answer.
    Reply(Reply),
    /// The service's refusal.
    Refused(Refusal),
    /// The outcome of a command.
    Command(CommandResult),
}

async fn send<T: Serialize>(stream: &mut (impl AsyncWrite + Unpin), message: &T) -> std::io::Result<()> {
    let bytes = serde_json::to_vec(message)?;
    let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(&bytes).await?;
    stream.flush().await
}

async fn receive<T: serde::de::DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<T> {
    let length = stream.read_u32().await?;
    if length > LONGEST {
        return Err(std::io::Error::other("the message is too long"));
    }
    let mut bytes = vec![0; length as usize];
    stream.read_exact(&mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}
