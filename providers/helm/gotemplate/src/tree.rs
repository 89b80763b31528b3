//! Parsed templates: what a text says, with the place of each node.

use crate::strconv::quote;
use crate::{IntKind, Str};

/// One template: the text it stands in and what it does.
#[derive(Debug)]
pub struct Tree {
    /// Its name.
    pub name: Str,
    /// The name of the text it was found in, for messages.
    pub parse_name: Str,
    /// The whole text it was found in.
    pub text: Str,
    /// What it does.
    pub root: Vec<Statement>,
}

impl Tree {
    /// Does it consist of nothing but space and comments?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.iter().all(|statement| match statement {
            Statement::Text { text, .. } => blank(text),
            _ => false,
        })
    }

    /// `name:line:column` of a place in the text, the column counted from 0 as Go does.
    #[must_use]
    pub fn location(&self, position: usize) -> String {
        let before = &self.text[..position.min(self.text.len())];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        let column = before.len() - before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        format!("{}:{line}:{column}", self.parse_name)
    }
}

/// Is there only what Unicode calls white space?
fn blank(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.trim().is_empty())
}

/// A node that writes or decides.
#[derive(Debug)]
pub enum Statement {
    /// Text that is written as it is.
    Text {
        /// Where it begins.
        position: usize,
        /// The text.
        text: Str,
    },
    /// A pipeline whose value is written, or only kept if it declares variables.
    Action {
        /// Where it begins.
        position: usize,
        /// The pipeline.
        pipe: Pipe,
    },
    /// `if`, `range` or `with`.
    Branch(Box<Branch>),
    /// A call of a template.
    Template {
        /// Where its name is.
        position: usize,
        /// The name.
        name: Str,
        /// What dot will be.
        pipe: Option<Pipe>,
    },
    /// `break`
    Break {
        /// Where it is.
        position: usize,
    },
    /// `continue`
    Continue {
        /// Where it is.
        position: usize,
    },
}

/// Which branch it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchKind {
    /// `if`
    If,
    /// `range`
    Range,
    /// `with`
    With,
}

/// `if`, `range` or `with`.
#[derive(Debug)]
pub struct Branch {
    /// Which of them.
    pub kind: BranchKind,
    /// Where its pipeline begins.
    pub position: usize,
    /// What decides.
    pub pipe: Pipe,
    /// What is done if it is not empty.
    pub body: Vec<Statement>,
    /// What is done if it is empty.
    pub otherwise: Option<Vec<Statement>>,
}

/// Commands, each given the value of the one before it.
#[derive(Debug)]
pub struct Pipe {
    /// Where it begins.
    pub position: usize,
    /// Are the variables assigned rather than declared?
    pub assign: bool,
    /// The variables that keep the value.
    pub variables: Vec<Variable>,
    /// The commands; never none.
    pub commands: Vec<Command>,
}

/// A word and its arguments.
#[derive(Debug)]
pub struct Command {
    /// Where it begins.
    pub position: usize,
    /// The word first; never none.
    pub operands: Vec<Operand>,
}

/// A variable, perhaps with fields.
#[derive(Debug)]
pub struct Variable {
    /// Where it is.
    pub position: usize,
    /// The name with its dollar sign, then the fields.
    pub names: Vec<Str>,
}

/// A part of a command, with its place.
#[derive(Debug)]
pub struct Operand {
    /// Where it is; of several fields where the second is, as in Go.
    pub position: usize,
    /// What it is.
    pub kind: OperandKind,
}

/// What a part of a command is.
#[derive(Debug)]
pub enum OperandKind {
    /// The name of a function.
    Identifier(Str),
    /// A pipeline in parentheses.
    Pipe(Box<Pipe>),
    /// Fields of dot.
    Field(Vec<Str>),
    /// A variable, perhaps with fields.
    Variable(Vec<Str>),
    /// Fields of something else.
    Chain(Box<Operand>, Vec<Str>),
    /// Dot.
    Dot,
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String {
        /// As it was written.
        quoted: Str,
        /// What it stands for.
        text: Str,
    },
}

/// A number under all the types that can hold it.
#[derive(Clone, Debug)]
pub struct Number {
    /// As it was written.
    pub text: Str,
    /// As a signed integer.
    pub int: Option<i64>,
    /// As an unsigned integer.
    pub uint: Option<u64>,
    /// As a float.
    pub float: Option<f64>,
}

