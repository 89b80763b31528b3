//! What a version has to be.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use aurak_gotemplate::strconv::quote;
use regex::Regex;

use super::version::{Version, compare_prereleases};

/// The longest text that is read as a constraint.
const MOST_BYTES: usize = 512;

/// How many groups may be joined by `||`.
const MOST_GROUPS: usize = 32;

/// Groups of conditions. A version has to meet all conditions of one group.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
}

/// Why a text is no constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintError {
    /// It is longer than 512 bytes.
    TooLong,
    /// It has more than 32 groups.
    TooManyGroups,
    /// This part has not the form of conditions.
    Improper(String),
    /// It has the form, but a version in it is none.
    Version,
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "constraint string is too long (max {MOST_BYTES} bytes)"),
            Self::TooManyGroups => write!(f, "too many constraint groups (max {MOST_GROUPS})"),
            Self::Improper(part) => {
                write!(f, "improper constraint: {}", String::from_utf8_lossy(&quote(part.as_bytes())))
            }
            Self::Version => f.write_str("constraint parser error"),
        }
    }
}

impl std::error::Error for ConstraintError {}

#[derive(Clone, Debug)]
struct Group {
    conditions: Vec<Condition>,
    /// One of the conditions names what comes before a release; so such versions may be met.
    prereleases: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// Which part of a version was left open, as in `1.x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Nothing,
    Everything,
    Minor,
    Patch,
}

#[derive(Clone, Debug)]
struct Condition {
    operator: Operator,
    version: Version,
    open: Open,
}

/// A version in a constraint: any part may be an `x`, and more that makes no sense is let through.
const VERSION: &str = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
/// Longer ones come after their beginnings: an operator is only taken as far as a version follows it.
const OPERATOR: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const SPACE: &str = r"[\t\n\f\r ]";

struct Forms {
    range: Regex,
    group: Regex,
    one: Regex,
    whole: Regex,
}

static FORMS: LazyLock<Option<Forms>> = LazyLock::new(|| {
    let (o, v, s) = (OPERATOR, VERSION, SPACE);
    Some(Forms {
        range: Regex::new(&format!("{s}*({v}){s}+-{s}+({v}){s}*")).ok()?,
        group: Regex::new(&format!("^({s}*({o}){s}*({v}){s}*)((?:{s}+|,{s}*)({o}){s}*({v}){s}*)*$")).ok()?,
        one: Regex::new(&format!("({o}){s}*({v})")).ok()?,
        whole: Regex::new(&format!("^{s}*({o}){s}*({v}){s}*$")).ok()?,
    })
});

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    ///
    /// Why it is none, in the words of Go.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        if text.len() > MOST_BYTES {
            return Err(ConstraintError::TooLong);
        }
        let Some(forms) = FORMS.as_ref() else { return Err(ConstraintError::Version) };
        let text = without_ranges(text, forms);
        let parts: Vec<&str> = text.split("||").collect();
        if parts.len() > MOST_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let groups = parts.into_iter().map(|part| Group::parse(part, forms));
        Ok(Self { groups: groups.collect::<Result<_, _>>()? })
    }

    pub(crate) fn parse_bytes(text: &[u8]) -> Result<Self, ConstraintError> {
        match std::str::from_utf8(text) {
            Ok(text) => Self::parse(text),
            Err(_) if text.len() > MOST_BYTES => Err(ConstraintError::TooLong),
            Err(_) => Err(ConstraintError::Improper(String::from_utf8_lossy(text).into_owned())),
        }
    }

    /// Does a version meet it?
    #[must_use]
    pub fn allows(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let seen = version.pre.is_empty() || group.prereleases;
            seen && group.conditions.iter().all(|condition| condition.allows(version))
        })
    }
}

/// `1.2 - 1.4` as two conditions.
fn without_ranges(text: &str, forms: &Forms) -> String {
    let mut out = text.to_owned();
    for found in forms.range.captures_iter(text) {
        let version = |index: usize| found.get(index).map_or("", |part| part.as_str());
        out = out.replacen(version(0), &format!(">= {}, <= {} ", version(1), version(11)), 1);
    }
    out
}

impl Group {
    fn parse(part: &str, forms: &Forms) -> Result<Self, ConstraintError> {
        if !forms.group.is_match(part) {
            return Err(ConstraintError::Improper(part.to_owned()));
        }
        let conditions = forms.one.find_iter(part).map(|found| Condition::parse(found.as_str(), forms));
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        let prereleases = conditions.iter().any(|condition| !condition.version.pre.is_empty());
        Ok(Self { conditions, prereleases })
    }
}

impl Condition {
    fn parse(text: &str, forms: &Forms) -> Result<Self, ConstraintError> {
        let Some(found) = forms.whole.captures(text) else {
            return Err(ConstraintError::Improper(text.to_owned()));
        };
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        let is_open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, pre) = (part(3), part(4), part(5), part(6));
        let (open, version) = if is_open(major) {
            (Open::Everything, format!("0.0.0{pre}"))
        } else if is_open(minor) {
            (Open::Minor, format!("{major}.0.0{pre}"))
        } else if is_open(patch) {
            (Open::Patch, format!("{major}{minor}.0{pre}"))
        } else {
            (Open::Nothing, part(2).to_owned())
        };
        let operator = match part(1) {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterOrEqual,
            "<=" | "=<" => Operator::LessOrEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Equal,
        };
        let version = Version::parse(&version).map_err(|_| ConstraintError::Version)?;
        Ok(Self { operator, version, open })
    }

    fn allows(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => order == Ordering::Equal,
            Operator::Equal | Operator::Tilde => self.is_near(version),
            Operator::NotEqual => self.differs(version),
            Operator::Greater => self.is_before(version),
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual if self.open == Open::Nothing => order != Ordering::Greater,
            Operator::LessOrEqual => {
                let minor_open = self.open == Open::Minor;
                version.major < self.version.major
                    || version.major == self.version.major
                        && (minor_open || version.minor <= self.version.minor)
            }
            Operator::Caret => self.is_compatible(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        if self.open != Open::Nothing {
            if self.version.major != version.major {
                return true;
            }
            if self.version.minor != version.minor && self.open != Open::Minor {
                return true;
            }
            if self.open == Open::Minor {
                return false;
            }
            if self.version.patch != version.patch && self.open != Open::Patch {
                return true;
            }
            if self.open == Open::Patch {
                let before = !version.pre.is_empty() || !self.version.pre.is_empty();
                return before && compare_prereleases(&version.pre, &self.version.pre) != Ordering::Equal;
            }
        }
        version.compare(&self.version) != Ordering::Equal
    }

    fn is_before(&self, version: &Version) -> bool {
        if self.open != Open::Nothing && version.major != self.version.major {
            return version.major > self.version.major;
        }
        match self.open {
            Open::Minor => false,
            Open::Patch => version.minor > self.version.minor,
            Open::Nothing | Open::Everything => version.compare(&self.version) == Ordering::Greater,
        }
    }

    /// The same minor version and not below, or the same major one if the minor one is open.
    fn is_near(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        let zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if zero && !matches!(self.open, Open::Minor | Open::Patch) {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.open == Open::Minor)
    }

    /// The same in the first number that is not zero, and not below.
    fn is_compatible(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        if own.major > 0 || self.open == Open::Minor {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.open == Open::Patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}
