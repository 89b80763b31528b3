//! `aurak show`.

use std::collections::BTreeMap;
use std::path::Path;

use aurak_model::span::Files;
use aurak_model::{Address, PlanReport, StateDoc};
use aurak_render::{json, state};
use aurak_run::{SavedPlan, Session, file};

use super::plan::{Show, address, as_json, as_text};
use super::state::{StateView, open};
use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on};

/// Show what is there: the state, one resource, or a saved plan
///
/// Without an argument, what the stack has made and its outputs. Shows what is recorded; `aurak
/// plan` also looks at reality.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  aurak show\n  aurak show 'pools[\"common\"]'\n  aurak show next.plan --detail"
)]
pub(crate) struct Args {
    /// A saved plan, or an address: of a resource, of all instances of one, or of a module
    #[arg(value_name = "FILE|ADDRESS")]
    what: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    show: Show,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    match &args.what {
        Some(what) if Path::new(what).is_file() => plan(args, Path::new(what), ui),
        Some(what) => resource(what, args.json, args.show, global, ui),
        None => everything(args, global, ui),
    }
}

/// A saved plan; its open part says all there is to show, without a key.
fn plan(args: &Args, path: &Path, ui: &Ui) -> Result<Exit, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::file("read", path, &error))?;
    let (_, plan) = file::peek(&bytes).map_err(|error| {
        let help = error.help();
        CommandError::caused("plan_file", &error).maybe_help(help)
    })?;
    let (report, files) = (PlanReport::default(), Files::default());
    ui.print(&match args.json {
        true => format!("{}\n", as_json(&plan, &report, &files, None)),
        false => as_text(&plan, &report, &files, None, &args.show.style(ui.out)),
    })?;
    Ok(Exit::Done)
}

/// A saved plan with what is sealed in it.
pub(crate) async fn open_plan(session: &Session, path: &Path) -> Result<SavedPlan, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::file("read the plan", path, &error))?;
    let failed = |error: aurak_run::PlanFileError| {
        let help = error.help();
        CommandError::caused("plan_file", &error).maybe_help(help)
    };
    let (identity, _) = file::peek(&bytes).map_err(failed)?;
    let key = session.stores.key(&identity).await.map_err(|error| {
        let help = error.help();
        CommandError::caused("key", &error).maybe_help(help)
    })?;
    let key = key.ok_or_else(|| {
        CommandError::new("key", "the key that opens this plan is not here")
            .help("give it with AURAK_KEY or AURAK_PASSPHRASE")
    })?;
    file::read(&bytes, &key).map_err(failed)
}

/// A resource as the state knows it.
pub(crate) fn resource(
    what: &str,
    as_json: bool,
    show: Show,
    global: &Global,
    ui: &Ui,
) -> Result<Exit, CommandError> {
    let address = address(what).map_err(|why| {
        CommandError::new("no_such", format!("`{what}` is neither a file nor an address: {why}"))
    })?;
    let session = session::any(global, ui)?;
    let StateView { document } = block_on(open(&session, global))??;
    let Some(row) = document.rows.get(&address) else {
        if let Some(instances) = below(&document, &address) {
            ui.print(&match as_json {
                true => format!("{}\n", json::state(&instances)),
                false => state::list(&instances, &show.style(ui.out)),
            })?;
            return Ok(Exit::Done);
        }
        let suggestion = aurak_expr::suggest(what, document.rows.keys().map(AsRef::<str>::as_ref));
        let error = CommandError::new("no_such", format!("the state has no `{address}`"));
        return Err(match suggestion {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None => error.help("`aurak state list` lists all addresses"),
        });
    };
    ui.print(&match as_json {
        true => format!("{}\n", json::row(row)),
        false => state::show(row, &show.style(ui.out)),
    })?;
    Ok(Exit::Done)
}

/// What the state holds of an address that has no row of its own: the instances of a resource, the
/// parts of a composite, or what is in a module.
fn below(document: &StateDoc, address: &Address) -> Option<StateDoc> {
    let is_below = |row: &Address| {
        let rest = row.as_str().strip_prefix(address.as_str());
        rest.is_some_and(|rest| rest.starts_with(['[', '/', '.']))
    };
    let rows: BTreeMap<_, _> = document
        .rows
        .iter()
        .filter(|(row, _)| is_below(row))
        .map(|(row, of)| (row.clone(), of.clone()))
        .collect();
    let pending = document.pending.iter().filter(|open| is_below(&open.intent.address)).cloned().collect();
    (!rows.is_empty()).then(|| StateDoc { rows, pending, outputs: BTreeMap::new(), ..document.clone() })
}

fn everything(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::any(global, ui)?;
    let StateView { document } = block_on(open(&session, global))??;
    let style = args.show.style(ui.out);
    ui.print(&match args.json {
        true => format!("{}\n", json::state(&document)),
        false => state::overview(&document, &style),
    })?;
    Ok(Exit::Done)
}
