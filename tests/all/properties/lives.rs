//! Lives of stacks: applied, changed by others, changed by their owner, planned again and applied.
//!
//! - The same input gives the same plan, to the byte; in another order of the sources, the same plan
//!   but for the places.
//! - Every plan is whole and in order (see [`order`]).
//! - A plan that was written and read again is the same, is not stale, and does what it says.
//! - What was applied leaves nothing to plan, a state that its own check finds sound, and in the world
//!   exactly what is recorded.

use std::collections::BTreeSet;

use aurak_model::record::EndResult;
use aurak_model::{Plan, Severity, StateDoc, Step, Work};
use aurak_plan::Options;
use aurak_run::PlanOutcome;
use aurak_tests::order::{self, Wrong, must};
use aurak_tests::world_gen::{Dice, Ended, Lab, Size, Stack, drift};

use super::{all_cases, case, is_applied, stacks};

/// Runs after which a stack with deferred parts must have come to its end.
const MOST_RUNS: usize = 4;

#[test]
fn random_lives_hold_what_plans_promise() {
    all_cases(|seed| {
        case(seed, stacks(seed, Size::default()), |seed, mut lab, stacks| async move {
            let result = live(&mut lab, &mut Dice::new(seed), &stacks).await;
            (lab, result)
        })
    });
}

async fn live(lab: &mut Lab, dice: &mut Dice, stacks: &[Stack]) -> Result<(), Wrong> {
    // Objects that nothing has to know of: made by others, or let go.
    let mut strangers = BTreeSet::new();
    for (number, stack) in stacks.iter().enumerate() {
        lab.set(stack);
        let mut done = false;
        for run in 0.. {
            let previous = lab.document().await;
            let outcome = planned(lab, dice, stack, &previous).await?;
            if outcome.plan.is_empty() && outcome.plan.steps.is_empty() {
                nothing_is_left(&previous)?;
                break;
            }
            // Only what waited for another approval may go on.
            let applied = !done || is_applied(&outcome.plan, &previous, stack);
            must(applied, "an applied plan leaves something to do", || format!("{:#?}", outcome.plan))?;
            must(run < MOST_RUNS, "it does not come to an end", || format!("{:#?}", outcome.plan.changes))?;
            let ended = match dice.chance(50) {
                true => lab.apply().await,
                false => lab.apply_saved(&outcome).await,
            };
            let fine = matches!(ended, Ended::Done | Ended::Otherwise(EndResult::NeedsApproval, _));
            must(fine, "an apply fails", || format!("{ended:?}"))?;
            let doc = lab.document().await;
            sound(lab, &doc).await?;
            strangers.extend(let_go(&outcome.plan, &previous));
            strangers
                .extend(lab.world.objects().iter().filter(|o| o.made_by.is_none()).map(|o| o.id.clone()));
            done = ended == Ended::Done;
            if done {
                nothing_is_left(&doc)?;
                in_the_world(lab, &doc, &strangers)?;
            }
        }
        if number + 1 < stacks.len() && dice.chance(60) {
            drift(lab, dice);
        }
    }
    if dice.chance(30) && lab.store().is_some() {
        strangers.extend(by_others(lab));
        let doc = lab.document().await;
        let retained = doc.rows.values().filter(|row| row.lifecycle.retain);
        strangers.extend(retained.filter_map(|row| Some(row.current.as_ref()?.id.clone())));
        let ended = lab.destroy().await;
        must(ended == Ended::Done, "a destroy fails", || format!("{ended:?}"))?;
        let doc = lab.document().await;
        must(doc.rows.is_empty(), "a destroy leaves rows", || format!("{:?}", doc.rows.keys()))?;
        in_the_world(lab, &doc, &strangers)?;
    }
    Ok(())
}

