//! Where a scenario is played: a world, a store, a folder of files, and the engine's verbs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::Registry;
use aurak_core::{CoreOptions, CoreType, Supervisor};
use aurak_exec::ExecError;
use aurak_lang::MemorySources;
use aurak_model::record::EndResult;
use aurak_model::{Address, Diagnostic, Event, Files, Plan, PlanReport, StateDoc};
use aurak_render::plan::PlanView;
use aurak_render::{Style, diagnostics};
use aurak_run::{Applied, Approver, Forget, Me, PlanOutcome, Request, RunError, Session, Stores};
use aurak_sim::World;
use aurak_state::{Holder, Store, StoreError};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::clock::VirtualClock;
use super::options::Asked;
use super::script::{Item, Script, edit, words};
use super::stores::KeyedStores;
use super::watch::{Look, Ran, Watch};
use super::{events, rows, world};

/// How long a run waits for a lease: longer than one that a killed run left behind.
const LOCK_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs of `--until-done` after which something is wrong.
const MOST_RUNS: usize = 20;

/// How long somebody waits before they run again what failed.
const BETWEEN_RUNS: Duration = Duration::from_secs(60);

/// A world, a store, and what is in the stack's folder.
pub(crate) struct Stage {
    pub(super) world: World,
    pub(super) stores: Arc<KeyedStores>,
    pub(super) sources: MemorySources,
    saved: BTreeMap<String, Vec<u8>>,
    /// What saved plans were asked for with.
    choices: BTreeMap<String, Asked>,
    /// Looks for harm after every run, where the script says so.
    pub(super) watch: Option<Watch>,
    clock: Arc<VirtualClock>,
    /// Where files are, if there are any.
    pub(super) folder: Option<Arc<TempDir>>,
    /// How much of the world's log was shown.
    logged: usize,
    /// The last word was said.
    pub(super) ended: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There was nothing to do.
    Nothing,
    /// It did something, and ended like this.
    Executed(EndResult),
    /// It did not begin.
    Refused,
    /// It was killed.
    Killed,
    /// It met a mistake of aurak itself.
    Broken,
}

impl Ended {
    /// Whether nothing is left to do.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, Ended::Nothing | Ended::Executed(EndResult::Done))
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Ended::Nothing => "nothing",
            Ended::Executed(end) => events::word(end),
            Ended::Refused => "refused",
            Ended::Killed => "killed",
            Ended::Broken => "broken",
        }
    }
}

/// What came out of a script, written into it, and what should not have.
pub struct Played {
    /// The script with its output.
    pub script: Script,
    /// What is wrong, whatever the output says.
    pub problems: Vec<String>,
}

/// Plays a script in a runtime of its own, so that virtual time begins anew.
pub fn play(script: &Script) -> std::io::Result<Played> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    Ok(runtime.block_on(play_on(script)))
}

/// Plays a script until something is wrong: the first problem, and how often each end was met.
pub(crate) fn first_problem(script: &Script) -> std::io::Result<(Option<String>, BTreeMap<String, u64>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let found = runtime.block_on(async {
        let mut stage = Stage::new();
        let mut problem = None;
        for item in &script.items {
            let result = match item {
                Item::Text(_) => Ok(()),
                Item::File { line: _, path, text } => {
                    stage.sources.files.insert(path.clone(), text.clone().into_bytes());
                    Ok(())
                }
                Item::Edit { line: _, path, lines } => stage.edit(path, lines),
                Item::Command { line: _, text, output: _ } => {
                    stage.command(text).await.map(drop).map_err(|why| format!("{text}: {why}"))
                }
            };
            if let Err(why) = result {
                problem = Some(why);
                break;
            }
        }
        (problem, stage.watch.map(|watch| watch.met).unwrap_or_default())
    });
    // A run that was killed may have left a thread with the disk.
    runtime.shutdown_background();
    Ok(found)
}

