//! Putting a session together from the command line and this machine.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aurak_api::{ProviderType, Registry};
use aurak_azure::{AzureOptions, AzureType, Env};
use aurak_core::{CoreOptions, CoreType, Supervisor};
use aurak_lang::LoadRequest;
use aurak_model::Schemas;
use aurak_rest::Paces;
use aurak_run::{DiskStores, Me, RunError, Session, Stores};
use aurak_state::{StoreError, SystemClock};

use crate::args::Global;
use crate::commands::state::held_by;
use crate::disk::{DiskSources, KeyPlaces};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox;
use crate::who;

/// The file that makes a folder a stack.
pub(crate) const STACK: &str = "aurak.yaml";

/// The folder of states in a stack's folder.
const STATES: &str = ".aurak";

/// Within it, what belongs to the stack's own sandbox.
const SANDBOX: &str = "sandbox";

/// What the environment may give inputs with.
const INPUT: &str = "AURAK_VAR_";

/// What a program around this command line adds to it.
#[derive(Default)]
pub struct Additions {
    /// More providers.
    pub providers: Vec<Arc<dyn ProviderType>>,
    /// What the stores on the disk are put into.
    pub stores: Option<Wrapper>,
}

/// Puts stores into others.
pub type Wrapper = Box<dyn Fn(Arc<dyn Stores>) -> Arc<dyn Stores> + Send + Sync>;

/// Of the process, because it is one command and the same for all that this command does.
static ADDITIONS: OnceLock<Additions> = OnceLock::new();

/// Adds to every session of this process.
pub(crate) fn add(additions: Additions) {
    // Only a second command in the same process would find it taken.
    let _ = ADDITIONS.set(additions);
}

/// A session for a folder that must hold a stack.
pub(crate) fn stack(global: &Global, ui: &Ui) -> Result<Session, CommandError> {
    if !Path::new(STACK).exists() {
        let place =
            std::env::current_dir().map_or_else(|_| "this folder".into(), |dir| dir.display().to_string());
        return Err(CommandError::new("no_stack", format!("there is no {STACK} in {place}"))
            .help("go to the stack's folder or name it with -C; `aurak init` writes a first stack"));
    }
    any(global, ui)
}

/// A session for a folder with or without a stack: saved plans and states do without.
pub(crate) fn any(global: &Global, ui: &Ui) -> Result<Session, CommandError> {
    at(Path::new("."), global, ui)
}

/// A session for a folder that is not the current one.
pub(crate) fn at(folder: &Path, global: &Global, ui: &Ui) -> Result<Session, CommandError> {
    let sources = DiskSources::new(folder, &global.profiles)
        .map_err(|error| CommandError::file("use the folder", folder, &error))?;
    let root = sources.root().to_path_buf();
    let states = match global.sandbox {
        true => sandbox_states(&root),
        false => root.join(STATES),
    };
    let env = match global.sandbox {
        true => sandbox::beside(&states, ui)?,
        false => sandbox::of_process(ui),
    };
    let registry = Arc::new(registry_with(&root, with_credentials(global, env)?));
    let style = ui.err;
    let keys = KeyPlaces::of_process(move |path| Ui::note_key(&style, path));
    let stores: Arc<dyn Stores> = Arc::new(DiskStores::new(states, state_folder(global)?, Arc::new(keys)));
    let stores = match ADDITIONS.get().and_then(|additions| additions.stores.as_ref()) {
        Some(wrap) => wrap(stores),
        None => stores,
    };
    let request = LoadRequest {
        environment: global.env.clone(),
        profiles: global.profiles.clone(),
        vars: global.vars.clone(),
        env_vars: inputs_of_environment()?,
    };
    let schemas = registry.schemas();
    ui.world().look(&sources, &request, &schemas);
    Ok(Session {
        sources: Arc::new(sources),
        request,
        schemas: Arc::new(schemas),
        registry,
        folder: Some(root.clone()),
        stores,
        clock: Arc::new(SystemClock),
        me: Me {
            who: who::user(),
            host: who::host(),
            pid: std::process::id(),
            commit: Arc::new(move || who::commit(&root)),
        },
    })
}

/// The providers that this aurak has, for what needs no service.
pub(crate) fn registry(root: &Path) -> Registry {
    registry_with(root, sandbox::environment())
}

