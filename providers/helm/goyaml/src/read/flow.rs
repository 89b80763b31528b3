//! The grammar within brackets and braces.

use super::parser::{Event, EventKind, Parser, Properties, State, error, event};
use super::token::TokenKind;
use crate::error::Error;

impl Parser {
    pub(super) fn flow_sequence(&mut self, first: bool) -> Result<Event, Error> {
        if self.scanner.peek()?.kind != TokenKind::FlowSequenceEnd {
            if !first {
                let token = self.scanner.peek()?;
                let start = token.start;
                if token.kind != TokenKind::FlowEntry {
                    return Err(error("did not find expected ',' or ']'", start));
                }
                self.scanner.next()?;
            }
            match self.scanner.peek()?.kind {
                TokenKind::Key => {
                    let token = self.scanner.next()?;
                    self.state = State::FlowPairKey;
                    let properties = Properties::default();
                    let kind = EventKind::MappingStart { flow: true, properties };
                    return Ok(event(kind, token.start, token.end));
                }
                TokenKind::FlowSequenceEnd => {}
                _ => return self.node_then(State::FlowSequence, false, false),
            }
        }
        self.pop();
        let token = self.scanner.next()?;
        Ok(event(EventKind::SequenceEnd, token.start, token.end))
    }

    pub(super) fn flow_pair_key(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let end = token.end;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // The original takes the token here, whatever it is.
                self.scanner.next()?;
                Ok(self.empty(State::FlowPairValue, end))
            }
            _ => self.node_then(State::FlowPairValue, false, false),
        }
    }

    pub(super) fn flow_pair_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let start = token.start;
        if token.kind == TokenKind::Value {
            self.scanner.next()?;
            match self.scanner.peek()?.kind {
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {}
                _ => return self.node_then(State::FlowPairEnd, false, false),
            }
        }
        Ok(self.empty(State::FlowPairEnd, start))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Result<Event, Error> {
        if self.scanner.peek()?.kind != TokenKind::FlowMappingEnd {
            if !first {
                let token = self.scanner.peek()?;
                let start = token.start;
                if token.kind != TokenKind::FlowEntry {
                    return Err(error("did not find expected ',' or '}'", start));
                }
                self.scanner.next()?;
            }
            match self.scanner.peek()?.kind {
                TokenKind::Key => {
                    self.scanner.next()?;
                    let token = self.scanner.peek()?;
                    let start = token.start;
                    return match token.kind {
                        TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                            Ok(self.empty(State::FlowMappingValue, start))
                        }
                        _ => self.node_then(State::FlowMappingValue, false, false),
                    };
                }
                TokenKind::FlowMappingEnd => {}
                _ => return self.node_then(State::FlowMappingEmptyValue, false, false),
            }
        }
        self.pop();
        let token = self.scanner.next()?;
        Ok(event(EventKind::MappingEnd, token.start, token.end))
    }

    pub(super) fn flow_mapping_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mut start = token.start;
        if token.kind == TokenKind::Value {
            self.scanner.next()?;
            let token = self.scanner.peek()?;
            start = token.start;
            match token.kind {
                TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {}
                _ => return self.node_then(State::FlowMappingKey, false, false),
            }
        }
        Ok(self.empty(State::FlowMappingKey, start))
    }
}
