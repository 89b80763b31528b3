//! Time, passed in: the calendar for people, and a clock for leases.
//!
//! A lease runs out by a clock that goes on while the machine sleeps and that nobody sets: a laptop
//! that was closed for an hour must find its lease gone, and a corrected calendar must not end one.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970, for people and records.
    fn now_ms(&self) -> u64;
    /// Milliseconds since the machine started, suspended time included.
    fn boot_ms(&self) -> u64;
    /// Names the start that [`boot_ms`](Clock::boot_ms) counts from: two readings can be compared
    /// where it is the same. Empty where it is not known.
    fn boot_id(&self) -> String;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
    }

    fn boot_ms(&self) -> u64 {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = rustix::time::ClockId::Boottime;
        // Elsewhere the monotonic clock is the closest there is.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(clock);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(now.tv_nsec).unwrap_or(0);
        millis(Duration::new(seconds, nanos))
    }

    fn boot_id(&self) -> String {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|id| id.trim().to_string())
            .unwrap_or_default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A clock that stands still until it is moved: for tests and simulated worlds.
#[derive(Debug)]
pub struct ManualClock(Mutex<u64>);

impl ManualClock {
    /// A clock that shows this many milliseconds.
    pub fn new(ms: u64) -> ManualClock {
        ManualClock(Mutex::new(ms))
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        *self.lock() += millis(by);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u64> {
        // A number is whole whatever happened to the thread that held it.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        *self.lock()
    }
    fn boot_ms(&self) -> u64 {
        *self.lock()
    }
    fn boot_id(&self) -> String {
        "manual".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_a_time_and_a_start() {
        let clock = SystemClock;
        assert!(clock.now_ms() > 1_600_000_000_000);
        let before = clock.boot_ms();
        assert!(before > 0 && clock.boot_ms() >= before);
        assert_eq!(clock.boot_id(), clock.boot_id());
    }
}
