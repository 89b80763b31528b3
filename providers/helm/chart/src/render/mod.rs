//! Executing a chart's templates.
//!
//! [`Helm::render`] does what `helm template` does with a chart that was loaded: it looks whether the
//! chart can be installed and has its dependencies, processes them, lays values over each other, checks
//! them against schemas, executes all templates as one set, and sorts what came out. What it cannot know
//! by itself is in the [`Request`]: the release, what the cluster can do, where drawn values come from
//! ([`aurak_sprig::Draws`]) and what `lookup` finds ([`Lookup`]).
//!
//! Templates run in one order, deepest first, and share their values: what one of them sets, the next
//! ones see. A render takes at most what `Helm::template_limits` allows for all templates together. A
//! thousand includes in one another need a deeper stack than a thread has: [`on_deep_stack`].

mod convert;
mod durations;
mod engine;
mod failure;
mod functions;
mod lookup;
mod metadata;
mod record;
mod schema;
mod scope;
mod stack;
mod toml;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aurak_gotemplate::Map;
use aurak_sprig::{Draws, Fresh};

use crate::error::quoted;
use crate::manifest::Sorted;
use crate::{Capabilities, Chart, Error, Helm, Profile};

pub use failure::{Failure, FailureKind, Frame};
pub use lookup::{Lookup, NoCluster};
pub use stack::{deep_limits, on_deep_stack};

/// What a chart is rendered for, and with.
#[derive(Clone)]
pub struct Request {
    /// `.Release.Name`
    pub name: String,
    /// `.Release.Namespace`
    pub namespace: String,
    /// `.Release.Revision`
    pub revision: i64,
    /// `.Release.IsUpgrade`, and the opposite of `.Release.IsInstall`.
    pub is_upgrade: bool,
    /// `.Capabilities`
    pub capabilities: Capabilities,
    /// Where random values, certificates and the time come from.
    pub draws: Rc<RefCell<dyn Draws>>,
    /// What `lookup` asks.
    pub lookup: Rc<dyn Lookup>,
    /// May `getHostByName` ask the network?
    pub dns: bool,
    /// Are values not checked against `values.schema.json`?
    pub skip_schema: bool,
    /// Do the notes of charts below count too?
    pub sub_notes: bool,
}

impl Request {
    /// A first release that asks no cluster and draws anew.
    #[must_use]
    pub fn new(name: &str, namespace: &str, capabilities: Capabilities) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            revision: 1,
            is_upgrade: false,
            capabilities,
            draws: Rc::new(RefCell::new(Fresh)),
            lookup: Rc::new(NoCluster),
            dns: false,
            skip_schema: false,
            sub_notes: false,
        }
    }
}

/// What came out of a chart. The definitions in `crds/` are with the chart itself: [`Chart::crds`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Manifests and hooks, each with the path of the file it comes from.
    pub sorted: Sorted,
    /// `NOTES.txt`
    pub notes: String,
    /// All texts as they came out, by the paths of their files, without notes and partials.
    pub files: BTreeMap<String, String>,
}

const NOTES: &str = "NOTES.txt";

impl Helm<'_> {
    /// Renders a chart with a user's values. The chart is left with its dependencies processed.
    ///
    /// # Errors
    ///
    /// What Helm refuses, in its words; of a template with the place ([`Error::Template`]). A limit that
    /// was reached.
    pub fn render(&self, chart: &mut Chart, user: &Map, request: &Request) -> Result<Rendered, Error> {
        self.check_installable(chart)?;
        check_name(&request.name).map_err(|error| match self.profile {
            Profile::Helm3 => error,
            Profile::Helm4 => error.within("release name check failed"),
        })?;
        self.process_dependencies(chart, user).map_err(|error| match (self.profile, error) {
            (Profile::Helm4, error @ (Error::Refused(_) | Error::Within { .. })) => {
                error.within("chart dependencies processing failed")
            }
            (_, error) => error,
        })?;
        let values = self.coalesce(chart, user)?;
        if !request.skip_schema {
            schema::check(self, chart, &values)?;
        }
        self.check_kube_version(chart, &request.capabilities)?;
        let mut files = engine::render(self, chart, &values, request)?;
        let notes = take_notes(chart, &mut files, request.sub_notes);
        let sorted = self.sort_manifests(&files)?;
        Ok(Rendered { sorted, notes, files })
    }

    fn check_installable(&self, chart: &Chart) -> Result<(), Error> {
        if !matches!(chart.metadata.kind.as_str(), "" | "application") {
            return Err(Error::refused(format!("{} charts are not installable", chart.metadata.kind)));
        }
        if chart.metadata.deprecated {
            self.warn("This chart is deprecated");
        }
        let mut missing = Vec::new();
        for one in chart.metadata.dependencies.iter().flatten() {
            let one = one.borrow();
            if !chart.charts.iter().any(|below| below.name() == one.name) {
                missing.push(one.name.clone());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let error = Error::refused(format!(
            "found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        ));
        Err(error.within(match self.profile {
            Profile::Helm3 => {
                "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies"
            }
            Profile::Helm4 => {
                "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies"
            }
        }))
    }

    fn check_kube_version(&self, chart: &Chart, capabilities: &Capabilities) -> Result<(), Error> {
        let range = &chart.metadata.kube_version;
        let version = &capabilities.kube_version;
        if range.is_empty() || self.versions.in_range(range, &version.normalized) {
            return Ok(());
        }
        let shown = match self.profile {
            Profile::Helm3 => &version.normalized,
            Profile::Helm4 => &version.version,
        };
        Err(Error::refused(format!(
            "chart requires kubeVersion: {range} which is incompatible with Kubernetes {shown}"
        )))
    }
}

/// The longest name of a release.
const LONGEST_NAME: usize = 53;

/// Looks whether a release can have a name.
fn check_name(name: &str) -> Result<(), Error> {
    let why = if name.is_empty() {
        "no name provided"
    } else if name.len() > LONGEST_NAME || !name.split('.').all(is_label) {
        "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    } else {
        return Ok(());
    };
    Err(Error::refused(why).within(format!("release name {}", quoted(name))))
}

fn is_label(part: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-')
}

/// Takes the notes out of what was rendered. Of several Helm takes them in any order, and here it is
/// that of their paths.
fn take_notes(chart: &Chart, files: &mut BTreeMap<String, String>, sub_notes: bool) -> String {
    let own = crate::path::clean(&format!("{}/templates/{NOTES}", chart.name()));
    let mut notes = String::new();
    let paths: Vec<String> = files.keys().filter(|path| path.ends_with(NOTES)).cloned().collect();
    for path in paths {
        let Some(text) = files.remove(&path) else { continue };
        if sub_notes || path == own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(&text);
        }
    }
    notes
}
