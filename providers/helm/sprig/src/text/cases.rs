//! Cases of letters, of words and of names.

use aurak_gotemplate::bytes::{RUNE_ERROR, push_rune};
use aurak_gotemplate::unicode::is_letter;
use aurak_gotemplate::{Functions, Value};

use crate::runes::{
    is_lower, is_number, is_punct, is_separator, is_space, is_title, is_upper, lower, map, runes, text,
    title, upper,
};
use crate::table::{S, add};

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["title"], &[S], S, |_, a| {
        let mut before = u32::from(' ');
        Ok(Value::str(map(&a.str(0), |rune| {
            let starts = is_separator(before);
            before = rune;
            if starts { title(rune) } else { rune }
        })))
    });
    add(table, &["untitle"], &[S], S, |_, a| {
        let mut starts = true;
        Ok(Value::str(map(&a.str(0), |rune| {
            let first = starts && !is_space(rune);
            starts = is_space(rune);
            if first { lower(rune) } else { rune }
        })))
    });
    add(table, &["swapcase"], &[S], S, |_, a| {
        let mut starts = true;
        Ok(Value::str(map(&a.str(0), |rune| {
            if is_upper(rune) || is_title(rune) {
                starts = false;
                lower(rune)
            } else if is_lower(rune) {
                if std::mem::take(&mut starts) { title(rune) } else { upper(rune) }
            } else {
                starts = is_space(rune);
                rune
            }
        })))
    });
    add(table, &["initials"], &[S], S, |_, a| {
        // By bytes, each taken as a character.
        let mut gap = true;
        let firsts = a.str(0).to_vec().into_iter().map(u32::from).filter(|rune| {
            let first = gap && !is_space(*rune);
            gap = is_space(*rune);
            first
        });
        Ok(Value::str(text(firsts)))
    });
    add(table, &["camelcase"], &[S], S, |_, a| Ok(Value::str(camel(&a.str(0)))));
    add(table, &["snakecase"], &[S], S, |_, a| Ok(Value::str(joined(&a.str(0), u32::from('_')))));
    add(table, &["kebabcase"], &[S], S, |_, a| Ok(Value::str(joined(&a.str(0), u32::from('-')))));
}

fn is_connector(rune: u32) -> bool {
    rune == u32::from('-') || rune == u32::from('_') || is_space(rune)
}

/// `some_words` as `SomeWords`; of connectors in a row all but the last stay.
fn camel(name: &[u8]) -> Vec<u8> {
    let all: Vec<u32> = runes(name).collect();
    let mut out = Vec::new();
    let Some(first) = all.iter().position(|rune| !is_connector(*rune)) else {
        // Of a name without any word the last one is written twice.
        return text(all.iter().chain(all.last()).copied());
    };
    out.extend_from_slice(&all[..first]);
    let mut now = upper(all[first]);
    // While a word goes on in capitals, they become small.
    let mut capitals = is_upper(all[first]);
    for &rune in &all[first + 1..] {
        let before = now;
        now = rune;
        if is_connector(before) {
            if is_connector(now) {
                out.push(before);
                continue;
            }
            capitals = is_upper(now);
            now = upper(now);
            continue;
        }
        if capitals {
            if is_upper(now) {
                now = lower(now);
            } else {
                capitals = false;
            }
        }
        out.push(before);
    }
    out.push(now);
    text(out)
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

/// Letters, but not those of Chinese.
fn is_alphabet(rune: u32) -> bool {
    is_letter(rune) && !matches!(rune, 0x4E00..=0x9FCC | 0x3400..=0x4D85 | 0x2_0000..=0x2_B81D)
}

struct Words<'a> {
    rest: &'a [u32],
}

impl<'a> Words<'a> {
    fn next(&mut self) -> (Word, &'a [u32]) {
        let Some(&first) = self.rest.first() else { return (Word::Invalid, &[]) };
        let run =
            |test: &dyn Fn(u32) -> bool| 1 + self.rest[1..].iter().take_while(|rune| test(**rune)).count();
        let small = |rune: u32| is_alphabet(rune) && !is_upper(rune);
        let (word, length) = if first == RUNE_ERROR {
            (Word::Invalid, 1)
        } else if is_connector(first) {
            (Word::Connector, run(&is_connector))
        } else if is_punct(first) {
            (Word::Punct, run(&is_punct))
        } else if is_upper(first) {
            let capitals = run(&is_upper);
            let length = match capitals {
                1 => run(&small),
                // The last capital before small letters begins the next word.
                _ if self.rest.get(capitals).is_some_and(|rune| is_alphabet(*rune)) => capitals - 1,
                _ => capitals,
            };
            (Word::Upper, length)
        } else if is_alphabet(first) {
            (Word::Alphabet, run(&small))
        } else if is_number(first) {
            (Word::Number, run(&is_number))
        } else {
            let other =
                |rune: u32| !(is_connector(rune) || is_alphabet(rune) || is_number(rune) || is_punct(rune));
            (Word::Other, run(&other))
        };
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        (word, taken)
    }
}

/// `SomeWords` as `some_words`, or with another connector.
fn joined(name: &[u8], connector: u32) -> Vec<u8> {
    let all: Vec<u32> = runes(name).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let mut words = Words { rest: &all };
    let mut out: Vec<u8> = Vec::new();
    let write = |out: &mut Vec<u8>, kind: Word, word: &[u32]| {
        for &rune in word {
            push_rune(
                out,
                match kind {
                    Word::Upper | Word::Connector if is_connector(rune) => connector,
                    Word::Upper | Word::Connector => lower(rune),
                    _ => rune,
                },
            );
        }
    };
    let connects = |kind: Word| !matches!(kind, Word::Connector | Word::Punct);
    let goes_on = |kind: Word| matches!(kind, Word::Alphabet | Word::Number);
    let (mut kind, mut word) = words.next();
    while !words.rest.is_empty() {
        if kind != Word::Connector {
            write(&mut out, kind, word);
        }
        let (before, last) = (kind, word);
        (kind, word) = words.next();
        match before {
            Word::Number => {
                while goes_on(kind) {
                    write(&mut out, kind, word);
                    (kind, word) = words.next();
                }
                if kind != Word::Invalid && connects(kind) {
                    push_rune(&mut out, connector);
                }
            }
            Word::Connector => write(&mut out, before, last),
            Word::Punct => {}
            _ if kind != Word::Number => {
                if connects(kind) {
                    push_rune(&mut out, connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word) = words.next();
                if kind != Word::Alphabet {
                    // The number belongs to the word before it.
                    write(&mut out, Word::Number, number);
                    if connects(kind) {
                        push_rune(&mut out, connector);
                    }
                    continue;
                }
                push_rune(&mut out, connector);
                write(&mut out, Word::Number, number);
                while goes_on(kind) {
                    write(&mut out, kind, word);
                    (kind, word) = words.next();
                }
                if kind != Word::Invalid && connects(kind) {
                    push_rune(&mut out, connector);
                }
            }
        }
    }
    write(&mut out, kind, word);
    out
}
