//! As much of DER as keys and certificates need.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// One thing: a tag, a length and what is in it.
pub(crate) fn one(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 128 {
        out.push(u8::try_from(length).unwrap_or(0));
    } else {
        let bytes = length.to_be_bytes();
        let skip = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | u8::try_from(bytes.len() - skip).unwrap_or(0));
        out.extend_from_slice(&bytes[skip..]);
    }
    out.extend_from_slice(content);
    out
}

/// A sequence of things.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    one(SEQUENCE, &parts.concat())
}

/// A number that is not negative.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let skip = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut content = bytes[skip..].to_vec();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    one(INTEGER, &content)
}

/// Reads things one after the other.
pub(crate) struct Reader<'a>(&'a [u8]);

/// A thing that was read: its tag, what is in it, and all of it.
#[derive(Clone, Copy)]
pub(crate) struct Thing<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) all: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next thing, if there is one and it is whole.
    pub(crate) fn next(&mut self) -> Option<Thing<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7F);
            if count == 0 || count > 4 {
                return None;
            }
            let (bytes, rest) = rest.split_at_checked(count)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        };
        let (content, after) = rest.split_at_checked(length)?;
        let all = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Thing { tag, content, all })
    }

    /// The next thing, if it has this tag.
    pub(crate) fn tagged(&mut self, tag: u8) -> Option<Thing<'a>> {
        self.next().filter(|thing| thing.tag == tag)
    }
}
