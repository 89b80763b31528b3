//! DNS zones and their record sets.

pub(crate) mod record_set;
mod records;
pub(crate) mod zone;

const VERSIONS: &[&str] = &["2016-04-01", "2017-09-01", "2017-10-01", "2018-05-01", "2023-07-01-preview"];
