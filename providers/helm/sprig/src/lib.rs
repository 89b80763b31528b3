//! The functions of sprig 3.3 for [`aurak_gotemplate`].
#![forbid(unsafe_code)]

mod crypto;
mod data;
mod dates;
mod draws;
mod encode;
mod json;
mod machine;
mod number;
mod regex;
mod runes;
pub mod semver;
mod source;
mod table;
mod text;
mod url;
mod value;

use std::cell::RefCell;
use std::rc::Rc;

use aurak_gotemplate::Functions;

pub use draws::{DrawKind, Drawn, Draws, Fresh, Make, Recording};

/// All functions of sprig, which draw what they draw from `draws`.
#[must_use]
pub fn functions(draws: Rc<RefCell<dyn Draws>>) -> Functions {
    let source = source::Source::new(draws);
    let mut table = Functions::new();
    text::add_all(&mut table);
    data::add_all(&mut table);
    number::add_all(&mut table);
    json::add_all(&mut table);
    encode::add_all(&mut table);
    regex::add_all(&mut table);
    semver::add_all(&mut table);
    crypto::add_all(&mut table, &source);
    dates::add_all(&mut table, &source);
    machine::add_all(&mut table, &source);
    url::add_all(&mut table);
    table
}
