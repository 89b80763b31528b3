//! Which Helm is meant, and what it is asked from outside.

use std::cell::RefCell;

use crate::Limits;

/// A Helm whose behaviour is reproduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Helm 3.22.0.
    Helm3,
    /// Helm 4.3.1.
    Helm4,
}

/// Versions and ranges as Masterminds' semver reads them: whoever has that, brings it.
pub trait Versions {
    /// Is this a version at all?
    fn is_version(&self, version: &str) -> bool;

    /// Is the version in the range? False too if one of them cannot be read.
    fn in_range(&self, range: &str, version: &str) -> bool;
}

/// A Helm at work: its profile, its limits, and what it warned of.
pub struct Helm<'a> {
    /// Which one.
    pub profile: Profile,
    /// How much a chart may cost.
    pub limits: Limits,
    /// How much all templates of a render may cost together.
    pub template_limits: aurak_gotemplate::Limits,
    pub(crate) versions: &'a dyn Versions,
    warnings: RefCell<Vec<String>>,
}

/// More warnings than anybody reads: a chart can make one for each value.
const MOST_WARNINGS: usize = 1_000;

impl<'a> Helm<'a> {
    /// A Helm with the usual limits.
    #[must_use]
    pub fn new(profile: Profile, versions: &'a dyn Versions) -> Self {
        Self {
            profile,
            limits: Limits::default(),
            template_limits: aurak_gotemplate::Limits::default(),
            versions,
            warnings: RefCell::default(),
        }
    }

    /// What it warned of since it was last asked, in the words of Helm 3.
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    pub(crate) fn warn(&self, text: impl Into<String>) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < MOST_WARNINGS {
            warnings.push(text.into());
        }
    }
}
