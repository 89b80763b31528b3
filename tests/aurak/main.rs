//! `aurak` as the tests start it: the command line as it is, and behind hidden words two variants
//! that the product does not offer. One program, because linking it twice is dear.
//!
//! - `apply-unsynchronised` applies without waiting for the disk, so that the test which looks for
//!   the waits is seen to fail without them.
//! - `apply-leased MS` applies with a lease of so many milliseconds, so that a test need not wait for
//!   half a minute.
//!
//! Three more words belong to scripts: `world` serves a simulated world, `kill-matrix` runs the kill
//! matrix and `soak` the soak. Where `AURAK_TEST_WORLD` names the socket of such a world, the command line
//! has its providers too. Its stores end the process at the write that `AURAK_TEST_STOP` names. With
//! `AURAK_TEST_FAR_STORE` every write of its stores takes so many milliseconds longer.
//!
//! `sleeping-graph` prints a graph for `tests/bench/makespan.sh`.
//!
//! The first two apply the `aurak.yaml` of the working directory without asking, with the key in `AURAK_KEY`
//! and the state in the folder `state`, print nothing but errors, and may be waited for.

mod world;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::Registry;
use aurak_cli::Additions;
use aurak_core::{CoreOptions, CoreType, Supervisor};
use aurak_exec::{Cancel, Limits};
use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::record::EndResult;
use aurak_model::span::Files;
use aurak_model::{Diagnostic, Plan, PlanReport};
use aurak_plan::Options;
use aurak_run::{Applied, Approver, DiskStores, KeySource, Me, Request, RunError, Session, Stores};
use aurak_sim::remote::RemoteWorld;
use aurak_state::{Holder, Identity, Key, SqliteStore, Store, StoreError, SystemClock};
use aurak_tests::kill::stop::{self, StoppingStores};
use aurak_tests::kill::{bench, matrix};
use aurak_tests::makespan;
use aurak_tests::soak;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (synchronised, lease) = match words[..] {
        ["apply-unsynchronised"] => (false, Limits::default().lease),
        ["apply-leased", ms] => match ms.parse() {
            Ok(ms) => (true, Duration::from_millis(ms)),
            Err(_) => return tell("the lease is no number of milliseconds"),
        },
        ["world", socket, ref numbers @ ..] => return world::serve(socket, numbers),
        ["kill-matrix", ref words @ ..] => return kill_matrix(words),
        ["sleeping-graph", ref words @ ..] => return sleeping_graph(words),
        ["soak", ref numbers @ ..] => return soak(numbers),
        _ => return aurak_cli::main_with(additions()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tell(&error.to_string()),
    };
    match runtime.block_on(apply(synchronised, lease)) {
        Ok(Applied::Nothing { .. } | Applied::Executed { end: EndResult::Done, .. }) => ExitCode::SUCCESS,
        Ok(other) => tell(&format!("{other:?}")),
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(why) = cause {
                let _ = write!(text, ": {why}");
                cause = why.source();
            }
            tell(&text)
        }
    }
}

/// The providers of a world in another process, and stores that stop or are far away, where the
/// environment asks for them.
fn additions() -> Additions {
    let world = std::env::var_os(bench::WORLD);
    let providers = world.as_ref().map(|socket| RemoteWorld::new(Path::new(socket)).provider_types());
    let told = |name: &str| std::env::var_os(name).is_some();
    let other_stores = world.is_some() || told(stop::FAR) || told(stop::STOP);
    let mut additions = Additions { providers: providers.unwrap_or_default(), stores: None };
    if other_stores {
        additions.stores = Some(Box::new(|stores| Arc::new(StoppingStores::of_process(stores))));
    }
    additions
}

