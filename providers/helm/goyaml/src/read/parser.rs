//! Tokens to events: the grammar, as a machine with a stack of states instead of recursion. What is in
//! brackets and braces has a file of its own.

use super::scanner::Scanner;
use super::source::Source;
use super::token::{Mark, Span, Style, Token, TokenKind};
use crate::error::Error;

/// What is to be expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequence,
    IndentlessSequence,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EventKind {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar { text: String, style: Style, properties: Properties, implicit: bool },
    SequenceStart { flow: bool, properties: Properties },
    SequenceEnd,
    MappingStart { flow: bool, properties: Properties },
    MappingEnd,
}

/// What may stand in front of a node.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Properties {
    pub(crate) anchor: Option<String>,
    pub(crate) tag: Option<String>,
}

/// Makes events on demand.
#[derive(Debug)]
pub(crate) struct Parser {
    pub(super) scanner: Scanner,
    pub(super) state: State,
    states: Vec<State>,
    /// Handles of tags and what they stand for, of this document.
    handles: Vec<(String, String)>,
}

impl Parser {
    pub(crate) fn new(source: Source) -> Parser {
        Parser {
            scanner: Scanner::new(source),
            state: State::StreamStart,
            states: Vec::new(),
            handles: Vec::new(),
        }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.scanner.steps()
    }

    /// The next event; after the end of the stream, its end again.
    pub(crate) fn next(&mut self) -> Result<Event, Error> {
        match self.state {
            State::StreamStart => {
                let token = self.scanner.next()?;
                self.state = State::ImplicitDocumentStart;
                Ok(event(EventKind::StreamStart, token.start, token.end))
            }
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirst => {
                self.scanner.next()?;
                self.block_sequence()
            }
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingFirst => {
                self.scanner.next()?;
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => {
                self.scanner.next()?;
                self.flow_sequence(true)
            }
            State::FlowSequence => self.flow_sequence(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                let start = self.scanner.peek()?.start;
                self.state = State::FlowSequence;
                Ok(event(EventKind::MappingEnd, start, start))
            }
            State::FlowMappingFirst => {
                self.scanner.next()?;
                self.flow_mapping_key(true)
            }
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let start = self.scanner.peek()?.start;
                Ok(self.empty(State::FlowMappingKey, start))
            }
            State::End => Ok(event(EventKind::StreamEnd, Mark::default(), Mark::default())),
        }
    }

    pub(super) fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// A scalar that is not there.
    pub(super) fn empty(&mut self, then: State, mark: Mark) -> Event {
        self.state = then;
        let properties = Properties::default();
        let kind = EventKind::Scalar { text: String::new(), style: Style::Plain, properties, implicit: true };
        event(kind, mark, mark)
    }

    pub(super) fn node_then(&mut self, then: State, block: bool, indentless: bool) -> Result<Event, Error> {
        self.states.push(then);
        self.node(block, indentless)
    }

