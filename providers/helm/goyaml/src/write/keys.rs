//! The order of keys: runs of digits as numbers, letters after everything else.

use std::cmp::Ordering;

use super::letters::{is_digit, is_letter};
use crate::resolve::Generation;

/// Sorts keys as the generation does.
///
/// The comparison goes in circles for some keys: `2x` is before `910`, that before `2001`, and that before
/// `2x`. Go's result then depends on the order in memory, and Rust's own sort may panic; this one does
/// neither. Up to twelve keys it even is one of Go's results, as Go sorts so few in the same way.
pub(crate) fn sort<T>(entries: Vec<(&str, T)>, generation: Generation) -> Vec<(&str, T)> {
    let mut keyed: Vec<_> =
        entries.into_iter().map(|(key, value)| (key.chars().collect::<Vec<_>>(), key, value)).collect();
    // The keys come sorted by their bytes, which mostly is the order already.
    if keyed.len() <= 12 {
        for end in 1..keyed.len() {
            let mut at = end;
            while at > 0 && less(&keyed[at].0, &keyed[at - 1].0, generation) {
                keyed.swap(at, at - 1);
                at -= 1;
            }
        }
    } else if !keyed.windows(2).all(|pair| less(&pair[0].0, &pair[1].0, generation)) {
        keyed = merge_sort(keyed, &|a, b| less(&a.0, &b.0, generation));
    }
    keyed.into_iter().map(|(_, key, value)| (key, value)).collect()
}

fn merge_sort<T>(items: Vec<T>, less: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut runs: Vec<Vec<T>> = items.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, less),
                None => left,
            });
        }
        runs = merged;
    }
    runs.pop().unwrap_or_default()
}

fn merge<T>(left: Vec<T>, right: Vec<T>, less: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if less(b, a) { right.next() } else { left.next() };
        all.extend(next);
    }
    all.extend(left);
    all.extend(right);
    all
}

fn less(a: &[char], b: &[char], generation: Generation) -> bool {
    let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) else { return a.len() < b.len() };
    let (here_a, here_b) = (a[at], b[at]);
    match (is_letter(here_a), is_letter(here_b)) {
        (true, true) => return here_a < here_b,
        (false, false) => {}
        // The later generation lets a number that goes on be larger than one that ends with a letter.
        (a_is_letter, b_is_letter) => {
            let after_digit = generation == Generation::V3 && at > 0 && is_digit(a[at - 1]);
            return if after_digit { a_is_letter } else { b_is_letter };
        }
    }
    // A zero is only a leading one if no other digit came before it.
    let mut start = 0;
    if here_a == '0' || here_b == '0' {
        let before = a[..at].iter().rev().take_while(|c| is_digit(**c));
        if before.into_iter().any(|c| *c != '0') {
            start = 1;
        }
    }
    let (number_a, length_a) = number(&a[at..], start);
    let (number_b, length_b) = number(&b[at..], start);
    let order = number_a.cmp(&number_b).then(length_a.cmp(&length_b)).then(here_a.cmp(&here_b));
    order == Ordering::Less
}

/// The number at the beginning and its length. It overflows as Go's does.
fn number(text: &[char], start: i64) -> (i64, usize) {
    let digits = text.iter().take_while(|c| is_digit(**c));
    digits.fold((start, 0), |(value, length), digit| {
        let digit = i64::from(u32::from(*digit)) - i64::from(u32::from('0'));
        (value.wrapping_mul(10).wrapping_add(digit), length + 1)
    })
}
