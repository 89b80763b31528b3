//! The functions of sprig 3.3 for [`aurak_gotemplate`].
#![forbid(unsafe_code)]

mod data;
mod dates;
mod encode;
mod json;
mod number;
mod runes;
pub mod semver;
mod table;
mod text;
mod value;

use aurak_gotemplate::Functions;

/// All
pub fn functions() -> Functions {
    let mut table = Functions::new();
    text::add_all(&mut table);
    data::add_all(&mut table);
    number::add_all(&mut table);
    json::add_all(&mut table);
    encode::add_all(&mut table);
    semver::add_all(&mut table);
    table
}
