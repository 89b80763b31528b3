//! `aurak sandbox start`.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aurak_sandbox::{Faults, Options, Sandbox};
use tokio::signal::unix::{SignalKind, signal};

use super::{Place, env};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::{Home, Served, failed, speed};
use crate::session::block_on;

/// How long a sandbox may take to serve: it draws keys first, on a machine that may be busy.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Start the sandbox, and print what its clients need
///
/// It serves when this returns, and goes on in the background. What is printed are exports for a
/// shell. One that runs already stays as it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  eval \"$(aurak sandbox start)\"\n  aurak sandbox start --speed 60 --faults 7:20"
)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// The port on loopback; 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// How many times faster than Azure
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    speed: f64,
    /// Let requests go wrong by chance: a seed, and how many of a hundred
    #[arg(long, value_name = "SEED[:PERCENT]", value_parser = faults)]
    faults: Option<(u64, u8)>,
    /// Append requests and answers to this file too, as NDJSON
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// How many subscriptions a new world has
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
    subscriptions: u8,
    /// Serve in the foreground, until it is stopped
    #[arg(long)]
    foreground: bool,
    /// Leave the terminal first
    #[arg(long, hide = true)]
    detached: bool,
}

fn faults(text: &str) -> Result<(u64, u8), String> {
    let (seed, percent) = text.split_once(':').unwrap_or((text, "20"));
    match (seed.parse(), percent.parse()) {
        (Ok(seed), Ok(percent @ 0..=100)) => Ok((seed, percent)),
        _ => Err("write it as SEED or SEED:PERCENT, such as 7:20".to_string()),
    }
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let home = args.place.home()?;
    if let Some(served) = home.running() {
        ui.say(&format!("a sandbox runs already, at {}\n", served.url));
        ui.print(&env::exports(&home, &served))?;
        return Ok(Exit::Done);
    }
    home.make()?;
    match args.foreground {
        true => foreground(args, &home, ui),
        false => background(args, &home, ui),
    }
}

/// Starts this program again, and waits until it serves.
fn background(args: &Args, home: &Home, ui: &Ui) -> Result<Exit, CommandError> {
    let errors = home.errors();
    let cannot = |doing: &str, error: &std::io::Error| {
        CommandError::new("sandbox", format!("could not {doing}: {error}"))
    };
    let said = File::create(&errors).map_err(|error| CommandError::file("write to", &errors, &error))?;
    let program = std::env::current_exe().map_err(|error| cannot("find this program", &error))?;
    let mut again = Command::new(program);
    again.args(["sandbox", "start", "--foreground", "--detached", "--dir"]).arg(home.dir());
    again.args(["--port", &args.port.to_string(), "--speed", &args.speed.to_string()]);
    again.args(["--subscriptions", &args.subscriptions.to_string(), "--color", "never"]);
    if let Some((seed, percent)) = args.faults {
        again.args(["--faults", &format!("{seed}:{percent}")]);
    }
    if let Some(record) = &args.record {
        let record = std::path::absolute(record).map_err(|error| cannot("find the record", &error))?;
        again.arg("--record").arg(record);
    }
    again.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    let mut child = again.spawn().map_err(|error| cannot("start it in the background", &error))?;
    let until = Instant::now() + STARTS_WITHIN;
    loop {
        if let Some(served) = home.running().filter(|served| served.pid == child.id()) {
            ui.print(&env::exports(home, &served))?;
            return Ok(Exit::Done);
        }
        match child.try_wait() {
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(CommandError::new("sandbox", "the sandbox did not serve within a minute"));
            }
            Ok(Some(status)) => {
                // Another one may have been quicker.
                if let Some(served) = home.running() {
                    ui.print(&env::exports(home, &served))?;
                    return Ok(Exit::Done);
                }
                let told = std::fs::read_to_string(&errors).unwrap_or_default();
                ui.say(&told);
                return Err(match status.signal() {
                    Some(signal) => {
                        CommandError::new("sandbox", format!("the sandbox was ended by signal {signal}"))
                    }
                    None if told.is_empty() => CommandError::new("sandbox", "the sandbox ended at once"),
                    None => CommandError::silent(Exit::Error),
                });
            }
            Err(error) => return Err(cannot("wait for it", &error)),
        }
    }
}

/// Serves until a signal says otherwise.
fn foreground(args: &Args, home: &Home, ui: &Ui) -> Result<Exit, CommandError> {
    if args.detached {
        // Where it leads a session already there is nothing to leave.
        let _ = rustix::process::setsid();
    }
    let mut logs = vec![home.log()];
    logs.extend(args.record.clone());
    let options = Options {
        world: Some(home.world()),
        address: ([127, 0, 0, 1], args.port).into(),
        speed: args.speed,
        faults: args.faults.map(|(seed, percent)| Faults { seed, rate: f64::from(percent) / 100.0 }),
        logs,
        page: None,
        subscriptions: args.subscriptions.into(),
    };
    block_on(async {
        let no_signals = |error: std::io::Error| {
            CommandError::new("sandbox", format!("could not listen for signals: {error}"))
        };
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let handle = Sandbox::start(options).await.map_err(|error| failed(&error))?;
        let served = Served::of(&handle, args.speed);
        home.note(&handle, &served)?;
        if !args.detached {
            ui.print(&env::exports(home, &served))?;
        }
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        home.forget();
        handle.stop().await;
        Ok(Exit::Done)
    })?
}
