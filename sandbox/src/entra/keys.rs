//! The key that signs tokens, and JSON Web Tokens made and read with it.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(crate) struct Keys {
    pair: RsaKeyPair,
    id: String,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the signing key of the world is damaged; `aurak sandbox reset` begins a new world")]
    Damaged,
    #[error("making a signing key")]
    Make,
}

/// A new signing key, PKCS#8.
///
/// # Errors
/// When the system has no randomness.
pub fn new_signing_key() -> Result<Vec<u8>, KeyError> {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Make)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Make)?;
    Ok(der.as_ref().to_vec())
}

impl Keys {
    pub(crate) fn load(base64: &str) -> Result<Keys, KeyError> {
        let der = STANDARD.decode(base64).map_err(|_| KeyError::Damaged)?;
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| KeyError::Damaged)?;
        let id = crate::arm::fingerprint(&STANDARD.encode(pair.public_key().as_ref()))[..24].to_owned();
        Ok(Keys { pair, id })
    }

    /// The JSON Web Key Set.
    pub(crate) fn public(&self) -> Value {
        let key = self.pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [{
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
            "x5t": self.id,
            "n": number(key.modulus().big_endian_without_leading_zero()),
            "e": number(key.exponent().big_endian_without_leading_zero()),
        }] })
    }

    /// # Panics
    /// Never with a key that was loaded: signing has no other way to fail.
    #[expect(clippy::expect_used, reason = "a loaded key of 2048 bits signs")]
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id, "x5t": self.id });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .expect("a loaded key signs");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verified(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(text.as_bytes(), &signature)
            .ok()?;
        claims(token)
    }
}

/// What a token says, signed by whomever.
pub(crate) fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&claims).ok().filter(Value::is_object)
}
