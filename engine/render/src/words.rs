//! Numbers in words: durations and counts.

/// A duration as measured: `0.6s`, `41s`, `1m 52s`, `1h 02m`.
pub fn elapsed(ms: u64) -> String {
    match ms {
        // Rounded first, so that 9,960 is `10s` and not `10.0s`.
        0..9_950 => format!("{}.{}s", (ms + 50) / 1000, (ms + 50) % 1000 / 100),
        _ => {
            let s = (ms + 500) / 1000;
            match s {
                0..60 => format!("{s}s"),
                60..3600 => format!("{}m {:02}s", s / 60, s % 60),
                _ => format!("{}h {:02}m", s / 3600, s % 3600 / 60),
            }
        }
    }
}

/// A duration as expected: `2 s`, `11 min`, `1 h 20 min`. Says no more than can be known.
pub fn about(ms: u64) -> String {
    let s = (ms + 500) / 1000;
    match s {
        0 => "1 s".to_string(),
        1..10 => format!("{s} s"),
        // To five seconds, then to whole minutes.
        10..58 => format!("{} s", (s + 2) / 5 * 5),
        58..3570 => format!("{} min", (s + 30) / 60),
        _ => {
            let minutes = (s + 300) / 600 * 10;
            match minutes % 60 {
                0 => format!("{} h", minutes / 60),
                rest => format!("{} h {rest} min", minutes / 60),
            }
        }
    }
}

/// What takes less is not worth saying how long it takes.
pub(crate) const WORTH_SAYING_MS: u64 = 1_000;

/// `1 error`, `3 errors`, `12,000 errors`.
pub(crate) fn count(n: u64, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", number(n)),
    }
}

/// A number with a comma between thousands.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_words() {
        for (ms, text) in [
            (0, "0.0s"),
            (640, "0.6s"),
            (9_949, "9.9s"),
            (9_950, "10s"),
            (41_000, "41s"),
            (59_600, "1m 00s"),
            (112_000, "1m 52s"),
            (3_720_000, "1h 02m"),
        ] {
            assert_eq!(elapsed(ms), text);
        }
        for (ms, text) in [
            (10, "1 s"),
            (2_400, "2 s"),
            (13_000, "15 s"),
            (57_000, "55 s"),
            (58_000, "1 min"),
            (660_000, "11 min"),
            (3_600_000, "1 h"),
            (5_000_000, "1 h 20 min"),
        ] {
            assert_eq!(about(ms), text);
        }
    }

    #[test]
    fn counts_in_words() {
        assert_eq!(count(1, "error"), "1 error");
        assert_eq!(count(0, "error"), "0 errors");
        assert_eq!(count(1_234_567, "row"), "1,234,567 rows");
    }
}
