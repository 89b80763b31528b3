//! Certificates: an authority minted once for each world, which may vouch for this machine only, and
//! a certificate of the listener at each start.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::StartError;
use crate::world::{Identity, World};

/// The names that the listener goes by.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// Makes the authority of a world that has none.
pub(super) fn authority(world: &mut World) -> Result<(), StartError> {
    if !world.identity().ca_certificate.is_empty() {
        return Ok(());
    }
    let key = KeyPair::generate()?;
    let certificate = params(&world.identity().id).self_signed(&key)?.pem();
    let key = key.serialize_pem();
    world.change_identity(|identity| {
        identity.ca_certificate = certificate;
        identity.ca_key = key;
    });
    Ok(())
}

/// The same for the same world, so that what is signed later names the authority as it names itself.
fn params(world: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("aurak sandbox {world}"));
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Whoever trusts it trusts it for loopback, whoever gets hold of its key.
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".into()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
        ],
        excluded_subtrees: Vec::new(),
    });
    params
}

pub(super) fn server(identity: &Identity) -> Result<ServerConfig, StartError> {
    let issuer = Issuer::new(params(&identity.id), KeyPair::from_pem(&identity.ca_key)?);
    let key = KeyPair::generate()?;
    let mut leaf = CertificateParams::new(NAMES.map(str::to_owned))?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "localhost");
    leaf.distinguished_name = name;
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = leaf.signed_by(&key, &issuer)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
