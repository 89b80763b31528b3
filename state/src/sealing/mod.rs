//! Keys, and what is sealed with them.
//!
//! Every stack has one key of 32 bytes. Three keys are derived from it, so that no use of one tells
//! anything about another: one seals (XChaCha20-Poly1305, a random nonce each time), one makes
//! digests (HMAC-SHA256), one names the key. Associated data binds what is sealed to where it
//! stands: text that was moved elsewhere does not open.

mod key;
pub(crate) mod leaves;
pub(crate) mod parts;

pub use key::Key;
