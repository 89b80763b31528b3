//! `aurak plan`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aurak_model::span::Files;
use aurak_model::{Address, Plan, PlanReport};
use aurak_plan::Options;
use aurak_render::plan::PlanView;
use aurak_render::{Detail, Style, json};
use aurak_run::{PlanFileError, PlanOutcome, Session, file};

use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on, failed};
use crate::{disk, interrupt};

/// Say what is different from the configuration, and what would be done about it
///
/// Only reads: takes no lock and changes nothing but the file that `--out` names.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  aurak plan --env test\n  aurak plan -o next.plan && aurak apply next.plan\n\nWith --exit-code: 0 nothing to do, 1 an error, 2 there are changes."
)]
pub(crate) struct Args {
    /// Save the plan, to be applied as it was reviewed
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// End with 2 where there are changes
    #[arg(long)]
    exit_code: bool,
    /// Print the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// What to plan.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Choice {
    /// Plan only this and what it needs; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) only: Vec<String>,
    /// Make this one anew; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) replace: Vec<Address>,
}

impl Choice {
    pub(crate) fn options(&self) -> Options {
        Options { only: self.only.clone(), replace: self.replace.clone(), ..Options::default() }
    }
}

/// How much to show.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Show {
    /// Show everything
    #[arg(long, conflicts_with = "short")]
    pub(crate) detail: bool,
    /// Show one line each
    #[arg(long)]
    pub(crate) short: bool,
}

impl Show {
    pub(crate) fn style(self, style: Style) -> Style {
        let detail = match (self.detail, self.short) {
            (true, _) => Detail::Full,
            (_, true) => Detail::Short,
            _ => Detail::Normal,
        };
        Style { detail, ..style }
    }
}

pub(crate) fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::stack(global, ui)?;
    if let Some(out) = &args.out {
        check_target(out)?;
    }
    let began = Instant::now();
    let mut outcome = block_on(async {
        let cancel = aurak_exec::Cancel::new();
        interrupt::watch(cancel.clone());
        let mut outcome = tokio::select! {
            outcome = aurak_run::plan(&session, args.choice.options()) => outcome.map_err(failed)?,
            () = cancel.reached(aurak_exec::Stop::Finish) => return Err(failed(aurak_run::RunError::Stopped)),
        };
        if let Some(out) = &args.out {
            save(&session, &outcome, out).await?;
            outcome.report.findings.append(&mut outcome.not_carried);
        }
        Ok(outcome)
    })??;
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    ui.world().findings(&mut outcome.report.findings);
    let PlanOutcome { plan, report, files, .. } = &outcome;
    match args.json {
        true => ui.print(&format!("{}\n", as_json(plan, report, files, took)))?,
        false => {
            let mut text = as_text(plan, report, files, took, &args.show.style(ui.out));
            text.push_str(&next(args, plan, ui));
            ui.print(&text)?;
        }
    }
    let exit = if args.exit_code && plan.has_changes() { Exit::Changes } else { Exit::Done };
    // The process ends: to take a large stack apart piece by piece would be a tenth of the whole time.
    std::mem::forget(outcome);
    Ok(exit)
}

/// The plan for people.
pub(crate) fn as_text(
    plan: &Plan,
    report: &PlanReport,
    files: &Files,
    took_ms: Option<u64>,
    style: &Style,
) -> String {
    aurak_render::plan::plan(&PlanView { plan, report, files, took_ms }, style)
}

/// The plan for programs.
pub(crate) fn as_json(plan: &Plan, report: &PlanReport, files: &Files, took_ms: Option<u64>) -> String {
    json::plan(&PlanView { plan, report, files, took_ms }).to_string()
}

/// The next command, where there is something to do.
fn next(args: &Args, plan: &Plan, ui: &Ui) -> String {
    match &args.out {
        Some(out) if plan.has_changes() => format!("\nnext: `{}`\n", ui.world().apply(out)),
        Some(out) => format!("\nsaved as {}\n", out.display()),
        None => String::new(),
    }
}

/// A plan is written over nothing but a plan, and where it could not be written no key is made.
fn check_target(out: &Path) -> Result<(), CommandError> {
    let unusable = |error: std::io::Error| CommandError::file("write the plan to", out, &error);
    let there = match std::fs::metadata(out) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => return Ok(()),
        Ok(_) => std::fs::read(out).map_err(unusable)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(unusable(error)),
    };
    if !there.is_empty() && matches!(file::peek(&there), Err(PlanFileError::NotAPlan)) {
        let summary = format!("`{}` is there already, and is no saved plan", out.display());
        return Err(CommandError::new("file", summary).help("nothing was written; name another file"));
    }
    disk::try_private(out).map_err(unusable)
}

/// Writes a plan to a file that only its owner may read: it has sealed secrets in it.
async fn save(session: &Session, outcome: &PlanOutcome, out: &Path) -> Result<(), CommandError> {
    let identity = &outcome.identity;
    let stores = &session.stores;
    let store = |error: aurak_state::StoreError| {
        let help = error.help();
        CommandError::caused("key", &error).maybe_help(help)
    };
    let key = match stores.key(identity).await.map_err(store)? {
        Some(key) => key,
        None if identity.key_id.is_some() => {
            return Err(CommandError::new("key", "the plan cannot be saved: the state's key is not here")
                .help("give it with AURAK_KEY or AURAK_PASSPHRASE"));
        }
        None => stores.make_key(identity).await.map_err(store)?,
    };
    let bytes = aurak_run::save(session, outcome, &key).map_err(failed)?;
    disk::write_private(out, &bytes).map_err(|error| CommandError::file("write the plan to", out, &error))
}
