//! What the functions draw from, shared by all of them.

use std::cell::RefCell;
use std::rc::Rc;

use aurak_gotemplate::Error;

use crate::crypto::below;
use crate::dates::{Time, Zone, clock};
use crate::draws::{DrawKind, Draws};

/// The draws, and the zone that is local.
#[derive(Clone)]
pub(crate) struct Source {
    draws: Rc<RefCell<dyn Draws>>,
}

impl Source {
    pub(crate) fn new(draws: Rc<RefCell<dyn Draws>>) -> Self {
        Self { draws }
    }

    pub(crate) fn draw(
        &self,
        kind: DrawKind,
        mut make: impl FnMut() -> Result<Vec<u8>, Error>,
    ) -> Result<Vec<u8>, Error> {
        let mut draws =
            self.draws.try_borrow_mut().map_err(|_| Error::new("a draw was made within a draw"))?;
        draws.draw(kind, &mut make)
    }

    /// A number below another.
    pub(crate) fn number(&self, end: u64) -> Result<u64, Error> {
        let text = self.draw(DrawKind::Number, || Ok(below(end)?.to_string().into_bytes()))?;
        let number = String::from_utf8_lossy(&text).parse().ok().filter(|number| *number < end);
        number.ok_or_else(|| Error::new("what was drawn before is no number below the end"))
    }

    /// The time, in the local zone.
    pub(crate) fn now(&self) -> Result<Time, Error> {
        let drawn = self.draw(DrawKind::Time, || {
            let (seconds, nanos) = clock();
            Ok(format!("{seconds}.{nanos:09} {}", local_name()).into_bytes())
        })?;
        let text = String::from_utf8_lossy(&drawn);
        let read = || {
            let (time, zone) = text.split_once(' ')?;
            let (seconds, nanos) = time.split_once('.')?;
            let zone = Zone::named(zone)?;
            Some(Time { seconds: seconds.parse().ok()?, nanos: nanos.parse().ok()?, zone })
        };
        read().ok_or_else(|| Error::new("what was drawn before is no time"))
    }

    /// The local zone.
    pub(crate) fn local(&self) -> Result<Zone, Error> {
        Ok(self.now()?.zone)
    }
}

/// The operating system's zone, if the table knows it.
fn local_name() -> String {
    let zone = jiff::tz::TimeZone::system();
    zone.iana_name().filter(|name| Zone::named(name).is_some()).unwrap_or("UTC").to_owned()
}
