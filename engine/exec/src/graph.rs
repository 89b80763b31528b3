//! The steps as a graph: who waits for whom, and how much is still to come after each.

use aurak_model::StepId;
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
    /// milliseconds: the longest chain.
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
        // Steps stand after what they wait for, so backwards every dependant comes first.
        for i in (0..count).rev() {
            let longest = graph.dependants(i as u32).iter().map(|d| graph.remaining[*d as usize]).max();
            graph.remaining[i] = usual_ms(&plan.steps[i], schemas).saturating_add(longest.unwrap_or(0));
        }
        Ok(graph)
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
