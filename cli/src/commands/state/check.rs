//! `aurak state check`.

use aurak_model::Diagnostic;
use aurak_model::span::Files;
use aurak_render::diagnostics;

use super::{find, open_store, store_failed};
use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on};

/// Look for what is wrong with the state
///
/// Reads all of it: whether the journal and the rows agree, whether what is needed is there, and,
/// with the key at hand, whether everything that is sealed opens.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak state check --env test")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::any(global, ui)?;
    let mut findings = block_on(async {
        let identity = find(&session, global).await?;
        let store = open_store(&session, &identity, false).await?;
        store.check().await.map_err(|error| store_failed("check the state", &error))
    })??;
    ui.world().findings(&mut findings);
    let text = match findings.is_empty() {
        true => "the state is in order\n".to_string(),
        false => diagnostics::diagnostics(&findings, &Files::default(), &ui.findings()),
    };
    ui.print(&text)?;
    Ok(if findings.iter().any(Diagnostic::is_error) { Exit::Error } else { Exit::Done })
}
