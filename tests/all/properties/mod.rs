//! Properties of planning and applying, on random stacks in random worlds. CI looks at 10,000 cases of
//! each, with `AURAK_CASES`; the executor's own are in its crate, and are counted by the same variable.
//!
//! A failure prints the seed and the smallest scenario that still fails in the same way. To run one
//! seed, or others: `AURAK_SEED=17 AURAK_CASES=1 cargo test -p aurak-tests --test all properties`.

mod lives;
mod naive;
mod small;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use aurak_model::{Plan, StateDoc, StepId, Value, Work};
use aurak_tests::number;
use aurak_tests::order::{self, Wrong};
use aurak_tests::world_gen::{Block, Dice, Ended, Item, Lab, Size, Stack, shrink};

/// How many cases there are of each property where the environment does not say.
const CASES: u64 = 300;

/// Tries to make a failure smaller.
const TRIES: usize = 400;

/// A stack, and what becomes of it.
fn stacks(seed: u64, size: Size) -> Vec<Stack> {
    let mut dice = Dice::new(seed);
    let mut stack = Stack::random(&mut dice, size);
    let mut all = vec![stack.clone()];
    for _ in 0..=dice.below(2) {
        stack.evolve(&mut dice);
        all.push(stack.clone());
    }
    all
}

/// Looks at all cases, and fails with the smallest form of the first that is wrong.
fn all_cases(check: impl Fn(u64) -> Result<(), String> + Sync) {
    let from = number("AURAK_SEED").unwrap_or(0);
    let to = from + number("AURAK_CASES").unwrap_or(CASES);
    let next = AtomicU64::new(from);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= to {
                return Ok(());
            }
            if let Err(why) = check(seed) {
                // The others have enough to do with what they are at.
                next.store(to, Ordering::Relaxed);
                return Err(format!("seed {seed}\n{why}"));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().filter_map(|thread| thread.join().unwrap().err()).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Looks at one life of a stack, and makes it smaller where something is wrong.
fn case<F>(seed: u64, stacks: Vec<Stack>, live: impl Fn(u64, Lab, Vec<Stack>) -> F) -> Result<(), String>
where
    F: Future<Output = (Lab, Result<(), Wrong>)>,
{
    let run = |stacks: &[Stack]| {
        let runtime = Lab::runtime().unwrap();
        let (lab, result) = runtime.block_on(async { live(seed, Lab::new(seed), stacks.to_vec()).await });
        result.map_err(|wrong| (wrong, lab.script().to_string()))
    };
    let Err((wrong, script)) = run(&stacks) else { return Ok(()) };
    let fails = &mut |stacks: &[Stack]| run(stacks).is_err_and(|(other, _)| other.what == wrong.what);
    let small = shrink(stacks, TRIES, fails);
    let (Wrong { what, detail }, script) = run(&small).err().unwrap_or((wrong, script));
    Err(format!("{what}\n\n{script}\n! {what}\n{detail}"))
}

/// Whether there is nothing to do, or nothing but to write down that an ignored attribute is not ours.
///
/// What is asked for at an ignored place, and only apply can tell, is taken to be something: the row
/// then says that we own what is there. Where it turns out to be nothing, the next plan has no change
/// and brings the row up to date.
fn is_applied(plan: &Plan, state: &StateDoc, stack: &Stack) -> bool {
    let ignored = |name: &str| {
        stack.items.iter().any(|item| {
            let blocks: &[Block] = match item {
                Item::Block(block) => std::slice::from_ref(block),
                Item::Module(module) => &module.blocks,
            };
            blocks.iter().any(|block| block.lifecycle.ignore.contains(&name))
        })
    };
    let lets_go = |before: &Value, now: &Value| {
        let (Some(before), Some(now)) = (before.as_map(), now.as_map()) else { return false };
        now.keys().all(|name| before.contains_key(name))
            && before.iter().all(|(name, value)| match now.get(name) {
                Some(now) => now == value,
                None => ignored(name),
            })
    };
    plan.is_empty()
        && plan.steps.iter().all(|step| {
            let row = state.rows.get(&step.address).and_then(|row| row.current.as_ref());
            matches!((&step.work, row), (Work::Record { desired, from: None, .. }, Some(object))
                if lets_go(&object.desired, desired))
        })
}

#[test]
fn a_plan_that_deletes_an_object_before_what_was_made_from_it_is_out_of_order() {
    let stack = |resources: &str| {
        let text = format!("aurak: 1\nname: demo\nproviders: {{ sim: {{}} }}\n{resources}");
        BTreeMap::from([("aurak.yaml".to_string(), text)])
    };
    Lab::runtime().unwrap().block_on(async {
        let mut lab = Lab::new(0);
        lab.files(stack(
            "resources:\n  group: { type: sim.group, name: g }\n  \
             network: { type: sim.network, name: n, group: \"{{ group.id }}\" }\n",
        ));
        assert_eq!(lab.apply().await, Ended::Done);
        let state = lab.document().await;
        let mut plan = lab.plan_of(stack("")).await.unwrap().plan;
        order::in_order(&plan, &state).unwrap();
        plan.steps.reverse();
        for (n, step) in (0..).zip(&mut plan.steps) {
            step.id = StepId(n);
            step.after = (0..n).map(StepId).collect();
        }
        assert!(order::in_order(&plan, &state).is_err(), "{plan:#?}");
    });
}
