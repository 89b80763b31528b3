//! Any value as a number, in the way of spf13/cast: what is none is zero.

use aurak_gotemplate::Value;
use aurak_gotemplate::strconv::{parse_float, parse_int};

/// An integer of it. Texts may have a base (`0x1f`, `010`) and a fraction of zeros.
pub(crate) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Bool(b) => i64::from(*b),
        Value::Int(_, n) => *n,
        Value::Uint(_, n) => n.cast_signed(),
        Value::Float(_, x) => float_to_int(*x),
        Value::Str(text) => text.to_str().and_then(|text| parse_int(whole(text), 0).ok()).unwrap_or(0),
        _ => 0,
    }
}

/// A float of it.
#[expect(clippy::cast_precision_loss, reason = "as in Go")]
pub(crate) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::Int(_, n) => *n as f64,
        Value::Uint(_, n) => *n as f64,
        Value::Float(_, x) => *x,
        Value::Str(text) => text.to_str().and_then(|text| parse_float(text).ok()).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// The integer of a float as the machines convert it that Helm runs on: what does not fit is the
/// least there is.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit was sorted out")]
fn float_to_int(x: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) { x as i64 } else { i64::MIN }
}

/// A text without a fraction of zeros.
fn whole(text: &str) -> &str {
    let digits = text.trim_end_matches('0');
    match digits.strip_suffix('.') {
        Some(before) if digits.len() < text.len() => before,
        _ => text,
    }
}
