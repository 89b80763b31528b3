//! Random graphs against a model that does one step after the other, and runs that are killed at
//! any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurak_api::{Effect, ProviderError};
use aurak_model::plan::{RowPlan, Work};
use aurak_model::record::CallKind;
use aurak_model::{StepEnd, Value};
use aurak_state::{Holder, Store};
use proptest::prelude::*;

use super::kit::*;
use crate::{Context, LeaseKeeper};

#[derive(Clone, Debug)]
struct Node {
    after: Vec<usize>,
    ms: i64,
    group: Option<u8>,
    fate: Fate,
    join: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Well,
    Fails,
    TriesAgain,
    LosesReply,
    NeverArrives,
    Waits,
}

fn graph() -> impl Strategy<Value = Vec<Node>> {
    let fate = prop_oneof![
        6 => Just(Fate::Well),
        1 => Just(Fate::Fails),
        1 => Just(Fate::TriesAgain),
        1 => Just(Fate::LosesReply),
        1 => Just(Fate::NeverArrives),
        1 => Just(Fate::Waits),
    ];
    let node = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        0..3000i64,
        prop::option::weighted(0.3, 0..3u8),
        fate,
        prop::bool::weighted(0.15),
    );
    prop::collection::vec(node, 1..40).prop_map(|nodes| {
        let node = |(i, (after, ms, group, fate, join)): (usize, (Vec<prop::sample::Index>, _, _, _, _))| {
            let after: BTreeSet<usize> =
                after.iter().filter(|_| i > 0).map(|index| index.index(i.max(1))).collect();
            Node { after: after.into_iter().collect(), ms, group, fate, join }
        };
        nodes.into_iter().enumerate().map(node).collect()
    })
}

fn name(i: usize) -> String {
    format!("s{i}")
}

/// The steps of these nodes that are not done yet.
fn plan(nodes: &[Node], done: &BTreeSet<usize>) -> Planner {
    let mut p = Planner::new();
    for (i, node) in nodes.iter().enumerate().filter(|(i, _)| !done.contains(i)) {
        let after: Vec<String> = node.after.iter().filter(|i| !done.contains(i)).map(|i| name(*i)).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        if node.join {
            p.join(&name(i), &after);
            continue;
        }
        let desired = Value::map([("ms", Value::Int(node.ms)), ("name", Value::from(name(i)))]);
        let key = Some(Value::from(name(i)));
        let step =
            p.step(&name(i), Work::Create { desired, adopt: false, key, row: RowPlan::default() }, &after);
        step.serialise = node.group.map(|group| Value::from(format!("g{group}")));
        step.usual_ms = Some(node.ms as u64);
    }
    p
}

fn script(kit: &Kit, nodes: &[Node]) {
    for (i, node) in nodes.iter().enumerate() {
        let lost = ProviderError::transient("reset").effect(Effect::Unknown);
        let act = match node.fate {
            Fate::Well => continue,
            Fate::Fails => Act::Fail(ProviderError::permanent("no")),
            Fate::TriesAgain => Act::Fail(ProviderError::transient("busy")),
            Fate::LosesReply => Act::DoneBut(lost),
            Fate::NeverArrives => Act::Fail(lost),
            Fate::Waits => Act::Wait(3),
        };
        kit.world.act(&format!("create {}", name(i)), act);
    }
}

/// One step after the other: what ends how.
fn sequential(nodes: &[Node]) -> Vec<&'static str> {
    let mut ends: Vec<&str> = Vec::new();
    for node in nodes {
        let blocked = node.after.iter().any(|before| ends[*before] != "done");
        ends.push(match (blocked, node.join, node.fate) {
            (true, _, _) => "skipped",
            (false, false, Fate::Fails) => "failed",
            _ => "done",
        });
    }
    ends
}

fn ends(ran: &Ran) -> Vec<&'static str> {
    let word = |end: &Option<StepEnd>| match end {
        Some(StepEnd::Done) => "done",
        Some(StepEnd::Failed(_)) => "failed",
        Some(StepEnd::Skipped { .. }) => "skipped",
        Some(StepEnd::Left { .. }) => "left",
        None => "none",
    };
    ran.result.steps.iter().map(word).collect()
}

