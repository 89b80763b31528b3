//! scrypt with the one set of parameters that `derivePassword` uses.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{PBKDF2_HMAC_SHA256, derive};

const ROUNDS: usize = 32_768;
/// Words of a block: 128 bytes eight times.
const WORDS: usize = 32 * 8;
const LANES: usize = 2;

/// 64 bytes of key.
pub(crate) fn scrypt(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; WORDS * 4 * LANES];
    derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, salt, password, &mut bytes);
    for lane in bytes.chunks_mut(WORDS * 4) {
        let mut words: Vec<u32> =
            lane.chunks(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
        mix(&mut words);
        for (to, word) in lane.chunks_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
    }
    let mut key = vec![0; 64];
    derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, &bytes, password, &mut key);
    key
}

fn mix(block: &mut Vec<u32>) {
    let mut kept = Vec::with_capacity(ROUNDS * WORDS);
    for _ in 0..ROUNDS {
        kept.extend_from_slice(block);
        *block = stirred(block);
    }
    for _ in 0..ROUNDS {
        let at = usize::try_from(block[WORDS - 16]).unwrap_or(0) % ROUNDS * WORDS;
        for (word, other) in block.iter_mut().zip(&kept[at..at + WORDS]) {
            *word ^= other;
        }
        *block = stirred(block);
    }
}

fn stirred(block: &[u32]) -> Vec<u32> {
    let mut last = [0; 16];
    last.copy_from_slice(&block[WORDS - 16..]);
    let mut out = vec![0; WORDS];
    for (index, part) in block.chunks(16).enumerate() {
        for (word, other) in last.iter_mut().zip(part) {
            *word ^= other;
        }
        salsa(&mut last);
        // Even parts come first.
        let at = (index / 2 + index % 2 * WORDS / 32) * 16;
        out[at..at + 16].copy_from_slice(&last);
    }
    out
}

fn salsa(words: &mut [u32; 16]) {
    const QUARTERS: [[usize; 4]; 8] = [
        [0, 4, 8, 12],
        [5, 9, 13, 1],
        [10, 14, 2, 6],
        [15, 3, 7, 11],
        [0, 1, 2, 3],
        [5, 6, 7, 4],
        [10, 11, 8, 9],
        [15, 12, 13, 14],
    ];
    let mut x = *words;
    for _ in 0..4 {
        for [a, b, c, d] in QUARTERS {
            x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
            x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
            x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
            x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
        }
    }
    for (word, mixed) in words.iter_mut().zip(x) {
        *word = word.wrapping_add(mixed);
    }
}
