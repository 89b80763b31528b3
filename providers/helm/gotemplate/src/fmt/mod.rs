//! Go's `fmt`: `Sprint`, `Sprintln` and `Sprintf` with all verbs and flags.
//!
//! Pointers have no address here: `%p` and `%v` of one print the same number on every run, so that
//! the same input gives the same output.

mod directive;
mod layout;
mod printer;

use printer::Printer;

use crate::{Error, Str, Value};

/// How many bytes one call makes at most, where no smaller number is given.
pub const MOST_BYTES: usize = 64 << 20;

/// How deep values may nest in what is printed. No chart has values of fifty levels; a map that has
/// been put into itself has infinitely many.
pub const MOST_LEVELS: usize = 250;

/// The arguments in their default formats, with a space between two that are no strings.
///
/// # Errors
///
/// The result would be larger than [`MOST_BYTES`] or a value nests deeper than [`MOST_LEVELS`].
pub fn sprint(arguments: &[Value]) -> Result<Str, Error> {
    sprint_within(MOST_BYTES, arguments)
}

/// The arguments in their default formats, with spaces between them and a line end after them.
///
/// # Errors
///
/// As [`sprint`].
pub fn sprintln(arguments: &[Value]) -> Result<Str, Error> {
    sprintln_within(MOST_BYTES, arguments)
}

/// The arguments in the given format.
///
/// # Errors
///
/// As [`sprint`]; a wrong format is no error but shows in the result, as in Go.
pub fn sprintf(format: &[u8], arguments: &[Value]) -> Result<Str, Error> {
    sprintf_within(MOST_BYTES, format, arguments)
}

/// As [`sprint`] with a limit of its own.
///
/// # Errors
///
/// As [`sprint`].
pub fn sprint_within(limit: usize, arguments: &[Value]) -> Result<Str, Error> {
    if let [Value::Str(text)] = arguments {
        return Ok(text.clone());
    }
    let mut printer = Printer::new(limit);
    printer.print(arguments)?;
    Ok(printer.finish())
}

/// As [`sprintln`] with a limit of its own.
///
/// # Errors
///
/// As [`sprint`].
pub fn sprintln_within(limit: usize, arguments: &[Value]) -> Result<Str, Error> {
    let mut printer = Printer::new(limit);
    printer.println(arguments)?;
    Ok(printer.finish())
}

/// As [`sprintf`] with a limit of its own.
///
/// # Errors
///
/// As [`sprint`].
pub fn sprintf_within(limit: usize, format: &[u8], arguments: &[Value]) -> Result<Str, Error> {
    let mut printer = Printer::new(limit);
    printer.printf(format, arguments)?;
    Ok(printer.finish())
}

/// Values as an action writes one: no value as `<no value>`, and of a pointer what it points to.
pub(crate) fn printable(limit: usize, values: &[Value]) -> Result<Str, Error> {
    let shown = |value: &Value| if value.is_nil() { Value::str("<no value>") } else { value.clone() };
    let shown: Vec<Value> = values.iter().map(shown).collect();
    let mut printer = Printer::new(limit);
    printer.print_dereferenced(&shown)?;
    Ok(printer.finish())
}

/// A value as `%v`, but of a pointer what it points to, without its methods.
pub(crate) fn pointed(limit: usize, value: &Value) -> Result<Str, Error> {
    let mut printer = Printer::new(limit);
    printer.pointed(value)?;
    Ok(printer.finish())
}
