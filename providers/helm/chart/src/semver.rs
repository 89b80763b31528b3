//! Versions and ranges as Helm is built with them.

use aurak_sprig::semver::{Constraint, Version};

use crate::Versions;

/// Masterminds' semver, which Helm uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Semver;

impl Versions for Semver {
    fn is_version(&self, version: &str) -> bool {
        Version::parse(version).is_ok()
    }

    fn in_range(&self, range: &str, version: &str) -> bool {
        match (Constraint::parse(range), Version::parse(version)) {
            (Ok(range), Ok(version)) => range.allows(&version),
            _ => false,
        }
    }
}
