//! The side of the engine and of tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use aurak_api::{Effect, ProviderError, ProviderType, Registry};
use tokio::net::UnixStream;

use super::{Answer, Command, CommandResult, Question, receive, send};
use crate::wire::{Link, Reply, Request};
use crate::world::provider_types;

/// A world in another process.
#[derive(Clone, Debug)]
pub struct RemoteWorld {
    socket: PathBuf,
}

impl RemoteWorld {
    /// The world behind a socket. Nothing is sent before the first request.
    pub fn new(socket: &Path) -> RemoteWorld {
        RemoteWorld { socket: socket.to_path_buf() }
    }

    /// The kinds of provider that lead to it.
    pub fn provider_types(&self) -> Vec<Arc<dyn ProviderType>> {
        provider_types(&(Arc::new(self.clone()) as Arc<dyn Link>))
    }

    /// A registry with these and nothing else.
    pub fn registry(&self) -> Registry {
        self.provider_types().into_iter().fold(Registry::new(), Registry::with)
    }

    /// Does something to the world itself.
    pub async fn command(&self, command: Command) -> std::io::Result<CommandResult> {
        let mut stream = UnixStream::connect(&self.socket).await?;
        send(&mut stream, &Question::Command(command)).await?;
        match receive(&mut stream).await? {
            Answer::Command(result) => Ok(result),
            _ => Err(std::io::Error::other("the world gave an answer to another question")),
        }
    }
}

#[async_trait]
impl Link for RemoteWorld {
    async fn send(&self, request: Request) -> Result<Reply, ProviderError> {
        let failed = |what: &str, e: std::io::Error| {
            ProviderError::transient(format!("{what} the world at {}: {e}", self.socket.display()))
        };
        let mut stream = UnixStream::connect(&self.socket).await.map_err(|e| failed("connecting to", e))?;
        let writes = request.body.op().writes();
        // From the first byte on the other side may have acted.
        let unanswered = |e| match writes {
            true => failed("no answer from", e).effect(Effect::Unknown),
            false => failed("no answer from", e),
        };
        send(&mut stream, &Question::Request(Box::new(request))).await.map_err(unanswered)?;
        match receive(&mut stream).await.map_err(unanswered)? {
            Answer::Reply(reply) => Ok(reply),
            Answer::Refused(refusal) => Err(refusal.into()),
            Answer::Command(_) => {
                Err(ProviderError::permanent("the world gave an answer to another question"))
            }
        }
    }
}
