//! `aurak destroy`.

use std::sync::Arc;

use aurak_model::plan::Mode;
use aurak_plan::Options;

use super::apply::{RunArgs, execute};
use super::plan::Show;
use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session;

/// Delete everything that the stack made, after asking
///
/// Deletes in reverse order of what needs what. What is protected with `prevent_destroy` is an
/// error, what is kept with `retain` stays where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak destroy --env test")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) show: Show,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Arc<Ui>) -> Result<Exit, CommandError> {
    let session = session::stack(global, ui)?;
    let options = Options { mode: Mode::Destroy, ..Options::default() };
    execute(&session, options, &args.run, false, args.show, global, ui)
}
