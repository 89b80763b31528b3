//! Of what `helm template` prints only some files: `--show-only`.

use super::split::split;
use crate::path::matches;
use crate::{Error, Profile};

/// The documents of an output that come from files which a pattern matches, a path within the chart;
/// pattern after pattern, and of each in the order of the output.
///
/// # Errors
///
/// If a pattern matches nothing, in Helm's words.
pub fn show_only(output: &str, patterns: &[String], profile: Profile) -> Result<String, Error> {
    let documents = split(output, profile);
    let mut out = String::new();
    for pattern in patterns {
        let pattern = pattern.replace('\\', "/");
        let mut missing = true;
        for document in &documents {
            if source(document).is_some_and(|path| matches(&pattern, path).unwrap_or(false)) {
                missing = false;
                out.push_str("---\n");
                out.push_str(document);
                out.push('\n');
            }
        }
        if missing {
            return Err(Error::refused(format!("could not find template {pattern} in chart")));
        }
    }
    Ok(out)
}

/// The path within the chart that the line `# Source: CHART/PATH` of a document names.
fn source(document: &str) -> Option<&str> {
    document.match_indices("# Source: ").find_map(|(at, start)| {
        let rest = document.get(at + start.len()..)?;
        let (chart, rest) = rest.split_once('/')?;
        let path = rest.lines().next().unwrap_or_default();
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}
