//! The thread that owns the world.

use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::faults::{Chance, Fault};
use super::log::{Entry, Log};
use super::now;
use crate::arm::Azure;
use crate::http::{Request, Response};
use crate::refusal::Refusal;
use crate::world::{World, WorldFile};

/// The most requests that share one transaction.
const BATCH: usize = 64;

pub(super) enum Reply {
    Answer(Response),
    /// The connection is dropped without a word.
    Drop,
}

struct Job {
    request: Request,
    reply: oneshot::Sender<Reply>,
}

enum Message {
    Ask(Job),
    /// Connections that are still open are answered no more.
    End,
}

pub(super) struct Parts {
    pub(super) azure: Azure,
    pub(super) world: World,
    pub(super) file: Option<WorldFile>,
    /// Held while the world is open.
    pub(super) _lock: Option<std::fs::File>,
    pub(super) log: Log,
    pub(super) chance: Chance,
}

pub(super) struct Keeper {
    jobs: mpsc::Sender<Message>,
    thread: JoinHandle<()>,
}

#[derive(Clone)]
pub(super) struct Requests(mpsc::Sender<Message>);

impl Requests {
    pub(super) async fn ask(&self, request: Request) -> Reply {
        let (reply, answer) = oneshot::channel();
        // A sandbox that stops meanwhile answers nobody.
        match self.0.send(Message::Ask(Job { request, reply })).await {
            Ok(()) => answer.await.unwrap_or(Reply::Drop),
            Err(_) => Reply::Drop,
        }
    }
}

impl Keeper {
    pub(super) fn start(parts: Parts) -> std::io::Result<Keeper> {
        let (jobs, waiting) = mpsc::channel(BATCH);
        let thread =
            std::thread::Builder::new().name("sandbox".into()).spawn(move || keep(parts, waiting))?;
        Ok(Keeper { jobs, thread })
    }

    pub(super) fn requests(&self) -> Requests {
        Requests(self.jobs.clone())
    }

    /// Waits until the world is closed.
    pub(super) async fn end(self) {
        let Keeper { jobs, thread } = self;
        let _ = jobs.send(Message::End).await;
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

fn keep(mut parts: Parts, mut waiting: mpsc::Receiver<Message>) {
    // Time does not go back, whatever the clock of the machine does.
    let mut time = 0;
    // Once the world could not be written, what is in memory is not what is on disk.
    let mut broken: Option<String> = None;
    let mut ends = false;
    while !ends && let Some(first) = waiting.blocking_recv() {
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Ask(job) => batch.push(job),
                Message::End => ends = true,
            }
            if batch.len() < BATCH && !ends {
                next = waiting.try_recv().ok();
            }
        }
        time = now().max(time);
        let answered: Vec<(Job, Reply, Entry)> = batch
            .into_iter()
            .map(|job| {
                let (reply, entry) = answer(&mut parts, time, &job.request, broken.as_deref());
                (job, reply, entry)
            })
            .collect();
        let changes = parts.world.take_changes();
        let written = match &mut parts.file {
            Some(file) if broken.is_none() => file.write(&changes),
            _ => Ok(()),
        };
        if let Err(error) = written {
            broken = Some(format!(
                "{error}: {}",
                std::error::Error::source(&error).map_or_else(String::new, ToString::to_string)
            ));
        }
        let entries: Vec<&Entry> = answered.iter().map(|(_, _, entry)| entry).collect();
        parts.log.write(&entries);
        for (job, reply, _) in answered {
            let reply = match &broken {
                Some(why) => Reply::Answer(lost(why)),
                None => reply,
            };
            // A client that went away does not read its answer.
            let _ = job.reply.send(reply);
        }
    }
}

fn lost(why: &str) -> Response {
    let message =
        format!("The world of the sandbox could not be written, so nothing more is answered: {why}");
    Refusal::new(500, "InternalServerError", message).response()
}

fn answer(parts: &mut Parts, time: i64, request: &Request, broken: Option<&str>) -> (Reply, Entry) {
    if let Some(why) = broken {
        let response = lost(why);
        let entry = Entry::new(time, request, Some(&response), None);
        return (Reply::Answer(response), entry);
    }
    let fault = parts.chance.decide(request);
    let refused = match fault {
        Some(Fault::Throttled) => Some(
            Refusal::new(
                429,
                "TooManyRequests",
                "The request was throttled by a fault of the sandbox. Please try again.",
            )
            .header("Retry-After", "1")
            .response(),
        ),
        Some(Fault::ServerError) => Some(
            Refusal::new(500, "InternalServerError", "A fault of the sandbox. Please try again.").response(),
        ),
        _ => None,
    };
    if let Some(response) = refused {
        let entry = Entry::new(time, request, Some(&response), fault);
        return (Reply::Answer(response), entry);
    }
    if fault == Some(Fault::DroppedBefore) {
        return (Reply::Drop, Entry::new(time, request, None, fault));
    }
    let mut request = request.clone();
    request.fate = fault.map_or(request.fate, Fault::fate);
    let response = parts.azure.handle(&mut parts.world, time, &request);
    let entry = Entry::new(time, &request, Some(&response), fault);
    match fault {
        Some(Fault::DroppedAfter) => (Reply::Drop, entry),
        _ => (Reply::Answer(response), entry),
    }
}
