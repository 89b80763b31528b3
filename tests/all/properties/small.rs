//! Small worlds, where the naive planner says what should happen, and where every object should be in
//! the end: the real planner and the real apply must agree.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::{Action, Plan, Reason, StateDoc, Value};
use aurak_plan::Options;
use aurak_tests::order::{Wrong, must};
use aurak_tests::world_gen::{Dice, Ended, Lab, Size, Stack, drift};
use serde_json::Value as Json;

use super::naive::{Act, Attributes, Expected, Reality, Row, TYPES, plan};
use super::{all_cases, case, is_applied, stacks};

#[test]
fn the_naive_planner_agrees() {
    let size = Size { blocks: 5, modules: 8, types: TYPES, deferred: false };
    all_cases(|seed| {
        case(seed, stacks(seed, size), |seed, mut lab, stacks| async move {
            let result = live(&mut lab, &mut Dice::new(seed), &stacks).await;
            (lab, result)
        })
    });
}

async fn live(lab: &mut Lab, dice: &mut Dice, stacks: &[Stack]) -> Result<(), Wrong> {
    for (number, stack) in stacks.iter().enumerate() {
        lab.set(stack);
        let before = reality(lab, &lab.document().await);
        let naive = plan(stack, &before);
        let outcome = lab.plan(Options::default()).await;
        let outcome = outcome.map_err(|error| Wrong::new("it cannot be planned", lab.tell(&error)))?;
        agree(stack, &naive, &outcome.plan, &before)?;

        let ended = lab.apply().await;
        must(ended == Ended::Done, "an apply fails", || format!("{ended:?}"))?;
        let after = reality(lab, &lab.document().await);
        ends(stack, &naive, &before, &after)?;
        let rest: Vec<_> =
            plan(stack, &after).into_iter().filter(|(_, expected)| expected.act != Act::Keep).collect();
        must(rest.is_empty(), "the world is not as it should be", || format!("{rest:?}\n{after:#?}"))?;
        let again = lab.plan(Options::default()).await;
        let again = again.map_err(|error| Wrong::new("it cannot be planned again", lab.tell(&error)))?.plan;
        let applied = is_applied(&again, &lab.document().await, stack);
        must(applied, "an applied plan leaves something to do", || format!("{again:#?}"))?;

        if number + 1 < stacks.len() && dice.chance(60) {
            drift(lab, dice);
        }
    }
    Ok(())
}

/// What there is, as plain data.
fn reality(lab: &Lab, doc: &StateDoc) -> Reality {
    let mut reality = Reality::default();
    for object in lab.world.objects() {
        let attributes = attributes(&Value::from(object.body));
        reality.objects.insert(object.id.to_string(), (object.type_name.to_string(), attributes));
    }
    for (address, row) in &doc.rows {
        let Some(current) = &row.current else { continue };
        if row.type_name.starts_with("core.") {
            let all = (row.type_name.to_string(), attributes(&current.attributes));
            reality.objects.insert(current.id.to_string(), all);
        }
        let recorded = Row {
            type_name: row.type_name.to_string(),
            id: current.id.to_string(),
            desired: attributes(&current.desired),
            retain: row.lifecycle.retain,
            replace_when: revealed(&row.replace_when).to_json().unwrap_or_default(),
        };
        reality.rows.insert(address.to_string(), recorded);
    }
    reality
}

fn revealed(value: &Value) -> Value {
    value.reveal()
}

fn attributes(value: &Value) -> Attributes {
    match revealed(value).to_json() {
        Some(Json::Object(map)) => map.into_iter().collect(),
        _ => Attributes::new(),
    }
}

/// Both planners say the same of every address.
fn agree(
    stack: &Stack,
    naive: &BTreeMap<String, Expected>,
    plan: &Plan,
    before: &Reality,
) -> Result<(), Wrong> {
    let real: BTreeMap<String, Act> =
        plan.changes.iter().map(|change| (change.address.to_string(), act(change.action))).collect();
    for (address, Expected { act: expected, .. }) in naive {
        let got = real.get(address).copied().unwrap_or(Act::Keep);
        // What is gone already is only forgotten.
        let gone = before.rows.get(address).is_some_and(|row| !before.objects.contains_key(&row.id));
        let same = got == *expected || gone && *expected == Act::Delete && got == Act::Forget;
        must(same, "the planners do not agree", || {
            let change = plan.changes.iter().find(|change| change.address.as_str() == address);
            format!("{address}: {expected:?} is right, and it is {got:?}\n{change:#?}\n{before:#?}")
        })?;
    }
    let more = real.keys().find(|address| !naive.contains_key(*address));
    must(more.is_none(), "something changes that is not there", || format!("{more:?}"))?;
    for change in &plan.changes {
        let address = old_name(stack, before, change.address.as_str());
        let new = !before.rows.contains_key(&address);
        let why = match change.action {
            Action::Create if new => change.reasons.contains(&Reason::NotYetThere),
            Action::Create => !change.reasons.contains(&Reason::NotYetThere),
            Action::NoOp => true,
            _ => !change.reasons.is_empty() || change.action == Action::Move,
        };
        must(why, "a change has the wrong reason", || format!("{change:#?}"))?;
    }
    Ok(())
}

