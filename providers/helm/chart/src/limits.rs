//! How much a stranger's chart may cost before it is refused.

/// Bounds on charts and values. The first two are Helm's own, the others are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files of an archive, or of a folder with Helm 4; and of all archives in a chart.
    pub chart_bytes: u64,
    /// Bytes of one file; Helm 4 has no such limit.
    pub file_bytes: u64,
    /// Entries of an archive or a folder.
    pub files: usize,
    /// Charts within charts.
    pub chart_depth: usize,
    /// Charts in a whole tree.
    pub charts: usize,
    /// Folders within folders: a link that leads back is cut here.
    pub folder_depth: usize,
    /// Collections of values within each other.
    pub value_depth: usize,
    /// Values that one copy of values may have.
    pub value_nodes: usize,
    /// Elements of lists that one `--set` may write or move.
    pub set_elements: usize,
    /// What a text of YAML may cost.
    pub yaml: aurak_goyaml::Limits,
}

impl Default for Limits {
    /// Well above what the largest public charts need: they have some thousand files, five levels of
    /// charts and forty of values. Values are walked by recursion, so their depth is small.
    fn default() -> Self {
        Self {
            chart_bytes: 100 << 20,
            file_bytes: 5 << 20,
            files: 100_000,
            chart_depth: 32,
            charts: 2_000,
            folder_depth: 64,
            value_depth: 200,
            value_nodes: 2_000_000,
            set_elements: 4_000_000,
            yaml: aurak_goyaml::Limits::default(),
        }
    }
}
