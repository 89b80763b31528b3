//! What Go's `unicode` says of characters. Rust's own tables are of another version and ask other
//! questions (its "alphabetic" has marks that are no letters of Go).

use crate::unicode_tables::{DIGIT, LETTER, PRINT};

/// Letters, marks, numbers, punctuation, symbols and the space: what `%q` writes as it is.
#[must_use]
pub fn is_print(rune: u32) -> bool {
    if rune < 0x7F { rune >= 0x20 } else { within(PRINT, rune) }
}

/// Letters.
#[must_use]
pub fn is_letter(rune: u32) -> bool {
    match u8::try_from(rune) {
        Ok(byte) if byte < 0x80 => byte.is_ascii_alphabetic(),
        _ => within(LETTER, rune),
    }
}

/// Decimal digits of any script.
#[must_use]
pub fn is_digit(rune: u32) -> bool {
    match u8::try_from(rune) {
        Ok(byte) if byte < 0x80 => byte.is_ascii_digit(),
        _ => within(DIGIT, rune),
    }
}

fn within(ranges: &[(u32, u32)], rune: u32) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= rune);
    after > 0 && rune <= ranges[after - 1].1
}
