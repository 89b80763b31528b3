//! The lifecycle fuzz: one state, many things done to it one after the other, by chance and the same
//! for the same seed. After each of them the state and the world are looked at for harm.
//!
//! A [`Case`] is a list of moves: a stack as it is from here on, or a command of a scenario. So a case
//! that fails is a scenario, and after [`shrink`] a short one. What is looked at is in
//! [`scenario`](crate::scenario).

pub mod mutate;
pub mod rng;
mod shrink;
pub mod stack;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::scenario::first_problem;
use crate::scenario::script::{Item, Script};
use mutate::mutate;
use rng::Rng;
pub use shrink::shrink;
use stack::{Block, Stack};

/// What is done, one after the other.
#[derive(Clone, Debug)]
pub struct Case {
    /// The moves.
    pub moves: Vec<Move>,
}

/// One of them.
#[derive(Clone, Debug)]
pub enum Move {
    /// The stack is this from here on.
    Stack(Stack),
    /// A command of a scenario.
    Do(String),
}

/// What came of a case.
pub struct Found {
    /// The first thing that is wrong.
    pub problem: Option<String>,
    /// How often each end was met.
    pub met: BTreeMap<String, u64>,
}

impl Case {
    /// The case of a seed.
    pub fn of(seed: u64) -> Case {
        let mut rng = Rng::new(seed);
        let mut moves = vec![Move::Do("watch".to_string())];
        if rng.once_in(12) {
            moves.push(Move::Do("disk".to_string()));
        }
        moves.push(Move::Do(format!("world seed {}", rng.below(1000))));
        // Somebody else's, to look at and to take over.
        moves.push(Move::Do("world add sim.preview { name: theirs, replicas: 3 }".to_string()));
        let mut stack = mutate::first(&mut rng);
        let mut next = mutate::next_uid(&stack);
        moves.push(Move::Stack(stack.clone()));
        let mut var = "a";
        let mut saved = Saved::default();
        for _ in 0..3 + rng.below(6) {
            if rng.once_in(2) {
                for _ in 0..1 + rng.below(3) {
                    mutate(&mut stack, &mut next, &mut rng);
                }
                moves.push(Move::Stack(stack.clone()));
            }
            if rng.once_in(5) {
                var = rng.word(&["a", "b"]);
            }
            outside(&stack, &mut rng, &mut moves);
            moves.push(Move::Do(operation(&stack, var, &mut saved, &mut rng)));
        }
        if !rng.once_in(4) {
            // What would only be refused in the end is taken out.
            stack.existing.clear();
            stack.imports.clear();
            stack.blocks.iter_mut().for_each(|block| drop(block.lifecycle.remove("prevent_destroy")));
            moves.push(Move::Stack(stack));
        }
        moves.push(Move::Do(format!("settle --var fixed={var}")));
        Case { moves }
    }

    /// As a scenario.
    pub fn script(&self) -> Script {
        let mut items = Vec::new();
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for what in &self.moves {
            match what {
                Move::Do(text) => {
                    items.push(Item::Command {
                        line: items.len(),
                        text: text.clone(),
                        output: String::new(),
                    });
                }
                Move::Stack(stack) => {
                    let new: BTreeMap<String, String> = stack.render().into_iter().collect();
                    for path in files.keys().filter(|path| !new.contains_key(*path)) {
                        let text = format!("rm {path}");
                        items.push(Item::Command { line: items.len(), text, output: String::new() });
                    }
                    for (path, text) in new.iter().filter(|(path, text)| files.get(*path) != Some(text)) {
                        items.push(Item::File { line: items.len(), path: path.clone(), text: text.clone() });
                    }
                    files = new;
                }
            }
        }
        Script { items }
    }

    /// Plays it until something is wrong.
    pub fn play(&self) -> Found {
        let _playing = Playing::begin(self);
        match first_problem(&self.script()) {
            Ok((problem, met)) => Found { problem, met },
            Err(error) => Found { problem: Some(format!("runtime: {error}")), met: BTreeMap::new() },
        }
    }
}

/// What is being played, by thread: virtual time does not end a case that waits for ever.
static PLAYING: Mutex<BTreeMap<String, (Instant, Case)>> = Mutex::new(BTreeMap::new());

struct Playing(String);

