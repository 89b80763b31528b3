//! Matching of paths against patterns: `*` and `?` within one part of a path, `**` for any number
//! of parts. Nothing else is special.

/// Whether a path matches a pattern. Names that begin with a dot are only matched by a part of the
/// pattern that begins with one.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    // `reach[j]`: the parts of the pattern so far match the first `j` parts of the path. A table
    // instead of backtracking keeps it to the product of the two lengths.
    let mut reach = vec![false; path.len() + 1];
    reach[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        if part == "**" {
            let mut open = false;
            for (j, reached) in reach.iter().enumerate() {
                open = *reached || (open && !path[j - 1].starts_with('.'));
                next[j] = open;
            }
        } else {
            for (j, name) in path.iter().enumerate() {
                next[j + 1] = reach[j] && part_matches(part, name);
            }
        }
        reach = next;
    }
    reach[path.len()]
}

/// Whether a text has anything in it that [`matches`] treats as special.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn part_matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // The classic walk with one point to come back to: linear but for the last star.
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    p = star + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths() {
        for (pattern, path, expected) in [
            ("a.yml", "a.yml", true),
            ("*.yml", "a.yml", true),
            ("*.yml", "x/a.yml", false),
            ("*/a.yml", "x/a.yml", true),
            ("**/*.yml", "a.yml", true),
            ("**/*.yml", "x/y/a.yml", true),
            ("x/**", "x/y/z", true),
            ("x/**/z", "x/z", true),
            ("x/**/z", "y/z", false),
            ("?.yml", "ab.yml", false),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYbd", false),
            ("*", ".hidden", false),
            (".*", ".hidden", true),
            ("**/x", ".git/x", false),
            ("../*.yml", "../a.yml", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_hostile_pattern_stays_cheap() {
        let pattern = "*a".repeat(200);
        assert!(!matches(&pattern, &"a".repeat(150)));
    }
}
