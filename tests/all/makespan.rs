//! How well runs are scheduled, through the whole engine in virtual time: `tests/bench/makespan.sh`
//! measures the same with real processes.
//!
//! With durations that were learned each run comes within 5 % of the bound. A first run knows none, and
//! one step in sixteen is ten times as long as the others: where such a one happens to be among the last
//! to begin, no order that can be known before would have been better. So of first runs the mean of a
//! shape is bounded, how many of them are beyond it, and each by what no order can be worse than (Graham).

use std::collections::BTreeMap;

use aurak_exec::Limits;
use aurak_model::plan::Mode;
use aurak_plan::Options;
use aurak_tests::makespan::{Graph, Shape};
use aurak_tests::world_gen::{Ended, Lab};
use tokio::time::Instant;

const SLOTS: u64 = 10;

/// Each shape with each of these.
const SEEDS: std::ops::Range<u64> = 1..4;

/// Opening a provider and the like.
const BESIDES_MS: u64 = 20;

/// Applies, destroys, and does both again with what was learned; how long each took.
async fn runs(graph: &Graph) -> [u64; 4] {
    let mut lab = Lab::new(1);
    lab.limits = Limits { parallelism: SLOTS as usize, ..Limits::default() };
    lab.files(BTreeMap::from([("aurak.yaml".to_string(), graph.stack(true))]));
    let mut took = [0; 4];
    for (i, mode) in [Mode::Apply, Mode::Destroy, Mode::Apply, Mode::Destroy].into_iter().enumerate() {
        let from = Instant::now();
        assert_eq!(lab.run(Options { mode, ..Options::default() }).await, Ended::Done);
        took[i] = from.elapsed().as_millis() as u64;
    }
    took
}

/// How far beyond the bound first runs of a shape are in the mean.
const FIRST: f64 = 1.15;

#[test]
fn a_run_comes_close_to_what_no_schedule_can_beat() {
    for shape in Shape::ALL {
        let (mut first, mut learned) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let graph = Graph::draw(shape, seed, 300);
            let (bound, graham) = (graph.bound_ms(SLOTS), graph.graham_ms(SLOTS));
            let took = Lab::runtime().unwrap().block_on(runs(&graph));
            let which = format!("{} {seed}: {took:?} ms, bound {bound}", shape.word());
            for ms in took {
                assert!(ms >= bound, "the bound is none: {which}");
                assert!(ms <= graham + BESIDES_MS, "a slot was idle with steps ready: {which}");
            }
            let against = took.map(|ms| ms as f64 / bound as f64);
            first.extend_from_slice(&against[..2]);
            learned.extend_from_slice(&against[2..]);
            assert!(against[2..].iter().all(|part| *part <= 1.05), "with what was learned: {which}");
        }
        let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
        let beyond = first.iter().filter(|part| **part > FIRST).count();
        assert!(mean(&learned) <= 1.02, "{}: {learned:?}", shape.word());
        assert!(mean(&first) <= FIRST, "{}: {first:?}", shape.word());
        assert!(beyond <= first.len() / 2, "{}: {beyond} beyond {FIRST}: {first:?}", shape.word());
    }
}

#[test]
fn a_bound_and_grahams_are_what_they_are_said_to_be() {
    for shape in Shape::ALL {
        let graph = Graph::draw(shape, 1, 300);
        assert_eq!(graph, Graph::draw(shape, 1, 300));
        assert_ne!(graph, Graph::draw(shape, 2, 300));
        // One slot does everything one after the other, and enough slots leave the longest chain.
        assert_eq!(graph.bound_ms(1), graph.graham_ms(1));
        assert!(graph.bound_ms(300) < graph.bound_ms(1));
        assert!(graph.graham_ms(10) < 2 * graph.bound_ms(10));
    }
}
