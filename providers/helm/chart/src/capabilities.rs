//! What a chart is told of the cluster and of Helm.

use crate::api_versions::API_VERSIONS;
use crate::error::quoted;
use crate::{Error, Profile};

/// What a cluster can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// Groups with versions, and with a cluster also kinds: `apps/v1`, `apps/v1/Deployment`.
    pub api_versions: Vec<String>,
}

impl Capabilities {
    /// What Helm believes without a cluster.
    #[must_use]
    pub fn offline(kube_version: KubeVersion) -> Self {
        Self { kube_version, api_versions: API_VERSIONS.iter().map(|one| (*one).to_owned()).collect() }
    }

    /// `.Capabilities.APIVersions.Has`
    #[must_use]
    pub fn has(&self, api_version: &str) -> bool {
        self.api_versions.iter().any(|one| one == api_version)
    }
}

/// A version of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// `.Version` and `.GitVersion`; with what is after the numbers in Helm 4.
    pub version: String,
    /// What `.Capabilities.KubeVersion` prints itself as, and ranges are compared with.
    pub normalized: String,
    /// `.Major`
    pub major: String,
    /// `.Minor`
    pub minor: String,
}

impl KubeVersion {
    /// Reads a version: at least two numbers, and anything after them.
    ///
    /// # Errors
    ///
    /// If it is none, in the words of Kubernetes.
    pub fn parse(text: &str, profile: Profile) -> Result<Self, Error> {
        let spaces = |c: char| matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ');
        let start = text.trim_start_matches(spaces);
        let start = start.strip_prefix('v').unwrap_or(start);
        let mut numbers = 0;
        let mut length = 0;
        loop {
            let rest = start.get(length..).unwrap_or_default();
            let rest = if numbers == 0 { Some(rest) } else { rest.strip_prefix('.') };
            let digits = rest
                .map_or(0, |rest| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len());
            if digits == 0 {
                break;
            }
            length += digits + usize::from(numbers > 0);
            numbers += 1;
        }
        let (head, extra) = start.split_at(length);
        if numbers == 0 || extra.contains('\n') {
            return Err(Error::refused(format!("could not parse {} as version", quoted(text))));
        }
        if numbers < 2 {
            return Err(Error::refused(format!("illegal version string {}", quoted(text))));
        }
        let mut parts = Vec::new();
        for (place, part) in head.split('.').enumerate() {
            if place == 0 && part.starts_with('0') && part != "0" {
                return Err(Error::refused(format!(
                    "illegal zero-prefixed version component {} in {}",
                    quoted(part),
                    quoted(text)
                )));
            }
            let number: u64 = part.parse().map_err(|_| {
                Error::refused(format!(
                    "illegal non-numeric version component {} in {}: strconv.ParseUint: parsing {}: value out of range",
                    quoted(part),
                    quoted(text),
                    quoted(part)
                ))
            })?;
            parts.push(number.to_string());
        }
        let normalized = format!("v{}", parts.join("."));
        let version = match profile {
            Profile::Helm3 => normalized.clone(),
            Profile::Helm4 if text.starts_with('v') => text.to_owned(),
            Profile::Helm4 => format!("v{text}"),
        };
        let mut parts = parts.into_iter();
        let major = parts.next().unwrap_or_default();
        let minor = parts.next().unwrap_or_default();
        Ok(Self { version, normalized, major, minor })
    }
}
