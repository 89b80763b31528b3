//! Statements: text, actions, branches and definitions.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::lexer::Lexer;
use super::token::{Kind, Token};
use crate::stack::Stack;
use crate::strconv::{quote, unquote};
use crate::tree::{Branch, BranchKind, Pipe, Statement, Tree};
use crate::{Error, ErrorKind, Limits, Str};

/// What is to be parsed.
pub(crate) struct Source<'a> {
    pub(crate) name: Str,
    pub(crate) text: Str,
    pub(crate) left: &'a [u8],
    pub(crate) right: &'a [u8],
    /// Is there a function of this name?
    pub(crate) has_function: &'a dyn Fn(&[u8]) -> bool,
    pub(crate) limits: &'a Limits,
    /// From where on the parser's use of the native stack counts.
    pub(crate) stack: Stack,
}

/// The trees of a text by name: the one of the text itself and those it defines.
pub(crate) fn parse(source: &Source<'_>) -> Result<BTreeMap<Str, Rc<Tree>>, Error> {
    let mut lexer = Lexer::new(&source.text, source.left, source.right);
    lexer.break_is_keyword = !(source.has_function)(b"break");
    lexer.continue_is_keyword = !(source.has_function)(b"continue");
    let mut shared = Shared { source, lexer, trees: BTreeMap::new(), depth: 0, stack: source.stack.clone() };
    let mut parser = Parser::new(&mut shared);
    let root = parser.top()?;
    parser.add(source.name.clone(), root)?;
    Ok(shared.trees)
}

/// What all trees of one text have in common while they are parsed.
pub(super) struct Shared<'p, 'a> {
    pub(super) source: &'p Source<'a>,
    lexer: Lexer<'p>,
    trees: BTreeMap<Str, Rc<Tree>>,
    depth: usize,
    stack: Stack,
}

/// The parser of one tree.
pub(super) struct Parser<'s, 'p, 'a> {
    pub(super) shared: &'s mut Shared<'p, 'a>,
    /// Up to three tokens that were looked at; the first is the one read last.
    tokens: [Token<'p>; 3],
    waiting: usize,
    /// The variables that are in scope.
    pub(super) variables: Vec<Vec<u8>>,
    action_line: usize,
    ranges: usize,
}

/// How a list of statements ended.
enum End {
    End,
    Else,
}

enum Item {
    Statement(Statement),
    End(End),
}

impl<'s, 'p, 'a> Parser<'s, 'p, 'a> {
    fn new(shared: &'s mut Shared<'p, 'a>) -> Self {
        Self {
            shared,
            tokens: [Token::none(), Token::none(), Token::none()],
            waiting: 0,
            variables: vec![b"$".to_vec()],
            action_line: 0,
            ranges: 0,
        }
    }

    // Tokens.