fn kill_matrix(words: &[&str]) -> ExitCode {
    let program = match std::env::current_exe() {
        Ok(program) => program.display().to_string(),
        Err(error) => return tell(&error.to_string()),
    };
    match matrix::main(&program, words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => tell(&why),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark reads it")]
fn sleeping_graph(words: &[&str]) -> ExitCode {
    match makespan::told(words) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => tell(&why),
    }
}

/// `soak SECONDS ROUNDS SEED RESOURCES PERCENT AT_ONCE`
fn soak(numbers: &[&str]) -> ExitCode {
    let numbers: Result<Vec<u64>, _> = numbers.iter().map(|number| number.parse()).collect();
    let Ok([seconds, rounds, seed, resources, percent, at_once]) = numbers.as_deref() else {
        return tell("soak SECONDS ROUNDS SEED RESOURCES PERCENT AT_ONCE");
    };
    let options = soak::Options {
        time: Duration::from_secs(*seconds),
        rounds: *rounds,
        seed: *seed,
        resources: usize::try_from(*resources).unwrap_or(usize::MAX),
        percent: *percent,
        at_once: *at_once,
    };
    let program = match std::env::current_exe() {
        Ok(program) => program.display().to_string(),
        Err(error) => return tell(&error.to_string()),
    };
    match soak::main(&program, &options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => tell(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "a test reads it")]
fn tell(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::FAILURE
}

async fn apply(synchronised: bool, lease: Duration) -> Result<Applied, RunError> {
    let mut sources = MemorySources::default();
    let stack = std::fs::read("aurak.yaml").unwrap_or_default();
    sources.files.insert("aurak.yaml".to_string(), stack);
    let mut registry = Registry::new();
    registry.add(Arc::new(CoreType::new(CoreOptions {
        folder: std::env::current_dir().unwrap_or_default(),
        supervisor: Supervisor::this_program(),
    })));
    let disk = DiskStores::new("states".into(), Some("state".into()), Arc::new(KeyOfEnvironment));
    let session = Session {
        folder: None,
        sources: Arc::new(sources),
        request: LoadRequest::default(),
        schemas: Arc::new(registry.schemas()),
        registry: Arc::new(registry),
        stores: Arc::new(Variant { disk, synchronised }),
        clock: Arc::new(SystemClock),
        me: Me {
            who: "variant@here".to_string(),
            host: "here".to_string(),
            pid: std::process::id(),
            commit: Arc::new(|| None),
        },
    };
    let (events, _ignored) = tokio::sync::mpsc::unbounded_channel();
    let request = Request {
        options: Options::default(),
        limits: Limits { lease, ..Limits::default() },
        lock_timeout: Duration::from_secs(60),
        new: false,
        deferred_max: 0,
        cancel: Cancel::new(),
        events,
    };
    aurak_run::apply(&session, request, &Yes).await
}

/// The stores of the product, but for the waiting.
struct Variant {
    disk: DiskStores,
    synchronised: bool,
}

#[async_trait]
impl Stores for Variant {
    async fn find(&self, stack: &str, environment: Option<&str>) -> Result<Option<Identity>, RunError> {
        self.disk.find(stack, environment).await
    }

    async fn open(
        &self,
        identity: &Identity,
        key: Option<Arc<Key>>,
        write: bool,
    ) -> Result<Arc<dyn Store>, StoreError> {
        if self.synchronised || !write {
            return self.disk.open(identity, key, write).await;
        }
        let dir = self.disk.dir(&identity.stack, identity.environment.as_deref());
        #[expect(clippy::disallowed_methods, reason = "this is the proof that the others wait")]
        let store = SqliteStore::open_unsynchronised(dir, key)?;
        Ok(Arc::new(store))
    }

    async fn create(&self, identity: &Identity, key: Option<Arc<Key>>) -> Result<Arc<dyn Store>, StoreError> {
        drop(self.disk.create(identity, key.clone()).await?);
        self.open(identity, key, true).await
    }

    async fn list(&self) -> Result<Vec<Identity>, StoreError> {
        self.disk.list().await
    }

    async fn key(&self, identity: &Identity) -> Result<Option<Arc<Key>>, StoreError> {
        self.disk.key(identity).await
    }

    async fn make_key(&self, identity: &Identity) -> Result<Arc<Key>, StoreError> {
        self.disk.make_key(identity).await
    }

    fn lock_dir(&self, identity: &Identity) -> Option<std::path::PathBuf> {
        self.disk.lock_dir(identity)
    }
}

struct KeyOfEnvironment;

impl KeySource for KeyOfEnvironment {
    fn find(&self, _: &Identity) -> Result<Option<Key>, StoreError> {
        std::env::var("AURAK_KEY").ok().map(|text| Key::from_base64(&text)).transpose()
    }

    fn make(&self, identity: &Identity) -> Result<Key, StoreError> {
        Err(StoreError::NotFound { dir: identity.folder().into() })
    }
}

struct Yes;

#[async_trait]
impl Approver for Yes {
    async fn approve(&self, _: &Plan, _: &PlanReport, _: &Files) -> bool {
        true
    }

    async fn waiting_for(&self, _: &Holder) {}

    async fn recovered(&self, _: &[Diagnostic]) {}
}
