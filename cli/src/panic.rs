//! What happens when aurak itself is wrong: one clear message, and exit 1.

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;

static PANICKED: AtomicBool = AtomicBool::new(false);

/// Replaces the message that Rust prints.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        // The first one says it all; others are its consequences.
        if !PANICKED.swap(true, Ordering::SeqCst) {
            let text = message(info);
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let what = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let mut text = format!(
        "\nerror: aurak ran into an error of its own: {}\n  at {place}, aurak {}\n  help: the state is safe, and what was begun is in its journal; please report this message\n",
        aurak_render::clean(what),
        env!("CARGO_PKG_VERSION"),
    );
    let backtrace = std::backtrace::Backtrace::capture();
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        text.push_str(&backtrace.to_string());
    }
    text
}

/// Runs a command; a panic anywhere in it is exit 1.
pub(crate) fn guard(command: impl FnOnce() -> Exit) -> Exit {
    match panic::catch_unwind(AssertUnwindSafe(command)) {
        Ok(exit) if !PANICKED.load(Ordering::SeqCst) => exit,
        _ => Exit::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(guard(|| Exit::Changes), Exit::Changes);
        assert_eq!(guard(|| panic!("on purpose")), Exit::Error);
    }
}
