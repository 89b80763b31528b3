//! Bytes to characters: byte order marks, UTF-16, and what characters may not occur.
//!
//! A bad byte is only an error once the scanner comes near it, and how near is visible: when both a bad
//! byte and a mistake in the syntax are there, the first of the two that is *met* is told. Go fills a
//! buffer from windows of 512 bytes, so a bad byte hides all of its window. A [`Source`] therefore ends
//! at the start of the first bad window and keeps the error for whoever asks for more, and it knows
//! where windows end.

/// The size of Go's window of raw bytes.
const WINDOW: usize = 512;

/// The text as far as it is good.
#[derive(Debug)]
pub(crate) struct Source {
    /// Characters before the first window with an error.
    pub(crate) text: String,
    /// What is wrong with the window after `text`.
    pub(crate) bad: Option<&'static str>,
    /// How many characters there are up to the end of each window.
    pub(crate) windows: Vec<usize>,
    /// Bytes of the mark before the text.
    pub(crate) mark: usize,
    /// Whether a character takes two or four bytes of the input instead of those of UTF-8.
    pub(crate) wide: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { little: bool },
}

/// One step of decoding.
enum Step {
    Char(char, usize),
    /// More bytes are needed than the window has.
    Cut,
    Bad(&'static str),
}

impl Source {
    pub(crate) fn new(input: &[u8]) -> Source {
        // An empty text is read as an empty line.
        let input = if input.is_empty() { b"\n" } else { input };
        let (encoding, mark) = match input {
            [0xff, 0xfe, ..] => (Encoding::Utf16 { little: true }, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16 { little: false }, 2),
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            _ => (Encoding::Utf8, 0),
        };
        let mut source = Source {
            text: String::with_capacity(input.len()),
            bad: None,
            windows: Vec::new(),
            mark,
            wide: encoding != Encoding::Utf8,
        };
        // The mark is part of the first window.
        let mut start = mark;
        let mut end = WINDOW.min(input.len());
        let mut characters = 0;
        while start < input.len() {
            let good = source.text.len();
            match source.window(encoding, input, start, end) {
                Ok(next) if next == start && end == input.len() => {
                    source.bad = Some(incomplete(encoding, &input[start..]));
                    // Of an input this short all is read at once.
                    if input.len() < 3 {
                        source.text.clear();
                        source.windows.clear();
                    }
                    break;
                }
                Ok(next) => {
                    start = next;
                    characters += source.text.get(good..).map_or(0, |window| window.chars().count());
                    source.windows.push(characters);
                }
                Err(problem) => {
                    source.text.truncate(good);
                    source.bad = Some(problem);
                    break;
                }
            }
            end = (start + WINDOW).min(input.len());
        }
        source
    }

    /// Decodes the whole characters of one window, and says where the next one starts.
    fn window(
        &mut self,
        encoding: Encoding,
        input: &[u8],
        start: usize,
        end: usize,
    ) -> Result<usize, &'static str> {
        let mut at = start;
        while at < end {
            let window = &input[at..end];
            let step = match encoding {
                Encoding::Utf8 => utf8(window),
                Encoding::Utf16 { little } => utf16(window, little),
            };
            match step {
                Step::Char(c, width) if allowed(c) => {
                    self.text.push(c);
                    at += width;
                }
                Step::Char(..) => return Err("control characters are not allowed"),
                Step::Cut => break,
                Step::Bad(problem) => return Err(problem),
            }
        }
        Ok(at)
    }
}

fn incomplete(encoding: Encoding, rest: &[u8]) -> &'static str {
    match encoding {
        Encoding::Utf8 => "incomplete UTF-8 octet sequence",
        Encoding::Utf16 { .. } if rest.len() < 2 => "incomplete UTF-16 character",
        Encoding::Utf16 { .. } => "incomplete UTF-16 surrogate pair",
    }
}

fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn utf8(bytes: &[u8]) -> Step {
    let Some(&first) = bytes.first() else { return Step::Cut };
    let (width, bits) = match first {
        0x00..=0x7f => return Step::Char(char::from(first), 1),
        0xc0..=0xdf => (2, first & 0x1f),
        0xe0..=0xef => (3, first & 0x0f),
        0xf0..=0xf7 => (4, first & 0x07),
        _ => return Step::Bad("invalid leading UTF-8 octet"),
    };
    let Some(trailing) = bytes.get(1..width) else { return Step::Cut };
    let mut value = u32::from(bits);
    for &byte in trailing {
        if byte & 0xc0 != 0x80 {
            return Step::Bad("invalid trailing UTF-8 octet");
        }
        value = (value << 6) | u32::from(byte & 0x3f);
    }
    let shortest = match width {
        2 => 0x80,
        3 => 0x800,
        _ => 0x1_0000,
    };
    if value < shortest {
        return Step::Bad("invalid length of a UTF-8 sequence");
    }
    match char::from_u32(value) {
        Some(c) => Step::Char(c, width),
        None => Step::Bad("invalid Unicode character"),
    }
}

fn utf16(bytes: &[u8], little: bool) -> Step {
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        u32::from(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let Some(first) = bytes.get(..2).map(unit) else { return Step::Cut };
    match first {
        0xdc00..=0xdfff => Step::Bad("unexpected low surrogate area"),
        0xd800..=0xdbff => match bytes.get(2..4).map(unit) {
            None => Step::Cut,
            Some(second @ 0xdc00..=0xdfff) => {
                match char::from_u32(0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff)) {
                    Some(c) => Step::Char(c, 4),
                    None => Step::Bad("invalid Unicode character"),
                }
            }
            Some(_) => Step::Bad("expected low surrogate area"),
        },
        other => match char::from_u32(other) {
            Some(c) => Step::Char(c, 2),
            None => Step::Bad("invalid Unicode character"),
        },
    }
}
