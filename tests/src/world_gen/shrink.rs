//! Makes a stack smaller as long as it still fails.

use super::stack::{Item, Lifecycle, Stack};

/// Stacks that are a little simpler than this one.
fn simpler(stack: &Stack) -> Vec<Stack> {
    let mut all = Vec::new();
    let mut push = |change: &dyn Fn(&mut Stack)| {
        let mut other = stack.clone();
        change(&mut other);
        other.mend();
        if other != *stack {
            all.push(other);
        }
    };
    for place in 0..stack.items.len() {
        push(&|other| drop(other.items.remove(place)));
    }
    push(&|other| other.outputs.clear());
    push(&|other| other.moved.clear());
    push(&|other| other.removed.clear());
    for (place, item) in stack.items.iter().enumerate() {
        if let Item::Module(module) = item {
            for number in 0..module.blocks.len() {
                push(&|other| {
                    if let Some(Item::Module(module)) = other.items.get_mut(place) {
                        module.blocks.remove(number);
                    }
                });
            }
        }
    }
    for number in 0..stack.blocks().len() {
        let Some((_, block)) = stack.blocks().get(number).copied() else { continue };
        for name in block.attributes.keys() {
            // What has to be there is put back by nobody: the failure is then another one.
            push(&|other| {
                if let Some(block) = other.blocks_mut().into_iter().nth(number) {
                    block.attributes.remove(name);
                }
            });
        }
        push(&|other| {
            if let Some(block) = other.blocks_mut().into_iter().nth(number) {
                block.lifecycle = Lifecycle::default();
            }
        });
        push(&|other| {
            if let Some(block) = other.blocks_mut().into_iter().nth(number) {
                block.after.clear();
            }
        });
    }
    all
}

/// The smallest that still fails in this way, as far as it is found in `tries` tries. Several stacks,
/// one after the other in a life, are made smaller each by itself.
pub fn shrink(
    mut stacks: Vec<Stack>,
    mut tries: usize,
    fails: &mut dyn FnMut(&[Stack]) -> bool,
) -> Vec<Stack> {
    'again: loop {
        for number in 0..stacks.len() {
            for other in simpler(&stacks[number]) {
                let Some(left) = tries.checked_sub(1) else { return stacks };
                tries = left;
                let mut trial = stacks.clone();
                trial[number] = other;
                if fails(&trial) {
                    stacks = trial;
                    continue 'again;
                }
            }
        }
        return stacks;
    }
}
