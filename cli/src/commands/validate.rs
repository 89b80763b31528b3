//! `aurak validate`.

use aurak_render::diagnostics;

use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on, failed};

/// Check the configuration without looking at the state or at reality
///
/// Reads all files, resolves all names and evaluates what needs nothing from outside.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak validate --env test")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::stack(global, ui)?;
    let mut loaded = block_on(aurak_run::load(&session))?.map_err(failed)?;
    ui.world().findings(&mut loaded.findings);
    let program = &loaded.program;
    let mut text = diagnostics::diagnostics(&loaded.findings, &program.files, &ui.findings());
    let resources = program.blocks.iter().filter(|b| b.kind == aurak_model::BlockKind::Resource).count();
    let files = program.files.names().len();
    text.push_str(&format!(
        "{} is valid: {} in {}\n",
        aurak_render::clean(&loaded.stack),
        count(resources, "resource"),
        count(files, "file")
    ));
    ui.print(&text)?;
    Ok(Exit::Done)
}

fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
