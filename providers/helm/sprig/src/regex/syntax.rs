//! From the syntax of RE2 to that of the engine below, with RE2's refusals.
//!
//! The two engines find the same matches. What differs is the syntax: classes such as `\d` are of
//! ASCII here, a brace that counts nothing is itself, and what only the other one knows is refused.

use aurak_gotemplate::Error;

use super::escape::Escape;

/// The most that something may be repeated.
const MOST_REPEATS: u32 = 1000;

/// How deep groups may nest; it is what Go allows as well.
pub(crate) const MOST_LEVELS: usize = 250;

/// What is wrong with an expression, and with which part.
pub(crate) struct Wrong(String);

impl Wrong {
    pub(crate) fn of(what: &str, part: &str) -> Self {
        Self(format!("error parsing regexp: {what}: `{part}`"))
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::new(wrong.0)
    }
}

/// An expression for the engine below.
pub(crate) fn translated(pattern: &str) -> Result<String, Wrong> {
    let mut parser = Parser { pattern, at: 0 };
    parser.all()
}

pub(crate) struct Parser<'a> {
    pub(crate) pattern: &'a str,
    pub(crate) at: usize,
}

/// A character that stands for itself.
pub(crate) fn literal(c: char) -> String {
    if c.is_alphanumeric() { c.to_string() } else { format!(r"\x{{{:X}}}", u32::from(c)) }
}

impl<'a> Parser<'a> {
    pub(crate) fn rest(&self) -> &'a str {
        &self.pattern[self.at..]
    }

    pub(crate) fn since(&self, start: usize) -> &'a str {
        &self.pattern[start..self.at]
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(crate) fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn all(&mut self) -> Result<String, Wrong> {
        let mut out = String::new();
        let mut open = 0_usize;
        // Is there something before this that can be repeated, and where did a repetition of it begin?
        let (mut argument, mut repeat): (bool, Option<usize>) = (false, None);
        while let Some(c) = self.peek() {
            let start = self.at;
            let before = repeat.take();
            match c {
                '(' => {
                    let group = self.group()?;
                    // Flags by themselves open nothing.
                    if !group.ends_with(')') {
                        open += 1;
                        argument = false;
                        if open > MOST_LEVELS {
                            return Err(Wrong::of("expression nests too deeply", self.pattern));
                        }
                    }
                    out.push_str(&group);
                }
                ')' => {
                    self.at += 1;
                    let Some(left) = open.checked_sub(1) else {
                        return Err(Wrong::of("unexpected )", self.pattern));
                    };
                    open = left;
                    out.push(')');
                    argument = true;
                }
                '|' => {
                    self.at += 1;
                    out.push('|');
                    argument = false;
                }
                '*' | '+' | '?' | '{' => {
                    if c != '{' {
                        self.at += 1;
                    } else if !self.counted()? {
                        out.push_str(r"\{");
                        self.at += 1;
                        argument = true;
                        continue;
                    }
                    self.eat('?');
                    if !argument {
                        return Err(Wrong::of("missing argument to repetition operator", self.since(start)));
                    }
                    if let Some(before) = before {
                        return Err(Wrong::of("invalid nested repetition operator", self.since(before)));
                    }
                    out.push_str(self.since(start));
                    repeat = Some(start);
                }
                '[' => {
                    out.push_str(&self.class()?);
                    argument = true;
                }
                '\\' if self.rest().starts_with(r"\Q") => {
                    self.at += 2;
                    let text = self.rest().split(r"\E").next().unwrap_or_default();
                    self.at += text.len();
                    if self.rest().starts_with(r"\E") {
                        self.at += 2;
                    }
                    text.chars().for_each(|c| out.push_str(&literal(c)));
                    argument |= !text.is_empty();
                }
                '\\' if self.rest().starts_with(r"\E") => self.at += 2,
                '\\' => {
                    match self.escape(false)? {
                        Escape::Char(c) => out.push_str(&literal(c)),
                        Escape::Class(class) => out.push_str(&format!("[{class}]")),
                        Escape::Text(text) => out.push_str(text),
                    }
                    argument = true;
                }
                '^' | '$' | '.' => {
                    self.at += 1;
                    out.push(c);
                    argument = true;
                }
                _ => {
                    self.at += c.len_utf8();
                    out.push_str(&literal(c));
                    argument = true;
                }
            }
        }
        if open > 0 {
            return Err(Wrong::of("missing closing )", self.pattern));
        }
        Ok(out)
    }

    /// Goes over a count in braces, if that is what it is.
    fn counted(&mut self) -> Result<bool, Wrong> {
        let start = self.at;
        let inner = self.rest()[1..].split_once('}').map(|(inner, _)| inner);
        let Some(inner) = inner else { return Ok(false) };
        let number = |text: &str| {
            let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let fits = fits && (text.len() == 1 || !text.starts_with('0'));
            fits.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
        };
        let (least, most) = match inner.split_once(',') {
            None => (number(inner), number(inner)),
            Some((least, "")) => (number(least), Some(MOST_REPEATS)),
            Some((least, most)) => (number(least), number(most)),
        };
        let (Some(least), Some(most)) = (least, most) else { return Ok(false) };
        self.at += inner.len() + 2;
        if least > MOST_REPEATS || most > MOST_REPEATS || most < least {
            return Err(Wrong::of("invalid repeat count", self.since(start)));
        }
        Ok(true)
    }

    /// The beginning of a group, or flags.
    fn group(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        self.at += 1;
        if !self.eat('?') {
            return Ok("(".to_owned());
        }
        let rest = self.rest();
        if let Some(after) = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<')) {
            let all = &self.pattern[start..];
            let Some((name, _)) = after.split_once('>') else {
                return Err(Wrong::of("invalid named capture", all));
            };
            self.at += rest.len() - after.len() + name.len() + 1;
            let fits =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !fits {
                return Err(Wrong::of("invalid named capture", self.since(start)));
            }
            // A name may begin with a digit only in the other syntax.
            return Ok(if name.starts_with(|c: char| c.is_ascii_digit()) {
                "(".to_owned()
            } else {
                format!("(?P<{name}>")
            });
        }
        let (mut negative, mut any) = (false, false);
        loop {
            match self.next() {
                Some('i' | 'm' | 's' | 'U') => any = true,
                Some('-') if !negative => (negative, any) = (true, false),
                Some(':' | ')') if !negative || any => {
                    let text = self.since(start);
                    // Flags that are none.
                    return Ok(if text == "(?)" { "(?:)".to_owned() } else { text.to_owned() });
                }
                _ => return Err(Wrong::of("invalid or unsupported Perl syntax", self.since(start))),
            }
        }
    }
}
