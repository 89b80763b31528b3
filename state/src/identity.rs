//! What a store is: of which stack and environment, under which id, with which key.

use aurak_model::{Name, record};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// The name plate of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Drawn when the store is created; plans and sealed leaves are bound to it.
    pub id: Name,
    /// The stack's name.
    pub stack: Name,
    /// The environment, where the stack has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Name>,
    /// The version of the stored form.
    pub format: u32,
    /// The id of the key that sealed what is in it; none while nothing is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Name>,
    /// Goes into a key that is made from a passphrase; drawn when the store is created.
    pub salt: Name,
}

impl Identity {
    /// The identity of a store that is about to be created: draws id and salt.
    pub fn new(stack: impl Into<Name>, environment: Option<Name>) -> Result<Identity, StoreError> {
        Ok(Identity {
            id: random_hex(16)?.into(),
            stack: stack.into(),
            environment,
            format: record::FORMAT,
            key_id: None,
            salt: random_hex(16)?.into(),
        })
    }

    /// The name of the store's folder: `NAME@ENV`, or `NAME` where the stack has no environments.
    pub fn folder(&self) -> String {
        folder(&self.stack, self.environment.as_deref())
    }
}

/// The name of a store's folder: `NAME@ENV`, or `NAME` where the stack has no environments.
pub fn folder(stack: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{stack}@{environment}"),
        None => stack.to_string(),
    }
}

/// As many random bytes, as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> Result<String, StoreError> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(StoreError::Random)?;
    Ok(hex(&buffer))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
