//! What a provider is to the engine, and what helps to write one.
//!
//! A [`ProviderType`] (`core`, `sim`, `azure`) has types with schemas and is configured into a
//! [`Provider`], which lists, reads, creates, updates and deletes. The engine knows nothing else of
//! the outside. A [`Registry`] holds the provider types of a run, and wraps each provider into a
//! guard that keeps secrets marked and out of messages, whatever the provider does.
//!
//! Providers rely on this crate and on `model`, and never on one another.

pub mod call;
pub mod conformance;
pub mod error;
mod fake;
mod guard;
mod marks;
mod provider;
mod registry;
pub mod scrub;
pub mod type_file;

pub use call::{Applied, Call, CancelToken, Listed, Progress, Readiness, Recovery, Update, wait_for_lock};
pub use error::{Class, Effect, ProviderError};
pub use fake::{FakeProvider, FakeType};
pub use marks::{drop_volatile, mark_like, mark_sensitive};
pub use provider::{Provider, ProviderType};
pub use registry::Registry;
