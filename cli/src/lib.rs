//! The command line: words, colours, exit codes, and the wiring of everything else.
//!
//! One file for each command in [`commands`]: its arguments, whose documentation is its help, and
//! what it does with them. This is the only crate that reads the environment, looks at the terminal,
//! finds folders and prints. What goes wrong ends as a [`CommandError`](error::CommandError), and is
//! printed in one place.

mod args;
mod commands;
mod confirm;
mod disk;
mod display;
mod duration;
mod error;
mod exit;
mod interrupt;
mod next;
mod output;
mod panic;
mod sandbox;
mod session;
mod terminal;
mod who;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser as _};

use crate::args::Cli;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
pub use crate::session::{Additions, Wrapper};

/// All commands and what they take, for the reference.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command that the arguments of this process name.
pub fn main() -> ExitCode {
    main_with(Additions::default())
}

/// The same, in surroundings of the caller's choice.
pub fn main_with(additions: Additions) -> ExitCode {
    // A command's supervisor is this program again; it must not read anything else first.
    if std::env::args_os().nth(1).is_some_and(|word| word == aurak_core::supervisor::ARGUMENT) {
        return aurak_core::supervisor::main();
    }
    panic::install();
    session::add(additions);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and versions come this way too. Where they cannot be printed nobody reads them.
            let _ = error.print();
            return if error.use_stderr() { Exit::Error } else { Exit::Done }.into();
        }
    };
    let ui = Arc::new(Ui::of_process(&cli.global, commands::detail(&cli)));
    let code = panic::guard(|| {
        let ended = enter(&cli.global.dir).and_then(|()| commands::run(&cli, &ui));
        match ended.and_then(|exit| ui.ended(exit)) {
            Ok(exit) => exit,
            Err(mut error) => {
                ui.world().findings(&mut error.findings);
                if commands::speaks_json(&cli) {
                    ui.report_json(&error);
                }
                ui.report(&error)
            }
        }
    });
    code.into()
}

/// Goes where `-C` says, before anything looks at a path.
fn enter(dir: &Path) -> Result<(), CommandError> {
    match dir == Path::new(".") {
        true => Ok(()),
        false => std::env::set_current_dir(dir).map_err(|error| CommandError::file("go to", dir, &error)),
    }
}
