//! Being told to stop, in two stages.
//!
//! The first time nothing new is started and what runs is finished. The second time waits are given
//! up; whatever went on at a service is in the journal, and the next run picks it up.

use std::sync::Arc;

use tokio::sync::watch;

/// How far the user wants to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    #[default]
    No,
    /// Start nothing new, finish what runs.
    Finish,
    /// Give up waits too.
    Now,
}

/// Where a run is told to stop. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    level: Arc<watch::Sender<Stop>>,
}

impl Cancel {
    /// Nobody wants to stop yet.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// One stage further: what Ctrl-C does.
    pub fn stop(&self) {
        self.level.send_modify(|level| {
            *level = match *level {
                Stop::No => Stop::Finish,
                Stop::Finish | Stop::Now => Stop::Now,
            }
        });
    }

    /// How far.
    pub fn level(&self) -> Stop {
        *self.level.borrow()
    }

    /// Whether it was asked for at all.
    pub fn is_stopping(&self) -> bool {
        self.level() != Stop::No
    }

    /// Ends when it is at least this far.
    pub async fn reached(&self, level: Stop) {
        let mut receiver = self.level.subscribe();
        // The sender lives as long as this handle, so waiting cannot fail.
        let _ = receiver.wait_for(|now| *now >= level).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_goes_one_stage_at_a_time() {
        let cancel = Cancel::new();
        assert!(!cancel.is_stopping());
        cancel.clone().stop();
        cancel.reached(Stop::Finish).await;
        assert_eq!(cancel.level(), Stop::Finish);
        cancel.stop();
        cancel.reached(Stop::Now).await;
        cancel.stop();
        assert_eq!(cancel.level(), Stop::Now);
    }
}
