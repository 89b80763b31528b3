//! From text to trees.

mod lexer;
mod number;
mod parser;
mod pipeline;
mod token;

pub(crate) use parser::{Source, parse};
