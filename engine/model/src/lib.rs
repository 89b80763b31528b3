//! The data that all of aurak shares. No behaviour beyond what keeps the data itself in order:
//! parsing and printing of names, equality, the stored form, and how long steps will take, in which
//! plans and runs must agree.

pub mod address;
pub mod diagnostic;
pub mod estimate;
pub mod event;
pub mod path;
pub mod plan;
pub mod program;
pub mod record;
pub mod report;
pub mod schema;
pub mod snapshot;
pub mod span;
pub mod value;

pub use address::{Address, ModuleAddress, Name, ProviderAddress, in_yaml};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use estimate::Estimate;
pub use event::{Event, Report, StepEnd};
pub use path::{Path, Seg};
pub use plan::{Action, Change, Difference, Plan, Reason, Step, StepId, Work};
pub use program::{Block, BlockId, BlockKind, Module, ModuleId, Named, Node, NodeKind, Program};
pub use record::{Object, Record, Row, Slot};
pub use report::PlanReport;
pub use schema::{Attribute, Kind, Schemas, TypeSchema};
pub use snapshot::{Answer, Ask, AskKey, ProviderNode, Refreshed, Snapshot, StateDoc};
pub use span::{FileId, Files, Span};
pub use value::{Map, NodeId, Origin, Secret, Type, Unknown, Value};
