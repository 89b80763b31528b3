//! `core.private_key`: a key pair that is drawn once.
//!
//! The library of TLS draws it and gives it out as PKCS#8; the forms of OpenSSH, which that library
//! does not know, are written here. What holds the private part in between is wiped after use.

mod der;
mod openssh;
mod pem;

use aurak_api::{Applied, Progress, ProviderError};
use aurak_model::Value;
use aws_lc_rs::encoding::{
    AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der, PublicKeyX509Der,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use zeroize::Zeroizing;

use crate::provider::{draw_id, text, with};
use openssh::{Curve, Parts};

/// What NIST asks for beyond 2030, and what `ssh-keygen` draws.
const RSA_BITS: i64 = 3072;

/// A key pair in the forms that others read.
struct Drawn {
    private_pem: Zeroizing<String>,
    private_openssh: Zeroizing<String>,
    public_pem: String,
    public_openssh: String,
    fingerprint: String,
}

/// What is to be drawn.
enum Wanted {
    Rsa(KeySize),
    Ecdsa(Curve),
    Ed25519,
}

pub(crate) async fn create(desired: &Value) -> Result<Progress, ProviderError> {
    let wanted = wanted(&desired.reveal())?;
    // A long RSA key takes seconds, and other calls share the thread.
    let drawn = tokio::task::spawn_blocking(move || draw(&wanted))
        .await
        .map_err(|_| failed())?
        .map_err(|Unspecified| failed())?;
    let Drawn { private_pem, private_openssh, public_pem, public_openssh, fingerprint } = drawn;
    let id = draw_id();
    let attributes = with(
        desired,
        [
            ("private_pem", Value::from(private_pem.as_str()).sensitive()),
            ("private_openssh", Value::from(private_openssh.as_str()).sensitive()),
            ("public_pem", public_pem.into()),
            ("public_openssh", public_openssh.into()),
            ("fingerprint_sha256", fingerprint.into()),
            ("id", Value::String(id.clone())),
        ],
    );
    Ok(Progress::Done(Applied { id, attributes }))
}

fn failed() -> ProviderError {
    ProviderError::permanent("the key could not be drawn: the generator failed")
}

fn wanted(given: &Value) -> Result<Wanted, ProviderError> {
    let bits = given.as_map().and_then(|map| map.get("bits")).and_then(Value::as_int);
    Ok(match text(given, "algorithm").unwrap_or_default() {
        "rsa" => Wanted::Rsa(match bits.unwrap_or(RSA_BITS) {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            other => {
                return Err(ProviderError::permanent(format!(
                    "`bits` is {other}; it may be 2048, 3072 or 4096"
                )));
            }
        }),
        "ecdsa" => Wanted::Ecdsa(match text(given, "curve").unwrap_or("p256") {
            "p256" => Curve::P256,
            "p384" => Curve::P384,
            other => {
                return Err(ProviderError::permanent(format!(
                    "`curve` is `{other}`; it may be p256 or p384"
                )));
            }
        }),
        "ed25519" => Wanted::Ed25519,
        other => {
            return Err(ProviderError::permanent(format!(
                "`algorithm` is `{other}`; it may be rsa, ecdsa or ed25519"
            )));
        }
    })
}

fn draw(wanted: &Wanted) -> Result<Drawn, Unspecified> {
    match wanted {
        Wanted::Rsa(size) => {
            let key = rsa::KeyPair::generate(*size)?;
            let private: Pkcs8V1Der<'_> = key.as_der()?;
            let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
            let numbers = der::rsa_numbers(private.as_ref()).ok_or(Unspecified)?;
            let parts = Parts::Rsa(numbers);
            drawn(private.as_ref(), public.as_ref(), &parts)
        }
        Wanted::Ecdsa(curve) => {
            let key = EcdsaKeyPair::generate(match curve {
                Curve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
                Curve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            })?;
            let private = key.to_pkcs8v1()?;
            let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
            let scalar: EcPrivateKeyBin<'_> = key.private_key().as_be_bytes()?;
            let point = key.public_key().as_ref();
            let parts = Parts::Ecdsa { curve: *curve, point, scalar: scalar.as_ref() };
            drawn(private.as_ref(), public.as_ref(), &parts)
        }
        Wanted::Ed25519 => {
            let key = Ed25519KeyPair::generate()?;
            let private = key.to_pkcs8v1()?;
            let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
            let seed: Curve25519SeedBin<'_> = key.seed()?.as_be_bytes()?;
            let parts = Parts::Ed25519 { public: key.public_key().as_ref(), seed: seed.as_ref() };
            drawn(private.as_ref(), public.as_ref(), &parts)
        }
    }
}

fn drawn(private: &[u8], public: &[u8], parts: &Parts<'_>) -> Result<Drawn, Unspecified> {
    // OpenSSH sees by two equal numbers that it opened a file with the right passphrase.
    let check = getrandom::u32().map_err(|_| Unspecified)?;
    Ok(Drawn {
        private_pem: pem::write("PRIVATE KEY", private, pem::COLUMNS),
        private_openssh: openssh::private(parts, check),
        public_pem: pem::write("PUBLIC KEY", public, pem::COLUMNS).to_string(),
        public_openssh: openssh::public(parts),
        fingerprint: openssh::fingerprint(parts),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_drawn_says_why() {
        let cases = [
            (Value::map::<&str>([]), "`algorithm` is ``; it may be rsa, ecdsa or ed25519"),
            (
                Value::map([("algorithm", Value::from("rsa")), ("bits", 1024.into())]),
                "`bits` is 1024; it may be 2048, 3072 or 4096",
            ),
            (
                Value::map([("algorithm", Value::from("ecdsa")), ("curve", "p224".into())]),
                "`curve` is `p224`; it may be p256 or p384",
            ),
        ];
        for (attributes, message) in cases {
            assert_eq!(create(&attributes).await.unwrap_err().message, message);
        }
    }
}
