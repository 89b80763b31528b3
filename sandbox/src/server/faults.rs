//! What goes wrong, by chance from a seed. A fault depends on the seed, the request and how often it
//! was made before, and not on what else happens: parallel clients do not change each other's luck.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::http::{Fate, Method, Request};

#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub seed: u64,
    /// Of how many requests, between 0 and 1.
    pub rate: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Throttled,
    ServerError,
    /// The connection is dropped before the request takes effect.
    DroppedBefore,
    /// ... and after it.
    DroppedAfter,
    FailedOperation,
    SlowOperation,
}

impl Fault {
    pub(super) fn fate(self) -> Fate {
        match self {
            Fault::FailedOperation => Fate::Fail,
            Fault::SlowOperation => Fate::Slow,
            Fault::Throttled | Fault::ServerError | Fault::DroppedBefore | Fault::DroppedAfter => {
                Fate::Normal
            }
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Fault::Throttled => "throttled",
            Fault::ServerError => "server error",
            Fault::DroppedBefore => "dropped before",
            Fault::DroppedAfter => "dropped after",
            Fault::FailedOperation => "failed operation",
            Fault::SlowOperation => "slow operation",
        }
    }
}

const READING: &[Fault] = &[Fault::Throttled, Fault::ServerError, Fault::DroppedBefore];
const WRITING: &[Fault] = &[
    Fault::Throttled,
    Fault::ServerError,
    Fault::DroppedBefore,
    Fault::DroppedAfter,
    Fault::FailedOperation,
    Fault::SlowOperation,
];

pub(super) struct Chance {
    faults: Option<Faults>,
    /// How often each request was made.
    seen: BTreeMap<String, u64>,
}

impl Chance {
    pub(super) fn new(faults: Option<Faults>) -> Chance {
        Chance { faults, seen: BTreeMap::new() }
    }

    /// Signing in is spared: what is tested is what happens afterwards.
    pub(super) fn decide(&mut self, request: &Request) -> Option<Fault> {
        let faults = self.faults?;
        let lower = request.path.to_ascii_lowercase();
        if !["/subscriptions", "/providers", "/tenants"].iter().any(|start| lower.starts_with(start)) {
            return None;
        }
        let key = format!("{} {lower}", request.method.as_str());
        let times = self.seen.entry(key.clone()).or_default();
        *times += 1;
        let hash = Sha256::digest(format!("{}/{key}/{times}", faults.seed));
        let draw = |at: usize| u32::from_le_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]);
        if f64::from(draw(0)) / f64::from(u32::MAX) >= faults.rate {
            return None;
        }
        let kinds = match request.method {
            Method::Get | Method::Head => READING,
            _ => WRITING,
        };
        kinds.get(draw(4) as usize % kinds.len()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_follow_from_the_seed_and_the_request() {
        let play = |seed: u64, others: bool| -> Vec<Option<Fault>> {
            let mut chance = Chance::new(Some(Faults { seed, rate: 0.3 }));
            (0..200)
                .map(|n| {
                    if others {
                        chance.decide(&Request::new(Method::Get, &format!("/subscriptions/other/{n}")));
                    }
                    chance.decide(&Request::new(Method::Put, "/subscriptions/s/x"))
                })
                .collect()
        };
        let found = play(1, false);
        assert_eq!(found, play(1, true), "other requests change nothing");
        assert_ne!(found, play(2, false));
        let count = found.iter().flatten().count();
        assert!((30..90).contains(&count), "{count} of 200 at 30 %");
        assert!(WRITING.iter().all(|kind| found.contains(&Some(*kind))), "every kind comes up");
        let token = Request::new(Method::Post, "/tenant/oauth2/v2.0/token");
        let mut always = Chance::new(Some(Faults { seed: 1, rate: 1.0 }));
        assert_eq!(always.decide(&token), None);
    }
}
