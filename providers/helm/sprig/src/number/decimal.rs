//! Decimal numbers of any length: a float is the shortest decimal that stands for it, and sums and
//! products of these are exact. A quotient has sixteen digits after the point.

use std::cmp::Ordering;

use aurak_gotemplate::strconv::format_float;
use aurak_gotemplate::{Error, FloatKind};

/// Digits after the point of a quotient.
const QUOTIENT_DIGITS: i64 = 16;

/// How many digits a number may have. Floats alone never get there; products of very many do.
const MOST_DIGITS: usize = 20_000;

/// `± 0.d₀d₁… × 10^…`: digits with the least significant first, and a power of ten.
#[derive(Clone, Debug)]
pub(crate) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal that stands for a float.
    pub(crate) fn from_float(x: f64) -> Result<Self, Error> {
        if !x.is_finite() {
            let shown = format_float(x, b'g', None, FloatKind::Float64);
            return Err(Error::new(format!("Cannot create a Decimal from {shown}")));
        }
        let text = format!("{x:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = mantissa.bytes().rev().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let exponent = exponent.parse::<i64>().unwrap_or(0) - i64::try_from(fraction).unwrap_or(0);
        Ok(Self { negative: x < 0.0, digits, exponent }.trimmed())
    }

    /// The nearest float.
    pub(crate) fn to_float(&self) -> f64 {
        let mut text = String::from(if self.negative && !self.is_zero() { "-" } else { "" });
        text.push('0');
        text.extend(self.digits.iter().rev().map(|digit| char::from(b'0' + digit)));
        text.push_str(&format!("e{}", self.exponent));
        text.parse().unwrap_or(0.0)
    }

    /// How many digits it has.
    pub(crate) fn size(&self) -> usize {
        self.digits.len().max(1)
    }

    fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == 0)
    }

    fn trimmed(mut self) -> Self {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        self
    }

    /// With the sign turned round.
    pub(crate) fn negated(&self) -> Self {
        Self { negative: !self.negative, ..self.clone() }
    }

    /// The digits with zeros below them down to a power of ten.
    fn scaled(&self, exponent: i64) -> Result<Vec<u8>, Error> {
        let zeros = usize::try_from(self.exponent - exponent).unwrap_or(usize::MAX);
        if zeros.saturating_add(self.digits.len()) > MOST_DIGITS {
            return Err(Error::limit(format!("a decimal number has more than {MOST_DIGITS} digits")));
        }
        Ok([vec![0; zeros], self.digits.clone()].concat())
    }

    /// The sum.
    pub(crate) fn plus(&self, other: &Self) -> Result<Self, Error> {
        let exponent = self.exponent.min(other.exponent);
        let (left, right) = (self.scaled(exponent)?, other.scaled(exponent)?);
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, sum(&left, &right))
        } else if compare(&left, &right) == Ordering::Less {
            (other.negative, difference(&right, &left))
        } else {
            (self.negative, difference(&left, &right))
        };
        Ok(Self { negative, digits, exponent }.trimmed())
    }

    /// The product.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut digits = vec![0u8; self.digits.len() + other.digits.len() + 1];
        for (i, left) in self.digits.iter().enumerate() {
            let mut carry = 0;
            for (j, right) in other.digits.iter().chain(std::iter::once(&0)).enumerate() {
                let all = digits[i + j] + left * right + carry;
                digits[i + j] = all % 10;
                carry = all / 10;
            }
        }
        let negative = self.negative != other.negative;
        Self { negative, digits, exponent: self.exponent + other.exponent }.trimmed()
    }

    /// The quotient, rounded half away from zero.
    pub(crate) fn over(&self, other: &Self) -> Result<Self, Error> {
        if other.is_zero() {
            return Err(Error::new("decimal division by 0"));
        }
        let shift = self.exponent - other.exponent + QUOTIENT_DIGITS;
        let (mut left, mut right) = (self.clone(), other.clone());
        (left.exponent, right.exponent) = (shift.max(0), (-shift).max(0));
        let (left, right) = (left.scaled(0)?, right.scaled(0)?);
        let mut quotient = Vec::with_capacity(left.len());
        let mut rest: Vec<u8> = Vec::new();
        for digit in left.iter().rev() {
            rest.insert(0, *digit);
            let mut count = 0;
            while compare(&rest, &right) != Ordering::Less {
                rest = difference(&rest, &right);
                count += 1;
            }
            quotient.push(count);
        }
        quotient.reverse();
        if compare(&sum(&rest, &rest), &right) != Ordering::Less {
            quotient = sum(&quotient, &[1]);
        }
        let negative = self.negative != other.negative;
        Ok(Self { negative, digits: quotient, exponent: -QUOTIENT_DIGITS }.trimmed())
    }
}

fn at(digits: &[u8], index: usize) -> u8 {
    digits.get(index).copied().unwrap_or(0)
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let length = left.len().max(right.len());
    (0..length).rev().map(|i| at(left, i).cmp(&at(right, i))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

fn sum(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let length = left.len().max(right.len()) + 1;
    (0..length)
        .map(|i| {
            let all = at(left, i) + at(right, i) + carry;
            carry = all / 10;
            all % 10
        })
        .collect()
}

/// What is left of the larger one.
fn difference(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut borrowed = 0;
    let mut digits: Vec<u8> = (0..left.len())
        .map(|i| {
            let take = at(right, i) + borrowed;
            let (digit, borrow) = if at(left, i) < take { (10, 1) } else { (0, 0) };
            borrowed = borrow;
            digit + at(left, i) - take
        })
        .collect();
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}
