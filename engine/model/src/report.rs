//! What planning has to say besides the plan itself.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::Diagnostic;

/// The report of a planning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanReport {
    /// Errors, warnings and notes; with an error there is no plan to apply.
    pub findings: Vec<Diagnostic>,
    /// The longest chain of steps, by address.
    pub critical_path: Vec<Address>,
    /// How long that will take, in milliseconds, where enough was learned.
    pub critical_ms: Option<u64>,
    /// How long everything will take, in milliseconds, where enough was learned.
    pub usual_ms: Option<u64>,
    /// How many resources were read, and with how many requests.
    pub read: u64,
    /// See `read`.
    pub requests: u64,
    /// How many rounds of questions it took.
    pub rounds: u32,
}

impl PlanReport {
    /// Whether a finding is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Diagnostic::is_error)
    }
}
