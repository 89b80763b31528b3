//! The pure planner: from a program, the state and what is known of the outside to a plan.
//!
//! It has no clock, no randomness, no files, no environment and no async: what it does not know it
//! asks, and it is called again with the answers. Same input, same plan, to the byte.
//!
//! The order of a planning, which is the order of the modules here: walk the blocks along their
//! static edges and decide for each instance what happens ([`walk`](self), `resource`, `provider`,
//! `existing`, `composite`); find what leaves (`removal`); make steps and order them (`steps`);
//! put the plan together (`assemble`).

mod assemble;
mod collection;
mod composite;
mod conditions;
mod context;
mod decide;
mod deep;
pub mod diff;
mod elsewhere;
mod evaluate;
mod existing;
mod fits;
mod free;
mod going;
mod imports;
mod input;
mod inside;
mod later;
mod left_out;
mod looked;
mod mark;
mod modules;
mod moved;
mod name;
mod owners;
mod provider;
mod removal;
mod resource;
mod rotate;
mod said;
mod same;
mod scope;
mod steps;
mod walk;
mod words;
mod written;

use std::collections::BTreeSet;
use std::rc::Rc;

use aurak_model::Address;
use aurak_model::plan::Mode;

pub use collection::collection_of;
pub use going::{Around, Going};
pub use input::{Options, PlanInput, Planned};
pub use name::{Named, stack_name, validate};
pub use written::{Unnamed, WrittenAsks, written_asks};

use context::Context;

/// Plans.
pub fn plan(input: PlanInput) -> Planned {
    deep::with_stack(|| work(input).0)
}

/// Plans, and hands the plan over before the working memory is taken down, which takes a while for
/// large stacks: to be called on a thread of its own. Where questions are left the memory goes first,
/// so that nobody else holds on to the snapshot that their answers are added to.
pub fn plan_into(input: PlanInput, hand_over: impl FnOnce(Planned) + Send) {
    deep::with_stack(|| {
        let (planned, context) = work(input);
        if planned.asks.is_empty() {
            hand_over(planned);
        } else {
            drop(context);
            hand_over(planned);
        }
    });
}

/// Plans; where steps wait for each other in a circle, again with something in it that goes before its
/// new object is made.
fn work(input: PlanInput) -> (Planned, Rc<Context>) {
    let mut early = BTreeSet::new();
    loop {
        let (planned, context) = attempt(input.clone(), early.clone());
        let circled = context.circled.take();
        if circled.is_subset(&early) {
            return (planned, context);
        }
        early.extend(circled);
    }
}

fn attempt(input: PlanInput, early: BTreeSet<Address>) -> (Planned, Rc<Context>) {
    let context = Context::new(input, early);
    if context.input.options.mode == Mode::Apply {
        context.walk();
        context.judge_moves();
        context.judge_program();
        context.judge_replace();
        context.judge_imports();
        context.judge_only();
        context.judge_same_objects();
    }
    let removals = context.removals();
    context.judge_claims(&removals);
    context.judge_inside(&removals);
    (context.assemble(removals), context)
}
