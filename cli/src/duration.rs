//! Durations on the command line: `90`, `90s`, `5m`, `1h30m`.

use std::time::Duration;

/// Reads a duration; a number alone is seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let bad = || "write a duration like 90s, 5m or 1h30m".to_string();
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit = match rest.as_bytes().get(digits) {
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 3600,
            _ => return Err(bad()),
        };
        total = number.checked_mul(unit).and_then(|n| total.checked_add(n)).ok_or_else(bad)?;
        rest = &rest[digits + 1..];
    }
    match text.is_empty() {
        true => Err(bad()),
        false => Ok(Duration::from_secs(total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [("90", 90), ("0", 0), ("5m", 300), ("1h30m", 5400), ("2m5s", 125)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "5x", "-1", "1h30", "5 m", "99999999999999999999h", "5é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
