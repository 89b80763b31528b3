//! Provider nodes of a plan: closed until a step needs one, then opened once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use aurak_api::Provider;
use aurak_model::snapshot::ProviderNode;
use aurak_model::value::Origin;
use aurak_model::{Address, Name, Plan, ProviderAddress, Slot, StateDoc, Step, Work};

use crate::error::Failure;

/// The nodes: those of the plan by their index there, after them those that only the state knows.
pub(crate) struct Nodes {
    pub(crate) list: Vec<Node>,
    by_address: HashMap<ProviderAddress, usize>,
    /// The nodes that a row goes into.
    from: HashMap<Address, Vec<usize>>,
}

/// One of them.
pub(crate) struct Node {
    pub(crate) node: ProviderNode,
    pub(crate) status: Status,
    /// Whether the state has this configuration.
    pub(crate) recorded: bool,
    /// What goes on when it is open.
    pub(crate) waiters: Vec<Waiter>,
    /// The row whose volatile attribute it is waiting for.
    pub(crate) blocked_on: Option<Address>,
    /// Its world comes from what this plan makes: another one than before is expected.
    pub(crate) moves: bool,
}

/// How far a node is.
pub(crate) enum Status {
    Closed,
    Opening,
    Open(Open),
    Failed(Failure),
}

/// An open provider.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) world: Option<Name>,
}

/// What waits for a node or for a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Waiter {
    Step(u32),
    Node(usize),
    Row(Address),
}

impl Nodes {
    pub(crate) fn new(plan: &Plan) -> Nodes {
        let mut nodes = Nodes { list: Vec::new(), by_address: HashMap::new(), from: HashMap::new() };
        for node in &plan.providers {
            nodes.add(node.clone());
        }
        let makes = |step: &&Step| step.slot == Slot::Current && matches!(step.work, Work::Create { .. });
        let made: HashSet<&Address> = plan
            .steps
            .iter()
            .filter(makes)
            .map(|step| &step.address)
            .filter(|a| nodes.from.contains_key(*a))
            .collect();
        for node in &mut nodes.list {
            node.moves = comes_from(&node.node).iter().any(|row| made.contains(row));
        }
        nodes
    }

    fn add(&mut self, node: ProviderNode) -> usize {
        let index = self.list.len();
        self.by_address.entry(node.address.clone()).or_insert(index);
        for row in comes_from(&node) {
            self.from.entry(row).or_default().push(index);
        }
        self.list.push(Node {
            node,
            status: Status::Closed,
            recorded: false,
            waiters: Vec::new(),
            blocked_on: None,
            moves: false,
        });
        index
    }

    /// The node of an address: as planned, else as recorded.
    pub(crate) fn of(&mut self, address: &ProviderAddress, state: &StateDoc) -> Option<usize> {
        if let Some(index) = self.by_address.get(address) {
            return Some(*index);
        }
        let index = self.add(state.providers.get(address)?.node());
        self.list[index].recorded = true;
        Some(index)
    }

    /// What the world of a planned node comes from.
    pub(crate) fn needs(&self, address: &ProviderAddress) -> Option<&[Address]> {
        self.by_address.get(address).map(|index| &self.list[*index].node.needs[..])
    }

    /// A row has another object now: what was opened with the one before leads to where that was.
    pub(crate) fn close_from(&mut self, row: &Address) {
        for index in self.from.get(row).into_iter().flatten() {
            let status = &mut self.list[*index].status;
            if matches!(status, Status::Open(_) | Status::Failed(_)) {
                *status = Status::Closed;
            }
        }
    }

    /// Whether a node's configuration or world comes from a row.
    pub(crate) fn come_from(&self, row: &Address) -> bool {
        self.from.contains_key(row)
    }

    /// A row has another name now.
    pub(crate) fn rename(&mut self, from: &Address, to: &Address) {
        let nodes = self.from.remove(from).unwrap_or_default();
        for index in &nodes {
            let it = &mut self.list[*index].node;
            it.config = it.config.with_renamed_origins(from, to);
            it.needs.iter_mut().filter(|need| *need == from).for_each(|need| *need = to.clone());
        }
        self.from.entry(to.clone()).or_default().extend(nodes);
    }

    /// The open provider of a node.
    pub(crate) fn open(&self, index: usize) -> Option<&Open> {
        match &self.list.get(index)?.status {
            Status::Open(open) => Some(open),
            Status::Closed | Status::Opening | Status::Failed(_) => None,
        }
    }
}

/// The rows that a node's configuration and its world come from.
fn comes_from(node: &ProviderNode) -> BTreeSet<Address> {
    let mut rows: BTreeSet<Address> = node.needs.iter().cloned().collect();
    node.config.for_each_unknown(&mut |unknown| {
        if let Origin::Row { row, .. } = &unknown.origin {
            rows.insert(row.clone());
        }
    });
    rows
}
