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
    add(table, &["b64dec"], &[S], S, |_, a| Ok(decoded(&BASE_64, &a.str(0))));
    add(table, &["b32enc"], &[S], S, |_, a| Ok(BASE_32.encode(&a.str(0)).into()));
    add(table, &["b32dec"], &[S], S, |_, a| Ok(decoded(&BASE_32, &a.str(0))));
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
    BASE_64.decode(text)
}

fn decoded(base: &Base, text: &[u8]) -> Value {
    match base.decode(text) {
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

    fn decode(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        let name = self.name;
        let wrong = |at: usize| Err(format!("illegal {name} data at input byte {at}"));
        // In base 32 places are counted without line ends.
        let kept: Vec<(usize, u8)> =
            text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).enumerate().collect();
        let placed: Vec<(usize, u8)> = match self.bits {
            6 => text.iter().copied().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n')).collect(),
            _ => kept,
        };
        let mut out = Vec::new();
        let mut chunks = placed.chunks(self.block).peekable();
        while let Some(chunk) = chunks.next() {
            let mut bits: u64 = 0;
            let mut used = 0;
            for (number, (place, byte)) in chunk.iter().enumerate() {
                match self.alphabet.iter().position(|letter| letter == byte) {
                    Some(index) => {
                        bits = bits << self.bits | u64::try_from(index).unwrap_or(0);
                        used += 1;
                    }
                    None if *byte == b'=' => return self.ended(text, &placed, chunk, number, out),
                    None => return wrong(*place),
                }
            }
            if used < self.block {
                return wrong(match self.bits {
                    // Go says where the unfinished block began, or how much there was.
                    6 => text.len() - used,
                    _ => placed.len() - used,
                });
            }
            self.push(&mut out, bits, used);
        }
        Ok(out)
    }

    fn push(&self, out: &mut Vec<u8>, bits: u64, used: usize) {
        let bytes = used * self.bits / 8;
        let bits = bits >> (used * self.bits - bytes * 8);
        let all = bits.to_be_bytes();
        out.extend_from_slice(&all[8 - bytes..]);
    }

    /// A block that ends in padding from `number` on: nothing may come after it.
    fn ended(
        &self,
        text: &[u8],
        placed: &[(usize, u8)],
        chunk: &[(usize, u8)],
        number: usize,
        mut out: Vec<u8>,
    ) -> Result<Vec<u8>, String> {
        let name = self.name;
        let wrong = |at: usize| Err(format!("illegal {name} data at input byte {at}"));
        let place = chunk[number].0;
        let allowed: &[usize] = if self.bits == 6 { &[2, 3] } else { &[2, 4, 5, 7] };
        if self.bits == 6 && number < 2 {
            return wrong(place);
        }
        for (at, byte) in &chunk[number..] {
            if *byte != b'=' {
                return wrong(*at);
            }
        }
        if chunk.len() < self.block {
            return wrong(if self.bits == 6 { text.len() } else { placed.len() });
        }
        if !allowed.contains(&number) {
            return wrong(place);
        }
        if let Some((at, _)) = placed.iter().find(|(at, _)| *at > chunk[self.block - 1].0) {
            return wrong(*at);
        }
        let mut bits: u64 = 0;
        for (_, byte) in &chunk[..number] {
            let index = self.alphabet.iter().position(|letter| letter == byte).unwrap_or(0);
            bits = bits << self.bits | u64::try_from(index).unwrap_or(0);
        }
        self.push(&mut out, bits, number);
        Ok(out)
    }
}
