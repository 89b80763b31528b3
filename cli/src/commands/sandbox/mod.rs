//! `aurak sandbox`: a local Azure in the background.

mod copy;
mod dump;
mod env;
mod load;
mod log;
mod reset;
mod start;
mod status;
mod stop;

use std::path::PathBuf;

use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::{Home, Served};

/// Run a local Azure that refuses what Azure refuses
///
/// It serves Entra and Resource Manager on loopback, with certificates of its own, and keeps its world
/// on disk. Any client works against it. Needs no stack; `--sandbox` on a command of a stack serves one
/// of the stack's own instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  eval \"$(aurak sandbox start)\"\n  aurak sandbox status")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Start(start::Args),
    Stop(stop::Args),
    Status(status::Args),
    Reset(reset::Args),
    Env(env::Args),
    Log(log::Args),
    Load(load::Args),
    Dump(dump::Args),
    Copy(copy::Args),
}

/// Which sandbox.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Place {
    /// The folder of the sandbox, instead of this user's (`AURAK_SANDBOX_DIR`)
    #[arg(long = "dir", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Place {
    fn home(&self) -> Result<Home, CommandError> {
        Home::at(self.folder.as_deref())
    }

    /// The one that serves.
    fn running(&self) -> Result<(Home, Served), CommandError> {
        let home = self.home()?;
        match home.running() {
            Some(served) => Ok((home, served)),
            None => {
                let what = format!("no sandbox runs in {}", home.dir().display());
                Err(CommandError::new("sandbox", what).help("start one: `aurak sandbox start`"))
            }
        }
    }
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Start(args) => start::run(args, ui),
        Command::Stop(args) => stop::run(args, ui),
        Command::Status(args) => status::run(args, ui),
        Command::Reset(args) => reset::run(args, ui),
        Command::Env(args) => env::run(args, ui),
        Command::Log(args) => log::run(args, ui),
        Command::Load(args) => load::run(args, ui),
        Command::Dump(args) => dump::run(args, ui),
        Command::Copy(args) => copy::run(args, global, ui),
    }
}
