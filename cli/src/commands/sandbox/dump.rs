//! `aurak sandbox dump`.

use aurak_sandbox::WorldFile;

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;

/// Print everything that is in the world of a sandbox
///
/// One body on each line, as Resource Manager shows it: `load` takes them. Secrets are not among them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak sandbox dump > world.ndjson")]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let home = args.place.home()?;
    let world = home.world();
    if !world.exists() {
        ui.say("there is no world yet\n");
        return Ok(Exit::Done);
    }
    let read = WorldFile::open(&world).and_then(|file| file.load());
    let bodies = read.map_err(|error| CommandError::caused("sandbox", &error))?.map(|world| world.bodies());
    let lines: String = bodies.iter().flatten().map(|body| format!("{body}\n")).collect();
    ui.print(&lines)?;
    Ok(Exit::Done)
}
