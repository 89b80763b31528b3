//! How long to wait before a call is made again.
//!
//! Waits are spread so that calls which failed together do not come back together. The spread is
//! drawn from a seed, the step and the attempt: equal runs wait equally.

use std::time::Duration;

/// The first wait after a failure in passing; it doubles up to the greatest.
const FIRST: Duration = Duration::from_millis(500);
/// Services recover in seconds or in minutes; asking more seldom than this only adds waiting.
const GREATEST: Duration = Duration::from_secs(30);
/// Something else going on with an object takes longer than a hiccup.
const FIRST_CONFLICT: Duration = Duration::from_secs(1);

/// The waits of one step.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    seed: u64,
    failures: u32,
    conflicts: u32,
}

impl Backoff {
    pub(crate) fn new(seed: u64, step: u64) -> Backoff {
        Backoff { seed: mix(seed ^ mix(step)), failures: 0, conflicts: 0 }
    }

    /// How many failures there were since the last success.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// A call went well.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
        self.conflicts = 0;
    }

    /// A call failed in passing; `after` is what the service asks for.
    pub(crate) fn failed(&mut self, after: Option<Duration>) -> Duration {
        self.failures += 1;
        match after {
            // Never earlier than asked, and not all at that very moment.
            Some(after) => after + self.spread(FIRST.max(after / 4), self.failures),
            None => self.half_or_more(doubled(FIRST, self.failures), self.failures),
        }
    }

    /// Something else is going on with the object.
    pub(crate) fn conflict(&mut self) -> Duration {
        self.conflicts += 1;
        self.half_or_more(doubled(FIRST_CONFLICT, self.conflicts), self.conflicts)
    }

    fn half_or_more(&self, wait: Duration, attempt: u32) -> Duration {
        wait / 2 + self.spread(wait / 2, attempt)
    }

    /// Something between nothing and all of it.
    fn spread(&self, most: Duration, attempt: u32) -> Duration {
        let part = mix(self.seed.wrapping_add(u64::from(attempt))) % 1001;
        most.mul_f64(part as f64 / 1000.0)
    }
}

fn doubled(first: Duration, attempt: u32) -> Duration {
    first.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(GREATEST)
}

/// A step of the splitmix generator: near inputs give far outputs.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_spread_and_repeatable() {
        let mut backoff = Backoff::new(1, 2);
        let mut again = Backoff::new(1, 2);
        let mut other = Backoff::new(1, 3);
        for attempt in 1..40 {
            let most = doubled(FIRST, attempt);
            let wait = backoff.failed(None);
            assert!(wait >= most / 2 && wait <= most, "{attempt}: {wait:?}");
            assert_eq!(again.failed(None), wait);
            assert_ne!(other.failed(None), wait);
        }
        assert_eq!(doubled(FIRST, 40), GREATEST);
    }

    #[test]
    fn the_service_is_never_asked_earlier_than_it_wants() {
        let mut backoff = Backoff::new(7, 7);
        for seconds in [0, 1, 60, 600] {
            let after = Duration::from_secs(seconds);
            let wait = backoff.failed(Some(after));
            assert!(wait >= after && wait <= after + FIRST.max(after / 4), "{seconds}: {wait:?}");
        }
    }
}
