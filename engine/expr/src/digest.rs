//! Canonical digests of values: equal values have equal digests, on every machine and in every
//! version. Sensitive leaves never enter in clear: a digest that anybody can compute would tell a
//! short secret to whoever tries all of them.

use aurak_model::Value;
use aurak_model::value::Secret;
use sha2::{Digest, Sha256};

/// Why a value has no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// A part is unknown.
    #[error("a value that is not known yet has no digest")]
    Unknown,
    /// A part is sensitive, and no key was given for it.
    #[error("a sensitive value has no digest without a key")]
    Sensitive,
}

/// The digest of a plain value, as lower-case hexadecimal SHA-256.
pub fn digest(value: &Value) -> Result<String, DigestError> {
    digest_with(value, &mut |_| None)
}

/// The digest of a value; `keyed` gives what stands for a sensitive leaf, such as an HMAC of the
/// bytes that it is given (the canonical form of the leaf in clear), or `None` to refuse.
pub fn digest_with(
    value: &Value,
    keyed: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Result<String, DigestError> {
    let mut bytes = Vec::new();
    write(value, &mut bytes, keyed)?;
    Ok(Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect())
}

/// The canonical bytes of a plain value; what is marked or unknown is left out.
pub(crate) fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Ends early on what has no form; the caller has looked for that.
    let _ = write(value, &mut bytes, &mut |_| None);
    bytes
}

/// Each value is a letter for its kind and then its content, with lengths in front of what varies,
/// so that no two values share a form.
fn write(
    value: &Value,
    out: &mut Vec<u8>,
    keyed: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Result<(), DigestError> {
    match value {
        Value::Null => out.push(b'n'),
        Value::Bool(b) => out.push(if *b { b't' } else { b'f' }),
        Value::Int(i) => {
            out.push(b'i');
            out.extend(i.to_be_bytes());
        }
        Value::Float(x) => {
            out.push(b'd');
            // Minus zero is zero.
            let x = if *x == 0.0 { 0.0 } else { *x };
            out.extend(x.to_bits().to_be_bytes());
        }
        Value::String(text) => sized(b's', text.as_bytes(), out),
        Value::List(list) => {
            out.push(b'l');
            out.extend((list.len() as u64).to_be_bytes());
            for item in list.iter() {
                write(item, out, keyed)?;
            }
        }
        Value::Map(map) => {
            out.push(b'm');
            out.extend((map.len() as u64).to_be_bytes());
            for (key, item) in map.iter() {
                sized(b'k', key.as_bytes(), out);
                write(item, out, keyed)?;
            }
        }
        Value::Sensitive(Secret::Plain(inner)) => {
            let mut clear = Vec::new();
            write(inner, &mut clear, keyed)?;
            let stands_for = keyed(&clear).ok_or(DigestError::Sensitive)?;
            sized(b'x', &stands_for, out);
        }
        Value::Sensitive(Secret::Sealed(_)) => return Err(DigestError::Sensitive),
        Value::Unknown(_) => return Err(DigestError::Unknown),
    }
    Ok(())
}

fn sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_fixed() {
        let value = Value::map([("a", Value::list([1.into(), 1.5.into(), Value::Null])), ("b", "x".into())]);
        // Stored digests depend on this: it may never change.
        let expected = "07f09631e3f0f792b742e2c1f6e26d36e3e9a3d5b5566f129e1be5e9c4f3981d";
        assert_eq!(digest(&value).unwrap(), expected);
    }

    #[test]
    fn different_values_have_different_forms() {
        let values = [
            Value::Null,
            false.into(),
            0.into(),
            0.0.into(),
            "".into(),
            "0".into(),
            Value::list([]),
            Value::map::<&str>([]),
            Value::list([Value::list([]), 1.into()]),
            Value::list([Value::list([1.into()])]),
            Value::list(["ab".into(), "c".into()]),
            Value::list(["a".into(), "bc".into()]),
            Value::map([("a", Value::Null)]),
            Value::list(["a".into(), Value::Null]),
        ];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(i == j, digest(a) == digest(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_secret_enters_through_the_key_only() {
        let secret = Value::list([Value::from("canary").sensitive()]);
        assert_eq!(digest(&secret), Err(DigestError::Sensitive));
        let mut seen = Vec::new();
        let one = digest_with(&secret, &mut |clear| {
            seen = clear.to_vec();
            Some(b"1".to_vec())
        });
        assert_eq!(seen, canonical(&"canary".into()));
        assert_ne!(one, digest_with(&secret, &mut |_| Some(b"2".to_vec())));
        let sealed = Value::Sensitive(Secret::Sealed("x".into()));
        assert_eq!(digest_with(&sealed, &mut |_| Some(vec![])), Err(DigestError::Sensitive));
    }
}
