//! What is Azure's: its types, its refusals, who we are there, and the way to it over TLS.

mod calls;
mod dialect;
mod server;
mod settings;
mod types;
