//! Properties of planning and applying, on random stacks in random worlds. CI looks at 10,000 cases of
//! each, with `AURAK_CASES`; the executor's own are in its crate, and are counted by the same variable.
//!
//! A failure prints the seed and the smallest scenario that still fails in the same way. To run one
//! seed, or others: `AURAK_SEED=17 AURAK_CASES=1 cargo test -p aurak-tests --test all properties`.

mod lives;
mod naive;
mod small;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use aurak_tests::order::Wrong;
use aurak_tests::world_gen::{Dice, Lab, Size, Stack, shrink};

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

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
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
