//! From sources to a plan: load, name, open the state for reading, read reality, and plan in rounds
//! until no question is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aurak_lang::{MemorySources, Recording, Sources as _};
use aurak_model::record::{CallKind, Pending};
use aurak_model::{
    Address, Ask, Diagnostic, Files, Name, Plan, PlanReport, Program, Refreshed, Severity, Snapshot, StateDoc,
};
use aurak_plan::{Options, PlanInput, Planned, Unnamed};
use aurak_state::{Holder, Identity, Key};
use futures::future::join;

use crate::asks::answer;
use crate::error::{RunError, state};
use crate::pool::ProviderPool;
use crate::prefetch::{Limits, Prefetched, prefetch};
use crate::session::Session;
use crate::upgrade::upgraded;

/// Rounds of questions after which something is wrong; real stacks need a handful.
const MOST_ROUNDS: u32 = 50;

/// A checked configuration and its name.
#[derive(Clone)]
pub struct Loaded {
    /// The configuration.
    pub program: Arc<Program>,
    /// The stack's name.
    pub stack: Name,
    /// Warnings and notes.
    pub findings: Vec<Diagnostic>,
    /// Everything that was read for it.
    pub sources: MemorySources,
}

/// A plan and all that belongs to it.
pub struct PlanOutcome {
    /// The plan.
    pub plan: Plan,
    /// Findings and figures.
    pub report: PlanReport,
    /// The texts that findings point into.
    pub files: Files,
    /// The store that it is for.
    pub identity: Identity,
    /// Whether that store is there already.
    pub exists: bool,
    /// The state that it was made from.
    pub previous: Arc<StateDoc>,
    /// Everything that was read for it.
    pub sources: MemorySources,
    /// The configuration.
    pub program: Arc<Program>,
    /// What is deferred and could not be planned from a saved plan, which has no sources: said where
    /// the plan is saved.
    pub not_carried: Vec<Diagnostic>,
    pub(crate) snapshot: Arc<Snapshot>,
    /// What it was restricted to.
    pub(crate) only: Vec<String>,
    /// What was to be replaced.
    pub(crate) replace: Vec<Address>,
}

/// Reads and checks the configuration and works out its name.
pub async fn load(session: &Session) -> Result<Loaded, RunError> {
    let recording = Recording::new(&*session.sources);
    let loaded = aurak_lang::load(&recording, &session.request, &session.schemas);
    let mut findings = loaded.diagnostics;
    let program = Arc::new(loaded.program);
    if findings.iter().any(Diagnostic::is_error) {
        explain_environment(session, &program, &mut findings).await;
        return Err(RunError::Findings { findings, files: Box::new(program.files.clone()) });
    }
    findings.extend(left_environments(session, &program).await);
    let mut snapshot = Arc::new(Snapshot::default());
    let previous = Arc::new(StateDoc::default());
    let pool = ProviderPool::new(session.registry.clone());
    for _ in 0..MOST_ROUNDS {
        let named = aurak_plan::validate(PlanInput {
            program: program.clone(),
            previous: previous.clone(),
            snapshot: snapshot.clone(),
            schemas: session.schemas.clone(),
            options: Options::default(),
        });
        if !named.asks.is_empty() {
            let answers = answer(&named.asks, &recording, &pool).await;
            Arc::make_mut(&mut snapshot).answers.extend(answers);
            continue;
        }
        findings.extend(named.findings);
        let files = Box::new(program.files.clone());
        if findings.iter().any(Diagnostic::is_error) {
            return Err(RunError::Findings { findings, files });
        }
        let Some(stack) = named.name else {
            findings.push(
                Diagnostic::error("name", "the stack has no name")
                    .help("add `name: ...` at the top of aurak.yaml"),
            );
            return Err(RunError::Findings { findings, files });
        };
        return Ok(Loaded { program, stack, findings, sources: recording.memory() });
    }
    Err(RunError::Endless { rounds: MOST_ROUNDS })
}

