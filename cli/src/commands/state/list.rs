//! `aurak state list`.

use aurak_render::{json, state};

use super::{StateView, open};
use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on};

/// List what the state holds
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak state list")]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::any(global, ui)?;
    let StateView { document } = block_on(open(&session, global))??;
    ui.print(&match args.json {
        true => format!("{}\n", json::state(&document)),
        false => state::list(&document, &ui.out),
    })?;
    Ok(Exit::Done)
}
