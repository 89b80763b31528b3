//! `.helmignore`: what of a folder is not part of the chart.
//!
//! The rules look like those of `.gitignore` and are others: patterns are `filepath.Match`, the first
//! rule that says something decides, and a negated rule ignores everything it does not match.

use crate::path::{base, matches};
use crate::{Error, Limits};

/// The rules of a chart.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    negated: bool,
    only_folders: bool,
    scope: Scope,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The whole path is looked at.
    Path,
    /// Only the last part is.
    Name,
}

/// A line that Go's scanner still reads.
const LONGEST_LINE: usize = 64 * 1024;

impl Rules {
    /// Reads the text of a `.helmignore`.
    ///
    /// # Errors
    ///
    /// If a rule has `**` or is not a pattern; the message is Helm's, with the line.
    pub fn parse(text: &[u8], limits: &Limits) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text));
        let mut rules = Self::default();
        for (number, line) in text.split('\n').enumerate() {
            if number >= limits.files {
                return Err(Error::limit(format!(".helmignore has more than {} lines", limits.files)));
            }
            if line.len() >= LONGEST_LINE {
                return Err(Error::refused("bufio.Scanner: token too long"));
            }
            rules.add(line)?;
        }
        Ok(rules)
    }

    /// Adds the rule that Helm has for every chart: dot files of `templates` are none.
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        // A rule that is known to be good.
        let _ = self.add("templates/.?*");
        self
    }

    fn add(&mut self, line: &str) -> Result<(), Error> {
        let rule = line.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(());
        }
        if rule.contains("**") {
            return Err(Error::refused("double-star (**) syntax is not supported"));
        }
        if matches(rule, "abc").is_err() {
            return Err(Error::refused("syntax error in pattern"));
        }
        let (negated, rule) = match rule.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (only_folders, rule) = match rule.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let scope = if rule.contains('/') { Scope::Path } else { Scope::Name };
        let text = rule.strip_prefix('/').unwrap_or(rule).to_owned();
        self.patterns.push(Pattern { negated, only_folders, scope, text });
        Ok(())
    }

    /// Is this path, relative to the folder of the chart, not part of it?
    #[must_use]
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        if matches!(path, "" | "." | "./") {
            return false;
        }
        for pattern in &self.patterns {
            let applies = !pattern.only_folders || is_folder;
            let matched = applies && pattern.matches(path);
            if matched != pattern.negated {
                return true;
            }
        }
        false
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let subject = match self.scope {
            Scope::Path => path,
            Scope::Name => base(path),
        };
        matches(&self.text, subject).unwrap_or(false)
    }
}
