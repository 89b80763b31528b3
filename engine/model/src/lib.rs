//! The data that all of aurak shares. No behaviour beyond what keeps the data itself in order:
//! parsing and printing of names, equality, and the stored form.

pub mod address;
pub mod diagnostic;
pub mod path;
pub mod program;
pub mod schema;
pub mod span;
pub mod value;

pub use address::{Address, ModuleAddress, Name, ProviderAddress};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use path::{Path, Seg};
pub use program::{Block, BlockId, BlockKind, Module, ModuleId, Node, NodeKind, Program};
pub use schema::{Attribute, Kind, Schemas, TypeSchema};
pub use span::{FileId, Files, Span};
pub use value::{Map, NodeId, Origin, Secret, Type, Unknown, Value};
