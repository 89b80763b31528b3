//! Characters to tokens: indentation, and keys that are only seen to be keys at their `:`.
//!
//! A key without `?` is told by the `:` after it. Where one may begin, its place is kept
//! ([`SimpleKey`]); tokens wait in a queue until it is clear that the first of them begins no key, and a
//! `:` then puts a [`TokenKind::Key`] (and perhaps the start of a mapping) in front of it. A key must end
//! on its line and within 1024 characters, which also bounds the queue.
//!
//! What the queue holds when decides which of two mistakes in a text is told, so its bookkeeping is that
//! of the original down to a slip: `]` and `}` forget the key that their bracket may begin, so that
//! `[a]: b` is no mapping.

use std::collections::{HashMap, VecDeque};

use super::cursor::Cursor;
use super::source::Source;
use super::token::{Mark, Token, TokenKind};
use crate::error::Error;

/// Longest key without `?`, in characters.
const LONGEST_KEY: usize = 1024;

/// A place where a key may have begun.
#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// It stands where only a key can stand, so that it is an error if it is none.
    required: bool,
    /// How many tokens come before it.
    number: usize,
    mark: Mark,
}

/// Makes tokens on demand.
#[derive(Debug)]
pub(crate) struct Scanner {
    pub(super) cursor: Cursor,
    queue: VecDeque<Token>,
    /// How many tokens left the queue.
    taken: usize,
    started: bool,
    pub(super) flow_level: usize,
    /// The column of the current block collection, or -1.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) key_allowed: bool,
    /// One for each level of flow collections, and one for the block.
    keys: Vec<SimpleKey>,
    key_of_token: HashMap<usize, usize>,
}

impl Scanner {
    pub(crate) fn new(source: Source) -> Scanner {
        Scanner {
            cursor: Cursor::new(source),
            queue: VecDeque::new(),
            taken: 0,
            started: false,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            key_of_token: HashMap::new(),
        }
    }

    /// What was done so far: characters gone over, looks at the queue, and tokens moved in it.
    pub(crate) fn steps(&self) -> u64 {
        self.cursor.steps
    }

    /// The next token, which stays.
    pub(crate) fn peek(&mut self) -> Result<&Token, Error> {
        while self.must_look_ahead()? {
            self.fetch()?;
        }
        match self.queue.front() {
            Some(token) => Ok(token),
            None => Err(self.error("the scanner has nothing more to say")),
        }
    }

    /// Takes the token that [`Scanner::peek`] showed.
    pub(crate) fn next(&mut self) -> Result<Token, Error> {
        self.peek()?;
        self.key_of_token.remove(&self.taken);
        self.taken += 1;
        match self.queue.pop_front() {
            Some(token) => Ok(token),
            None => Err(self.error("the scanner has nothing more to say")),
        }
    }

    /// Whether the first token may still turn out to begin a key.
    fn must_look_ahead(&mut self) -> Result<bool, Error> {
        self.cursor.steps += 1;
        if self.queue.is_empty() {
            return Ok(true);
        }
        match self.key_of_token.get(&self.taken) {
            Some(&level) => self.is_still_key(level),
            None => Ok(false),
        }
    }

