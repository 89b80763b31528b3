//! Functions of lists, maps and values of any kind.

mod copy;
mod defaults;
mod dicts;
mod lists;
mod merge;
mod reflect;

use aurak_gotemplate::Functions;

pub(crate) fn add_all(table: &mut Functions) {
    copy::add_all(table);
    defaults::add_all(table);
    dicts::add_all(table);
    lists::add_all(table);
    merge::add_all(table);
    reflect::add_all(table);
}
