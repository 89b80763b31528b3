//! Functions of numbers.

mod arithmetic;
mod cast;
mod decimal;
mod sequence;

use aurak_gotemplate::Functions;

pub(crate) use cast::to_int64;

pub(crate) fn add_all(table: &mut Functions) {
    arithmetic::add_all(table);
    sequence::add_all(table);
}
