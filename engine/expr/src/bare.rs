//! Bare paths: `cluster.id`, `pools["common"].name`, `items[0]`. Most expressions of a stack are one,
//! and these never reach the template engine.
//!
//! What is not clearly a bare path is left to the parser; both readings of a text mean the same.

/// A name and the steps below it.
#[derive(Debug, PartialEq)]
pub(crate) struct BarePath<'a> {
    pub(crate) root: &'a str,
    /// The offset of the root in the expression's source.
    pub(crate) start: usize,
    pub(crate) steps: Vec<Step<'a>>,
}

/// A step: what it names, and the stretch of the source to show for it.
#[derive(Debug, PartialEq)]
pub(crate) struct Step<'a> {
    pub(crate) key: StepKey<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The offset behind it, with its bracket.
    pub(crate) after: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) enum StepKey<'a> {
    Name(&'a str),
    Index(i64),
}

/// Reads a bare path, with white space around it.
pub(crate) fn scan(source: &str) -> Option<BarePath<'_>> {
    let bytes = source.as_bytes();
    let mut i = 0;
    let skip_space = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_whitespace) {
            i += 1;
        }
        i
    };
    i = skip_space(i);
    let start = i;
    i = name_end(bytes, i)?;
    let root = &source[start..i];
    if is_keyword(root) {
        return None;
    }
    let mut steps = Vec::new();
    loop {
        match bytes.get(i) {
            Some(b'.') => {
                let from = i + 1;
                i = name_end(bytes, from)?;
                steps.push(Step { key: StepKey::Name(&source[from..i]), start: from, end: i, after: i });
            }
            Some(b'[') => {
                let from = i + 1;
                let key = match bytes.get(from)? {
                    quote @ (b'"' | b'\'') => {
                        let len = bytes[from + 1..].iter().position(|b| b == quote)?;
                        let text = &source[from + 1..from + 1 + len];
                        if text.contains('\\') {
                            return None;
                        }
                        i = from + len + 2;
                        StepKey::Name(text)
                    }
                    b'0'..=b'9' => {
                        i = from;
                        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                            i += 1;
                        }
                        StepKey::Index(source[from..i].parse().ok()?)
                    }
                    _ => return None,
                };
                let end = i;
                if bytes.get(i) != Some(&b']') {
                    return None;
                }
                i += 1;
                steps.push(Step { key, start: from, end, after: i });
            }
            _ => break,
        }
        if steps.len() > 100 {
            // Let the parser's bound on depth decide.
            return None;
        }
    }
    (skip_space(i) == bytes.len()).then_some(BarePath { root, start, steps })
}

fn name_end(bytes: &[u8], from: usize) -> Option<usize> {
    let first = bytes.get(from)?;
    if !(first.is_ascii_alphabetic() || *first == b'_') {
        return None;
    }
    let mut i = from + 1;
    while bytes.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        i += 1;
    }
    Some(i)
}

/// Words that the parser reads as something else than a name.
pub(crate) fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "true"
            | "True"
            | "false"
            | "False"
            | "none"
            | "None"
            | "not"
            | "and"
            | "or"
            | "in"
            | "is"
            | "if"
            | "else"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_paths_are_told_from_other_expressions() {
        let shown = |text| {
            scan(text).map(|p| {
                let mut out = p.root.to_string();
                for step in &p.steps {
                    match step.key {
                        StepKey::Name(n) => out.push_str(&format!(" .{n}")),
                        StepKey::Index(i) => out.push_str(&format!(" #{i}")),
                    }
                }
                out
            })
        };
        for (text, expected) in [
            (" a ", Some("a")),
            ("a.b_1.c", Some("a .b_1 .c")),
            ("a[\"x.y\"]['z'][10].q", Some("a .x.y .z #10 .q")),
            ("each.value", Some("each .value")),
            ("true", None),
            ("a.", None),
            ("a b", None),
            ("a[b]", None),
            ("a[-1]", None),
            ("a['\\n']", None),
            ("a[1:2]", None),
            ("a()", None),
            ("a|upper", None),
            ("1a", None),
            ("a[99999999999999999999]", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