/// A node that may be named in an error.
#[derive(Clone, Copy)]
pub(crate) enum NodeRef<'t> {
    Statement(&'t Statement),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

impl NodeRef<'_> {
    pub(crate) fn position(self) -> usize {
        match self {
            Self::Statement(statement) => statement.position(),
            Self::Pipe(pipe) => pipe.position,
            Self::Command(command) => command.position,
            Self::Operand(operand) => operand.position,
        }
    }

    /// The node as a template would say it.
    pub(crate) fn text(self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Statement(statement) => statement.write(&mut out),
            Self::Pipe(pipe) => pipe.write(&mut out),
            Self::Command(command) => command.write(&mut out),
            Self::Operand(operand) => operand.write(&mut out),
        }
        out
    }
}

impl Statement {
    /// The statement as a template would say it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        NodeRef::Statement(self).text()
    }

    fn position(&self) -> usize {
        match self {
            Self::Text { position, .. }
            | Self::Action { position, .. }
            | Self::Template { position, .. }
            | Self::Break { position }
            | Self::Continue { position } => *position,
            Self::Branch(branch) => branch.position,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text { text, .. } => out.extend_from_slice(text),
            Self::Action { pipe, .. } => {
                out.extend_from_slice(b"{{");
                pipe.write(out);
                out.extend_from_slice(b"}}");
            }
            Self::Branch(branch) => branch.write(out),
            Self::Template { name, pipe, .. } => {
                out.extend_from_slice(b"{{template ");
                out.extend_from_slice(&quote(name));
                if let Some(pipe) = pipe {
                    out.push(b' ');
                    pipe.write(out);
                }
                out.extend_from_slice(b"}}");
            }
            Self::Break { .. } => out.extend_from_slice(b"{{break}}"),
            Self::Continue { .. } => out.extend_from_slice(b"{{continue}}"),
        }
    }
}

impl Branch {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.kind {
            BranchKind::If => b"{{if ",
            BranchKind::Range => b"{{range ",
            BranchKind::With => b"{{with ",
        });
        self.pipe.write(out);
        out.extend_from_slice(b"}}");
        self.body.iter().for_each(|statement| statement.write(out));
        if let Some(otherwise) = &self.otherwise {
            out.extend_from_slice(b"{{else}}");
            otherwise.iter().for_each(|statement| statement.write(out));
        }
        out.extend_from_slice(b"{{end}}");
    }
}

impl Pipe {
    fn write(&self, out: &mut Vec<u8>) {
        for (index, variable) in self.variables.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            write_names(out, &variable.names);
        }
        if !self.variables.is_empty() {
            out.extend_from_slice(if self.assign { b" = " } else { b" := " });
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b" | ");
            }
            command.write(out);
        }
    }
}

impl Command {
    fn write(&self, out: &mut Vec<u8>) {
        for (index, operand) in self.operands.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            operand.write_within(out);
        }
    }
}

impl Operand {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &self.kind {
            OperandKind::Identifier(name) => out.extend_from_slice(name),
            OperandKind::Pipe(pipe) => pipe.write(out),
            OperandKind::Field(names) => write_fields(out, names),
            OperandKind::Variable(names) => write_names(out, names),
            OperandKind::Chain(of, names) => {
                of.write_within(out);
                write_fields(out, names);
            }
            OperandKind::Dot => out.push(b'.'),
            OperandKind::Nil => out.extend_from_slice(b"nil"),
            OperandKind::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
            OperandKind::Number(number) => out.extend_from_slice(&number.text),
            OperandKind::String { quoted, .. } => out.extend_from_slice(quoted),
        }
    }

    fn write_within(&self, out: &mut Vec<u8>) {
        if let OperandKind::Pipe(pipe) = &self.kind {
            out.push(b'(');
            pipe.write(out);
            out.push(b')');
        } else {
            self.write(out);
        }
    }
}

impl Number {
    /// Does the text make it a float where nothing else says what it is?
    pub(crate) fn is_float(&self) -> bool {
        let text = &*self.text;
        let hexadecimal = text.len() > 2
            && text[0] == b'0'
            && matches!(text[1], b'x' | b'X')
            && !text.iter().any(|b| matches!(b, b'p' | b'P'));
        self.float.is_some()
            && !hexadecimal
            && text.first() != Some(&b'\'')
            && text.iter().any(|b| matches!(b, b'.' | b'e' | b'E' | b'p' | b'P'))
    }

    /// The integer in the width of a kind.
    pub(crate) fn int_of(&self, kind: IntKind) -> Option<i64> {
        self.int.map(|n| kind.wrap(n))
    }
}

fn write_names(out: &mut Vec<u8>, names: &[Str]) {
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(name);
    }
}

fn write_fields(out: &mut Vec<u8>, names: &[Str]) {
    for name in names {
        out.push(b'.');
        out.extend_from_slice(name);
    }
}
