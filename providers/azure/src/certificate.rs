//! A certificate as a proof of who we are: a short statement that is signed with its key, as Entra asks
//! for it (RFC 7523, RS256, `x5t#S256`).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use azure_core::credentials::Secret;
use azure_core::error::ErrorKind;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

/// How long a statement holds. It is used at once.
const HOLDS: Duration = Duration::from_secs(600);

/// Why a certificate cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadCertificate {
    /// There is none in the text.
    #[error("there is no certificate in it: PEM with CERTIFICATE and PRIVATE KEY is needed")]
    Certificate,
    /// There is no key in the text.
    #[error("there is no private key in it: PEM with CERTIFICATE and PRIVATE KEY is needed")]
    Key,
    /// The key is of another kind.
    #[error("its key is no RSA key of 2048 bits or more without a passphrase, as Entra asks for")]
    Kind,
}

/// Signs statements.
pub(crate) struct CertificateAssertion {
    key: RsaKeyPair,
    thumbprint: String,
    client_id: String,
    audience: String,
}

impl fmt::Debug for CertificateAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAssertion").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl CertificateAssertion {
    /// From PEM: the first certificate and the first key in it.
    pub(crate) fn new(pem: &Secret, client_id: &str, audience: String) -> Result<Self, BadCertificate> {
        let pem = pem.secret().as_bytes();
        let certificate = CertificateDer::pem_slice_iter(pem).find_map(Result::ok);
        let certificate = certificate.ok_or(BadCertificate::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| BadCertificate::Key)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(BadCertificate::Kind),
        };
        let key = key.map_err(|_| BadCertificate::Kind)?;
        if key.public_modulus_len() < 256 {
            return Err(BadCertificate::Kind);
        }
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
        Ok(CertificateAssertion { key, thumbprint, client_id: client_id.to_string(), audience })
    }

    /// A statement that holds from now on, and its signature.
    fn signed(&self, now: u64, id: &str) -> Option<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": self.audience, "iss": self.client_id, "sub": self.client_id, "jti": id,
            "nbf": now, "iat": now, "exp": now + HOLDS.as_secs(),
        });
        let encoded = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[async_trait]
impl ClientAssertion for CertificateAssertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let id = uuid::Uuid::new_v4().to_string();
        self.signed(now, &id).ok_or_else(|| {
            azure_core::Error::with_message(ErrorKind::Credential, "the key of the certificate does not sign")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    fn pem() -> (String, Vec<u8>) {
        let params = rcgen::CertificateParams::new(vec!["app".to_string()]).unwrap();
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let public = RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap().public_key().as_ref().to_vec();
        (format!("{}\n{}", key.serialize_pem(), certificate.pem()), public)
    }

    #[test]
    fn a_statement_is_signed_with_the_key_and_says_what_it_is_for() {
        let (pem, public) = pem();
        let assertion =
            CertificateAssertion::new(&pem.into(), "app", "https://entra/t/token".into()).unwrap();
        let jwt = assertion.signed(1_000, "id").unwrap();
        let (text, signature) = jwt.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        key.verify(text.as_bytes(), &signature).unwrap();
        let (header, claims) = text.split_once('.').unwrap();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(header)["alg"], "RS256");
        assert_eq!(read(header)["x5t#S256"].as_str().unwrap().len(), 43);
        assert_eq!(
            read(claims),
            json!({ "aud": "https://entra/t/token", "iss": "app", "sub": "app", "jti": "id",
                    "nbf": 1000, "iat": 1000, "exp": 1600 })
        );
        assert_eq!(format!("{assertion:?}"), r#"CertificateAssertion { client_id: "app", .. }"#);
    }

    #[test]
    fn what_cannot_sign_is_told() {
        let of = |pem: &str| CertificateAssertion::new(&pem.to_string().into(), "app", String::new()).err();
        assert_eq!(of(""), Some(BadCertificate::Certificate));
        let (whole, _) = pem();
        let at = whole.find("-----BEGIN CERTIFICATE").unwrap();
        assert_eq!(of(&whole[at..]), Some(BadCertificate::Key));
        assert_eq!(of(&whole[..at]), Some(BadCertificate::Certificate));
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        assert_eq!(of(&format!("{other}\n{}", &whole[at..])), Some(BadCertificate::Kind));
    }
}
