//! The Kubernetes versions on offer, and how one leads to another.

use std::fmt;

use super::{not_allowed, refuse};
use crate::refusal::Outcome;

/// Minor version and its patches, oldest first.
pub(super) const MINORS: &[(u8, &[u8])] = &[
    (30, &[12, 14]),
    (31, &[10, 11, 13]),
    (32, &[6, 7, 9, 10]),
    (33, &[3, 4, 5, 6]),
    (34, &[1, 2, 3]),
    (35, &[0, 1]),
];

/// What a cluster gets that asks for none.
pub(super) const DEFAULT: u8 = 33;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) minor: u8,
    pub(super) patch: u8,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.{}", self.minor, self.patch)
    }
}

/// `1.33` means the newest patch; a version on offer is needed.
pub(super) fn resolve(text: &str) -> Outcome<Version> {
    parse(text).filter(|version| offered(*version)).ok_or_else(|| {
        let known: Vec<String> = all().map(|version| version.to_string()).collect();
        refuse(
            400,
            "K8sVersionNotSupported",
            format!("The Kubernetes version {text} is not supported in this region. Please use one of the versions [{}].", known.join(" ")),
        )
    })
}

/// A version that was taken before, whether it is still on offer or not.
pub(super) fn parse(text: &str) -> Option<Version> {
    let mut parts = text.split('.');
    if parts.next()? != "1" {
        return None;
    }
    let minor: u8 = parts.next()?.parse().ok()?;
    let patch = match parts.next() {
        Some(patch) => patch.parse().ok()?,
        None => *MINORS.iter().find(|(known, _)| *known == minor)?.1.last()?,
    };
    parts.next().is_none().then_some(Version { minor, patch })
}

pub(super) fn default() -> Version {
    all().filter(|version| version.minor == DEFAULT).last().unwrap_or(Version { minor: DEFAULT, patch: 0 })
}

fn all() -> impl Iterator<Item = Version> {
    MINORS
        .iter()
        .flat_map(|(minor, patches)| patches.iter().map(|patch| Version { minor: *minor, patch: *patch }))
}

fn offered(version: Version) -> bool {
    all().any(|known| known == version)
}

/// Later patches of the minor version and all of the next.
pub(super) fn upgrades(from: Version) -> Vec<Version> {
    all().filter(|to| *to > from && to.minor <= from.minor + 1).collect()
}

/// A control plane goes up, one minor version at a time.
pub(super) fn upgrade(from: Version, to: Version) -> Outcome<()> {
    if from == to || upgrades(from).contains(&to) {
        return Ok(());
    }
    let available: Vec<String> = upgrades(from).iter().map(ToString::to_string).collect();
    Err(not_allowed(
        400,
        format!(
            "Upgrading Kubernetes version {from} to {to} is not allowed. Available upgrades: [{}]. Please see https://aka.ms/aks-supported-k8s-ver for version details.",
            available.join(" ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_lead_to_the_next_minor() {
        let version = |text: &str| resolve(text).expect(text);
        assert_eq!(version("1.33").to_string(), "1.33.6");
        assert_eq!(version("1.33.4"), Version { minor: 33, patch: 4 });
        for wrong in ["1.20", "1.33.99", "2.33", "1", "", "1.33.4.1", "v1.33"] {
            assert_eq!(resolve(wrong).expect_err(wrong).code, "K8sVersionNotSupported");
        }
        let go = |from: &str, to: &str| upgrade(version(from), version(to)).is_ok();
        assert!(go("1.32.6", "1.32.10") && go("1.32.6", "1.33.3") && go("1.32.6", "1.32.6"));
        assert!(!go("1.32.6", "1.34.1") && !go("1.33.3", "1.32.10") && !go("1.33.4", "1.33.3"));
    }
}
