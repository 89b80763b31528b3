//! Numbers, strings and characters laid out with flags, width and precision.

use super::printer::Printer;
use crate::bytes::{decode_rune, push_rune, rune_count};
use crate::strconv::{can_backquote, format_float, quote, quote_rune, quote_rune_to_ascii, quote_to_ascii};
use crate::unicode::is_print;
use crate::{Error, FloatKind};

const LAST_RUNE: u64 = 0x10_FFFF;

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: names of fields, no sign.
    pub(super) plus_v: bool,
    /// `%#v`: Go syntax.
    pub(super) sharp_v: bool,
}

impl Printer {
    fn padding(&mut self, count: usize) -> Result<(), Error> {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.fill(byte, count)
    }

    /// Writes text filled up to the width.
    pub(super) fn pad(&mut self, text: &[u8]) -> Result<(), Error> {
        let Some(width) = self.flags.width else { return self.write(text) };
        let missing = width.saturating_sub(rune_count(text));
        if self.flags.minus {
            self.write(text)?;
            self.padding(missing)
        } else {
            self.padding(missing)?;
            self.write(text)
        }
    }

    /// As [`pad`](Self::pad), for what has its zeros already.
    fn pad_with_spaces(&mut self, text: &[u8]) -> Result<(), Error> {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        let done = self.pad(text);
        self.flags.zero = zero;
        done
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(most) = self.flags.precision else { return text };
        let mut end = 0;
        for _ in 0..most {
            if end >= text.len() {
                break;
            }
            end += decode_rune(&text[end..]).1;
        }
        &text[..end]
    }

    pub(super) fn string(&mut self, text: &[u8]) -> Result<(), Error> {
        let text = self.truncated(text);
        self.pad(text)
    }

    pub(super) fn quoted(&mut self, text: &[u8]) -> Result<(), Error> {
        let text = self.truncated(text);
        if self.flags.sharp && can_backquote(text) {
            let raw = [b"`", text, b"`"].concat();
            return self.pad(&raw);
        }
        let quoted = if self.flags.plus { quote_to_ascii(text) } else { quote(text) };
        self.pad(&quoted)
    }

