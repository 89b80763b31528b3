//! What a stranger's template may use up.

/// Bounds of parsing and executing. Reaching one is an error of kind
/// [`Limit`](crate::ErrorKind::Limit).
#[derive(Clone, Debug)]
pub struct Limits {
    /// How deep blocks and parentheses may nest in a text. People write five levels; a chain of
    /// `else if` is one level for each.
    pub nesting: usize,
    /// How deep templates may call templates, by `template` or through a function. Helm stops its
    /// own `include` at 1000 of one name.
    pub depth: usize,
    /// How many bytes of the native stack may be in use below the first call. Depth alone would not
    /// protect it, because a level needs more in a build without optimisation. The default leaves
    /// half of a thread of 2 MiB; who needs 1000 templates in one another gives a thread 64 MiB and
    /// raises this to 48 MiB.
    pub stack: usize,
    /// How many steps may be made: nodes walked, operands evaluated, functions called, rounds of
    /// `range`, and what long texts and lists cost that a function looks at. What large public charts
    /// make is far below.
    pub steps: u64,
    /// How many bytes may be made in all: written, printed, or returned by a template or counted by
    /// a function.
    pub bytes: usize,
    /// How many rounds one `range` over a number may have.
    pub rounds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nesting: 1000,
            depth: 2000,
            stack: 1 << 20,
            steps: 50_000_000,
            bytes: 256 << 20,
            rounds: 1_000_000,
        }
    }
}

/// What executions have used up of the limits that they have together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub(crate) steps: u64,
    pub(crate) bytes: usize,
}
