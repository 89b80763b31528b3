//! `aurak state`, and how commands find the state that they read.

mod check;
mod list;
mod rm;
mod show;
mod unlock;

use std::sync::Arc;

use aurak_model::StateDoc;
use aurak_run::{RunError, Session};
use aurak_state::{Holder, Identity, Store, StoreError};

use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::failed;

/// Look at the state of a stack
///
/// The state is what aurak remembers of what it made.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak state list --env test")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Whether a program wants to read it.
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            Command::List(args) => args.json,
            Command::Show(args) => args.json,
            Command::Rm(_) | Command::Check(_) | Command::Unlock(_) => false,
        }
    }
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Rm(rm::Args),
    Check(check::Args),
    Unlock(unlock::Args),
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    match &args.command {
        Command::List(args) => list::run(args, global, ui),
        Command::Show(args) => show::run(args, global, ui),
        Command::Rm(args) => rm::run(args, global, ui),
        Command::Check(args) => check::run(args, global, ui),
        Command::Unlock(args) => unlock::run(args, global, ui),
    }
}

/// A state, open for reading.
pub(crate) struct StateView {
    pub(crate) document: StateDoc,
}

/// Reads the state that the command line means.
pub(crate) async fn open(session: &Session, global: &Global) -> Result<StateView, CommandError> {
    let identity = find(session, global).await?;
    let store = open_store(session, &identity, false).await?;
    let document = store.document().await.map_err(|error| store_failed("read the state", &error))?;
    Ok(StateView { document })
}

/// Opens a store, with its key where that is here.
async fn open_store(
    session: &Session,
    identity: &Identity,
    write: bool,
) -> Result<Arc<dyn Store>, CommandError> {
    let stores = &session.stores;
    let key = stores.key(identity).await.map_err(|error| store_failed("find the state's key", &error))?;
    stores.open(identity, key, write).await.map_err(|error| store_failed("open the state", &error))
}

/// The state of the stack and environment; where the configuration cannot be read, the only state
/// that is here and fits: one looks at a state most when something is wrong.
pub(crate) async fn find(session: &Session, global: &Global) -> Result<Identity, CommandError> {
    let stores = &session.stores;
    let problem = match aurak_run::load(session).await {
        Ok(loaded) => {
            let environment = loaded.program.environment.as_deref();
            let found = stores.find(&loaded.stack, environment).await;
            return found.map_err(failed)?.ok_or_else(|| {
                failed(RunError::NoState {
                    stack: loaded.stack.to_string(),
                    environment: environment.map(str::to_string),
                })
            });
        }
        Err(problem) => problem,
    };
    let mut here = stores.list().await.map_err(|error| store_failed("find the state", &error))?;
    here.retain(|identity| global.env.is_none() || identity.environment.as_deref() == global.env.as_deref());
    match here.len() {
        1 => Ok(here.remove(0)),
        _ => Err(failed(problem)),
    }
}

fn store_failed(doing: &str, error: &StoreError) -> CommandError {
    let mut out = CommandError::caused("state", error).maybe_help(error.help());
    if let Some(finding) = out.findings.first_mut() {
        finding.summary = format!("could not {doing}: {}", finding.summary);
    }
    out
}

/// Who holds the lock, since when, for people.
pub(crate) fn held_by(holder: &Holder) -> String {
    let since = jiff::Timestamp::from_millisecond(i64::try_from(holder.since_ms).unwrap_or(i64::MAX))
        .map_or_else(|_| "?".to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    format!(
        "{} (process {} on {}) holds the lock since {since}",
        aurak_render::clean(&holder.who),
        holder.pid,
        aurak_render::clean(&holder.host)
    )
}
