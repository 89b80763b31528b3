//! TOML, as BurntSushi's library writes it. Reading is done by another library: what is read is the same,
//! messages are its own.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;
