//! Go's `text/template`, with Go's values and Go's `fmt`.
//!
//! Charts are written in this language, and what they print depends on details of Go: that a whole
//! float prints as `1e+06`, that a nil in a map is not the same as a key that is not there, that
//! `trunc "5"` is an error. So this crate does not approximate: it has Go's values with their types
//! ([`Value`], [`Type`]), Go's formatting ([`fmt`], [`strconv`]), the parser and the executor, and
//! its messages are Go's, with their places.
//!
//! A host makes [`Templates`] with its [`Functions`], parses texts into it, and executes one:
//!
//! ```
//! use aurak_gotemplate::{Function, Functions, Map, Templates, Type, Value};
//!
//! let mut functions = Functions::new();
//! functions.add("upper", Function::new([Type::String], |_, args| Ok(args.text(0).to_uppercase().into())));
//! let mut templates = Templates::new("example").functions(functions);
//! templates.parse("greeting", "hello {{ .name | upper }}{{ range 3 }}!{{ end }}")?;
//! let data = Value::Map([("name", Value::str("world"))].into_iter().collect::<Map>());
//! assert_eq!(templates.execute("greeting", &data)?, "hello WORLD!!!");
//! # Ok::<(), aurak_gotemplate::Error>(())
//! ```
//!
//! # Rules
//!
//! - Templates are strangers': every text ends in output or an [`Error`], within [`Limits`]; nothing
//!   panics and nothing overflows the stack.
//! - Lists, maps and objects are shared by reference. One execution is one thread.
//! - The judge is Go itself: `tests/tables` has what it answered.
//!
//! What it does not do: imaginary numbers, channels, arrays, maps with keys that are no strings,
//! capacity of slices beyond their length, numbers of a named type as the items of a `range` over one
//! (they are of the type below), and Go's own mangling of messages for a text with `%` in its name.

#![forbid(unsafe_code)]

mod builtins;
pub mod bytes;
mod container;
mod context;
mod equal;
mod error;
mod exec;
pub mod fmt;
mod function;
mod limits;
mod object;
mod parse;
mod place;
mod stack;
pub mod strconv;
mod templates;
pub mod tree;
mod types;
pub mod unicode;
mod unicode_tables;
mod value;

pub use bytes::Str;
pub use container::{List, Map};
pub use context::Context;
pub use equal::deep_equal;
pub use error::{Error, ErrorKind};
pub use function::{Arguments, Function, Functions};
pub use limits::{Limits, Spent};
pub use object::{Field, Object};
pub use templates::{MissingKey, Templates};
pub use types::{FloatKind, IntKind, Kind, Named, Type, UintKind};
pub use value::Value;
