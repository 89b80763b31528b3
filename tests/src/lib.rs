//! What the integration tests share: scripted scenarios.

pub mod scenario;