/// Plans in several ways that must come to the same.
async fn planned(
    lab: &Lab,
    dice: &mut Dice,
    stack: &Stack,
    previous: &StateDoc,
) -> Result<PlanOutcome, Wrong> {
    let outcome = match lab.plan(Options::default()).await {
        Ok(outcome) => outcome,
        Err(error) => return Err(Wrong::new("it cannot be planned", lab.tell(&error))),
    };
    order::whole(&outcome.plan, previous)?;
    order::in_order(&outcome.plan, previous)?;
    // A life has several plans; half of them are looked at in each of these ways.
    if dice.chance(50) {
        again(lab, &outcome).await?;
    }
    if dice.chance(50) {
        in_another_order(lab, dice, stack, &outcome.plan).await?;
    }
    if dice.chance(50) {
        saved(lab, &outcome).await?;
    }
    Ok(outcome)
}

/// The same input, the same plan.
async fn again(lab: &Lab, outcome: &PlanOutcome) -> Result<(), Wrong> {
    let again = lab.plan(Options::default()).await;
    let again = again.map_err(|error| Wrong::new("it cannot be planned twice", lab.tell(&error)))?;
    // The id of a state that is not there yet is drawn; nothing else may be.
    let given = |plan: &Plan| {
        let mut plan = plan.clone();
        if !outcome.exists {
            plan.base.state = "".into();
        }
        plan
    };
    let (one, other) = (given(&outcome.plan), given(&again.plan));
    let same = one == other
        && aurak_run::file::digest(&one) == aurak_run::file::digest(&other)
        && format!("{:?}", outcome.report) == format!("{:?}", again.report);
    must(same, "the same input gives another plan", || difference(&one, &other))
}

/// The same sources in another order, the same plan but for places and numbers.
async fn in_another_order(lab: &Lab, dice: &mut Dice, stack: &Stack, plan: &Plan) -> Result<(), Wrong> {
    let shuffled = lab.plan_of(stack.shuffled(dice)).await;
    let shuffled =
        shuffled.map_err(|error| Wrong::new("it cannot be planned in another order", lab.tell(&error)))?;
    let (one, other) = (graph(plan), graph(&shuffled.plan));
    must(one == other, "another order gives another plan", || lines_that_differ(&one, &other))
}

/// A plan that was written and read again is the same.
async fn saved(lab: &Lab, outcome: &PlanOutcome) -> Result<(), Wrong> {
    let read = lab.saved(outcome).await.map_err(|why| Wrong::new("a plan cannot be saved", why))?;
    let mut read = read.plan;
    read.base.rows.values_mut().for_each(|row| row.digest.clear());
    must(read == outcome.plan, "a plan is another one once it was saved", || difference(&outcome.plan, &read))
}

/// A plan as text that does not depend on where its sources stand and how its parts are numbered:
/// changes, what steps do and all that they wait for, deferred parts, outputs.
fn graph(plan: &Plan) -> String {
    let mut plan = plan.clone();
    for change in &mut plan.changes {
        change.place = None;
        change.steps.clear();
        change.differences.iter_mut().chain(&mut change.drift).for_each(|difference| difference.place = None);
    }
    plan.nodes.iter_mut().for_each(|node| node.place = None);
    for step in &mut plan.steps {
        if let Work::Create { row, .. } | Work::Update { row, .. } | Work::Record { row, .. } = &mut step.work
        {
            row.place = None;
        }
    }
    // What stands for a node is what it says; a node refers to those before it.
    let mut nodes: Vec<String> = Vec::new();
    let spelled = |text: String, nodes: &[String]| {
        let known = nodes.iter().enumerate().rev();
        known.fold(text, |text, (n, node)| text.replace(&format!("(deferred {n}:"), node))
    };
    for node in &plan.nodes {
        let text = spelled(format!("{node:?}"), &nodes);
        nodes.push(text);
    }
    let before = order::before(&plan);
    let name = |step: &Step| format!("{} {:?} {}", step.address, step.slot, verb(&step.work));
    let mut lines: Vec<String> = Vec::new();
    for step in plan.steps.iter().filter(|step| !matches!(step.work, Work::Join)) {
        let waits = before[step.id.0 as usize].iter().filter_map(|id| plan.steps.get(*id as usize));
        let waits: BTreeSet<String> =
            waits.filter(|other| !matches!(other.work, Work::Join)).map(name).collect();
        let provider = step.provider.and_then(|provider| plan.providers.get(provider as usize));
        let what = format!("{:?} {provider:?} {:?}", step.work, (step.serialise.as_ref(), step.timeout_s));
        lines.push(format!("{} after {waits:?}: {}", name(step), spelled(what, &nodes)));
    }
    lines.sort();
    lines.extend(plan.changes.iter().map(|change| spelled(format!("{change:?}"), &nodes)));
    lines.push(spelled(format!("{:?} {:?}", plan.outputs, plan.base.rows), &nodes));
    lines.push(format!("{} {:?}", plan.unchanged, plan.deferred));
    lines.join("\n")
}

