//! A step on its way: what an executor is given and what it gives back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aurak_api::{Applied, Call, CancelToken, Provider, ProviderError, Update};
use aurak_model::record::IdempotencyKey;
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Name, Value};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::backoff::Backoff;
use crate::error::Failure;
use crate::lease::LeaseKeeper;

/// A step whose intent is durable.
pub(crate) struct Job {
    pub(crate) step: u32,
    pub(crate) address: Address,
    pub(crate) type_name: Name,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) task: Task,
    /// The key of the intent; what only reads has none.
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) timeout: Duration,
    pub(crate) tries: u32,
    pub(crate) grace: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) lease: LeaseKeeper,
    /// Cancelled when waits are to be given up.
    pub(crate) now: CancelToken,
    pub(crate) lock_dir: Option<PathBuf>,
    pub(crate) sender: UnboundedSender<Msg>,
}

/// What to do, with every value known.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    Create { desired: Value, adopt: bool, natural_key: Option<Name>, earlier: Option<Earlier> },
    Update(Update),
    Delete { id: Name, live: Value },
    Invoke { id: Name, action: Name, args: Value, idempotent: bool },
    Read { id: Name, last: Value, whole: bool },
    Wait { id: Name, last: Value, what: String },
}

/// A create of an earlier run of which nothing was to be seen, and which may still be on its way.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    /// Its key; that of the call where it asked for the same.
    pub(crate) key: IdempotencyKey,
    /// Whether it asked for the same.
    pub(crate) same: bool,
}

/// How it went.
#[derive(Debug)]
pub(crate) enum Ended {
    /// An object is made or changed.
    Applied(Applied),
    /// It is gone.
    Deleted,
    /// An action is done, or what was waited for is there.
    Done,
    /// An object was read.
    Read(Applied),
    /// It failed.
    Failed { failure: Failure, remains: Remains },
    /// It was given up because the run stops.
    Left { why: String, remains: Remains },
    /// The lease is gone: nothing was sent any more.
    LeaseLost,
}

/// What a call that did not end well leaves behind.
#[derive(Debug)]
pub(crate) enum Remains {
    /// Nothing that the next plan would not see: the intent is settled.
    Settled,
    /// An incomplete object.
    Partial(Box<Applied>),
    /// Something may go on or be there: the intent stays open, and the next run finds out.
    Open,
}

/// What executors and openers tell the dispatcher.
#[derive(Debug)]
pub(crate) enum Msg {
    /// A provider node is open, or cannot be opened.
    Opened { node: usize, result: Result<OpenedProvider, ProviderError> },
    /// A row was read for its volatile attributes.
    Seen { address: Address, result: Result<Refreshed, ProviderError> },
    /// What a step waits for.
    Progress { step: u32, message: String },
    /// A call is made again.
    Retry { step: u32, why: String, attempt: u32, after: Duration, throttled: bool },
    /// A call goes on at the service; to be durable before it is asked about.
    Waiting { key: IdempotencyKey, handle: Value, durable: oneshot::Sender<()> },
    /// A create takes over an object that differs: it becomes an update, with an intent of its own. `ours`:
    /// an earlier create of ours made it.
    Adopting { step: u32, id: Name, ours: bool, durable: oneshot::Sender<IdempotencyKey> },
    /// An object is in the way of a create: which address has it, if one does?
    Owner { step: u32, id: Name, answer: oneshot::Sender<Option<Address>> },
    /// A step's executor is done.
    Ended { step: u32, ended: Ended },
}

/// A provider, in something that can be printed.
pub(crate) struct OpenedProvider(pub(crate) Arc<dyn Provider>);

impl std::fmt::Debug for OpenedProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a provider")
    }
}

impl Job {
    /// A call under a key.
    pub(crate) fn call(&self, key: &IdempotencyKey, deadline: Duration) -> Call {
        let (sender, step) = (self.sender.clone(), self.step);
        Call {
            key: key.clone(),
            address: self.address.clone(),
            progress: Arc::new(move |message| {
                let _ = sender.send(Msg::Progress { step, message });
            }),
            cancel: self.now.clone(),
            deadline: Some(deadline),
            lock_dir: self.lock_dir.clone(),
        }
    }

    /// Tells the dispatcher; one that is gone has nothing more to hear.
    pub(crate) fn tell(&self, msg: Msg) {
        let _ = self.sender.send(msg);
    }
}