/// An environment that the stack does not have, while a state of it is there: says what it holds, and
/// the way out.
async fn explain_environment(session: &Session, program: &Program, findings: &mut [Diagnostic]) {
    let Some(wanted) = session.request.environment.as_deref() else { return };
    if program.environments.iter().any(|name| **name == *wanted) {
        return;
    }
    let Some(finding) = findings.iter_mut().find(|finding| finding.code == "environment") else { return };
    let found = session.stores.list().await.unwrap_or_default();
    let Some(identity) = found.into_iter().find(|i| i.environment.as_deref() == Some(wanted)) else {
        return;
    };
    finding.detail = Some(match resources_in(session, &identity).await {
        Some(1) => "a state of it is there, with 1 resource".to_string(),
        Some(n) => format!("a state of it is there, with {n} resources"),
        None => "a state of it is there".to_string(),
    });
    finding.help = Some(way_out(wanted));
}

/// How many resources a state has, those that a run was cut off at among them, where it can be read.
async fn resources_in(session: &Session, identity: &Identity) -> Option<usize> {
    let key = session.stores.key(identity).await.ok()?;
    let store = session.stores.open(identity, key, false).await.ok()?;
    let document = store.document().await.ok()?;
    let begun = document.pending.iter().map(|pending| &pending.intent.address);
    Some(document.rows.keys().chain(begun).collect::<BTreeSet<_>>().len())
}

/// States of environments that the stack does not have, or not in this branch: nobody would plan
/// these from here.
async fn left_environments(session: &Session, program: &Program) -> Vec<Diagnostic> {
    // Where states cannot be listed, what needs one says so.
    let found = session.stores.list().await.unwrap_or_default();
    let mut left: Vec<Name> = Vec::new();
    for identity in found {
        let Some(name) = identity.environment.clone() else { continue };
        // Of one whose last resource was deleted, nothing is left to say.
        if !program.environments.contains(&name) && resources_in(session, &identity).await != Some(0) {
            left.push(name);
        }
    }
    left.sort();
    left.dedup();
    left.iter()
        .map(|name| {
            let summary = format!(
                "a state of the environment `{name}` is there, which this configuration does not have"
            );
            Diagnostic::warning("left_environment", summary).help(way_out(name))
        })
        .collect()
}

fn way_out(environment: &str) -> String {
    format!(
        "to delete what it holds, put `{environment}: {{}}` under `environments`, then `aurak destroy --env {environment}`"
    )
}

/// Plans: reads only, takes no lease.
pub async fn plan(session: &Session, options: Options) -> Result<PlanOutcome, RunError> {
    // The reading goes on in a thread of its own while the configuration is checked in this one.
    let (ahead, loaded) = join(read_ahead(session), load(session)).await;
    let loaded = loaded?;
    let environment = loaded.program.environment.clone();
    let found = session.stores.find(&loaded.stack, environment.as_deref()).await?;
    let (identity, exists, previous) = match (found, ahead) {
        (Some(identity), Some((read, previous))) if read == identity => (identity, true, previous),
        (Some(identity), _) => {
            let previous = read_state(session, &identity).await?;
            (identity, true, previous)
        }
        (None, _) => {
            let identity =
                Identity::new(loaded.stack.clone(), environment).map_err(state("name a new state"))?;
            let previous = empty(&identity);
            (identity, false, previous)
        }
    };
    let others = match exists {
        true => Vec::new(),
        false => other_names(session, &identity.stack, identity.environment.as_deref()).await?,
    };
    let pool = ProviderPool::new(session.registry.clone());
    let previous = Arc::new(previous);
    let mut more: Vec<Diagnostic> = match at_work(session, &identity, exists).await {
        Some(holder) => vec![in_motion(&holder, &previous)],
        None => cut_off(&previous).collect(),
    };
    if !others.is_empty() {
        let error = RunError::OtherName { stack: identity.stack.to_string(), others };
        let warning = Diagnostic::error("other_name", error.to_string());
        let warning = Diagnostic { severity: Severity::Warning, ..warning };
        more.push(warning.help(error.help().unwrap_or_default()));
    }
    // Where the plan has errors, these may be why.
    match plan_from(session, &pool, loaded, identity, exists, previous, options).await {
        Ok(mut outcome) => {
            outcome.report.findings.extend(more);
            Ok(outcome)
        }
        Err(RunError::Findings { mut findings, files }) => {
            findings.extend(more);
            Err(RunError::Findings { findings, files })
        }
        Err(error) => Err(error),
    }
}

