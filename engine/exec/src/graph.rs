//! The steps as a graph: who waits for whom, and how much is still to come after each.
//!
//! Steps start in the order of what is still to come, the longest first. With durations that are right
//! that comes within a few percent of what no schedule can beat; where nothing is known, every call
//! counts the same, and the chain with the most calls goes first.

use std::cmp::Reverse;
use std::collections::HashMap;

use aurak_model::StepId;
use aurak_model::estimate::group_key;
use aurak_model::plan::{Plan, Step, Work};
use aurak_model::schema::{Schemas, Timeouts};

use crate::error::ExecError;

/// What a step is taken to last where nothing was learned and its type says nothing.
const UNKNOWN_MS: u64 = 1000;

/// Edges and weights; steps are their indices.
pub(crate) struct Graph {
    /// The dependants of step `i` are `targets[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    targets: Vec<u32>,
    /// How many steps each one still waits for.
    pub(crate) waiting: Vec<u32>,
    /// How long it takes from the start of a step to the end of all that hangs on it, in
    /// milliseconds: the longest chain, where the calls of a group are links of one.
    pub(crate) remaining: Vec<u64>,
}

impl Graph {
    /// Refuses a plan whose steps are not in order.
    pub(crate) fn new(plan: &Plan, schemas: &Schemas) -> Result<Graph, ExecError> {
        let count = plan.steps.len();
        let mut degree = vec![0u32; count + 1];
        let mut waiting = vec![0u32; count];
        for (i, step) in plan.steps.iter().enumerate() {
            let broken = |why: String| ExecError::BadPlan(format!("step {i} ({}) {why}", step.address));
            if step.id.0 as usize != i {
                return Err(broken(format!("calls itself {}", step.id.0)));
            }
            if step.provider.is_some_and(|p| p as usize >= plan.providers.len()) {
                return Err(broken("uses a provider that is not in the plan".to_string()));
            }
            waiting[i] = step.after.len() as u32;
            for StepId(before) in &step.after {
                if *before as usize >= i {
                    return Err(broken(format!("waits for step {before}, which does not stand before it")));
                }
                degree[*before as usize] += 1;
            }
        }
        let mut starts = Vec::with_capacity(count + 1);
        let mut sum = 0;
        for degree in &degree {
            starts.push(sum);
            sum += degree;
        }
        let mut targets = vec![0; sum as usize];
        let mut next = starts.clone();
        for (i, step) in plan.steps.iter().enumerate() {
            for StepId(before) in &step.after {
                let slot = &mut next[*before as usize];
                targets[*slot as usize] = i as u32;
                *slot += 1;
            }
        }
        let mut graph = Graph { starts, targets, waiting, remaining: vec![0; count] };
        let usual: Vec<u64> = plan.steps.iter().map(|step| usual_ms(step, schemas)).collect();
        graph.look_back(&usual, &[]);
        let least = graph.of_groups(plan, &usual);
        if !least.is_empty() {
            graph.look_back(&usual, &least);
        }
        Ok(graph)
    }

    /// Works out what is still to come; for some steps that is `least`, or more.
    fn look_back(&mut self, usual: &[u64], least: &[(u32, u64)]) {
        self.remaining.fill(0);
        for (step, ms) in least {
            self.remaining[*step as usize] = *ms;
        }
        // Steps stand after what they wait for, so backwards every dependant comes first.
        for (i, usual) in usual.iter().enumerate().rev() {
            let longest = self.dependants(i as u32).iter().map(|d| self.remaining[*d as usize]).max();
            let chain = usual.saturating_add(longest.unwrap_or(0));
            self.remaining[i] = self.remaining[i].max(chain);
        }
    }

    /// What is to come after steps that never overlap: one after the other, the one with the longest
    /// rest first, each is followed by all that stand behind it and by what hangs on these.
    fn of_groups(&self, plan: &Plan, usual: &[u64]) -> Vec<(u32, u64)> {
        let mut groups: HashMap<String, Vec<u32>> = HashMap::new();
        for (i, step) in plan.steps.iter().enumerate() {
            if let Some(text) = &step.serialise {
                groups.entry(group_key(text)).or_default().push(i as u32);
            }
        }
        let mut least = Vec::new();
        for mut group in groups.into_values().filter(|group| group.len() > 1) {
            group.sort_unstable_by_key(|step| (Reverse(self.remaining[*step as usize]), *step));
            let mut behind = 0;
            for step in group.into_iter().rev() {
                let (own, chain) = (usual[step as usize], self.remaining[step as usize]);
                behind = chain.max(own.saturating_add(behind));
                least.push((step, behind));
            }
        }
        least
    }

    /// The steps that wait for this one.
    pub(crate) fn dependants(&self, step: u32) -> &[u32] {
        let i = step as usize;
        &self.targets[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

fn usual_ms(step: &Step, schemas: &Schemas) -> u64 {
    if let Some(ms) = step.usual_ms {
        return ms;
    }
    let usual = schemas.types.get(&step.type_name).map_or(Timeouts::default(), |ty| ty.usual);
    let seconds = match &step.work {
        Work::Join | Work::Forget | Work::Record { .. } => return 0,
        Work::Create { .. } => usual.create,
        Work::Update { .. } => usual.update,
        Work::Delete { .. } => usual.delete,
        Work::Read { .. } => usual.read,
        Work::Invoke { .. } | Work::Wait { .. } => None,
    };
    seconds.map_or(UNKNOWN_MS, |seconds| seconds.saturating_mul(1000))
}
