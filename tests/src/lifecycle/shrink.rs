//! Makes a failing case small: moves are taken away, then blocks, then what stands in them, as long as
//! the same thing goes wrong.

use super::mutate::needed;
use super::stack::{Account, Call};
use super::{Case, Move};

/// The most tries; each of them plays the case.
const MOST_TRIES: usize = 1500;

/// A smaller case with the same kind of problem, and its problem.
pub fn shrink(case: &Case, problem: &str) -> (Case, String) {
    let mut shrinking =
        Shrinking { case: case.clone(), problem: problem.to_string(), kind: kind(problem), tries: 0 };
    loop {
        let before = shrinking.tries;
        let changed = shrinking.moves() | shrinking.words() | shrinking.blocks() | shrinking.parts();
        if !changed || shrinking.tries >= MOST_TRIES || shrinking.tries == before {
            break;
        }
    }
    (shrinking.case, shrinking.problem)
}

/// What a problem is about: its words up to the colon, behind the command.
fn kind(problem: &str) -> String {
    let line = problem.lines().next().unwrap_or_default();
    let about = line.split_once(": ").map_or(line, |(_, rest)| rest);
    about.split(':').next().unwrap_or_default().to_string()
}

struct Shrinking {
    case: Case,
    problem: String,
    kind: String,
    tries: usize,
}

impl Shrinking {
    /// Keeps a smaller case where it still fails in the same way.
    fn offer(&mut self, case: Case) -> bool {
        self.tries += 1;
        if self.tries > MOST_TRIES {
            return false;
        }
        match case.play().problem {
            Some(problem) if kind(&problem) == self.kind => {
                self.case = case;
                self.problem = problem;
                true
            }
            _ => false,
        }
    }

    /// Takes moves away, many at once first.
    fn moves(&mut self) -> bool {
        let mut changed = false;
        let mut size = self.case.moves.len().div_ceil(2);
        while size > 0 {
            let mut place = 1;
            while place < self.case.moves.len() {
                let mut case = self.case.clone();
                let end = (place + size).min(case.moves.len());
                case.moves.drain(place..end);
                match self.offer(case) {
                    true => changed = true,
                    false => place += size,
                }
            }
            size /= 2;
        }
        changed
    }

    /// Takes options away from commands.
    fn words(&mut self) -> bool {
        let mut changed = false;
        for place in 0..self.case.moves.len() {
            let Some(Move::Do(text)) = self.case.moves.get(place) else { continue };
            if !(text.starts_with("apply") || text.starts_with("destroy")) {
                continue;
            }
            for option in text.clone().split(" --").skip(1) {
                if option.starts_with("quiet") || option.starts_with("var") {
                    continue;
                }
                let mut case = self.case.clone();
                if let Move::Do(text) = &mut case.moves[place] {
                    *text = text.replace(&format!(" --{option}"), "");
                }
                changed |= self.offer(case);
            }
        }
        changed
    }

    /// Takes blocks out of all stacks.
    fn blocks(&mut self) -> bool {
        let mut changed = false;
        let stacks = |case: &Case| -> Vec<u32> {
            let mut uids: Vec<u32> = case
                .moves
                .iter()
                .filter_map(|what| match what {
                    Move::Stack(stack) => Some(stack.blocks.iter().map(|block| block.uid)),
                    Move::Do(_) => None,
                })
                .flatten()
                .collect();
            uids.sort_unstable();
            uids.dedup();
            uids
        };
        for uid in stacks(&self.case) {
            let mut case = self.case.clone();
            for what in &mut case.moves {
                if let Move::Stack(stack) = what {
                    stack.blocks.retain(|block| block.uid != uid);
                }
            }
            changed |= self.offer(case);
        }
        changed
    }

