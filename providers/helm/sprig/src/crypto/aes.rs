//! AES with 256 bits in chained blocks: the password is the key, cut or filled with zeros.

use aurak_gotemplate::{Error, Functions, Value};
use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

use super::random::bytes;
use crate::draws::DrawKind;
use crate::encode::{decode64, encode64};
use crate::source::Source;
use crate::table::{S, add};

const BLOCK: usize = 16;

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    let from = source.clone();
    add(table, &["encryptAES"], &[S, S], S, move |context, a| {
        let text = a.str(1);
        if text.is_empty() {
            return Ok(Value::str(""));
        }
        context.spend_bytes(text.len().saturating_mul(2))?;
        let first: [u8; BLOCK] = from
            .draw(DrawKind::Bytes, || bytes(BLOCK))?
            .try_into()
            .map_err(|_| Error::new("what was drawn for a block has not its length"))?;
        let mut content = text.to_vec();
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key(&a.str(0))?).map_err(|_| refused())?;
        let start = EncryptionContext::Iv128(FixedLength::from(first));
        key.less_safe_encrypt(&mut content, start).map_err(|_| refused())?;
        Ok(encode64(&[&first[..], &content].concat()).into())
    });
    add(table, &["decryptAES"], &[S, S], S, |_, a| {
        if a.str(1).is_empty() {
            return Ok(Value::str(""));
        }
        let all = decode64(&a.str(1)).map_err(Error::new)?;
        let Some((first, content)) = all.split_first_chunk::<BLOCK>() else {
            let capacity = all.len().max(a.str(1).len() / 4 * 3);
            let range = format!("[:{BLOCK}] with capacity {capacity}");
            return Err(Error::new(format!("runtime error: slice bounds out of range {range}")));
        };
        if content.len() % BLOCK != 0 {
            return Err(Error::new("crypto/cipher: input not full blocks"));
        }
        let mut content = content.to_vec();
        if content.is_empty() {
            return Err(Error::new("runtime error: index out of range [-1]"));
        }
        let key = DecryptingKey::cbc(key(&a.str(0))?).map_err(|_| refused())?;
        let start = DecryptionContext::Iv128(FixedLength::from(*first));
        let plain = key.decrypt(&mut content, start).map_err(|_| refused())?;
        let padding = plain.last().copied().map_or(0, usize::from);
        match plain.len().checked_sub(padding) {
            Some(length) => Ok(Value::str(&plain[..length])),
            None => {
                let end = i64::try_from(plain.len()).unwrap_or(0) - i64::try_from(padding).unwrap_or(0);
                Err(Error::new(format!("runtime error: slice bounds out of range [:{end}]")))
            }
        }
    });
}

fn key(password: &[u8]) -> Result<UnboundCipherKey, Error> {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(password) {
        *to = *from;
    }
    UnboundCipherKey::new(&AES_256, &key).map_err(|_| refused())
}

fn refused() -> Error {
    Error::new("AES was refused")
}