impl Playing {
    fn begin(case: &Case) -> Playing {
        let thread = format!("{:?}", std::thread::current().id());
        let mut playing = PLAYING.lock().unwrap_or_else(PoisonError::into_inner);
        playing.insert(thread.clone(), (Instant::now(), case.clone()));
        Playing(thread)
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        PLAYING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Cases that have been played for longer than this, in real time; each is told once.
pub fn overdue(longer: Duration) -> Vec<Case> {
    let mut playing = PLAYING.lock().unwrap_or_else(PoisonError::into_inner);
    let late: Vec<String> = playing
        .iter()
        .filter(|(_, (since, _))| since.elapsed() > longer)
        .map(|(thread, _)| thread.clone())
        .collect();
    late.iter().filter_map(|thread| playing.remove(thread)).map(|(_, case)| case).collect()
}

/// The plans that were saved, and whether they are for a destroy.
#[derive(Default)]
struct Saved(usize);

/// What happens besides: faults, and other people.
fn outside(stack: &Stack, rng: &mut Rng, moves: &mut Vec<Move>) {
    let mut push = |text: String| moves.push(Move::Do(text));
    if rng.once_in(3) {
        push("world calm".to_string());
    }
    if rng.once_in(4) {
        push(format!("world chaos {}", 50 + rng.below(250)));
    }
    while rng.once_in(4) {
        let kinds = [
            "transient",
            "throttled",
            "conflict",
            "permanent",
            "permanent",
            "lost",
            "lost",
            "dropped",
            "slow",
            "lingers",
            "lingers",
            "partial",
            "exists",
            "unreadable",
            "fails_later",
            "fails_later",
            "hangs",
        ];
        let kind = rng.word(&kinds);
        let op = match kind {
            // A change or a deletion that lingers is not promised to be seen: see docs/guarantees.md.
            "partial" | "exists" | "lingers" => "create",
            "unreadable" => "read",
            "fails_later" => rng.word(&["create", "update", "delete"]),
            "lost" | "dropped" => rng.word(&["create", "create", "update", "delete"]),
            _ => rng.word(&["create", "update", "delete", "read", "list"]),
        };
        let on = match rng.pick(&stack.blocks) {
            Some(block) if !block.kind.ends_with(".bundle") && rng.once_in(2) => {
                format!(" on {}", block.kind)
            }
            _ => String::new(),
        };
        push(format!("world fault {kind} {op}{on} after {}", rng.below(3)));
    }
    while rng.once_in(4) {
        let number = 1 + rng.below(6);
        push(match rng.below(11) {
            9..=10 => match standing(stack, rng) {
                Some(text) => text,
                None => continue,
            },
            0 => format!("world? remove thing-{number}"),
            1 => format!("world? remove dependant-{number}"),
            2 => format!("world? edit thing-{number} value 7"),
            3 => format!("world? edit group-{number} tags.theirs x"),
            4 => format!("world? edit cluster-{number} tags.theirs x"),
            5 => {
                let kind =
                    rng.word(&["cluster", "namespace", "object", "pool", "volume", "secret", "subnet"]);
                format!("world? remove {kind}-{number}")
            }
            6 => format!("world? edit cluster-{number} token canary-token-{}", rng.below(9)),
            7 => {
                let label = 1 + rng.below(9);
                let kind = rng.word(&["thing", "dependant", "secret", "volume", "preview"]);
                format!("world? add sim.{kind} {{ name: n{label} }}")
            }
            _ => format!("world? edit pool-{number} count 5"),
        });
    }
}

/// Somebody else makes what a block would be in another place: with the name of its object, and another
/// value of what cannot be changed.
fn standing(stack: &Stack, rng: &mut Rng) -> Option<String> {
    let able = |block: &&Block| matches!(block.kind, "sim.thing" | "sim.volume");
    let blocks: Vec<&Block> = stack.blocks.iter().filter(able).collect();
    let block = rng.pick(&blocks)?;
    let (kind, name) = (block.kind, &block.label);
    let place = if block.other { " in other" } else { "" };
    let with = match kind {
        "sim.volume" => format!("class: {}, size_gb: 5", rng.word(&["disk", "tape", "a", "b"])),
        _ => format!("fixed: {}, value: 7", rng.word(&["a", "b"])),
    };
    Some(format!("world? add {kind}{place} {{ name: {name}, {with} }}"))
}

/// Something that somebody does.
fn operation(stack: &Stack, var: &str, saved: &mut Saved, rng: &mut Rng) -> String {
    let there = stack.there();
    let addresses: Vec<String> = stack
        .blocks
        .iter()
        .filter(|block| there.contains(&block.uid))
        .map(|block| block.address(&stack.call))
        .collect();
    let mut text = match rng.below(12) {
        0 => {
            saved.0 += 1;
            let destroy = if rng.once_in(5) { " --destroy" } else { "" };
            return format!("plan --var fixed={var} -o p{}{destroy}", saved.0);
        }
        1 if saved.0 > 0 => format!("apply p{} --quiet", 1 + rng.below(saved.0)),
        6 if !addresses.is_empty() && rng.once_in(3) => {
            let address = rng.pick(&addresses).cloned().unwrap_or_default();
            return format!("forget '{address}'");
        }
        2 if !addresses.is_empty() && rng.once_in(4) => {
            let address = rng.pick(&addresses).cloned().unwrap_or_default();
            format!("destroy --quiet --var fixed={var} --only '{address}'")
        }
        2 => format!("destroy --quiet --var fixed={var}"),
        3..=4 if !addresses.is_empty() => {
            let address = rng.pick(&addresses).cloned().unwrap_or_default();
            format!("apply --quiet --var fixed={var} --only '{address}'")
        }
        5 if !addresses.is_empty() => {
            let address = rng.pick(&addresses).cloned().unwrap_or_default();
            format!("apply --quiet --var fixed={var} --replace '{address}'")
        }
        _ => format!("apply --quiet --var fixed={var}"),
    };
    match rng.below(14) {
        0..=1 => text.push_str(&format!(" --kill-at {}", 1 + rng.below(12))),
        2..=3 => text.push_str(&format!(" --kill-at-written {}", 1 + rng.below(12))),
        4 => text.push_str(&format!(" --kill-after {}ms", rng.below(3000))),
        5 => text.push_str(&format!(" --kill-after {}s", rng.below(600))),
        6 => text.push_str(&format!(" --stop-after {}ms", rng.below(3000))),
        7 => text.push_str(&format!(" --stop-after 1s --stop-now-after {}s", 1 + rng.below(200))),
        8 if rng.once_in(2) => {
            let after = rng.below(3000);
            text.push_str(&format!(" --beside {after}ms"));
            // The second gets a lease that the first believes to have.
            if rng.once_in(2) {
                text.push_str(&format!(" --stolen-after {}ms", after + rng.below(3000)));
            }
        }
        9 if rng.once_in(2) => {
            text.push_str(" --held-for 20s");
            if rng.once_in(2) {
                text.push_str(" --no-wait");
            }
        }
        10 if rng.once_in(2) => text.push_str(&format!(" --stolen-after {}ms", rng.below(5000))),
        _ => {}
    }
    text
}
