//! Floats as text. Rust's own formatting gives the digits, shortest or to a precision; here is how
//! Go lays them out.

use crate::FloatKind;

/// No float has a digit beyond this place that is not zero, so further ones are added by hand.
const LAST_DIGIT: usize = 1100;

/// Digits and the place of the decimal point among them: `0.d1d2d3… * 10^point`.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

/// A float in the format `e`, `E`, `f`, `F`, `g`, `G`, `x`, `X` or `b`; without a precision with as
/// few digits as tell it from all others of its kind.
#[must_use]
pub fn format_float(x: f64, format: u8, precision: Option<usize>, kind: FloatKind) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let mut out = String::new();
    if x.is_sign_negative() {
        out.push('-');
    }
    let x = x.abs();
    match format {
        b'b' => binary(&mut out, x, kind),
        b'x' | b'X' => hexadecimal(&mut out, x, kind, precision, format == b'X'),
        b'e' | b'E' => {
            let digits = of(x, precision.map(|p| p + 1), kind);
            let after = precision.unwrap_or(digits.digits.len().saturating_sub(1));
            exponential(&mut out, &digits, after, format);
        }
        b'g' | b'G' => general(&mut out, x, precision, format, kind),
        _ => match precision {
            Some(after) => {
                let exact = after.min(LAST_DIGIT);
                out.push_str(&format!("{x:.exact$}"));
                out.extend(std::iter::repeat_n('0', after - exact));
            }
            None => {
                let digits = of(x, None, kind);
                let after = i32::try_from(digits.digits.len()).unwrap_or(i32::MAX) - digits.point;
                plain(&mut out, &digits, usize::try_from(after).unwrap_or(0));
            }
        },
    }
    out
}

/// The digits of a float that is not negative, without zeros at their end.
fn of(x: f64, count: Option<usize>, kind: FloatKind) -> Digits {
    if x == 0.0 {
        return Digits { digits: Vec::new(), point: 0 };
    }
    let text = match count {
        Some(count) => format!("{x:.*e}", count.clamp(1, LAST_DIGIT) - 1),
        None => shortest(x, kind),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    Digits { digits, point: exponent.parse::<i32>().unwrap_or(0) + 1 }
}

/// As few digits as tell the float from others. Where two texts are equally few and equally near, Go
/// takes the even one and Rust the larger one.
fn shortest(x: f64, kind: FloatKind) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "it holds a float32")]
    let narrow = x as f32;
    let text = match kind {
        FloatKind::Float64 => format!("{x:e}"),
        FloatKind::Float32 => format!("{narrow:e}"),
    };
    let count = text.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let even = format!("{x:.*e}", count.saturating_sub(1));
    let same = match kind {
        FloatKind::Float64 => even.parse() == Ok(x),
        FloatKind::Float32 => even.parse() == Ok(narrow),
    };
    if same { even } else { text }
}

fn general(out: &mut String, x: f64, precision: Option<usize>, format: u8, kind: FloatKind) {
    let wanted = precision.map(|p| p.max(1));
    let digits = of(x, wanted, kind);
    let count = digits.digits.len();
    let signed = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let mut threshold = wanted.unwrap_or(6);
    if threshold > count && signed(count) >= digits.point {
        threshold = count;
    }
    if precision.is_none() {
        threshold = 6;
    }
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= signed(threshold) {
        let kept = wanted.unwrap_or(count).min(count.max(1));
        exponential(out, &digits, kept.saturating_sub(1), format - 2);
        return;
    }
    let after = signed(count) - digits.point;
    plain(out, &digits, usize::try_from(after).unwrap_or(0));
}

fn exponential(out: &mut String, digits: &Digits, after: usize, letter: u8) {
    let digit = |index: usize| char::from(digits.digits.get(index).copied().unwrap_or(b'0'));
    out.push(digit(0));
    if after > 0 {
        out.push('.');
        out.extend((1..=after).map(digit));
    }
    let exponent = if digits.digits.is_empty() { 0 } else { digits.point - 1 };
    out.push(char::from(letter));
    out.push(if exponent < 0 { '-' } else { '+' });
    out.push_str(&format!("{:02}", exponent.unsigned_abs()));
}

fn plain(out: &mut String, digits: &Digits, after: usize) {
    let digit = |place: i32| {
        let found = usize::try_from(place).ok().and_then(|place| digits.digits.get(place));
        char::from(found.copied().unwrap_or(b'0'))
    };
    if digits.point > 0 {
        out.extend((0..digits.point).map(digit));
    } else {
        out.push('0');
    }
    if after > 0 {
        out.push('.');
        let after = i32::try_from(after).unwrap_or(i32::MAX);
        out.extend((0..after).map(|place| digit(digits.point + place)));
    }
}

/// Mantissa, exponent of its last bit and width of the mantissa, as the bits of the float have it.
fn parts(x: f64, kind: FloatKind) -> (u64, i32, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "it holds a float32")]
    let (bits, mantissa_bits, bias) = match kind {
        FloatKind::Float64 => (x.to_bits(), 52, 1023),
        FloatKind::Float32 => (u64::from((x as f32).to_bits()), 23, 127),
    };
    let fraction = bits & ((1 << mantissa_bits) - 1);
    let exponent = i32::try_from(bits >> mantissa_bits).unwrap_or(0);
    if exponent == 0 {
        (fraction, 1 - bias, mantissa_bits)
    } else {
        (fraction | 1 << mantissa_bits, exponent - bias, mantissa_bits)
    }
}

fn binary(out: &mut String, x: f64, kind: FloatKind) {
    let (mantissa, exponent, width) = parts(x, kind);
    let exponent = exponent - i32::try_from(width).unwrap_or(0);
    out.push_str(&format!("{mantissa}p{exponent:+}"));
}

fn hexadecimal(out: &mut String, x: f64, kind: FloatKind, precision: Option<usize>, upper: bool) {
    let (mut mantissa, mut exponent, width) = parts(x, kind);
    // The leading one goes to bit 60, which leaves room for rounding up and whole digits below.
    mantissa <<= 60 - width;
    if mantissa == 0 {
        exponent = 0;
    }
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(after) = precision
        && after < 15
    {
        let shift = after * 4;
        let rest = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if rest | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", mantissa >> 60 & 1);
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => {
            let digits = digits.trim_end_matches('0');
            if !digits.is_empty() {
                text.push('.');
                text.push_str(digits);
            }
        }
        Some(0) => {}
        Some(after) => {
            text.push('.');
            text.push_str(&digits[..after.min(15)]);
            text.extend(std::iter::repeat_n('0', after.saturating_sub(15)));
        }
    }
    text.push('p');
    text.push(if exponent < 0 { '-' } else { '+' });
    text.push_str(&format!("{:02}", exponent.unsigned_abs()));
    if upper {
        text.make_ascii_uppercase();
    }
    out.push_str(&text);
}
