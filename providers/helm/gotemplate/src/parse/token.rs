//! Tokens of a template.

use std::borrow::Cow;

use crate::Value;
use crate::strconv::quote;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that is no token; the text says why.
    Error,
    Bool,
    /// Any other printable character, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // The keywords.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    /// The keyword that a word is.
    pub(super) fn keyword(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"block" => Self::Block,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"define" => Self::Define,
            b"else" => Self::Else,
            b"end" => Self::End,
            b"if" => Self::If,
            b"nil" => Self::Nil,
            b"range" => Self::Range,
            b"template" => Self::Template,
            b"with" => Self::With,
            _ => return None,
        })
    }

    fn is_keyword(self) -> bool {
        self as u8 >= Self::Block as u8
    }
}

/// A token and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) position: usize,
    pub(super) line: usize,
    pub(super) text: Cow<'a, [u8]>,
}

impl Token<'_> {
    /// Before the first token.
    pub(super) fn none() -> Self {
        Token { kind: Kind::Error, position: 0, line: 0, text: Cow::Borrowed(b"") }
    }

    /// The token as messages have it.
    pub(super) fn describe(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => text.into_owned(),
            kind if kind.is_keyword() => format!("<{text}>"),
            _ if self.text.len() > 10 => {
                let value = Value::str(&*self.text);
                crate::fmt::sprintf(b"%.10q...", &[value]).map(|s| s.to_string()).unwrap_or_default()
            }
            _ => String::from_utf8_lossy(&quote(&self.text)).into_owned(),
        }
    }
}
