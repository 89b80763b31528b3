//! `aurak state unlock`.

use super::{find, held_by, open_store, store_failed};
use crate::args::Global;
use crate::confirm::{Answer, ask};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on};

/// Take the lock away from a run that is gone
///
/// Seldom needed: a run that ended in any way on this machine has lost its lock already. A run that
/// is still there is stopped from writing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak state unlock --env test")]
pub(crate) struct Args {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::any(global, ui)?;
    block_on(async {
        let identity = find(&session, global).await?;
        let store = open_store(&session, &identity, true).await?;
        let holder = store.holder().await.map_err(|error| store_failed("look at the lock", &error))?;
        let Some(holder) = holder else {
            ui.print("nobody holds the lock\n")?;
            return Ok(Exit::Done);
        };
        ui.say(&format!("{}\n", held_by(&holder)));
        if !args.yes {
            if !ui.interactive {
                return Err(CommandError::new("not_confirmed", "nobody is there to confirm this")
                    .help("add --yes once that run is gone for sure"));
            }
            let answer = ask(ui, "take it away? (yes or no)".to_string()).await;
            if answer != Answer::Text("yes".to_string()) {
                ui.say("nothing was changed\n");
                return Err(CommandError::silent(Exit::Error));
            }
        }
        store.break_lease().await.map_err(|error| store_failed("break the lock", &error))?;
        ui.print("the lock is free\n")?;
        Ok(Exit::Done)
    })?
}
