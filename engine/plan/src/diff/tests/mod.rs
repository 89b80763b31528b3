//! Tables of comparisons: what a type says, the three sides, and what comes out, drawn.

mod drawing;
mod future;
mod lists;
mod owned;
mod rules;
mod scalars;
mod unknowns;

use drawing::{case, schema, value};
