//! The outside of the sandbox: an HTTPS listener on loopback, the file of the world, the clock, the
//! faults and the log, around the pure core.
//!
//! One thread owns the world. It takes the requests that are waiting, answers each, writes what they
//! changed in one transaction, and only then lets the answers go: an acknowledged write is durable.

mod connection;
mod faults;
mod keeper;
mod log;
mod tls;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

pub use faults::Faults;

use crate::arm::Azure;
use crate::entra::{KeyError, new_signing_key};
use crate::world::{Identity, Seed, StoreError, World, WorldFile};
use keeper::Keeper;

/// How a sandbox is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file of the world; without one it is gone with the process.
    pub world: Option<PathBuf>,
    /// Loopback, with port 0 for a free one.
    pub address: SocketAddr,
    /// How many times faster than Azure.
    pub speed: f64,
    pub faults: Option<Faults>,
    /// Requests and answers as NDJSON, without secrets; each file is appended to.
    pub logs: Vec<PathBuf>,
    /// The most items on a page of a list.
    pub page: Option<usize>,
    /// In a new world.
    pub subscriptions: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            world: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            speed: 1.0,
            faults: None,
            logs: Vec::new(),
            page: None,
            subscriptions: 1,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0} is not a loopback address: the sandbox gives its secrets to whoever can reach it")]
    NotLoopback(SocketAddr),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("making the file of the world, {}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("another sandbox serves the world in {}; stop it first", path.display())]
    InUse { path: PathBuf },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("making the certificates of the listener")]
    Certificate(#[from] rcgen::Error),
    #[error("configuring TLS")]
    Tls(#[from] tokio_rustls::rustls::Error),
    #[error("listening on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("opening the log {}", path.display())]
    Log { path: PathBuf, source: std::io::Error },
    #[error("starting the thread of the world")]
    Thread(#[source] std::io::Error),
}

/// How long open requests may take when the sandbox stops.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
/// What comes without a handshake in this time is let go.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

pub struct Sandbox;

/// A sandbox that serves. Dropped, it stops without waiting for open requests.
pub struct Handle {
    /// `https://localhost:1234`
    pub url: String,
    /// The certificate authority that signed the listener's certificate.
    pub ca_pem: String,
    /// Who can sign in, and to what.
    pub identity: Identity,
    stop: watch::Sender<bool>,
    listener: tokio::task::JoinHandle<()>,
    keeper: Keeper,
}

impl Sandbox {
    /// Serves when it returns.
    ///
    /// # Errors
    /// When the world cannot be opened or nothing can be listened on.
    pub async fn start(options: Options) -> Result<Handle, StartError> {
        if !options.address.ip().is_loopback() {
            return Err(StartError::NotLoopback(options.address));
        }
        let lock = options.world.as_deref().map(alone).transpose()?;
        let (mut file, mut world) = open(&options)?;
        tls::authority(&mut world)?;
        if let Some(file) = &mut file {
            file.write(&world.take_changes())?;
        }
        let identity = world.identity().clone();
        let acceptor = TlsAcceptor::from(Arc::new(tls::server(&identity)?));
        let listen = |source| StartError::Listen { address: options.address, source };
        let socket = TcpListener::bind(options.address).await.map_err(listen)?;
        let port = socket.local_addr().map_err(listen)?.port();
        let url = format!("https://localhost:{port}");
        let azure = Azure::new(&world, &url, options.speed)?.with_page(options.page.unwrap_or(usize::MAX));
        let log = log::Log::open(&options.logs)?;
        let keeper = Keeper::start(keeper::Parts {
            azure,
            world,
            file,
            _lock: lock,
            log,
            chance: faults::Chance::new(options.faults),
        })
        .map_err(StartError::Thread)?;
        let (stop, stopped) = watch::channel(false);
        let listener = tokio::spawn(serve(socket, acceptor, keeper.requests(), stopped));
        let ca_pem = identity.ca_certificate.clone();
        Ok(Handle { url, ca_pem, identity, stop, listener, keeper })
    }
}

/// The file of a world that no sandbox serves just now.
pub struct Closed {
    file: WorldFile,
    world: World,
    _lock: File,
}

impl Closed {
    /// Opens it; a file that is not there is made.
    ///
    /// # Errors
    /// When a sandbox serves it, or it cannot be read.
    pub fn open(path: &Path, subscriptions: usize) -> Result<Closed, StartError> {
        let lock = alone(path)?;
        let options = Options { world: Some(path.to_owned()), subscriptions, ..Options::default() };
        let (file, world) = open(&options)?;
        let file = file.ok_or_else(|| StartError::InUse { path: path.to_owned() })?;
        Ok(Closed { file, world, _lock: lock })
    }

    /// What is in it.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Changes it, and writes what changed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut World) -> T) -> Result<T, StoreError> {
        let out = change(&mut self.world);
        self.file.write(&self.world.take_changes())?;
        Ok(out)
    }

    /// Whether a sandbox serves the world in a file.
    pub fn is_served(path: &Path) -> bool {
        path.exists() && matches!(lock(path), Err(StartError::InUse { .. }))
    }
}

impl Handle {
    /// Takes no new requests, lets the open ones end, and closes the world.
    pub async fn stop(self) {
        let Handle { stop, listener, keeper, .. } = self;
        let _ = stop.send(true);
        // Aborted tasks and a closed channel are what is wanted here.
        let _ = listener.await;
        keeper.end().await;
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn open(options: &Options) -> Result<(Option<WorldFile>, World), StartError> {
    let Some(path) = &options.world else {
        return Ok((None, fresh(options)?));
    };
    private(path).map_err(|source| StartError::File { path: path.clone(), source })?;
    let file = WorldFile::open(path)?;
    let world = match file.load()? {
        Some(world) => world,
        None => fresh(options)?,
    };
    Ok((Some(file), world))
}

/// Who only looks has the lock for an instant.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(5);

/// Two sandboxes with one file would each believe in a world of their own.
fn alone(path: &Path) -> Result<File, StartError> {
    for _ in 1..LOOKS {
        match lock(path) {
            Err(StartError::InUse { .. }) => std::thread::sleep(LOOK),
            locked => return locked,
        }
    }
    lock(path)
}

fn lock(path: &Path) -> Result<File, StartError> {
    let beside = path.with_added_extension("lock");
    let failed = |source| StartError::File { path: beside.clone(), source };
    private(&beside).map_err(failed)?;
    let lock = File::open(&beside).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The file has secrets in it, if only of a sandbox: nobody else reads it.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn fresh(options: &Options) -> Result<World, StartError> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|_| KeyError::Make)?;
    let seed = Seed { entropy, signing_key: new_signing_key()?, subscriptions: options.subscriptions };
    Ok(World::new(&seed, now()))
}

async fn serve(
    socket: TcpListener,
    acceptor: TlsAcceptor,
    requests: keeper::Requests,
    mut stopped: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stopped.changed() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: the next one may have better luck.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, requests, watcher) = (acceptor.clone(), requests.clone(), graceful.watcher());
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream));
            if let Ok(Ok(stream)) = handshake.await {
                connection::serve(stream, requests, watcher).await;
            }
        });
    }
    drop(requests);
    let _ = tokio::time::timeout(STOPS_WITHIN, graceful.shutdown()).await;
}
