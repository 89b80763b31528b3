//! Pipelines: declarations, commands and their operands.

use super::number::number;
use super::parser::Parser;
use super::token::{Kind, Token};
use crate::strconv::{quote, unquote};
use crate::tree::{Command, Operand, OperandKind, Pipe, Variable};
use crate::{Error, Str};

impl<'p> Parser<'_, 'p, '_> {
    /// A pipeline up to the token that ends it.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Error> {
        let position = self.peek_non_space().position;
        let mut pipe = Pipe { position, assign: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    pipe.commands.push(self.command()?);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<(), Error> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            // Whether the variable is declared or used shows two tokens later, if there is space.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.assign = next.kind == Kind::Assign;
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    return Ok(());
                }
                Kind::Char if &*next.text == b"," => {
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    if context != "range" || pipe.variables.len() >= 2 {
                        return Err(self.error(format!("too many declarations in {context}")));
                    }
                    let follows = self.peek_non_space().kind;
                    if !matches!(follows, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                        return Err(self.error("range can only initialize variables"));
                    }
                }
                _ => {
                    if after.kind == Kind::Space {
                        self.backup3(variable, after);
                    } else {
                        self.backup2(variable);
                    }
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, token: &Token<'_>) {
        self.variables.push(token.text.to_vec());
        pipe.variables.push(Variable { position: token.position, names: vec![(&*token.text).into()] });
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<(), Error> {
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = command.operands.first().map(|operand| &operand.kind);
            if let Some(
                OperandKind::Bool(_)
                | OperandKind::Dot
                | OperandKind::Nil
                | OperandKind::Number(_)
                | OperandKind::String { .. },
            ) = first
            {
                let stage = index + 1;
                return Err(self.error(format!("non executable command in pipeline stage {stage}")));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, Error> {
        let mut command = Command { position: self.peek_non_space().position, operands: Vec::new() };
        loop {
            self.peek_non_space();
            command.operands.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.backup();
                    break;
                }
                Kind::Pipe => break,
                _ => return Err(self.unexpected(&token, "operand")),
            }
        }
        if command.operands.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(command)
    }

    /// A term and the fields behind it; nothing if what comes is no term.
    fn operand(&mut self) -> Result<Option<Operand>, Error> {
        let Some(term) = self.term()? else { return Ok(None) };
        let next = self.peek();
        if next.kind != Kind::Field {
            return Ok(Some(term));
        }
        let mut fields: Vec<Str> = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(self.next().text[1..].into());
        }
        let kind = match term.kind {
            OperandKind::Field(mut names) => {
                names.append(&mut fields);
                OperandKind::Field(names)
            }
            OperandKind::Variable(mut names) => {
                names.append(&mut fields);
                OperandKind::Variable(names)
            }
            OperandKind::Bool(_)
            | OperandKind::String { .. }
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                let mut text = Vec::new();
                term.write(&mut text);
                let quoted = String::from_utf8_lossy(&quote(&text)).into_owned();
                return Err(self.error(format!("unexpected . after term {quoted}")));
            }
            OperandKind::Identifier(_) | OperandKind::Pipe(_) | OperandKind::Chain(..) => {
                OperandKind::Chain(Box::new(term), fields)
            }
        };
        Ok(Some(Operand { position: next.position, kind }))
    }

    fn term(&mut self) -> Result<Option<Operand>, Error> {
        let token = self.next_non_space();
        let text: &[u8] = &token.text;
        let kind = match token.kind {
            Kind::Identifier => {
                if !(self.shared.source.has_function)(text) {
                    let quoted = String::from_utf8_lossy(&quote(text)).into_owned();
                    return Err(self.error(format!("function {quoted} not defined")));
                }
                OperandKind::Identifier(text.into())
            }
            Kind::Dot => OperandKind::Dot,
            Kind::Nil => OperandKind::Nil,
            Kind::Variable => {
                if !self.variables.iter().any(|name| name == text) {
                    let quoted = String::from_utf8_lossy(&quote(text)).into_owned();
                    return Err(self.error(format!("undefined variable {quoted}")));
                }
                OperandKind::Variable(vec![text.into()])
            }
            Kind::Field => OperandKind::Field(vec![text[1..].into()]),
            Kind::Bool => OperandKind::Bool(text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                OperandKind::Number(number(text, token.kind).map_err(|message| self.error(message))?)
            }
            Kind::LeftParen => {
                let pipe =
                    self.deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                let position = pipe.position;
                return Ok(Some(Operand { position, kind: OperandKind::Pipe(Box::new(pipe)) }));
            }
            Kind::String | Kind::RawString => {
                let inner = unquote(text).ok_or_else(|| self.error("invalid syntax"))?;
                OperandKind::String { quoted: text.into(), text: inner.into() }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Operand { position: token.position, kind }))
    }
}
