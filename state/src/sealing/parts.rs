//! Parts of sources, kept so that an earlier program can be run again.

use crate::error::StoreError;
use crate::identity::Identity;
use crate::sealing::Key;

/// Seals a part: sources may hold secrets in clear, as their authors wrote them.
pub(crate) fn seal_part(
    identity: &Identity,
    key: Option<&Key>,
    digest: &str,
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let key =
        key.ok_or_else(|| StoreError::KeyNeeded { what: "the configuration kept for `history`".into() })?;
    key.seal_bytes(bytes, part_aad(identity, digest).as_bytes())
}

/// Opens a part of the sources.
pub(crate) fn open_part(
    identity: &Identity,
    key: Option<&Key>,
    digest: &str,
    sealed: Option<&[u8]>,
) -> Result<Vec<u8>, StoreError> {
    let what = format!("the part {digest} of the sources");
    let sealed = sealed.ok_or_else(|| StoreError::Damaged { what: format!("{what} is missing") })?;
    let key = key.ok_or_else(|| StoreError::KeyNeeded { what: what.clone() })?;
    Ok(key.open_bytes(sealed, part_aad(identity, digest).as_bytes(), &what)?.to_vec())
}

fn part_aad(identity: &Identity, digest: &str) -> String {
    format!("{}\0part\0{digest}", identity.id)
}
