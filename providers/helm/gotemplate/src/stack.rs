//! How much of the native stack is in use.
//!
//! What recurses asks here before it goes deeper: how much a level needs depends on the build, so
//! that counting levels alone would either refuse honest templates or let hostile ones through.

/// A place on the stack, and how far from it one may go.
#[derive(Clone)]
pub(crate) struct Stack {
    base: usize,
    limit: usize,
}

impl Stack {
    /// From here, so many bytes.
    pub(crate) fn here(limit: usize) -> Self {
        Self { base: address(), limit }
    }

    /// Is there none left?
    pub(crate) fn is_used_up(&self) -> bool {
        address().abs_diff(self.base) > self.limit
    }
}

#[inline(never)]
fn address() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}
