//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod completions;
pub(crate) mod destroy;
pub(crate) mod graph;
pub(crate) mod init;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod validate;

use std::sync::Arc;

use aurak_render::Detail;

use crate::args::{Cli, Command};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;

/// What one needs: everything else is found through `--help`.
const FIRST: &str = "\
aurak brings declared infrastructure and the real one together.

  aurak init NAME     write a first stack into a new folder
  aurak plan          say what is different, and what would be done about it
  aurak apply         do it, after asking
  aurak show          say what is there
  aurak destroy       delete it again, after asking

Every command has --help; `aurak --help` lists all of them.
";

/// Whether a command talks to a program, which wants its errors as JSON too.
pub(crate) fn speaks_json(cli: &Cli) -> bool {
    match &cli.command {
        Some(Command::Plan(args)) => args.json,
        Some(Command::Apply(args)) => args.run.json,
        Some(Command::Destroy(args)) => args.run.json,
        Some(Command::Show(args)) => args.json,
        Some(Command::Output(args)) => args.json,
        Some(Command::State(args)) => args.json(),
        _ => false,
    }
}

/// How many findings to show of many: all of them where there is no `--detail` to ask for more.
pub(crate) fn detail(cli: &Cli) -> Detail {
    let show = match &cli.command {
        Some(Command::Plan(args)) => args.show,
        Some(Command::Apply(args)) => args.show,
        Some(Command::Destroy(args)) => args.show,
        _ => return Detail::Full,
    };
    if show.detail { Detail::Full } else { Detail::Normal }
}

/// Runs a command.
pub(crate) fn run(cli: &Cli, ui: &Arc<Ui>) -> Result<Exit, CommandError> {
    let global = &cli.global;
    match &cli.command {
        None => {
            ui.print(FIRST)?;
            Ok(Exit::Done)
        }
        Some(Command::Init(args)) => init::run(args, global, ui),
        Some(Command::Validate(args)) => validate::run(args, global, ui),
        Some(Command::Plan(args)) => plan::run(args, global, ui),
        Some(Command::Apply(args)) => apply::run(args, global, ui),
        Some(Command::Destroy(args)) => destroy::run(args, global, ui),
        Some(Command::Show(args)) => show::run(args, global, ui),
        Some(Command::Graph(args)) => graph::run(args, global, ui),
        Some(Command::Output(args)) => output::run(args, global, ui),
        Some(Command::State(args)) => state::run(args, global, ui),
        Some(Command::Sandbox(args)) => sandbox::run(args, global, ui),
        Some(Command::Schema(args)) => schema::run(args, global, ui),
        Some(Command::Completions(args)) => completions::run(args, ui),
    }
}
