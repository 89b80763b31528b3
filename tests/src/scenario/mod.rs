//! Scripted scenarios in the simulated world: the main test of the engine.
//!
//! A scenario is one text file in `tests/scenarios`: sources, changes of the world and commands in,
//! plans and the end state out. It is run against the real engine with a store in memory and virtual
//! time. With `AURAK_BLESS=1` what came out is written into the file, to be read and committed.
//!
//! The form is in [`script`]. What a script can do:
//!
//! - `plan`, `apply`, `destroy` with the command line's own options; `plan -o NAME` and `apply NAME`;
//!   and for scripts alone `--quiet`, `--rounds`, `--kill-after 30s`, `--stop-after 30s`,
//!   `--stop-now-after 40s`, `--until-done`, `--without-sources`
//!   `--kill-at N` and `--kill-at-written N` (an append), `--beside 300ms`, `--held-for 20s`,
//!   `--stolen-after 20s`, `--no-wait`, `--no` (the plan is not approved)
//! - `watch`: from here on every run is looked at for harm (see [`watch`]), and there is a folder
//!   for `core.file`; `disk`: stores are made in
//!   a folder; `settle`: all faults end, and apply and destroy must get where they want to
//! - `world` and what follows it (see [`world`]): objects made, changed and deleted by somebody else,
//!   and faults
//! - `rows`: the state; `log`: what the service was asked to change since the last `log` (`log all`:
//!   everything, counted; `log --quiet`: forget it); `rm FILE`
//! - the end: `end clean` demands a sound state, an empty plan and no fault left over (`end clean
//!   destroyed`: no row left); `end failed WHY` and `end unclean WHY` only draw world and state;
//!   `brief` counts instead of drawing

mod clock;
mod config;
mod events;
mod mortal;
mod options;
pub mod rows;
pub mod script;
mod settle;
mod stage;
mod stores;
mod watch;
pub mod world;

pub(crate) use clock::VirtualClock;
pub(crate) use stage::first_problem;
pub use stage::{Played, play};
pub(crate) use stage::{Reviewer, failure, registry};
pub(crate) use stores::KeyedStores;
