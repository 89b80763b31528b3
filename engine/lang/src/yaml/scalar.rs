//! Plain scalars by the YAML 1.2 core schema, minus what is nearly always a mistake: integers with
//! a leading zero, numbers that are none, and numbers that do not fit.

use aurak_model::Value;

/// Why a plain scalar is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadScalar {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

/// What a plain scalar says. Text that is no other value is a string.
pub(super) fn plain(text: &str) -> Result<Value, BadScalar> {
    let Some(first) = text.bytes().next() else { return Ok(Value::Null) };
    match first {
        b'n' | b'N' | b'~' if matches!(text, "null" | "Null" | "NULL" | "~") => return Ok(Value::Null),
        b't' | b'T' if matches!(text, "true" | "True" | "TRUE") => return Ok(Value::Bool(true)),
        b'f' | b'F' if matches!(text, "false" | "False" | "FALSE") => return Ok(Value::Bool(false)),
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            if let Some(number) = number(text)? {
                return Ok(number);
            }
        }
        _ => {}
    }
    Ok(Value::string(text))
}

/// Whether a text is one of the words that YAML 1.1 read as booleans and YAML 1.2 does not, and
/// which one it stood for.
pub(crate) fn is_yes_or_no(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Result<Option<Value>, BadScalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(BadScalar {
            code: "not_finite",
            message: format!("`{text}` is not a number that can be used"),
            help: format!("write a finite number, or quote it if text is meant: \"{text}\""),
        });
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            return i64::from_str_radix(digits, radix)
                .map(|i| Some(Value::Int(i)))
                .map_err(|_| too_big(text));
        }
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(unsigned) {
        if unsigned.len() > 1 && unsigned.starts_with('0') {
            let octal = unsigned.trim_start_matches('0');
            let as_octal = match octal.bytes().all(|b| b < b'8') && !octal.is_empty() {
                true => format!("write 0o{octal} for an octal number, or quote it"),
                false => "leave out the zeros, or quote it".to_string(),
            };
            return Err(BadScalar {
                code: "leading_zero",
                message: format!("`{text}` is an integer with a leading zero"),
                help: format!("{as_octal} if text is meant: \"{text}\""),
            });
        }
        return text.parse().map(|i| Some(Value::Int(i))).map_err(|_| too_big(text));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            (digits(whole) && (fraction.is_empty() || digits(fraction)))
                || (whole.is_empty() && digits(fraction))
        }
        None => digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    if !(mantissa_fits && exponent_fits) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(Value::Float(number))),
        _ => Err(too_big(text)),
    }
}

fn too_big(text: &str) -> BadScalar {
    let shown: String = match text.chars().count() > 40 {
        true => text.chars().take(37).chain("...".chars()).collect(),
        false => text.to_string(),
    };
    BadScalar {
        code: "number_too_big",
        message: format!("`{shown}` does not fit into a number of 64 bits"),
        help: "quote it if text is meant".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Ok(Value::Null), "{text}");
        }
        for (text, value) in [
            ("true", Value::Bool(true)),
            ("FALSE", Value::Bool(false)),
            ("0", 0.into()),
            ("-0", 0.into()),
            ("12", 12.into()),
            ("+12", 12.into()),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("0o644", 0o644.into()),
            ("0xFf", 255.into()),
            ("1.30", 1.3.into()),
            (".5", 0.5.into()),
            ("5.", 5.0.into()),
            ("1e3", 1000.0.into()),
            ("-1.5E-2", (-0.015).into()),
        ] {
            assert_eq!(plain(text), Ok(value), "{text}");
        }
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "tRUE",
            "nul",
            "1.2.3",
            "10.0.0.0/8",
            "1_000",
            "0o8",
            "0x",
            "-",
            "+",
            ".",
            "..",
            "e5",
            "1e",
            "1e+",
            "0b1",
            "12:30",
            "2024-01-01",
            "-foo",
            "--1",
            "0o-1",
        ] {
            assert_eq!(plain(text), Ok(Value::string(text)), "{text}");
        }
    }

    #[test]
    fn what_is_nearly_always_a_mistake_is_refused() {
        for (text, code) in [
            ("0644", "leading_zero"),
            ("-012", "leading_zero"),
            ("00", "leading_zero"),
            (".inf", "not_finite"),
            ("-.Inf", "not_finite"),
            (".nan", "not_finite"),
            ("9223372036854775808", "number_too_big"),
            ("0xFFFFFFFFFFFFFFFF", "number_too_big"),
            ("1e999", "number_too_big"),
        ] {
            assert_eq!(plain(text).map_err(|bad| bad.code), Err(code), "{text}");
        }
        assert!(plain("0644").unwrap_err().help.contains("0o644"));
        assert!(!plain("089").unwrap_err().help.contains("0o"));
    }
}