    fn document_start(&mut self, implicit: bool) -> Result<Event, Error> {
        if !implicit {
            while self.scanner.peek()?.kind == TokenKind::DocumentEnd {
                self.scanner.next()?;
            }
        }
        let token = self.scanner.peek()?;
        let start = token.start;
        let end = token.end;
        match token.kind {
            TokenKind::StreamEnd => {
                self.scanner.next()?;
                self.state = State::End;
                Ok(event(EventKind::StreamEnd, start, end))
            }
            TokenKind::Version { .. } | TokenKind::TagDirective { .. } | TokenKind::DocumentStart => {
                self.explicit_document(start)
            }
            _ if implicit => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(event(EventKind::DocumentStart, start, end))
            }
            _ => self.explicit_document(start),
        }
    }

    fn explicit_document(&mut self, start: Mark) -> Result<Event, Error> {
        self.directives()?;
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::DocumentStart {
            return Err(error("did not find expected <document start>", token.start));
        }
        let end = token.end;
        self.scanner.next()?;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(event(EventKind::DocumentStart, start, end))
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut versioned = false;
        loop {
            let token = self.scanner.peek()?;
            let start = token.start;
            match &token.kind {
                TokenKind::Version { major, minor } => {
                    if versioned {
                        return Err(error("found duplicate %YAML directive", start));
                    }
                    if (*major, *minor) != (1, 1) {
                        return Err(error("found incompatible YAML document", start));
                    }
                    versioned = true;
                }
                TokenKind::TagDirective { handle, prefix } => {
                    if self.handles.iter().any(|(known, _)| known == handle) {
                        return Err(error("found duplicate %TAG directive", start));
                    }
                    self.handles.push((handle.clone(), prefix.clone()));
                }
                _ => break,
            }
            self.scanner.next()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.handles.iter().any(|(known, _)| known == handle) {
                self.handles.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop();
                let then = self.state;
                Ok(self.empty(then, start))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let start = token.start;
        let mut end = start;
        if token.kind == TokenKind::DocumentEnd {
            end = token.end;
            self.scanner.next()?;
        }
        self.handles.clear();
        self.state = State::DocumentStart;
        Ok(event(EventKind::DocumentEnd, start, end))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Event, Error> {
        let first = self.scanner.peek()?;
        let mut start = first.start;
        if let TokenKind::Alias(_) = first.kind {
            self.pop();
            let token = self.scanner.next()?;
            let TokenKind::Alias(name) = token.kind else {
                return Err(error("did not find expected node content", start));
            };
            return Ok(event(EventKind::Alias(name), token.start, token.end));
        }
        let mut end = start;
        let mut anchor = None;
        let mut tag = None;
        // One of each, in either order.
        for turn in 0..2 {
            let token = self.scanner.peek()?;
            match token.kind {
                TokenKind::Anchor(_) if anchor.is_none() => {}
                TokenKind::Tag { .. } if tag.is_none() => {}
                _ => break,
            }
            let token = self.scanner.next()?;
            if turn == 0 {
                start = token.start;
            }
            end = token.end;
            match token.kind {
                TokenKind::Anchor(name) => anchor = Some(name),
                TokenKind::Tag { handle, suffix } => tag = Some((handle, suffix, token.start)),
                _ => {}
            }
        }
        let tag = match tag {
            None => None,
            Some((handle, suffix, mark)) => Some(self.whole_tag(&handle, suffix, mark)?),
        };
        // An empty tag is none.
        let tag = tag.filter(|tag| !tag.is_empty());
        let properties = Properties { anchor, tag };

        let token = self.scanner.peek()?;
        let after = token.end;
        match &token.kind {
            TokenKind::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                Ok(event(EventKind::SequenceStart { flow: false, properties }, start, after))
            }
            TokenKind::Scalar { .. } => {
                let token = self.scanner.next()?;
                self.pop();
                Ok(scalar(token, properties, start))
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                Ok(event(EventKind::SequenceStart { flow: true, properties }, start, after))
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                Ok(event(EventKind::MappingStart { flow: true, properties }, start, after))
            }
            TokenKind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirst;
                Ok(event(EventKind::SequenceStart { flow: false, properties }, start, after))
            }
            TokenKind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirst;
                Ok(event(EventKind::MappingStart { flow: false, properties }, start, after))
            }
            _ if properties != Properties::default() => {
                self.pop();
                let implicit = properties.tag.is_none();
                let kind =
                    EventKind::Scalar { text: String::new(), style: Style::Plain, properties, implicit };
                Ok(event(kind, start, end))
            }
            _ => Err(error("did not find expected node content", token.start)),
        }
    }

    fn whole_tag(&self, handle: &str, suffix: String, mark: Mark) -> Result<String, Error> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        match self.handles.iter().find(|(known, _)| known == handle) {
            Some((_, prefix)) => Ok(format!("{prefix}{suffix}")),
            None => Err(error("found undefined tag handle", mark)),
        }
    }

    fn block_sequence(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::BlockEntry => {
                self.scanner.next()?;
                match self.scanner.peek()?.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => Ok(self.empty(State::BlockSequence, end)),
                    _ => self.node_then(State::BlockSequence, true, false),
                }
            }
            TokenKind::BlockEnd => {
                self.pop();
                self.scanner.next()?;
                Ok(event(EventKind::SequenceEnd, start, end))
            }
            _ => Err(error("did not find expected '-' indicator", start)),
        }
    }

    fn indentless_sequence(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        if token.kind != TokenKind::BlockEntry {
            self.pop();
            return Ok(event(EventKind::SequenceEnd, start, start));
        }
        self.scanner.next()?;
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty(State::IndentlessSequence, end))
            }
            _ => self.node_then(State::IndentlessSequence, true, false),
        }
    }

    fn block_mapping_key(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::Key => {
                self.scanner.next()?;
                self.block_mapping_part(State::BlockMappingValue, end)
            }
            TokenKind::BlockEnd => {
                self.pop();
                self.scanner.next()?;
                Ok(event(EventKind::MappingEnd, start, end))
            }
            _ => Err(error("did not find expected key", start)),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        if token.kind != TokenKind::Value {
            return Ok(self.empty(State::BlockMappingKey, start));
        }
        self.scanner.next()?;
        self.block_mapping_part(State::BlockMappingKey, end)
    }

    fn block_mapping_part(&mut self, then: State, mark: Mark) -> Result<Event, Error> {
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(self.empty(then, mark)),
            _ => self.node_then(then, true, true),
        }
    }
}

pub(super) fn event(kind: EventKind, start: Mark, end: Mark) -> Event {
    Event { kind, span: Span { start: start.position(), end: end.position() } }
}

/// Go tells the line of a mistake in the grammar from zero, and no line where that is zero.
pub(super) fn error(problem: &str, mark: Mark) -> Error {
    Error::Syntax { line: (mark.line > 0).then_some(mark.line), problem: problem.to_owned() }
}

fn scalar(token: Token, properties: Properties, start: Mark) -> Event {
    let (text, style) = match token.kind {
        TokenKind::Scalar { text, style } => (text, style),
        _ => (String::new(), Style::Plain),
    };
    let implicit = match properties.tag.as_deref() {
        None => style == Style::Plain,
        Some(tag) => tag == "!",
    };
    event(EventKind::Scalar { text, style, properties, implicit }, start, token.end)
}
