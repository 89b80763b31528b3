//! `time.Duration` as a template has it.

use std::any::Any;
use std::rc::Rc;

use aurak_gotemplate::{Error, Function, Object, Str, Type, Value};

use super::duration;
use crate::table::{F64, I64, S};

/// A duration, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration(pub i64);

impl Duration {
    /// The type.
    #[must_use]
    pub fn get_type() -> Type {
        Type::Object("time.Duration".into())
    }

    /// Reads one as `time.ParseDuration` does: `1h2m3.5s`.
    ///
    /// # Errors
    ///
    /// Why it is none, in the words of Go.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        duration::parse(text).map(Self)
    }

    /// The duration that a value is.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().copied(),
            _ => None,
        }
    }

    /// So many of a unit, a fraction of one included, as Go counts them.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "as in Go")]
    pub fn units(self, nanos: i64) -> f64 {
        (self.0 / nanos) as f64 + (self.0 % nanos) as f64 / nanos as f64
    }

    /// Cut to a multiple, towards zero.
    #[must_use]
    pub fn truncated(self, multiple: Self) -> Self {
        if multiple.0 <= 0 { self } else { Self(self.0 - self.0 % multiple.0) }
    }

    /// The nearest multiple, a half away from zero.
    #[must_use]
    pub fn rounded(self, multiple: Self) -> Self {
        if multiple.0 <= 0 {
            return self;
        }
        let rest = self.0 % multiple.0;
        let up = rest.unsigned_abs() >= multiple.0.unsigned_abs() - rest.unsigned_abs();
        let cut = self.0 - rest;
        Self(match (up, self.0 < 0) {
            (false, _) => cut,
            (true, false) => cut.saturating_add(multiple.0),
            (true, true) => cut.saturating_sub(multiple.0),
        })
    }
}

const SECOND: i64 = 1_000_000_000;

impl Object for Duration {
    fn type_name(&self) -> &str {
        "time.Duration"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int64(self.0))
    }

    fn text(&self) -> Option<Str> {
        Some(duration::shown(self.0).into())
    }

    fn equal(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn method(self: Rc<Self>, name: &str) -> Option<Function> {
        let it = *self;
        let float =
            |unit: i64| Function::new([], move |_, _| Ok(Value::float(it.units(unit)))).returning(F64);
        let whole = |unit: i64| Function::new([], move |_, _| Ok(Value::int64(it.0 / unit))).returning(I64);
        let other = |to: fn(Self, Self) -> Self| {
            Function::new([Self::get_type()], move |_, args| {
                let given = args.first().and_then(Self::of).unwrap_or(Self(0));
                Ok(Value::object(to(it, given)))
            })
            .returning(Self::get_type())
        };
        Some(match name {
            "String" => Function::new([], move |_, _| Ok(duration::shown(it.0).into())).returning(S),
            "Seconds" => float(SECOND),
            "Minutes" => float(60 * SECOND),
            "Hours" => float(3600 * SECOND),
            "Milliseconds" => whole(1_000_000),
            "Microseconds" => whole(1000),
            "Nanoseconds" => whole(1),
            "Round" => other(Self::rounded),
            "Truncate" => other(Self::truncated),
            _ => return None,
        })
    }
}
