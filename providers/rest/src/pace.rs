//! Keeps all who use an account below its limits, so that a run waits for its turn rather than for a
//! refusal.
//!
//! Services count reads, writes and deletes in buckets that fill again by themselves. Ours begin full
//! like theirs, and follow what theirs say of themselves: how much is left, and when to come back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It changes nothing.
    Read,
    /// It makes or changes something, or calls an action.
    Write,
    /// It deletes something.
    Delete,
}

/// How a bucket is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// How many requests it holds.
    pub size: u32,
    /// How many come back in a second.
    pub refill: u32,
}

/// A bucket. Time is passed in.
#[derive(Clone, Debug)]
pub struct Bucket {
    limit: Limit,
    /// What is in it; less than nothing where turns were given out in advance.
    left: f64,
    at: Instant,
    /// Nothing is sent before this.
    closed_until: Option<Instant>,
}

impl Bucket {
    /// A full one.
    pub fn new(limit: Limit, now: Instant) -> Bucket {
        Bucket { limit, left: f64::from(limit.size), at: now, closed_until: None }
    }

    /// Takes one out, and says how long to wait before it may be used. Turns are given out in the order
    /// in which they are asked for.
    pub fn take(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.left -= 1.0;
        let empty = match self.left < 0.0 {
            true => Duration::from_secs_f64(-self.left / f64::from(self.limit.refill.max(1))),
            false => Duration::ZERO,
        };
        let closed = self.closed_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        empty.max(closed)
    }

    /// The service says how much is left. It may know of others who use the account, so that only less
    /// than we think is believed.
    pub fn left(&mut self, left: u64, now: Instant) {
        self.fill(now);
        let left = u32::try_from(left).map_or(f64::MAX, f64::from);
        if left < self.left {
            self.left = left;
        }
    }

    /// The service refused, and asks to come back after a while.
    pub fn refused(&mut self, after: Duration, now: Instant) {
        self.fill(now);
        self.left = self.left.min(0.0);
        let until = now.checked_add(after).unwrap_or(now);
        self.closed_until = Some(self.closed_until.map_or(until, |before| before.max(until)));
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let full = f64::from(self.limit.size);
        self.left = (self.left + passed * f64::from(self.limit.refill)).min(full);
        self.at = now;
        if self.closed_until.is_some_and(|until| until <= now) {
            self.closed_until = None;
        }
    }
}

/// The buckets of an account.
#[derive(Debug)]
pub struct Pace {
    buckets: Mutex<BTreeMap<Kind, Bucket>>,
}

impl Pace {
    /// Full ones.
    pub fn new(limits: &[(Kind, Limit)]) -> Pace {
        let now = Instant::now();
        let buckets = limits.iter().map(|(kind, limit)| (*kind, Bucket::new(*limit, now))).collect();
        Pace { buckets: Mutex::new(buckets) }
    }

    /// Waits until it is our turn. A kind without a limit does not wait.
    pub async fn turn(&self, kind: Kind) {
        let wait = self.with(kind, Bucket::take).unwrap_or_default();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// See [`Bucket::left`].
    pub fn left(&self, kind: Kind, left: u64) {
        self.with(kind, |bucket, now| bucket.left(left, now));
    }

    /// See [`Bucket::refused`].
    pub fn refused(&self, kind: Kind, after: Duration) {
        self.with(kind, |bucket, now| bucket.refused(after, now));
    }

    fn with<T>(&self, kind: Kind, f: impl FnOnce(&mut Bucket, Instant) -> T) -> Option<T> {
        // A bucket is whole after every statement, so that a panic elsewhere leaves nothing half done.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.get_mut(&kind).map(|bucket| f(bucket, Instant::now()))
    }
}

/// The paces of all accounts of a process, so that several providers of one account share them.
#[derive(Clone, Debug, Default)]
pub struct Paces {
    accounts: Arc<Mutex<BTreeMap<String, Arc<Pace>>>>,
}

impl Paces {
    /// None yet.
    pub fn new() -> Paces {
        Paces::default()
    }

    /// That of an account, made with these limits where it is the first.
    pub fn of(&self, account: &str, limits: &[(Kind, Limit)]) -> Arc<Pace> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(account.to_string()).or_insert_with(|| Arc::new(Pace::new(limits))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { size: 3, refill: 2 };

    fn millis(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_is_free_and_what_follows_waits_its_turn() {
        let start = Instant::now();
        let mut bucket = Bucket::new(LIMIT, start);
        let waits: Vec<_> = (0..6).map(|_| bucket.take(start)).collect();
        assert_eq!(waits, [0, 0, 0, 500, 1000, 1500].map(millis));
        // What was promised is given first.
        assert_eq!(bucket.take(start + millis(1500)), millis(500));
        // It never holds more than it can.
        let later = start + millis(60_000);
        let waits: Vec<_> = (0..4).map(|_| bucket.take(later)).collect();
        assert_eq!(waits, [0, 0, 0, 500].map(millis));
    }

    #[test]
    fn what_the_service_says_counts_where_it_is_less() {
        let start = Instant::now();
        let mut bucket = Bucket::new(LIMIT, start);
        bucket.left(u64::MAX, start);
        bucket.left(1, start);
        assert_eq!([bucket.take(start), bucket.take(start)], [0, 500].map(millis));
        bucket.left(3, start);
        assert_eq!(bucket.take(start), millis(1000), "what was given out is not there again");
    }

    #[test]
    fn after_a_refusal_everybody_waits_as_long_as_it_says() {
        let start = Instant::now();
        let mut bucket = Bucket::new(LIMIT, start);
        bucket.refused(millis(90_000), start);
        bucket.refused(millis(10), start);
        assert_eq!(bucket.take(start), millis(90_000), "there is no limit to it");
        assert_eq!(bucket.take(start + millis(90_000)), Duration::ZERO);
        bucket.refused(Duration::MAX, start);
        assert!(bucket.take(start + millis(90_000)) < millis(1000), "what cannot be counted is no time");
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_are_shared_by_name_and_turns_take_their_time() {
        let paces = Paces::new();
        let (one, same) = (paces.of("a", &[(Kind::Read, LIMIT)]), paces.clone().of("a", &[]));
        let start = Instant::now();
        for pace in [&one, &same, &one, &same, &one] {
            pace.turn(Kind::Read).await;
        }
        assert_eq!(start.elapsed().as_millis(), 1000);
        paces.of("b", &[]).turn(Kind::Read).await;
        one.turn(Kind::Delete).await;
        assert_eq!(start.elapsed().as_millis(), 1000, "nothing is known of their limits");
    }
}
