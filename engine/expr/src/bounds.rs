//! Bounds on what an evaluation may make. A few characters of an expression can ask for gigabytes
//! (`'x' * 10 ** 12`, quotes escaped again and again, lists of lists of the same list); such texts are
//! mistakes at best, and end in an error rather than in the memory of the machine.

use std::cell::Cell;
use std::io::{self, Write};

use aurak_model::Value;

use crate::error::{Res, type_error};

/// The longest text that an operation may make.
pub(crate) const MAX_TEXT: usize = 16 << 20;

/// How much text one evaluation may make in all.
const MAX_TEXT_IN_ALL: usize = 128 << 20;

/// The longest list that an operation may make.
pub(crate) const MAX_ITEMS: usize = 1_000_000;

/// How many parts a value may have, counting what is shared as often as it is there: this is what
/// walks over it cost.
const MAX_PARTS: usize = 10_000_000;

thread_local! {
    /// Text made by the evaluation that runs on this thread.
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// Runs an evaluation with an account of its own; they nest where a scope evaluates other texts.
pub(crate) fn account<T>(f: impl FnOnce() -> T) -> T {
    let before = MADE.replace(0);
    let result = f();
    MADE.set(before);
    result
}

/// Notes that so many bytes of text are about to be made by one operation.
pub(crate) fn text(len: usize) -> Res<()> {
    if len > MAX_TEXT {
        return too_long();
    }
    let made = MADE.get().saturating_add(len);
    if made > MAX_TEXT_IN_ALL {
        return type_error("this makes more than 128 MiB of text");
    }
    MADE.set(made);
    Ok(())
}

fn too_long<T>() -> Res<T> {
    type_error("the text grows beyond 16 MiB")
}

/// Refuses lists beyond reason.
pub(crate) fn items(len: usize) -> Res<()> {
    match len > MAX_ITEMS {
        true => type_error("the list grows beyond a million items"),
        false => Ok(()),
    }
}

/// Refuses values with parts beyond reason.
pub(crate) fn parts(value: Value) -> Res<Value> {
    fn go(value: &Value, left: &mut usize) -> bool {
        let (count, mut inside): (usize, Box<dyn Iterator<Item = &Value>>) = match value {
            Value::List(list) => (list.len(), Box::new(list.iter())),
            Value::Map(map) => (map.len(), Box::new(map.values())),
            _ => return true,
        };
        match left.checked_sub(count) {
            Some(rest) => *left = rest,
            None => return false,
        }
        inside.all(|value| go(value, left))
    }
    let mut left = MAX_PARTS;
    match go(&value, &mut left) {
        true => Ok(value),
        false => type_error("the value grows beyond ten million parts"),
    }
}

/// Somewhere to write that takes no more than the longest text.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    full: bool,
}

impl Buffer {
    /// The text that was written, or why there is none: `other` says what else can have failed.
    pub(crate) fn finish<E>(
        self,
        written: Result<(), E>,
        other: impl FnOnce(E) -> Res<String>,
    ) -> Res<String> {
        if self.full {
            return too_long();
        }
        match written {
            Err(e) => other(e),
            Ok(()) => match String::from_utf8(self.bytes) {
                Ok(made) => {
                    text(made.len())?;
                    Ok(made)
                }
                Err(_) => type_error("what this makes is not UTF-8 text"),
            },
        }
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_TEXT {
            self.full = true;
            return Err(io::Error::other("too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
