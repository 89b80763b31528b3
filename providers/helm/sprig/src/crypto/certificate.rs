//! Certificates with what Go puts into them, in its order.

use std::net::IpAddr;

use aurak_gotemplate::Error;
use aws_lc_rs::digest::{SHA256, digest};

use super::der::{BIT_STRING, OCTET_STRING, OID, Reader, SEQUENCE, SET, integer, one, sequence};
use super::keys::Key;
use crate::dates::civil;

/// What a certificate says of whom it is for.
pub(crate) struct Request {
    pub(crate) common_name: String,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) names: Vec<String>,
    pub(crate) days: i64,
    pub(crate) authority: bool,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) serial: Vec<u8>,
}

/// The certificate that signs another one.
pub(crate) struct Parent {
    subject: Vec<u8>,
    public: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

const KEY_USAGE: [u8; 3] = [0x55, 0x1D, 0x0F];
const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1D, 0x25];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1D, 0x13];
const SUBJECT_KEY_ID: [u8; 3] = [0x55, 0x1D, 0x0E];
const AUTHORITY_KEY_ID: [u8; 3] = [0x55, 0x1D, 0x23];
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1D, 0x11];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const SERVER_AUTH: [u8; 8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: [u8; 8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

impl Parent {
    /// Reads what is needed of a certificate; nothing if it is none.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let whole = Reader::new(der).tagged(SEQUENCE)?;
        let signed = Reader::new(whole.content).tagged(SEQUENCE)?;
        let mut fields = Reader::new(signed.content);
        let mut first = fields.next()?;
        if first.tag == 0xA0 {
            first = fields.next()?;
        }
        (first.tag == super::der::INTEGER).then_some(())?;
        for _ in ["algorithm", "issuer", "validity"] {
            fields.tagged(SEQUENCE)?;
        }
        let subject = fields.tagged(SEQUENCE)?.all.to_vec();
        let public = fields.tagged(SEQUENCE)?.all.to_vec();
        let mut key_id = None;
        while let Some(field) = fields.next() {
            if field.tag == 0xA3 {
                let mut extensions = Reader::new(Reader::new(field.content).tagged(SEQUENCE)?.content);
                while let Some(extension) = extensions.tagged(SEQUENCE) {
                    let mut parts = Reader::new(extension.content);
                    let oid = parts.tagged(OID)?;
                    if oid.content == SUBJECT_KEY_ID {
                        let value = parts.tagged(OCTET_STRING)?;
                        key_id = Some(Reader::new(value.content).tagged(OCTET_STRING)?.content.to_vec());
                    }
                }
            }
        }
        Some(Self { subject, public, key_id })
    }
}

/// The certificate for a key, signed by the parent's or by itself, as DER.
pub(crate) fn certificate(
    request: &Request,
    key: &Key,
    parent: Option<(&Parent, &Key)>,
) -> Result<Vec<u8>, Error> {
    let signer = parent.map_or(key, |(_, key)| key);
    let public = key.public()?;
    if let Some((parent, key)) = parent
        && key.public()? != parent.public
    {
        let text = "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey";
        return Err(Error::new(text));
    }
    let subject = subject(&request.common_name);
    let issuer = parent.map_or(&subject, |(parent, _)| &parent.subject);
    let authority_id = parent.and_then(|(parent, _)| parent.key_id.as_ref()).filter(|_| *issuer != subject);
    let algorithm = signer.algorithm();
    let extensions = extensions(request, &public, subject.len() == 2, authority_id)?;
    let until = request.now.saturating_add(request.days.saturating_mul(86_400));
    let signed = sequence(&[
        &one(0xA0, &integer(&[2])),
        &integer(&request.serial),
        &algorithm,
        issuer,
        &sequence(&[&time(request.now)?, &time(until)?]),
        &subject,
        &public,
        &one(0xA3, &one(SEQUENCE, &extensions)),
    ]);
    let signature = signer.sign(&signed)?;
    Ok(sequence(&[&signed, &algorithm, &bits(&signature, 0)]))
}

fn bits(content: &[u8], unused: u8) -> Vec<u8> {
    one(BIT_STRING, &[&[unused], content].concat())
}

fn subject(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return sequence(&[]);
    }
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+,-./ :=?".contains(&byte);
    let tag = if common_name.bytes().all(printable) { 0x13 } else { 0x0C };
    let name = sequence(&[&one(OID, &COMMON_NAME), &one(tag, common_name.as_bytes())]);
    sequence(&[&one(SET, &name)])
}

