//! Times from texts in a layout.

use aurak_gotemplate::Error;

use super::civil;
use super::duration::quoted;
use super::layout::{DAYS, MONTHS, Offset, Part, next_part};
use super::time::Time;
use super::zone::Zone;

/// What has been read so far.
#[derive(Default)]
struct Read {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    half: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone: String,
}

/// Why a part could not be read.
enum Wrong {
    Form,
    Range(&'static str),
}

type Step<T> = Result<T, Wrong>;

/// Reads a time; what names no zone is in the given one.
pub(crate) fn parse(layout: &[u8], text: &[u8], local: &Zone) -> Result<Time, Error> {
    let shown = quoted;
    let cannot = |part: &[u8], value: &[u8]| {
        let (text, layout) = (shown(text), shown(layout));
        Error::new(format!(
            "parsing time {text} as {layout}: cannot parse {} as {}",
            shown(value),
            shown(part)
        ))
    };
    let because = |why: &str| Error::new(format!("parsing time {}: {why}", shown(text)));
    let mut read = Read::default();
    let mut value = text;
    let mut rest = layout;
    loop {
        let next = next_part(rest);
        let before = next.map_or(rest, |(before, ..)| before);
        let prefix = skip(&mut value, before);
        if prefix.is_err() {
            return Err(cannot(before, value));
        }
        let Some((_, part, own, after)) = next else { break };
        rest = after;
        let hold = value;
        match read.part(part, &mut value, rest) {
            Ok(()) => {}
            Err(Wrong::Form) => return Err(cannot(own, hold)),
            Err(Wrong::Range(what)) => return Err(because(&format!("{what} out of range"))),
        }
    }
    if !value.is_empty() {
        return Err(because(&format!("extra text: {}", shown(value))));
    }
    read.finish(local).map_err(because)
}

/// Takes a prefix off; a space stands for any number of spaces.
fn skip(value: &mut &[u8], prefix: &[u8]) -> Result<(), ()> {
    let mut prefix = prefix;
    while let Some((&byte, after)) = prefix.split_first() {
        if byte == b' ' {
            if value.first().is_some_and(|byte| *byte != b' ') {
                return Err(());
            }
            prefix = trimmed(prefix);
            *value = trimmed(value);
            continue;
        }
        match value.split_first() {
            Some((found, left)) if *found == byte => *value = left,
            _ => return Err(()),
        }
        prefix = after;
    }
    Ok(())
}

fn trimmed(mut text: &[u8]) -> &[u8] {
    while let Some(after) = text.strip_prefix(b" ") {
        text = after;
    }
    text
}

fn take<'a>(value: &mut &'a [u8], count: usize) -> Step<&'a [u8]> {
    let (taken, left) = value.split_at_checked(count).ok_or(Wrong::Form)?;
    *value = left;
    Ok(taken)
}

fn number(digits: &[u8]) -> Step<i64> {
    let text = std::str::from_utf8(digits).map_err(|_| Wrong::Form)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Wrong::Form);
    }
    text.parse().map_err(|_| Wrong::Form)
}

/// One or two digits, or exactly two.
fn two(value: &mut &[u8], fixed: bool) -> Step<i64> {
    let count = value.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || fixed && count < 2 {
        return Err(Wrong::Form);
    }
    number(take(value, count)?)
}

fn name(value: &mut &[u8], names: &[&str], length: Option<usize>) -> Step<i64> {
    for (index, name) in names.iter().enumerate() {
        let name = &name.as_bytes()[..length.unwrap_or(name.len())];
        if value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            *value = &value[name.len()..];
            return i64::try_from(index).map_err(|_| Wrong::Form);
        }
    }
    Err(Wrong::Form)
}

fn is_mark(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'.' | b','))
}

fn fraction(part: &[u8]) -> Step<u32> {
    if !is_mark(part.first()) {
        return Err(Wrong::Form);
    }
    let digits = &part[1..part.len().min(10)];
    let scale = u32::try_from(9 - digits.len()).map_err(|_| Wrong::Form)?;
    u32::try_from(number(digits)? * 10_i64.pow(scale)).map_err(|_| Wrong::Form)
}

fn ranged(n: i64, most: i64, what: &'static str) -> Step<i64> {
    if n > most { Err(Wrong::Range(what)) } else { Ok(n) }
}

