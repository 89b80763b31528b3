//! Random graphs of creates, updates, deletes and replacements against a model that does one step after
//! the other, and runs that are killed at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurak_api::{Effect, ProviderError};
use aurak_model::plan::{Plan, RowPlan, Step, Work};
use aurak_model::record::CallKind;
use aurak_model::value::Origin;
use aurak_model::{Path, Row, StepEnd, Value};
use aurak_state::{Holder, Store};
use proptest::prelude::*;

use super::kit::*;
use crate::{Context, LeaseKeeper};

/// What becomes of an address, beside others.
#[derive(Clone, Debug)]
struct Node {
    after: Vec<usize>,
    kind: Kind,
    /// Takes its value from the first that it waits for and that has one.
    refers: bool,
    ms: i64,
    group: Option<u8>,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Create,
    Update,
    Delete,
    /// Delete-first. The fate is that of the delete, or of the create.
    Replace {
        of_delete: bool,
    },
    Join,
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

/// The value that rows have before the run; no step gives it.
const BEFORE: i64 = -1;

impl Node {
    fn is_there_before(&self) -> bool {
        matches!(self.kind, Kind::Update | Kind::Delete | Kind::Replace { .. })
    }

    fn has_value(&self) -> bool {
        !matches!(self.kind, Kind::Delete | Kind::Join)
    }

    /// The call that its fate is of.
    fn fated(&self, i: usize) -> Option<String> {
        match self.kind {
            Kind::Create | Kind::Replace { of_delete: false } => Some(format!("create {}", name(i))),
            Kind::Update => Some(format!("update id-{}", name(i))),
            Kind::Delete | Kind::Replace { of_delete: true } => Some(format!("delete id-{}", name(i))),
            Kind::Join => None,
        }
    }
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
    let kind = prop_oneof![
        6 => Just(Kind::Create),
        4 => Just(Kind::Update),
        3 => Just(Kind::Delete),
        2 => any::<bool>().prop_map(|of_delete| Kind::Replace { of_delete }),
        2 => Just(Kind::Join),
    ];
    let node = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        kind,
        any::<bool>(),
        0..3000i64,
        prop::option::weighted(0.3, 0..3u8),
        fate,
    );
    prop::collection::vec(node, 1..40).prop_map(|nodes| {
        let node = |(i, (after, kind, refers, ms, group, fate)): (
            usize,
            (Vec<prop::sample::Index>, _, _, _, _, _),
        )| {
            let after: BTreeSet<usize> =
                after.iter().filter(|_| i > 0).map(|index| index.index(i.max(1))).collect();
            Node { after: after.into_iter().collect(), kind, refers, ms, group, fate }
        };
        nodes.into_iter().enumerate().map(node).collect()
    })
}

fn name(i: usize) -> String {
    format!("s{i}")
}

fn desired(i: usize, ms: i64, value: Value) -> Value {
    Value::map([("ms", Value::Int(ms)), ("name", Value::from(name(i))), ("any", value)])
}

/// What there is by name: what was asked for.
type Rows = BTreeMap<String, Value>;

/// Rows and objects of what is there before.
async fn seed(kit: &Kit, nodes: &[Node]) -> Rows {
    let mut rows = Rows::new();
    for (i, node) in nodes.iter().enumerate().filter(|(_, node)| node.is_there_before()) {
        let desired = desired(i, node.ms, Value::Int(BEFORE));
        kit.has(&name(i), desired.clone()).await;
        rows.insert(name(i), desired);
    }
    rows
}

