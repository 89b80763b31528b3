//! Passwords: hashed with bcrypt, and derived from a master password.

use aurak_gotemplate::{Context, Error, Functions, Type, UintKind, Value};
use aws_lc_rs::hmac;
use bcrypt::Version;

use super::random::bytes;
use super::scrypt::scrypt;
use crate::draws::DrawKind;
use crate::source::Source;
use crate::table::{S, add};

/// The cost that Go calls the default.
const COST: u32 = 10;

/// What a hash costs in steps of a template: about as long as that many take.
const HASH_STEPS: u64 = 50_000;

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    let from = source.clone();
    add(table, &["bcrypt"], &[S], S, move |context, a| hashed(context, &from, &a.str(0)).map(Value::from));
    let from = source.clone();
    add(table, &["htpasswd"], &[S, S], S, move |context, a| {
        let user = a.text(0);
        if user.contains(':') {
            return Ok(format!("invalid username: {user}").into());
        }
        Ok(format!("{user}:{}", hashed(context, &from, &a.str(1))?).into())
    });
    let u32 = Type::Uint(UintKind::Uint32);
    add(table, &["derivePassword"], &[u32, S, S, S, S], S, |context, a| {
        let counter = match a.first() {
            Some(Value::Uint(_, n)) => u32::try_from(*n).unwrap_or_default(),
            _ => 0,
        };
        context.spend_steps(HASH_STEPS * 10)?;
        Ok(derived(counter, &a.text(1), &a.str(2), &a.str(3), &a.str(4)).into())
    });
}

/// The hash, or what went wrong as a text.
fn hashed(context: &mut Context<'_>, source: &Source, password: &[u8]) -> Result<String, Error> {
    context.spend_steps(HASH_STEPS)?;
    if password.len() > 72 {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned()
        );
    }
    let drawn = source.draw(DrawKind::Salt, || bytes(16))?;
    let mut salt = [0; 16];
    for (to, from) in salt.iter_mut().zip(drawn) {
        *to = from;
    }
    Ok(match bcrypt::hash_with_salt(password, COST, salt) {
        Ok(parts) => parts.format_for_version(Version::TwoA),
        Err(error) => format!("failed to encrypt string with bcrypt: {error}"),
    })
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// The forms of each type of password; each letter of a form is a set of characters.
fn forms(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derived(counter: u32, kind: &str, password: &[u8], user: &[u8], site: &[u8]) -> String {
    let Some(forms) = forms(kind) else { return format!("cannot find password template {kind}") };
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SEED, &length(user), user].concat();
    let key = scrypt(password, &salt);
    let message = [SEED, &length(site), site, &counter.to_be_bytes()].concat();
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &message);
    let (first, rest) = seed.as_ref().split_at(1);
    let form = forms[usize::from(first[0]) % forms.len()];
    let characters = form.bytes().zip(rest).map(|(letter, byte)| {
        let set = characters(letter);
        char::from(set[usize::from(*byte) % set.len()])
    });
    characters.collect()
}
