//! A thread with room for templates that include each other a thousand times.

use aurak_gotemplate::Limits;

/// The stack of such a thread. Helm stops at a thousand includes of one name, which without
/// optimisation take half of this.
const BYTES: usize = 128 << 20;

/// What is left to functions, and to what made the thread.
const RESERVE: usize = 16 << 20;

/// Does some work on a thread with a deep stack, for which [`deep_limits`] are right.
///
/// # Errors
///
/// There is no memory for the thread.
pub fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("render".to_owned()).stack_size(BYTES);
        let running = thread.spawn_scoped(scope, work)?;
        match running.join() {
            Ok(done) => Ok(done),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Templates in one another, as Go allows them; each `include` and each `tpl` is one.
const DEPTH: usize = 100_000;

/// The usual limits of templates, with the stack of [`on_deep_stack`] and as deep as it is.
#[must_use]
pub fn deep_limits() -> Limits {
    Limits { stack: BYTES - RESERVE, depth: DEPTH, ..Limits::default() }
}