/// The steps that are not done yet, where these rows are there.
fn plan(nodes: &[Node], rows: &Rows) -> Planner {
    let mut p = Planner::new();
    for (i, node) in nodes.iter().enumerate() {
        let row = rows.get(&name(i));
        let old = row.is_some_and(|row| row.at(&Path::key("any")) == Some(&Value::Int(BEFORE)));
        let planned =
            |p: &Planner, i: usize| p.plan.steps.iter().any(|step| step.address == address(&name(i)));
        let after: Vec<String> = node.after.iter().filter(|i| planned(&p, **i)).map(|i| name(*i)).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        let source = node.after.iter().find(|i| node.refers && nodes[**i].has_value());
        let value = source.map_or(Value::Int(i as i64), |source| later(&name(*source), "any"));
        let desired = desired(i, node.ms, value);
        let id = || format!("id-{}", name(i)).into();
        let live = || row.cloned().unwrap_or_default();
        let create = || Work::Create {
            desired: desired.clone(),
            adopt: false,
            key: Some(Value::from(name(i))),
            row: RowPlan::default(),
        };
        let delete = || Work::Delete { id: id(), live: live() };
        let works = match node.kind {
            Kind::Create if row.is_none() => vec![create()],
            Kind::Update if old => vec![Work::Update {
                id: id(),
                desired: desired.clone(),
                live: live(),
                unset: Vec::new(),
                row: RowPlan::default(),
            }],
            Kind::Delete if old => vec![delete()],
            Kind::Replace { .. } if old => vec![delete(), create()],
            Kind::Replace { .. } if row.is_none() => vec![create()],
            Kind::Join => vec![Work::Join],
            Kind::Create | Kind::Update | Kind::Delete | Kind::Replace { .. } => Vec::new(),
        };
        for (n, work) in works.into_iter().enumerate() {
            let own = name(i);
            let mut after = after.clone();
            after.extend((n > 0).then_some(own.as_str()));
            let step = p.step(&own, work, &after);
            if node.kind != Kind::Join {
                step.serialise = node.group.map(|group| Value::from(format!("g{group}")));
                step.usual_ms = Some(node.ms as u64);
            }
        }
    }
    p
}

/// What fails for good does so in each of the runs.
fn script(kit: &Kit, nodes: &[Node], runs: usize) {
    for (i, node) in nodes.iter().enumerate() {
        let Some(call) = node.fated(i) else { continue };
        let lost = ProviderError::transient("reset").effect(Effect::Unknown);
        let act = match node.fate {
            Fate::Well => continue,
            Fate::Fails => {
                (0..runs).for_each(|_| kit.world.act(&call, Act::Fail(ProviderError::permanent("no"))));
                continue;
            }
            Fate::TriesAgain => Act::Fail(ProviderError::transient("busy")),
            Fate::LosesReply => Act::DoneBut(lost),
            Fate::NeverArrives => Act::Fail(lost),
            Fate::Waits => Act::Wait(3),
        };
        kit.world.act(&call, act);
    }
}

/// One step after the other: how each ends, and what becomes of the rows.
fn sequential(nodes: &[Node], plan: &Plan, rows: &mut Rows) -> Vec<&'static str> {
    let mut ends: Vec<&str> = Vec::new();
    for step in &plan.steps {
        let name = step.address.to_string();
        let i: usize = name[1..].parse().unwrap();
        let fated = call_of(step).is_some_and(|call| nodes[i].fated(i) == Some(call));
        let fails = fated && nodes[i].fate == Fate::Fails;
        let end = match step.after.iter().any(|before| ends[before.0 as usize] != "done") {
            true => "skipped",
            false if fails => "failed",
            false => "done",
        };
        ends.push(end);
        match &step.work {
            _ if end != "done" => {}
            Work::Create { desired, .. } | Work::Update { desired, .. } => {
                let known = desired.map_leaves::<()>(&mut |_, leaf| {
                    let Value::Unknown(unknown) = leaf else { return Ok(None) };
                    let Origin::Row { row, path } = &unknown.origin else { return Err(()) };
                    Ok(rows[row.as_str()].at(path).cloned())
                });
                rows.insert(name, known.unwrap());
            }
            Work::Delete { .. } => drop(rows.remove(&name)),
            _ => {}
        }
    }
    ends
}

