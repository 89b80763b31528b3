//! The functions of dates.

use aurak_gotemplate::strconv::parse_int;
use aurak_gotemplate::{Error, Functions, IntKind, Value};

use super::duration;
use super::layout::format;
use super::parse::parse;
use super::time::Time;
use super::zone::Zone;
use crate::source::Source;
use crate::table::{A, Answer, S, add};

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    let time = Time::get_type;
    let from = source.clone();
    add(table, &["now"], &[], time(), move |_, _| Ok(Value::object(from.now()?)));
    let from = source.clone();
    add(table, &["date"], &[S, A], S, move |_, a| shown(&from, &a.str(0), &a.any(1), "Local"));
    let from = source.clone();
    add(table, &["dateInZone", "date_in_zone"], &[S, A, S], S, move |_, a| {
        shown(&from, &a.str(0), &a.any(1), &a.text(2))
    });
    let from = source.clone();
    add(table, &["htmlDate"], &[A], S, move |_, a| shown(&from, b"2006-01-02", &a.any(0), "Local"));
    let from = source.clone();
    add(table, &["htmlDateInZone"], &[A, S], S, move |_, a| {
        shown(&from, b"2006-01-02", &a.any(0), &a.text(1))
    });
    add(table, &["dateModify", "date_modify"], &[S, time()], time(), |_, a| {
        let time = given(a.get(1))?;
        Ok(Value::object(match duration::parse(&a.str(0)) {
            Ok(nanos) => time.plus(nanos),
            Err(_) => time,
        }))
    });
    add(table, &["mustDateModify", "must_date_modify"], &[S, time()], time(), |_, a| {
        Ok(Value::object(given(a.get(1))?.plus(duration::parse(&a.str(0))?)))
    });
    let from = source.clone();
    add(table, &["ago"], &[A], S, move |_, a| {
        let now = from.now()?;
        let then = match a.any(0) {
            Value::Int(IntKind::Int | IntKind::Int64, seconds) => at(&now, seconds),
            value => Time::of(Some(&value)).unwrap_or_else(|| now.clone()),
        };
        Ok(duration::shown(rounded(now.since(&then))).into())
    });
    add(table, &["duration"], &[A], S, |_, a| {
        let seconds = match a.any(0) {
            Value::Int(IntKind::Int64, seconds) => seconds,
            Value::Str(text) => clamped(&text.lossy()),
            _ => 0,
        };
        Ok(duration::shown(seconds.wrapping_mul(1_000_000_000)).into())
    });
    let from = source.clone();
    add(table, &["durationRound"], &[A], S, move |_, a| {
        let nanos = match a.any(0) {
            Value::Int(IntKind::Int64, nanos) => nanos,
            Value::Str(text) => duration::parse(&text).unwrap_or(0),
            value => match Time::of(Some(&value)) {
                Some(time) => from.now()?.since(&time),
                None => 0,
            },
        };
        Ok(roughly(nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000 > 0).into())
    });
    let from = source.clone();
    add(table, &["toDate"], &[S, S], time(), move |_, a| {
        let read = parse(&a.str(0), &a.str(1), &from.local()?);
        Ok(Value::object(read.unwrap_or_else(|_| Time::zero())))
    });
    let from = source.clone();
    add(table, &["mustToDate"], &[S, S], time(), move |_, a| {
        Ok(Value::object(parse(&a.str(0), &a.str(1), &from.local()?)?))
    });
    add(table, &["unixEpoch"], &[time()], S, |_, a| Ok(given(a.first())?.seconds.to_string().into()));
}

fn given(value: Option<&Value>) -> Result<Time, Error> {
    Time::of(value).ok_or_else(|| Error::new("a time of another kind was given"))
}

fn at(now: &Time, seconds: i64) -> Time {
    Time { seconds, nanos: 0, zone: now.zone.clone() }
}

/// What is no time stands for now; an unknown zone for UTC.
fn shown(source: &Source, layout: &[u8], value: &Value, zone: &str) -> Answer {
    let time = match value {
        Value::Int(IntKind::Int | IntKind::Int64 | IntKind::Int32, seconds) => {
            Time { seconds: *seconds, nanos: 0, zone: Zone::Utc }
        }
        other => match Time::of(Some(other)) {
            Some(time) => time,
            None => source.now()?,
        },
    };
    let zone = match zone {
        "Local" => source.local()?,
        name => Zone::named(name).unwrap_or(Zone::Utc),
    };
    Ok(Value::str(format(&time.within(zone), layout)))
}

/// To whole seconds, the half away from zero.
fn rounded(nanos: i64) -> i64 {
    let seconds = (i128::from(nanos.unsigned_abs()) + 500_000_000) / 1_000_000_000 * 1_000_000_000;
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    if nanos < 0 { -seconds } else { seconds }
}

fn clamped(text: &str) -> i64 {
    use aurak_gotemplate::strconv::NumberError;
    match parse_int(text, 10) {
        Ok(n) => n,
        Err(NumberError::Range) if text.starts_with('-') => i64::MIN,
        Err(NumberError::Range) => i64::MAX,
        Err(NumberError::Syntax) => 0,
    }
}

/// In the largest unit of which there is more than one, or one and something.
fn roughly(seconds: u64, more: bool) -> String {
    const UNITS: [(u64, &str); 6] =
        [(31_536_000, "y"), (2_592_000, "mo"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let unit = UNITS.iter().find(|(unit, _)| seconds > *unit || seconds == *unit && more);
    unit.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", seconds / unit))
}
