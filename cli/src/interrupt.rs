//! Ctrl-C, in stages: finish what runs, then leave what waits, then go.

use aurak_exec::{Cancel, Stop};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// Lets signals of this process stop a run, from now on. The third one ends the process where it
/// stands: the journal knows what was begun.
pub(crate) fn watch(cancel: Cancel) {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    for kind in kinds {
        // A signal that cannot be caught does what it did before.
        if let Ok(signal) = signal(kind) {
            tokio::spawn(listen(signal, cancel.clone()));
        }
    }
}

#[expect(clippy::exit, reason = "the third Ctrl-C must end a process that no longer listens to itself")]
async fn listen(mut signal: Signal, cancel: Cancel) {
    while signal.recv().await.is_some() {
        if cancel.level() == Stop::Now {
            std::process::exit(Exit::Interrupted.code().into());
        }
        cancel.stop();
    }
}
