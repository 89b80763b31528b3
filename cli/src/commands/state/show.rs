//! `aurak state show`.

use crate::args::Global;
use crate::commands::plan::Show;
use crate::commands::show::resource;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;

/// Show what the state holds of a resource
///
/// Sensitive values stay hidden.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak state show 'pools[\"common\"]' --detail")]
pub(crate) struct Args {
    /// The resource
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    show: Show,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    resource(&args.address, args.json, args.show, global, ui)
}