    /// The bytes of a string in hexadecimal.
    pub(super) fn hexadecimal(&mut self, text: &[u8], upper: bool) -> Result<(), Error> {
        let most = self.flags.precision.unwrap_or(text.len()).min(text.len());
        let text = &text[..most];
        if text.is_empty() {
            return self.padding(self.flags.width.unwrap_or(0));
        }
        self.room(text.len() * 5)?;
        let prefix = if upper { "0X" } else { "0x" };
        let mut hex = String::with_capacity(text.len() * 2);
        for (index, byte) in text.iter().enumerate() {
            if index > 0 && self.flags.space {
                hex.push(' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                hex.push_str(prefix);
            }
            hex.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(hex.as_bytes())
    }

    /// An integer in base 2, 8, 10 or 16.
    pub(super) fn integer(&mut self, size: u64, negative: bool, base: u64, verb: char) -> Result<(), Error> {
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            if precision == 0 && size == 0 {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                let done = self.padding(flags.width.unwrap_or(0));
                self.flags.zero = zero;
                return done;
            }
            least = precision;
        } else if let Some(width) = flags.width
            && flags.zero
            && !flags.minus
        {
            let sign = usize::from(negative || flags.plus || flags.space);
            least = width.saturating_sub(sign);
        }
        self.room(least)?;
        let mut digits = match base {
            2 => format!("{size:b}"),
            8 => format!("{size:o}"),
            16 if verb == 'X' => format!("{size:X}"),
            16 => format!("{size:x}"),
            _ => size.to_string(),
        };
        if digits.len() < least {
            digits.insert_str(0, &"0".repeat(least - digits.len()));
        }
        let mut text = String::with_capacity(digits.len() + 4);
        if negative {
            text.push('-');
        } else if flags.plus {
            text.push('+');
        } else if flags.space {
            text.push(' ');
        }
        if verb == 'O' {
            text.push_str("0o");
        }
        if flags.sharp {
            match base {
                2 => text.push_str("0b"),
                8 if !digits.starts_with('0') => text.push('0'),
                16 if verb == 'X' => text.push_str("0X"),
                16 => text.push_str("0x"),
                _ => {}
            }
        }
        text.push_str(&digits);
        self.pad_with_spaces(text.as_bytes())
    }

    /// `%c`
    pub(super) fn character(&mut self, rune: u64) -> Result<(), Error> {
        let mut text = Vec::new();
        push_rune(&mut text, scalar(rune));
        self.pad(&text)
    }

    /// `%q` of a number.
    pub(super) fn quoted_character(&mut self, rune: u64) -> Result<(), Error> {
        let rune = scalar(rune);
        let text = if self.flags.plus { quote_rune_to_ascii(rune) } else { quote_rune(rune) };
        self.pad(&text)
    }

    /// `%U`
    pub(super) fn code_point(&mut self, rune: u64) -> Result<(), Error> {
        let least = self.flags.precision.unwrap_or(4).max(4);
        self.room(least)?;
        let digits = format!("{rune:X}");
        let mut text = b"U+".to_vec();
        text.resize(2 + least.saturating_sub(digits.len()), b'0');
        text.extend_from_slice(digits.as_bytes());
        if self.flags.sharp && rune <= LAST_RUNE && is_print(scalar(rune)) {
            text.extend_from_slice(b" '");
            push_rune(&mut text, scalar(rune));
            text.push(b'\'');
        }
        self.pad_with_spaces(&text)
    }

    /// A float in a format of `strconv`, with the precision of the verb where none is given.
    pub(super) fn float(
        &mut self,
        x: f64,
        kind: FloatKind,
        format: u8,
        default: Option<usize>,
    ) -> Result<(), Error> {
        let flags = self.flags;
        let precision = flags.precision.or(default);
        self.room(precision.unwrap_or(0))?;
        let text = format_float(x, format, precision, kind);
        let (mut sign, unsigned) = match text.as_bytes().first() {
            Some(b'-') => ('-', &text[1..]),
            Some(b'+') => ('+', &text[1..]),
            _ => ('+', &text[..]),
        };
        if flags.space && sign == '+' && !flags.plus {
            sign = ' ';
        }
        if x.is_nan() || x.is_infinite() {
            let shown = x.is_infinite() || flags.space || flags.plus;
            let text = if shown { format!("{sign}{unsigned}") } else { unsigned.to_owned() };
            return self.pad_with_spaces(text.as_bytes());
        }
        let unsigned = if flags.sharp && format != b'b' {
            with_point(unsigned, format, precision)
        } else {
            unsigned.to_owned()
        };
        if !flags.plus && sign == '+' {
            return self.pad(unsigned.as_bytes());
        }
        let length = unsigned.len() + 1;
        if let Some(width) = flags.width
            && flags.zero
            && !flags.minus
            && width > length
        {
            self.write(sign.encode_utf8(&mut [0; 4]).as_bytes())?;
            self.padding(width - length)?;
            return self.write(unsigned.as_bytes());
        }
        self.pad(format!("{sign}{unsigned}").as_bytes())
    }
}

/// The number as a character; what is beyond all of them is the replacement character.
fn scalar(rune: u64) -> u32 {
    u32::try_from(rune).ok().filter(|rune| char::from_u32(*rune).is_some()).unwrap_or(0xFFFD)
}

/// `#` keeps the decimal point and the zeros after it.
fn with_point(number: &str, format: u8, precision: Option<usize>) -> String {
    let mut wanted = match format {
        b'g' | b'G' | b'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let hexadecimal = matches!(format, b'x' | b'X');
    let tail = number
        .find(|c: char| matches!(c, 'p' | 'P') || !hexadecimal && matches!(c, 'e' | 'E'))
        .unwrap_or(number.len());
    let (head, tail) = number.split_at(tail);
    let mut seen = false;
    for c in head.chars().filter(|c| *c != '.') {
        seen |= c != '0';
        if seen {
            wanted = wanted.saturating_sub(1);
        }
    }
    let mut text = head.to_owned();
    if !head.contains('.') {
        if head == "0" {
            wanted = wanted.saturating_sub(1);
        }
        text.push('.');
    }
    text.extend(std::iter::repeat_n('0', wanted));
    text + tail
}
