//! Why a command failed, with what to do next; printed in one place, [`Ui::report`](crate::output::Ui::report).

use std::error::Error;

use aurak_model::span::Files;
use aurak_model::{Diagnostic, Severity};

use crate::exit::Exit;

/// A command that failed.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// How the command ends.
    pub(crate) exit: Exit,
    /// What to say, the errors among it; may be empty where everything was said already.
    pub(crate) findings: Vec<Diagnostic>,
    /// The texts that the findings point into.
    pub(crate) files: Files,
}

impl CommandError {
    /// An error in a sentence.
    pub(crate) fn new(code: &str, summary: impl Into<String>) -> CommandError {
        CommandError::of(Diagnostic::error(code, summary))
    }

    /// An error as a finding without places.
    pub(crate) fn of(finding: Diagnostic) -> CommandError {
        CommandError { exit: Exit::Error, findings: vec![finding], files: Files::default() }
    }

    /// What another error says, with all its causes.
    pub(crate) fn caused(code: &str, error: &dyn Error) -> CommandError {
        let mut finding = Diagnostic::error(code, error.to_string());
        if let Some(causes) = causes(error) {
            finding = finding.detail(causes);
        }
        CommandError::of(finding)
    }

    /// A file that could not be used.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> CommandError {
        CommandError::new("file", format!("could not {doing} `{}`: {error}", path.display()))
    }

    /// Ends without a word: everything was said already.
    pub(crate) fn silent(exit: Exit) -> CommandError {
        CommandError { exit, findings: Vec::new(), files: Files::default() }
    }

    /// Says what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> CommandError {
        if let Some(finding) = self.findings.last_mut() {
            finding.help = Some(help.into());
        }
        self
    }

    /// Says what to do next, where something is known.
    pub(crate) fn maybe_help(self, help: Option<String>) -> CommandError {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Ends another way than with 1.
    pub(crate) fn exit(mut self, exit: Exit) -> CommandError {
        self.exit = exit;
        self
    }
}

/// The causes of an error, a line each. A cause that its error repeats is left out.
fn causes(error: &dyn Error) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !said.contains(&words) {
            lines.push(format!("because {words}"));
        }
        said = words;
        next = cause.source();
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Errors first: where there are too many to show, these are; otherwise the order stays.
pub(crate) fn errors_first(findings: &mut [Diagnostic]) {
    findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not open the state")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Inner;

    #[test]
    fn errors_come_first() {
        let of = |code, severity| Diagnostic { severity, ..Diagnostic::error(code, code) };
        let mut findings = vec![
            of("note", Severity::Note),
            of("warning", Severity::Warning),
            of("one", Severity::Error),
            of("other", Severity::Error),
        ];
        errors_first(&mut findings);
        let codes: Vec<&str> = findings.iter().map(|finding| &*finding.code).collect();
        assert_eq!(codes, ["one", "other", "warning", "note"]);
    }

    #[test]
    fn causes_are_listed() {
        let error = CommandError::caused("state", &Outer(Inner)).help("make room");
        assert_eq!(error.findings[0].summary, "could not open the state");
        assert_eq!(error.findings[0].detail.as_deref(), Some("because the disk is full"));
        assert_eq!(error.findings[0].help.as_deref(), Some("make room"));
        assert_eq!(error.exit.code(), 1);
    }
}
