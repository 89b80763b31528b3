//! Random texts, bytes and numbers.

use aurak_gotemplate::{Error, Functions, Value};
use aws_lc_rs::rand::fill;

use crate::draws::DrawKind;
use crate::encode::{encode64, hex};
use crate::runes;
use crate::source::Source;
use crate::table::{I, S, add, makeslice};

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    type Belongs = fn(u8) -> bool;
    let alphabets: [(&str, Belongs); 4] = [
        ("randAlphaNum", |byte| byte.is_ascii_alphanumeric()),
        ("randAlpha", |byte| byte.is_ascii_alphabetic()),
        ("randNumeric", |byte| byte.is_ascii_digit()),
        ("randAscii", |byte| (32..127).contains(&byte)),
    ];
    for (name, belongs) in alphabets {
        let source = source.clone();
        let alphabet: Vec<u8> = (0..=127).filter(|byte| belongs(*byte)).collect();
        add(table, &[name], &[I], S, move |context, a| {
            // Of a negative count nothing is made, and nothing said.
            let count = usize::try_from(a.int(0)).unwrap_or(0);
            context.spend_bytes(count)?;
            if count == 0 {
                return Ok(Value::str(""));
            }
            source.draw(DrawKind::Text, || letters(&alphabet, count)).map(Value::str)
        });
    }
    let from = source.clone();
    add(table, &["randBytes"], &[I], S, move |context, a| {
        let Ok(count) = usize::try_from(a.int(0)) else { return Err(makeslice()) };
        context.spend_bytes(count.saturating_mul(2))?;
        let bytes = from.draw(DrawKind::Bytes, || bytes(count))?;
        Ok(encode64(&bytes).into())
    });
    let from = source.clone();
    add(table, &["randInt"], &[I, I], I, move |_, a| {
        let (least, end) = (a.int(0), a.int(1));
        let width = end.wrapping_sub(least);
        let Some(width) = u64::try_from(width).ok().filter(|width| *width > 0) else {
            return Err(Error::new("invalid argument to Intn"));
        };
        let number = i64::try_from(from.number(width)?).unwrap_or_default();
        Ok(Value::int(least.wrapping_add(number)))
    });
    let from = source.clone();
    add(table, &["shuffle"], &[S], S, move |context, a| {
        let mut runes: Vec<u32> = runes::runes(&a.str(0)).collect();
        context.spend_steps(u64::try_from(runes.len()).unwrap_or(u64::MAX))?;
        for last in (1..runes.len()).rev() {
            let index = from.number(u64::try_from(last + 1).unwrap_or(1))?;
            runes.swap(last, usize::try_from(index).unwrap_or(0).min(last));
        }
        Ok(Value::str(runes::text(runes)))
    });
    let from = source.clone();
    add(table, &["uuidv4"], &[], S, move |_, _| from.draw(DrawKind::Uuid, uuid).map(Value::str));
}

/// Random bytes.
pub(crate) fn bytes(count: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; count];
    fill(&mut bytes).map_err(|_| Error::new("the operating system gives no random bytes"))?;
    Ok(bytes)
}

/// A number below another, each as likely.
pub(crate) fn below(end: u64) -> Result<u64, Error> {
    // What is above the last multiple is drawn again.
    let limit = u64::MAX - u64::MAX % end.max(1);
    loop {
        let mut drawn = [0; 8];
        drawn.copy_from_slice(&bytes(8)?);
        let drawn = u64::from_be_bytes(drawn);
        if drawn < limit {
            return Ok(drawn % end.max(1));
        }
    }
}

fn letters(alphabet: &[u8], count: usize) -> Result<Vec<u8>, Error> {
    let fair = 256 - 256 % alphabet.len().max(1);
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        for byte in bytes((count - out.len()).clamp(16, 4096))? {
            if usize::from(byte) < fair && out.len() < count {
                out.push(alphabet[usize::from(byte) % alphabet.len()]);
            }
        }
    }
    Ok(out)
}

fn uuid() -> Result<Vec<u8>, Error> {
    let mut bytes = bytes(16)?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let text = hex(&bytes);
    let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
    Ok(parts.join("-").into_bytes())
}
