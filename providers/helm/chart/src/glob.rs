//! The patterns of `.Files.Glob`: those of `gobwas/glob` with `/` as the separator.
//!
//! `*` and `?` stop at a separator, `**` does not; `{a,b}` are alternatives, `[abc]`, `[a-z]` and `[!a]`
//! sets. An open brace need not be closed.

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Node>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Char(char),
    Star,
    DoubleStar,
    Single,
    List(Vec<char>, bool),
    Range(char, char, bool),
    Alternatives(Vec<Vec<Node>>),
}

/// Braces within each other, which are walked by recursion.
const DEEPEST: usize = 100;

impl Glob {
    /// Reads a pattern; nothing if it is a bad one.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let mut reader = Reader { rest: pattern.chars().collect(), at: 0 };
        let mut open: Vec<(Vec<Node>, Vec<Vec<Node>>)> = Vec::new();
        let mut nodes = Vec::new();
        while let Some(c) = reader.next() {
            match c {
                // Go reads a zero as the end of the pattern.
                '\0' => break,
                '{' if open.len() >= DEEPEST => return None,
                '{' => open.push((std::mem::take(&mut nodes), Vec::new())),
                ',' if !open.is_empty() => {
                    if let Some((_, branches)) = open.last_mut() {
                        branches.push(std::mem::take(&mut nodes));
                    }
                }
                '}' if !open.is_empty() => close(&mut open, &mut nodes),
                '[' => nodes.push(reader.set()?),
                '?' => nodes.push(Node::Single),
                '*' if reader.peek() == Some('*') => {
                    reader.next();
                    nodes.push(Node::DoubleStar);
                }
                '*' => nodes.push(Node::Star),
                '\\' => match reader.next() {
                    Some(c) => nodes.push(Node::Char(c)),
                    None => break,
                },
                c => nodes.push(Node::Char(c)),
            }
        }
        while !open.is_empty() {
            close(&mut open, &mut nodes);
        }
        Some(Self(nodes))
    }

    /// The pattern that Helm takes instead of a bad one.
    pub(crate) fn everything() -> Self {
        Self(vec![Node::DoubleStar])
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let mut ends = vec![false; name.len() + 1];
        ends[0] = true;
        run(&self.0, &name, ends).last().copied().unwrap_or(false)
    }
}

fn close(open: &mut Vec<(Vec<Node>, Vec<Vec<Node>>)>, nodes: &mut Vec<Node>) {
    if let Some((mut before, mut branches)) = open.pop() {
        branches.push(std::mem::take(nodes));
        before.push(Node::Alternatives(branches));
        *nodes = before;
    }
}

/// From all places where a match may begin to all where it may end: no way is tried twice.
fn run(nodes: &[Node], name: &[char], mut at: Vec<bool>) -> Vec<bool> {
    for node in nodes {
        let mut next = vec![false; at.len()];
        let step = |next: &mut Vec<bool>, fits: &dyn Fn(char) -> bool| {
            for (place, c) in name.iter().enumerate() {
                next[place + 1] = at[place] && fits(*c);
            }
        };
        match node {
            Node::Char(wanted) => step(&mut next, &|c| c == *wanted),
            Node::Single => step(&mut next, &|c| c != '/'),
            Node::List(chars, not) => step(&mut next, &|c| chars.contains(&c) != *not),
            Node::Range(low, high, not) => step(&mut next, &|c| (*low..=*high).contains(&c) != *not),
            Node::Star | Node::DoubleStar => {
                let mut running = false;
                for place in 0..at.len() {
                    let stops = *node == Node::Star && place > 0 && name[place - 1] == '/';
                    running = at[place] || (running && !stops);
                    next[place] = running;
                }
            }
            Node::Alternatives(branches) => {
                for branch in branches {
                    for (place, end) in run(branch, name, at.clone()).into_iter().enumerate() {
                        next[place] |= end;
                    }
                }
            }
        }
        at = next;
    }
    at
}

struct Reader {
    rest: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    /// What is in brackets; nothing if that is no set.
    fn set(&mut self) -> Option<Node> {
        let mut not = false;
        let mut first = self.next()?;
        if first == '!' {
            not = true;
            first = self.next()?;
        }
        if self.peek() == Some('-') {
            self.next();
            let high = self.next()?;
            return (self.next()? == ']' && high >= first).then_some(Node::Range(first, high, not));
        }
        self.at -= 1;
        let mut chars = Vec::new();
        loop {
            match self.next()? {
                ']' => break,
                '\\' => chars.push(self.next()?),
                c => chars.push(c),
            }
        }
        (!chars.is_empty()).then_some(Node::List(chars, not))
    }
}
