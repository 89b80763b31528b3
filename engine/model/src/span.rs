//! Places in sources, small enough that every node of a configuration keeps its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A file of a program: an index into its list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub u32);

/// A stretch of a source file. Lines and columns count from 1, columns and the length in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// The line of the first character.
    pub line: u32,
    /// The column of the first character.
    pub col: u32,
    /// How many characters, all on the first line; 0 marks a point.
    pub len: u32,
}

/// The texts that spans point into, for messages.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Vec<(Arc<str>, Arc<str>)>,
    ids: BTreeMap<Arc<str>, FileId>,
}

impl Files {
    /// Adds a file, or finds the one of this name.
    pub fn add(&mut self, name: &str, text: Arc<str>) -> FileId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let name: Arc<str> = name.into();
        let id = FileId(self.files.len() as u32);
        self.files.push((name.clone(), text));
        self.ids.insert(name, id);
        id
    }

    /// The name of a file, as a person would write it from the stack's folder.
    pub fn name(&self, id: FileId) -> &str {
        self.files.get(id.0 as usize).map_or("?", |(name, _)| name)
    }

    /// The text of a file, empty where it is not at hand.
    pub fn text(&self, id: FileId) -> &str {
        self.files.get(id.0 as usize).map_or("", |(_, text)| text)
    }

    /// Shows another text for a file that is there, in the same lines and columns.
    pub fn change_text(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        if let Some(id) = self.ids.get(name)
            && let Some((_, text)) = self.files.get_mut(id.0 as usize)
        {
            *text = change(text).into();
        }
    }

    /// The names in order of their ids.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.files.iter().map(|(name, _)| name.clone()).collect()
    }

    /// `file:line:column`.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}:{}", self.name(span.file), span.line, span.col)
    }
}
