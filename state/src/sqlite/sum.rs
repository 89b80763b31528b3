//! Checksums: a disk that gives back something else than it was given is noticed.
//!
//! SQLite has none for its pages. Every row of every table carries the sum of its columns, and every
//! record of the journal the total of all other rows at that moment, so that a row that changed, is
//! gone, or is there twice is an error when it is read. They are no protection against people: what
//! has to be secret or genuine is sealed.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement, Transaction, params_from_iter};

use crate::error::StoreError;
use crate::sqlite::database::sql;

/// Odd, with bits all over: multiplying by it loses nothing and spreads what is multiplied. This is
/// the fractional part of the golden ratio, of which no reader has to ask where it comes from.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sum of a row: of its table and its columns in the order of the table. Two rows of the same
/// lengths that differ in one word of eight bytes never have the same; others have it once in 2^64.
pub(super) fn sum(table: &str, columns: &[ValueRef<'_>]) -> i64 {
    let mut sum = Mix(0);
    sum.bytes(table.as_bytes());
    for column in columns {
        sum.column(column);
    }
    sum.0.cast_signed()
}

/// A row's sum and what it should be: its columns but the last are summed, and the last is the sum.
fn sums(table: &str, row: &Row<'_>) -> Result<(i64, i64), rusqlite::Error> {
    let statement: &Statement<'_> = row.as_ref();
    let count = statement.column_count();
    let mut sum = Mix(0);
    sum.bytes(table.as_bytes());
    let last = count.saturating_sub(1);
    for at in 0..last {
        sum.column(&row.get_ref(at)?);
    }
    Ok((sum.0.cast_signed(), row.get(last)?))
}

/// The sum that a row has, and whether the row is what was written.
pub(super) fn judge(table: &str, row: &Row<'_>) -> Result<(i64, bool), StoreError> {
    match sums(table, row) {
        Ok((is, should)) => Ok((should, is == should)),
        Err(rusqlite::Error::InvalidColumnType(..)) => Ok((0, false)),
        Err(error) => Err(sql("read the state")(error)),
    }
}

/// Whether a row is what was written.
pub(super) fn intact(table: &str, row: &Row<'_>) -> Result<bool, StoreError> {
    Ok(judge(table, row)?.1)
}

/// Writes a row whose last column is its sum, and says which it is.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    table: &str,
    statement: &'static str,
    columns: &[ValueRef<'_>],
    doing: &'static str,
) -> Result<i64, StoreError> {
    let sum = sum(table, columns);
    let values = columns.iter().copied().chain([ValueRef::Integer(sum)]).map(ToSqlOutput::Borrowed);
    transaction
        .prepare_cached(statement)
        .and_then(|mut statement| statement.execute(params_from_iter(values)))
        .map_err(sql(doing))?;
    Ok(sum)
}

/// A column of text.
pub(super) fn text(text: &str) -> ValueRef<'_> {
    ValueRef::Text(text.as_bytes())
}

/// A column of text, or of nothing.
pub(super) fn maybe(maybe: Option<&str>) -> ValueRef<'_> {
    maybe.map_or(ValueRef::Null, text)
}

/// A column of a number; they end at half of what a number can be.
pub(super) fn integer(number: u64) -> ValueRef<'static> {
    ValueRef::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The total of rows, whatever their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total(pub(super) i64);

impl Total {
    pub(super) fn with(self, sum: i64) -> Total {
        Total(self.0.wrapping_add(sum))
    }

    pub(super) fn without(self, sum: i64) -> Total {
        Total(self.0.wrapping_sub(sum))
    }
}

struct Mix(u64);

impl Mix {
    fn word(&mut self, word: u64) {
        // Each of these can be undone, so nothing that came before is lost.
        self.0 = (self.0 ^ word).wrapping_mul(SPREAD);
        self.0 ^= self.0 >> 32;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.word(word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            self.word(rest.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
    }

    fn column(&mut self, column: &ValueRef<'_>) {
        match column {
            ValueRef::Null => self.word(0),
            ValueRef::Integer(number) => {
                self.word(1);
                self.word(number.cast_unsigned());
            }
            ValueRef::Real(number) => {
                self.word(2);
                self.word(number.to_bits());
            }
            ValueRef::Text(bytes) => {
                self.word(3);
                self.bytes(bytes);
            }
            ValueRef::Blob(bytes) => {
                self.word(4);
                self.bytes(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_makes_another_sum() {
        let text: Vec<u8> = (0..67_u8).map(|n| b'a' + n % 26).collect();
        let of = |text: &[u8]| sum("rows", &[ValueRef::Integer(7), ValueRef::Text(text), ValueRef::Null]);
        let before = of(&text);
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of(&flipped), before, "bit {bit}");
        }
        assert_ne!(of(&text[..66]), before);
    }

    #[test]
    fn a_sum_is_of_a_table_and_of_columns_in_order() {
        let (a, b) = (ValueRef::Text(b"a"), ValueRef::Text(b"b"));
        let all = [
            sum("rows", &[a, b]),
            sum("rows", &[b, a]),
            sum("outputs", &[a, b]),
            sum("rows", &[ValueRef::Text(b"ab")]),
            sum("rows", &[ValueRef::Blob(b"a"), b]),
            sum("rows", &[a, b, ValueRef::Null]),
            sum("rows", &[a, b, ValueRef::Integer(0)]),
        ];
        let different: std::collections::BTreeSet<i64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        // Stored sums are read by every later version.
        assert_eq!(all[0], 5_367_507_595_382_534_289);
    }
}
