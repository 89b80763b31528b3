//! The driver against a service of this file: a dialect of a few lines and a script of answers, each
//! with the request that it expects. What a real service does with the same requests is tested where
//! that service is.

mod bodies;
mod calls;
mod operations;
mod script;
