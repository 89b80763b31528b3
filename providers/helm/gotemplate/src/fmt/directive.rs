//! The format of `Sprintf`, read directive by directive.

use super::layout::Flags;
use super::printer::Printer;
use crate::bytes::decode_rune;
use crate::{Error, Value};

/// Widths and precisions beyond this are no numbers to Go.
const LARGEST: i64 = 1_000_000;

/// Where the reading of a format stands.
struct Reader<'a> {
    format: &'a [u8],
    at: usize,
    arguments: &'a [Value],
    /// The next argument.
    next: usize,
    /// An explicit index was used somewhere: leftover arguments are no mistake.
    reordered: bool,
    /// The indexes of this directive were right.
    good: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        flags
    }

    /// `[3]`: the next argument is the third. Says whether there was one of these.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = if rest.len() < 3 { None } else { rest.iter().position(|b| *b == b']') };
        let Some(close) = close else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let number = whole_number(&rest[1..close]);
        self.at += close + 1;
        match number {
            Some(number) if number >= 1 && number <= self.arguments.len() => {
                self.next = number - 1;
                true
            }
            number => {
                self.good = false;
                number.is_some()
            }
        }
    }

    /// Digits, if there are any. A number that is too large ends the format.
    fn number(&mut self) -> Option<usize> {
        let mut value: Option<usize> = None;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            let so_far = value.unwrap_or(0);
            if i64::try_from(so_far).is_ok_and(|n| n > LARGEST) {
                self.at = self.format.len();
                return None;
            }
            value = Some(so_far * 10 + usize::from(byte - b'0'));
            self.at += 1;
        }
        value
    }

    /// `*`: the next argument, if it is a number of a reasonable size.
    fn star(&mut self) -> Option<i64> {
        let argument = self.arguments.get(self.next)?;
        self.next += 1;
        let number = match argument.below() {
            Value::Int(_, n) => Some(n),
            Value::Uint(_, n) => i64::try_from(n).ok(),
            _ => None,
        };
        number.filter(|n| (-LARGEST..=LARGEST).contains(n))
    }
}

/// The number that all of these digits make.
fn whole_number(digits: &[u8]) -> Option<usize> {
    let mut value: usize = 0;
    if digits.is_empty() {
        return None;
    }
    for byte in digits {
        if !byte.is_ascii_digit() || i64::try_from(value).is_ok_and(|n| n > LARGEST) {
            return None;
        }
        value = value * 10 + usize::from(byte - b'0');
    }
    Some(value)
}

impl Printer {
    pub(super) fn printf(&mut self, format: &[u8], arguments: &[Value]) -> Result<(), Error> {
        let mut reader = Reader { format, at: 0, arguments, next: 0, reordered: false, good: true };
        while reader.at < format.len() {
            let rest = &format[reader.at..];
            let percent = rest.iter().position(|b| *b == b'%').unwrap_or(rest.len());
            self.write(&rest[..percent])?;
            reader.at += percent + 1;
            if percent == rest.len() || !self.directive(&mut reader)? {
                break;
            }
        }
        if !reader.reordered && reader.next < arguments.len() {
            self.extra(&arguments[reader.next..])?;
        }
        Ok(())
    }

    /// One directive, behind its `%`. Says whether there is more.
    fn directive(&mut self, reader: &mut Reader<'_>) -> Result<bool, Error> {
        reader.good = true;
        self.flags = reader.flags();
        let mut after_index = reader.index();
        if reader.peek() == Some(b'*') {
            reader.at += 1;
            match reader.star() {
                None => self.write(b"%!(BADWIDTH)")?,
                Some(width) => {
                    if width < 0 {
                        self.flags.minus = true;
                        self.flags.zero = false;
                    }
                    self.flags.width = usize::try_from(width.unsigned_abs()).ok();
                }
            }
            after_index = false;
        } else {
            self.flags.width = reader.number();
            if after_index && self.flags.width.is_some() {
                reader.good = false;
            }
        }
        if reader.peek() == Some(b'.') && reader.at + 1 < reader.format.len() {
            reader.at += 1;
            if after_index {
                reader.good = false;
            }
            after_index = reader.index();
            if reader.peek() == Some(b'*') {
                reader.at += 1;
                self.flags.precision = match reader.star() {
                    Some(precision) => usize::try_from(precision).ok(),
                    None => None,
                };
                if self.flags.precision.is_none() {
                    self.write(b"%!(BADPREC)")?;
                }
                after_index = false;
            } else {
                self.flags.precision = Some(reader.number().unwrap_or(0));
            }
        }
        if !after_index {
            reader.index();
        }
        if reader.at >= reader.format.len() {
            self.write(b"%!(NOVERB)")?;
            return Ok(false);
        }
        let (rune, width) = decode_rune(&reader.format[reader.at..]);
        reader.at += width;
        let verb = char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER);
        if verb == '%' {
            self.write(b"%")?;
        } else if !reader.good {
            self.write(format!("%!{verb}(BADINDEX)").as_bytes())?;
        } else if let Some(argument) = reader.arguments.get(reader.next) {
            if matches!(verb, 'v' | 'w') {
                self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                self.flags.plus_v = std::mem::take(&mut self.flags.plus);
            }
            self.argument(argument, verb)?;
            reader.next += 1;
        } else {
            self.write(format!("%!{verb}(MISSING)").as_bytes())?;
        }
        Ok(true)
    }

    fn extra(&mut self, arguments: &[Value]) -> Result<(), Error> {
        self.flags = Flags::default();
        self.write(b"%!(EXTRA ")?;
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.write(b", ")?;
            }
            if !argument.is_nil() {
                self.write(format!("{}=", argument.type_name()).as_bytes())?;
            }
            self.argument(argument, 'v')?;
        }
        self.write(b")")
    }
}
