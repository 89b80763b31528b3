//! Where stacks meet the real engine: a simulated world, a state in memory, and a script of all that
//! was done there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use aurak_exec::{Cancel, Limits};
use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::record::EndResult;
use aurak_model::{Event, Report, StateDoc, StepEnd};
use aurak_plan::Options;
use aurak_run::{Applied, Me, PlanOutcome, Request, RunError, SavedPlan, Session, Stores as _};
use aurak_sim::World;
use aurak_state::Store;
use tokio::sync::mpsc;

use super::stack::Stack;
use crate::scenario::{KeyedStores, Reviewer, VirtualClock, failure, registry, world};

/// A place to plan and apply stacks in. To be used in a runtime with a paused clock.
pub struct Lab {
    /// The world.
    pub world: World,
    /// What the engine is started with. Its sources are those of the last [`Lab::set`].
    pub session: Session,
    /// How much runs at once, and the like.
    pub limits: Limits,
    stores: Arc<KeyedStores>,
    script: String,
}

/// How an apply ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Everything was done, or there was nothing to do.
    Done,
    /// It ended in another way; these are the steps that failed and why.
    Otherwise(EndResult, Vec<String>),
    /// It did not begin, for this reason: the codes of the findings, and the text.
    Refused(Vec<String>, String),
}

impl Lab {
    /// An empty world and no state.
    pub fn new(seed: u64) -> Lab {
        let clock = Arc::new(VirtualClock::new());
        let world = World::new(seed);
        let registry = Arc::new(registry(&world));
        let stores = Arc::new(KeyedStores::new(clock.clone()));
        let session = Session {
            folder: None,
            sources: Arc::new(MemorySources::default()),
            request: LoadRequest::default(),
            schemas: Arc::new(registry.schemas()),
            registry,
            stores: stores.clone(),
            clock,
            me: Me {
                who: "me@here".to_string(),
                host: "here".to_string(),
                pid: 1,
                commit: Arc::new(|| None),
            },
        };
        Lab { world, session, limits: Limits::default(), stores, script: String::new() }
    }

    /// A runtime with a paused clock, as it is needed here.
    pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()
    }

    /// From here on the folder holds this stack.
    pub fn set(&mut self, stack: &Stack) {
        self.files(stack.files());
    }

    /// The same with the files themselves.
    pub fn files(&mut self, files: BTreeMap<String, String>) {
        for (path, text) in &files {
            let _ = write!(self.script, "--- {path}\n{text}---\n");
        }
        self.session.sources = Arc::new(sources(files));
    }

    /// Does something to the world, in the words of scenarios, and says whether that was possible.
    pub fn world_command(&mut self, command: &str) -> bool {
        let done = world::command(&self.world, command).is_ok();
        if done {
            self.note(&format!("$ world {command}"));
        }
        done
    }

    /// Adds a line to the script.
    pub fn note(&mut self, line: &str) {
        self.script.push_str(line);
        self.script.push('\n');
    }

    /// Everything that was done, as a scenario that wants an end.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// Plans.
    pub async fn plan(&self, options: Options) -> Result<PlanOutcome, RunError> {
        aurak_run::plan(&self.session, options).await
    }

    /// The same with other sources, such as the same stack in another order.
    pub async fn plan_of(&self, files: BTreeMap<String, String>) -> Result<PlanOutcome, RunError> {
        let session = Session { sources: Arc::new(sources(files)), ..self.session.clone() };
        aurak_run::plan(&session, Options::default()).await
    }

    /// What a plan is once it was saved and read again.
    pub async fn saved(&self, outcome: &PlanOutcome) -> Result<SavedPlan, String> {
        let key = match self.stores.key(&outcome.identity).await.map_err(|error| error.to_string())? {
            Some(key) => key,
            None => self.stores.make_key(&outcome.identity).await.map_err(|error| error.to_string())?,
        };
        let bytes = aurak_run::save(&self.session, outcome, &key).map_err(|error| failure(&error))?;
        aurak_run::file::read(&bytes, &key).map_err(|error| error.to_string())
    }

    /// Saves a plan and applies it.
    pub async fn apply_saved(&mut self, outcome: &PlanOutcome) -> Ended {
        self.note("$ plan -o saved\n$ apply saved");
        let saved = match self.saved(outcome).await {
            Ok(saved) => saved,
            Err(why) => return Ended::Refused(Vec::new(), why),
        };
        let (events, receiver) = mpsc::unbounded_channel();
        let request = self.request(Options::default(), events);
        let result = aurak_run::apply_saved(&self.session, saved, request, &Reviewer::default()).await;
        ended(result, receiver)
    }

    /// An error as people see it.
    pub fn tell(&self, error: &RunError) -> String {
        failure(error)
    }

    /// Plans and applies.
    pub async fn apply(&mut self) -> Ended {
        self.note("$ apply");
        self.run(Options::default()).await
    }

    /// Destroys everything.
    pub async fn destroy(&mut self) -> Ended {
        self.note("$ destroy");
        self.run(Options { mode: aurak_model::plan::Mode::Destroy, ..Options::default() }).await
    }

    /// Applies or destroys, as these say.
    pub async fn run(&mut self, options: Options) -> Ended {
        let (events, receiver) = mpsc::unbounded_channel();
        let result =
            aurak_run::apply(&self.session, self.request(options, events), &Reviewer::default()).await;
        ended(result, receiver)
    }

    fn request(&self, options: Options, events: mpsc::UnboundedSender<Event>) -> Request {
        Request {
            options,
            limits: self.limits.clone(),
            lock_timeout: Duration::from_secs(120),
            new: false,
            deferred_max: 100,
            cancel: Cancel::new(),
            events,
        }
    }

    /// The store, where there is one.
    pub fn store(&self) -> Option<Arc<dyn Store>> {
        self.stores.get("demo", None).map(|store| store as Arc<dyn Store>)
    }

    /// The state.
    pub async fn document(&self) -> StateDoc {
        match self.store() {
            Some(store) => store.document().await.unwrap_or_default(),
            None => StateDoc::default(),
        }
    }
}

fn ended(result: Result<Applied, RunError>, mut receiver: mpsc::UnboundedReceiver<Event>) -> Ended {
    match result {
        Ok(Applied::Nothing { .. } | Applied::Executed { end: EndResult::Done, .. }) => Ended::Done,
        Ok(Applied::Declined) => Ended::Otherwise(EndResult::Failed, Vec::new()),
        Ok(Applied::Executed { end, .. }) => {
            let mut failed = Vec::new();
            while let Ok(event) = receiver.try_recv() {
                failed.extend(failure_of(&event));
            }
            Ended::Otherwise(end, failed)
        }
        Err(error) => Ended::Refused(codes(&error), failure(&error)),
    }
}

/// The codes of what was found.
pub(crate) fn codes(error: &RunError) -> Vec<String> {
    match error {
        RunError::Findings { findings, .. } => findings
            .iter()
            .filter(|finding| finding.is_error())
            .map(|finding| finding.code.to_string())
            .collect(),
        _ => Vec::new(),
    }
}

fn failure_of(event: &Event) -> Option<String> {
    match &event.report {
        Report::StepFinished { end: StepEnd::Failed(diagnostic), .. } => Some(diagnostic.to_string()),
        _ => None,
    }
}

pub(super) fn sources(files: BTreeMap<String, String>) -> MemorySources {
    let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    MemorySources { files, ..MemorySources::default() }
}
