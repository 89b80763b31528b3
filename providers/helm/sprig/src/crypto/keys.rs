//! Private keys: made, read from PEM, written as PEM, and used to sign.

use aurak_gotemplate::Error;
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::der::{INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, one, sequence};
use super::pem::{encoded, first_block};

/// A private key.
pub(crate) enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

const RSA_WITH_SHA256: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const ECDSA_WITH_SHA256: [u8; 8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: [u8; 8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];
const ED25519: [u8; 3] = [0x2B, 0x65, 0x70];

fn refused<E>(what: &'static str) -> impl Fn(E) -> Error {
    move |_| Error::new(what)
}

impl Key {
    /// A new RSA key.
    pub(crate) fn rsa(size: KeySize) -> Result<Self, Error> {
        let key = RsaKeyPair::generate(size).map_err(refused("error generating rsa key"))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    /// A new key on the curve P-256.
    pub(crate) fn p256() -> Result<Self, Error> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        Ok(Self::P256(Box::new(key.map_err(refused("error generating ecdsa key"))?)))
    }

    /// A new Ed25519 key.
    pub(crate) fn ed25519() -> Result<Self, Error> {
        let key = Ed25519KeyPair::generate().map_err(refused("error generating ed25519 key"))?;
        Ok(Self::Ed25519(Box::new(key)))
    }

    /// The first block of a PEM text as a key.
    pub(crate) fn from_pem(text: &str) -> Result<Self, Error> {
        let Some(block) = first_block(text) else { return Err(Error::new("no PEM data in input")) };
        let bytes = &block.bytes;
        match block.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(bytes).ok_or_else(|| {
                Error::new("decoding PEM as PKCS#8: the key is malformed or of no known kind")
            }),
            "RSA PRIVATE KEY" => match RsaKeyPair::from_der(bytes) {
                Ok(key) => Ok(Self::Rsa(Box::new(key))),
                Err(error) => Err(Error::new(format!("parsing RSA private key from PEM: {error}"))),
            },
            "EC PRIVATE KEY" => Self::from_sec1(bytes).ok_or_else(|| {
                Error::new("parsing EC private key from PEM: the key is malformed or of no known curve")
            }),
            label if !label.ends_with(" PRIVATE KEY") => {
                Err(Error::new(format!("no private key data in PEM block of type {label}")))
            }
            label => Err(Error::new(format!("invalid private key type {label}"))),
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Option<Self> {
        if let Ok(key) = RsaKeyPair::from_pkcs8(bytes) {
            return Some(Self::Rsa(Box::new(key)));
        }
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes) {
            return Some(Self::Ed25519(Box::new(key)));
        }
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes) {
            return Some(Self::P256(Box::new(key)));
        }
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, bytes).ok()?;
        Some(Self::P384(Box::new(key)))
    }

    fn from_sec1(bytes: &[u8]) -> Option<Self> {
        if let Ok(key) = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes) {
            return Some(Self::P256(Box::new(key)));
        }
        let key = EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_ASN1_SIGNING, bytes).ok()?;
        Some(Self::P384(Box::new(key)))
    }

    /// The key as PEM, in the form Go writes for its kind.
    pub(crate) fn to_pem(&self) -> Result<String, Error> {
        let failed = || Error::new("the key cannot be written");
        match self {
            Self::Rsa(key) => {
                let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(refused("the key cannot be written"))?;
                // What is wrapped in it is the form of its own.
                let mut inner =
                    Reader::new(Reader::new(pkcs8.as_ref()).tagged(SEQUENCE).ok_or_else(failed)?.content);
                inner.tagged(INTEGER).and_then(|_| inner.tagged(SEQUENCE)).ok_or_else(failed)?;
                let own = inner.tagged(OCTET_STRING).ok_or_else(failed)?;
                Ok(encoded("RSA PRIVATE KEY", own.content))
            }
            Self::P256(key) | Self::P384(key) => {
                let own: EcPrivateKeyRfc5915Der<'_> =
                    key.private_key().as_der().map_err(refused("the key cannot be written"))?;
                Ok(encoded("EC PRIVATE KEY", own.as_ref()))
            }
            Self::Ed25519(key) => {
                let own: Pkcs8V1Der<'_> = key.as_der().map_err(refused("the key cannot be written"))?;
                Ok(encoded("PRIVATE KEY", own.as_ref()))
            }
        }
    }

    /// The public key as a certificate has it.
    pub(crate) fn public(&self) -> Result<Vec<u8>, Error> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa(key) => key.public_key().as_der(),
            Self::P256(key) | Self::P384(key) => key.public_key().as_der(),
            Self::Ed25519(key) => key.public_key().as_der(),
        }
        .map_err(refused("the public key cannot be written"))?;
        Ok(der.as_ref().to_vec())
    }

    /// What a certificate calls the way it is signed.
    pub(crate) fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence(&[&one(OID, &RSA_WITH_SHA256), &[0x05, 0x00]]),
            Self::P256(_) => sequence(&[&one(OID, &ECDSA_WITH_SHA256)]),
            Self::P384(_) => sequence(&[&one(OID, &ECDSA_WITH_SHA384)]),
            Self::Ed25519(_) => sequence(&[&one(OID, &ED25519)]),
        }
    }

    /// The signature of a message.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(refused("error creating certificate: it cannot be signed"))?;
                Ok(signature)
            }
            Self::P256(key) | Self::P384(key) => {
                let signature = key.sign(&random, message);
                let signature =
                    signature.map_err(refused("error creating certificate: it cannot be signed"))?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}
