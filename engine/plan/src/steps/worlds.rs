//! Providers that lead elsewhere than they did, and the way to what they made where they led before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use aurak_model::{Address, ProviderAddress, ProviderNode, Row, Slot, Work};

use super::Builder;

impl Builder<'_> {
    /// Where a provider leads elsewhere than it did, what is left there goes first: its new configuration
    /// is recorded with the first use, and from then on nobody knows how to reach what is in the other place.
    /// What only goes with something there, which may take long or fail, has the way there under another
    /// name until then.
    pub(super) fn order_worlds(&mut self) {
        let mut before: HashMap<u32, usize> = HashMap::new();
        let mut after: HashMap<u32, usize> = HashMap::new();
        let mut elsewhere: HashMap<ProviderAddress, usize> = HashMap::new();
        let by_address: BTreeMap<_, _> = self.provider_index.iter().collect();
        for (place, (address, nodes)) in by_address.iter().enumerate() {
            let Some(recorded) = self.context.input.previous.providers.get(*address) else { continue };
            let recorded = recorded.node();
            for node in *nodes {
                let now = &self.providers[*node as usize];
                if now.config.reveal() == recorded.config.reveal() {
                    before.insert(*node, place);
                    continue;
                }
                after.insert(*node, place);
                if self.context.leads_elsewhere(&recorded, now) {
                    elsewhere.insert((*address).clone(), place);
                }
            }
        }
        let mut places: Vec<(Vec<u32>, Vec<u32>)> = vec![Default::default(); by_address.len()];
        let mut stay: BTreeMap<Address, (Arc<Row>, usize)> = BTreeMap::new();
        for (id, step) in (0..).zip(&self.steps) {
            let place = |of: &HashMap<u32, usize>| step.provider.and_then(|node| of.get(&node).copied());
            match &step.work {
                Work::Delete { .. } => place(&before).into_iter().for_each(|at| places[at].0.push(id)),
                Work::Create { .. } | Work::Update { .. } | Work::Record { .. } => {
                    place(&after).into_iter().for_each(|at| places[at].1.push(id));
                }
                Work::Forget if !elsewhere.is_empty() => {
                    let row = self.context.row(&step.address);
                    let at = row.as_ref().and_then(|row| elsewhere.get(&row.provider).copied());
                    match self.is_only_forgetting(id) {
                        true => at.into_iter().for_each(|at| places[at].0.push(id)),
                        false => stay.extend(row.zip(at).map(|found| (step.address.clone(), found))),
                    }
                }
                _ => {}
            }
        }
        for (address, (row, place)) in stay {
            places[place].0.extend(self.push_way_back(&address, &row));
        }
        for (gone, others) in places {
            let Some(first) = gone.first().filter(|_| !others.is_empty()) else { continue };
            let address = self.steps[*first as usize].address.clone();
            let gone = self.gather(&address, gone);
            for other in others {
                self.after[other as usize].extend_from_slice(&gone);
            }
        }
    }

    /// Whether a step waits for nothing but what is forgotten, which neither takes long nor fails.
    fn is_only_forgetting(&self, step: u32) -> bool {
        let (mut open, mut seen) = (vec![step], HashSet::new());
        while let Some(id) = open.pop() {
            if !matches!(self.steps[id as usize].work, Work::Forget | Work::Join | Work::Record { .. }) {
                return false;
            }
            open.extend(self.after[id as usize].iter().copied().filter(|before| seen.insert(*before)));
        }
        true
    }

    /// A name for the way to where a provider led: one that no other way has.
    fn name_of_way_back(&self, recorded: &ProviderNode) -> ProviderAddress {
        let around: Vec<String> = recorded.needs.iter().map(|need| need.to_string()).collect();
        let led = match around.is_empty() {
            true => "as it was".to_string(),
            false => format!("as it led to {}", around.join(", ")),
        };
        let numbered = (2..).map(|number| format!("{led}, {number}"));
        let mut names =
            std::iter::once(led.clone()).chain(numbered).map(|name| recorded.address.beside(&name));
        let is_free = |name: &ProviderAddress| {
            let known = self.context.input.previous.providers.get(name);
            !self.nodes.contains_key(name)
                && known.is_none_or(|it| {
                    it.needs == recorded.needs && it.config.reveal() == recorded.config.reveal()
                })
        };
        names.find(is_free).unwrap_or_else(|| recorded.address.clone())
    }

    /// The step that gives a row the provider as it was, under another name.
    fn push_way_back(&mut self, address: &Address, row: &Row) -> Option<u32> {
        let slot =
            [Slot::Current, Slot::Old, Slot::Temporary].into_iter().find(|it| row.object(*it).is_some())?;
        let object = row.object(slot)?.clone();
        let recorded = self.context.recorded_provider(row);
        let name = self.name_of_way_back(&recorded);
        let recorded_needs = recorded.needs.clone();
        let provider = self.provider(&ProviderNode { address: name, ..recorded });
        let own = self.of.get(address).cloned().unwrap_or_default();
        let moves = |id: &u32| matches!(self.steps[*id as usize].work, Work::Record { from: Some(_), .. });
        let moved = own.iter().copied().find(moves);
        let work = Work::Record {
            id: object.id,
            desired: object.desired,
            attributes: object.attributes,
            from: None,
            row: self.with_new_names(row),
        };
        let step = self.push(address, &row.type_name, slot, work, Some(provider), None, None);
        self.after[step as usize].extend(moved);
        // It is recorded under the names of this plan.
        for need in &recorded_needs {
            let renames = self.of.get(&self.new_name(need)).into_iter().flatten().copied().find(|id| {
                matches!(self.steps[*id as usize].work, Work::Record { from: Some(_), .. }) && *id != step
            });
            self.after[step as usize].extend(renames);
        }
        for later in own.iter().filter(|id| Some(**id) != moved) {
            self.after[*later as usize].push(step);
        }
        let steps = self.of.entry(address.clone()).or_default();
        steps.retain(|id| *id != step);
        steps.insert(usize::from(moved.is_some()).min(steps.len()), step);
        Some(step)
    }
}
