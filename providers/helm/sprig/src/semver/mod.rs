//! Versions and what they have to be, as Masterminds/semver 3.5 has them, which Helm is built with.
//!
//! A version need not have all its parts (`1.2` is `1.2.0`) and may begin with a `v`. A constraint is
//! groups of conditions, of which all of one group have to hold (`>= 1.2, < 2 || ~3.1`).

mod constraint;
mod object;
mod version;

pub use constraint::{Constraint, ConstraintError};
pub(crate) use object::VersionObject;
pub use version::{Version, VersionError};

use aurak_gotemplate::{Error, Functions, Type, Value};

use crate::table::{B, S, add};

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["semver"], &[S], Type::Object("*semver.Version".into()), |_, a| {
        let version = Version::parse_bytes(&a.str(0)).map_err(|error| Error::new(error.to_string()))?;
        Ok(Value::object(VersionObject::new(version, true)))
    });
    add(table, &["semverCompare"], &[S, S], B, |_, a| {
        let constraint = Constraint::parse_bytes(&a.str(0)).map_err(|error| Error::new(error.to_string()))?;
        let version = Version::parse_bytes(&a.str(1)).map_err(|error| Error::new(error.to_string()))?;
        Ok(constraint.allows(&version).into())
    });
}
