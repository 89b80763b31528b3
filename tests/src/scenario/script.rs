//! The form of a scenario file: read, and written back with what came out.
//!
//! ```text
//! What it shows, in a sentence or two.
//!
//! --- aurak.yaml
//! name: demo
//! ---
//! $ plan
//! | what came out, rewritten when it is blessed
//!
//! --- edit aurak.yaml
//! -  lines that are there, once
//! +  lines that take their place
//! ---
//! $ apply
//! ```
//!
//! Everything else is text for the reader and stays as it is. Without the lines that begin with `|`
//! the file is the whole input.

use std::fmt;

/// A scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What stands in it, in order.
    pub items: Vec<Item>,
}

/// A piece of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A line for the reader.
    Text(String),
    /// A file of the stack, as it is from here on.
    File {
        /// Its line in the script.
        line: usize,
        /// Where, from the stack's folder.
        path: String,
        /// Its text.
        text: String,
    },
    /// A change of a file of the stack.
    Edit {
        /// Its line in the script.
        line: usize,
        /// Where, from the stack's folder.
        path: String,
        /// Lines, each with what stands before it: `-` or `+`.
        lines: Vec<(char, String)>,
    },
    /// Something to do, and what came out of it the last time.
    Command {
        /// Its line in the script.
        line: usize,
        /// What to do.
        text: String,
        /// What came out.
        output: String,
    },
}

/// What is wrong with a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadScript {
    /// Where.
    pub line: usize,
    /// What.
    pub why: String,
}

impl Script {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Script, BadScript> {
        let mut items = Vec::new();
        let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line)).peekable();
        while let Some((number, line)) = lines.next() {
            let bad = |why: &str| BadScript { line: number, why: why.to_string() };
            if let Some(header) = line.strip_prefix("--- ") {
                let mut inside = Vec::new();
                loop {
                    match lines.next() {
                        Some((_, "---")) => break,
                        Some((_, line)) => inside.push(line),
                        None => return Err(bad("the file does not end: `---` on a line of its own ends it")),
                    }
                }
                items.push(match header.trim().strip_prefix("edit ") {
                    None => {
                        let text = inside.iter().flat_map(|line| [*line, "\n"]).collect();
                        Item::File { line: number, path: header.trim().to_string(), text }
                    }
                    Some(path) => {
                        let lines = inside
                            .iter()
                            .map(|line| match line.chars().next() {
                                Some(sign @ ('-' | '+')) => Ok((sign, line[1..].to_string())),
                                _ => Err(bad("in an edit every line begins with `-` or `+`")),
                            })
                            .collect::<Result<_, _>>()?;
                        Item::Edit { line: number, path: path.trim().to_string(), lines }
                    }
                });
            } else if let Some(command) = line.strip_prefix("$ ") {
                let mut output = String::new();
                while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with('|')) {
                    let line = line.strip_prefix("| ").or_else(|| line.strip_prefix('|')).unwrap_or(line);
                    output.push_str(line);
                    output.push('\n');
                }
                items.push(Item::Command { line: number, text: command.trim().to_string(), output });
            } else if line.starts_with('|') {
                return Err(bad("output without a command"));
            } else {
                items.push(Item::Text(line.to_string()));
            }
        }
        Ok(Script { items })
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            match item {
                Item::Text(text) => writeln!(f, "{text}")?,
                Item::File { line: _, path, text } => write!(f, "--- {path}\n{text}---\n")?,
                Item::Edit { line: _, path, lines } => {
                    writeln!(f, "--- edit {path}")?;
                    lines.iter().try_for_each(|(sign, line)| writeln!(f, "{sign}{line}"))?;
                    writeln!(f, "---")?;
                }
                Item::Command { line: _, text, output } => {
                    writeln!(f, "$ {text}")?;
                    for line in output.lines() {
                        match line.trim_end() {
                            "" => writeln!(f, "|")?,
                            line => writeln!(f, "| {line}")?,
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// A text with lines taken out and others put in their place. Each run of `-` lines must be found
/// exactly once; `+` lines without any before them go to the end.
pub fn edit(text: &str, edits: &[(char, String)]) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut rest = edits;
    while !rest.is_empty() {
        let taken = rest.iter().take_while(|(sign, _)| *sign == '-').count();
        let (old, after) = rest.split_at(taken);
        let put = after.iter().take_while(|(sign, _)| *sign == '+').count();
        let (new, after) = after.split_at(put);
        rest = after;
        let old: Vec<&str> = old.iter().map(|(_, line)| line.as_str()).collect();
        let new = new.iter().map(|(_, line)| line.as_str());
        if old.is_empty() {
            lines.extend(new);
            continue;
        }
        let places: Vec<usize> =
            (0..lines.len()).filter(|i| lines.get(*i..i + old.len()) == Some(&old[..])).collect();
        match places[..] {
            [place] => drop(lines.splice(place..place + old.len(), new)),
            [] => return Err(format!("not there: {:?}", old.join("\n"))),
            _ => return Err(format!("there {} times: {:?}", places.len(), old.join("\n"))),
        }
    }
    Ok(lines.iter().flat_map(|line| [*line, "\n"]).collect())
}

/// The words of a command, as a shell would see them: quotes hold spaces together.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    match quote {
        Some(quote) => Err(format!("{quote} is not closed")),
        None => {
            words.extend(word);
            Ok(words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "A title.\n\n--- aurak.yaml\nname: a\n\n  x: 1\n---\n$ plan --var 'a=b c'\n| one\n|\n| two\n\n\
        --- edit aurak.yaml\n-name: a\n+name: b\n+more: 1\n---\n$ end clean\n";

    #[test]
    fn a_script_round_trips() {
        let script = Script::parse(TEXT).unwrap();
        assert_eq!(script.to_string(), TEXT);
        let commands: Vec<_> = script
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Command { text, output, .. } => Some((text.as_str(), output.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(commands, [("plan --var 'a=b c'", "one\n\ntwo\n"), ("end clean", "")]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("--- a\nx", "line 1: the file does not end: `---` on a line of its own ends it"),
            ("a\n| b", "line 2: output without a command"),
            ("--- edit a\nx\n---", "line 1: in an edit every line begins with `-` or `+`"),
        ] {
            assert_eq!(Script::parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn edits_take_the_place_of_lines() {
        let edits = |lines: &[&str]| -> Vec<(char, String)> {
            lines.iter().map(|line| (line.chars().next().unwrap(), line[1..].to_string())).collect()
        };
        assert_eq!(edit("a\nb\nc\n", &edits(&["-b", "+x", "+y", "-c"])).unwrap(), "a\nx\ny\n");
        assert_eq!(edit("a\n", &edits(&["+b"])).unwrap(), "a\nb\n");
        assert!(edit("a\na\n", &edits(&["-a"])).unwrap_err().contains("2 times"));
        assert!(edit("a\n", &edits(&["-z"])).unwrap_err().contains("not there"));
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(words("a  'b c'd \"\" e").unwrap(), ["a", "b cd", "", "e"]);
        assert!(words("'a").is_err());
    }
}
