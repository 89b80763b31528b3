//! `aurak sandbox stop`.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::{Home, Served};

/// How long open requests may take.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

/// Stop the sandbox; its world stays
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak sandbox stop")]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let home = args.place.home()?;
    match home.running() {
        Some(served) => {
            stop(&home, &served)?;
            ui.say("stopped; the world stays\n");
        }
        None => ui.say("no sandbox runs\n"),
    }
    Ok(Exit::Done)
}

/// Asks it to stop, and waits until it has closed its world.
pub(super) fn stop(home: &Home, served: &Served) -> Result<(), CommandError> {
    let pid = i32::try_from(served.pid).ok().and_then(Pid::from_raw);
    let asked = pid.map(|pid| kill_process(pid, Signal::TERM));
    if let Some(Err(error)) = asked {
        return Err(CommandError::new("sandbox", format!("could not stop process {}: {error}", served.pid)));
    }
    let until = Instant::now() + STOPS_WITHIN;
    while home.running().is_some() || aurak_sandbox::Closed::is_served(&home.world()) {
        if Instant::now() > until {
            let what = format!("process {} does not stop", served.pid);
            return Err(CommandError::new("sandbox", what).help("its world survives a `kill -9`"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
