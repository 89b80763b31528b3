//! Steps that wait for each other in a circle: which they are, in words, and what breaks it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use aurak_model::{Address, Diagnostic, Slot, Work};
use petgraph::graph::{DiGraph, NodeIndex};

use super::Builder;

/// More than this of a circle is not shown: nobody reads it.
const SHOWN: usize = 8;

impl Builder<'_> {
    /// What is wrong with steps of which no one can be first. `open` are all that cannot be placed.
    pub(super) fn circle(&self, open: &[u32]) -> Diagnostic {
        let circle = self.shortest(open);
        let doing: Vec<(&Work, &Address, Slot)> = circle
            .iter()
            .map(|id| &self.steps[*id as usize])
            .filter(|step| !matches!(step.work, Work::Join))
            .map(|step| (&step.work, &step.address, step.slot))
            .collect();
        let words: Vec<String> =
            doing.iter().map(|(work, address, slot)| words(work, address, *slot)).collect();
        let next = words.iter().cycle().skip(1);
        let chain: Vec<String> = words
            .iter()
            .zip(next)
            .take(SHOWN)
            .map(|(step, before)| format!("{step} waits for {before}"))
            .collect();
        let older = doing.iter().find_map(|(work, address, slot)| {
            (*slot == Slot::Old && matches!(work, Work::Delete { .. })).then_some(*address)
        });
        let user = doing
            .iter()
            .find_map(|(work, address, _)| matches!(work, Work::Update { .. }).then_some(*address));
        let forgets = doing.iter().any(|(work, ..)| matches!(work, Work::Forget));
        let help = match (older, user) {
            // What it is to have instead is only made once the older object is gone.
            (Some(address), Some(user)) if forgets => format!(
                "apply it in two parts: first let `{user}` do without `{address}`, and leave the rest as it is"
            ),
            (Some(address), _) => format!(
                "let `{address}` go before its new object is made (`lifecycle: {{ create_before_destroy: false \
                 }}`), give what takes over its name another one, or apply it in two parts with `--only`"
            ),
            (None, _) => {
                "take one of these changes back and apply it afterwards, or apply it in two parts with \
                     `--only`"
                    .to_string()
            }
        };
        let mut finding = Diagnostic::error("order", "there is no order in which this could be done")
            .detail(chain.join("; "))
            .help(help);
        if let Some((_, address, _)) = doing.first() {
            finding = finding.about(address);
        }
        finding
    }

    /// What would break the circles if it went before its new object is made: of each something that
    /// nobody uses, where there is such.
    pub(super) fn could_go_early(&self, open: &[u32]) -> BTreeSet<Address> {
        let rows = self.context.input.previous.rows.values();
        let used: HashSet<Address> =
            rows.flat_map(|row| &row.needs).map(|need| self.new_name(need)).collect();
        let goes_early = |step: u32| {
            let address = &self.steps[step as usize].address;
            let replaces = self.deletes.get(address).is_some_and(|it| it.step == step && !it.first)
                && self.steps[step as usize].slot == Slot::Old;
            let is_used = used.contains(address) || used.contains(&address.block());
            (replaces && !self.context.early.contains(address)).then_some((is_used, step))
        };
        let mut open: BTreeSet<u32> = open.iter().copied().collect();
        let mut early = BTreeSet::new();
        // Without those that are found the rest may be circles still.
        loop {
            let circles = self.circles(&open);
            let found: Vec<u32> = circles
                .iter()
                .filter_map(|circle| circle.iter().filter_map(|step| goes_early(*step)).min())
                .map(|(_, step)| step)
                .collect();
            if found.is_empty() {
                return early;
            }
            for step in found {
                open.remove(&step);
                early.insert(self.steps[step as usize].address.clone());
            }
        }
    }

    /// The steps that wait for each other, all of one circle or of several that share steps together.
    fn circles(&self, open: &BTreeSet<u32>) -> Vec<Vec<u32>> {
        let mut graph: DiGraph<u32, ()> = DiGraph::with_capacity(open.len(), open.len());
        let nodes: BTreeMap<u32, NodeIndex> =
            open.iter().map(|step| (*step, graph.add_node(*step))).collect();
        for (step, node) in &nodes {
            for before in self.after[*step as usize].iter().filter_map(|before| nodes.get(before)) {
                graph.add_edge(*before, *node, ());
            }
        }
        let circles = petgraph::algo::tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1);
        circles.map(|circle| circle.into_iter().map(|node| graph[node]).collect()).collect()
    }

    /// The shortest circle through the first step that is in one.
    fn shortest(&self, open: &[u32]) -> Vec<u32> {
        open.iter().find_map(|start| self.way_back(*start, open)).unwrap_or_default()
    }

    /// The shortest way from a step over those that it waits for back to itself.
    fn way_back(&self, start: u32, open: &[u32]) -> Option<Vec<u32>> {
        let mut came_from: BTreeMap<u32, u32> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(step) = queue.pop_front() {
            for before in &self.after[step as usize] {
                if *before == start {
                    let mut way = vec![step];
                    while let Some(last) = way.last().filter(|last| **last != start) {
                        way.push(*came_from.get(last)?);
                    }
                    way.reverse();
                    return Some(way);
                }
                if open.binary_search(before).is_ok() && !came_from.contains_key(before) {
                    came_from.insert(*before, step);
                    queue.push_back(*before);
                }
            }
        }
        None
    }
}

fn words(work: &Work, address: &Address, slot: Slot) -> String {
    let doing = match work {
        Work::Create { .. } => "creating",
        Work::Update { .. } => "changing",
        Work::Delete { .. } if slot == Slot::Old => "deleting the older object of",
        Work::Delete { .. } => "deleting",
        Work::Forget => "forgetting",
        Work::Read { .. } => "reading",
        Work::Record { .. } => "recording",
        Work::Invoke { .. } => "an action of",
        Work::Wait { .. } | Work::Join => "waiting for",
    };
    format!("{doing} `{address}`")
}
