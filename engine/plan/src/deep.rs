//! How deep lazy values may nest. An input or `let` is worked out when somebody reads it, and what it
//! reads itself then: a long chain of them nests as deep as it is long. So planning has a thread with
//! a stack of its own, and gives up with a finding well before the end of it.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// The stack for planning: thousands of values that read each other. Only what is used of it becomes
/// memory, but limits on memory count all of it.
const STACK: usize = 64 << 20;

/// What one more value may need below what was used so far; an expression of the greatest depth takes
/// a fraction of it.
const RESERVE: usize = 8 << 20;

/// What may be used where no thread could be had, of the 2 MB that any thread has.
const SMALL: usize = 512 << 10;

thread_local! {
    /// Where the stack was when planning began, and how much of it may be used.
    static BOUNDS: Cell<(usize, usize)> = const { Cell::new((0, usize::MAX)) };
}

/// Runs something with a large stack.
pub(crate) fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let done = scope(|scope| {
        let run = || work.take().map(|work| bounded(STACK - RESERVE, work));
        Builder::new().name("plan".to_string()).stack_size(STACK).spawn_scoped(scope, run).ok().map(
            |thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => resume_unwind(panic),
            },
        )
    });
    match (done.flatten(), work) {
        (Some(done), _) => done,
        (None, Some(work)) => bounded(SMALL, work),
        (None, None) => unreachable!("a thread that was not made ran nothing"),
    }
}

fn bounded<T>(most: usize, work: impl FnOnce() -> T) -> T {
    let before = BOUNDS.replace((here(), most));
    let done = work();
    BOUNDS.set(before);
    done
}

/// Whether another value must not be begun.
pub(crate) fn is_too_deep() -> bool {
    let (start, most) = BOUNDS.get();
    start.abs_diff(here()) > most
}

/// About where the stack is.
#[inline(never)]
fn here() -> usize {
    let mark = 0_u8;
    std::ptr::from_ref(&mark).addr()
}
