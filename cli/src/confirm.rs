//! Asking before something is changed.

use std::io::{self, BufRead as _};

use crate::output::Ui;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A line, without spaces around it.
    Text(String),
    /// Nobody is there any more.
    Gone,
}

/// Puts a question. The thread that waits for the answer is left behind when the question is given
/// up; a process can do nothing else about a line that never comes.
pub(crate) async fn ask(ui: &Ui, question: String) -> Answer {
    ui.say(&format!("{question} "));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|n| (n, line))
    });
    match line.await {
        Ok(Ok((n, line))) if n > 0 => Answer::Text(line.trim().to_string()),
        _ => {
            ui.say("\n");
            Answer::Gone
        }
    }
}
