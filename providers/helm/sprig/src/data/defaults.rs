//! What stands for what is missing.

use aurak_gotemplate::{Functions, Value};

use crate::table::{A, B, add, add_rest};
use crate::value::empty;

pub(crate) fn add_all(table: &mut Functions) {
    add_rest(table, &["default"], &[A], A, A, |_, a| {
        Ok(match a.get(1) {
            Some(given) if !empty(given) => given.clone(),
            _ => a.any(0),
        })
    });
    add(table, &["empty"], &[A], B, |_, a| Ok(empty(&a.any(0)).into()));
    add_rest(table, &["coalesce"], &[], A, A, |_, a| {
        Ok(a.iter().find(|value| !empty(value)).cloned().unwrap_or(Value::Nil))
    });
    add_rest(table, &["all"], &[], A, B, |_, a| Ok((!a.iter().any(empty)).into()));
    add_rest(table, &["any"], &[], A, B, |_, a| Ok((!a.iter().all(empty)).into()));
    add(table, &["ternary"], &[A, A, B], A, |_, a| Ok(a.any(usize::from(!a.bool(2)))));
}