    pub(super) fn next(&mut self) -> Token<'p> {
        if self.waiting > 0 {
            self.waiting -= 1;
        } else {
            self.tokens[0] = self.shared.lexer.next_token();
        }
        self.tokens[self.waiting].clone()
    }

    pub(super) fn backup(&mut self) {
        self.waiting += 1;
    }

    pub(super) fn backup2(&mut self, before: Token<'p>) {
        self.tokens[1] = before;
        self.waiting = 2;
    }

    pub(super) fn backup3(&mut self, first: Token<'p>, second: Token<'p>) {
        self.tokens[1] = second;
        self.tokens[2] = first;
        self.waiting = 3;
    }

    pub(super) fn peek(&mut self) -> Token<'p> {
        let token = self.next();
        self.backup();
        token
    }

    pub(super) fn next_non_space(&mut self) -> Token<'p> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token<'p> {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token<'p>, Error> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(&token, context)) }
    }

    // Errors.

    pub(super) fn error(&self, message: impl AsRef<str>) -> Error {
        self.error_of(ErrorKind::Parse, message.as_ref())
    }

    fn error_of(&self, kind: ErrorKind, message: &str) -> Error {
        let (name, line) = (&self.shared.source.name, self.tokens[0].line);
        Error::of(kind, format!("template: {name}:{line}: {message}"))
    }

    pub(super) fn unexpected(&self, token: &Token<'_>, context: &str) -> Error {
        let described = token.describe();
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {described} in {context}"));
        }
        if self.action_line == 0 || self.action_line == token.line {
            return self.error(described);
        }
        let place = format!("started at {}:{}", self.shared.source.name, self.action_line);
        let joint = if described.ends_with(" action") { " " } else { " in action " };
        self.error(format!("{described}{joint}{place}"))
    }

    /// Goes one level deeper, or refuses.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.shared.depth >= self.shared.source.limits.nesting || self.shared.stack.is_used_up() {
            let message = format!("the text nests too deeply, at level {}", self.shared.depth);
            return Err(self.error_of(ErrorKind::Limit, &message));
        }
        self.shared.depth += 1;
        let done = inner(self);
        self.shared.depth -= 1;
        done
    }

    // Statements.

    fn top(&mut self) -> Result<Vec<Statement>, Error> {
        let mut root = Vec::new();
        loop {
            match self.peek().kind {
                Kind::Eof => return Ok(root),
                Kind::LeftDelim => {
                    let delimiter = self.next();
                    if self.next_non_space().kind == Kind::Define {
                        self.deeper(|parser| Parser::new(&mut *parser.shared).definition())?;
                        continue;
                    }
                    self.backup2(delimiter);
                }
                _ => {}
            }
            match self.text_or_action()? {
                Item::Statement(statement) => root.push(statement),
                Item::End(End::End) => return Err(self.error("unexpected {{end}}")),
                Item::End(End::Else) => return Err(self.error("unexpected {{else}}")),
            }
        }
    }

    /// A definition behind its keyword.
    fn definition(mut self) -> Result<(), Error> {
        let token = self.next_non_space();
        let name = self.template_name(&token, "define clause")?;
        self.expect(Kind::RightDelim, "define clause")?;
        let body = self.only_list("define clause")?;
        self.add(name, body)
    }

    /// A list that may not end with `else`.
    fn only_list(&mut self, context: &str) -> Result<Vec<Statement>, Error> {
        match self.list()? {
            (body, End::End) => Ok(body),
            (_, End::Else) => Err(self.error(format!("unexpected {{{{else}}}} in {context}"))),
        }
    }

    /// Keeps a tree; one that has something replaces an empty one, and only that.
    fn add(&mut self, name: Str, root: Vec<Statement>) -> Result<(), Error> {
        let source = self.shared.source;
        let tree =
            Tree { name: name.clone(), parse_name: source.name.clone(), text: source.text.clone(), root };
        match self.shared.trees.get(&name) {
            Some(before) if !before.is_empty() => {
                if !tree.is_empty() {
                    let quoted = quote(&name);
                    let quoted = String::from_utf8_lossy(&quoted);
                    return Err(self.error(format!("template: multiple definition of template {quoted}")));
                }
            }
            _ => {
                self.shared.trees.insert(name, Rc::new(tree));
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(Vec<Statement>, End), Error> {
        let mut list = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Statement(statement) => list.push(statement),
                Item::End(end) => return Ok((list, end)),
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Result<Item, Error> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => {
                let text = (&*token.text).into();
                Ok(Item::Statement(Statement::Text { position: token.position, text }))
            }
            Kind::LeftDelim => {
                self.action_line = token.line;
                let item = self.action()?;
                self.action_line = 0;
                Ok(item)
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item, Error> {
        let token = self.next_non_space();
        let statement = match token.kind {
            Kind::Block => self.deeper(Self::block)?,
            Kind::Break => {
                self.loop_control("{{break}}")?;
                Statement::Break { position: token.position }
            }
            Kind::Continue => {
                self.loop_control("{{continue}}")?;
                Statement::Continue { position: token.position }
            }
            Kind::Else => {
                if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Item::End(End::Else));
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End(End::End));
            }
            Kind::If => self.branch(BranchKind::If)?,
            Kind::Range => self.branch(BranchKind::Range)?,
            Kind::With => self.branch(BranchKind::With)?,
            Kind::Template => self.template()?,
            _ => {
                self.backup();
                let position = self.peek().position;
                Statement::Action { position, pipe: self.pipeline("command", Kind::RightDelim)? }
            }
        };
        Ok(Item::Statement(statement))
    }

    fn loop_control(&mut self, word: &str) -> Result<(), Error> {
        self.expect(Kind::RightDelim, word)?;
        if self.ranges == 0 {
            return Err(self.error(format!("{word} outside {{{{range}}}}")));
        }
        Ok(())
    }

    fn branch(&mut self, kind: BranchKind) -> Result<Statement, Error> {
        let scope = self.variables.len();
        let branch = self.deeper(|parser| parser.branch_parts(kind))?;
        self.variables.truncate(scope);
        Ok(Statement::Branch(Box::new(branch)))
    }

    fn branch_parts(&mut self, kind: BranchKind) -> Result<Branch, Error> {
        let context = match kind {
            BranchKind::If => "if",
            BranchKind::Range => "range",
            BranchKind::With => "with",
        };
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.ranges += usize::from(kind == BranchKind::Range);
        let (body, end) = self.list()?;
        self.ranges -= usize::from(kind == BranchKind::Range);
        let otherwise = match end {
            End::End => None,
            End::Else => Some(self.otherwise(kind)?),
        };
        Ok(Branch { kind, position: pipe.position, pipe, body, otherwise })
    }

    /// What follows `else`. `else if` is an `if` of its own, and shares its `end`.
    fn otherwise(&mut self, kind: BranchKind) -> Result<Vec<Statement>, Error> {
        let chained = match kind {
            BranchKind::If => Kind::If,
            BranchKind::With => Kind::With,
            BranchKind::Range => Kind::Eof,
        };
        if self.peek().kind == chained && chained != Kind::Eof {
            self.next();
            return Ok(vec![self.branch(kind)?]);
        }
        match self.list()? {
            (list, End::End) => Ok(list),
            (_, End::Else) => Err(self.error("expected end; found {{else}}")),
        }
    }

    /// A definition and a call of it in one.
    fn block(&mut self) -> Result<Statement, Error> {
        let token = self.next_non_space();
        let name = self.template_name(&token, "block clause")?;
        let pipe = self.pipeline("block clause", Kind::RightDelim)?;
        let mut inner = Parser::new(&mut *self.shared);
        let (body, end) = inner.list()?;
        if matches!(end, End::Else) {
            return Err(self.error("unexpected {{else}} in block clause"));
        }
        inner.add(name.clone(), body)?;
        Ok(Statement::Template { position: token.position, name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Result<Statement, Error> {
        let token = self.next_non_space();
        let name = self.template_name(&token, "template clause")?;
        let mut pipe: Option<Pipe> = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline("template clause", Kind::RightDelim)?);
        }
        Ok(Statement::Template { position: token.position, name, pipe })
    }

    fn template_name(&mut self, token: &Token<'_>, context: &str) -> Result<Str, Error> {
        match token.kind {
            Kind::String | Kind::RawString => {
                unquote(&token.text).map(Str::from).ok_or_else(|| self.error("invalid syntax"))
            }
            _ => Err(self.unexpected(token, context)),
        }
    }
}
