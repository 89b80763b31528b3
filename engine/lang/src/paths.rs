//! Paths as sources know them: text with `/`, relative to the stack's folder.

/// A path written in a file of a folder, seen from the stack's folder: `.` and `..` are taken away
/// where that is possible.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let absolute = path.starts_with('/') || folder.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    let before = if path.starts_with('/') { "" } else { folder };
    for part in before.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}

/// The folder of a file, empty for the stack's own.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_stack() {
        for (folder, path, joined) in [
            ("", "a.yml", "a.yml"),
            ("", "./a/b.yml", "a/b.yml"),
            ("modules/x", "../y", "modules/y"),
            ("modules/x", "../../../z", "../z"),
            ("..", "../z", "../../z"),
            ("", "../z", "../z"),
            ("m", "/etc/x/../y", "/etc/y"),
            ("m", "", "m"),
            ("/etc/x", "*.yml", "/etc/x/*.yml"),
            ("/etc/x", "", "/etc/x"),
        ] {
            assert_eq!(join(folder, path), joined, "{folder} {path}");
        }
        assert_eq!(folder("a/b/c.yml"), "a/b");
        assert_eq!(folder("c.yml"), "");
    }
}
