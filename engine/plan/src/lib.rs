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
pub mod diff;
mod evaluate;
mod existing;
mod input;
mod mark;
mod modules;
mod name;
mod provider;
mod removal;
mod resource;
mod scope;
mod steps;
mod walk;
mod words;
mod written;

use aurak_model::plan::Mode;

pub use collection::collection_of;
pub use input::{Options, PlanInput, Planned};
pub use name::{Named, stack_name, validate};
pub use written::written_asks;

use context::Context;

/// Plans.
pub fn plan(input: PlanInput) -> Planned {
    let context = Context::new(input);
    if context.input.options.mode == Mode::Apply {
        context.walk();
        context.judge_program();
        context.judge_replace();
    }
    let removals = context.removals();
    context.assemble(removals)
}
