//! Numbers as Go's `strconv` reads and writes them.

use std::fmt::LowerExp;
use std::str::FromStr;

/// Reads a signed whole number; base 0 takes the base from a prefix.
pub(crate) fn parse_int(text: &str, base: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = i128::from(parse_uint(digits, base)?);
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Reads a whole number without a sign; base 0 takes the base from a prefix. Underscores are not read:
/// they are gone by the time this is called.
pub(crate) fn parse_uint(text: &str, base: u32) -> Option<u64> {
    let (base, digits) = if base != 0 {
        (base, text)
    } else {
        match text.as_bytes() {
            [b'0', b'x' | b'X', _, ..] => (16, &text[2..]),
            [b'0', b'o' | b'O', _, ..] => (8, &text[2..]),
            [b'0', b'b' | b'B', _, ..] => (2, &text[2..]),
            [b'0', _, ..] => (8, &text[1..]),
            _ => (10, text),
        }
    };
    // Rust's own function would take a sign here.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// Reads a decimal number, which must have the form `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
/// and be finite.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if exponent.is_empty() || !digits(exponent) {
            return None;
        }
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// The fewest digits that say which number it is, and the power of ten of the first of them.
struct Shortest {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Shortest {
    /// Of two candidates that are equally near Rust takes the larger one and Go the even one, which is
    /// what rounding to as many digits gives.
    fn new<T: LowerExp + FromStr + PartialEq>(value: T) -> Shortest {
        let shortest = Shortest::parse(&format!("{value:e}"));
        let precision = shortest.digits.len().saturating_sub(1);
        let rounded = format!("{value:.precision$e}");
        if rounded.parse::<T>().is_ok_and(|same| same == value) {
            Shortest::parse(&rounded)
        } else {
            shortest
        }
    }

    fn parse(scientific: &str) -> Shortest {
        let (negative, scientific) = match scientific.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, scientific),
        };
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
        Shortest { negative, digits: mantissa.replace('.', ""), exponent: exponent.parse().unwrap_or(0) }
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    /// With an exponent of at least `width` digits.
    fn scientific(&self, width: usize) -> String {
        let (first, rest) = self.digits.split_at(1.min(self.digits.len()));
        let point = if rest.is_empty() { "" } else { "." };
        let direction = if self.exponent < 0 { '-' } else { '+' };
        let exponent = self.exponent.unsigned_abs();
        format!("{}{first}{point}{rest}e{direction}{exponent:0width$}", self.sign())
    }

    /// Without an exponent.
    fn plain(&self) -> String {
        let sign = self.sign();
        match usize::try_from(self.exponent) {
            Ok(exponent) if exponent + 1 >= self.digits.len() => {
                format!("{sign}{:0<width$}", self.digits, width = exponent + 1)
            }
            Ok(exponent) => {
                let (whole, fraction) = self.digits.split_at(exponent + 1);
                format!("{sign}{whole}.{fraction}")
            }
            Err(_) => {
                let zeros = usize::try_from(-self.exponent).unwrap_or(1) - 1;
                format!("{sign}0.{:0<zeros$}{}", "", self.digits)
            }
        }
    }

    fn general(&self) -> String {
        if (-4..6).contains(&self.exponent) || self.digits == "0" { self.plain() } else { self.scientific(2) }
    }
}

/// Like the verb `%v`: the exponent is written from 1e+06 up and below 0.0001.
pub(crate) fn format_general(value: f64) -> String {
    match special(value) {
        Some(text) => text.to_owned(),
        None => Shortest::new(value).general(),
    }
}

/// The same with the precision of 32 bits.
pub(crate) fn format_general_narrow(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the loss is what is asked for")]
    let value = value as f32;
    match special(f64::from(value)) {
        Some(text) => text.to_owned(),
        None => Shortest::new(value).general(),
    }
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

/// As `encoding/json` writes it; the name of what it cannot write if it cannot.
pub(crate) fn format_json(value: f64) -> Result<String, &'static str> {
    if let Some(name) = special(value) {
        return Err(name);
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // Small exponents have one digit here, and large ones have two anyway.
        return Ok(Shortest::new(value).scientific(1));
    }
    Ok(Shortest::new(value).plain())
}

/// Infinities and what is no number, as YAML writes them.
pub(crate) fn yaml_name(text: String) -> String {
    match text.as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        _ => text,
    }
}
