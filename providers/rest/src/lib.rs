//! The driver for resource types that are files: it speaks REST to a service in the service's own
//! words, and knows no type and no service.
//!
//! What a type is stands in its file; the key `rest` there (a [`RestSpec`]) says where its objects are.
//! What a service is like stands in its [`Dialect`]: how a version is asked for, how lists go on, how
//! errors look, how long operations are followed. A [`Transport`] sends requests and adds credentials;
//! a [`Pace`] keeps all who use an account below its limits. [`RestProvider`] puts these together into
//! a provider.
//!
//! All that can be is pure and tested by itself: [`body`] (attributes from a body and back),
//! [`overlay`] (what an update sends), [`operation`] (following long operations), [`pace::Bucket`].

pub mod body;
mod dialect;
mod driver;
mod given;
pub mod operation;
mod output;
pub mod overlay;
pub mod pace;
mod provider;
mod spec;
mod template;
mod transport;
mod typed;

pub use dialect::{Dialect, Page, Refusal, Verdict};
pub use given::Words;
pub use pace::{Kind, Pace, Paces};
pub use provider::RestProvider;
pub use spec::{BadSpec, Output, RestSpec, RestType};
pub use template::{BadTemplate, Template};
pub use transport::{Method, Request, Response, Transport, TransportError};

#[cfg(test)]
mod tests;