async fn play_on(script: &Script) -> Played {
    let mut stage = Stage::new();
    let mut script = script.clone();
    let mut problems = Vec::new();
    for item in &mut script.items {
        let (line, result) = match item {
            Item::Text(_) => continue,
            Item::File { line, path, text } => {
                stage.sources.files.insert(path.clone(), text.clone().into_bytes());
                (*line, Ok(()))
            }
            Item::Edit { line, path, lines } => (*line, stage.edit(path, lines)),
            Item::Command { line, text, output } => {
                let (shown, result) = match stage.command(text).await {
                    Ok(shown) => (shown, Ok(())),
                    Err(why) => (format!("! {why}\n"), Err(why)),
                };
                *output = shown;
                (*line, result)
            }
        };
        if let Err(why) = result {
            problems.push(format!("line {line}: {why}"));
        }
    }
    if !stage.ended {
        problems.push("it does not end: `$ end clean`, or `$ end failed WHY`".to_string());
    }
    Played { script, problems }
}

impl Stage {
    fn new() -> Stage {
        let clock = Arc::new(VirtualClock::new());
        Stage {
            world: World::new(1),
            stores: Arc::new(KeyedStores::new(clock.clone())),
            sources: MemorySources::default(),
            saved: BTreeMap::new(),
            choices: BTreeMap::new(),
            watch: None,
            clock,
            folder: None,
            logged: 0,
            ended: false,
        }
    }

    fn edit(&mut self, path: &str, lines: &[(char, String)]) -> Result<(), String> {
        let old = self.sources.files.get(path).cloned().unwrap_or_default();
        let new = edit(&String::from_utf8_lossy(&old), lines).map_err(|why| format!("{path}: {why}"))?;
        self.sources.files.insert(path.to_string(), new.into_bytes());
        Ok(())
    }

    async fn command(&mut self, text: &str) -> Result<String, String> {
        if self.ended {
            return Err("nothing comes after the end".to_string());
        }
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        match verb {
            "world" => return world::command(&self.world, rest),
            // What is not there any more cannot be changed, and that is no mistake of the script.
            "world?" => return Ok(world::command(&self.world, rest).unwrap_or_default()),
            "watch" => {
                self.watch = Some(Watch::default());
                self.folder = Some(Arc::new(TempDir::new().map_err(|e| e.to_string())?));
                return Ok(String::new());
            }
            "disk" => return self.stores.on_disk().map(|()| String::new()).map_err(|e| e.to_string()),
            _ => {}
        }
        let mut asked = Asked::parse(&words(rest)?)?;
        match verb {
            "settle" => self.settle(&asked).await,
            "plan" => Ok(self.plan(&asked).await),
            "apply" => {
                asked.saved = asked.words.first().cloned();
                self.apply(&asked).await
            }
            "destroy" => {
                asked.destroy = true;
                self.apply(&asked).await
            }
            "rows" => Ok(rows::draw(&self.document(&asked).await?)),
            "log" => Ok(self.log(&asked.words, asked.quiet)),
            "forget" => Ok(self.forget(&asked).await),
            "rm" => {
                asked.words.iter().for_each(|path| drop(self.sources.files.remove(path)));
                Ok(String::new())
            }
            "end" => self.end(&asked).await,
            _ => Err(format!("`{verb}` is no command")),
        }
    }

    pub(super) fn session(&self, asked: &Asked) -> Session {
        let folder = self.folder.as_ref().map_or("nowhere".into(), |folder| folder.path().to_path_buf());
        let registry = Arc::new(registry_in(&self.world, folder));
        let schemas = Arc::new(registry.schemas());
        let sources = if asked.without_sources { MemorySources::default() } else { self.sources.clone() };
        Session {
            folder: None,
            sources: Arc::new(sources),
            request: asked.request.clone(),
            registry,
            schemas,
            stores: self.stores.clone(),
            clock: self.clock.clone(),
            me: Me {
                who: "me@here".to_string(),
                host: "here".to_string(),
                pid: 1,
                commit: Arc::new(|| None),
            },
        }
    }

