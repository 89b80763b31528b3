//! The functions of durations that Helm 4 has.

use aurak_gotemplate::strconv::{format_float, parse_float};
use aurak_gotemplate::{Error, FloatKind, Function, Functions, Type, Value};
use aurak_sprig::Duration;

use crate::error::quoted;

const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

/// What makes a multiple of a duration of another.
type ToMultiple = fn(Duration, Duration) -> Duration;

/// Adds them.
pub(super) fn add_all(table: &mut Functions) {
    let must = Function::new([Type::Any], |_, args| duration(&args.any(0)).map(Value::object));
    table.add("mustToDuration", must.returning(Duration::get_type()));
    let floats: [(&str, i64, f64); 5] = [
        ("durationSeconds", SECOND, 1.0),
        ("durationMinutes", 60 * SECOND, 1.0),
        ("durationHours", 3600 * SECOND, 1.0),
        ("durationDays", 3600 * SECOND, 24.0),
        ("durationWeeks", 3600 * SECOND, 168.0),
    ];
    for (name, unit, divisor) in floats {
        let call = Function::new([Type::Any], move |_, args| {
            let units = duration(&args.any(0)).map_or(0.0, |duration| duration.units(unit));
            // Weeks are days by seven, and not hours by 168: it rounds otherwise.
            let units = if divisor > 24.0 { units / 24.0 / 7.0 } else { units / divisor };
            Ok(Value::float(units))
        });
        table.add(name, call.returning(Type::FLOAT64));
    }
    let wholes =
        [("durationMilliseconds", MILLI), ("durationMicroseconds", MICRO), ("durationNanoseconds", 1)];
    for (name, unit) in wholes {
        let call = Function::new([Type::Any], move |_, args| {
            Ok(Value::int64(duration(&args.any(0)).map_or(0, |duration| duration.0 / unit)))
        });
        table.add(name, call.returning(Type::INT64));
    }
    let multiples: [(&str, ToMultiple); 2] =
        [("durationRoundTo", Duration::rounded), ("durationTruncateTo", Duration::truncated)];
    for (name, to) in multiples {
        let call = Function::new([Type::Any, Type::Any], move |_, args| {
            let Ok(given) = duration(&args.any(0)) else { return Ok(Value::object(Duration(0))) };
            let multiple = duration(&args.any(1));
            Ok(Value::object(multiple.map_or(given, |multiple| to(given, multiple))))
        });
        table.add(name, call.returning(Duration::get_type()));
    }
}

/// What a value is as a duration: numbers, and texts of them, are seconds.
fn duration(value: &Value) -> Result<Duration, Error> {
    if let Some(duration) = Duration::of(value) {
        return Ok(duration);
    }
    let overflow = |shown: String| Error::new(format!("duration seconds overflow: {shown}"));
    match value.below() {
        Value::Nil => Err(Error::new("invalid duration")),
        Value::Str(text) => {
            let text = text.lossy();
            let trimmed = text.trim();
            if trimmed.is_empty() {
                return Err(Error::new("empty duration"));
            }
            match (Duration::parse(trimmed.as_bytes()), parse_float(trimmed)) {
                (Ok(duration), _) => Ok(duration),
                (_, Ok(seconds)) => of_float(seconds),
                _ => Err(Error::new(format!("could not parse duration {}", quoted(&text)))),
            }
        }
        Value::Int(_, seconds) => {
            seconds.checked_mul(SECOND).map(Duration).ok_or_else(|| overflow(seconds.to_string()))
        }
        Value::Uint(_, seconds) => {
            let nanos = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(SECOND));
            nanos.map(Duration).ok_or_else(|| overflow(seconds.to_string()))
        }
        Value::Float(_, seconds) => of_float(seconds),
        _ => Err(Error::new(format!("unsupported duration type {}", value.type_name()))),
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as in Go")]
fn of_float(seconds: f64) -> Result<Duration, Error> {
    let shown = |x: f64| format_float(x, b'g', None, FloatKind::Float64);
    if !seconds.is_finite() {
        return Err(Error::new(format!("invalid duration seconds: {}", shown(seconds))));
    }
    if seconds.abs() > i64::MAX as f64 / SECOND as f64 {
        return Err(Error::new(format!("duration seconds overflow: {}", shown(seconds))));
    }
    Ok(Duration((seconds * SECOND as f64) as i64))
}
