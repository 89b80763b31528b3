//! Executing templates: the walk over statements, and the evaluation of pipelines in its parts.
//!
//! The place that an error names is the node that was looked at last, not the smallest node around
//! the mistake: it moves as Go's does, so that messages agree.

mod argument;
mod call;
mod field;
mod pipeline;
mod walk;

pub(crate) use argument::{Want, converted};

use crate::place::Place;
use crate::stack::Stack;
use crate::strconv::quote;
use crate::tree::{NodeRef, Tree};
use crate::{Error, ErrorKind, Limits, Spent, Str, Templates, Value};

/// What all templates of one execution use up together.
pub(crate) struct Run {
    pub(crate) limits: Limits,
    steps: u64,
    bytes: usize,
    depth: usize,
    pub(crate) stack: Stack,
}

impl Run {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::with_spent(limits, Spent::default())
    }

    /// One that goes on with what others left of the limits.
    pub(crate) fn with_spent(limits: Limits, Spent { steps, bytes }: Spent) -> Self {
        let stack = Stack::here(limits.stack);
        Self { limits, steps, bytes, depth: 0, stack }
    }

    pub(crate) fn spent(&self) -> Spent {
        Spent { steps: self.steps, bytes: self.bytes }
    }

    pub(crate) fn spend_steps(&mut self, count: u64) -> Result<(), Error> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > self.limits.steps {
            return Err(Error::limit(format!("exceeded the limit of {} steps", self.limits.steps)));
        }
        Ok(())
    }

    pub(crate) fn spend_bytes(&mut self, count: usize) -> Result<(), Error> {
        if count > self.bytes_left() {
            let most = self.limits.bytes;
            return Err(Error::limit(format!("exceeded the limit of {most} bytes of text")));
        }
        self.bytes += count;
        Ok(())
    }

    pub(crate) fn bytes_left(&self) -> usize {
        self.limits.bytes.saturating_sub(self.bytes)
    }
}

/// The output of a template of a set.
pub(crate) fn render(run: &mut Run, templates: &Templates, name: &[u8], data: &Value) -> Result<Str, Error> {
    let Some(tree) = templates.lookup(name).cloned() else {
        let message = format!(
            "template: no template {} associated with template {}",
            shown(&quote(name)),
            shown(&quote(templates.name()))
        );
        return Err(Error::of(ErrorKind::Execution, message));
    };
    render_tree(run, templates, name, &tree, data)
}

/// The output of a tree.
pub(crate) fn render_tree(
    run: &mut Run,
    templates: &Templates,
    name: &[u8],
    tree: &Tree,
    data: &Value,
) -> Result<Str, Error> {
    let mut out = Vec::new();
    State::new(run, templates, name, tree, Place::plain(data.clone()), &mut out).template()?;
    Ok(out.into())
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// One template being executed.
struct State<'t, 'r> {
    run: &'r mut Run,
    templates: &'r Templates,
    name: &'t [u8],
    tree: &'t Tree,
    /// The node that was looked at last.
    at: Option<NodeRef<'t>>,
    variables: Vec<(Str, Place)>,
    out: &'r mut Vec<u8>,
}

impl<'t, 'r> State<'t, 'r> {
    fn new(
        run: &'r mut Run,
        templates: &'r Templates,
        name: &'t [u8],
        tree: &'t Tree,
        data: Place,
        out: &'r mut Vec<u8>,
    ) -> Self {
        let variables = vec![("$".into(), data)];
        Self { run, templates, name, tree, at: None, variables, out }
    }

    /// Executes the whole template for what `$` is.
    fn template(mut self) -> Result<(), Error> {
        if self.run.depth >= self.run.limits.depth {
            let depth = self.run.limits.depth;
            return Err(self.placed(Error::limit(format!("exceeded maximum template depth ({depth})"))));
        }
        let dot = self.variables.first().map(|(_, value)| value.clone()).unwrap_or_default();
        self.run.depth += 1;
        let tree = self.tree;
        let done = self.list(&dot, &tree.root);
        self.run.depth -= 1;
        done.map(|_| ())
    }

    /// An error at the node that was looked at last.
    fn error(&self, message: impl Into<String>) -> Error {
        self.placed(Error::new(message))
    }

    fn placed(&self, error: Error) -> Error {
        let name = shown(&quote(self.name));
        let place = match self.at {
            None => format!("template: {}: ", shown(self.name)),
            Some(node) => format!(
                "template: {}: executing {name} at <{}>: ",
                self.tree.location(node.position()),
                shown(&node.text())
            ),
        };
        error.placed(&place)
    }

    fn step(&mut self) -> Result<(), Error> {
        self.spend(1)
    }

    fn spend(&mut self, steps: u64) -> Result<(), Error> {
        let spent = self.run.spend_steps(steps);
        spent.map_err(|error| self.placed(error))
    }

    /// Refuses to go deeper when the native stack is used up.
    fn guard(&mut self) -> Result<(), Error> {
        if self.run.stack.is_used_up() {
            let most = self.run.limits.stack;
            return Err(self.placed(Error::limit(format!("exceeded the limit of {most} bytes of stack"))));
        }
        self.step()
    }

    fn set_variable(&mut self, name: &Str, value: Place) -> Result<(), Error> {
        match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn variable(&self, name: &Str) -> Result<Place, Error> {
        match self.variables.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }
}
