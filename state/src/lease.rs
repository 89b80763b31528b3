//! The right to write: who has it, until when, and the number that tells writers apart.
//!
//! A lease runs out unless it is renewed. One that ran out is lost, even where nobody took over:
//! its holder cannot know what happened while it was away, so it neither writes nor calls any more,
//! and the next run picks up from the journal.

use std::fmt;
use std::time::Duration;

use aurak_model::record::OperationId;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::error::{LostBecause, StoreError};

/// The number of a lease. Every new lease has a greater one; an append with an older one is
/// refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u64);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who, as `user@host`.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// The machine that it runs on.
    pub host: String,
    /// Since when, in milliseconds since 1970; the store fills it in.
    pub since_ms: u64,
    /// Until when, in milliseconds since 1970, unless it is renewed; the store fills it in.
    pub expires_ms: u64,
    /// The run.
    pub operation: Option<OperationId>,
}

impl Holder {
    /// A holder as it asks for a lease: the store fills in the times.
    pub fn new(
        who: impl Into<String>,
        pid: u32,
        host: impl Into<String>,
        operation: Option<OperationId>,
    ) -> Holder {
        Holder { who: who.into(), pid, host: host.into(), since_ms: 0, expires_ms: 0, operation }
    }
}

/// The right to write for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The number that goes with every append.
    pub fence: Fence,
    /// Who has it.
    pub holder: Holder,
    /// For how long it is given and renewed.
    pub ttl: Duration,
    /// When it runs out, by [`Clock::boot_ms`].
    pub expires_boot_ms: u64,
}

impl Lease {
    /// How long it lasts without renewal; `None` once it ran out. Ask before a call is sent.
    pub fn remaining(&self, clock: &dyn Clock) -> Option<Duration> {
        match self.expires_boot_ms.saturating_sub(clock.boot_ms()) {
            0 => None,
            ms => Some(Duration::from_millis(ms)),
        }
    }
}

/// A lease as stores keep it: with the start of the machine that its end is counted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) lease: Lease,
    pub(crate) boot_id: String,
}

impl Held {
    pub(crate) fn begin(fence: Fence, mut holder: Holder, ttl: Duration, clock: &dyn Clock) -> Held {
        holder.since_ms = clock.now_ms();
        let lease = Lease { fence, holder, ttl, expires_boot_ms: 0 };
        let mut held = Held { lease, boot_id: clock.boot_id() };
        held.extend(clock);
        held
    }

    pub(crate) fn extend(&mut self, clock: &dyn Clock) {
        let ttl = u64::try_from(self.lease.ttl.as_millis()).unwrap_or(u64::MAX);
        self.lease.expires_boot_ms = clock.boot_ms().saturating_add(ttl);
        self.lease.holder.expires_ms = clock.now_ms().saturating_add(ttl);
    }

    /// Whether the machine that it was taken on, if it is this one, was started anew since: then no process
    /// of that time is left.
    pub(crate) fn is_of_another_start(&self, clock: &dyn Clock) -> bool {
        let boot_id = clock.boot_id();
        !boot_id.is_empty() && !self.boot_id.is_empty() && boot_id != self.boot_id
    }

    /// Whether it ran out. Where it was taken under another start of a machine the calendar has to
    /// do.
    pub(crate) fn expired(&self, clock: &dyn Clock) -> bool {
        let boot_id = clock.boot_id();
        if !boot_id.is_empty() && boot_id == self.boot_id {
            clock.boot_ms() >= self.lease.expires_boot_ms
        } else {
            clock.now_ms() >= self.lease.holder.expires_ms
        }
    }
}

/// The lease, where this fence may write: it is the one that holds it, and it lasts.
pub(crate) fn admit(
    held: Option<Held>,
    newest: u64,
    fence: Fence,
    clock: &dyn Clock,
) -> Result<Held, StoreError> {
    let why = match held {
        Some(held) if held.lease.fence == fence && !held.expired(clock) => return Ok(held),
        Some(held) if held.lease.fence == fence => LostBecause::Expired,
        Some(held) => LostBecause::Overtaken { by: held.lease.fence },
        None if newest > fence.0 => LostBecause::Overtaken { by: Fence(newest) },
        None => LostBecause::Ended,
    };
    Err(StoreError::LeaseLost { fence, why })
}
