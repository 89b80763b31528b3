//! The two outputs and what they can take.
//!
//! A reader that goes away (`aurak show | head`) is no error: what is left is thrown away and the
//! command ends as it would have. A disk that is full is one.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use aurak_render::progress::Display;
use aurak_render::{Detail, Style, diagnostics, json};

use crate::args::Global;
use crate::error::{CommandError, errors_first};
use crate::exit::Exit;
use crate::next::World;
use crate::terminal::Environment;

/// The size of a terminal that does not tell: what terminals had for forty years.
const UNKNOWN_SIZE: (u16, u16) = (80, 24);

/// Where a command talks to people and programs.
#[derive(Debug)]
pub(crate) struct Ui {
    /// How to write to standard output.
    pub(crate) out: Style,
    /// How to write to standard error, and how many findings to show.
    pub(crate) err: Style,
    environment: Environment,
    out_terminal: bool,
    /// Whether someone is there to be asked.
    pub(crate) interactive: bool,
    /// What the options chose, and what a saved plan chose instead.
    world: World,
    pub(crate) of_plan: OnceLock<World>,
    closed: AtomicBool,
    /// Why standard output failed while a run went on.
    lost: Mutex<Option<CommandError>>,
}

impl Ui {
    pub(crate) fn of_process(global: &Global, detail: Detail) -> Ui {
        let environment = Environment::of_process();
        let color = global.color;
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let out_width = out.then(|| size_of(terminal_size::terminal_size_of(io::stdout())).0);
        let err_width = err.then(|| size_of(terminal_size::terminal_size_of(io::stderr())).0);
        Ui {
            out: environment.style(color, out_width),
            err: Style { detail, ..environment.style(color, err_width) },
            out_terminal: out,
            interactive: io::stdin().is_terminal() && (out || err),
            environment,
            world: World::of(global),
            of_plan: OnceLock::new(),
            closed: AtomicBool::new(false),
            lost: Mutex::new(None),
        }
    }

    /// What this command works on, for those that are printed as the next.
    pub(crate) fn world(&self) -> &World {
        self.of_plan.get().unwrap_or(&self.world)
    }

    /// How to write findings to standard output.
    pub(crate) fn findings(&self) -> Style {
        Style { detail: self.err.detail, ..self.out }
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, text: &str) -> Result<(), CommandError> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                Err(CommandError::new("output", format!("could not write to standard output: {error}")))
            }
        }
    }

    /// Writes to standard output whatever happens to it: a run must not end because its terminal
    /// was closed.
    pub(crate) fn try_print(&self, text: &str) {
        if !text.is_empty()
            && let Err(error) = self.print(text)
        {
            self.closed.store(true, Ordering::Relaxed);
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// How a command ends whose words may have been lost on the way: a report that nobody has is no
    /// success.
    pub(crate) fn ended(&self, exit: Exit) -> Result<Exit, CommandError> {
        match self.lost.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if exit != Exit::Interrupted => Err(error),
            _ => Ok(exit),
        }
    }

    /// Writes to standard error; nobody can be told when that fails.
    pub(crate) fn say(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Prints why a command failed, and how it ends.
    pub(crate) fn report(&self, error: &CommandError) -> Exit {
        let CommandError { exit, findings, files } = error;
        let mut findings = findings.clone();
        errors_first(&mut findings);
        match findings.as_slice() {
            [] => {}
            // One message needs no count.
            [one] => self.say(&diagnostics::diagnostic(one, files, &self.err)),
            many => self.say(&diagnostics::diagnostics(many, files, &self.err)),
        }
        *exit
    }

    /// Prints why a command failed for programs, as a line of JSON on standard output, besides what
    /// people are told.
    pub(crate) fn report_json(&self, error: &CommandError) {
        if error.findings.is_empty() {
            return;
        }
        let findings: Vec<_> =
            error.findings.iter().map(|finding| json::diagnostic(finding, &error.files)).collect();
        let document = serde_json::json!({ "format": "aurak.error/1", "findings": findings });
        self.try_print(&format!("{document}\n"));
    }

    /// How a run is shown: live where the output can be redrawn.
    pub(crate) fn display(&self) -> Display {
        match self.out_terminal && !self.environment.dumb {
            true => Display::Live,
            false => Display::Lines,
        }
    }

    /// Columns and lines of standard output as they are now; terminals change.
    pub(crate) fn size(&self) -> (u16, u16) {
        match self.out_terminal {
            true => size_of(terminal_size::terminal_size_of(io::stdout())),
            false => (self.out.width, u16::MAX),
        }
    }
}

fn size_of(size: Option<(terminal_size::Width, terminal_size::Height)>) -> (u16, u16) {
    match size {
        // Some terminals say that they are 0 by 0.
        Some((width, height)) if width.0 > 0 && height.0 > 0 => (width.0, height.0),
        _ => UNKNOWN_SIZE,
    }
}

impl Ui {
    /// Says that a key was made; losing it means losing what it sealed.
    pub(crate) fn note_key(style: &Style, path: &std::path::Path) {
        let note = aurak_model::Diagnostic {
            severity: aurak_model::Severity::Note,
            ..aurak_model::Diagnostic::error(
                "key",
                format!("a new key for this state is in {}", path.display()),
            )
        };
        let note = note.help("keep a copy: without it the secrets in the state cannot be read");
        let text = diagnostics::diagnostic(&note, &aurak_model::span::Files::default(), style);
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}
