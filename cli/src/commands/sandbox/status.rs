//! `aurak sandbox status`.

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;

/// Say whether the sandbox runs, and where
///
/// Exit code 1 where none runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak sandbox status")]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let (home, served) = args.place.running()?;
    ui.print(&format!(
        "runs at        {}\nprocess        {}\nspeed          {}\nsubscription   {}\ntenant         {}\nworld          {}\nlog            {}\n",
        served.url,
        served.pid,
        served.speed,
        served.subscription,
        served.tenant,
        home.world().display(),
        home.log().display(),
    ))?;
    Ok(Exit::Done)
}