/// The key of a state, which must be here where anything is sealed with it: without it a sealed value
/// looks changed, and a run would end in the middle.
pub(crate) async fn needed_key(session: &Session, identity: &Identity) -> Result<Option<Arc<Key>>, RunError> {
    let key = session.stores.key(identity).await.map_err(state("find the stack's key"))?;
    match (&key, &identity.key_id) {
        (None, Some(key_id)) => {
            Err(RunError::KeyMissing { key_id: key_id.to_string(), file: session.stores.key_file(identity) })
        }
        _ => Ok(key),
    }
}

/// The states that this folder holds under other names.
pub(crate) async fn other_names(
    session: &Session,
    stack: &str,
    environment: Option<&str>,
) -> Result<Vec<String>, RunError> {
    let found = session.stores.list().await.map_err(state("list the states"))?;
    Ok(found
        .into_iter()
        .filter(|other| other.environment.as_deref() == environment && &*other.stack != stack)
        .map(|other| format!("`{}`", other.folder()))
        .collect())
}

/// Who applies just now. Where that cannot be told, as where files may not be read, nobody is known.
async fn at_work(session: &Session, identity: &Identity, exists: bool) -> Option<Holder> {
    if !exists {
        return None;
    }
    let store = session.stores.open(identity, None, false).await.ok()?;
    store.at_work(&session.me.host).await.ok()?
}

/// The code of the warning that a run goes on.
pub(crate) const IN_MOTION: &str = "in_motion";

/// A run goes on while one only plans.
fn in_motion(holder: &Holder, previous: &StateDoc) -> Diagnostic {
    let summary = format!(
        "a run of {} (process {} on {}) is going on: this plan is of a state in motion",
        holder.who, holder.pid, holder.host
    );
    let finding = Diagnostic { severity: Severity::Warning, ..Diagnostic::error(IN_MOTION, summary) };
    let at: BTreeSet<&Address> = previous.pending.iter().map(|pending| &pending.intent.address).collect();
    let at: Vec<String> = at.into_iter().map(|address| format!("`{address}`")).collect();
    match at.is_empty() {
        true => finding,
        false => finding.detail(format!("it was at {} when the state was read", at.join(", "))),
    }
    .help("plan again when it has ended")
}

/// What a cut-off run left open, for people who only plan.
fn cut_off(previous: &StateDoc) -> impl Iterator<Item = Diagnostic> + '_ {
    previous.pending.iter().map(|Pending { intent, .. }| {
        let address = &intent.address;
        let doing = match &intent.call {
            CallKind::Create => "while it was being created",
            CallKind::Update => "while it was being changed",
            CallKind::Delete => "while it was being deleted",
            CallKind::Invoke(_) => "while an action of it ran",
        };
        let summary = format!("`{address}`: a run was cut off {doing}");
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error("cut_off", summary) }
            .detail("the next apply finds out what became of it first")
            .about(address)
    })
}

async fn read_state(session: &Session, identity: &Identity) -> Result<StateDoc, RunError> {
    let key = needed_key(session, identity).await?;
    let store = session.stores.open(identity, key, false).await.map_err(state("open the state"))?;
    upgraded(store.document().await.map_err(state("read the state"))?, &session.schemas)
}

