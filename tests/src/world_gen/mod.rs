//! Random worlds: stacks that load and plan, changes of them, and what others do to their objects.
//!
//! Everything comes from a seed. A [`Stack`] is data, so that a test can change it, take parts out of
//! it ([`shrink`]) and evaluate it by other means than the engine; [`Stack::files`] writes it as the
//! files that the engine reads. A [`Lab`] is where stacks are planned and applied by the real engine in
//! the simulated world, and it keeps a script of all that was done: a failure prints a scenario.
//!
//! ```text
//! let mut dice = Dice::new(seed);
//! let mut stack = Stack::random(&mut dice, Size::default());
//! let mut lab = Lab::new(seed);
//! lab.set(&stack);
//! lab.apply().await?;
//! drift(&mut lab, &mut dice);       // somebody else changes, removes and adds objects
//! stack.evolve(&mut dice);          // the configuration changes
//! lab.set(&stack);
//! lab.plan().await?;
//! panic!("{}", lab.script());
//! ```
//!
//! What is generated is meant to succeed: names are never used twice, what others add does not stand
//! in the way, a new object comes first only where the service bears two. What cannot succeed in a
//! correct engine does not belong here, and what fails all the same is a finding.

mod change;
mod dice;
mod drift;
mod kinds;
mod lab;
mod make;
mod mend;
mod shrink;
mod stack;
mod term;
mod write;

pub use dice::Dice;
pub use drift::drift;
pub use kinds::{Fill, KINDS, Kind, kind};
pub use lab::{Ended, Lab};
pub use make::Size;
pub use shrink::shrink;
pub use stack::{Block, Item, Lifecycle, Module, Stack};
pub use term::Term;

#[cfg(test)]
mod tests {
    use super::*;

    /// Stacks load without a finding, however they were changed and shuffled.
    #[tokio::test(start_paused = true)]
    async fn stacks_load() {
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let mut stack = Stack::random(&mut dice, Size::default());
            let schemas = Lab::new(seed).session.schemas;
            for _ in 0..4 {
                for files in [stack.files(), stack.shuffled(&mut dice)] {
                    let sources = lab::sources(files.clone());
                    let loaded = aurak_lang::load(&sources, &Default::default(), &schemas);
                    assert!(loaded.diagnostics.is_empty(), "{:?}\n{files:#?}", loaded.diagnostics);
                }
                stack.evolve(&mut dice);
            }
        }
    }

    /// The same seed, the same stack; another one, mostly another.
    #[test]
    fn seeds_decide() {
        let of = |seed| Stack::random(&mut Dice::new(seed), Size::default());
        let different = (0..50).filter(|seed| of(*seed) != of(seed + 1)).count();
        assert!((0..50).all(|seed| of(seed) == of(seed)) && different > 45, "{different}");
    }

    /// What fails because of one block is left with that block.
    #[test]
    fn shrinking_finds_the_block() {
        let mut dice = Dice::new(7);
        let big = |stack: &Stack| stack.blocks().iter().any(|(_, b)| b.type_name == "sim.thing");
        let mut stack = Stack::random(&mut dice, Size { blocks: 20, modules: 10, ..Size::default() });
        while !big(&stack) {
            stack = Stack::random(&mut dice, Size { blocks: 20, modules: 10, ..Size::default() });
        }
        let small = shrink(vec![stack], 1_000, &mut |all| all.iter().all(big));
        assert_eq!(small[0].blocks().len(), 1, "{:?}", small[0]);
        assert!(small[0].blocks()[0].1.attributes.is_empty());
    }
}
