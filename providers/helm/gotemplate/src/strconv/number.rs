//! Numbers from text, by Go's rules for prefixes and underscores.

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// It has not the form of one.
    Syntax,
    /// It is too large.
    Range,
}

/// An unsigned integer. Base 0 goes by the prefix: `0x`, `0o`, `0b`, `0`, and allows underscores.
///
/// # Errors
///
/// The text is no such number, or does not fit into 64 bits.
pub fn parse_uint(text: &str, base: u32) -> Result<u64, NumberError> {
    let (digits, radix) = if base == 0 { prefix(text) } else { (text, base) };
    if text.is_empty() || !(2..=36).contains(&radix) {
        return Err(NumberError::Syntax);
    }
    let mut value: u64 = 0;
    let mut underscores = false;
    for c in digits.chars() {
        if c == '_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = c.to_digit(36).filter(|digit| *digit < radix).ok_or(NumberError::Syntax)?;
        value = value
            .checked_mul(u64::from(radix))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .ok_or(NumberError::Range)?;
    }
    if underscores && !underscores_right(text) {
        return Err(NumberError::Syntax);
    }
    Ok(value)
}

fn prefix(text: &str) -> (&str, u32) {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'0') {
        return (text, 10);
    }
    if bytes.len() >= 3 {
        let radix = match bytes[1].to_ascii_lowercase() {
            b'b' => 2,
            b'o' => 8,
            b'x' => 16,
            _ => 0,
        };
        if radix != 0 {
            return (&text[2..], radix);
        }
    }
    (&text[1..], 8)
}

/// A signed integer, as [`parse_uint`] with a sign before it.
///
/// # Errors
///
/// The text is no such number, or does not fit into 64 bits.
pub fn parse_int(text: &str, base: u32) -> Result<i64, NumberError> {
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'+') => (false, &text[1..]),
        Some(b'-') => (true, &text[1..]),
        _ => (false, text),
    };
    let value = parse_uint(rest, base)?;
    if negative {
        0i64.checked_sub_unsigned(value).ok_or(NumberError::Range)
    } else {
        i64::try_from(value).map_err(|_| NumberError::Range)
    }
}

/// A float in decimal or, with `0x` and a `p`, in hexadecimal notation; also `inf` and `nan`.
///
/// # Errors
///
/// The text is no such number, or is larger than all of them.
pub fn parse_float(text: &str) -> Result<f64, NumberError> {
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'+') => (false, &text[1..]),
        Some(b'-') => (true, &text[1..]),
        _ => (false, text),
    };
    let size = match rest.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        // Go knows no sign of it.
        "nan" if rest.len() == text.len() => f64::NAN,
        lower => {
            if lower.contains('_') && !underscores_right(lower) {
                return Err(NumberError::Syntax);
            }
            let plain = lower.replace('_', "");
            let value = match plain.strip_prefix("0x") {
                Some(hex) => hexadecimal(hex)?,
                None => decimal(&plain)?,
            };
            if value.is_infinite() {
                return Err(NumberError::Range);
            }
            value
        }
    };
    Ok(if negative { -size } else { size })
}

fn decimal(text: &str) -> Result<f64, NumberError> {
    let shape = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-');
    if !text.chars().all(shape) || text.starts_with(['+', '-']) {
        return Err(NumberError::Syntax);
    }
    text.parse().map_err(|_| NumberError::Syntax)
}

fn hexadecimal(text: &str) -> Result<f64, NumberError> {
    let (digits, exponent) = text.split_once('p').ok_or(NumberError::Syntax)?;
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    // Far beyond what any float has; the exact number makes no difference there.
    let mut power: i64 = unsigned.parse::<i64>().unwrap_or(1 << 20).min(1 << 20);
    if exponent.starts_with('-') {
        power = -power;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(NumberError::Syntax);
    }
    let mut mantissa: u128 = 0;
    let mut lost = false;
    for (place, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = c.to_digit(16).ok_or(NumberError::Syntax)?;
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
            if place >= whole.len() {
                power -= 4;
            }
        } else {
            lost |= digit != 0;
            if place < whole.len() {
                power += 4;
            }
        }
    }
    Ok(assemble(mantissa, lost, power))
}

/// `mantissa * 2^power`, rounded to even once.
fn assemble(mantissa: u128, lost: bool, power: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let width = i64::from(128 - mantissa.leading_zeros());
    let top = width + power;
    if top > 1024 {
        return f64::INFINITY;
    }
    // Bits that a float of this size can keep: 53, fewer of the subnormal ones.
    let keep = 53.min(top + 1074).max(0);
    let drop = width - keep;
    let mut kept = mantissa;
    let mut exponent = power;
    if drop > 0 {
        let drop = u32::try_from(drop).unwrap_or(u32::MAX);
        kept = mantissa.checked_shr(drop).unwrap_or(0);
        let rest = if drop >= 128 { mantissa } else { mantissa & ((1 << drop) - 1) };
        let half = 1u128.checked_shl(drop - 1).unwrap_or(u128::MAX);
        if rest > half || rest == half && (lost || kept & 1 == 1) {
            kept += 1;
        }
        exponent += i64::from(drop);
    }
    #[expect(clippy::cast_precision_loss, reason = "no more than 53 bits are left")]
    let mut value = kept as f64;
    // In two steps, so that neither power leaves the range of floats.
    let exponent = i32::try_from(exponent).unwrap_or(if exponent < 0 { -4000 } else { 4000 });
    let half = exponent / 2;
    value *= 2f64.powi(half);
    value * 2f64.powi(exponent - half)
}

/// Underscores only stand between digits, or between a prefix and a digit.
fn underscores_right(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let mut before = b'^';
    let mut start = 0;
    let mut hex = false;
    if let [b'0', letter, ..] = text {
        let letter = letter.to_ascii_lowercase();
        if matches!(letter, b'b' | b'o' | b'x') {
            hex = letter == b'x';
            before = b'0';
            start = 2;
        }
    }
    for &byte in &text[start..] {
        if byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit() {
            before = b'0';
        } else if byte == b'_' {
            if before != b'0' {
                return false;
            }
            before = b'_';
        } else {
            if before == b'_' {
                return false;
            }
            before = b'!';
        }
    }
    before != b'_'
}
