//! What `helm template` prints.

use super::sort::{Event, Sorted};
use crate::Chart;

/// What goes into the output besides manifests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputOptions {
    /// `--include-crds`: what is in `crds/` comes first.
    pub include_crds: bool,
    /// `--no-hooks`
    pub no_hooks: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
}

/// The manifest of a release: each document after a line that says where it comes from.
#[must_use]
pub fn release_manifest(chart: &Chart, sorted: &Sorted, include_crds: bool) -> String {
    let mut out = String::new();
    if include_crds {
        for crd in chart.crds() {
            push(&mut out, &crd.path(), &String::from_utf8_lossy(&crd.file.data));
        }
    }
    for manifest in &sorted.manifests {
        push(&mut out, &manifest.path, &manifest.text);
    }
    out
}

/// What `helm template` prints: the manifest, then the hooks.
#[must_use]
pub fn template_output(chart: &Chart, sorted: &Sorted, options: OutputOptions) -> String {
    let mut out = release_manifest(chart, sorted, options.include_crds).trim().to_owned();
    out.push('\n');
    if !options.no_hooks {
        for hook in &sorted.hooks {
            if !(options.skip_tests && hook.events.contains(&Event::Test)) {
                push(&mut out, &hook.path, &hook.text);
            }
        }
    }
    out
}

fn push(out: &mut String, path: &str, text: &str) {
    out.push_str("---\n# Source: ");
    out.push_str(path);
    out.push('\n');
    out.push_str(text);
    out.push('\n');
}
