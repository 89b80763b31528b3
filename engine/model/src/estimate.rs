//! How long steps will take, as far as anybody knows.
//!
//! The plan says it before, the display of a run while it goes on: they must not differ, so it is
//! worked out here. It is what no schedule can beat; the longest chain first comes within a few percent
//! of that, where the durations are right.

use std::collections::HashMap;

use crate::address::Address;
use crate::plan::Step;
use crate::value::Value;

/// How long steps will take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// All of them.
    pub ms: u64,
    /// The longest chain.
    pub path_ms: u64,
    /// The longest chain, by address.
    pub path: Vec<Address>,
}

impl Estimate {
    /// Of so many slots in all, and for each provider node as many calls at once as `widths` says.
    /// None where nothing is known of any step.
    pub fn of(steps: &[Step], slots: usize, widths: &[usize]) -> Option<Estimate> {
        if steps.iter().all(|step| step.usual_ms.is_none()) {
            return None;
        }
        let (path_ms, path) = longest(steps);
        let mut all = Load::new(slots);
        let mut lanes: Vec<Load> = widths.iter().map(|width| Load::new(*width)).collect();
        let mut groups: HashMap<String, u64> = HashMap::new();
        for step in steps {
            let (Some(ms), Some(provider)) = (step.usual_ms, step.provider) else { continue };
            all.add(ms);
            if let Some(lane) = lanes.get_mut(provider as usize) {
                lane.add(ms);
            }
            if let Some(text) = &step.serialise {
                let group = groups.entry(group_key(text)).or_default();
                *group = group.saturating_add(ms);
            }
        }
        let lanes = lanes.iter().map(Load::ms);
        let ms = lanes.chain(groups.into_values()).chain([all.ms(), path_ms]).max().unwrap_or(0);
        Some(Estimate { ms, path_ms, path })
    }
}

/// What tells which steps exclude each other. Where it is not known, equal questions count as equal
/// answers.
pub fn group_key(text: &Value) -> String {
    match text.reveal() {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// Work for so many slots.
struct Load {
    slots: u64,
    ms: u64,
}

impl Load {
    fn new(slots: usize) -> Load {
        Load { slots: u64::try_from(slots.max(1)).unwrap_or(u64::MAX), ms: 0 }
    }

    fn add(&mut self, ms: u64) {
        self.ms = self.ms.saturating_add(ms);
    }

    fn ms(&self) -> u64 {
        self.ms.div_ceil(self.slots)
    }
}

/// The longest chain of steps and how long it takes. Steps stand after all that they wait for.
fn longest(steps: &[Step]) -> (u64, Vec<Address>) {
    let mut longest: Vec<(u64, Option<usize>)> = Vec::with_capacity(steps.len());
    for step in steps {
        let before = step
            .after
            .iter()
            .filter_map(|id| Some((longest.get(id.0 as usize)?.0, Some(id.0 as usize))))
            .max_by_key(|(ms, id)| (*ms, std::cmp::Reverse(*id)))
            .unwrap_or((0, None));
        longest.push((before.0.saturating_add(step.usual_ms.unwrap_or(0)), before.1));
    }
    let Some(end) = (0..steps.len()).max_by_key(|i| (longest[*i].0, std::cmp::Reverse(*i))) else {
        return (0, Vec::new());
    };
    let mut path = Vec::new();
    let mut at = Some(end);
    while let Some(i) = at {
        if steps[i].usual_ms.is_some_and(|ms| ms > 0) && path.last() != Some(&steps[i].address) {
            path.push(steps[i].address.clone());
        }
        at = longest[i].1;
    }
    path.reverse();
    (longest[end].0, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{StepId, Work};
    use crate::record::Slot;

    /// Name, usual time, what it waits for, group.
    type Row<'a> = (&'a str, Option<u64>, &'a [u32], Option<&'a str>);

    fn steps(of: &[Row<'_>]) -> Vec<Step> {
        let step = |(i, (name, usual_ms, after, group)): (usize, &Row<'_>)| Step {
            id: StepId(i as u32),
            address: Address::parse(name).unwrap(),
            type_name: "t.thing".into(),
            slot: Slot::Current,
            work: Work::Wait { what: String::new() },
            provider: Some(0),
            after: after.iter().map(|id| StepId(*id)).collect(),
            serialise: group.map(Value::from),
            usual_ms: *usual_ms,
            timeout_s: None,
        };
        of.iter().enumerate().map(step).collect()
    }

    fn told(steps: &[Step], slots: usize, width: usize) -> String {
        match Estimate::of(steps, slots, &[width]) {
            None => "nothing is known".to_string(),
            Some(Estimate { ms, path_ms, path }) => {
                let path: Vec<&str> = path.iter().map(Address::as_str).collect();
                format!("{ms}, {path_ms}: {}", path.join(" "))
            }
        }
    }

    #[test]
    fn the_longest_chain_the_slots_the_provider_or_a_group_decides() {
        let chain = steps(&[
            ("a", Some(10), &[], None),
            ("b", Some(30), &[0], None),
            ("c", None, &[1], None),
            ("d", Some(5), &[2], None),
            ("e", Some(20), &[0], None),
        ]);
        assert_eq!(told(&chain, 9, 9), "45, 45: a b d");
        assert_eq!(told(&chain, 1, 9), "65, 45: a b d");
        assert_eq!(told(&chain, 9, 1), "65, 45: a b d");
        let group = steps(&[
            ("a", Some(10), &[], Some("net")),
            ("b", Some(20), &[], Some("net")),
            ("c", Some(25), &[], Some("other")),
        ]);
        assert_eq!(told(&group, 9, 9), "30, 25: c");
        assert_eq!(told(&steps(&[("a", None, &[], None)]), 1, 1), "nothing is known");
        assert_eq!(told(&[], 1, 1), "nothing is known");
        let endless = steps(&[("a", Some(u64::MAX), &[], None), ("b", Some(u64::MAX), &[0], None)]);
        assert_eq!(told(&endless, 1, 1), format!("{0}, {0}: a", u64::MAX));
    }
}
