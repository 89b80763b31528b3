//! What Helm does with a chart: loading, values, executing its templates, sorting what came out.
//!
//! Before templates are executed a chart is read from a folder, from files or from an archive ([`Helm::load`]), the user's
//! values are put together ([`Helm::user_values`]), dependencies are switched on and off and their values imported
//! ([`Helm::process_dependencies`]), and values are laid over each other through the tree of charts
//! ([`Helm::coalesce`]). [`Helm::render`] does all that and executes the templates ([`render`]); what came
//! out is split, sorted and written ([`Helm::sort_manifests`], [`manifest`]).
//!
//! Two Helms are reproduced, 3.22.0 and 4.3.1, see [`Profile`]; they differ in small things that change
//! what a chart renders to. Messages are Helm's. The judge is Helm itself: `tests/tables` has what it
//! answered.
//!
//! # Rules
//!
//! - Charts are strangers': every input ends in a result or an [`Error`], within [`Limits`].
//! - Versions and ranges are asked of the caller ([`Versions`]); [`Semver`] is what Helm has.
//! - Maps of values are shared by reference where Helm shares them, since templates may change them.

#![forbid(unsafe_code)]

mod api_versions;
mod archive;
mod capabilities;
mod chart;
mod coalesce;
mod dependencies;
mod error;
mod files;
mod folder;
mod glob;
mod ignore;
mod imports;
mod limits;
mod load;
pub mod manifest;
mod metadata;
mod path;
mod profile;
pub mod render;
mod semver;
mod shape;
pub mod values;
mod visible;

pub use capabilities::{Capabilities, KubeVersion};
pub use chart::{Chart, Crd, File};
pub use error::Error;
pub use files::Files;
pub use ignore::Rules;
pub use limits::Limits;
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use profile::{Helm, Profile, Versions};
pub use semver::Semver;
