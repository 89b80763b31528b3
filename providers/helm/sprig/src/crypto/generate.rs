//! The functions that make keys and certificates, and the value that holds both.

use std::any::Any;
use std::net::IpAddr;

use aurak_gotemplate::{Arguments, Context, Error, Field, Functions, Object, Type, Value};
use aws_lc_rs::rsa::KeySize;

use super::certificate::{Parent, Request, certificate};
use super::keys::Key;
use super::pem::{encoded, first_block};
use super::random::bytes;
use crate::draws::DrawKind;
use crate::encode::decode64;
use crate::source::Source;
use crate::table::{Answer, I, S, add};
use crate::value::printed;

/// What a key costs in steps of a template: about as long as that many take.
const KEY_STEPS: u64 = 100_000;

/// A certificate and its key, both PEM.
struct Pair {
    cert: String,
    key: String,
}

impl Object for Pair {
    fn type_name(&self) -> &str {
        "sprig.certificate"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        match name {
            "Cert" => Field::Typed(self.cert.as_str().into()),
            "Key" => Field::Typed(self.key.as_str().into()),
            _ => Field::Missing,
        }
    }

    fn fields(&self) -> Vec<(String, Value)> {
        vec![("Cert".to_owned(), self.cert.as_str().into()), ("Key".to_owned(), self.key.as_str().into())]
    }

    fn equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.cert == other.cert && self.key == other.key)
    }
}

/// Which certificate a function makes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Authority,
    SelfSigned,
    Signed,
}

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    let pair = || Type::Object("sprig.certificate".into());
    let list = Type::any_slice;
    let from = source.clone();
    add(table, &["genPrivateKey"], &[S], S, move |context, a| private_key(context, &from, &a.text(0)));
    add(table, &["buildCustomCert"], &[S, S], pair(), |_, a| custom(a));
    let functions = [
        ("genCA", Kind::Authority, vec![S, I]),
        ("genSelfSignedCert", Kind::SelfSigned, vec![S, list(), list(), I]),
        ("genSignedCert", Kind::Signed, vec![S, list(), list(), I, pair()]),
    ];
    for (name, kind, parameters) in functions {
        let from = source.clone();
        add(table, &[name], &parameters, pair(), move |context, a| {
            context.spend_steps(KEY_STEPS)?;
            let key = from.draw(DrawKind::Key, || Ok(Key::rsa(KeySize::Rsa2048)?.to_pem()?.into_bytes()))?;
            generated(context, &from, kind, a, &Key::from_pem(&String::from_utf8_lossy(&key))?)
        });
        let from = source.clone();
        let parameters = [parameters, vec![S]].concat();
        let last = parameters.len() - 1;
        add(table, &[&format!("{name}WithKey")], &parameters, pair(), move |context, a| {
            context.spend_steps(KEY_STEPS)?;
            let key = Key::from_pem(&a.text(last)).map_err(|error| error.within("parsing private key: "))?;
            generated(context, &from, kind, a, &key)
        });
    }
}

fn private_key(context: &mut Context<'_>, source: &Source, kind: &str) -> Answer {
    context.spend_steps(KEY_STEPS * 5)?;
    let make: fn() -> Result<Key, Error> = match kind {
        "" | "rsa" => || Key::rsa(KeySize::Rsa4096),
        "ecdsa" => Key::p256,
        "ed25519" => Key::ed25519,
        "dsa" => return Ok("failed to generate dsa params: keys of this kind are not made".into()),
        _ => return Ok(format!("Unknown type {kind}").into()),
    };
    source.draw(DrawKind::Key, || Ok(make()?.to_pem()?.into_bytes())).map(Value::str)
}

fn custom(a: &Arguments<'_>) -> Answer {
    let cert = decode64(&a.str(0)).map_err(|_| Error::new("unable to decode base64 certificate"))?;
    let key = decode64(&a.str(1)).map_err(|_| Error::new("unable to decode base64 private key"))?;
    let (cert, key) =
        (String::from_utf8_lossy(&cert).into_owned(), String::from_utf8_lossy(&key).into_owned());
    parent(&cert, "decodedCert")?;
    Key::from_pem(&key).map_err(|error| error.within("error parsing private key: "))?;
    Ok(Value::object(Pair { cert, key }))
}

fn parent(pem: &str, name: &str) -> Result<Parent, Error> {
    let block = first_block(pem).ok_or_else(|| Error::new("unable to decode certificate"))?;
    let malformed =
        || Error::new(format!("error parsing certificate: {name}.Bytes: x509: malformed certificate"));
    Parent::read(&block.bytes).ok_or_else(malformed)
}

fn generated(context: &mut Context<'_>, source: &Source, kind: Kind, a: &Arguments<'_>, key: &Key) -> Answer {
    let signer = match (kind, a.get(4)) {
        (Kind::Signed, Some(Value::Object(object))) => {
            let pair = object.as_any().downcast_ref::<Pair>();
            let pair = pair.ok_or_else(|| Error::new("unable to decode certificate"))?;
            let signer =
                Key::from_pem(&pair.key).map_err(|error| error.within("error parsing private key: "));
            Some((parent(&pair.cert, "decodedSignerCert")?, signer?))
        }
        (Kind::Signed, _) => return Err(Error::new("unable to decode certificate")),
        _ => None,
    };
    let authority = kind == Kind::Authority;
    let (addresses, names) =
        if authority { Default::default() } else { (addresses(context, a)?, names(context, a)?) };
    let made = source.draw(DrawKind::Certificate, || {
        let request = Request {
            common_name: a.text(0).into_owned(),
            addresses: addresses.clone(),
            names: names.clone(),
            days: if authority { a.int(1) } else { a.int(3) },
            authority,
            now: crate::dates::clock().0,
            serial: bytes(16)?,
        };
        let der = certificate(&request, key, signer.as_ref().map(|(parent, key)| (parent, key)))?;
        Ok(encoded("CERTIFICATE", &der).into_bytes())
    })?;
    Ok(Value::object(Pair { cert: String::from_utf8_lossy(&made).into_owned(), key: key.to_pem()? }))
}

fn addresses(context: &Context<'_>, a: &Arguments<'_>) -> Result<Vec<IpAddr>, Error> {
    let mut all = Vec::new();
    for item in a.list(1).items() {
        let Value::Str(text) = &item else {
            let shown = printed(context, &item)?;
            return Err(Error::new(format!("error parsing ip: {shown} is not a string")));
        };
        match text.to_str().and_then(|text| text.parse().ok()) {
            Some(address) => all.push(address),
            None => return Err(Error::new(format!("error parsing ip: {text}"))),
        }
    }
    Ok(all)
}

fn names(context: &Context<'_>, a: &Arguments<'_>) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    for item in a.list(2).items() {
        let Value::Str(text) = &item else {
            let shown = printed(context, &item)?;
            return Err(Error::new(format!("error processing alternate dns name: {shown} is not a string")));
        };
        all.push(text.to_string());
    }
    Ok(all)
}
