//! Encodings, checksums and paths.

mod base;
mod paths;
mod sums;

use aurak_gotemplate::Functions;

pub(crate) use base::{decode64, encode64};
pub(crate) use sums::hex;

pub(crate) fn add_all(table: &mut Functions) {
    base::add_all(table);
    paths::add_all(table);
    sums::add_all(table);
}