/// A time: with two digits of the year until 2049, with four after it.
fn time(seconds: i64) -> Result<Vec<u8>, Error> {
    let date = civil::date(seconds.div_euclid(86_400));
    let (hour, minute, second) = civil::clock(seconds.rem_euclid(86_400));
    let rest = format!("{:02}{:02}{hour:02}{minute:02}{second:02}Z", date.month, date.day);
    match date.year {
        1950..2050 => Ok(one(0x17, format!("{:02}{rest}", date.year % 100).as_bytes())),
        0..=9999 => Ok(one(0x18, format!("{:04}{rest}", date.year).as_bytes())),
        _ => Err(Error::new("error creating certificate: cannot represent time as GeneralizedTime")),
    }
}

fn extensions(
    request: &Request,
    public: &[u8],
    no_subject: bool,
    authority_id: Option<&Vec<u8>>,
) -> Result<Vec<u8>, Error> {
    let extension = |oid: &[u8], critical: bool, value: &[u8]| {
        let critical: &[u8] = if critical { &[0x01, 0x01, 0xFF] } else { &[] };
        sequence(&[&one(OID, oid), critical, &one(OCTET_STRING, value)])
    };
    let mut all = Vec::new();
    let usage = if request.authority { bits(&[0xA4], 2) } else { bits(&[0xA0], 5) };
    all.push(extension(&KEY_USAGE, true, &usage));
    let uses = sequence(&[&one(OID, &SERVER_AUTH), &one(OID, &CLIENT_AUTH)]);
    all.push(extension(&EXTENDED_KEY_USAGE, false, &uses));
    let constraints = if request.authority { sequence(&[&[0x01, 0x01, 0xFF]]) } else { sequence(&[]) };
    all.push(extension(&BASIC_CONSTRAINTS, true, &constraints));
    if request.authority {
        all.push(extension(&SUBJECT_KEY_ID, false, &one(OCTET_STRING, &key_id(public))));
    }
    if let Some(id) = authority_id {
        all.push(extension(&AUTHORITY_KEY_ID, false, &sequence(&[&one(0x80, id)])));
    }
    let mut names = Vec::new();
    for name in &request.names {
        if !name.is_ascii() {
            let quoted = aurak_gotemplate::strconv::quote(name.as_bytes());
            let shown = String::from_utf8_lossy(&quoted).into_owned();
            let text = format!("error creating certificate: x509: {shown} cannot be encoded as an IA5String");
            return Err(Error::new(text));
        }
        names.push(one(0x82, name.as_bytes()));
    }
    for address in &request.addresses {
        names.push(match address.to_canonical() {
            IpAddr::V4(address) => one(0x87, &address.octets()),
            IpAddr::V6(address) => one(0x87, &address.octets()),
        });
    }
    if !names.is_empty() {
        all.push(extension(&ALTERNATIVE_NAMES, no_subject, &one(SEQUENCE, &names.concat())));
    }
    Ok(all.concat())
}

/// The beginning of a hash of the public key's own bits.
fn key_id(public: &[u8]) -> Vec<u8> {
    let inner = Reader::new(public).tagged(SEQUENCE).and_then(|whole| {
        let mut parts = Reader::new(whole.content);
        parts.tagged(SEQUENCE)?;
        parts.tagged(BIT_STRING)
    });
    let bits = inner.and_then(|bits| bits.content.get(1..)).unwrap_or_default();
    digest(&SHA256, bits).as_ref()[..20].to_vec()
}
