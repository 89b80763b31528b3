//! `aurak sandbox reset`.

use aurak_sandbox::Closed;

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::failed;

/// Empty the world of a sandbox that is stopped
///
/// Who may sign in stays the same, and so does what its clients trust.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak sandbox stop && aurak sandbox reset")]
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
    let mut closed = Closed::open(&world, 1).map_err(|error| failed(&error))?;
    let count = closed.world().count();
    closed.change(|world| world.clear()).map_err(|error| CommandError::caused("sandbox", &error))?;
    home.stand_alone();
    ui.say(&format!("emptied: {count} resources are gone\n"));
    Ok(Exit::Done)
}
