//! `aurak state rm`.

use aurak_model::Address;
use aurak_run::Forget;

use super::find;
use crate::args::Global;
use crate::confirm::{Answer, ask};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on, failed};

/// Forget a resource without touching it
///
/// Takes its row out of the state with all objects in it, also the old one of a replacement that was
/// cut off, and every call for it of which nobody knows the end, such as the create of that
/// replacement. The objects stay where they are, without anything that will ever delete them; if the
/// stack still asks for the resource, the next plan makes it anew. With --attempt, only the calls are
/// dropped: the answer to the question of a run that does not know whether an object was made.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aurak state rm 'pools[\"common\"]' --env test\n  aurak state rm --attempt token"
)]
pub(crate) struct Args {
    /// The resource
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Drop the calls without a known end, and keep the row
    #[arg(long)]
    attempt: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let address =
        Address::parse(&args.address).map_err(|error| CommandError::new("address", error.to_string()))?;
    let session = session::any(global, ui)?;
    block_on(async {
        let identity = find(&session, global).await?;
        if !args.yes {
            if !ui.interactive {
                return Err(CommandError::new("not_confirmed", "nobody is there to confirm this")
                    .help("add --yes; the object itself stays where it is"));
            }
            let question = match args.attempt {
                true => format!("drop what is open of `{address}`? (yes or no)"),
                false => format!("forget `{address}`? (yes or no)"),
            };
            let answer = ask(ui, question).await;
            if answer != Answer::Text("yes".to_string()) {
                ui.say("nothing was changed\n");
                return Err(CommandError::silent(Exit::Error));
            }
        }
        let what = if args.attempt { Forget::Attempts } else { Forget::All };
        let forgotten = aurak_run::forget(&session, &identity, &address, what).await.map_err(failed)?;
        if args.attempt {
            let none = format!("no call for `{address}` is open");
            return match forgotten.attempts {
                0 => Err(CommandError::new("unknown", none).help("`aurak state check` says which are open")),
                1 => ui.print(&format!("an attempt at `{address}` is dropped\n")).map(|()| Exit::Done),
                n => ui.print(&format!("{n} attempts at `{address}` are dropped\n")).map(|()| Exit::Done),
            };
        }
        if !forgotten.row && forgotten.attempts == 0 {
            return Err(CommandError::new("unknown", format!("the state holds nothing of `{address}`"))
                .help("`aurak state list` shows what it holds"));
        }
        let attempts = match forgotten.attempts {
            0 => String::new(),
            1 => ", and an attempt without a known end is dropped".to_string(),
            n => format!(", and {n} attempts without a known end are dropped"),
        };
        let row = if forgotten.row { "is forgotten" } else { "had no row" };
        ui.print(&format!("`{address}` {row}{attempts}\n"))?;
        Ok(Exit::Done)
    })?
}
