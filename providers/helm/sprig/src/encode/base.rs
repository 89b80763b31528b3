//! Base 64 and base 32. A text that is none gives the message about that, as its value.

use aurak_gotemplate::{Functions, Value};

use crate::table::{S, add};

const ALPHABET_64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ALPHABET_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How many bytes become how many characters.
struct Base {
    name: &'static str,
    alphabet: &'static [u8],
    bits: usize,
    block: usize,
}

const BASE_64: Base = Base { name: "base64", alphabet: ALPHABET_64, bits: 6, block: 4 };
const BASE_32: Base = Base { name: "base32", alphabet: ALPHABET_32, bits: 5, block: 8 };

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["b64enc"], &[S], S, |_, a| Ok(encode64(&a.str(0)).into()));
    add(table, &["b64dec"], &[S], S, |_, a| Ok(or_message(decoded_64(&a.str(0)))));
    add(table, &["b32enc"], &[S], S, |_, a| Ok(BASE_32.encode(&a.str(0)).into()));
    add(table, &["b32dec"], &[S], S, |_, a| Ok(or_message(decoded_32(&a.str(0)))));
}

/// The text of bytes in base 64, with padding.
pub(crate) fn encode64(bytes: &[u8]) -> String {
    BASE_64.encode(bytes)
}

/// The bytes of a text in base 64. Line ends do not count.
///
/// # Errors
///
/// The message of Go, with the place.
pub(crate) fn decode64(text: &[u8]) -> Result<Vec<u8>, String> {
    decoded_64(text)
}

fn or_message(decoded: Result<Vec<u8>, String>) -> Value {
    match decoded {
        Ok(bytes) => Value::str(bytes),
        Err(message) => message.into(),
    }
}

impl Base {
    fn encode(&self, bytes: &[u8]) -> String {
        let mut out = String::new();
        for block in bytes.chunks(self.block * self.bits / 8) {
            let mut bits: u64 = 0;
            for byte in block {
                bits = bits << 8 | u64::from(*byte);
            }
            let used = (block.len() * 8).div_ceil(self.bits);
            bits <<= used * self.bits - block.len() * 8;
            for place in (0..used).rev() {
                let index = bits >> (place * self.bits) & ((1 << self.bits) - 1);
                out.push(char::from(self.alphabet[usize::try_from(index).unwrap_or(0)]));
            }
            out.extend(std::iter::repeat_n('=', self.block - used));
        }
        out
    }

    /// What a letter stands for.
    fn digit(&self, letter: u8) -> Option<u64> {
        self.alphabet.iter().position(|known| *known == letter).and_then(|index| u64::try_from(index).ok())
    }

    fn push(&self, out: &mut Vec<u8>, digits: &[u64]) {
        let bits = digits.iter().fold(0, |bits, digit| bits << self.bits | digit);
        let bytes = digits.len() * self.bits / 8;
        let bits = bits >> (digits.len() * self.bits - bytes * 8);
        out.extend_from_slice(&bits.to_be_bytes()[8 - bytes..]);
    }

    fn wrong(&self, at: usize) -> Result<Vec<u8>, String> {
        Err(format!("illegal {} data at input byte {at}", self.name))
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Places are those in the text, line ends counted.
fn decoded_64(text: &[u8]) -> Result<Vec<u8>, String> {
    let base = &BASE_64;
    let placed: Vec<(usize, u8)> =
        text.iter().copied().enumerate().filter(|(_, byte)| !is_line_end(*byte)).collect();
    let mut out = Vec::new();
    for (number, block) in placed.chunks(base.block).enumerate() {
        let mut digits = Vec::new();
        for (place, byte) in block {
            match base.digit(*byte) {
                Some(digit) => digits.push(digit),
                None if *byte == b'=' && digits.len() >= 2 => break,
                None => return base.wrong(*place),
            }
        }
        if digits.len() < block.len() {
            if block.len() < base.block {
                return base.wrong(text.len());
            }
            if let Some((place, _)) = block[digits.len()..].iter().find(|(_, byte)| *byte != b'=') {
                return base.wrong(place - 1);
            }
            if let Some((place, _)) = placed.get((number + 1) * base.block) {
                return base.wrong(*place);
            }
        } else if block.len() < base.block {
            // Where the block began that is not full.
            return base.wrong(text.len() - block.len());
        }
        base.push(&mut out, &digits);
    }
    Ok(out)
}

/// Places are those in the text without line ends. What comes after a full padding is not looked at.
fn decoded_32(text: &[u8]) -> Result<Vec<u8>, String> {
    let base = &BASE_32;
    let text: Vec<u8> = text.iter().copied().filter(|byte| !is_line_end(*byte)).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let mut digits = Vec::new();
        while digits.len() < base.block {
            let Some(&byte) = text.get(at) else { return base.wrong(at - digits.len()) };
            at += 1;
            let left = &text[at..];
            if byte == b'=' && digits.len() >= 2 && left.len() < base.block {
                let wanted = base.block - 1 - digits.len();
                if left.len() < wanted {
                    return base.wrong(text.len());
                }
                if let Some(k) = left[..wanted].iter().position(|byte| *byte != b'=') {
                    return base.wrong(at + k - 1);
                }
                if matches!(digits.len(), 3 | 6) {
                    return base.wrong(at - 1);
                }
                base.push(&mut out, &digits);
                return Ok(out);
            }
            match base.digit(byte) {
                Some(digit) => digits.push(digit),
                None => return base.wrong(at - 1),
            }
        }
        base.push(&mut out, &digits);
    }
    Ok(out)
}
