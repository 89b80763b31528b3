//! What a function may do besides looking at its arguments.

use crate::{Error, Limits, Str, Templates, Value};

/// The execution a function is called in.
pub struct Context<'a> {
    pub(crate) run: &'a mut crate::exec::Run,
    pub(crate) templates: &'a Templates,
}

impl Context<'_> {
    /// The set of templates in which the calling template runs: inside of
    /// [`render_text`](Self::render_text) the one that has what the text defined.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        self.templates
    }

    /// The limits of this execution.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.run.limits
    }

    /// Counts bytes that a function is about to make. One that can make much of little, such as
    /// `repeat`, asks before.
    ///
    /// # Errors
    ///
    /// The limit is reached.
    pub fn spend_bytes(&mut self, count: usize) -> Result<(), Error> {
        self.run.spend_bytes(count)
    }

    /// Counts steps of a function that can make many.
    ///
    /// # Errors
    ///
    /// The limit is reached.
    pub fn spend_steps(&mut self, count: u64) -> Result<(), Error> {
        self.run.spend_steps(count)
    }

    /// The output of a template of the set.
    ///
    /// # Errors
    ///
    /// There is none of this name, or it failed; with Go's text.
    pub fn render(&mut self, name: &[u8], data: &Value) -> Result<Str, Error> {
        crate::exec::render(self.run, self.templates, name, data)
    }

    /// The output of a text that is parsed as a template called `name`. What it defines is seen by
    /// it and by what it calls, and by nobody afterwards.
    ///
    /// # Errors
    ///
    /// It is no template, or it failed; with Go's text.
    pub fn render_text(&mut self, name: &str, text: &[u8], data: &Value) -> Result<Str, Error> {
        let mut inner = self.templates.clone();
        let tree = inner.parse_on(name.into(), text, self.run.stack.clone())?;
        crate::exec::render_tree(self.run, &inner, name.as_bytes(), &tree, data)
    }
}
