//! `aurak apply`, and what `destroy` shares with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aurak_exec::{Cancel, Limits, Stop};
use aurak_model::plan::Mode;
use aurak_model::record::EndResult;
use aurak_model::span::Files;
use aurak_model::{Diagnostic, Plan, PlanReport};
use aurak_plan::Options;
use aurak_render::diagnostics;
use aurak_render::progress::{Next, Progress};
use aurak_run::{Applied, Approver, FollowUp, Request, SavedPlan, Session};
use aurak_state::Holder;
use tokio::sync::mpsc::unbounded_channel;

use super::plan::{Choice, Show, as_json, as_text};
use crate::args::Global;
use crate::confirm::{Answer, ask};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on, failed};
use crate::{disk, display, duration, interrupt};

/// Do what the configuration asks for, after asking
///
/// Plans first and asks before anything is changed. A plan that was saved by `aurak plan -o FILE`
/// is applied as it was reviewed, or refused where it is stale; it needs no sources and no question.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  aurak apply --env test\n  aurak apply next.plan\n\nEnds with 0 when all is done, 1 after an error, 4 when the rest needs another approval, 130 when\nit was interrupted."
)]
pub(crate) struct Args {
    /// A saved plan
    #[arg(value_name = "FILE", conflicts_with_all = ["only", "replace"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Begin a new state, although this folder holds one of another name
    #[arg(long)]
    new: bool,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// How to run.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How many steps may run at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = parallelism)]
    pub(crate) parallelism: usize,
    /// How long to wait for somebody else's run, such as 5m
    #[arg(long, value_name = "DURATION", default_value = "0", hide_default_value = true, value_parser = duration::parse)]
    pub(crate) lock_timeout: Duration,
    /// How many of what is only planned during the run may be created without another approval
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) deferred_max: usize,
    /// Print the plan and the events as lines of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn parallelism(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("give a number from 1".to_string()),
    }
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Arc<Ui>) -> Result<Exit, CommandError> {
    match &args.file {
        Some(file) => saved(args, file, global, ui),
        None => {
            let session = session::stack(global, ui)?;
            let options = args.choice.options();
            execute(&session, options, &args.run, args.new, args.show, global, ui)
        }
    }
}

/// Plans and applies.
pub(crate) fn execute(
    session: &Session,
    options: Options,
    run: &RunArgs,
    new: bool,
    show: Show,
    global: &Global,
    ui: &Arc<Ui>,
) -> Result<Exit, CommandError> {
    let destroy = options.mode == Mode::Destroy;
    let verb = if destroy { "destroy" } else { "apply" };
    if !run.yes && (!ui.interactive || run.json) {
        let help = match destroy {
            true => "add --yes",
            false => "add --yes, or save a plan with `aurak plan -o FILE` and apply that",
        };
        let summary = format!("{verb} asks before it changes anything, and nobody is there to answer");
        return Err(CommandError::new("not_confirmed", summary).help(help));
    }
    let approver = Approval::new(ui, run, show);
    block_on(async {
        let cancel = approver.cancel.clone();
        interrupt::watch(cancel.clone());
        let (request, shown) = start(options, run, new, cancel, Files::default(), ui);
        let applied = aurak_run::apply(session, request, &approver).await;
        finish(applied, shown.await.ok().flatten(), &approver, global, verb).await
    })?
}

/// Applies a saved plan.
fn saved(args: &Args, file: &Path, global: &Global, ui: &Arc<Ui>) -> Result<Exit, CommandError> {
    if global.env.is_some() || !global.vars.is_empty() || !global.profiles.is_empty() {
        return Err(CommandError::new("saved_choices", "a saved plan has its own environment and inputs")
            .help("leave out --env, --var and --profile, or plan again with them"));
    }
    let mut session = session::any(global, ui)?;
    let mut approver = Approval::new(ui, &args.run, args.show);
    block_on(async {
        let saved = super::show::open_plan(&session, file).await?;
        if let Some(folder) = folder_of(&saved, &session, global, ui) {
            session = session::at(&folder, global, ui)?;
            approver.root = folder;
        }
        let elsewhere = Some(&*approver.root).filter(|root| !root.as_os_str().is_empty());
        let world = ui.world().of_plan(elsewhere, &saved.request);
        world.look(&saved.sources, &saved.request, &session.schemas);
        // This process applies one plan.
        let _ = ui.of_plan.set(world);
        approver.notice(&saved.plan);
        let files = Files::default();
        let report = PlanReport::default();
        match args.run.json {
            true => ui.print(&format!("{}\n", as_json(&saved.plan, &report, &files, None)))?,
            false => {
                // It was reviewed; a line each says which one it is.
                let style = match args.show.detail {
                    true => args.show.style(ui.out),
                    false => Show { short: true, ..args.show }.style(ui.out),
                };
                ui.print(&format!("{}\n", as_text(&saved.plan, &report, &files, None, &style)))?;
            }
        }
        let cancel = approver.cancel.clone();
        interrupt::watch(cancel.clone());
        let options = Options { mode: saved.plan.mode, ..Options::default() };
        let (request, shown) = start(options, &args.run, args.new, cancel, files, ui);
        let applied = aurak_run::apply_saved(&session, saved, request, &approver).await;
        finish(applied, shown.await.ok().flatten(), &approver, global, "apply").await
    })?
}

