//! `aurak graph`.

use std::path::{Path, PathBuf};

use aurak_render::graph::Graph;
use aurak_run::file;

use super::plan::Choice;
use super::state::{StateView, open};
use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on, failed};

/// Show what waits for what
///
/// Plans, and draws the steps; where there is nothing to do, what the resources of the state need.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aurak graph\n  aurak graph --format dot | dot -Tsvg > graph.svg")]
pub(crate) struct Args {
    /// A saved plan, instead of a new one
    #[arg(value_name = "FILE", conflicts_with_all = ["only", "replace"])]
    file: Option<PathBuf>,
    /// What to draw
    #[arg(long, value_name = "FORMAT", default_value = "tree")]
    format: Format,
    /// Draw the state, without planning
    #[arg(long, conflicts_with = "file")]
    recorded: bool,
    #[command(flatten)]
    choice: Choice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lines, each thing with what it needs below it
    Tree,
    /// For Graphviz
    Dot,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let graph = match &args.file {
        Some(path) => of_file(path)?,
        None if args.recorded => {
            let session = session::any(global, ui)?;
            let StateView { document } = block_on(open(&session, global))??;
            Graph::of_state(&document)
        }
        None => {
            let session = session::stack(global, ui)?;
            let outcome = block_on(aurak_run::plan(&session, args.choice.options()))?.map_err(failed)?;
            match outcome.plan.steps.is_empty() {
                true => Graph::of_state(&outcome.previous),
                false => Graph::of_plan(&outcome.plan),
            }
        }
    };
    ui.print(&match args.format {
        Format::Dot => graph.dot(),
        Format::Tree if graph.is_empty() => "there is nothing\n".to_string(),
        Format::Tree => graph.tree(&ui.out),
    })?;
    Ok(Exit::Done)
}

fn of_file(path: &Path) -> Result<Graph, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::file("read", path, &error))?;
    let (_, plan) = file::peek(&bytes).map_err(|error| {
        let help = error.help();
        CommandError::caused("plan_file", &error).maybe_help(help)
    })?;
    Ok(Graph::of_plan(&plan))
}
