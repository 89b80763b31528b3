//! Functions of texts.

mod basic;
mod cases;
mod cut;
mod join;
mod wrap;

use aurak_gotemplate::Functions;

pub(crate) fn add_all(table: &mut Functions) {
    basic::add_all(table);
    cases::add_all(table);
    cut::add_all(table);
    join::add_all(table);
    wrap::add_all(table);
}

/// Where a part first is in a text.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(0),
        [byte] => text.iter().position(|b| b == byte),
        _ => text.windows(part.len()).position(|window| window == part),
    }
}

/// Where a part last is in a text.
pub(crate) fn find_last(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(text.len()),
        _ => text.windows(part.len()).rposition(|window| window == part),
    }
}