/// The folder that a saved plan is applied in, where it is not the current one: the one that the plan
/// was made in, unless the user stands in a stack's folder or named one.
fn folder_of(saved: &SavedPlan, session: &Session, global: &Global, ui: &Ui) -> Option<PathBuf> {
    if global.dir != Path::new(".") || Path::new(session::STACK).exists() {
        return None;
    }
    let made_in = PathBuf::from(saved.folder.as_deref()?);
    if session.folder.as_ref() == Some(&made_in) {
        return None;
    }
    if made_in.is_dir() {
        return Some(made_in);
    }
    let here = session.folder.as_deref().unwrap_or(Path::new("."));
    let made_in = made_in.display().to_string();
    ui.say(&format!(
        "note: the folder that the plan was made in, {}, is not here; relative paths start in {}\n",
        aurak_render::clean(&made_in),
        here.display()
    ));
    None
}

type Shown = tokio::task::JoinHandle<Option<Progress>>;

/// A request whose events are shown from now on.
fn start(
    options: Options,
    run: &RunArgs,
    new: bool,
    cancel: Cancel,
    files: Files,
    ui: &Arc<Ui>,
) -> (Request, Shown) {
    let (events, receiver) = unbounded_channel();
    let (ui, json) = (ui.clone(), run.json);
    let shown = tokio::spawn(async move {
        match json {
            true => {
                display::programs(ui, receiver, files).await;
                None
            }
            false => Some(display::people(ui, receiver, files).await),
        }
    });
    let limits = Limits { parallelism: run.parallelism, ..Limits::default() };
    let request = Request {
        options,
        limits,
        lock_timeout: run.lock_timeout,
        new,
        deferred_max: run.deferred_max,
        cancel,
        events,
    };
    (request, shown)
}

/// Says how it ended.
async fn finish(
    applied: Result<Applied, aurak_run::RunError>,
    progress: Option<Progress>,
    approval: &Approval,
    global: &Global,
    verb: &str,
) -> Result<Exit, CommandError> {
    let ui = &*approval.ui;
    let world = ui.world();
    let outputs = approval.outputs.load(Ordering::Relaxed).then(|| world.command("output"));
    let again = world.command(verb);
    let next = Next { again: &again, follow_up: None, outputs: outputs.as_deref() };
    let applied = match applied {
        Ok(applied) => applied,
        Err(error) => {
            // What was done before it went wrong is worth knowing.
            ui.try_print(&progress.map(|progress| progress.end(&next)).unwrap_or_default());
            return Err(failed(error));
        }
    };
    match applied {
        Applied::Nothing { report, files } => {
            if progress.is_some() {
                let mut text =
                    diagnostics::diagnostics(&world.report(&report).findings, &files, &ui.findings());
                text.push_str("nothing to do: everything is as it should be\n");
                ui.print(&text)?;
            }
            Ok(Exit::Done)
        }
        Applied::Declined if approval.cancel.is_stopping() => Ok(Exit::Interrupted),
        Applied::Declined => Ok(Exit::Error),
        Applied::Executed { end, findings, files, follow_up } => {
            // Failed steps were events already.
            let told = progress.as_ref().map_or(&[][..], Progress::failures);
            let mut findings: Vec<Diagnostic> = findings
                .into_iter()
                .filter(|finding| !told.iter().any(|one| one.summary == finding.summary))
                .collect();
            world.findings(&mut findings);
            if !findings.is_empty() {
                ui.say(&format!("\n{}", diagnostics::diagnostics(&findings, &files, &ui.err)));
            }
            let follow_up = match follow_up {
                Some(follow_up) => keep(&follow_up, global, approval, &files, progress.is_some())?,
                None => None,
            };
            if let Some(progress) = progress {
                ui.try_print(&progress.end(&Next { follow_up: follow_up.as_deref(), ..next }));
            }
            Ok(match end {
                EndResult::Done => Exit::Done,
                EndResult::Failed => Exit::Error,
                EndResult::Interrupted => Exit::Interrupted,
                EndResult::NeedsApproval => Exit::NeedsApproval,
            })
        }
    }
}