/// Reads the state that is probably meant, before the stack's name is known: the only one that there
/// is. Where the guess is wrong or something is wrong with it, nothing is lost but the reading.
async fn read_ahead(session: &Session) -> Option<(Identity, StateDoc)> {
    let mut found = session.stores.list().await.ok()?;
    let wanted = &session.request.environment;
    found.retain(|identity| wanted.is_none() || identity.environment.as_deref() == wanted.as_deref());
    let [identity] = &found[..] else { return None };
    let previous = read_state(session, identity).await.ok()?;
    Some((identity.clone(), previous))
}

/// The state of a store that is not there yet.
pub(crate) fn empty(identity: &Identity) -> StateDoc {
    StateDoc {
        id: identity.id.clone(),
        stack: identity.stack.clone(),
        environment: identity.environment.clone(),
        ..StateDoc::default()
    }
}

/// Plans a loaded configuration against a state.
pub(crate) async fn plan_from(
    session: &Session,
    pool: &ProviderPool,
    loaded: Loaded,
    identity: Identity,
    exists: bool,
    previous: Arc<StateDoc>,
    options: Options,
) -> Result<PlanOutcome, RunError> {
    pool.begin().await;
    let recording = Recording::new(&*session.sources);
    let words = aurak_plan::written_asks(&loaded.program).words;
    let limits = Limits::of_program(&loaded.program);
    let Prefetched { rows, astray } =
        prefetch(&previous, &session.schemas, pool, &|_| true, &words, &limits).await;
    let read = rows.len() as u64;
    let mut snapshot = Arc::new(Snapshot { rows, astray, answers: BTreeMap::new() });
    let mut rounds = 0;
    let planned = loop {
        rounds += 1;
        if rounds > MOST_ROUNDS {
            return Err(RunError::Endless { rounds: MOST_ROUNDS });
        }
        let planned = plan_once(session, &loaded.program, &previous, &snapshot, &options).await;
        if planned.asks.is_empty() {
            break planned;
        }
        let answers = answer(&planned.asks, &recording, pool).await;
        Arc::make_mut(&mut snapshot).answers.extend(answers);
    };
    let Planned { plan, mut report, .. } = planned;
    report.findings.splice(0..0, loaded.findings);
    report.read = read;
    report.requests = pool.requests();
    report.rounds = rounds;
    let files = loaded.program.files.clone();
    if report.has_errors() {
        return Err(RunError::Findings { findings: report.findings, files: Box::new(files) });
    }
    let mut not_carried = Vec::new();
    if !plan.deferred.is_empty() {
        // Kept for the time when it is planned, perhaps elsewhere; what is missing is told then.
        let written = aurak_plan::written_asks(&loaded.program);
        not_carried.extend(written.unnamed.iter().filter_map(|unnamed| cannot_carry(&plan, unnamed)));
        for ask in written.asks {
            read_for_later(&recording, &ask);
        }
        let mut likely = written.likely;
        likely.sort();
        likely.dedup();
        let found = likely.iter().filter_map(|pattern| session.sources.glob(pattern).ok());
        for path in found.flatten().take(MOST_LIKELY) {
            drop(recording.read(&path));
        }
    }
    let sources = together(loaded.sources, recording.memory());
    let Options { mode: _, only, replace } = options;
    let program = loaded.program;
    Ok(PlanOutcome {
        plan,
        report,
        files,
        identity,
        exists,
        previous,
        sources,
        program,
        not_carried,
        snapshot,
        only,
        replace,
    })
}

