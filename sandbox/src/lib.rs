//! A local Azure: Entra and Resource Manager with the types of an environment, which refuses what
//! Azure refuses.
//!
//! The core is [`Azure::handle`]: a pure function of a [`World`], the time and a request. Everything
//! that touches the outside (sockets, files, clocks, faults) is around it. Its refusals come from its
//! own tables (`shapes/`, `src/types/`), written from the specification of each service, and never
//! from what a client of the sandbox uses to check its requests.

mod arm;
mod entra;
mod http;
mod refusal;
mod server;
mod shape;
mod types;
mod world;

pub use arm::{Azure, LARGEST_BODY, LoadError};
pub use entra::{KeyError, new_signing_key};
pub use http::{Content, Fate, Method, Request, Response};
pub use server::{Closed, Faults, Handle, Options, Sandbox, StartError};
pub use world::{Change, Identity, Seed, StoreError, Subscription, World, WorldFile};
