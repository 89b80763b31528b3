//! Time in scenarios.

use aurak_state::Clock;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The time of the runtime, which a paused clock lets jump.
pub(crate) struct VirtualClock {
    start: Instant,
    /// A store on disk asks from a thread of its own, which knows no runtime.
    runtime: Handle,
}

impl VirtualClock {
    /// Some day in 2001: a number that is easy to tell from a real one.
    const START_MS: u64 = 1_000_000_000_000;

    pub(crate) fn new() -> VirtualClock {
        VirtualClock { start: Instant::now(), runtime: Handle::current() }
    }
}

impl Clock for VirtualClock {
    fn now_ms(&self) -> u64 {
        Self::START_MS + self.boot_ms()
    }

    fn boot_ms(&self) -> u64 {
        let _inside = self.runtime.enter();
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn boot_id(&self) -> String {
        "virtual".to_string()
    }
}
