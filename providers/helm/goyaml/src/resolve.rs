//! What a scalar stands for: the rules of YAML 1.1 as Go has them, and tags.

use crate::base64;
use crate::error::Error;
use crate::number::{parse_float, parse_int, parse_uint};
use crate::timestamp::is_timestamp;

/// The meaning of a scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above [`i64::MAX`].
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A text; a date is one too.
    Text(String),
    /// What `!!binary` had in base 64.
    Binary(Vec<u8>),
}

/// What plain scalars look like; the two generations differ in few points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// `go.yaml.in/yaml/v2`.
    V2,
    /// `go.yaml.in/yaml/v3`.
    V3,
}

const PREFIX: &str = "tag:yaml.org,2002:";

/// What a plain scalar looks like.
enum Looks {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp,
    Text,
}

impl Looks {
    fn tag(&self) -> &'static str {
        match self {
            Looks::Null => "null",
            Looks::Bool(_) => "bool",
            Looks::Int(_) | Looks::Uint(_) => "int",
            Looks::Float(_) => "float",
            Looks::Timestamp => "timestamp",
            Looks::Text => "str",
        }
    }
}

pub(crate) fn resolve(tag: Option<&str>, text: &str, implicit: bool) -> Result<Resolved, Error> {
    let short = match tag {
        None if !implicit => return Ok(Resolved::Text(text.to_owned())),
        None => None,
        Some(tag) => match tag.strip_prefix(PREFIX) {
            Some("binary") => {
                return match base64::decode(text.as_bytes()) {
                    Some(bytes) => Ok(Resolved::Binary(bytes)),
                    None => Err(Error::Decode("!!binary value contains invalid base64 data".to_owned())),
                };
            }
            Some(short @ ("bool" | "int" | "float" | "null" | "timestamp")) => Some(short),
            // All others say nothing, and make a text of it.
            _ => return Ok(Resolved::Text(text.to_owned())),
        },
    };
    // A date is only looked for where one may be.
    let looks = look(text, Generation::V2, matches!(short, None | Some("timestamp")));
    let fits = match (short, &looks) {
        (None, _) => true,
        (Some("float"), Looks::Int(_)) => true,
        (Some(short), looks) => short == looks.tag(),
    };
    if !fits {
        let short = short.unwrap_or("str");
        return Err(Error::Decode(format!("cannot decode !!{} `{text}` as a !!{short}", looks.tag())));
    }
    #[expect(clippy::cast_precision_loss, reason = "as in Go")]
    Ok(match looks {
        Looks::Int(value) if short == Some("float") => Resolved::Float(value as f64),
        Looks::Null => Resolved::Null,
        Looks::Bool(value) => Resolved::Bool(value),
        Looks::Int(value) => Resolved::Int(value),
        Looks::Uint(value) => Resolved::Uint(value),
        Looks::Float(value) => Resolved::Float(value),
        Looks::Timestamp | Looks::Text => Resolved::Text(text.to_owned()),
    })
}

/// Whether a text can stand without quotes and still be read as a text.
pub(crate) fn is_plain_text(text: &str, generation: Generation) -> bool {
    // What other readers than Go's take for a number or a boolean is quoted as well.
    let elsewhere = is_base_60(text) || generation == Generation::V3 && boolean_of_1_1(text).is_some();
    !elsewhere && matches!(look(text, generation, true), Looks::Text)
}

fn look(text: &str, generation: Generation, dates: bool) -> Looks {
    let Some(&first) = text.as_bytes().first() else { return Looks::Null };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' => {
            match text {
                "~" | "null" | "Null" | "NULL" => return Looks::Null,
                "true" | "True" | "TRUE" => return Looks::Bool(true),
                "false" | "False" | "FALSE" => return Looks::Bool(false),
                _ => {}
            }
            match boolean_of_1_1(text) {
                Some(value) if generation == Generation::V2 => Looks::Bool(value),
                _ => Looks::Text,
            }
        }
        b'.' => match named_float(text) {
            Some(value) => Looks::Float(value),
            // Here underscores must stand between digits.
            None if !underscores_separate(text) => Looks::Text,
            None => parse_float(&text.replace('_', "")).map_or(Looks::Text, Looks::Float),
        },
        b'+' | b'-' | b'0'..=b'9' => {
            if let Some(value) = named_float(text) {
                return Looks::Float(value);
            }
            if dates && is_timestamp(text) {
                return Looks::Timestamp;
            }
            look_numeric(&text.replace('_', ""), generation)
        }
        _ => Looks::Text,
    }
}

fn underscores_separate(text: &str) -> bool {
    let digit = |at: Option<usize>| {
        at.and_then(|at| text.as_bytes().get(at)).is_some_and(|byte| byte.is_ascii_digit())
    };
    text.match_indices('_').all(|(at, _)| digit(at.checked_sub(1)) && digit(Some(at + 1)))
}

fn look_numeric(plain: &str, generation: Generation) -> Looks {
    if let Some(value) = parse_int(plain, 0) {
        return Looks::Int(value);
    }
    if let Some(value) = parse_uint(plain, 0) {
        return Looks::Uint(value);
    }
    if let Some(value) = parse_float(plain) {
        return Looks::Float(value);
    }
    // Behind these prefixes a sign is taken, where it stands at the wrong place.
    let octal = generation == Generation::V3;
    for (prefix, base) in [("0b", 2), ("0o", 8)] {
        if base == 8 && !octal {
            continue;
        }
        if let Some(digits) = plain.strip_prefix(prefix)
            && let Some(value) = parse_int(digits, base)
        {
            return Looks::Int(value);
        }
        if let Some(digits) = plain.strip_prefix('-').and_then(|plain| plain.strip_prefix(prefix))
            && let Some(value) = parse_int(&format!("-{digits}"), base)
        {
            return Looks::Int(value);
        }
    }
    Looks::Text
}

fn named_float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The booleans that YAML 1.2 has no longer.
fn boolean_of_1_1(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// `190:20:30` and `190:20:30.15`, which YAML 1.1 has and Go does not read.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let Some(first) = parts.next() else { return false };
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !number(first) {
        return false;
    }
    let mut any = false;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        any = true;
        let whole = match part.split_once('.') {
            Some((whole, fraction)) if parts.peek().is_none() && number(fraction) => whole,
            Some(_) => return false,
            None => part,
        };
        let fits = match whole.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [b'0'..=b'5', digit] => digit.is_ascii_digit(),
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    any
}
