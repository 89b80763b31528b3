//! The ready set: which step starts next, within the bounds.
//!
//! Steps are ordered by what is still to come after them, the longest first. One that its provider
//! or its group has no room for is parked there and comes back when room is made: a step moves a
//! few times at the most, and nothing is ever searched.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use tokio::time::{Duration, Instant};

/// Several calls that run at once are throttled together: within this time they count as one.
const ONE_THROTTLING: Duration = Duration::from_secs(1);

/// A step in the order of starting: the longest rest first, then the order of the plan.
type Entry = (u64, Reverse<u32>);

/// Steps that may start, and what runs.
pub(crate) struct Ready {
    heap: BinaryHeap<Entry>,
    /// How many may run at once.
    limit: usize,
    running: usize,
    /// One for each provider node.
    lanes: Vec<Lane>,
    /// Serialisation groups by their text.
    groups: HashMap<String, usize>,
    busy: Vec<Group>,
    /// Which lane and group each step belongs to.
    place: HashMap<u32, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    lane: usize,
    group: Option<usize>,
    remaining: u64,
}

/// How many calls of a provider run, and how many may.
struct Lane {
    max: usize,
    limit: usize,
    running: usize,
    parked: BinaryHeap<Entry>,
    /// Successes since the limit changed last.
    successes: usize,
    throttled: Option<Instant>,
}

struct Group {
    holder: Option<u32>,
    parked: BinaryHeap<Entry>,
}

impl Ready {
    /// With one lane for each provider, as wide as given.
    pub(crate) fn new(limit: usize, lanes: impl IntoIterator<Item = usize>) -> Ready {
        let lanes = lanes
            .into_iter()
            .map(|max| Lane {
                max: max.max(1),
                limit: max.max(1),
                running: 0,
                parked: BinaryHeap::new(),
                successes: 0,
                throttled: None,
            })
            .collect();
        Ready {
            heap: BinaryHeap::new(),
            limit: limit.max(1),
            running: 0,
            lanes,
            groups: HashMap::new(),
            busy: Vec::new(),
            place: HashMap::new(),
        }
    }

    /// Adds a step that waits for nothing more.
    pub(crate) fn push(&mut self, step: u32, remaining: u64, lane: usize, group: Option<String>) {
        let group = group.map(|text| {
            *self.groups.entry(text).or_insert_with(|| {
                self.busy.push(Group { holder: None, parked: BinaryHeap::new() });
                self.busy.len() - 1
            })
        });
        self.place.insert(step, Place { lane, group, remaining });
        self.heap.push((remaining, Reverse(step)));
    }

