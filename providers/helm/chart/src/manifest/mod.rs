//! What was rendered: split into documents, sorted, hooks taken out, and written down.

mod heads;
mod order;
mod output;
mod show;
mod sort;
mod split;

pub use order::{install_order, uninstall_order};
pub use output::{OutputOptions, release_manifest, template_output};
pub use show::show_only;
pub use sort::{Event, Hook, Manifest, Sorted};
pub use split::split;
