//! Token buckets: one for each subscription, principal and kind of request, one for all principals
//! of a subscription together, and the same for requests of the tenant. The figures are those of
//! Resource Manager's documentation; `--speed` refills them faster like everything else.

use std::collections::BTreeMap;

use crate::http::Method;
use crate::refusal::{Outcome, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Reads,
    Writes,
    Deletes,
}

impl Work {
    fn of(method: Method) -> Work {
        match method {
            Method::Get | Method::Head => Work::Reads,
            Method::Delete => Work::Deletes,
            Method::Put | Method::Patch | Method::Post | Method::Other => Work::Writes,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Work::Reads => "reads",
            Work::Writes => "writes",
            Work::Deletes => "deletes",
        }
    }

    /// Size and refill a second.
    fn bucket(self) -> (f64, f64) {
        match self {
            Work::Reads => (250.0, 25.0),
            Work::Writes | Work::Deletes => (200.0, 10.0),
        }
    }
}

/// All principals of a subscription together have so many times the bucket of one.
const GLOBAL: f64 = 15.0;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: i64,
}

#[derive(Default)]
pub(crate) struct Buckets {
    buckets: BTreeMap<(String, Work), Bucket>,
}

/// Where a request counts, and for whom.
pub(crate) struct Charge<'a> {
    pub(crate) method: Method,
    pub(crate) subscription: Option<&'a str>,
    pub(crate) principal: &'a str,
    pub(crate) now: i64,
    pub(crate) speed: f64,
}

impl Buckets {
    /// Takes a token of both buckets, or of none; the headers say how many are left.
    pub(crate) fn charge(&mut self, charge: &Charge<'_>) -> Outcome<Vec<(String, String)>> {
        let work = Work::of(charge.method);
        let (scope, all) = match charge.subscription {
            Some(subscription) => ("subscription", subscription.to_ascii_lowercase()),
            None => ("tenant", String::new()),
        };
        let own = format!("{all}/{}", charge.principal);
        let buckets = [(own, 1.0, ""), (all, GLOBAL, "global-")]
            .map(|(key, factor, word)| (self.refilled(&key, work, factor, charge), key, factor, word));
        let (_, rate) = work.bucket();
        let wait = buckets
            .iter()
            .map(|(left, _, factor, _)| (1.0 - left) / (rate * factor * charge.speed))
            .fold(0.0, f64::max);
        if wait > 0.0 {
            return Err(Refusal::new(
                429,
                "SubscriptionRequestsThrottled",
                format!(
                    "Number of '{}' requests for {scope} exceeded the limit. Please try again after the time in the Retry-After header.",
                    work.name()
                ),
            )
            .header("Retry-After", format!("{}", wait.ceil())));
        }
        let mut headers = Vec::new();
        for (left, key, _, word) in buckets {
            let name = format!("x-ms-ratelimit-remaining-{scope}-{word}{}", work.name());
            headers.push((name, format!("{}", (left - 1.0).floor())));
            self.buckets.insert((key, work), Bucket { tokens: left - 1.0, at: charge.now });
        }
        Ok(headers)
    }

    fn refilled(&self, key: &str, work: Work, factor: f64, charge: &Charge<'_>) -> f64 {
        let (size, rate) = work.bucket();
        let (size, rate) = (size * factor, rate * factor * charge.speed);
        match self.buckets.get(&(key.to_owned(), work)) {
            None => size,
            Some(bucket) => {
                let seconds = (charge.now - bucket.at).max(0) as f64 / 1000.0;
                (bucket.tokens + seconds * rate).min(size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(buckets: &mut Buckets, method: Method, principal: &str, now: i64) -> Option<String> {
        let charge = Charge { method, subscription: Some("S"), principal, now, speed: 1.0 };
        buckets.charge(&charge).err().map(|refusal| refusal.headers[0].1.clone())
    }

    #[test]
    fn a_bucket_empties_and_refills_for_each_principal_and_kind() {
        let mut buckets = Buckets::default();
        for _ in 0..200 {
            assert_eq!(charge(&mut buckets, Method::Put, "a", 0), None);
        }
        assert_eq!(charge(&mut buckets, Method::Put, "a", 0).as_deref(), Some("1"), "told to wait a second");
        assert_eq!(charge(&mut buckets, Method::Put, "b", 0), None, "another principal has its own");
        assert_eq!(charge(&mut buckets, Method::Get, "a", 0), None, "and reads are counted apart");
        assert_eq!(charge(&mut buckets, Method::Put, "a", 100), None, "ten a second come back");
        assert!(charge(&mut buckets, Method::Put, "a", 100).is_some());
    }

    #[test]
    fn all_principals_of_a_subscription_share_a_larger_one() {
        let mut buckets = Buckets::default();
        let refused = (0..4000).filter(|n| charge(&mut buckets, Method::Delete, &n.to_string(), 0).is_some());
        assert_eq!(refused.count(), 1000, "3,000 are let through");
    }

    #[test]
    fn what_is_left_is_in_the_headers() {
        let mut buckets = Buckets::default();
        let charge = Charge { method: Method::Get, subscription: None, principal: "a", now: 0, speed: 1.0 };
        let headers = buckets.charge(&charge).expect("a token");
        assert_eq!(headers[0], ("x-ms-ratelimit-remaining-tenant-reads".to_owned(), "249".to_owned()));
        assert_eq!(
            headers[1],
            ("x-ms-ratelimit-remaining-tenant-global-reads".to_owned(), "3749".to_owned())
        );
    }
}
