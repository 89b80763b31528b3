//! All that a user gives for values, in the order in which Helm lays it over each other.

use aurak_gotemplate::{Map, Value};

use super::{json, merge, read_many, read_one};
use crate::{Error, Helm, Profile};

/// A file of values and its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The name, for messages.
    pub name: String,
    /// The text.
    pub text: Vec<u8>,
}

/// What a user gives for values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `--values`
    pub files: Vec<Source>,
    /// `--set-json`
    pub json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub strings: Vec<String>,
    /// `--set-file`
    pub set_files: Vec<String>,
    /// `--set-literal`
    pub literals: Vec<String>,
}

impl Helm<'_> {
    /// The user's values. `read` gives the text of the files that `--set-file` names.
    ///
    /// # Errors
    ///
    /// If one of them cannot be read; the message says which and, for YAML, which line.
    pub fn user_values(
        &self,
        options: &Options,
        read: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    ) -> Result<Map, Error> {
        let mut values = Map::new();
        for Source { name, text } in &options.files {
            let next = match self.profile {
                Profile::Helm3 => read_one(text, &self.limits.yaml),
                Profile::Helm4 => read_many(text, &self.limits.yaml),
            };
            values = merge(&values, &next.map_err(|error| error.within(format!("failed to parse {name}")))?)?;
        }
        for line in &options.json {
            values = self.json(values, line)?;
        }
        for line in &options.set {
            self.set(line, &values).map_err(|error| error.within("failed parsing --set data"))?;
        }
        for line in &options.strings {
            self.set_string(line, &values)
                .map_err(|error| error.within("failed parsing --set-string data"))?;
        }
        for line in &options.set_files {
            self.set_file(line, &values, &mut |path| read(path).map(|text| Value::Str(text.into())))
                .map_err(|error| error.within("failed parsing --set-file data"))?;
        }
        for line in &options.literals {
            self.set_literal(line, &values)
                .map_err(|error| error.within("failed parsing --set-literal data"))?;
        }
        Ok(values)
    }

    fn json(&self, values: Map, line: &str) -> Result<Map, Error> {
        let told = |error: Error, what: &str| match error {
            Error::Limit(_) => error,
            _ => Error::refused(format!("failed parsing --set-json {what} {line}")),
        };
        let trimmed = line.trim();
        if self.profile == Profile::Helm3 || !trimmed.starts_with('{') {
            self.set_json(line, &values).map_err(|error| told(error, "data"))?;
            return Ok(values);
        }
        match json::decode(trimmed, &self.limits) {
            Ok((Value::Map(map), length)) if length == trimmed.len() => merge(&values, &map),
            Ok(_) => Err(Error::refused(format!("failed parsing --set-json data JSON: {line}"))),
            Err(error) => Err(told(error, "data JSON:")),
        }
    }
}