fn verb(work: &Work) -> &'static str {
    match work {
        Work::Create { .. } => "create",
        Work::Update { .. } => "update",
        Work::Delete { .. } => "delete",
        Work::Forget => "forget",
        Work::Record { .. } => "record",
        Work::Read { .. } => "read",
        Work::Invoke { .. } => "invoke",
        Work::Wait { .. } => "wait",
        Work::Join => "join",
    }
}

fn lines_that_differ(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).enumerate().filter(|(_, (one, other))| one != other);
    lines.take(10).map(|(n, (one, other))| format!("{n}: {one}\n{n}: {other}\n")).collect()
}

fn difference(one: &Plan, other: &Plan) -> String {
    lines_that_differ(&format!("{one:#?}"), &format!("{other:#?}"))
}

/// The state agrees with its journal, and nothing is left unanswered.
async fn sound(lab: &Lab, doc: &StateDoc) -> Result<(), Wrong> {
    let Some(store) = lab.store() else { return Ok(()) };
    let mut found =
        store.check().await.map_err(|error| Wrong::new("a state cannot be checked", error.to_string()))?;
    // Notes are worth knowing and not wrong.
    found.retain(|finding| finding.severity != Severity::Note);
    must(found.is_empty(), "a state is not sound", || format!("{found:?}"))?;
    must(doc.pending.is_empty(), "a call is left unanswered", || format!("{:?}", doc.pending))
}

/// No old or temporary object is left. One is as long as something that uses it is still to be planned.
fn nothing_is_left(doc: &StateDoc) -> Result<(), Wrong> {
    let left = doc.rows.values().find(|row| row.old.is_some() || row.temporary.is_some());
    must(left.is_none(), "an old object is left", || format!("{left:?}"))
}

/// What somebody else made.
fn by_others(lab: &Lab) -> Vec<aurak_model::Name> {
    lab.world.objects().into_iter().filter(|o| o.made_by.is_none()).map(|o| o.id).collect()
}

/// What a plan lets go of.
fn let_go(plan: &Plan, previous: &StateDoc) -> Vec<aurak_model::Name> {
    let forgotten = plan.steps.iter().filter(|step| matches!(step.work, Work::Forget));
    forgotten
        .filter_map(|step| Some(previous.rows.get(&step.address)?.current.as_ref()?.id.clone()))
        .collect()
}

/// Every object of the world is recorded, or nobody has to know of it; every record has its object.
fn in_the_world(lab: &Lab, doc: &StateDoc, strangers: &BTreeSet<aurak_model::Name>) -> Result<(), Wrong> {
    let objects: BTreeSet<_> = lab.world.objects().into_iter().map(|object| object.id).collect();
    let recorded: BTreeSet<_> = doc
        .rows
        .values()
        .filter(|row| !row.type_name.starts_with("core."))
        .filter_map(|row| Some(row.current.as_ref()?.id.clone()))
        .collect();
    let lost: Vec<_> =
        objects.iter().filter(|id| !recorded.contains(*id) && !strangers.contains(*id)).collect();
    must(lost.is_empty(), "an object is recorded nowhere", || format!("{lost:?}"))?;
    let missing: Vec<_> = recorded.difference(&objects).collect();
    must(missing.is_empty(), "a record has no object", || format!("{missing:?}"))
}
