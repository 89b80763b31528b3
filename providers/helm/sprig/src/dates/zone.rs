//! Time zones, from a table that comes along.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where a time is shown.
#[derive(Clone, Debug)]
pub(crate) enum Zone {
    Utc,
    /// A zone of the table.
    Place(TimeZone),
    /// A difference to UTC that was read with a time; the name may be empty.
    Fixed(String, i64),
}

impl Zone {
    /// The zone of a name; nothing if there is none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name.is_empty() || name == "UTC" {
            return Some(Self::Utc);
        }
        let zone = TimeZone::get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(Self::Place(zone))
    }

    /// The name and the difference to UTC at a time.
    pub(crate) fn at(&self, seconds: i64) -> (String, i64) {
        match self {
            Self::Utc => ("UTC".to_owned(), 0),
            Self::Fixed(name, offset) => (name.clone(), *offset),
            Self::Place(zone) => {
                let least = Timestamp::MIN.as_second();
                let most = Timestamp::MAX.as_second();
                let at = Timestamp::from_second(seconds.clamp(least, most)).unwrap_or_default();
                let info = zone.to_offset_info(at);
                (info.abbreviation().to_owned(), i64::from(info.offset().seconds()))
            }
        }
    }

    /// The time at which clocks show these seconds of local time.
    pub(crate) fn moment_of(&self, local: i64) -> i64 {
        match self.at(local).1 {
            0 => local,
            offset => local - self.at(local - offset).1,
        }
    }
}
