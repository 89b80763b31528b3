//! Anything done to a state in any order, killed, failing, beside others and changed outside: nothing
//! is lost, made twice or deleted that should not be.
//!
//! `AURAK_FUZZ_CASES` says how many cases are played, `AURAK_FUZZ_SEED` which is the first,
//! `AURAK_FUZZ_THREADS` how many at once. `tests/fuzz.sh` plays many.

#![expect(clippy::print_stderr, reason = "many cases take their time, and say how far they are")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurak_tests::lifecycle::{Case, overdue, shrink};
use aurak_tests::number;

/// What is played where nothing is said: some 25 seconds of two cores without optimisation. CI, which
/// optimises a little, plays 3000.
const CASES: u64 = 800;

/// Failures after which it ends: each is made small, which takes its time.
const MOST_FAILURES: usize = 5;

/// Real time after which a case is named that has not ended.
const TOO_LONG: Duration = Duration::from_secs(20);

#[test]
fn nothing_is_lost_whatever_is_done() {
    let cases = number("AURAK_FUZZ_CASES").unwrap_or(CASES);
    let seed = number("AURAK_FUZZ_SEED").unwrap_or(1);
    let threads = number("AURAK_FUZZ_THREADS").unwrap_or(2);
    let most = usize::try_from(number("AURAK_FUZZ_FAILURES").unwrap_or(MOST_FAILURES as u64)).unwrap();
    let next = AtomicU64::new(seed);
    let failures: Mutex<Vec<String>> = Mutex::default();
    let met: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let alive = Arc::new(());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Virtual time does not end a case that waits for ever: it is at least named.
            while Arc::strong_count(&alive) > 1 {
                std::thread::sleep(Duration::from_millis(200));
                for case in overdue(TOO_LONG) {
                    eprintln!("this does not end:\n{}", case.script());
                }
            }
        });
        for _ in 0..threads {
            let alive = alive.clone();
            let (next, failures, met) = (&next, &failures, &met);
            scope.spawn(move || {
                let _alive = alive;
                loop {
                    let seed_now = next.fetch_add(1, Ordering::Relaxed);
                    if seed_now >= seed + cases || failures.lock().unwrap().len() >= most {
                        return;
                    }
                    let done = seed_now - seed;
                    if done > 0 && done.is_multiple_of(1000) {
                        eprintln!("{done} of {cases} cases");
                    }
                    let case = Case::of(seed_now);
                    let found = case.play();
                    for (end, count) in found.met {
                        *met.lock().unwrap().entry(end).or_default() += count;
                    }
                    if let Some(problem) = found.problem {
                        let (small, problem) = shrink(&case, &problem);
                        let text = format!("== seed {seed_now}: {problem}\n{}", small.script());
                        eprintln!("{text}");
                        failures.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    for (end, count) in met.into_inner().unwrap() {
        eprintln!("{count:>8}  {end}");
    }
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} cases failed\n{}", failures.len(), failures.join("\n"));
}
