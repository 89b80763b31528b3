//! `aurak sandbox env`.

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::{Home, Served, quoted};

/// Print what clients of the sandbox need, as exports for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  eval \"$(aurak sandbox env)\"\n  aurak sandbox env --json")]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// As one JSON object instead
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let (home, served) = args.place.running()?;
    let text = match args.json {
        true => format!("{}\n", serde_json::json!(served.variables(&home.ca()))),
        false => exports(&home, &served),
    };
    ui.print(&text)?;
    Ok(Exit::Done)
}

/// What a shell evaluates.
pub(super) fn exports(home: &Home, served: &Served) -> String {
    let variables = served.variables(&home.ca());
    variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect()
}
