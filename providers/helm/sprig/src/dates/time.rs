//! `time.Time` as a template has it.

use std::any::Any;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use aurak_gotemplate::{Error, Field, Function, Object, Str, Type, Value};

use super::civil;
use super::layout::format;
use super::zone::Zone;
use crate::table::{B, I, I64, S};

/// A moment, and the zone it is shown in.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    /// Since 1970.
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
    pub(crate) zone: Zone,
}

/// The zero of Go's time, in the first second of the first year.
pub(crate) const ZERO_SECONDS: i64 = -62_135_596_800;

/// The operating system's clock: seconds since 1970 and what is over.
pub(crate) fn clock() -> (i64, u32) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}

impl Time {
    /// What stands for no time.
    pub(crate) fn zero() -> Self {
        Self { seconds: ZERO_SECONDS, nanos: 0, zone: Zone::Utc }
    }

    /// The type.
    pub(crate) fn get_type() -> Type {
        Type::Object("time.Time".into())
    }

    /// The time an argument holds.
    pub(crate) fn of(value: Option<&Value>) -> Option<Self> {
        match value {
            Some(Value::Object(object)) => object.as_any().downcast_ref::<Self>().cloned(),
            _ => None,
        }
    }

    /// Later, or earlier if negative, by nanoseconds.
    pub(crate) fn plus(&self, nanos: i64) -> Self {
        let all = i64::from(self.nanos) + nanos.rem_euclid(1_000_000_000);
        let seconds = self.seconds.wrapping_add(nanos.div_euclid(1_000_000_000) + all / 1_000_000_000);
        Self { seconds, nanos: u32::try_from(all % 1_000_000_000).unwrap_or(0), zone: self.zone.clone() }
    }

    /// The nanoseconds between two, as many as fit.
    pub(crate) fn since(&self, earlier: &Self) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = seconds * 1_000_000_000 + i128::from(self.nanos) - i128::from(earlier.nanos);
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// The same moment in another zone.
    pub(crate) fn within(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// As JSON has it, without the quotes.
    pub(crate) fn to_json(&self) -> Result<String, Error> {
        let local = self.seconds.saturating_add(self.zone.at(self.seconds).1);
        if !(0..=9999).contains(&civil::date(local.div_euclid(86_400)).year) {
            let text = "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]";
            return Err(Error::new(text));
        }
        Ok(String::from_utf8_lossy(&format(self, b"2006-01-02T15:04:05.999999999Z07:00")).into_owned())
    }

    fn local(&self) -> (i64, i64) {
        let local = self.seconds.saturating_add(self.zone.at(self.seconds).1);
        (local.div_euclid(86_400), local.rem_euclid(86_400))
    }
}

/// `time.Month` or `time.Weekday`: a number that is shown as a name.
struct Named(&'static str, i64, &'static str);

impl Object for Named {
    fn type_name(&self) -> &str {
        self.0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int(self.1))
    }

    fn text(&self) -> Option<Str> {
        Some(self.2.into())
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> Option<Str> {
        Some(format(self, b"2006-01-02 15:04:05.999999999 -0700 MST").into())
    }

    fn field(&self, name: &str) -> Field {
        if matches!(name, "wall" | "ext" | "loc") { Field::Unexported } else { Field::Missing }
    }

    fn equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| {
            (self.seconds, self.nanos, self.zone.at(self.seconds))
                == (other.seconds, other.nanos, other.zone.at(other.seconds))
        })
    }

    fn method(self: Rc<Self>, name: &str) -> Option<Function> {
        let (day, second) = self.local();
        let date = civil::date(day);
        let (hour, minute, second) = civil::clock(second);
        let int = |n: i64| Function::new([], move |_, _| Ok(Value::int(n))).returning(I);
        let int64 = |n: i64| Function::new([], move |_, _| Ok(Value::int64(n))).returning(I64);
        let time = |time: Time| {
            Function::new([], move |_, _| Ok(Value::object(time.clone()))).returning(Time::get_type())
        };
        let nanos = i64::from(self.nanos);
        let compared = |test: fn(i64) -> bool| {
            let time = Rc::clone(&self);
            Function::new([Time::get_type()], move |_, a| {
                let other = Time::of(a.first()).unwrap_or_else(Time::zero);
                Ok(test(time.since(&other)).into())
            })
            .returning(B)
        };
        let index = |n: i64| usize::try_from(n).unwrap_or(0);
        Some(match name {
            "Unix" => int64(self.seconds),
            "UnixMilli" => int64(self.seconds.wrapping_mul(1000).wrapping_add(nanos / 1_000_000)),
            "UnixMicro" => int64(self.seconds.wrapping_mul(1_000_000).wrapping_add(nanos / 1000)),
            "UnixNano" => int64(self.seconds.wrapping_mul(1_000_000_000).wrapping_add(nanos)),
            "Year" => int(date.year),
            "Day" => int(date.day),
            "Hour" => int(hour),
            "Minute" => int(minute),
            "Second" => int(second),
            "Nanosecond" => int(nanos),
            "YearDay" => int(day - civil::days(date.year, 1, 1) + 1),
            "Month" => Function::new([], move |_, _| {
                let name = super::layout::MONTHS[index(date.month - 1) % 12];
                Ok(Value::object(Named("time.Month", date.month, name)))
            })
            .returning(Type::Object("time.Month".into())),
            "Weekday" => Function::new([], move |_, _| {
                let weekday = civil::weekday(day);
                let name = super::layout::DAYS[index(weekday) % 7];
                Ok(Value::object(Named("time.Weekday", weekday, name)))
            })
            .returning(Type::Object("time.Weekday".into())),
            "UTC" => time(self.within(Zone::Utc)),
            "IsZero" => {
                let zero = self.seconds == ZERO_SECONDS && nanos == 0;
                Function::new([], move |_, _| Ok(zero.into())).returning(B)
            }
            "Before" => compared(|nanos| nanos < 0),
            "After" => compared(|nanos| nanos > 0),
            "Equal" => compared(|nanos| nanos == 0),
            "String" => {
                let text = self.text().unwrap_or_default();
                Function::new([], move |_, _| Ok(text.clone().into())).returning(S)
            }
            "Format" => Function::new([S], move |context, a| {
                let text = format(&self, &a.str(0));
                context.spend_bytes(text.len())?;
                Ok(Value::str(text))
            })
            .returning(S),
            "AddDate" => Function::new([I, I, I], move |_, a| {
                let days = civil::days(
                    date.year.saturating_add(a.int(0)),
                    date.month.saturating_add(a.int(1)),
                    date.day.saturating_add(a.int(2)),
                );
                let local = days.saturating_mul(86_400).saturating_add(hour * 3600 + minute * 60 + second);
                Ok(Value::object(Time { seconds: self.zone.moment_of(local), ..(*self).clone() }))
            })
            .returning(Time::get_type()),
            _ => return None,
        })
    }
}