/// Writes the plan that wants another approval beside the state where it can be kept, shows it, and says
/// how to apply it.
fn keep(
    follow_up: &FollowUp,
    global: &Global,
    approval: &Approval,
    files: &Files,
    people: bool,
) -> Result<Option<String>, CommandError> {
    let FollowUp { plan, report, file, why } = follow_up;
    let (ui, world) = (&*approval.ui, approval.ui.world());
    let report = &*world.report(report);
    let folder = session::state_dir(global, &approval.root, &plan.stack, plan.environment.as_deref())?;
    let path = folder.join("follow-up.plan");
    if let Some(file) = file {
        disk::write_private(&path, file)
            .map_err(|error| CommandError::file("write the follow-up plan to", &path, &error))?;
    }
    match people {
        true => {
            let text = as_text(plan, report, files, None, &ui.out);
            ui.try_print(&format!(
                "\nmore is to be done than was approved: {}\n\n{text}",
                aurak_render::clean(why)
            ));
        }
        false => ui.try_print(&format!("{}\n", as_json(plan, report, files, None))),
    }
    Ok(file.as_ref().map(|_| world.apply(&path)))
}

/// Shows the plan and asks.
struct Approval {
    ui: Arc<Ui>,
    run: RunArgs,
    show: Show,
    began: Instant,
    cancel: Cancel,
    /// The stack's folder, empty where it is the current one.
    root: PathBuf,
    /// Whether there will be outputs to look at.
    outputs: AtomicBool,
}

impl Approval {
    fn new(ui: &Arc<Ui>, run: &RunArgs, show: Show) -> Approval {
        Approval {
            ui: ui.clone(),
            run: run.clone(),
            show,
            began: Instant::now(),
            cancel: Cancel::new(),
            root: PathBuf::new(),
            outputs: AtomicBool::new(false),
        }
    }

    /// Looks at the plan that is about to be applied.
    fn notice(&self, plan: &Plan) {
        self.outputs.store(plan.outputs.iter().any(|output| output.after.is_some()), Ordering::Relaxed);
    }
}

#[async_trait]
impl Approver for Approval {
    async fn approve(&self, plan: &Plan, report: &PlanReport, files: &Files) -> bool {
        self.notice(plan);
        let took = u64::try_from(self.began.elapsed().as_millis()).ok();
        let report = &*self.ui.world().report(report);
        if self.run.json {
            self.ui.try_print(&format!("{}\n", as_json(plan, report, files, took)));
        } else {
            let style = self.show.style(self.ui.out);
            self.ui.try_print(&format!("{}\n", as_text(plan, report, files, took, &style)));
        }
        if self.run.yes {
            return true;
        }
        let (question, wanted) = match plan.mode {
            Mode::Apply => ("apply this? (yes or no)".to_string(), "yes".to_string()),
            Mode::Destroy => {
                let stack = aurak_render::clean(&plan.stack).into_owned();
                (format!("delete all of this? Type `{stack}` to do it:"), plan.stack.to_string())
            }
        };
        let answer = tokio::select! {
            answer = ask(&self.ui, question) => answer,
            () = self.cancel.reached(Stop::Finish) => {
                self.ui.say("\n");
                Answer::Gone
            }
        };
        match answer {
            Answer::Text(text) if text == wanted => {
                self.ui.say("\n");
                true
            }
            Answer::Text(_) | Answer::Gone => {
                self.ui.say("nothing was changed\n");
                false
            }
        }
    }

    async fn unasked(&self, plan: &Plan, report: &PlanReport, files: &Files) {
        if self.run.json {
            let took = u64::try_from(self.began.elapsed().as_millis()).ok();
            let report = &*self.ui.world().report(report);
            self.ui.try_print(&format!("{}\n", as_json(plan, report, files, took)));
        }
    }

    async fn waiting_for(&self, holder: &Holder) {
        self.ui.say(&format!("waiting: {}\n", super::state::held_by(holder)));
    }

    async fn recovered(&self, findings: &[Diagnostic]) {
        if !findings.is_empty() {
            let mut findings = findings.to_vec();
            self.ui.world().findings(&mut findings);
            let text = diagnostics::diagnostics(&findings, &Files::default(), &self.ui.err);
            self.ui.say(&format!("an earlier run was cut off; what it left:\n\n{text}\n"));
        }
    }
}