impl Read {
    fn part(&mut self, part: Part, value: &mut &[u8], layout: &[u8]) -> Step<()> {
        match part {
            Part::Year => {
                let year = number(take(value, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Part::LongYear => {
                if !value.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Wrong::Form);
                }
                self.year = number(take(value, 4)?)?;
            }
            Part::Month => self.month = Some(name(value, &MONTHS, Some(3))? + 1),
            Part::LongMonth => self.month = Some(name(value, &MONTHS, None)? + 1),
            Part::NumMonth | Part::ZeroMonth => {
                let month = two(value, part == Part::ZeroMonth)?;
                if month == 0 {
                    return Err(Wrong::Range("month"));
                }
                self.month = Some(ranged(month, 12, "month")?);
            }
            Part::Weekday => drop(name(value, &DAYS, Some(3))?),
            Part::LongWeekday => drop(name(value, &DAYS, None)?),
            Part::Day | Part::UnderDay | Part::ZeroDay => {
                if part == Part::UnderDay {
                    *value = value.strip_prefix(b" ").unwrap_or(value);
                }
                self.day = Some(two(value, part == Part::ZeroDay)?);
            }
            Part::UnderYearDay | Part::ZeroYearDay => {
                for _ in 0..2 {
                    if part == Part::UnderYearDay {
                        *value = value.strip_prefix(b" ").unwrap_or(value);
                    }
                }
                let count = value.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if count == 0 || part == Part::ZeroYearDay && count < 3 {
                    return Err(Wrong::Form);
                }
                self.year_day = Some(number(take(value, count)?)?);
            }
            Part::Hour => self.hour = ranged(two(value, false)?, 23, "hour")?,
            Part::Hour12 | Part::ZeroHour12 => {
                self.hour = ranged(two(value, part == Part::ZeroHour12)?, 12, "hour")?;
            }
            Part::Minute | Part::ZeroMinute => {
                self.minute = ranged(two(value, part == Part::ZeroMinute)?, 59, "minute")?;
            }
            Part::Second | Part::ZeroSecond => {
                self.second = ranged(two(value, part == Part::ZeroSecond)?, 59, "second")?;
                let follows = is_mark(value.first()) && value.get(1).is_some_and(u8::is_ascii_digit);
                let in_layout = matches!(next_part(layout), Some((_, Part::Fraction { .. }, ..)));
                if follows && !in_layout {
                    self.nanos = fraction(take_fraction(value)?)?;
                }
            }
            Part::UpperHalf | Part::LowerHalf => {
                let half = take(value, 2)?;
                self.half = Some(match (part, half) {
                    (Part::UpperHalf, b"PM") | (Part::LowerHalf, b"pm") => true,
                    (Part::UpperHalf, b"AM") | (Part::LowerHalf, b"am") => false,
                    _ => return Err(Wrong::Form),
                });
            }
            Part::Fraction { digits, zeros: true } => self.nanos = fraction(take(value, 1 + digits)?)?,
            Part::Fraction { .. } => {
                if is_mark(value.first()) && value.get(1).is_some_and(u8::is_ascii_digit) {
                    self.nanos = fraction(take_fraction(value)?)?;
                }
            }
            Part::ZoneName => {
                if let Some(after) = value.strip_prefix(b"UTC") {
                    (self.utc, *value) = (true, after);
                } else {
                    let length = zone_length(value).ok_or(Wrong::Form)?;
                    self.zone = String::from_utf8_lossy(take(value, length)?).into_owned();
                }
            }
            Part::Offset(how) => self.offset(how, value)?,
        }
        Ok(())
    }

    fn offset(&mut self, how: Offset, value: &mut &[u8]) -> Step<()> {
        if how.z
            && let Some(after) = value.strip_prefix(b"Z")
        {
            (self.utc, *value) = (true, after);
            return Ok(());
        }
        let sign = take(value, 1)?;
        let mut parts = [0; 3];
        let count = 1 + usize::from(how.minutes) + usize::from(how.seconds);
        for (index, part) in parts.iter_mut().take(count).enumerate() {
            if index > 0 && how.colons && take(value, 1)? != b":" {
                return Err(Wrong::Form);
            }
            *part = number(take(value, 2)?)?;
        }
        ranged(parts[0], 24, "time zone offset hour")?;
        ranged(parts[1], 60, "time zone offset minute")?;
        ranged(parts[2], 60, "time zone offset second")?;
        let seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2];
        self.offset = Some(match sign {
            b"+" => seconds,
            b"-" => -seconds,
            _ => return Err(Wrong::Form),
        });
        Ok(())
    }

    fn finish(mut self, local: &Zone) -> Result<Time, &'static str> {
        self.hour = match self.half {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        if let Some(day) = self.year_day {
            if day < 1 || day > 365 + i64::from(civil::is_leap(self.year)) {
                return Err("day-of-year out of range");
            }
            let date = civil::date(civil::days(self.year, 1, 1) + day - 1);
            if self.month.is_some_and(|month| month != date.month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|day| day != date.day) {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (Some(date.month), Some(date.day));
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > civil::days_in(month, self.year) {
            return Err("day out of range");
        }
        let clock = self.hour * 3600 + self.minute * 60 + self.second;
        let shown = civil::days(self.year, month, day) * 86_400 + clock;
        let time = |seconds: i64, zone: Zone| Ok(Time { seconds, nanos: self.nanos, zone });
        if self.utc {
            return time(shown, Zone::Utc);
        }
        if let Some(offset) = self.offset {
            let seconds = shown - offset;
            let (name, local_offset) = local.at(seconds);
            if local_offset == offset && (self.zone.is_empty() || self.zone == name) {
                return time(seconds, local.clone());
            }
            return time(seconds, Zone::Fixed(self.zone.clone(), offset));
        }
        if !self.zone.is_empty() {
            // The local zone under this name at about this time, in summer or in winter.
            for at in [shown, shown - 182 * 86_400, shown + 182 * 86_400] {
                let (name, offset) = local.at(at);
                if name == self.zone {
                    return time(shown - offset, local.clone());
                }
            }
            let hours = self.zone.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok());
            return time(shown, Zone::Fixed(self.zone.clone(), hours.unwrap_or(0) * 3600));
        }
        time(local.moment_of(shown), local.clone())
    }
}

fn take_fraction<'a>(value: &mut &'a [u8]) -> Step<&'a [u8]> {
    let digits = value[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    take(value, 1 + digits)
}

/// How long the name of a zone is at the beginning of a text.
fn zone_length(value: &[u8]) -> Option<usize> {
    let signed = |text: &[u8]| {
        let digits = text.get(1..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fits = matches!(text[0], b'+' | b'-') && number(&text[1..=digits]).is_ok_and(|hours| hours <= 23);
        fits.then_some(1 + digits)
    };
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = value.strip_prefix(b"GMT") {
        return Some(3 + signed(after).unwrap_or(0));
    }
    if matches!(value[0], b'+' | b'-') {
        return signed(value);
    }
    match value.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 => (value[4] == b'T').then_some(5),
        4 => (value[3] == b'T' || value.starts_with(b"WITA")).then_some(4),
        3 => Some(3),
        _ => None,
    }
}
