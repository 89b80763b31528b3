//! The expression language: Jinja in scalars, evaluated over values that may be sensitive or unknown.
//!
//! minijinja parses an expression; this crate walks the tree itself, because marks must travel with
//! the leaves of containers, what is not needed must not be read, and what is unknown must become a
//! value that remembers what it waits for. It is the only crate that knows minijinja.
//!
//! A text goes through [`Template::parse`] (`splitter` finds the braces, `bare` takes the common bare
//! paths, `guard` and `catalog` refuse what is too deep or does not exist), can be asked for its
//! [references](Template::references), and is [evaluated](Template::evaluate) against a [`Scope`].
//! [`coerce`] then brings the value into the shape of an attribute.
//!
//! # Rules
//!
//! - One expression alone keeps its type; in text, booleans and numbers are written as in JSON, and
//!   null, lists and maps are errors.
//! - Anything undefined is an error, except below `is defined` and `| default(...)`.
//! - Containers, `if` and structural filters keep marks leaf by leaf; everything else gives a result
//!   that is sensitive if an operand is. Where a secret decides the shape of a list or map, that is
//!   one sensitive leaf as a whole.
//! - An operation on something unknown gives a fresh unknown that needs what its operands need.
//! - Evaluation never panics and never recurses deeper than a bound, whatever the text.

mod bare;
mod bounds;
mod bridge;
mod capture;
mod catalog;
mod chain;
mod digest;
mod error;
mod eval;
mod filters;
mod functions;
mod guard;
mod operators;
mod predicates;
pub mod reference;
mod references;
mod scope;
mod shape;
mod splitter;
mod suggest;
mod syntax;
mod taint;
mod template;
mod text;

pub use chain::part;
pub use digest::{DigestError, digest, digest_with};
pub use error::{ErrorKind, ExprError};
pub use references::{CallSite, Reference};
pub use scope::{Binding, MapScope, Object, Scope, SourceAsk};
pub use shape::{ShapeError, beyond, coerce, matches_whole};
pub use splitter::has_expressions;
pub use suggest::suggest;
pub use taint::truthy;
pub use template::{Evaluated, Template};