    /// Takes the step that starts next; it runs until it is released.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        while self.running < self.limit {
            let entry = self.heap.pop()?;
            let step = entry.1.0;
            let Some(place) = self.place.get(&step) else { continue };
            let lane = &mut self.lanes[place.lane];
            if lane.running >= lane.limit {
                lane.parked.push(entry);
                continue;
            }
            if let Some(group) = place.group {
                let group = &mut self.busy[group];
                if group.holder.is_some() {
                    group.parked.push(entry);
                    continue;
                }
                group.holder = Some(step);
            }
            lane.running += 1;
            self.running += 1;
            return Some(step);
        }
        None
    }

    /// Gives back what a step took.
    pub(crate) fn release(&mut self, step: u32) {
        let Some(place) = self.place.remove(&step) else { return };
        self.running -= 1;
        self.lanes[place.lane].running -= 1;
        if let Some(group) = place.group {
            let group = &mut self.busy[group];
            group.holder = None;
            // One is enough: whoever takes the group brings back the next one.
            self.heap.extend(group.parked.pop());
        }
        self.unpark(place.lane);
    }

    /// A call of this step's provider went well: after as many as may run at once, one more may.
    pub(crate) fn succeeded(&mut self, step: u32) {
        let Some(place) = self.place.get(&step) else { return };
        let index = place.lane;
        let lane = &mut self.lanes[index];
        lane.successes += 1;
        if lane.limit < lane.max && lane.successes >= lane.limit {
            lane.limit += 1;
            lane.successes = 0;
            self.unpark(index);
        }
    }

    /// The service asks for patience: half as many calls.
    pub(crate) fn throttled(&mut self, step: u32) {
        let Some(place) = self.place.get(&step) else { return };
        let lane = &mut self.lanes[place.lane];
        let now = Instant::now();
        if lane.throttled.is_none_or(|last| now.duration_since(last) >= ONE_THROTTLING) {
            lane.limit = (lane.limit / 2).max(1);
            lane.successes = 0;
            lane.throttled = Some(now);
        }
    }

    /// Brings back as many as a lane has room for.
    fn unpark(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        let room = lane.limit.saturating_sub(lane.running);
        for _ in 0..room {
            let Some(entry) = lane.parked.pop() else { break };
            self.heap.push(entry);
        }
    }

    /// Why steps that could start do not, at most this many.
    pub(crate) fn blocked(&self, most: usize) -> Vec<(u32, Blocked)> {
        let mut blocked = Vec::new();
        for (i, lane) in self.lanes.iter().enumerate() {
            for entry in lane.parked.iter().take(most) {
                blocked.push((entry.1.0, Blocked::Provider { lane: i, running: lane.running }));
            }
        }
        for group in &self.busy {
            for entry in group.parked.iter().take(most) {
                if let Some(holder) = group.holder {
                    blocked.push((entry.1.0, Blocked::Group { holder }));
                }
            }
        }
        if self.running >= self.limit {
            for entry in self.heap.iter().take(most) {
                blocked.push((entry.1.0, Blocked::Limit { running: self.running }));
            }
        }
        blocked.sort_unstable_by_key(|(step, _)| (Reverse(self.place.get(step).map(|p| p.remaining)), *step));
        blocked.truncate(most);
        blocked
    }
}

/// Why a step that could start does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// Its provider is busy.
    Provider { lane: usize, running: usize },
    /// Another step of its group runs.
    Group { holder: u32 },
    /// As many run as may run at all.
    Limit { running: usize },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_longest_rest_goes_first_and_bounds_hold() {
        let mut ready = Ready::new(3, [2, 16]);
        for (step, remaining) in [(0, 5), (1, 9), (2, 7)] {
            ready.push(step, remaining, 0, None);
        }
        ready.push(3, 1, 1, None);
        assert_eq!([ready.pop(), ready.pop(), ready.pop(), ready.pop()], [Some(1), Some(2), Some(3), None]);
        assert_eq!(ready.blocked(9), [(0, Blocked::Provider { lane: 0, running: 2 })]);
        ready.release(1);
        assert_eq!([ready.pop(), ready.pop()], [Some(0), None]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_lets_one_run_at_a_time() {
        let mut ready = Ready::new(9, [9]);
        for step in 0..3 {
            ready.push(step, 10 - u64::from(step), 0, Some("net".into()));
        }
        assert_eq!([ready.pop(), ready.pop()], [Some(0), None]);
        assert_eq!(ready.blocked(9), [(1, Blocked::Group { holder: 0 }), (2, Blocked::Group { holder: 0 })]);
        ready.release(0);
        assert_eq!([ready.pop(), ready.pop()], [Some(1), None]);
        ready.release(1);
        assert_eq!(ready.pop(), Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_and_successes_grow() {
        let mut ready = Ready::new(99, [8]);
        for step in 0..40 {
            ready.push(step, 0, 0, None);
        }
        let running: Vec<u32> = std::iter::from_fn(|| ready.pop()).collect();
        assert_eq!(running.len(), 8);
        // Two of the same moment count once.
        ready.throttled(0);
        ready.throttled(1);
        running.iter().for_each(|step| ready.release(*step));
        let running: Vec<u32> = std::iter::from_fn(|| ready.pop()).collect();
        assert_eq!(running.len(), 4);
        for step in &running {
            ready.succeeded(*step);
            ready.release(*step);
        }
        assert_eq!(std::iter::from_fn(|| ready.pop()).count(), 5);
    }
}
