//! Versions.

use std::cmp::Ordering;
use std::fmt;

/// The longest text that is read as a version.
pub(crate) const MOST_BYTES: usize = 256;

/// A version: three numbers, and what comes before a release or is only noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) pre: String,
    pub(crate) metadata: String,
    pub(crate) original: String,
}

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionError {
    /// It is longer than 256 bytes.
    TooLong,
    /// It has not the form of one.
    Invalid,
    /// A number of what comes before a release begins with a zero.
    LeadingZero,
    /// A number is too large; this is its text.
    Number(String),
    /// What comes before a release has an empty part or a sign that may not be there.
    Prerelease,
    /// What is noted has an empty part or a sign that may not be there.
    Metadata,
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "version string is too long (max {MOST_BYTES} bytes)"),
            Self::Invalid => f.write_str("invalid semantic version"),
            Self::LeadingZero => f.write_str("version segment starts with 0"),
            Self::Number(text) => write!(
                f,
                "error parsing version segment: strconv.ParseUint: parsing \"{text}\": value out of range"
            ),
            Self::Prerelease => f.write_str("invalid prerelease string"),
            Self::Metadata => f.write_str("invalid metadata string"),
        }
    }
}

impl std::error::Error for VersionError {}

/// Takes the digits at the beginning off, if there are any.
fn take_digits<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    (end > 0).then_some(digits)
}

fn is_identifiers(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

impl Version {
    /// Reads a version that may lack its minor and patch number.
    ///
    /// # Errors
    ///
    /// Why it is none, in the words of Go.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > MOST_BYTES {
            return Err(VersionError::TooLong);
        }
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = ["0"; 3];
        numbers[0] = take_digits(&mut rest).ok_or(VersionError::Invalid)?;
        for number in &mut numbers[1..] {
            if let Some(mut after) = rest.strip_prefix('.') {
                *number = take_digits(&mut after).ok_or(VersionError::Invalid)?;
                rest = after;
            } else {
                break;
            }
        }
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) if is_identifiers(metadata) => (rest, metadata),
            Some(_) => return Err(VersionError::Invalid),
            None => (rest, ""),
        };
        let pre = match rest.strip_prefix('-') {
            Some(pre) if is_identifiers(pre) => pre,
            None if rest.is_empty() => "",
            _ => return Err(VersionError::Invalid),
        };
        let number = |text: &str| text.parse::<u64>().map_err(|_| VersionError::Number(text.to_owned()));
        let [major, minor, patch] = numbers.map(number);
        let (major, minor, patch) = (major?, minor?, patch?);
        let zero = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if pre.split('.').any(zero) {
            return Err(VersionError::LeadingZero);
        }
        Ok(Self {
            major,
            minor,
            patch,
            pre: pre.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    pub(crate) fn parse_bytes(text: &[u8]) -> Result<Self, VersionError> {
        match std::str::from_utf8(text) {
            Ok(text) => Self::parse(text),
            Err(_) if text.len() > MOST_BYTES => Err(VersionError::TooLong),
            Err(_) => Err(VersionError::Invalid),
        }
    }

    /// The first number.
    #[must_use]
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    #[must_use]
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    #[must_use]
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What comes before the release, without its hyphen.
    #[must_use]
    pub fn prerelease(&self) -> &str {
        &self.pre
    }

    /// What is noted, without its plus. It does not count when versions are compared.
    #[must_use]
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text it was read from.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Which version is the later one. What is noted does not count.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_prereleases(&self.pre, &other.pre),
        })
    }

    fn next(&self, major: u64, minor: u64, patch: u64, pre: &str, metadata: &str) -> Self {
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        let mut next = Self {
            major,
            minor,
            patch,
            pre: pre.to_owned(),
            metadata: metadata.to_owned(),
            original: String::new(),
        };
        next.original = format!("{prefix}{next}");
        next
    }

    /// The next patch: of a version before a release, the release. None if the number would be too
    /// large.
    #[must_use]
    pub fn next_patch(&self) -> Option<Self> {
        let patch = if self.pre.is_empty() { self.patch.checked_add(1)? } else { self.patch };
        Some(self.next(self.major, self.minor, patch, "", ""))
    }

    /// The next minor version.
    #[must_use]
    pub fn next_minor(&self) -> Option<Self> {
        Some(self.next(self.major, self.minor.checked_add(1)?, 0, "", ""))
    }

    /// The next major version.
    #[must_use]
    pub fn next_major(&self) -> Option<Self> {
        Some(self.next(self.major.checked_add(1)?, 0, 0, "", ""))
    }

    /// The same version before a release.
    ///
    /// # Errors
    ///
    /// A part is empty, has a sign that may not be there, or begins with a zero.
    pub fn with_prerelease(&self, pre: &str) -> Result<Self, VersionError> {
        if !pre.is_empty() {
            for part in pre.split('.') {
                if !is_identifiers(part) {
                    return Err(VersionError::Prerelease);
                }
                if part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(VersionError::LeadingZero);
                }
            }
        }
        Ok(self.next(self.major, self.minor, self.patch, pre, &self.metadata))
    }

    /// The same version with something noted.
    ///
    /// # Errors
    ///
    /// A part is empty or has a sign that may not be there.
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, VersionError> {
        if !metadata.is_empty() && !is_identifiers(metadata) {
            return Err(VersionError::Metadata);
        }
        Ok(self.next(self.major, self.minor, self.patch, &self.pre, metadata))
    }
}

/// Part by part: a missing one is first, numbers come before texts and are compared as numbers.
pub(crate) fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or(""), b.unwrap_or("")),
        };
        if a == b {
            continue;
        }
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        return match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}
