//! Layouts: a date written as an example, in which each part stands for what it shows.

use super::civil;
use super::time::Time;

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(crate) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A part of a layout that stands for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    ZoneName,
    /// A difference to UTC.
    Offset(Offset),
    /// A fraction of a second of so many digits, with zeros at its end or without.
    Fraction {
        digits: usize,
        zeros: bool,
    },
}

/// How a difference to UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    /// `Z` stands for none.
    pub(crate) z: bool,
    pub(crate) colons: bool,
    pub(crate) minutes: bool,
    pub(crate) seconds: bool,
}

/// Fixed beginnings in the order in which they are tried.
const FIXED: [(&str, Part); 29] = [
    ("January", Part::LongMonth),
    ("Monday", Part::LongWeekday),
    ("MST", Part::ZoneName),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumMonth),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("__2", Part::UnderYearDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::UpperHalf),
    ("pm", Part::LowerHalf),
    ("-070000", offset(false, false, true, true)),
    ("-07:00:00", offset(false, true, true, true)),
    ("-0700", offset(false, false, true, false)),
    ("-07:00", offset(false, true, true, false)),
    ("-07", offset(false, false, false, false)),
    ("Z070000", offset(true, false, true, true)),
    ("Z07:00:00", offset(true, true, true, true)),
    ("Z0700", offset(true, false, true, false)),
    ("Z07:00", offset(true, true, true, false)),
];

const fn offset(z: bool, colons: bool, minutes: bool, seconds: bool) -> Part {
    Part::Offset(Offset { z, colons, minutes, seconds })
}

/// A part within a layout: what is before it, what it is and how it is written, and what is after.
pub(crate) type Found<'a> = (&'a [u8], Part, &'a [u8], &'a [u8]);

/// The next part of a layout.
pub(crate) fn next_part(layout: &[u8]) -> Option<Found<'_>> {
    (0..layout.len()).find_map(|at| {
        let (part, length) = part_at(&layout[at..])?;
        // An underscore before a year is itself.
        let at = if part == Part::LongYear && layout[at] == b'_' { at + 1 } else { at };
        let (before, rest) = layout.split_at(at);
        let (own, after) = rest.split_at(length);
        Some((before, part, own, after))
    })
}

fn part_at(rest: &[u8]) -> Option<(Part, usize)> {
    let small_after = |length: usize| rest.get(length).is_some_and(u8::is_ascii_lowercase);
    match rest.first()? {
        b'.' | b',' => {
            let digit = *rest.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
            let digits = rest[1..].iter().take_while(|byte| **byte == digit).count();
            let ends = !rest.get(1 + digits).is_some_and(u8::is_ascii_digit);
            return ends.then_some((Part::Fraction { digits, zeros: digit == b'0' }, 1 + digits));
        }
        b'_' if rest.starts_with(b"_2006") => return Some((Part::LongYear, 4)),
        b'_' if rest.starts_with(b"_2") => return Some((Part::UnderDay, 2)),
        _ => {}
    }
    let found = FIXED.iter().find(|(text, _)| rest.starts_with(text.as_bytes()));
    if let Some((text, part)) = found {
        return Some((*part, text.len()));
    }
    if rest.starts_with(b"Jan") && !small_after(3) {
        return Some((Part::Month, 3));
    }
    if rest.starts_with(b"Mon") && !small_after(3) {
        return Some((Part::Weekday, 3));
    }
    rest.starts_with(b"Z07").then_some((offset(true, false, false, false), 3))
}

/// A time as a layout shows it.
pub(crate) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let (zone, offset) = time.zone.at(time.seconds);
    let local = time.seconds.saturating_add(offset);
    let days = local.div_euclid(86_400);
    let date = civil::date(days);
    let clock = civil::clock(local.rem_euclid(86_400));
    let mut out = Vec::new();
    let mut rest = layout;
    while let Some((before, part, own, after)) = next_part(rest) {
        out.extend_from_slice(before);
        let fraction_mark = own.first().copied().unwrap_or(b'.');
        out.extend(shown(part, time, (&zone, offset), days, date, clock, fraction_mark).into_bytes());
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

/// A number with at least so many digits, the sign not counted.
fn padded(n: i64, width: usize) -> String {
    let digits = format!("{:0width$}", n.unsigned_abs());
    if n < 0 { format!("-{digits}") } else { digits }
}

fn shown(
    part: Part,
    time: &Time,
    (zone, offset): (&str, i64),
    days: i64,
    date: civil::Date,
    (hour, minute, second): (i64, i64, i64),
    mark: u8,
) -> String {
    let name = |names: &[&'static str], n: i64| names[usize::try_from(n).unwrap_or(0) % names.len()];
    let year_day = days - civil::days(date.year, 1, 1) + 1;
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    match part {
        Part::LongMonth => name(&MONTHS, date.month - 1).to_owned(),
        Part::Month => name(&MONTHS, date.month - 1)[..3].to_owned(),
        Part::NumMonth => date.month.to_string(),
        Part::ZeroMonth => padded(date.month, 2),
        Part::LongWeekday => name(&DAYS, civil::weekday(days)).to_owned(),
        Part::Weekday => name(&DAYS, civil::weekday(days))[..3].to_owned(),
        Part::Day => date.day.to_string(),
        Part::UnderDay => format!("{:2}", date.day),
        Part::ZeroDay => padded(date.day, 2),
        Part::UnderYearDay => format!("{year_day:3}"),
        Part::ZeroYearDay => padded(year_day, 3),
        Part::Hour => padded(hour, 2),
        Part::Hour12 => twelve.to_string(),
        Part::ZeroHour12 => padded(twelve, 2),
        Part::Minute => minute.to_string(),
        Part::ZeroMinute => padded(minute, 2),
        Part::Second => second.to_string(),
        Part::ZeroSecond => padded(second, 2),
        Part::LongYear => padded(date.year, 4),
        Part::Year => padded(date.year.abs() % 100, 2),
        Part::UpperHalf => if hour >= 12 { "PM" } else { "AM" }.to_owned(),
        Part::LowerHalf => if hour >= 12 { "pm" } else { "am" }.to_owned(),
        Part::ZoneName if zone.is_empty() => {
            difference(offset, Offset { z: false, colons: false, minutes: true, seconds: false })
        }
        Part::ZoneName => zone.to_owned(),
        Part::Offset(how) => difference(offset, how),
        Part::Fraction { digits, zeros } => {
            let all = format!("{:09}", time.nanos);
            let all = all.get(..digits.min(9)).unwrap_or(&all);
            let kept = if zeros { all } else { all.trim_end_matches('0') };
            if kept.is_empty() { String::new() } else { format!("{}{kept}", char::from(mark)) }
        }
    }
}

fn difference(offset: i64, how: Offset) -> String {
    if how.z && offset == 0 {
        return "Z".to_owned();
    }
    let minutes = offset / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if how.colons { ":" } else { "" };
    let mut out = format!("{sign}{:02}", minutes.abs() / 60);
    if how.minutes {
        out += &format!("{colon}{:02}", minutes.abs() % 60);
    }
    if how.seconds {
        out += &format!("{colon}{:02}", offset.abs() % 60);
    }
    out
}
