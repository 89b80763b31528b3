//! The forms of OpenSSH: public keys of RFC 4253, 5656 and 8709, and private ones of its
//! `PROTOCOL.key`, without a passphrase.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::der::RsaNumbers;
use super::pem;

/// Letters in a line, as `ssh-keygen` writes them.
const COLUMNS: usize = 70;

/// The private part is filled up to a multiple of this where there is no cipher.
const BLOCK: usize = 8;

/// A private part of RSA-4096 has 2.3 KiB; what never grows leaves no copies behind.
const ROOM: usize = 8192;

/// The curve of a key.
#[derive(Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Curve::P256 => ("ecdsa-sha2-nistp256", "nistp256"),
            Curve::P384 => ("ecdsa-sha2-nistp384", "nistp384"),
        }
    }
}

/// A key in its parts.
pub(super) enum Parts<'a> {
    Rsa(RsaNumbers<'a>),
    Ecdsa { curve: Curve, point: &'a [u8], scalar: &'a [u8] },
    Ed25519 { public: &'a [u8], seed: &'a [u8] },
}

impl Parts<'_> {
    fn name(&self) -> &'static str {
        match self {
            Parts::Rsa(_) => "ssh-rsa",
            Parts::Ecdsa { curve, .. } => curve.names().0,
            Parts::Ed25519 { .. } => "ssh-ed25519",
        }
    }
}

/// The line of a public key.
pub(super) fn public(parts: &Parts<'_>) -> String {
    format!("{} {}", parts.name(), BASE64_STANDARD.encode(public_blob(parts)))
}

/// What people compare.
pub(super) fn fingerprint(parts: &Parts<'_>) -> String {
    format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(public_blob(parts))))
}

/// The file of a private key. `check` is any number.
pub(super) fn private(parts: &Parts<'_>, check: u32) -> Zeroizing<String> {
    let mut secret = Zeroizing::new(Vec::with_capacity(ROOM));
    secret.extend_from_slice(&check.to_be_bytes());
    secret.extend_from_slice(&check.to_be_bytes());
    string(&mut secret, parts.name().as_bytes());
    match parts {
        Parts::Rsa(numbers) => {
            number(&mut secret, numbers.modulus);
            number(&mut secret, numbers.public_exponent);
            number(&mut secret, numbers.private_exponent);
            number(&mut secret, numbers.coefficient);
            number(&mut secret, numbers.prime_1);
            number(&mut secret, numbers.prime_2);
        }
        Parts::Ecdsa { curve, point, scalar } => {
            string(&mut secret, curve.names().1.as_bytes());
            string(&mut secret, point);
            number(&mut secret, scalar);
        }
        Parts::Ed25519 { public, seed } => {
            string(&mut secret, public);
            length(&mut secret, seed.len() + public.len());
            secret.extend_from_slice(seed);
            secret.extend_from_slice(public);
        }
    }
    let comment = b"";
    string(&mut secret, comment);
    for fill in (1_u8..).take(secret.len().next_multiple_of(BLOCK) - secret.len()) {
        secret.push(fill);
    }

    let mut out = Zeroizing::new(Vec::with_capacity(2 * ROOM));
    out.extend_from_slice(b"openssh-key-v1\0");
    let (cipher, derivation, options) = (b"none", b"none", b"");
    string(&mut out, cipher);
    string(&mut out, derivation);
    string(&mut out, options);
    let keys: u32 = 1;
    out.extend_from_slice(&keys.to_be_bytes());
    string(&mut out, &public_blob(parts));
    string(&mut out, &secret);
    pem::write("OPENSSH PRIVATE KEY", &out, COLUMNS)
}

fn public_blob(parts: &Parts<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, parts.name().as_bytes());
    match parts {
        Parts::Rsa(numbers) => {
            number(&mut out, numbers.public_exponent);
            number(&mut out, numbers.modulus);
        }
        Parts::Ecdsa { curve, point, .. } => {
            string(&mut out, curve.names().1.as_bytes());
            string(&mut out, point);
        }
        Parts::Ed25519 { public, .. } => string(&mut out, public),
    }
    out
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// A number above 0: without zeros before it, but with one where it would be negative otherwise.
fn number(out: &mut Vec<u8>, bytes: &[u8]) {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let sign = usize::from(bytes.first().is_some_and(|byte| byte & 0x80 != 0));
    length(out, bytes.len() + sign);
    out.resize(out.len() + sign, 0);
    out.extend_from_slice(bytes);
}

fn length(out: &mut Vec<u8>, length: usize) {
    // Parts of keys are a few hundred bytes long.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be_and_never_negative() {
        let written = |bytes: &[u8]| {
            let mut out = Vec::new();
            number(&mut out, bytes);
            out
        };
        assert_eq!(written(&[0, 0, 0x7f]), [0, 0, 0, 1, 0x7f]);
        assert_eq!(written(&[0x80, 1]), [0, 0, 0, 3, 0, 0x80, 1]);
        assert_eq!(written(&[0, 0]), [0, 0, 0, 0]);
    }
}