/// A step's call as the world notes it.
fn call_of(step: &Step) -> Option<String> {
    match &step.work {
        Work::Create { .. } => Some(format!("create {}", step.address)),
        Work::Update { id, .. } => Some(format!("update {id}")),
        Work::Delete { id, .. } => Some(format!("delete {id}")),
        _ => None,
    }
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

/// The state and the world hold exactly these rows, whole, and an object for each.
async fn check_rows(kit: &Kit, expected: &Rows) {
    let state = kit.state().await;
    assert!(state.pending.is_empty(), "{:?}", state.pending);
    let objects = kit.world.objects.lock().unwrap().clone();
    let mut ids = BTreeSet::new();
    let mut rows = Rows::new();
    for (address, row) in &state.rows {
        assert!(row.old.is_none() && row.temporary.is_none(), "{row:?}");
        let current = row.current.as_ref().unwrap();
        assert_eq!(current.incomplete, None);
        let mut whole = current.desired.as_map().cloned().unwrap();
        whole.insert("id", Value::String(current.id.clone()));
        assert_eq!(current.attributes, Value::from(whole.clone()));
        whole.insert("token", Value::from(format!("token-of-{}", current.id)));
        assert_eq!(objects.get(&current.id), Some(&Value::from(whole)));
        ids.insert(current.id.clone());
        rows.insert(address.to_string(), current.desired.clone());
    }
    assert_eq!(rows, *expected);
    assert_eq!(ids, objects.into_keys().collect(), "no orphan and no duplicate");
}

/// No call before the outcomes of all that its step waits for are durable.
fn check_order(kit: &Kit, plan: &Plan) {
    let mut durable: BTreeSet<u32> = BTreeSet::new();
    for line in kit.log.lines() {
        if let Some(records) = line.strip_prefix("append ") {
            for record in records.split(", ") {
                if let Some(rest) = record.strip_prefix("done ") {
                    durable.insert(rest.split(' ').next().unwrap().parse().unwrap());
                }
            }
        } else if let Some(step) = plan.steps.iter().find(|step| call_of(step).as_ref() == Some(&line)) {
            let mut open = step.after.clone();
            while let Some(before) = open.pop() {
                let before = &plan.steps[before.0 as usize];
                match before.work {
                    Work::Join => open.extend(&before.after),
                    _ => assert!(durable.contains(&before.id.0), "{line} before {before:?} was durable"),
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
    std::env::var("AURAK_CASES").map_or(150, |text| text.parse().expect("AURAK_CASES is a number"))
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
            let mut rows = seed(&kit, &nodes).await;
            *kit.store.delay.lock().unwrap() = Duration::from_millis(delay * 25);
            script(&kit, &nodes, 1);
            let p = plan(&nodes, &rows);
            let before = kit.state().await.serial;
            let ran = kit.run(&p.plan).await;
            assert_eq!(ends(&ran), sequential(&nodes, &p.plan, &mut rows));
            assert!(kit.world.most_at_once() <= parallelism.min(width));
            check_order(&kit, &p.plan);
            check_rows(&kit, &rows).await;
            let written = kit.state().await.serial - before;
            assert!(written as usize <= 1 + p.plan.steps.len() * 3, "{written} records");
        });
    }

    #[test]
    fn a_run_that_is_killed_at_any_moment_is_made_good_by_the_next(
        nodes in graph(), kills in prop::collection::vec(1..6000u64, 1..4), delay in 0..3u64,
    ) {
        virtual_time(async {
            let mut kit = Kit::new().await;
            let mut expected = seed(&kit, &nodes).await;
            *kit.store.delay.lock().unwrap() = Duration::from_millis(delay * 25);
            script(&kit, &nodes, kills.len() + 1);
            sequential(&nodes, &plan(&nodes, &expected).plan, &mut expected);
            let mut kills = kills.into_iter();
            loop {
                let state = kit.state().await;
                let desired = |row: &Row| row.current.as_ref().unwrap().desired.clone();
                let mut rows: Rows =
                    state.rows.iter().map(|(address, row)| (address.to_string(), desired(row))).collect();
                let p = plan(&nodes, &rows);
                let ran = match kills.next() {
                    Some(at) => tokio::time::timeout(Duration::from_millis(at), kit.run(&p.plan)).await.ok(),
                    None => Some(kit.run(&p.plan).await),
                };
                if let Some(ran) = ran {
                    assert_eq!(ends(&ran), sequential(&nodes, &p.plan, &mut rows));
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
            check_rows(&kit, &expected).await;
        });
    }
}