/// A deferred block that asks for something by a name that is worked out later.
fn cannot_carry(plan: &Plan, unnamed: &Unnamed) -> Option<Diagnostic> {
    let is_it = |address: &Address| {
        let (module, last, _) = address.split();
        let names = module.segments().into_iter().chain([last]).map(|segment| segment.name);
        names.eq(unnamed.block.iter().map(ToString::to_string))
    };
    let deferred = plan.deferred.iter().find(|deferred| is_it(&deferred.address))?;
    let address = &deferred.address;
    let help = match &*unnamed.function {
        "file" | "template" => {
            "write a folder into the name, as in `file('parts/' ~ name)`: what is in it is carried; or run \
             `aurak apply` without a saved plan"
        }
        _ => "write the name out, or run `aurak apply` without a saved plan",
    };
    let summary = format!(
        "the saved plan does not carry what `{}()` reads for `{address}`, whose name is worked out later",
        unnamed.function
    );
    Some(
        Diagnostic::warning("not_carried", summary)
            .at(unnamed.span, "applying the saved plan may fail here")
            .help(help)
            .about(address),
    )
}

/// So many files whose names are put together are carried along at the most: enough for one of each
/// of what is deferred, and too few to copy a tree by mistake.
const MOST_LIKELY: usize = 200;

/// Has a source's answer recorded.
fn read_for_later(recording: &Recording<'_>, ask: &Ask) {
    match ask {
        Ask::File(path) => drop(recording.read(path)),
        Ask::Glob(pattern) => drop(recording.glob(pattern)),
        Ask::Env(name) => drop(recording.env(name)),
        Ask::Read { .. } | Ask::Find { .. } | Ask::Preview { .. } | Ask::Expand { .. } => {}
    }
}

/// What was read for the configuration, and what expressions read later.
fn together(mut all: MemorySources, more: MemorySources) -> MemorySources {
    let MemorySources { files, env, globs } = more;
    all.files.extend(files);
    all.env.extend(env);
    all.globs.extend(globs);
    all
}

/// Planning is pure and may take a while: it gets a thread of its own, which also takes its working
/// memory down while others go on with the plan.
async fn plan_once(
    session: &Session,
    program: &Arc<Program>,
    previous: &Arc<StateDoc>,
    snapshot: &Arc<Snapshot>,
    options: &Options,
) -> Planned {
    let input = PlanInput {
        program: program.clone(),
        previous: previous.clone(),
        snapshot: snapshot.clone(),
        schemas: session.schemas.clone(),
        options: options.clone(),
    };
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let inline = input.clone();
    let task = tokio::task::spawn_blocking(move || {
        // Nobody waits for it any more where the run was stopped.
        aurak_plan::plan_into(input, |planned| drop(sender.send(planned)));
    });
    match receiver.await {
        Ok(planned) => planned,
        // The thread ended without a plan: it panicked, or the runtime is going down.
        Err(_) => match task.await {
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            _ => aurak_plan::plan(inline),
        },
    }
}

/// Fills in the keyed digests of what a plan rests on, so that a later run can tell whether it moved.
pub(crate) fn seal_base(
    plan: &mut Plan,
    previous: &StateDoc,
    refreshed: &BTreeMap<Address, Refreshed>,
    key: &Key,
) {
    for (address, row) in &mut plan.base.rows {
        row.digest = base_digest(address, &row.paths, previous, refreshed, key);
    }
}

/// The keyed digest of some leaves of a row, as refreshed.
pub(crate) fn base_digest(
    address: &Address,
    paths: &[aurak_model::Path],
    previous: &StateDoc,
    refreshed: &BTreeMap<Address, Refreshed>,
    key: &Key,
) -> String {
    let recorded = previous.rows.get(address).and_then(|row| row.current.as_ref());
    let attributes = match refreshed.get(address) {
        Some(Refreshed::Found { attributes, .. }) => Some(attributes),
        Some(_) => None,
        None => recorded.map(|object| &object.attributes),
    };
    let there = aurak_model::Value::from(attributes.is_some());
    let missing = aurak_model::Value::Null;
    let mut values = vec![&there];
    values.extend(paths.iter().map(|path| attributes.and_then(|a| a.at(path)).unwrap_or(&missing)));
    key.digest(&values)
}