fn act(action: Action) -> Act {
    match action {
        Action::Create => Act::Create,
        Action::Update => Act::Update,
        Action::Replace(_) => Act::Replace,
        Action::Delete => Act::Delete,
        Action::Forget => Act::Forget,
        Action::Import => Act::Import,
        Action::Read | Action::Move | Action::NoOp => Act::Keep,
    }
}

/// The address that a row had before.
fn old_name(stack: &Stack, before: &Reality, address: &str) -> String {
    let block = |address: &str| address.split('[').next().unwrap_or_default().to_string();
    let recorded = |from: &String| before.rows.keys().any(|old| block(old) == *from);
    match stack.moved.iter().find(|(from, to)| *to == block(address) && recorded(from)) {
        Some((from, to)) => address.replacen(to.as_str(), from, 1),
        None => address.to_string(),
    }
}

/// The naive applier: where the object of every address should be, before against after, and that there
/// is nothing else.
fn ends(
    stack: &Stack,
    naive: &BTreeMap<String, Expected>,
    before: &Reality,
    after: &Reality,
) -> Result<(), Wrong> {
    let had: BTreeSet<&String> = before.rows.values().map(|row| &row.id).collect();
    let strangers: BTreeSet<&String> = before.objects.keys().filter(|id| !had.contains(id)).collect();
    // What rows have, what nobody knew of, and what is let go of.
    let mut all: BTreeSet<&String> =
        after.rows.values().map(|row| &row.id).chain(strangers.clone()).collect();
    for (address, Expected { act, touched }) in naive {
        let was = before.rows.get(&old_name(stack, before, address)).map(|row| row.id.clone());
        let is = after.rows.get(address).map(|row| row.id.clone());
        let there = |id: &Option<String>| id.as_ref().is_some_and(|id| after.objects.contains_key(id));
        let same_object = || {
            let id = was.clone().unwrap_or_default();
            before.objects.get(&id) == after.objects.get(&id)
        };
        let others_kept = |id: &Option<String>| {
            let others = |reality: &Reality| {
                let (_, attributes) = reality.objects.get(id.as_ref()?)?;
                let mut attributes = attributes.clone();
                attributes.retain(|name, _| !touched.contains(name));
                Some(attributes)
            };
            others(before) == others(after)
        };
        let only_recorded =
            |id: &String| before.objects.get(id).is_some_and(|(type_name, _)| type_name.starts_with("core."));
        let fine = match act {
            Act::Keep => was == is && there(&is) && same_object(),
            Act::Update => was == is && there(&is) && others_kept(&is),
            Act::Create => is != was && there(&is) && !there(&was),
            Act::Import => {
                is.as_ref().is_some_and(|id| strangers.contains(id)) && there(&is) && others_kept(&is)
            }
            Act::Replace => is != was && there(&is) && !there(&was),
            Act::Delete => is.is_none() && !there(&was),
            // What the state alone knows is gone with its row.
            Act::Forget => is.is_none() && (same_object() || was.as_ref().is_some_and(only_recorded)),
        };
        must(fine, "it does not end where it should", || {
            format!("{address}: {act:?} {touched:?}, was {was:?}, is {is:?}\n{before:#?}\n{after:#?}")
        })?;
        if *act == Act::Forget {
            all.extend(before.objects.keys().filter(|id| was.as_ref() == Some(id) && !only_recorded(id)));
        }
    }
    let more = after.rows.keys().find(|address| !naive.contains_key(*address));
    must(more.is_none(), "a row is left", || format!("{more:?}"))?;
    let there: BTreeSet<&String> = after.objects.keys().collect();
    must(there == all, "the world holds something else than it should", || {
        format!("{:?}\n{before:#?}\n{after:#?}", there.symmetric_difference(&all))
    })?;
    let owned: BTreeSet<&String> = after.rows.values().map(|row| &row.id).collect();
    let mut left = strangers.iter().filter(|id| !owned.contains(*id));
    let touched = left.find(|id| before.objects.get(**id) != after.objects.get(**id));
    must(touched.is_none(), "a stranger's object changes", || format!("{touched:?}\n{before:#?}\n{after:#?}"))
}
