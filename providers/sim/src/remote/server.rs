//! The side of the world.

use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

use super::{Answer, Question, receive, send};
use crate::wire::{Link, Refusal, RefusalClass};
use crate::world::World;

/// Serves a world until the future is dropped. `ready` is called once clients can connect.
pub async fn serve(world: World, socket: &Path, ready: impl FnOnce()) -> std::io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    ready();
    loop {
        let (stream, _) = listener.accept().await?;
        // A task of its own, so that a request is finished although nobody waits for it any more.
        tokio::spawn(answer(world.clone(), stream));
    }
}

async fn answer(world: World, mut stream: UnixStream) {
    // A client that goes away before it has said everything asked for nothing.
    let Ok(question) = receive::<Question>(&mut stream).await else { return };
    let answer = match question {
        Question::Command(command) => Answer::Command(world.command(command)),
        Question::Request(request) => match world.send(*request).await {
            Ok(reply) => Answer::Reply(reply),
            Err(error) => match Refusal::of(error) {
                // A lost answer is lost for real: the connection ends without one.
                refusal if refusal.unanswered && matches!(refusal.class, RefusalClass::Transient { .. }) => {
                    return;
                }
                refusal => Answer::Refused(refusal),
            },
        },
    };
    // Nobody may be left to hear it.
    let _ = send(&mut stream, &answer).await;
}

impl Refusal {
    fn of(error: aurak_api::ProviderError) -> Refusal {
        use aurak_api::{Class, Effect};
        let class = match error.class {
            Class::Transient { after } => RefusalClass::Transient {
                after_ms: after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            },
            Class::Conflict => RefusalClass::Conflict,
            Class::Exists { id } => RefusalClass::Exists { id },
            Class::Gone => RefusalClass::Gone,
            Class::Permanent => RefusalClass::Permanent,
        };
        let (unanswered, partial) = match error.effect {
            // The world always knows what it did; only commands cannot tell.
            Effect::None | Effect::Untold => (false, None),
            Effect::Unknown => (true, None),
            Effect::Partial(applied) => (false, Some((applied.id, applied.attributes))),
        };
        Refusal {
            class,
            unanswered,
            partial,
            message: error.message,
            code: error.code.as_deref().unwrap_or_default().to_string(),
        }
    }
}
