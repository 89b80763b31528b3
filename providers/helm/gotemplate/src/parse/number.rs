//! Constants: a number is kept under every type that can hold it, as Go's ideal constants are.

use super::token::Kind;
use crate::strconv::{parse_float, parse_int, parse_uint, quote, unquote_char};
use crate::tree::Number;

/// Reads a number. Imaginary ones are refused: nothing that a chart can do needs them.
pub(super) fn number(text: &[u8], kind: Kind) -> Result<Number, String> {
    if kind == Kind::CharConstant {
        return character(text);
    }
    let quoted = || String::from_utf8_lossy(&quote(text)).into_owned();
    let plain = std::str::from_utf8(text).map_err(|_| format!("illegal number syntax: {}", quoted()))?;
    if kind == Kind::Complex || plain.ends_with('i') {
        return Err(format!("imaginary numbers are not supported: {}", quoted()));
    }
    let mut number = Number {
        text: text.into(),
        int: parse_int(plain, 0).ok(),
        uint: parse_uint(plain, 0).ok(),
        float: None,
    };
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    #[expect(clippy::cast_precision_loss, reason = "that is how Go promotes")]
    if let Some(n) = number.int {
        number.float = Some(n as f64);
    } else if let Some(n) = number.uint {
        number.float = Some(n as f64);
    } else if let Ok(x) = parse_float(plain) {
        if !plain.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quoted()));
        }
        number.float = Some(x);
        number.int = whole(x, -(2f64.powi(63)), 2f64.powi(63)).map(|x| x as i64);
        number.uint = whole(x, 0.0, 2f64.powi(64)).map(|x| x as u64);
    } else {
        return Err(format!("illegal number syntax: {}", quoted()));
    }
    Ok(number)
}

/// The float, if it is a whole number from `least` up to below `end`.
fn whole(x: f64, least: f64, end: f64) -> Option<f64> {
    (x.fract() == 0.0 && x >= least && x < end).then_some(x)
}

fn character(text: &[u8]) -> Result<Number, String> {
    let (rune, _, tail) = text
        .get(1..)
        .and_then(|inner| unquote_char(inner, b'\''))
        .ok_or_else(|| "invalid syntax".to_owned())?;
    if tail != b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
    }
    Ok(Number {
        text: text.into(),
        int: Some(i64::from(rune)),
        uint: Some(u64::from(rune)),
        float: Some(f64::from(rune)),
    })
}
