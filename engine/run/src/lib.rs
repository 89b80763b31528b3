//! One function per verb: the only place where language, planner, executor, state and providers
//! meet.
//!
//! Everything from outside is handed in with a [`Session`]; nothing here prints, reads the
//! environment or knows a folder. `cli` and the tests are the two callers.

mod apply;
mod asks;
mod error;
pub mod file;
mod forget;
mod on_use;
mod planning;
mod pool;
mod prefetch;
mod refresh;
mod rounds;
mod session;
mod stale;
mod stores;
mod upgrade;
mod work;

pub use apply::{Applied, Approver, FollowUp, Request, apply, apply_saved, save};
pub use error::RunError;
pub use file::{PlanFileError, SavedPlan};
pub use forget::{Forget, Forgotten, forget};
pub use on_use::read_on_use;
pub use planning::{Loaded, PlanOutcome, load, plan};
pub use refresh::{Refresh, refresh};
pub use session::{Me, Session, Stores};
pub use stores::{DiskStores, KeySource, MemoryStores};
