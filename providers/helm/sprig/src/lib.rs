//! The functions of Masterminds/sprig 3.3 for templates of [`aurak_gotemplate`].
//!
//! Helm gives charts these functions, and what charts print rests on their details: that `trunc`
//! counts bytes, that `merge` shares what it takes over, that `int "010"` is eight. So each function
//! has its Go signature, refuses what Go refuses and in Go's words, and gives the type that Go gives.
//!
//! What a function cannot know by itself (random texts, keys, certificates, the time) it asks of
//! [`Draws`], so that a render can be had again byte for byte:
//!
//! ```
//! use std::{cell::RefCell, rc::Rc};
//!
//! use aurak_gotemplate::{Templates, Value};
//! use aurak_sprig::{Recording, functions};
//!
//! let draws = Rc::new(RefCell::new(Recording::new()));
//! let mut templates = Templates::new("gotpl").functions(functions(draws.clone()));
//! templates.parse("t", r#"{{ randAlphaNum 8 | lower | quote }}{{ list 1 2 | toJson }}"#)?;
//! let first = templates.execute("t", &Value::Nil)?;
//! draws.borrow_mut().rewind();
//! assert_eq!(templates.execute("t", &Value::Nil)?, first);
//! # Ok::<(), aurak_gotemplate::Error>(())
//! ```
//!
//! # Rules
//!
//! - Templates are strangers': nothing panics, and what could be made large is counted by the
//!   [`Limits`](aurak_gotemplate::Limits) of the execution before it is made.
//! - All of sprig's text functions are there, `env` and `expandenv` too: who does not want a template
//!   to read the environment removes them, as Helm does.
//! - The judge is sprig itself: `tests/tables` has what it answered.

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

pub use dates::Duration;
pub use draws::{DrawKind, Drawn, Draws, Fresh, Make, Recording};
pub use json::{from_json, to_json};

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
