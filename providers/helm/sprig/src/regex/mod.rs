//! Regular expressions in the syntax of RE2.

mod class;
mod escape;
mod expand;
mod functions;
mod syntax;

pub(crate) use functions::add_all;
