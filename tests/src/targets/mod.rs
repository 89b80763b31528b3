//! What the coverage-guided fuzz calls with bytes, one function for each reader of something that
//! others wrote. `fuzz/` builds them with libFuzzer; a normal test calls them with every seed and
//! every input that once found something.
//!
//! A target panics where something is wrong: the code under it panicked, or what must hold for any
//! input does not. It holds no state, so that the same bytes always do the same.

mod bytes;
mod expression;
mod lang;
mod places;
mod plan_file;
mod planner;
mod records;
mod types;
mod yaml;

/// The longest input, here and for libFuzzer: long enough to see what grows faster than its input.
pub const MOST_BYTES: usize = 64 << 10;

/// Stacks of all kinds.
const STACKS: &[(&str, &str)] = &[
    ("tests/corpus", ".yaml"),
    ("tests/scenarios", ".txt"),
    ("examples", ".yaml"),
    ("cli/templates", ".yaml"),
];

/// Types.
const TYPES: &[(&str, &str)] = &[("providers", ".yaml")];

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of its program, its folder of seeds and its dictionary.
    pub name: &'static str,
    /// What it does with some bytes; whether they are what the reader wants.
    pub run: fn(&[u8]) -> bool,
    /// Folders and ends of names of files elsewhere in the project that are seeds too.
    pub seeds: &'static [(&'static str, &'static str)],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "yaml", run: yaml::run, seeds: STACKS },
    Target { name: "expression", run: expression::run, seeds: &[] },
    Target { name: "lang", run: lang::run, seeds: STACKS },
    Target { name: "planner", run: planner::run, seeds: &[] },
    Target { name: "plan_file", run: plan_file::run, seeds: &[] },
    Target { name: "records", run: records::run, seeds: &[] },
    Target { name: "types", run: types::run, seeds: TYPES },
];

/// Calls a target. Names of other targets do nothing.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let target = TARGETS.iter().find(|target| target.name == name && bytes.len() <= MOST_BYTES);
    target.is_some_and(|target| (target.run)(bytes))
}
