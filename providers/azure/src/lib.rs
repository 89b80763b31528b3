//! Azure: Resource Manager as a dialect of REST, credentials, and types as files.
//!
//! What a type is stands in `types/`, in the words of Azure; how requests are made, followed and
//! overlaid in `aurak-rest`. This crate knows how Resource Manager speaks ([`Arm`]), where the clouds
//! are ([`Cloud`]), and who we are there. It reads no environment: what it wants to know of it is
//! asked of the [`AzureOptions`].

mod arm;
mod bodies;
mod certificate;
mod cloud;
mod credential;
mod identity;
mod provider;
mod refusal;
mod settings;
mod token;
mod transport;
mod types;

pub use arm::Arm;
pub use bodies::body;
pub use cloud::Cloud;
pub use provider::{AzureOptions, AzureType, Env, place_of};
pub use settings::{CREDENTIALS, STANDS_FOR};
pub use types::{FILES, all};

#[cfg(test)]
mod tests;
