//! Events to trees, one for each document.

use std::collections::HashMap;

use super::parser::{Event, EventKind, Parser, Properties};
use super::source::Source;
use super::token::{Span, Style};
use crate::error::Error;
use crate::limits::Limits;
use crate::resolve::{Resolved, resolve};

/// A node of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(usize);

/// A part of a document, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands, its tag and anchor included.
    pub span: Span,
    /// The name that aliases use for it.
    pub anchor: Option<String>,
    /// The tag in its long form (`tag:yaml.org,2002:str`). Those of collections have no effect.
    pub tag: Option<String>,
}

/// The kinds of nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A text, whatever it stands for.
    Scalar {
        /// The text without quotes, escapes and indentation.
        text: String,
        /// How it is written.
        style: Style,
        /// Whether nothing says that it is a string, so that its looks decide.
        implicit: bool,
    },
    /// A list.
    Sequence {
        /// Its items.
        items: Vec<NodeId>,
        /// Whether it stands in brackets.
        flow: bool,
    },
    /// A map, in the order of the text, with keys that may be anything and may repeat.
    Mapping {
        /// Keys and values.
        pairs: Vec<(NodeId, NodeId)>,
        /// Whether it stands in braces.
        flow: bool,
    },
    /// Another node once more; perhaps one that it stands in, which only [`Document::value`] refuses.
    Alias {
        /// The anchor.
        name: String,
        /// What has it.
        target: NodeId,
    },
}

/// The tree of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    nodes: Vec<Node>,
    root: NodeId,
}

impl Document {
    /// The topmost node.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// A node of this document.
    ///
    /// # Panics
    ///
    /// If the id is of a larger document.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// What a scalar stands for; nothing if it is a collection or an alias.
    ///
    /// # Errors
    ///
    /// If it does not fit its tag.
    pub fn resolved(&self, id: NodeId) -> Result<Option<Resolved>, Error> {
        let node = self.node(id);
        match &node.kind {
            NodeKind::Scalar { text, implicit, .. } => {
                resolve(node.tag.as_deref(), text, *implicit).map(Some)
            }
            NodeKind::Sequence { .. } | NodeKind::Mapping { .. } | NodeKind::Alias { .. } => Ok(None),
        }
    }
}

/// The documents of a stream, read one after the other.
///
/// What is wrong with a document is only told after those before it; there is none after it.
#[derive(Debug)]
pub struct Documents {
    parser: Parser,
    limits: Limits,
    started: bool,
    done: bool,
}

impl Documents {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// If there is more than the limits allow.
    pub fn new(input: &[u8], limits: &Limits) -> Result<Documents, Error> {
        limits.check_input(input.len())?;
        Ok(Documents {
            parser: Parser::new(Source::new(input)),
            limits: *limits,
            started: false,
            done: false,
        })
    }

    /// How much was done so far, in small steps. It grows with the text and with nothing else, which a
    /// clock could not tell as surely.
    pub fn steps(&self) -> u64 {
        self.parser.steps()
    }

    fn document(&mut self) -> Result<Option<Document>, Error> {
        if !self.started {
            self.parser.next()?;
            self.started = true;
        }
        match self.parser.next()?.kind {
            EventKind::DocumentStart => {}
            _ => return Ok(None),
        }
        Builder::new(self.limits).build(&mut self.parser).map(Some)
    }
}

impl Iterator for Documents {
    type Item = Result<Document, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let document = self.document().transpose();
        self.done = !matches!(document, Some(Ok(_)));
        document
    }
}

/// Puts a tree together, without recursion.
struct Builder {
    limits: Limits,
    nodes: Vec<Node>,
    anchors: HashMap<String, NodeId>,
    /// The collections that are open, and the key that waits for its value.
    open: Vec<(NodeId, Option<NodeId>)>,
}

impl Builder {
    fn new(limits: Limits) -> Builder {
        Builder { limits, nodes: Vec::new(), anchors: HashMap::new(), open: Vec::new() }
    }

    fn build(mut self, parser: &mut Parser) -> Result<Document, Error> {
        let mut root = NodeId(0);
        loop {
            let Event { kind, span } = parser.next()?;
            let added = match kind {
                EventKind::Scalar { text, style, properties, implicit } => {
                    self.add(NodeKind::Scalar { text, style, implicit }, span, properties)?
                }
                EventKind::Alias(name) => {
                    let Some(&target) = self.anchors.get(&name) else {
                        return Err(Error::Decode(format!("unknown anchor '{name}' referenced")));
                    };
                    self.add(NodeKind::Alias { name, target }, span, Properties::default())?
                }
                EventKind::SequenceStart { flow, properties } => {
                    self.enter(NodeKind::Sequence { items: Vec::new(), flow }, span, properties)?;
                    continue;
                }
                EventKind::MappingStart { flow, properties } => {
                    self.enter(NodeKind::Mapping { pairs: Vec::new(), flow }, span, properties)?;
                    continue;
                }
                EventKind::SequenceEnd | EventKind::MappingEnd => match self.open.pop() {
                    Some((id, _)) => {
                        self.nodes[id.0].span.end = span.end;
                        id
                    }
                    None => continue,
                },
                EventKind::DocumentEnd => return Ok(Document { nodes: self.nodes, root }),
                EventKind::DocumentStart | EventKind::StreamStart | EventKind::StreamEnd => {
                    return Err(Error::Decode("attempted to go past the end of stream".to_owned()));
                }
            };
            match self.open.last_mut() {
                None => root = added,
                Some((id, key)) => match &mut self.nodes[id.0].kind {
                    NodeKind::Sequence { items, .. } => items.push(added),
                    NodeKind::Mapping { pairs, .. } => match key.take() {
                        None => *key = Some(added),
                        Some(key) => pairs.push((key, added)),
                    },
                    NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
                },
            }
        }
    }

    fn enter(&mut self, kind: NodeKind, span: Span, properties: Properties) -> Result<(), Error> {
        let id = self.add(kind, span, properties)?;
        self.open.push((id, None));
        self.limits.check_depth(self.open.len())?;
        Ok(())
    }

    fn add(&mut self, kind: NodeKind, span: Span, properties: Properties) -> Result<NodeId, Error> {
        let Properties { anchor, tag } = properties;
        let id = NodeId(self.nodes.len());
        self.limits.check_nodes(id.0 + 1)?;
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), id);
        }
        self.nodes.push(Node { kind, span, anchor, tag });
        Ok(id)
    }
}
