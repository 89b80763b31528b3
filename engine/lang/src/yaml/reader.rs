//! From the parser's events to nodes, with a stack of our own.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aurak_model::program::Layout;
use aurak_model::{Diagnostic, FileId, Name, Node, NodeKind, Span, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::layout::Lines;
use super::{MAX_COPIED, MAX_DEPTH, MAX_SCALAR, Read, scalar, syntax};

/// From how many keys on a map is searched by hash: below, a scan is faster.
const HASHED_FROM: usize = 16;

/// Reads a text; `raw`: nothing in it is an expression.
pub(super) fn read(file: FileId, text: &str, raw: bool) -> Read {
    let mut reader = Reader {
        file,
        text,
        raw,
        lines: OnceCell::new(),
        names: HashSet::new(),
        stack: Vec::new(),
        skipping: 0,
        anchors: HashMap::new(),
        copied: 0,
        exhausted: false,
        root: None,
        diagnostics: Vec::new(),
    };
    let complete = reader.run();
    let diagnostics = std::mem::take(&mut reader.diagnostics);
    let null = Node { kind: NodeKind::Literal { value: Value::Null, text: None }, span: super::start(file) };
    Read { root: complete.then(|| reader.root.unwrap_or(null)), diagnostics }
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    raw: bool,
    lines: OnceCell<Lines<'a>>,
    /// Keys repeat from resource to resource: each is kept once.
    names: HashSet<Name>,
    stack: Vec<Frame>,
    /// How many containers are open below a key that is none.
    skipping: usize,
    anchors: HashMap<usize, Anchor>,
    copied: usize,
    /// The aliases copied too much or too deep: from here on they copy nothing, and the rest of the
    /// file says what else is wrong.
    exhausted: bool,
    root: Option<Node>,
    diagnostics: Vec<Diagnostic>,
}

/// A list or map that is still open.
struct Frame {
    building: Building,
    span: Span,
    raw: bool,
    anchor: usize,
    /// Nodes in it so far, itself included.
    size: usize,
    /// Levels in it so far, its own included.
    height: usize,
}

enum Building {
    List(Vec<Node>),
    Map(MapBuilder),
}

#[derive(Default)]
struct MapBuilder {
    entries: Vec<(Name, Span, Node)>,
    index: Option<HashMap<Name, usize>>,
    key: Option<Key>,
    merges: Vec<Node>,
}

/// The key whose value comes next.
enum Key {
    Named(Name, Span),
    Merge,
    /// The value is read and dropped: what is wrong with the key was said.
    Dropped,
}

/// A node that aliases may copy; `None` where it is too big for that.
struct Anchor {
    node: Option<Node>,
    size: usize,
    height: usize,
    raw: bool,
}

/// A node that is complete.
struct Done {
    node: Node,
    size: usize,
    height: usize,
    raw: bool,
    anchor: usize,
}

/// What a tag asks for.
enum Tagged {
    Nothing,
    Raw,
    Text,
    Unknown,
}

impl<'a> Reader<'a> {
    /// Reads everything; `false` where it had to stop.
    fn run(&mut self) -> bool {
        let mut parser = Parser::new_from_str(self.text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, mark) = match event {
                Ok(event) => event,
                Err(error) => {
                    // Braces without quotes derail the parser: one cause, one message.
                    if !self.diagnostics.iter().any(|d| d.code == "unquoted_expression") {
                        let diagnostic = syntax::diagnostic(self.file, self.lines(), &error);
                        self.diagnostics.push(diagnostic);
                    }
                    return false;
                }
            };
            let span = self.span(mark);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        self.error(
                            Diagnostic::error("second_document", "a file holds one YAML document")
                                .at(span, "a second one starts here")
                                .help("move it to a file of its own"),
                        );
                        return true;
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.scalar(&text, style, anchor, tag.as_deref(), span);
                }
                Event::Alias(id) => self.alias(id, span),
                Event::SequenceStart(anchor, tag) => {
                    if !self.open(Building::List(Vec::new()), anchor, tag.as_deref(), span) {
                        return false;
                    }
                }
                Event::MappingStart(anchor, tag) => {
                    if !self.open(Building::Map(MapBuilder::default()), anchor, tag.as_deref(), span) {
                        return false;
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        true
    }

    fn lines(&self) -> &Lines<'a> {
        self.lines.get_or_init(|| Lines::new(self.text))
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn span(&self, mark: saphyr_parser::Span) -> Span {
        let (start, end) = (mark.start, mark.end);
        let len = match start.line() == end.line() {
            true => end.col().saturating_sub(start.col()).max(1),
            false => 1,
        };
        Span { file: self.file, line: start.line() as u32, col: start.col() as u32 + 1, len: len as u32 }
    }

    /// Whether expressions are off where the next node goes.
    fn is_raw(&self) -> bool {
        self.stack.last().map_or(self.raw, |frame| frame.raw)
    }

    /// Whether the next node is the key of a map.
    fn at_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { building: Building::Map(MapBuilder { key: None, .. }), .. }))
    }

    fn set_key(&mut self, key: Key) {
        if let Some(Frame { building: Building::Map(map), .. }) = self.stack.last_mut() {
            map.key = Some(key);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, span: Span) {
        if self.skipping > 0 {
            return;
        }
        let has_properties = tag.is_some() || anchor != 0;
        let is_empty = text.is_empty() && style == ScalarStyle::Plain;
        let span = if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) && !has_properties {
            // The parser marks the first character of the content.
            self.lines().block_header(span, text)
        } else if has_properties && !is_empty {
            let start = self.lines().skip_properties(span);
            let moved = if start.line == span.line { start.col - span.col } else { 0 };
            Span { len: span.len.saturating_sub(moved).max(1), ..start }
        } else if is_empty {
            // Nothing stands there: it may be said to be behind the end of the file.
            self.lines().within(span)
        } else {
            span
        };
        if self.at_key() {
            return self.key(text, style, tag, span);
        }
        let tagged = self.tag(tag, span);
        let raw = self.is_raw() || matches!(tagged, Tagged::Raw);
        let kind = self.kind(text, style, &tagged, raw, span);
        let node = Node { kind, span };
        self.done(Done { node, size: 1, height: 1, raw, anchor });
    }

    fn kind(&mut self, text: &str, style: ScalarStyle, tagged: &Tagged, raw: bool, span: Span) -> NodeKind {
        let literal = |value, text| NodeKind::Literal { value, text };
        if text.len() > MAX_SCALAR {
            self.error(
                Diagnostic::error("scalar_too_long", format!("text of {} bytes is too long", text.len()))
                    .at(span, format!("at most {MAX_SCALAR} bytes fit into one value"))
                    .help("put it into a file beside this one and read it with {{ file('NAME') }}"),
            );
            return literal(Value::string(""), None);
        }
        if !raw && text.contains("{{") {
            if matches!(tagged, Tagged::Text) {
                self.error(
                    Diagnostic::error("tag", "`!!str` says nothing about an expression")
                        .at(span, "the value of this is only known later")
                        .help("write `{{ ... | string }}` to make text of it"),
                );
            }
            let layout = match style {
                // The common case without a table of lines: quotes, no escapes, one line.
                ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted
                    if !text.contains(['\n', '\\', '\'', '"']) && span.len as usize == text.len() + 2 =>
                {
                    Layout { skip: 1, block: false, indent: 0, exact: true }
                }
                _ => self.lines().layout(span, style, text),
            };
            return NodeKind::Template { text: Arc::from(text), layout };
        }
        if style != ScalarStyle::Plain || matches!(tagged, Tagged::Text) {
            return literal(Value::string(text), None);
        }
        match scalar::plain(text) {
            Ok(value @ Value::String(_)) => literal(value, None),
            Ok(value) => literal(value, Some(text.into())),
            Err(bad) => {
                self.error(Diagnostic::error(bad.code, bad.message).at(span, "").help(bad.help));
                literal(Value::string(text), None)
            }
        }
    }

    fn key(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) {
        if style == ScalarStyle::Plain && text == "<<" && tag.is_none() {
            return self.set_key(Key::Merge);
        }
        let tagged = self.tag(tag, span);
        if matches!(tagged, Tagged::Raw) {
            self.error(
                Diagnostic::error("tag", "`!raw` goes with a value, not with a key")
                    .at(span, "")
                    .help("write it behind the `:`"),
            );
        }
        if style == ScalarStyle::Plain && text.is_empty() {
            self.error(
                Diagnostic::error("bad_key", "a key is missing")
                    .at(span, "")
                    .help("write one before the `:`, or \"\" for the empty one"),
            );
            return self.set_key(Key::Dropped);
        }
        if !self.is_raw() && text.contains("{{") {
            self.error(Diagnostic::error("bad_key", "a key cannot be an expression").at(span, "").help(
                "make the whole map with an expression, such as {{ {name: value} }}, \
                     or put `!raw` on the map if the braces are meant as they stand",
            ));
            return self.set_key(Key::Dropped);
        }
        let name = self.name(text);
        let Some(Frame { building: Building::Map(map), .. }) = self.stack.last_mut() else { return };
        match map.find(&name) {
            Some(first) => {
                map.key = Some(Key::Dropped);
                self.diagnostics.push(
                    Diagnostic::error("duplicate_key", format!("the key `{name}` is there twice"))
                        .at(span, "again here")
                        .at(first, "first here")
                        .help("remove one of them, or give it another name"),
                );
            }
            None => map.key = Some(Key::Named(name, span)),
        }
    }

    fn name(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Name = text.into();
        self.names.insert(name.clone());
        name
    }

    fn alias(&mut self, id: usize, span: Span) {
        if self.skipping > 0 {
            return;
        }
        if self.at_key() {
            self.error(
                Diagnostic::error("bad_key", "a key cannot be an alias")
                    .at(span, "")
                    .help("write the key out"),
            );
            return self.set_key(Key::Dropped);
        }
        let raw = self.is_raw();
        let hole = Node::literal(Value::Null, span);
        let (node, size, height) = match self.anchors.get(&id) {
            None => {
                self.error(
                    Diagnostic::error("alias", "this alias stands inside of what it copies")
                        .at(span, "it would never end")
                        .help("copy a part that does not hold the alias"),
                );
                (hole, 1, 1)
            }
            // Each further alias would say the same.
            Some(_) if self.exhausted => (hole, 1, 1),
            Some(anchor) if self.copied + anchor.size > MAX_COPIED || anchor.node.is_none() => {
                self.diagnostics.push(
                    Diagnostic::error(
                        "alias",
                        format!("the aliases of this file copy more than {MAX_COPIED} nodes"),
                    )
                    .at(span, "this one goes beyond")
                    .help(
                        "name the shared part with `let` and refer to it in an expression: nothing is copied",
                    ),
                );
                self.exhausted = true;
                (hole, 1, 1)
            }
            Some(anchor) if self.stack.len() + anchor.height > MAX_DEPTH => {
                self.exhausted = true;
                self.error(syntax::too_deep(span));
                (hole, 1, 1)
            }
            Some(Anchor { node, size, height, raw: was_raw }) => {
                let mut node = node.clone().unwrap_or(hole);
                if raw && !was_raw {
                    without_expressions(&mut node);
                }
                (node, *size, *height)
            }
        };
        self.copied += size;
        self.done(Done { node, size, height, raw, anchor: 0 });
    }

    /// Opens a list or map; `false` where it is nested too deep.
    fn open(&mut self, building: Building, anchor: usize, tag: Option<&Tag>, span: Span) -> bool {
        if self.stack.len() + self.skipping >= MAX_DEPTH {
            // Below a key that is none, something was said already.
            if self.skipping == 0 {
                self.error(syntax::too_deep(span));
            }
            return false;
        }
        if self.skipping > 0 {
            self.skipping += 1;
            return true;
        }
        if self.at_key() {
            let outer = self.stack.last().map_or(span, |frame| frame.span);
            let adjacent = outer.line == span.line && outer.col + 1 == span.col;
            if adjacent && self.lines().rest(span.line, span.col).starts_with('{') {
                self.error(syntax::unquoted_expression(Span { len: 2, ..outer }));
            } else {
                self.error(
                    Diagnostic::error("bad_key", "a key must be a scalar, not a list or a map")
                        .at(span, "")
                        .help("quote it if text is meant"),
                );
            }
            self.set_key(Key::Dropped);
            self.skipping = 1;
            return true;
        }
        let span = match tag.is_some() || anchor != 0 {
            true => Span { len: 1, ..self.lines().skip_properties(span) },
            false => Span { len: 1, ..span },
        };
        let tagged = self.tag(tag, span);
        if matches!(tagged, Tagged::Text) {
            self.error(
                Diagnostic::error("tag", "`!!str` goes with a scalar")
                    .at(span, "this is a list or a map")
                    .help("quote it, or use `| json` in an expression to make text of it"),
            );
        }
        let raw = self.is_raw() || matches!(tagged, Tagged::Raw);
        self.stack.push(Frame { building, span, raw, anchor, size: 1, height: 1 });
        true
    }

    fn close(&mut self) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        let Some(Frame { building, span, raw, anchor, size, height }) = self.stack.pop() else { return };
        // Most containers are small and stay as they are: room to grow would double the program.
        let kind = match building {
            Building::List(mut items) => {
                items.shrink_to_fit();
                NodeKind::List(items)
            }
            Building::Map(map) => {
                let mut entries = self.merge(map);
                entries.shrink_to_fit();
                NodeKind::Map(entries)
            }
        };
        self.done(Done { node: Node { kind, span }, size, height, raw, anchor });
    }

    /// The entries of a map with those of its merge keys behind them.
    fn merge(&mut self, mut map: MapBuilder) -> Vec<(Name, Span, Node)> {
        for merged in std::mem::take(&mut map.merges) {
            let parts = match merged.kind {
                NodeKind::List(parts) => parts,
                _ => vec![merged],
            };
            for part in parts {
                let NodeKind::Map(entries) = part.kind else {
                    self.error(
                        Diagnostic::error("merge_key", "`<<` takes a map, or a list of maps")
                            .at(part.span, "this is something else")
                            .help("to merge what an expression gives, write {{ merge(a, b) }}"),
                    );
                    continue;
                };
                for (name, span, node) in entries {
                    if map.find(&name).is_none() {
                        map.push(name, span, node);
                    }
                }
            }
        }
        map.entries
    }

    /// Puts a complete node where it belongs.
    fn done(&mut self, done: Done) {
        let Done { node, size, height, raw, anchor } = done;
        if anchor != 0 {
            let keep = self.copied + size <= MAX_COPIED;
            let node = keep.then(|| node.clone());
            self.anchors.insert(anchor, Anchor { node, size, height, raw });
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.size += size;
        frame.height = frame.height.max(height + 1);
        match &mut frame.building {
            Building::List(items) => items.push(node),
            Building::Map(map) => match map.key.take() {
                Some(Key::Named(name, span)) => map.push(name, span, node),
                Some(Key::Merge) => map.merges.push(node),
                Some(Key::Dropped) | None => {}
            },
        }
    }

    fn tag(&mut self, tag: Option<&Tag>, span: Span) -> Tagged {
        let Some(tag) = tag else { return Tagged::Nothing };
        match (tag.handle.as_str(), tag.suffix.as_str()) {
            ("!", "raw") => return Tagged::Raw,
            ("tag:yaml.org,2002:", "str") => return Tagged::Text,
            _ => {}
        }
        let (shown, help) = match (tag.handle.as_str(), tag.suffix.as_str()) {
            ("tag:yaml.org,2002:", suffix) => {
                (format!("!!{suffix}"), "leave it out: types are read from the text")
            }
            ("!", "vault") => ("!vault".to_string(), "give the value by the environment: {{ env('NAME') }}"),
            (handle, suffix) => (
                format!("{handle}{suffix}"),
                "quote the value if it begins with `!`; `!raw` turns expressions off, `!!str` makes text",
            ),
        };
        self.error(
            Diagnostic::error("tag", format!("the tag `{shown}` means nothing here")).at(span, "").help(help),
        );
        Tagged::Unknown
    }
}

