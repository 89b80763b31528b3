//! `aurak completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;

/// Print completions for a shell
///
/// Needs no stack.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aurak completions bash > ~/.local/share/bash-completion/completions/aurak"
)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aurak", &mut text);
    ui.print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
