//! The one stream of events of a run: numbers them, and ends it exactly once.
//!
//! A run may execute several plans (what was deferred is planned again); they share a reporter, each
//! begins with its own `Started`, and `Finished` comes when the run says so.

use aurak_model::Address;
use aurak_model::event::{Event, Report};
use aurak_model::record::EndResult;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// Where events go.
#[derive(Debug)]
pub struct Reporter {
    sender: UnboundedSender<Event>,
    next: u64,
    since: Instant,
    counts: Counts,
    finished: bool,
}

/// How many steps ended how. Joins are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Done.
    pub done: u32,
    /// Failed.
    pub failed: u32,
    /// Not started.
    pub skipped: u32,
    /// Left at the service, for the next run.
    pub left: u32,
}

impl Reporter {
    /// A stream that starts now. Nobody has to listen to it.
    pub fn new(sender: UnboundedSender<Event>) -> Reporter {
        Reporter { sender, next: 0, since: Instant::now(), counts: Counts::default(), finished: false }
    }

    /// Says that what was deferred is planned now.
    pub fn replanning(&mut self, blocks: Vec<Address>) {
        self.report(Report::Replanning { blocks });
    }

    /// Ends the stream; further times do nothing.
    pub fn finish(&mut self, result: EndResult) {
        let Counts { done, failed, skipped, left } = self.counts;
        // What was left is not done: for whoever only reads the numbers it counts as not started.
        self.report(Report::Finished { result, done, failed, skipped: skipped + left });
        self.finished = true;
    }

    /// How many steps ended how, over all plans of the run.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn count(&mut self, add: impl FnOnce(&mut Counts)) {
        add(&mut self.counts);
    }

    pub(crate) fn report(&mut self, report: Report) {
        if self.finished {
            return;
        }
        let at_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        // A display that went away does not stop a run.
        let _ = self.sender.send(Event { n: self.next, at_ms, report });
        self.next += 1;
    }
}
