//! How to show things: what the reader's side can take, found out by whoever calls.

/// What the output may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours, as ANSI sequences.
    pub colour: bool,
    /// Characters beyond ASCII in our own words and symbols.
    pub unicode: bool,
    /// Box drawing around source lines; wants `unicode` too. Without it errors look like those of a
    /// compiler, which survives logs and can be searched for.
    pub boxes: bool,
    /// The columns to lay out for.
    pub width: u16,
    /// How much to say.
    pub detail: Detail,
}

/// How much to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// One line each.
    Short,
    /// What one needs to decide.
    #[default]
    Normal,
    /// Everything, nothing cut.
    Full,
}

/// Columns where nobody says how wide the output is: what a log viewer shows without wrapping.
const DEFAULT_WIDTH: u16 = 120;

/// Below this, layouts fall apart rather than shrink.
const LEAST_WIDTH: u16 = 40;

impl Style {
    /// For pipes and files: no colour, no boxes.
    pub fn plain() -> Style {
        Style { colour: false, unicode: true, boxes: false, width: DEFAULT_WIDTH, detail: Detail::Normal }
    }

    /// For a terminal of this width.
    pub fn terminal(width: u16) -> Style {
        Style { colour: true, unicode: true, boxes: true, width, detail: Detail::Normal }
    }

    /// The columns to lay out for, as a size that layouts can rely on.
    pub(crate) fn columns(&self) -> usize {
        usize::from(self.width.max(LEAST_WIDTH))
    }

    pub(crate) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    pub(crate) fn arrow(&self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }
}
