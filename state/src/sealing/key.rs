//! The key of a stack.

use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use aurak_model::{Secret, Value};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::identity::hex;

const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// The version of the sealed form: the first character of a sealed text, the first byte of sealed
/// bytes.
const VERSION: u8 = b'1';

/// What argon2id may spend on a passphrase: the second choice of RFC 9106, 64 MiB and three passes,
/// a tenth of a second. Part of the format: another value makes another key.
const PASSPHRASE_KIB: u32 = 64 * 1024;
const PASSPHRASE_PASSES: u32 = 3;
const PASSPHRASE_LANES: u32 = 4;

/// The key of a stack.
pub struct Key {
    master: Zeroizing<[u8; KEY_LEN]>,
    cipher: XChaCha20Poly1305,
    digest: Zeroizing<[u8; KEY_LEN]>,
    id: Arc<str>,
}

impl Key {
    /// A new random key.
    pub fn generate() -> Result<Key, StoreError> {
        let mut master = Zeroizing::new([0; KEY_LEN]);
        getrandom::fill(&mut *master).map_err(StoreError::Random)?;
        Ok(Key::new(master))
    }

    /// The key in the form of `AURAK_KEY`: 32 bytes in base64, of either alphabet, padded or not.
    pub fn from_base64(text: &str) -> Result<Key, StoreError> {
        let text = text.trim();
        let bytes = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
            .into_iter()
            .find_map(|alphabet| alphabet.decode(text).ok())
            .map(Zeroizing::new)
            .ok_or(StoreError::BadKey { why: "it is not base64" })?;
        let master = <[u8; KEY_LEN]>::try_from(bytes.as_slice())
            .map_err(|_| StoreError::BadKey { why: "it does not have 32 bytes" })?;
        Ok(Key::new(Zeroizing::new(master)))
    }

    /// The key that a passphrase makes with a store's salt (argon2id).
    pub fn from_passphrase(passphrase: &str, salt: &str) -> Result<Key, StoreError> {
        if passphrase.is_empty() {
            return Err(StoreError::BadKey { why: "the passphrase is empty" });
        }
        let bad = |_| StoreError::BadKey { why: "the passphrase or the salt is too long or too short" };
        let params =
            Params::new(PASSPHRASE_KIB, PASSPHRASE_PASSES, PASSPHRASE_LANES, Some(KEY_LEN)).map_err(bad)?;
        let mut master = Zeroizing::new([0; KEY_LEN]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt.as_bytes(), &mut *master)
            .map_err(bad)?;
        Ok(Key::new(master))
    }

    /// The form of `AURAK_KEY`: the secret itself, in base64.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.master))
    }

    /// Names the key without telling anything about it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals a leaf. `aad` says where it stands; it only opens with the same.
    pub fn seal(&self, leaf: &Value, aad: &str) -> Result<Secret, StoreError> {
        let json = serde_json::to_vec(&leaf.reveal())
            .map(Zeroizing::new)
            .map_err(|source| StoreError::Encode { what: "a sensitive value".into(), source })?;
        let sealed = self.encrypt(&json, aad.as_bytes())?;
        let mut text = String::with_capacity(1 + sealed.len() * 4 / 3 + 3);
        text.push(char::from(VERSION));
        URL_SAFE_NO_PAD.encode_string(sealed, &mut text);
        Ok(Secret::Sealed(text.into()))
    }

    /// Opens a sealed leaf; what is in clear already stays as it is. The result carries its mark.
    pub fn open(&self, secret: &Secret, aad: &str) -> Result<Value, StoreError> {
        let text = match secret {
            Secret::Plain(_) => return Ok(Value::Sensitive(secret.clone())),
            Secret::Sealed(text) => text,
        };
        let fail = |why| StoreError::Unsealable { what: aad.replace('\0', " "), why };
        let sealed = text
            .strip_prefix(char::from(VERSION))
            .and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok())
            .ok_or_else(|| fail("it is not in the sealed form"))?;
        let json = self.decrypt(&sealed, aad.as_bytes()).map_err(fail)?;
        let leaf: Value = serde_json::from_slice(&json).map_err(|_| fail("it holds no value"))?;
        Ok(Value::Sensitive(Secret::Plain(Arc::new(leaf))))
    }

    /// Seals bytes: plans, parts of sources.
    pub fn seal_bytes(&self, bytes: &[u8], aad: &[u8]) -> Result<Vec<u8>, StoreError> {
        let sealed = self.encrypt(bytes, aad)?;
        let mut out = Vec::with_capacity(1 + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens sealed bytes; `what` names them in the error.
    pub fn open_bytes(
        &self,
        sealed: &[u8],
        aad: &[u8],
        what: &str,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let fail = |why| StoreError::Unsealable { what: what.to_string(), why };
        match sealed.split_first() {
            Some((&VERSION, rest)) => self.decrypt(rest, aad).map_err(fail),
            _ => Err(fail("it is not in the sealed form")),
        }
    }

    /// A digest of values that tells nothing about them without the key: HMAC-SHA256 over the
    /// canonical JSON of each, marks taken off. A leaf that is still sealed goes in as it stands.
    pub fn digest(&self, values: &[&Value]) -> String {
        let mut mac = hmac(&self.digest);
        for value in values {
            // What cannot be written is a float that is no number; it counts as null.
            let json = Zeroizing::new(serde_json::to_vec(&value.reveal()).unwrap_or_default());
            mac.update(&(json.len() as u64).to_le_bytes());
            mac.update(&json);
        }
        hex(&mac.finalize().into_bytes())
    }

    fn new(master: Zeroizing<[u8; KEY_LEN]>) -> Key {
        let derive = |label: &[u8]| {
            let mut mac = hmac(&master);
            mac.update(label);
            Zeroizing::new(<[u8; KEY_LEN]>::from(mac.finalize().into_bytes()))
        };
        let sealing = derive(b"aurak/1/seal");
        let digest = derive(b"aurak/1/digest");
        let id = hex(&derive(b"aurak/1/id")[..8]).into();
        Key { cipher: XChaCha20Poly1305::new((&*sealing).into()), digest, id, master }
    }

    fn encrypt(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(StoreError::Random)?;
        let sealed =
            self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad }).map_err(|_| {
                StoreError::Unsealable { what: "a value".into(), why: "it is too long to be sealed" }
            })?;
        let mut out = Vec::with_capacity(NONCE_LEN + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    fn decrypt(&self, sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or("it is cut short")?;
        self.cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad })
            .map(Zeroizing::new)
            .map_err(|_| "it was changed, moved, or sealed with another key")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

fn hmac(key: &[u8; KEY_LEN]) -> Hmac<Sha256> {
    // HMAC fills a short key up with zeros; done here, the length cannot be wrong.
    let mut block = Zeroizing::new([0; 64]);
    block[..KEY_LEN].copy_from_slice(key);
    <Hmac<Sha256> as KeyInit>::new((&*block).into())
}
