//! How much is read and written before it is refused.

use thiserror::Error;

/// Bounds on what strangers' texts may cost. Each is checked before the memory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text that is read.
    pub input: usize,
    /// Collections within each other, aliases expanded; at most [`Limits::DEEPEST`], whatever is asked.
    pub depth: usize,
    /// Nodes after aliases are expanded.
    pub nodes: usize,
    /// Bytes of all scalars after aliases are expanded: a long text behind many aliases has few nodes.
    pub expanded: usize,
    /// Bytes that are written.
    pub output: usize,
}

impl Limits {
    /// Values are trees, and trees are made, written, cloned and dropped by recursion: this many levels
    /// fit well into the two megabytes of a thread without optimisation, where a level takes up to two
    /// kilobytes. The deepest schemas of Kubernetes have less than a hundred.
    pub const DEEPEST: usize = 500;

    pub(crate) fn check_input(&self, bytes: usize) -> Result<(), Exceeded> {
        if bytes > self.input { Err(Exceeded::Input { limit: self.input }) } else { Ok(()) }
    }

    pub(crate) fn check_depth(&self, depth: usize) -> Result<(), Exceeded> {
        let limit = self.depth.min(Self::DEEPEST);
        if depth > limit { Err(Exceeded::Depth { limit }) } else { Ok(()) }
    }

    pub(crate) fn check_nodes(&self, nodes: usize) -> Result<(), Exceeded> {
        if nodes > self.nodes { Err(Exceeded::Nodes { limit: self.nodes }) } else { Ok(()) }
    }

    pub(crate) fn check_expanded(&self, bytes: usize) -> Result<(), Exceeded> {
        if bytes > self.expanded { Err(Exceeded::Expanded { limit: self.expanded }) } else { Ok(()) }
    }

    pub(crate) fn check_output(&self, bytes: usize) -> Result<(), Exceeded> {
        if bytes > self.output { Err(Exceeded::Output { limit: self.output }) } else { Ok(()) }
    }
}

impl Default for Limits {
    /// Helm reads files of up to five mebibytes; a release is one mebibyte. These are well above what a
    /// chart needs and well below what hurts.
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        Limits {
            input: 16 * MIB,
            depth: Self::DEEPEST,
            nodes: 2_000_000,
            expanded: 64 * MIB,
            output: 64 * MIB,
        }
    }
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Exceeded {
    /// See [`Limits::input`].
    #[error("the YAML has more than {limit} bytes")]
    Input {
        /// The limit.
        limit: usize,
    },
    /// See [`Limits::depth`].
    #[error("the YAML has collections more than {limit} deep")]
    Depth {
        /// The limit.
        limit: usize,
    },
    /// See [`Limits::nodes`].
    #[error("the YAML has more than {limit} nodes once its aliases are expanded")]
    Nodes {
        /// The limit.
        limit: usize,
    },
    /// See [`Limits::expanded`].
    #[error("the YAML has more than {limit} bytes once its aliases are expanded")]
    Expanded {
        /// The limit.
        limit: usize,
    },
    /// See [`Limits::output`].
    #[error("the YAML to write has more than {limit} bytes")]
    Output {
        /// The limit.
        limit: usize,
    },
}