    async fn plan(&mut self, asked: &Asked) -> String {
        let session = self.session(asked);
        let outcome = match aurak_run::plan(&session, asked.options()).await {
            Ok(outcome) => outcome,
            Err(error) => return failure(&error),
        };
        let mut text = shown(&outcome.plan, &outcome.report, &outcome.files);
        if asked.rounds {
            text.push_str(&format!("rounds of questions: {}\n", outcome.report.rounds));
        }
        if let Some(name) = &asked.save {
            match self.save(&session, &outcome).await {
                Ok(bytes) => {
                    self.saved.insert(name.clone(), bytes);
                    self.choices.insert(name.clone(), asked.clone());
                }
                Err(error) => text.push_str(&failure(&error)),
            }
        }
        text
    }

    /// `state rm`.
    async fn forget(&mut self, asked: &Asked) -> String {
        match asked.words.first().map(|word| Address::parse(word)) {
            Some(Ok(address)) => {
                let before = Look::at(self, asked).await;
                let what = if asked.attempt { Forget::Attempts } else { Forget::All };
                let text = self.forget_address(asked, &address, what).await;
                if let Ok(before) = before
                    && text.starts_with("row: ")
                {
                    self.let_go(&before, &address, what);
                }
                text
            }
            _ => "! forget what?\n".to_string(),
        }
    }

    pub(super) async fn forget_address(&self, asked: &Asked, address: &Address, what: Forget) -> String {
        let session = self.session(asked);
        let stores = self.stores.list().await.unwrap_or_default();
        let Some(identity) = stores.first() else { return "! there is no state\n".to_string() };
        match aurak_run::forget(&session, identity, address, what).await {
            Ok(aurak_run::Forgotten { row, attempts }) => format!("row: {row}, attempts: {attempts}\n"),
            Err(error) => failure(&error),
        }
    }

    async fn save(&self, session: &Session, outcome: &PlanOutcome) -> Result<Vec<u8>, RunError> {
        let state = |source| RunError::State { doing: "find the key", source };
        let key = match self.stores.key(&outcome.identity).await.map_err(state)? {
            Some(key) => key,
            None => self.stores.make_key(&outcome.identity).await.map_err(state)?,
        };
        aurak_run::save(session, outcome, &key)
    }

    async fn apply(&mut self, asked: &Asked) -> Result<String, String> {
        for _ in 0..MOST_RUNS {
            let (text, ran) = self.apply_once(asked).await?;
            if ran.ended.is_done() || !asked.until_done {
                return Ok(text);
            }
            tokio::time::sleep(BETWEEN_RUNS).await;
        }
        Ok(format!("! not done after {MOST_RUNS} runs\n"))
    }

    /// One run, and what it may have done wrong.
    pub(super) async fn apply_once(&mut self, asked: &Asked) -> Result<(String, Ran), String> {
        let before = match &self.watch {
            Some(_) => Some(Look::at(self, asked).await?),
            None => None,
        };
        let (text, ended) = self.run(asked).await;
        let choices = asked.saved.as_ref().and_then(|name| self.choices.get(name)).unwrap_or(asked);
        let ran = Ran {
            ended,
            destroy: choices.destroy,
            only: choices.only.clone(),
            saved: asked.saved.is_some(),
            request: choices.request.clone(),
            alone: asked.beside.is_none() && asked.stolen_after.is_none(),
        };
        if let Some(before) = before {
            self.judge(&before, &ran, &text).await?;
        }
        Ok((text, ran))
    }

    async fn run(&mut self, asked: &Asked) -> (String, Ended) {
        if asked.held_for.is_some() || asked.stolen_after.is_some() {
            self.others(asked).await;
        }
        let Some(after) = asked.beside else { return self.run_alone(asked).await };
        // Two at once: the second waits for the first, or takes its lease over when it is killed.
        let second = Asked { kill_after: None, kill_at: None, beside: None, ..asked.clone() };
        let (first, second) = tokio::join!(self.execute(asked), async {
            tokio::time::sleep(after).await;
            self.execute(&second).await
        });
        for name in [first.2, second.2].into_iter().flatten() {
            self.saved.insert("follow-up".to_string(), name);
        }
        // A mistake of the first is one too.
        let ended = if first.1 == Ended::Broken { first.1 } else { second.1 };
        (format!("{}---\n{}", first.0, second.0), ended)
    }

