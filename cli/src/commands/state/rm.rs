//! `aurak state rm`.

use std::collections::BTreeSet;

use aurak_model::Address;
use aurak_run::{Forget, Forgotten};

use super::find;
use crate::args::Global;
use crate::confirm::{Answer, ask};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on, failed};

/// Forget resources without touching them
///
/// Takes their rows out of the state with all objects in them, also the old one of a replacement that
/// was cut off, and every call for them of which nobody knows the end, such as the create of that
/// replacement. The objects stay where they are, without anything that will ever delete them; if the
/// stack still asks for a resource, the next plan makes it anew. With --attempt, only the calls are
/// dropped: the answer to the question of a run that does not know whether an object was made.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aurak state rm 'pools[\"common\"]' --env test\n  aurak state rm --attempt token"
)]
pub(crate) struct Args {
    /// The resources
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// Drop the calls without a known end, and keep the row
    #[arg(long)]
    attempt: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let addresses: Result<BTreeSet<Address>, _> =
        args.addresses.iter().map(|address| Address::parse(address)).collect();
    let addresses = addresses.map_err(|error| CommandError::new("address", error.to_string()))?;
    let session = session::any(global, ui)?;
    block_on(async {
        let identity = find(&session, global).await?;
        if !args.yes {
            if !ui.interactive {
                return Err(CommandError::new("not_confirmed", "nobody is there to confirm this")
                    .help("add --yes; the objects themselves stay where they are"));
            }
            let named: Vec<String> = addresses.iter().map(|address| format!("`{address}`")).collect();
            let question = match args.attempt {
                true => format!("drop what is open of {}? (yes or no)", named.join(", ")),
                false => format!("forget {}? (yes or no)", named.join(", ")),
            };
            let answer = ask(ui, question).await;
            if answer != Answer::Text("yes".to_string()) {
                ui.say("nothing was changed\n");
                return Err(CommandError::silent(Exit::Error));
            }
        }
        let what = if args.attempt { Forget::Attempts } else { Forget::All };
        for address in &addresses {
            let forgotten = aurak_run::forget(&session, &identity, address, what).await.map_err(failed)?;
            ui.print(&said(address, args.attempt, &forgotten)?)?;
        }
        Ok(Exit::Done)
    })?
}

fn said(address: &Address, attempt: bool, forgotten: &Forgotten) -> Result<String, CommandError> {
    if attempt {
        return match forgotten.attempts {
            0 => Err(CommandError::new("unknown", format!("no call for `{address}` is open"))
                .help("`aurak state check` says which are open")),
            1 => Ok(format!("an attempt at `{address}` is dropped\n")),
            n => Ok(format!("{n} attempts at `{address}` are dropped\n")),
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
    Ok(format!("`{address}` {row}{attempts}\n"))
}
