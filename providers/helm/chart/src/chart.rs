//! A chart with the charts below it.

use aurak_gotemplate::{Map, Str};

use crate::path::extension;
use crate::{Lock, Metadata};

/// A file of a chart, with its path inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The path, with `/`.
    pub name: String,
    /// What is in it, without a byte order mark.
    pub data: Str,
}

/// A chart. Cloning shares the values and, as Go does, the dependencies of its metadata.
#[derive(Clone, Default)]
pub struct Chart {
    /// `Chart.yaml`
    pub metadata: Metadata,
    /// `Chart.lock`
    pub lock: Option<Lock>,
    /// What is in `templates/`.
    pub templates: Vec<File>,
    /// `values.yaml`; after the dependencies were processed, with what was imported.
    pub values: Map,
    /// `values.schema.json`
    pub schema: Option<Str>,
    /// All that is nothing else: what templates read through `.Files`, and `crds/`.
    pub files: Vec<File>,
    /// The charts in `charts/`.
    pub charts: Vec<Chart>,
    /// The path that templates and `# Source:` lines begin with: `parent/charts/child`.
    pub path: String,
}

/// A definition in `crds/`, and where it is in the whole tree.
#[derive(Debug, Clone, Copy)]
pub struct Crd<'a> {
    /// The file.
    pub file: &'a File,
    /// The chart's path.
    chart: &'a str,
}

impl Crd<'_> {
    /// The path in the whole tree, for `# Source:`.
    #[must_use]
    pub fn path(&self) -> String {
        crate::path::clean(&format!("{}/{}", self.chart, self.file.name))
    }
}

impl Chart {
    /// The name; its alias once the dependencies are processed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Is it one that only lends its templates?
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.metadata.kind == "library"
    }

    /// The definitions in `crds/` of this chart and those below it.
    #[must_use]
    pub fn crds(&self) -> Vec<Crd<'_>> {
        let mut found = Vec::new();
        self.collect_crds(&mut found);
        found
    }

    fn collect_crds<'a>(&'a self, found: &mut Vec<Crd<'a>>) {
        let own = self.files.iter().filter(|file| file.name.starts_with("crds/") && is_manifest(&file.name));
        found.extend(own.map(|file| Crd { file, chart: &self.path }));
        self.charts.iter().for_each(|chart| chart.collect_crds(found));
    }

    /// How many charts the tree has.
    pub(crate) fn size(&self) -> usize {
        1 + self.charts.iter().map(Self::size).sum::<usize>()
    }

    /// Puts the chart below a path, and all below it too.
    pub(crate) fn move_below(&mut self, parent: &str) {
        self.path = if parent.is_empty() {
            self.name().to_owned()
        } else {
            format!("{parent}/charts/{}", self.name())
        };
        let path = self.path.clone();
        self.charts.iter_mut().for_each(|chart| chart.move_below(&path));
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|known| extension(name).eq_ignore_ascii_case(known))
}
