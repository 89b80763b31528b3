//! Paths and patterns of Go: `path` and `filepath.Match` on systems where `/` separates.

/// `path.Clean`.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// `path.Base`.
pub(crate) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// `path.Ext`: the last dot of the last part and what follows.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// A pattern with a bracket or an escape that does not end, or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPattern;

/// `filepath.Match`.
///
/// # Errors
///
/// If the pattern is a bad one, and the match came far enough to see it; Go looks no further.
pub(crate) fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let mut pattern: Vec<char> = pattern.chars().collect();
    let mut name: Vec<char> = name.chars().collect();
    while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(&pattern);
        if star && chunk.is_empty() {
            return Ok(!name.contains(&'/'));
        }
        let (after, bad) = match match_chunk(&chunk, &name) {
            Ok(after) => (after, false),
            Err(BadPattern) => (None, true),
        };
        if let Some(after) = &after
            && (after.is_empty() || !rest.is_empty())
        {
            name.clone_from(after);
            pattern = rest;
            continue;
        }
        if bad {
            return Err(BadPattern);
        }
        if star {
            let mut found = None;
            for skipped in 0..name.len() {
                if name[skipped] == '/' {
                    break;
                }
                let Some(after) = match_chunk(&chunk, &name[skipped + 1..])? else { continue };
                if rest.is_empty() && !after.is_empty() {
                    continue;
                }
                found = Some(after);
                break;
            }
            if let Some(after) = found {
                name = after;
                pattern = rest;
                continue;
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Leading stars, what is before the next star, and the rest.
fn next_chunk(pattern: &[char]) -> (bool, Vec<char>, Vec<char>) {
    let stars = pattern.iter().take_while(|c| **c == '*').count();
    let pattern = &pattern[stars..];
    let (mut in_range, mut at) = (false, 0);
    while at < pattern.len() {
        match pattern[at] {
            '\\' if at + 1 < pattern.len() => at += 1,
            '[' => in_range = true,
            ']' => in_range = false,
            '*' if !in_range => break,
            _ => {}
        }
        at += 1;
    }
    (stars > 0, pattern[..at].to_vec(), pattern[at..].to_vec())
}

/// What is left of the name after a chunk without stars.
fn match_chunk(mut chunk: &[char], name: &[char]) -> Result<Option<Vec<char>>, BadPattern> {
    let mut name = name;
    // After a mismatch the chunk is still read to its end, for its mistakes.
    let mut failed = false;
    while let Some(&first) = chunk.first() {
        if !failed && name.is_empty() {
            failed = true;
        }
        match first {
            '[' => {
                let mut current = '\0';
                if !failed {
                    current = name[0];
                    name = &name[1..];
                }
                chunk = &chunk[1..];
                let negated = chunk.first() == Some(&'^');
                if negated {
                    chunk = &chunk[1..];
                }
                let (mut found, mut ranges) = (false, 0);
                loop {
                    if chunk.first() == Some(&']') && ranges > 0 {
                        chunk = &chunk[1..];
                        break;
                    }
                    let (low, rest) = bound(chunk)?;
                    chunk = rest;
                    let mut high = low;
                    if chunk[0] == '-' {
                        (high, chunk) = bound(&chunk[1..])?;
                    }
                    found |= (low..=high).contains(&current);
                    ranges += 1;
                }
                failed |= found == negated;
            }
            '?' => {
                if !failed {
                    failed = name[0] == '/';
                    name = &name[1..];
                }
                chunk = &chunk[1..];
            }
            _ => {
                if first == '\\' {
                    chunk = &chunk[1..];
                }
                let Some(&literal) = chunk.first() else { return Err(BadPattern) };
                if !failed {
                    failed = name[0] != literal;
                    name = &name[1..];
                }
                chunk = &chunk[1..];
            }
        }
    }
    Ok((!failed).then(|| name.to_vec()))
}

/// One end of a range in brackets; something must follow it.
fn bound(chunk: &[char]) -> Result<(char, &[char]), BadPattern> {
    let mut chunk = chunk;
    match chunk.first() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => chunk = &chunk[1..],
        Some(_) => {}
    }
    let Some((&c, rest)) = chunk.split_first() else { return Err(BadPattern) };
    if rest.is_empty() {
        return Err(BadPattern);
    }
    Ok((c, rest))
}