/// No call before the outcomes of all that its step waits for are durable.
fn check_order(kit: &Kit, nodes: &[Node]) {
    let mut durable: BTreeSet<usize> = BTreeSet::new();
    for line in kit.log.lines() {
        if let Some(records) = line.strip_prefix("append ") {
            for record in records.split(", ") {
                if let Some(rest) = record.strip_prefix("done ") {
                    durable.insert(rest.split(' ').next().unwrap().parse().unwrap());
                }
            }
        } else if let Some(step) = line.strip_prefix("create s") {
            let step: usize = step.parse().unwrap();
            let mut open = nodes[step].after.clone();
            while let Some(before) = open.pop() {
                match nodes[before].join {
                    true => open.extend(&nodes[before].after),
                    false => {
                        assert!(durable.contains(&before), "s{step} was called before s{before} was durable")
                    }
                }
            }
        }
    }
}

fn virtual_time<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test)
}

/// How many cases: as many as the environment says, as it does where it takes the time.
fn cases() -> u32 {
    std::env::var("AURAK_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_run_ends_as_one_step_after_the_other_would(
        nodes in graph(), parallelism in 1..8usize, width in 1..8usize, delay in 0..3u64,
    ) {
        virtual_time(async {
            let mut kit = Kit::new().await;
            kit.context.limits.parallelism = parallelism;
            kit.context.limits.per_provider.insert("t".into(), width);
            *kit.store.delay.lock().unwrap() = Duration::from_millis(delay * 25);
            script(&kit, &nodes);
            let p = plan(&nodes, &BTreeSet::new());
            let ran = kit.run(&p.plan).await;
            assert_eq!(ends(&ran), sequential(&nodes));
            assert!(kit.world.most_at_once() <= parallelism.min(width));
            check_order(&kit, &nodes);
            let state = kit.state().await;
            assert!(state.pending.is_empty());
            // One object for each row, and the right one.
            let rows: BTreeMap<_, _> =
                state.rows.values().map(|row| (row.current.as_ref().unwrap().id.to_string(), row)).collect();
            assert_eq!(rows.keys().cloned().collect::<Vec<_>>(), kit.world.ids());
            let serial = state.serial;
            assert!(serial as usize <= 1 + nodes.len() * 3, "{serial} records");
        });
    }

    #[test]
    fn a_run_that_is_killed_at_any_moment_is_made_good_by_the_next(
        nodes in graph(), kills in prop::collection::vec(1..6000u64, 1..4), delay in 0..3u64,
    ) {
        virtual_time(async {
            let mut kit = Kit::new().await;
            *kit.store.delay.lock().unwrap() = Duration::from_millis(delay * 25);
            let mut nodes = nodes;
            // What fails for good would end all runs alike.
            nodes.iter_mut().filter(|node| node.fate == Fate::Fails).for_each(|node| node.fate = Fate::Well);
            script(&kit, &nodes);
            let mut kills = kills.into_iter();
            loop {
                let state = kit.state().await;
                let done = (0..nodes.len())
                    .filter(|i| nodes[*i].join && nodes[*i].after.is_empty() || state.rows.contains_key(&address(&name(*i))));
                let p = plan(&nodes, &done.collect());
                let killed = match kills.next() {
                    Some(at) => tokio::time::timeout(Duration::from_millis(at), kit.run(&p.plan)).await.is_err(),
                    None => {
                        kit.run(&p.plan).await.done();
                        false
                    }
                };
                if !killed {
                    break;
                }
                // The next process: another lease, the same journal, the same world.
                kit.store.break_lease().await.unwrap();
                let lease = kit.store.acquire(Holder::new("next", 2, "here", None), LEASE).await.unwrap();
                let lease = LeaseKeeper::start(kit.store.clone(), lease, kit.clock.clone());
                kit = Kit { context: Context { lease, ..kit.context.clone() }, ..kit };
                let recovered = kit.recover().await;
                assert!(!recovered.findings.iter().any(aurak_model::Diagnostic::is_error), "{recovered:#?}");
                // What is not there may still come, and is made under the same key.
                let open = kit.state().await.pending;
                assert!(open.iter().all(|open| open.intent.call == CallKind::Create), "{open:?}");
            }
            assert!(kit.state().await.pending.is_empty());
            let state = kit.state().await;
            let made: Vec<String> = nodes.iter().enumerate().filter(|(_, n)| !n.join).map(|(i, _)| name(i)).collect();
            assert_eq!(kit.world.ids().len(), made.len(), "no orphan and no duplicate: {:?}", kit.world.ids());
            for name in made {
                let row = &state.rows[&address(&name)];
                assert!(kit.world.ids().contains(&row.current.as_ref().unwrap().id.to_string()));
            }
        });
    }
}