impl MapBuilder {
    fn find(&self, name: &Name) -> Option<Span> {
        match &self.index {
            Some(index) => index.get(name).map(|i| self.entries[*i].1),
            // Names of one file are shared, but those of a merged map may come from elsewhere.
            None => self.entries.iter().find(|(key, _, _)| key == name).map(|(_, span, _)| *span),
        }
    }

    fn push(&mut self, name: Name, span: Span, node: Node) {
        if let Some(index) = &mut self.index {
            index.insert(name.clone(), self.entries.len());
        } else if self.entries.len() == HASHED_FROM {
            let index = self.entries.iter().enumerate().map(|(i, (key, _, _))| (key.clone(), i));
            let mut index: HashMap<Name, usize> = index.collect();
            index.insert(name.clone(), self.entries.len());
            self.index = Some(index);
        }
        self.entries.push((name, span, node));
    }
}

/// Makes literal text of the expressions in a node.
fn without_expressions(node: &mut Node) {
    match &mut node.kind {
        NodeKind::Template { text, .. } => {
            node.kind = NodeKind::Literal { value: Value::String(text.clone()), text: None };
        }
        NodeKind::List(items) => items.iter_mut().for_each(without_expressions),
        NodeKind::Map(entries) => entries.iter_mut().for_each(|(_, _, node)| without_expressions(node)),
        NodeKind::Literal { .. } => {}
    }
}