fn registry_with(root: &Path, env: Env) -> Registry {
    let mut registry = Registry::new();
    registry.add(Arc::new(CoreType::new(CoreOptions {
        folder: root.to_path_buf(),
        supervisor: Supervisor::this_program(),
    })));
    let paces = Paces::default();
    registry.add(Arc::new(AzureType::new(AzureOptions { folder: root.to_path_buf(), env, paces })));
    for provider in ADDITIONS.get().map_or(&[][..], |additions| &additions.providers) {
        registry.add(provider.clone());
    }
    registry
}

/// Variables, with the file of credentials that the command line names.
fn with_credentials(global: &Global, env: Env) -> Result<Env, CommandError> {
    let Some(path) = &global.credentials else { return Ok(env) };
    let path = std::path::absolute(path)
        .map_err(|error| CommandError::file("find the credentials", path, &error))?;
    let path = path.to_str().map(str::to_string).ok_or_else(|| {
        CommandError::new("credentials", format!("the path {} is not UTF-8", path.display()))
    })?;
    Ok(Arc::new(move |name| if name == aurak_azure::CREDENTIALS { Some(path.clone()) } else { env(name) }))
}

/// What the providers know, for commands that need no stack.
pub(crate) fn schemas() -> Schemas {
    registry(Path::new(".")).schemas()
}

/// What `--state` names, whatever becomes of the working directory.
fn state_folder(global: &Global) -> Result<Option<PathBuf>, CommandError> {
    let Some(path) = &global.state else { return Ok(None) };
    std::path::absolute(path)
        .map(Some)
        .map_err(|error| CommandError::file("find the state's folder", path, &error))
}

/// What the environment gives inputs. What is no text cannot be one, and is not left out in silence:
/// a run with a default in its place would be another run.
fn inputs_of_environment() -> Result<Vec<(String, String)>, CommandError> {
    let mut inputs = Vec::new();
    for (name, value) in std::env::vars_os() {
        let shown = name.to_string_lossy().into_owned();
        if !shown.starts_with(INPUT) {
            continue;
        }
        let no_text = |what: &str| {
            CommandError::new(
                "env_var",
                format!("the {what} of the environment variable {shown} is not UTF-8"),
            )
            .help("unset it, or write the text for the input in UTF-8")
        };
        let name = name.into_string().map_err(|_| no_text("name"))?;
        let value = value.into_string().map_err(|_| no_text("value"))?;
        inputs.push((name[INPUT.len()..].to_string(), value));
    }
    inputs.sort();
    Ok(inputs)
}

/// A verb's error as one of a command.
pub(crate) fn failed(error: RunError) -> CommandError {
    let help = error.help();
    match error {
        RunError::Findings { findings, files } => CommandError { exit: Exit::Error, findings, files: *files },
        RunError::State { source: StoreError::Held { holder }, .. } => {
            let summary = format!("somebody else is at work on this state: {}", held_by(&holder));
            CommandError::new("locked", summary).maybe_help(help)
        }
        RunError::Stopped => CommandError::caused("stopped", &RunError::Stopped).exit(Exit::Interrupted),
        other => CommandError::caused("run", &other).maybe_help(help),
    }
}

/// Runs a verb: on a runtime of its own, which does not wait for what blocks when the verb is done.
pub(crate) fn block_on<T>(verb: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new("runtime", format!("could not start: {error}")))?;
    let out = runtime.block_on(verb);
    // A question at the terminal may still be waiting for its answer.
    runtime.shutdown_background();
    Ok(out)
}

/// Where a stack's own sandbox has its world and its states.
pub(crate) fn sandbox_states(root: &Path) -> PathBuf {
    root.join(STATES).join(SANDBOX)
}

/// Where the state of the stack in a folder is or would be.
pub(crate) fn state_dir(
    global: &Global,
    root: &Path,
    stack: &str,
    environment: Option<&str>,
) -> Result<PathBuf, CommandError> {
    let states = if global.sandbox { sandbox_states(root) } else { root.join(STATES) };
    Ok(match state_folder(global)? {
        Some(dir) => dir,
        None => states.join(aurak_state::identity::folder(stack, environment)),
    })
}
