//! Texts of the tables with bytes changed, cut and put together: whatever they are, nothing panics.

use aurak_gotemplate::{Limits, MissingKey, Templates, Value, fmt, strconv};
use serde_json::Value as Json;

use crate::functions::functions;
use crate::host::build;

/// A small generator, so that a failure happens again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % end.max(1)
    }
}

fn texts(table: &str, key: &str) -> Vec<Vec<u8>> {
    let text = |row: &Json| match key {
        "format" => row["format"].as_str().map(str::to_owned),
        _ => row["texts"][0][1].as_str().map(str::to_owned),
    };
    let rows = table.lines().map(|line| serde_json::from_str(line).expect("a row"));
    rows.filter_map(|row: Json| text(&row)).map(String::into_bytes).collect()
}

fn mutant(random: &mut Random, texts: &[Vec<u8>]) -> Vec<u8> {
    let mut text = texts[random.below(texts.len())].clone();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        match random.below(4) {
            0 => text.truncate(at),
            1 => text.insert(at, u8::try_from(random.below(256)).unwrap_or(0)),
            2 => {
                let other = &texts[random.below(texts.len())];
                let from = random.below(other.len() + 1);
                text.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                text.drain(at..(at + random.below(4)).min(text.len()));
            }
        }
    }
    text
}

#[test]
fn templates() {
    let mut all = texts(include_str!("../tables/executing.jsonl"), "texts");
    all.extend(texts(include_str!("../tables/parsing.jsonl"), "texts"));
    let mut random = Random(0x5eed);
    let limits = Limits { steps: 20_000, bytes: 1 << 20, rounds: 1000, ..Limits::default() };
    let standard: Json =
        serde_json::from_str(include_str!("../tables/standard.json")).expect("a description");
    for round in 0..1500 {
        let missing = [MissingKey::Default, MissingKey::Zero, MissingKey::Error][round % 3];
        let mut templates =
            Templates::new("gotpl").functions(functions()).missing_key(missing).limits(limits.clone());
        let text = mutant(&mut random, &all);
        if templates.parse("t", &text).is_ok() {
            let _ = templates.execute("t", &build(&standard));
        }
    }
}

#[test]
fn formats_and_literals() {
    let all = texts(include_str!("../tables/printing.jsonl"), "format");
    let mut random = Random(0xf0e1);
    let values = [
        Value::int(-3),
        Value::float(2.5),
        Value::str("é\""),
        Value::Nil,
        Value::list(vec![Value::Bool(true)]),
    ];
    for _ in 0..8000 {
        let text = mutant(&mut random, &all);
        let first = random.below(values.len());
        let _ = fmt::sprintf_within(100_000, &text, &values[first..]);
        let quoted = strconv::quote(&text);
        assert_eq!(strconv::unquote(&quoted).as_deref(), Some(&*text));
        let _ = strconv::unquote(&text);
        let plain = String::from_utf8_lossy(&text);
        let _ =
            (strconv::parse_float(&plain), strconv::parse_int(&plain, 0), strconv::parse_uint(&plain, 36));
    }
}
