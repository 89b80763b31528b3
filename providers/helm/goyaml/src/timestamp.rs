//! Which texts are dates for Go.
//!
//! Only whether a text is one matters: as a value it stays a text, but the writers put it in quotes and
//! the tag `!!timestamp` refuses what is none.

/// Whether a text is a date, or a date and a time, in the forms that the readers take.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if year != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = Rest(bytes);
    let Some(valid) = date(&mut rest) else { return false };
    let ends = match rest.0.first() {
        None => true,
        Some(b'T' | b't') => {
            rest.0 = &rest.0[1..];
            time(&mut rest).is_some() && zone(&mut rest).is_some()
        }
        Some(b' ') => {
            while rest.0.first() == Some(&b' ') {
                rest.0 = &rest.0[1..];
            }
            time(&mut rest).is_some()
        }
        Some(_) => false,
    };
    valid && ends && rest.0.is_empty()
}

/// What is left of the text.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn literal(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    /// One digit, or two.
    fn number(&mut self) -> Option<u32> {
        let mut value = None;
        for _ in 0..2 {
            match self.0.split_first() {
                Some((digit, rest)) if digit.is_ascii_digit() => {
                    value = Some(value.unwrap_or(0) * 10 + u32::from(digit - b'0'));
                    self.0 = rest;
                }
                _ => break,
            }
        }
        value
    }

    /// Exactly two digits.
    fn pair(&mut self) -> Option<u32> {
        let before = self.0.len();
        let value = self.number()?;
        (before - self.0.len() == 2).then_some(value)
    }
}

/// Reads a date, and says whether there is such a day.
fn date(rest: &mut Rest) -> Option<bool> {
    let year = rest.0.get(..4)?.iter().fold(0, |year, digit| year * 10 + u32::from(digit - b'0'));
    rest.0 = &rest.0[4..];
    rest.literal(b'-')?;
    let month = rest.number()?;
    rest.literal(b'-')?;
    let day = rest.number()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    Some((1..=days).contains(&day))
}

fn time(rest: &mut Rest) -> Option<()> {
    let hour = rest.number()?;
    rest.literal(b':')?;
    let minute = rest.number()?;
    rest.literal(b':')?;
    let second = rest.number()?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if let [b'.' | b',', digit, ..] = rest.0
        && digit.is_ascii_digit()
    {
        let digits = rest.0[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest.0 = &rest.0[1 + digits..];
    }
    Some(())
}

fn zone(rest: &mut Rest) -> Option<()> {
    if rest.0.first() == Some(&b'Z') {
        return rest.literal(b'Z');
    }
    let (sign, after) = rest.0.split_first()?;
    if !matches!(sign, b'+' | b'-') {
        return None;
    }
    rest.0 = after;
    let hours = rest.pair()?;
    rest.literal(b':')?;
    let minutes = rest.pair()?;
    // Go is one too generous with both.
    (hours <= 24 && minutes <= 60).then_some(())
}