    /// Takes attributes, references and the rest out of blocks, first everywhere, then in one stack.
    fn parts(&mut self) -> bool {
        let mut changed = false;
        for place in 0..self.case.moves.len() {
            let Some(Move::Stack(stack)) = self.case.moves.get(place).cloned() else { continue };
            let mut smaller = Vec::new();
            for (index, block) in stack.blocks.iter().enumerate() {
                let mut with = |change: &dyn Fn(&mut super::stack::Block)| {
                    let mut stack = stack.clone();
                    change(&mut stack.blocks[index]);
                    smaller.push(stack);
                };
                for name in block.lifecycle.keys() {
                    with(&|block| drop(block.lifecycle.remove(name)));
                }
                for name in block.fields.keys().filter(|name| !needed(block.kind, name)) {
                    with(&|block| drop(block.fields.remove(name)));
                }
                for name in block.refs.keys() {
                    with(&|block| block.refs.retain(|other, _| other != name));
                }
                if block.timeout.is_some() {
                    with(&|block| block.timeout = None);
                }
                if block.after.is_some() {
                    with(&|block| block.after = None);
                }
                if block.shape != super::stack::Shape::One {
                    with(&|block| block.shape = super::stack::Shape::One);
                }
                if block.module {
                    with(&|block| block.module = false);
                }
                if block.other {
                    with(&|block| block.other = false);
                }
            }
            let lists = [
                !stack.moved.is_empty(),
                !stack.removed.is_empty(),
                !stack.imports.is_empty(),
                !stack.tells.is_empty(),
                stack.call != Call::Plain,
                stack.account != Account::Plain,
                !stack.existing.is_empty(),
            ];
            for (index, some) in lists.into_iter().enumerate() {
                let mut stack = stack.clone();
                match index {
                    0 => stack.moved.clear(),
                    1 => stack.removed.clear(),
                    2 => stack.imports.clear(),
                    3 => stack.tells.clear(),
                    4 => stack.call = Call::Plain,
                    5 => stack.account = Account::Plain,
                    _ => stack.existing.clear(),
                }
                if some {
                    smaller.push(stack);
                }
            }
            for stack in smaller {
                // Each was made from the stack as it was; one that fits no more is not taken.
                let Some(Move::Stack(now)) = self.case.moves.get(place) else { continue };
                if size(now) < size(&stack) {
                    continue;
                }
                let mut case = self.case.clone();
                case.moves[place] = Move::Stack(stack.clone());
                let all = self.everywhere(&stack, place);
                changed |= all.is_some_and(|all| self.offer(all)) || self.offer(case);
            }
        }
        changed
    }

    /// The same blocks in all stacks.
    fn everywhere(&self, stack: &super::stack::Stack, place: usize) -> Option<Case> {
        let mut case = self.case.clone();
        for (other, what) in case.moves.iter_mut().enumerate() {
            let Move::Stack(there) = what else { continue };
            if other == place {
                *there = stack.clone();
            }
            for block in &mut there.blocks {
                let Some(same) = stack.block(block.uid).filter(|same| same.kind == block.kind) else {
                    continue;
                };
                block.fields.retain(|name, _| same.fields.contains_key(name));
                block.refs.retain(|name, _| same.refs.contains_key(name));
                block.lifecycle.retain(|name, _| same.lifecycle.contains_key(name));
            }
        }
        Some(case)
    }
}

fn size(stack: &super::stack::Stack) -> usize {
    let of = |block: &super::stack::Block| {
        block.fields.len()
            + block.refs.len()
            + block.lifecycle.len()
            + usize::from(block.timeout.is_some())
            + usize::from(block.after.is_some())
            + usize::from(block.module)
            + usize::from(block.other)
            + usize::from(block.shape != super::stack::Shape::One)
    };
    stack.blocks.iter().map(of).sum::<usize>()
        + stack.moved.len()
        + stack.removed.len()
        + stack.imports.len()
        + stack.existing.len()
        + stack.tells.len()
        + usize::from(stack.call != Call::Plain)
        + usize::from(stack.account != Account::Plain)
}
