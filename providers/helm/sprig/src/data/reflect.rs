//! Types and kinds.

use aurak_gotemplate::{Functions, deep_equal};

use crate::table::{A, B, S, add};
use crate::value::kind;

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["typeOf"], &[A], S, |_, a| Ok(a.any(0).type_name().into()));
    add(table, &["typeIs"], &[S, A], B, |_, a| Ok((a.str(0) == *a.any(1).type_name().as_str()).into()));
    add(table, &["typeIsLike"], &[S, A], B, |_, a| {
        let name = a.any(1).type_name();
        Ok((a.str(0) == *name.as_str() || format!("*{}", a.text(0)) == name).into())
    });
    add(table, &["kindOf"], &[A], S, |_, a| Ok(kind(&a.any(0)).into()));
    add(table, &["kindIs"], &[S, A], B, |_, a| Ok((a.str(0) == *kind(&a.any(1))).into()));
    add(table, &["deepEqual"], &[A, A], B, |_, a| Ok(deep_equal(&a.any(0), &a.any(1)).into()));
}
