//! What is on this machine's disk: the stack's files and the keys of its states.

mod keys;
mod private;
mod sources;

pub(crate) use keys::KeyPlaces;
pub(crate) use private::{try_private, write_private};
pub(crate) use sources::DiskSources;
