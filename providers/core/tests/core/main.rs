//! The types of this crate from outside: as the engine calls them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod commands;
mod conforms;
mod files;
mod keys;
mod supervising;
mod values;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aurak_api::{Applied, Call, Progress, Provider, ProviderType, Registry};
use aurak_core::{CoreOptions, CoreType, Supervisor, supervisor};
use aurak_model::{Address, Value};

const HELPER: &str = env!("CARGO_BIN_EXE_core-test-helper");

/// How long something that is about to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn helper() -> Supervisor {
    Supervisor { program: HELPER.into(), args: vec![supervisor::ARGUMENT.into()] }
}

fn core_type(folder: &Path) -> Arc<dyn ProviderType> {
    Arc::new(CoreType::new(CoreOptions { folder: folder.to_path_buf(), supervisor: helper() }))
}

async fn core(folder: &Path) -> Arc<dyn Provider> {
    Registry::new().with(core_type(folder)).configure("core", &Value::Null).await.unwrap()
}

fn call() -> Call {
    Call::new("key-1", &Address::parse("it").unwrap())
}

fn done(progress: Progress) -> Applied {
    match progress {
        Progress::Done(applied) => applied,
        other => panic!("{other:?}"),
    }
}

/// An attribute of a body.
fn get(body: &Value, path: &str) -> Value {
    body.at(&aurak_model::Path::parse(path).unwrap())
        .cloned()
        .unwrap_or_else(|| panic!("no {path} in {body:?}"))
}

/// Whether a tool is there. Where the real thing is required, it being missing is a failure.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn has_tool(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    if !found {
        let required = std::env::var_os("AURAK_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "{name} is not installed; tests/install.sh installs it");
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// Looks again and again until something is there.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
