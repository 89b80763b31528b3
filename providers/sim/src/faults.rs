//! What goes wrong, on demand or by chance.
//!
//! A [`Fault`] meets the next requests that fit it. [`Chaos`] decides by a hash of the seed, the
//! request and how often it was put, so that it does not matter in which order parallel requests
//! arrive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::Op;

/// A thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The request that it meets; any where there is none.
    #[serde(default)]
    pub op: Option<Op>,
    /// The type, address, id, natural key or collection that it meets; any where there is none.
    #[serde(default)]
    pub on: Option<String>,
    /// How many fitting requests pass first.
    #[serde(default)]
    pub after: u32,
    /// How many it meets then.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Nothing happens, and it may be tried again.
    Transient,
    /// Nothing happens, and the service asks for ten seconds of patience.
    Throttled,
    /// Nothing happens, because something else is going on.
    Conflict,
    /// Nothing happens, and nothing ever will.
    Permanent,
    /// It takes effect, and the answer is lost.
    Lost,
    /// Nothing happens, and no answer comes: to the caller the same as [`Lost`](FaultKind::Lost).
    Dropped,
    /// All goes well, but takes fifty times as long.
    Slow,
    /// A create leaves an object with only its required attributes.
    Partial,
    /// Somebody else makes the same object a moment earlier.
    Exists,
    /// A read answers that the object cannot be read.
    Unreadable,
    /// A long operation starts and fails in the end.
    FailsLater,
    /// The request is never answered, and nothing happens.
    Hangs,
    /// The request acts two seconds later, whether who sent it still lives or not, and is then answered.
    Lingers,
    /// The request is never answered, and acts a minute later, whether who sent it still lives or not.
    Late,
}

impl FaultKind {
    /// The kind of a word.
    pub fn parse(word: &str) -> Option<FaultKind> {
        serde_json::from_value(serde_json::Value::String(word.to_string())).ok()
    }
}

impl Fault {
    /// Meets every request, once.
    pub fn new(kind: FaultKind) -> Fault {
        Fault { kind, op: None, on: None, after: 0, times: 1 }
    }

    /// Meets only requests of this word.
    #[must_use]
    pub fn op(mut self, op: Op) -> Fault {
        self.op = Some(op);
        self
    }

    /// Meets only requests about this type, address, id, natural key or collection.
    #[must_use]
    pub fn on(mut self, on: &str) -> Fault {
        self.on = Some(on.to_string());
        self
    }

    /// Meets so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Fault {
        self.times = times;
        self
    }

    /// Lets so many pass first.
    #[must_use]
    pub fn after(mut self, after: u32) -> Fault {
        self.after = after;
        self
    }
}

/// Random faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chaos {
    /// Of a thousand requests, how many meet a fault.
    pub per_mille: u32,
    /// What may go wrong.
    pub kinds: Vec<FaultKind>,
    /// How often in a row the same request may fail: retries must come to an end.
    pub in_a_row: u32,
}

impl Chaos {
    /// Faults that a run must get over by itself.
    pub fn harmless(per_mille: u32) -> Chaos {
        Chaos {
            per_mille,
            kinds: vec![FaultKind::Transient, FaultKind::Throttled, FaultKind::Conflict, FaultKind::Lost],
            in_a_row: 2,
        }
    }
}

/// Which requests meet which fault.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    seed: u64,
    listed: Vec<Fault>,
    chaos: Option<Chaos>,
    /// Nothing goes wrong for the time being.
    paused: bool,
    seen: BTreeMap<String, (u32, u32)>,
    /// How many requests met what.
    met: BTreeMap<FaultKind, u64>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Faults {
        Faults { seed, ..Faults::default() }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.listed.push(fault);
    }

    pub(crate) fn chaos(&mut self, chaos: Option<Chaos>) {
        self.chaos = chaos;
    }

    pub(crate) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    pub(crate) fn clear(&mut self) {
        self.listed.clear();
        self.chaos = None;
    }

    /// Faults that still wait for their request: a scenario in which one is left did not test what
    /// it meant to.
    pub(crate) fn left(&self) -> Vec<Fault> {
        self.listed.clone()
    }

    /// How many requests met what so far.
    pub(crate) fn met(&self) -> BTreeMap<FaultKind, u64> {
        self.met.clone()
    }

    /// The fault that a request meets; `names` are the words by which it can be meant.
    pub(crate) fn meet(&mut self, op: Op, names: &[&str]) -> Option<FaultKind> {
        if self.paused {
            return None;
        }
        let kind = self.listed(op, names).or_else(|| self.chance(op, names))?;
        *self.met.entry(kind).or_default() += 1;
        Some(kind)
    }

    fn listed(&mut self, op: Op, names: &[&str]) -> Option<FaultKind> {
        let fits = |fault: &Fault| {
            fault.op.is_none_or(|wanted| wanted == op)
                && fault.on.as_deref().is_none_or(|on| names.contains(&on))
        };
        let place = self.listed.iter().position(fits)?;
        let fault = &mut self.listed[place];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let kind = fault.kind;
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            self.listed.remove(place);
        }
        Some(kind)
    }

    fn chance(&mut self, op: Op, names: &[&str]) -> Option<FaultKind> {
        let chaos = self.chaos.as_ref()?;
        if !(op.writes() || matches!(op, Op::Read | Op::List | Op::Find | Op::Resume)) {
            return None;
        }
        let name = format!("{} {}", op.word(), names.join(" "));
        let (count, in_a_row) = self.seen.entry(name.clone()).or_default();
        *count += 1;
        let random = hash(self.seed, &name, *count);
        let meets = (random % 1000) < u64::from(chaos.per_mille) && *in_a_row < chaos.in_a_row;
        *in_a_row = if meets { *in_a_row + 1 } else { 0 };
        let kind = chaos.kinds.get((random >> 32) as usize % chaos.kinds.len().max(1))?;
        meets.then_some(*kind)
    }
}

/// A number that depends on all three and on nothing else (FNV-1a, finished as in splitmix64).
pub(crate) fn hash(seed: u64, text: &str, count: u32) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(text.bytes()).chain(count.to_le_bytes());
    let fnv = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_what_it_was_meant_for() {
        let mut faults = Faults::new(1);
        faults.add(Fault::new(FaultKind::Conflict).op(Op::Create).on("sim.pool").after(1).times(2));
        let met: Vec<_> = [
            (Op::Create, "sim.group"),
            (Op::Create, "sim.pool"),
            (Op::Create, "sim.pool"),
            (Op::Update, "sim.pool"),
            (Op::Create, "sim.pool"),
            (Op::Create, "sim.pool"),
        ]
        .map(|(op, on)| faults.meet(op, &[on]).is_some())
        .into();
        assert_eq!(met, [false, false, true, false, true, false]);
        assert!(faults.left().is_empty());
    }

    #[test]
    fn chance_does_not_depend_on_order_and_comes_to_an_end() {
        let run = |names: &[&str]| {
            let mut faults = Faults::new(7);
            faults.chaos(Some(Chaos::harmless(900)));
            let mut met: Vec<_> =
                names.iter().map(|name| (name.to_string(), faults.meet(Op::Create, &[name]))).collect();
            met.sort_by(|a, b| a.0.cmp(&b.0));
            met
        };
        assert_eq!(run(&["a", "b", "c"]), run(&["c", "a", "b"]));
        let again = run(&["a"; 30]);
        assert!(again.iter().any(|(_, kind)| kind.is_some()));
        assert!(!again.windows(3).any(|three| three.iter().all(|(_, kind)| kind.is_some())));
    }
}
