//! The groups and versions that Helm knows without a cluster.

/// Written by `tests/oracle/chart/generate.sh`.
pub(crate) const API_VERSIONS: &[&str] = &["v1"];
