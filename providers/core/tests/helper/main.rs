//! Plays two parts in the tests: the supervisor (`__supervise`), and an aurak that runs one command
//! and can be killed (`parent FOLDER SCRIPT`).

use std::path::PathBuf;
use std::process::ExitCode;

use aurak_api::{Call, ProviderType};
use aurak_core::{CoreOptions, CoreType, Supervisor, supervisor};
use aurak_model::{Address, Value};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [supervisor::ARGUMENT] => supervisor::main(),
        ["parent", folder, script] => parent(folder.into(), script),
        _ => ExitCode::FAILURE,
    }
}

fn parent(folder: PathBuf, script: &str) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let Ok(address) = Address::parse("command") else { return ExitCode::FAILURE };
    let mut call = Call::new("key-1", &address);
    call.lock_dir = Some(folder.join("locks"));
    let core = CoreType::new(CoreOptions { folder, supervisor: Supervisor::this_program() });
    let desired = Value::map([("create", Value::from(script))]);
    let made = runtime.block_on(async {
        let provider = core.configure(&Value::Null).await?;
        provider.create(&call, "core.command", &desired).await
    });
    if made.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