    async fn run_alone(&mut self, asked: &Asked) -> (String, Ended) {
        let (text, ended, follow_up) = self.execute(asked).await;
        if let Some(file) = follow_up {
            self.saved.insert("follow-up".to_string(), file);
            self.choices.insert("follow-up".to_string(), asked.clone());
        }
        (text, ended)
    }

    /// Somebody else has the lease, or takes it away in the middle.
    async fn others(&self, asked: &Asked) {
        let Ok(Some(store)) = self.store(asked).await else { return };
        if let Some(time) = asked.held_for {
            let _ = store.acquire(Holder::new("other@there", 2, "there", None), time).await;
        }
        if let Some(after) = asked.stolen_after {
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                let _ = store.break_lease().await;
            });
        }
    }

    async fn execute(&self, asked: &Asked) -> (String, Ended, Option<Vec<u8>>) {
        let session = self.session(asked);
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let cancel = aurak_exec::Cancel::new();
        let stops: Vec<_> = asked
            .stop_after
            .iter()
            .map(|after| {
                let (cancel, after) = (cancel.clone(), *after);
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    cancel.stop();
                })
            })
            .collect();
        let request = Request {
            options: asked.options(),
            // Long operations are looked at in other tests; here they would fill the page.
            limits: aurak_exec::Limits { stalled_after: Duration::from_secs(86_400), ..Default::default() },
            lock_timeout: if asked.no_wait { Duration::ZERO } else { LOCK_TIMEOUT },
            new: asked.new,
            deferred_max: asked.deferred_max.unwrap_or(100),
            cancel,
            events: sender,
        };
        let reviewer = Reviewer { refuses: asked.refused, ..Reviewer::default() };
        let run = async {
            match &asked.saved {
                None => aurak_run::apply(&session, request, &reviewer).await,
                Some(name) => {
                    let saved = self.open_saved(name).await?;
                    aurak_run::apply_saved(&session, saved, request, &reviewer).await
                }
            }
        };
        let after = asked.kill_after.unwrap_or(Duration::from_secs(1_000_000));
        if asked.kill_at.is_some() {
            self.stores.death.at(asked.kill_at);
        }
        let result = tokio::select! {
            result = tokio::time::timeout(after, run) => result.ok(),
            () = self.stores.death.now.notified(), if asked.kill_at.is_some() => None,
        };
        if asked.kill_at.is_some() {
            self.stores.death.at(None);
        }
        stops.iter().for_each(|stop| stop.abort());
        let mut seen: Vec<Event> = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            seen.push(event);
        }
        let quiet = asked.quiet || asked.until_done;
        let mut text = reviewer.said();
        if !quiet {
            text.push_str(&events::draw(&seen));
        }
        let mut file = None;
        let ended = match result {
            None => {
                text.push_str("killed\n");
                Ended::Killed
            }
            Some(Err(error)) => {
                text.push_str(&failure(&error));
                match &error {
                    RunError::Execution { source } => match **source {
                        ExecError::LeaseLost(_) => Ended::Executed(EndResult::Interrupted),
                        ExecError::Store(ref error) if matches!(**error, StoreError::LeaseLost { .. }) => {
                            Ended::Executed(EndResult::Interrupted)
                        }
                        // No store fails here.
                        ExecError::BadPlan(_) | ExecError::Stuck { .. } | ExecError::Store(_) => {
                            Ended::Broken
                        }
                    },
                    RunError::State { source: StoreError::LeaseLost { .. }, .. } => {
                        Ended::Executed(EndResult::Interrupted)
                    }
                    RunError::Endless { .. } => Ended::Broken,
                    _ => Ended::Refused,
                }
            }
            Some(Ok(Applied::Nothing { report, files })) => {
                text.push_str(&findings(&report.findings, &files));
                text.push_str("nothing to do\n");
                Ended::Nothing
            }
            Some(Ok(Applied::Declined)) => {
                text.push_str("declined\n");
                Ended::Refused
            }
            Some(Ok(Applied::Executed { end, findings: found, files, follow_up })) => {
                text.push_str(&findings(&found, &files));
                if let Some(follow_up) = follow_up {
                    text.push_str(&format!("needs another approval: {}\n", follow_up.why));
                    text.push_str(&shown(&follow_up.plan, &follow_up.report, &files));
                    file = follow_up.file;
                }
                if quiet {
                    text.push_str(&format!("{}\n", events::word(end)));
                }
                Ended::Executed(end)
            }
        };
        (text, ended, file)
    }

    async fn open_saved(&self, name: &str) -> Result<aurak_run::SavedPlan, RunError> {
        let bytes = self.saved.get(name).cloned().unwrap_or_default();
        let (identity, _) = aurak_run::file::peek(&bytes)?;
        let state = |source| RunError::State { doing: "find the key", source };
        match self.stores.key(&identity).await.map_err(state)? {
            Some(key) => Ok(aurak_run::file::read(&bytes, &key)?),
            None => Err(RunError::NoState { stack: identity.stack.to_string(), environment: None }),
        }
    }

    /// The store that the configuration means, where it is there.
    pub(super) async fn store(&self, asked: &Asked) -> Result<Option<Arc<dyn Store>>, String> {
        let loaded = match aurak_run::load(&self.session(asked)).await {
            Ok(loaded) => loaded,
            Err(error) => return Err(failure(&error)),
        };
        let environment = loaded.program.environment.as_deref();
        Ok(self.stores.get(&loaded.stack, environment))
    }

    pub(super) async fn document(&self, asked: &Asked) -> Result<StateDoc, String> {
        match self.store(asked).await? {
            Some(store) => store.document().await.map_err(|e| e.to_string()),
            None => Ok(StateDoc::default()),
        }
    }

    /// What the service saw since the last look: what asked for a change, or (`all`) everything,
    /// counted.
    fn log(&mut self, words: &[String], quiet: bool) -> String {
        let log = self.world.log();
        let new = log.get(self.logged..).unwrap_or_default();
        self.logged = log.len();
        if quiet {
            return String::new();
        }
        let line = |entry: &aurak_sim::Entry| {
            let place =
                if &*entry.world == aurak_sim::MAIN { String::new() } else { format!(" in {}", entry.world) };
            format!("{} {} {}{place}", entry.op.word(), entry.type_name, entry.what)
        };
        let mut text = String::new();
        if words.iter().any(|word| word == "all") {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            new.iter().for_each(|entry| *counts.entry(line(entry)).or_default() += 1);
            counts.iter().for_each(|(line, count)| text.push_str(&format!("{count} x {line}\n")));
        } else {
            let writes = new.iter().filter(|entry| entry.op.writes());
            writes.for_each(|entry| text.push_str(&format!("{}: {}\n", line(entry), entry.result)));
        }
        if text.is_empty() { "nothing\n".to_string() } else { text }
    }

    /// The end: the state is sound, and unless the script says otherwise nothing is left to do.
    async fn end(&mut self, asked: &Asked) -> Result<String, String> {
        self.ended = true;
        let mut text = String::new();
        let mut problems = Vec::new();
        let how = asked.words.first().map_or("", String::as_str);
        let has = |word: &str| asked.words.iter().skip(1).any(|other| other == word);
        if how != "clean" && !(matches!(how, "failed" | "unclean") && asked.words.len() > 1) {
            return Err("it ends `clean`, or `failed WHY`, or `unclean WHY`".to_string());
        }
        let clean = how == "clean";
        // What is wrong with the configuration was shown where it was planned.
        let store = self.store(asked).await.unwrap_or_default();
        let doc = match &store {
            Some(store) => {
                for finding in store.check().await.map_err(|e| e.to_string())? {
                    match clean {
                        true => problems.push(format!("state check: {finding}")),
                        false => text.push_str(&format!("state check: {finding}\n")),
                    }
                }
                store.document().await.map_err(|e| e.to_string())?
            }
            None => StateDoc::default(),
        };
        if clean {
            if !doc.pending.is_empty() {
                problems.push("something is left unanswered".to_string());
            }
            if has("destroyed") {
                if !doc.rows.is_empty() {
                    problems.push("rows are left".to_string());
                }
            } else {
                match aurak_run::plan(&self.session(asked), asked.options()).await {
                    Ok(outcome) if outcome.plan.changes.is_empty() && outcome.plan.is_empty() => {}
                    Ok(outcome) => {
                        problems.push("the next plan is not empty".to_string());
                        text.push_str(&shown(&outcome.plan, &outcome.report, &outcome.files));
                    }
                    Err(error) => {
                        problems.push("it cannot be planned again".to_string());
                        text.push_str(&failure(&error));
                    }
                }
            }
        }
        for fault in self.world.faults_left() {
            problems.push(format!("a fault never happened: {fault:?}"));
        }
        if has("brief") {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            let objects = self.world.objects();
            objects.iter().for_each(|object| *counts.entry(object.type_name.to_string()).or_default() += 1);
            counts.iter().for_each(|(name, count)| text.push_str(&format!("{count} x {name}\n")));
            text.push_str(&format!("{} rows\n", doc.rows.len()));
        } else {
            text.push_str(&self.world.draw());
            text.push_str("---\n");
            text.push_str(&rows::draw(&doc));
        }
        problems.iter().for_each(|problem| text.push_str(&format!("! {problem}\n")));
        match problems.is_empty() {
            true => Ok(text),
            false => Err(format!("{}\n{text}", problems.join("; "))),
        }
    }
}

