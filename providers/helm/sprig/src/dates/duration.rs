//! Durations: nanoseconds, written as `1h2m3.5s`.

use aurak_gotemplate::Error;

/// A text as the messages about times quote it: what is not plain ASCII by its bytes.
pub(crate) fn quoted(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=0x7F => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out + "\""
}

/// A duration as text.
pub(crate) fn shown(nanos: i64) -> String {
    let all = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    if all == 0 {
        return "0s".to_owned();
    }
    let fraction = |whole: u64, rest: u64, digits: usize| {
        let rest = format!("{rest:0digits$}");
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() { whole.to_string() } else { format!("{whole}.{rest}") }
    };
    match all {
        0..1000 => format!("{sign}{all}ns"),
        1000..1_000_000 => format!("{sign}{}µs", fraction(all / 1000, all % 1000, 3)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(all / 1_000_000, all % 1_000_000, 6)),
        _ => {
            let seconds = all / 1_000_000_000;
            let last = fraction(seconds % 60, all % 1_000_000_000, 9);
            match (seconds / 3600, seconds / 60 % 60) {
                (0, 0) => format!("{sign}{last}s"),
                (0, minutes) => format!("{sign}{minutes}m{last}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{last}s"),
            }
        }
    }
}

/// Reads a duration.
///
/// # Errors
///
/// Why it is none, in the words of Go.
pub(crate) fn parse(text: &[u8]) -> Result<i64, Error> {
    let shown = quoted;
    let wrong = |what: String| Error::new(format!("time: {what} {}", shown(text)));
    let invalid = || wrong("invalid duration".to_owned());
    const MOST: u64 = 1 << 63;
    let (negative, mut rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut all: u64 = 0;
    while !rest.is_empty() {
        let (digits, after) = digits(rest);
        let mut whole: u64 = 0;
        for digit in digits {
            whole = whole
                .checked_mul(10)
                .and_then(|n| n.checked_add(u64::from(digit - b'0')))
                .ok_or_else(invalid)?;
            if whole > MOST {
                return Err(invalid());
            }
        }
        let any = !digits.is_empty();
        rest = after;
        let (mut fraction, mut scale, mut any_fraction): (u64, f64, bool) = (0, 1.0, false);
        if let Some(after) = rest.strip_prefix(b".") {
            let (digits, after) = self::digits(after);
            any_fraction = !digits.is_empty();
            for digit in digits {
                // Digits that fit no more do not count.
                match fraction.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0'))) {
                    Some(next) if next <= MOST => {
                        fraction = next;
                        scale *= 10.0;
                    }
                    _ => break,
                }
            }
            rest = after;
        }
        if !any && !any_fraction {
            return Err(invalid());
        }
        let end = rest.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, after) = rest.split_at(end);
        rest = after;
        let unit: u64 = match unit {
            b"" => return Err(wrong("missing unit in duration".to_owned())),
            b"ns" => 1,
            b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => 1000,
            b"ms" => 1_000_000,
            b"s" => 1_000_000_000,
            b"m" => 60_000_000_000,
            b"h" => 3_600_000_000_000,
            _ => return Err(wrong(format!("unknown unit {} in duration", shown(unit)))),
        };
        if whole > MOST / unit {
            return Err(invalid());
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "as in Go"
        )]
        let part = whole * unit + (fraction as f64 * (unit as f64 / scale)) as u64;
        all = all.checked_add(part).filter(|all| *all <= MOST && part <= MOST).ok_or_else(invalid)?;
    }
    match (negative, i64::try_from(all)) {
        (false, Ok(nanos)) => Ok(nanos),
        (false, Err(_)) => Err(invalid()),
        (true, Ok(nanos)) => Ok(-nanos),
        (true, Err(_)) => Ok(i64::MIN),
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}
