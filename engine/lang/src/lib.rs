//! From sources to a checked program, and everything that is wrong with it.
//!
//! [`load`] reads `aurak.yaml` and what it names (included files, modules, profiles), links modules,
//! looks up every name, draws the edges between blocks, and checks what is written out against the
//! schemas of the types. It evaluates nothing: expressions stay expressions for the planner. It
//! always gives a program, with holes where something is wrong, and all findings that do not follow
//! from one another.
//!
//! - `sources`: where bytes come from ([`Sources`]), and the record of what was read.
//! - `yaml`: bytes to nodes with places, within limits.
//! - `document`: a file's nodes to declarations; no name is looked up.
//! - `values`: environments, profiles and variables: the layers of each input.
//! - `link`: modules, names, edges, cycles.
//! - `check`: literals against schemas and declarations of inputs.
//!
//! Decisions that are not obvious:
//! - `with: { inherit: true }` passes what the caller has as an input, or else as a `let`, of the
//!   name of an input that the call does not give.
//! - An input and a `let` of one name, and a resource and an existing resource of one name, are
//!   errors like a module and a resource: one of the two could never be named.
//! - A profile is a file; a path without `.yml`, `.yaml` or `.json` is a folder of such.
//! - `AURAK_VAR_x` for an input that does not exist is a warning: the environment is shared with
//!   other stacks. `--var x` is an error.
//! - `depends_on` on a module waits for everything in it, modules in it included.

mod check;
mod digest;
mod document;
mod fields;
pub mod glob;
mod link;
mod load;
mod paths;
mod sources;
mod statics;
mod target;
mod values;
mod veil;
pub mod yaml;

pub use document::RESERVED;
pub use load::{LoadRequest, Loaded, MODULE_FILE, STACK_FILE, load};
pub use sources::{MemorySources, Recording, SourceError, Sources};
