//! Bytes as choices: each takes the next few, and where none are left the first one there is.

/// What is left of some bytes.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    /// The next byte.
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below this.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        usize::from(self.byte()).checked_rem(sides).unwrap_or(0)
    }

    /// Whether something happens that does so once in so many times; never, once the bytes are used up.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    /// One of these.
    pub(super) fn pick<'b, T>(&mut self, among: &'b [T]) -> &'b T {
        &among[self.below(among.len())]
    }
}