    fn is_still_key(&mut self, level: usize) -> Result<bool, Error> {
        let here = self.cursor.mark;
        let Some(key) = self.keys.get_mut(level) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < here.line || key.mark.index + LONGEST_KEY < here.index {
            if key.required {
                let start = key.mark;
                return Err(self.error_from(start, "could not find expected ':'"));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// An error here. Where this is the first line, Go tells the line of its context, which cannot be
    /// a later one and is then no line at all.
    pub(super) fn error(&self, problem: &str) -> Error {
        let line = self.cursor.mark.line;
        Error::Syntax { line: (line > 0).then_some(line + 1), problem: problem.to_owned() }
    }

    /// An error here about something that began at `start`.
    pub(super) fn error_from(&self, start: Mark, problem: &str) -> Error {
        debug_assert!(start.line <= self.cursor.mark.line);
        self.error(problem)
    }

    fn fetch(&mut self) -> Result<(), Error> {
        self.cursor.need(1)?;
        if !self.started {
            self.started = true;
            let mark = self.cursor.mark;
            self.push(TokenKind::StreamStart, mark, mark);
            return Ok(());
        }
        self.skip_to_token()?;
        self.unroll_indent(column(self.cursor.mark));
        self.cursor.need(4)?;

        let here = self.cursor.byte(0);
        if self.cursor.at_end() {
            return self.stream_end();
        }
        if self.cursor.mark.column == 0 && here == b'%' {
            self.leave_block()?;
            let token = self.directive()?;
            self.queue.push_back(token);
            return Ok(());
        }
        if self.cursor.is_document_indicator() {
            self.leave_block()?;
            let kind = if here == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
            self.indicator(kind, 3);
            return Ok(());
        }
        let in_flow = self.flow_level > 0;
        let before_blank = self.cursor.is_blank_or_end(1);
        match here {
            b'[' => self.flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.flow_start(TokenKind::FlowMappingStart),
            b']' => self.flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.indicator(TokenKind::FlowEntry, 1);
                Ok(())
            }
            b'-' if before_blank => self.block_entry(),
            b'?' if in_flow || before_blank => self.explicit_key(),
            b':' if in_flow || before_blank => self.value(),
            b'*' | b'&' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.anchor(here == b'*')?;
                self.queue.push_back(token);
                Ok(())
            }
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.tag()?;
                self.queue.push_back(token);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.forget_key()?;
                self.key_allowed = true;
                let token = self.block_scalar(here == b'|')?;
                self.queue.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.quoted_scalar(here == b'\'')?;
                self.queue.push_back(token);
                Ok(())
            }
            _ if self.begins_plain(here) => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.plain_scalar()?;
                self.queue.push_back(token);
                Ok(())
            }
            _ => Err(self.error("found character that cannot start any token")),
        }
    }

    fn begins_plain(&self, here: u8) -> bool {
        match here {
            b'-' => !self.cursor.is_blank(1),
            b'?' | b':' => self.flow_level == 0 && !self.cursor.is_blank_or_end(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => false,
            _ => !self.cursor.is_blank_or_end(0),
        }
    }

    /// Goes over what separates tokens.
    fn skip_to_token(&mut self) -> Result<(), Error> {
        loop {
            self.cursor.need(1)?;
            if self.cursor.mark.column == 0 && self.cursor.is_byte_order_mark() {
                self.cursor.skip();
            }
            self.cursor.need(1)?;
            // Where a key may begin, the indentation is measured, and a tab has no width.
            let tabs = self.flow_level > 0 || !self.key_allowed;
            while self.cursor.byte(0) == b' ' || (tabs && self.cursor.byte(0) == b'\t') {
                self.cursor.skip();
                self.cursor.need(1)?;
            }
            self.cursor.skip_comment()?;
            if !self.cursor.is_break(0) {
                return Ok(());
            }
            self.cursor.need(2)?;
            self.cursor.skip_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn push(&mut self, kind: TokenKind, start: Mark, end: Mark) {
        self.queue.push_back(Token { kind, start, end });
    }

    /// Puts a token in front of the one with that number, or behind all if that one is gone already.
    fn insert(&mut self, number: Option<usize>, kind: TokenKind, mark: Mark) {
        let token = Token { kind, start: mark, end: mark };
        match number.and_then(|number| number.checked_sub(self.taken)) {
            Some(place) if place <= self.queue.len() => {
                self.cursor.steps += u64::try_from(self.queue.len() - place).unwrap_or(u64::MAX);
                self.queue.insert(place, token);
            }
            _ => self.queue.push_back(token),
        }
    }

    fn indicator(&mut self, kind: TokenKind, characters: usize) {
        let start = self.cursor.mark;
        self.cursor.skip_many(characters);
        self.push(kind, start, self.cursor.mark);
    }

    fn next_number(&self) -> usize {
        self.taken + self.queue.len()
    }

    fn save_key(&mut self) -> Result<(), Error> {
        if !self.key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark;
        let required = self.flow_level == 0 && self.indent == column(mark);
        let number = self.next_number();
        self.forget_key()?;
        if let Some(key) = self.keys.last_mut() {
            *key = SimpleKey { possible: true, required, number, mark };
            self.key_of_token.insert(number, self.keys.len() - 1);
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<(), Error> {
        let Some(key) = self.keys.last_mut() else { return Ok(()) };
        if key.possible {
            if key.required {
                let start = key.mark;
                return Err(self.error_from(start, "could not find expected ':'"));
            }
            key.possible = false;
            self.key_of_token.remove(&key.number);
        }
        Ok(())
    }

    fn roll_indent(&mut self, to: isize, number: Option<usize>, kind: TokenKind, mark: Mark) {
        if self.flow_level == 0 && self.indent < to {
            self.indents.push(self.indent);
            self.indent = to;
            self.insert(number, kind, mark);
        }
    }

    fn unroll_indent(&mut self, to: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > to {
            let mark = self.cursor.mark;
            self.push(TokenKind::BlockEnd, mark, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Ends all block collections.
    fn leave_block(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.forget_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn stream_end(&mut self) -> Result<(), Error> {
        let mark = &mut self.cursor.mark;
        if mark.column != 0 {
            mark.column = 0;
            mark.line += 1;
        }
        self.leave_block()?;
        let mark = self.cursor.mark;
        self.push(TokenKind::StreamEnd, mark, mark);
        Ok(())
    }

    fn flow_start(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_key()?;
        let number = self.next_number();
        self.keys.push(SimpleKey { number, mark: self.cursor.mark, ..SimpleKey::default() });
        self.flow_level += 1;
        self.key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.forget_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.keys.pop() {
                self.key_of_token.remove(&key.number);
            }
        }
        self.key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            let mark = self.cursor.mark;
            self.roll_indent(column(mark), None, TokenKind::BlockSequenceStart, mark);
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn explicit_key(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            let mark = self.cursor.mark;
            self.roll_indent(column(mark), None, TokenKind::BlockMappingStart, mark);
        }
        self.forget_key()?;
        self.key_allowed = self.flow_level == 0;
        self.indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Error> {
        let level = self.keys.len() - 1;
        if self.is_still_key(level)? {
            let key = self.keys[level];
            self.insert(Some(key.number), TokenKind::Key, key.mark);
            let number = Some(key.number);
            self.roll_indent(column(key.mark), number, TokenKind::BlockMappingStart, key.mark);
            self.keys[level].possible = false;
            self.key_of_token.remove(&key.number);
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                let mark = self.cursor.mark;
                self.roll_indent(column(mark), None, TokenKind::BlockMappingStart, mark);
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.indicator(TokenKind::Value, 1);
        Ok(())
    }
}

fn column(mark: Mark) -> isize {
    isize::try_from(mark.column).unwrap_or(isize::MAX)
}
