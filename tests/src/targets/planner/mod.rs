//! Bytes as a small stack, a state and what is observed, and answers to what the planner asks: it ends,
//! gives twice the same, and a plan without errors is whole, in order, and the same once it was saved.

mod outside;
mod stack;
mod state;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aurak_lang::{LoadRequest, MemorySources, load};
use aurak_model::plan::{Action, Mode};
use aurak_model::{Files, Plan, PlanReport, Slot, Snapshot, StateDoc, Work};
use aurak_plan::{Options, PlanInput, Planned};
use aurak_render::plan::PlanView;
use aurak_render::{Detail, Style};
use aurak_run::{SavedPlan, file};
use aurak_state::{Identity, Key};

use super::bytes::Bytes;
use super::lang::SCHEMAS;
use super::places;
use crate::order;

static KEY: LazyLock<Key> = LazyLock::new(|| {
    Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("32 bytes in Base64")
});

/// Rounds of questions after which something is wrong, as in `run`.
const MOST_ROUNDS: usize = 50;

pub(super) fn run(bytes: &[u8]) -> bool {
    let mut bytes = Bytes(bytes);
    let options = options(&mut bytes);
    let stack = stack::draw(&mut bytes);
    let previous = state::draw(&mut bytes, &stack);
    let mut snapshot = outside::prefetch(&mut bytes, &previous);
    let sources = sources(&stack);
    let loaded = load(&sources, &LoadRequest::default(), &SCHEMAS);
    places::check(&loaded.diagnostics, &loaded.program.files);
    if !loaded.is_good() {
        return false;
    }
    let (program, previous) = (Arc::new(loaded.program), Arc::new(previous));
    let mut input = PlanInput {
        program: program.clone(),
        previous: previous.clone(),
        snapshot: Arc::new(Snapshot::default()),
        schemas: SCHEMAS.clone(),
        options,
    };
    let mut rounds = 0;
    let planned = loop {
        input.snapshot = Arc::new(snapshot.clone());
        let planned = aurak_plan::plan(input.clone());
        if planned.asks.is_empty() {
            break planned;
        }
        rounds += 1;
        assert!(rounds < MOST_ROUNDS, "it asks and asks: {:#?}", planned.asks);
        for (key, ask) in &planned.asks {
            let answer = outside::answer(&mut bytes, ask);
            let before = snapshot.answers.insert(key.clone(), answer);
            assert!(before.is_none(), "a question that was answered is put again: {ask:#?}");
        }
    };
    let again = aurak_plan::plan(input);
    assert_eq!(planned.plan, again.plan, "the same input gives another plan");
    assert_eq!(planned.report, again.report, "the same input gives another report");
    places::check(&planned.report.findings, &program.files);
    show(&planned, &program.files);
    if planned.report.has_errors() {
        return false;
    }
    promised(&planned, &previous, sources);
    true
}

fn options(bytes: &mut Bytes<'_>) -> Options {
    let mut options = Options::default();
    match bytes.below(10) {
        6 => options.mode = Mode::Destroy,
        7 => options.only = vec![state::address(bytes).to_string()],
        8 => options.replace = vec![state::address(bytes)],
        9 => {
            options.only = vec![state::address(bytes).to_string(), state::address(bytes).block().to_string()];
            options.replace = vec![state::address(bytes)];
        }
        _ => {}
    }
    options
}

fn sources(files: &BTreeMap<String, serde_json::Value>) -> MemorySources {
    let files = files.iter().map(|(path, content)| (path.clone(), content.to_string().into_bytes()));
    MemorySources { files: files.collect(), ..MemorySources::default() }
}

fn show(planned: &Planned, files: &Files) {
    let Planned { plan, report, .. } = planned;
    let view = PlanView { plan, report, files, took_ms: None };
    aurak_render::plan::plan(&view, &Style { width: 80, detail: Detail::Full, ..Style::plain() });
    aurak_render::json::plan(&view);
}

type Rule = fn(&Plan, &StateDoc) -> Result<(), order::Wrong>;

/// What every plan without errors promises.
fn promised(planned: &Planned, previous: &StateDoc, sources: MemorySources) {
    let plan = &planned.plan;
    // The step of a temporary object belongs to a change that is shown.
    for step in plan.steps.iter().filter(|step| step.slot == Slot::Temporary) {
        let shown = plan.changes.iter().any(|change| change.steps.contains(&step.id));
        assert!(shown || matches!(step.work, Work::Join), "a step belongs to no change: {step:?}");
    }
    // What else holds of a plan is known for states without temporary objects, and without imports.
    let rotates = previous.rows.values().any(|row| row.temporary.is_some());
    let imports = plan.changes.iter().any(|change| change.action == Action::Import);
    let rules: &[Rule] = if rotates || imports { &[] } else { &[order::whole, order::in_order] };
    for result in rules.iter().map(|rule| rule(plan, previous)) {
        if let Err(wrong) = result {
            let files: Vec<_> = sources.files.values().map(|file| String::from_utf8_lossy(file)).collect();
            let steps = plan.steps.iter().map(|step| format!("{step:?}\n")).collect::<String>();
            let rows = previous.rows.values().map(|row| format!("{row:?}\n")).collect::<String>();
            panic!("{}\n{}\n{}\n{steps}{rows}", wrong.what, wrong.detail, files.join("\n"));
        }
    }
    let Ok(identity) = Identity::new("x", None) else { return };
    let saved = SavedPlan {
        identity,
        plan: plan.clone(),
        sources,
        request: LoadRequest::default(),
        only: Vec::new(),
        replace: Vec::new(),
        folder: None,
    };
    let written = file::write(&saved, &KEY).expect("a plan can be saved");
    let read = file::read(&written, &KEY).expect("what was saved can be read");
    assert_eq!(read.plan, *plan, "a plan is another one once it was saved");
    let empty = PlanReport::default();
    let view = PlanView { plan: &read.plan, report: &empty, files: &Files::default(), took_ms: None };
    aurak_render::plan::plan(&view, &Style::plain());
}
