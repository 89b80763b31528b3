//! `core.random`: a value that is drawn once.
//!
//! Drawn from the system's generator, each character or number with the same probability. A
//! password has at least one character of each kind that it may have, where it is long enough.

use aurak_api::{Applied, Progress, ProviderError};
use aurak_model::Value;

use crate::provider::{draw_id, text, with};

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
const LOWER_AND_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Characters that need no quotes in most places: in a shell's double quotes, YAML, URLs of
/// databases. Services differ in what they take, hence `special_characters`.
const SPECIAL: &str = "!#%*+-.:=?@_";

/// 62 characters and 12 special ones carry 6.2 bits each: about 200 bits.
const PASSWORD_LENGTH: i64 = 32;

/// 26 times 36 to the 7th: enough to tell the resources of an account apart.
const ID_LENGTH: i64 = 8;

/// Longer values are a mistake.
const MAX_LENGTH: i64 = 4096;

pub(crate) fn create(desired: &Value) -> Result<Progress, ProviderError> {
    let given = desired.reveal();
    let result = match text(&given, "kind").unwrap_or("id") {
        "id" => Value::from(draw_name(length(&given, ID_LENGTH)?)?),
        "password" => password(&given)?.sensitive(),
        "uuid" => Value::String(draw_id()),
        "integer" => integer(&given)?,
        other => {
            return Err(ProviderError::permanent(format!(
                "`kind` is `{other}`; it may be id, password, uuid or integer"
            )));
        }
    };
    let id = draw_id();
    let attributes = with(desired, [("result", result), ("id", Value::String(id.clone()))]);
    Ok(Progress::Done(Applied { id, attributes }))
}

fn length(given: &Value, default: i64) -> Result<usize, ProviderError> {
    let length = int(given, "length").unwrap_or(default);
    match usize::try_from(length) {
        Ok(n) if (1..=MAX_LENGTH).contains(&length) => Ok(n),
        _ => Err(ProviderError::permanent(format!("`length` is {length}; it may be from 1 to {MAX_LENGTH}"))),
    }
}

fn draw_name(length: usize) -> Result<String, ProviderError> {
    let mut out = String::with_capacity(length);
    out.push(pick(LOWER)?.into());
    for _ in 1..length {
        out.push(pick(LOWER_AND_DIGITS)?.into());
    }
    Ok(out)
}

fn password(given: &Value) -> Result<Value, ProviderError> {
    let length = length(given, PASSWORD_LENGTH)?;
    let map = given.as_map();
    let special = map.and_then(|map| map.get("special")).and_then(Value::as_bool).unwrap_or(true);
    let characters = text(given, "special_characters").unwrap_or(SPECIAL);
    if !characters.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ProviderError::permanent("`special_characters` may only have visible ASCII characters"));
    }
    let mut kinds = vec![LOWER, UPPER, DIGITS];
    if special && !characters.is_empty() {
        kinds.push(characters.as_bytes());
    }
    let all = kinds.concat();
    let has_each = |drawn: &[u8]| kinds.iter().all(|kind| drawn.iter().any(|c| kind.contains(c)));
    // Drawing again until each kind is there keeps every such password equally likely. Where there
    // is room, a few tries do; a very short one may need some hundred.
    loop {
        let drawn = (0..length).map(|_| pick(&all)).collect::<Result<Vec<u8>, _>>()?;
        if length < kinds.len() || has_each(&drawn) {
            let text: String = drawn.into_iter().map(char::from).collect();
            return Ok(Value::from(text));
        }
    }
}

fn integer(given: &Value) -> Result<Value, ProviderError> {
    let min = int(given, "min").unwrap_or(0);
    let Some(max) = int(given, "max") else {
        return Err(ProviderError::permanent("an integer needs `max`").help("say how large it may be"));
    };
    if max < min {
        return Err(ProviderError::permanent(format!("`max` is {max}, less than `min`, which is {min}")));
    }
    // The distance of two i64 fits into u64, and wrapping addition finds the way back.
    let span = max.wrapping_sub(min).cast_unsigned();
    let offset = match span.checked_add(1) {
        Some(n) => below(n)?,
        None => bits()?,
    };
    Ok(Value::Int(min.wrapping_add(offset.cast_signed())))
}

fn int(given: &Value, name: &str) -> Option<i64> {
    given.as_map()?.get(name)?.as_int()
}

fn pick(from: &[u8]) -> Result<u8, ProviderError> {
    let index = below(from.len() as u64)?;
    Ok(from[usize::try_from(index).unwrap_or_default()])
}

/// A number below `n`, each with the same probability: what would make some more likely is drawn
/// again. `n` is not 0.
fn below(n: u64) -> Result<u64, ProviderError> {
    let zone = u64::MAX - (u64::MAX % n + 1) % n;
    loop {
        let drawn = bits()?;
        if drawn <= zone {
            return Ok(drawn % n);
        }
    }
}

fn bits() -> Result<u64, ProviderError> {
    getrandom::u64()
        .map_err(|e| ProviderError::permanent(format!("the system's random generator failed: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(attributes: Value) -> Value {
        match create(&attributes).unwrap() {
            Progress::Done(applied) => applied.attributes.as_map().unwrap().get("result").unwrap().clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_drawn_has_the_form_that_was_asked_for() {
        for _ in 0..50 {
            let id = drawn(Value::map::<&str>([]));
            let id = id.as_str().unwrap();
            assert!(id.len() == 8 && id.as_bytes()[0].is_ascii_lowercase(), "{id}");

            let password = drawn(Value::map([("kind", Value::from("password")), ("length", 4.into())]));
            assert!(password.has_marks());
            let password = password.reveal();
            let text = password.as_str().unwrap();
            assert_eq!(text.len(), 4);
            for kind in [LOWER, UPPER, DIGITS, SPECIAL.as_bytes()] {
                assert!(text.bytes().any(|b| kind.contains(&b)), "{text}");
            }

            let plain = drawn(Value::map([("kind", Value::from("password")), ("special", false.into())]));
            assert!(plain.reveal().as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric()));

            let integer = [("kind", Value::from("integer")), ("min", (-2).into()), ("max", 1.into())];
            assert!((-2..=1).contains(&drawn(Value::map(integer)).as_int().unwrap()));
        }
        assert_eq!(drawn(Value::map([("kind", Value::from("uuid"))])).as_str().unwrap().len(), 36);
    }

    #[test]
    fn every_number_can_be_drawn() {
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 4 {
            let span = [("kind", Value::from("integer")), ("min", 7.into()), ("max", 10.into())];
            seen.insert(drawn(Value::map(span)).as_int().unwrap());
        }
        let all = [("kind", Value::from("integer")), ("min", i64::MIN.into()), ("max", i64::MAX.into())];
        assert!(drawn(Value::map(all)).as_int().is_some());
    }

    #[test]
    fn what_cannot_be_drawn_says_why() {
        let cases = [
            (Value::map([("kind", Value::from("integer"))]), "an integer needs `max`"),
            (
                Value::map([("kind", Value::from("integer")), ("max", (-1).into())]),
                "`max` is -1, less than `min`, which is 0",
            ),
            (Value::map([("length", Value::from(0))]), "`length` is 0; it may be from 1 to 4096"),
            (
                Value::map([("kind", Value::from("name"))]),
                "`kind` is `name`; it may be id, password, uuid or integer",
            ),
        ];
        for (attributes, message) in cases {
            assert_eq!(create(&attributes).unwrap_err().message, message);
        }
    }
}
