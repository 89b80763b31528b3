//! Text to tree: what `go.yaml.in/yaml/v2` does, in its steps.
//!
//! [`source`] makes characters, [`scanner`] tokens, [`parser`] events and [`tree`] nodes. They are our
//! own, and not those of a YAML crate: which texts are refused, with which of several possible messages
//! and at which line, follows from details of this one scanner (when it looks ahead, how it counts, where
//! it departs from the specification), and a parser of another descent agrees with it on good texts only.

mod block;
mod cursor;
mod flow;
mod names;
mod parser;
mod quoted;
mod scanner;
mod source;
mod token;
mod tree;

pub use token::{Position, Span, Style};
pub use tree::{Document, Documents, Node, NodeId, NodeKind};