/// The providers of a world, and `core`. Nothing of it that needs a folder or a process is used.
pub(crate) fn registry(world: &World) -> Registry {
    registry_in(world, "nowhere".into())
}

fn registry_in(world: &World, folder: PathBuf) -> Registry {
    world
        .registry()
        .with(Arc::new(CoreType::new(CoreOptions { folder, supervisor: Supervisor::this_program() })))
}

fn style() -> Style {
    Style { width: 100, ..Style::plain() }
}

pub(super) fn shown(plan: &Plan, report: &PlanReport, files: &Files) -> String {
    let text = aurak_render::plan::plan(&PlanView { plan, report, files, took_ms: None }, &style());
    // The first line names the stack; a script has only one.
    text.trim_matches('\n').to_string() + "\n"
}

fn findings(findings: &[Diagnostic], files: &Files) -> String {
    if findings.is_empty() {
        return String::new();
    }
    diagnostics::diagnostics(findings, files, &style()).trim_matches('\n').to_string() + "\n"
}

pub(crate) fn failure(error: &RunError) -> String {
    if let RunError::Findings { findings: found, files } = error {
        return findings(found, files);
    }
    let mut text = format!("error: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    if let Some(help) = error.help() {
        text.push_str(&format!("\n  help: {help}"));
    }
    text.push('\n');
    text
}

/// Agrees to everything, or to nothing, and notes what it is told.
#[derive(Default)]
pub(crate) struct Reviewer {
    refuses: bool,
    told: Mutex<String>,
}

impl Reviewer {
    fn note(&self, line: &str) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push_str(line);
    }

    fn said(&self) -> String {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Approver for Reviewer {
    async fn approve(&self, _: &Plan, report: &PlanReport, files: &Files) -> bool {
        self.note(&findings(&report.findings, files));
        !self.refuses
    }

    async fn waiting_for(&self, holder: &Holder) {
        let _ = holder;
        self.note("waiting for the lease\n");
    }

    async fn recovered(&self, found: &[Diagnostic]) {
        self.note("brought in order what was interrupted\n");
        self.note(&findings(found, &Files::default()));
    }
}
