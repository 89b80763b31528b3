//! The functions that the language of templates has by itself.

mod call;
mod compare;
mod escape;
mod index;

use crate::exec::Want;
use crate::place::Place;
use crate::{Context, Error, Type, Value};

/// A builtin. They take places rather than values, because Go's take what `reflect` knows.
pub(crate) struct Builtin {
    name: &'static str,
    /// How many arguments there must be.
    pub(crate) fixed: usize,
    /// May there be more?
    pub(crate) variadic: bool,
    takes: Takes,
    /// Of `and` and `or`: the truth of the argument that ends them.
    pub(crate) stops_at: Option<bool>,
    /// Does it say in messages what its first argument was written as?
    pub(crate) names_callee: bool,
    pub(crate) call: fn(&mut Context<'_>, &str, &[Place]) -> Result<Place, Error>,
}

#[derive(Clone, Copy)]
enum Takes {
    Places,
    Values,
    FormatAndValues,
}

impl Builtin {
    /// What the argument at `index` must be.
    pub(crate) fn want(&self, index: usize) -> Want<'static> {
        match self.takes {
            Takes::Places => Want::Place,
            Takes::FormatAndValues if index == 0 => Want::Type(&Type::String),
            Takes::Values | Takes::FormatAndValues => Want::Type(&Type::Any),
        }
    }
}

/// The builtin of this name.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

const PLAIN: Builtin = Builtin {
    name: "",
    fixed: 1,
    variadic: false,
    takes: Takes::Places,
    stops_at: None,
    names_callee: false,
    call: |_, _, _| Ok(Place::none()),
};

const PRINTING: Builtin = Builtin { fixed: 0, variadic: true, takes: Takes::Values, ..PLAIN };

static BUILTINS: &[Builtin] = &[
    Builtin { name: "and", variadic: true, stops_at: Some(false), ..PLAIN },
    Builtin { name: "call", variadic: true, names_callee: true, call: call::call, ..PLAIN },
    Builtin { name: "eq", variadic: true, call: |_, _, args| compare::eq(args).map(truth), ..PLAIN },
    Builtin { name: "ge", fixed: 2, call: |_, _, args| ordered(compare::ge, args), ..PLAIN },
    Builtin { name: "gt", fixed: 2, call: |_, _, args| ordered(compare::gt, args), ..PLAIN },
    Builtin { name: "html", call: |cx, _, args| escape::escaped(cx, args, escape::html), ..PRINTING },
    Builtin { name: "index", variadic: true, call: |_, _, args| index::index(args), ..PLAIN },
    Builtin { name: "js", call: |cx, _, args| escape::escaped(cx, args, escape::js), ..PRINTING },
    Builtin { name: "le", fixed: 2, call: |_, _, args| ordered(compare::le, args), ..PLAIN },
    Builtin { name: "len", call: |_, _, args| index::length(args), ..PLAIN },
    Builtin { name: "lt", fixed: 2, call: |_, _, args| ordered(compare::lt, args), ..PLAIN },
    Builtin { name: "ne", fixed: 2, call: |_, _, args| compare::eq(args).map(|is| truth(!is)), ..PLAIN },
    Builtin { name: "not", call: |_, _, args| Ok(truth(!args.iter().any(|a| a.value.truth()))), ..PLAIN },
    Builtin { name: "or", variadic: true, stops_at: Some(true), ..PLAIN },
    Builtin { name: "print", call: |cx, _, args| print(cx, args), ..PRINTING },
    Builtin {
        name: "printf",
        fixed: 1,
        takes: Takes::FormatAndValues,
        call: |cx, _, args| printf(cx, args),
        ..PRINTING
    },
    Builtin { name: "println", call: |cx, _, args| println(cx, args), ..PRINTING },
    Builtin { name: "slice", variadic: true, call: |_, _, args| index::slice(args), ..PLAIN },
    Builtin {
        name: "urlquery",
        call: |cx, _, args| escape::escaped(cx, args, escape::url_query),
        ..PRINTING
    },
];

fn truth(b: bool) -> Place {
    Place::plain(Value::Bool(b))
}

fn ordered(compare: fn(&Place, &Place) -> Result<bool, Error>, args: &[Place]) -> Result<Place, Error> {
    match args {
        [left, right, ..] => compare(left, right).map(truth),
        _ => Ok(Place::none()),
    }
}

fn values(args: &[Place]) -> Vec<Value> {
    args.iter().map(|place| place.value.clone()).collect()
}

fn print(cx: &mut Context<'_>, args: &[Place]) -> Result<Place, Error> {
    let text = crate::fmt::sprint_within(cx.run.bytes_left(), &values(args))?;
    cx.spend_bytes(text.len())?;
    Ok(Place::plain(Value::Str(text)))
}

fn println(cx: &mut Context<'_>, args: &[Place]) -> Result<Place, Error> {
    let text = crate::fmt::sprintln_within(cx.run.bytes_left(), &values(args))?;
    cx.spend_bytes(text.len())?;
    Ok(Place::plain(Value::Str(text)))
}

fn printf(cx: &mut Context<'_>, args: &[Place]) -> Result<Place, Error> {
    let values = values(args);
    let Some((Value::Str(format), rest)) = values.split_first() else { return Ok(Place::none()) };
    let text = crate::fmt::sprintf_within(cx.run.bytes_left(), format, rest)?;
    cx.spend_bytes(text.len())?;
    Ok(Place::plain(Value::Str(text)))
}
