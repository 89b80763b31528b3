//! How close runs come to what no schedule can beat, in virtual time.

use super::kit::*;

/// Opening the provider takes a millisecond.
const OPENING_MS: u64 = 1;

/// A random graph: for each step how long it takes and what it needs, always such as stand before.
struct Random {
    ms: Vec<u64>,
    needs: Vec<Vec<usize>>,
}

/// Numbers that come from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

impl Random {
    /// Sizes, degrees and reach vary from graph to graph; one call in twelve is ten times as long.
    fn new(seed: u64) -> Random {
        let mut chance = Chance(seed);
        let count = 40 + chance.below(60) as usize;
        let (degree, reach) = (1 + chance.below(4), 5 + chance.below(60) as usize);
        let (mut ms, mut needs) = (Vec::new(), Vec::new());
        for i in 0..count {
            ms.push(match chance.below(12) {
                0 => 1000 + chance.below(2000),
                _ => 50 + chance.below(350),
            });
            let far = reach.min(i);
            let links = if far == 0 { 0 } else { chance.below(degree) };
            let mut of: Vec<usize> = (0..links).map(|_| i - 1 - chance.below(far as u64) as usize).collect();
            of.sort_unstable();
            of.dedup();
            needs.push(of);
        }
        Random { ms, needs }
    }

    fn longest(&self) -> u64 {
        let mut ends: Vec<u64> = Vec::new();
        for (ms, needs) in self.ms.iter().zip(&self.needs) {
            ends.push(ms + needs.iter().map(|i| ends[*i]).max().unwrap_or(0));
        }
        ends.into_iter().max().unwrap()
    }

    fn bound(&self, slots: u64) -> u64 {
        self.longest().max(self.ms.iter().sum::<u64>().div_ceil(slots))
    }

    /// What every schedule stays below that leaves no slot idle while something is ready.
    fn graham(&self, slots: u64) -> u64 {
        (self.ms.iter().sum::<u64>() + (slots - 1) * self.longest()).div_ceil(slots)
    }

    fn plan(&self, learned: bool) -> Planner {
        let mut p = Planner::new();
        for (i, (ms, needs)) in self.ms.iter().zip(&self.needs).enumerate() {
            let needs: Vec<String> = needs.iter().map(|i| format!("s{i}")).collect();
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            let step = p.create(&format!("s{i}"), lasting(*ms as i64), &needs);
            step.usual_ms = learned.then_some(*ms);
        }
        p
    }

    /// How long a run takes.
    async fn run(&self, slots: u64, learned: bool) -> u64 {
        let mut kit = Kit::new().await;
        kit.context.limits.parallelism = slots as usize;
        let ran = kit.run(&self.plan(learned).plan).await;
        ran.done().ms() - OPENING_MS
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_rest_first_is_close_to_what_no_schedule_can_beat() {
    let (mut learned, mut blind, mut worst) = (0.0, 0.0, 0.0_f64);
    const GRAPHS: u64 = 200;
    for seed in 0..GRAPHS {
        let graph = Random::new(seed);
        let slots = 2 + seed % 9;
        let (bound, graham) = (graph.bound(slots), graph.graham(slots));
        for knows in [true, false] {
            let ms = graph.run(slots, knows).await;
            assert!((bound..=graham).contains(&ms), "graph {seed}: {ms} ms of {bound} to {graham}");
            let against = ms as f64 / bound as f64;
            match knows {
                true => (learned, worst) = (learned + against, worst.max(against)),
                false => blind += against,
            }
        }
    }
    let (learned, blind) = (learned / GRAPHS as f64, blind / GRAPHS as f64);
    assert!(learned <= 1.02 && worst <= 1.10, "with durations {learned:.3}, at the worst {worst:.3}");
    assert!(blind <= 1.15, "without durations {blind:.3}");
    assert!(learned < blind, "what was learned is of use: {learned:.3}, {blind:.3}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_never_overlap_count_as_one_long_chain() {
    let mut kit = Kit::new().await;
    kit.context.limits.parallelism = 2;
    let mut p = Planner::new();
    // Four seconds that nothing can shorten, behind a step that is short, and three longer steps. Whoever
    // takes the four for single steps begins with two of the longer ones, and ends 1.2 s later.
    p.create("gate", lasting(100), &[]).usual_ms = Some(100);
    for name in ["w", "x", "y", "z"] {
        let step = p.create(name, lasting(1000), &["gate"]);
        (step.usual_ms, step.serialise) = (Some(1000), Some("net".into()));
    }
    for name in ["a", "b", "c"] {
        p.create(name, lasting(1200), &[]).usual_ms = Some(1200);
    }
    let ran = kit.run(&p.plan).await;
    assert_eq!(ran.done().ms(), OPENING_MS + 4100);
}

#[tokio::test(start_paused = true)]
async fn a_run_says_how_long_it_will_take_within_its_bounds() {
    let mut kit = Kit::new().await;
    let mut p = Planner::new();
    for name in ["a", "b", "c", "d"] {
        p.create(name, lasting(1000), &[]).usual_ms = Some(1000);
    }
    for (slots, about) in [(4, 1000), (2, 2000), (1, 4000)] {
        kit.context.limits.parallelism = slots;
        assert_eq!(kit.run(&p.plan).await.about_ms(), Some(about));
    }
}
