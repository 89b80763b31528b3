//! What a process holds, from `/proc`.

use std::fs;

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Memory in RAM, in KiB.
    pub rss: u64,
    /// Open files.
    pub fds: u64,
    /// Threads.
    pub threads: u64,
}

impl Gauge {
    /// Of a process; `self` for this one.
    pub fn of(process: &str) -> Gauge {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_ascii_whitespace().next()?.parse().ok()
        };
        let fds = fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |files| files.count() as u64);
        Gauge { rss: number("VmRSS:").unwrap_or(0), fds, threads: number("Threads:").unwrap_or(0) }
    }
}

/// How much of a processor a process has had, in hundredths of a second.
pub fn ticks(process: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name may hold anything, but it ends with the last parenthesis.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    fields.split_ascii_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The numbers of a run's second and last quarters: the first one is warming up.
pub fn quarters(numbers: &[u64]) -> (&[u64], &[u64]) {
    let quarter = numbers.len() / 4;
    (&numbers[quarter..2 * quarter], &numbers[numbers.len() - quarter..])
}

/// The one in the middle.
pub fn median(numbers: &[u64]) -> u64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gauged() {
        let before = Gauge::of("self");
        assert!(before.rss > 0 && before.fds > 0 && before.threads > 0, "{before:?}");
        let memory = vec![1_u8; 64 << 20];
        assert!(Gauge::of("self").rss > before.rss + (32 << 10), "{}", memory.len());
    }

    #[test]
    fn quarters_leave_the_start_out() {
        let numbers: Vec<u64> = (0..13).collect();
        assert_eq!(quarters(&numbers), (&numbers[3..6], &numbers[10..13]));
        assert_eq!(quarters(&[1, 2]), (&[][..], &[][..]));
        assert_eq!((median(&[5, 1, 9]), median(&[])), (5, 0));
    }
}
