//! Characters and their cases as Go's `unicode` and `strings` know them: one character becomes one.

use aurak_gotemplate::bytes::{decode_rune, push_rune};
use aurak_gotemplate::unicode::{is_digit, is_letter};

/// The characters of a text; each byte that is no UTF-8 is a replacement character.
pub(crate) fn runes(text: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (rune, width) = decode_rune(rest);
        rest = rest.get(width..).unwrap_or_default();
        (width > 0).then_some(rune)
    })
}

/// A text of characters.
pub(crate) fn text(runes: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut out = Vec::new();
    for rune in runes {
        push_rune(&mut out, rune);
    }
    out
}

/// A text with each character made another.
pub(crate) fn map(bytes: &[u8], change: impl FnMut(u32) -> u32) -> Vec<u8> {
    text(runes(bytes).map(change))
}

/// The upper case.
pub(crate) fn upper(rune: u32) -> u32 {
    single(rune, |c| single_of(c.to_uppercase()))
}

/// The lower case.
pub(crate) fn lower(rune: u32) -> u32 {
    match rune {
        // The capital I with a dot becomes two characters in full, but one in Go.
        0x130 => u32::from('i'),
        _ => single(rune, |c| single_of(c.to_lowercase())),
    }
}

/// The title case: the upper case, but for a few letters that are two.
pub(crate) fn title(rune: u32) -> u32 {
    match rune {
        0x1C4..=0x1C6 => 0x1C5,
        0x1C7..=0x1C9 => 0x1C8,
        0x1CA..=0x1CC => 0x1CB,
        0x1F1..=0x1F3 => 0x1F2,
        _ => upper(rune),
    }
}

fn single(rune: u32, change: impl Fn(char) -> Option<char>) -> u32 {
    char::from_u32(rune).and_then(change).map_or(rune, u32::from)
}

fn single_of(mut chars: impl Iterator<Item = char>) -> Option<char> {
    chars.next().filter(|_| chars.next().is_none())
}

fn is(rune: u32, what: impl Fn(char) -> bool) -> bool {
    char::from_u32(rune).is_some_and(what)
}

/// Is it white space?
pub(crate) fn is_space(rune: u32) -> bool {
    is(rune, char::is_whitespace)
}

/// Is it an upper case letter?
pub(crate) fn is_upper(rune: u32) -> bool {
    is(rune, char::is_uppercase) && is_letter(rune)
}

/// Is it a lower case letter?
pub(crate) fn is_lower(rune: u32) -> bool {
    is(rune, char::is_lowercase) && is_letter(rune)
}

/// Is it a title case letter?
pub(crate) fn is_title(rune: u32) -> bool {
    matches!(rune, 0x1C5 | 0x1C8 | 0x1CB | 0x1F2) || (0x1F88..=0x1FFC).contains(&rune) && title(rune) == rune
}

/// Is it a number of any kind?
pub(crate) fn is_number(rune: u32) -> bool {
    is_digit(rune) || is(rune, char::is_numeric)
}

/// Is it punctuation? Symbols such as `+` and `$` are not.
pub(crate) fn is_punct(rune: u32) -> bool {
    match rune {
        0..=0x7F => is(rune, |c| c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c)),
        0xA1 | 0xA7 | 0xAB | 0xB6 | 0xB7 | 0xBB | 0xBF => true,
        0x2010..=0x2027 | 0x2030..=0x205E => !matches!(rune, 0x2044 | 0x2052),
        0x3001..=0x3003 | 0x3008..=0x3011 | 0x3014..=0x301F => true,
        0xFF01..=0xFF03 | 0xFF05..=0xFF0A | 0xFF0C..=0xFF0F => true,
        _ => false,
    }
}

/// Does a word end at this character, for `title`?
pub(crate) fn is_separator(rune: u32) -> bool {
    match rune {
        0..=0x7F => !is(rune, |c| c.is_ascii_alphanumeric() || c == '_'),
        _ => !is_letter(rune) && !is_digit(rune) && is_space(rune),
    }
}
