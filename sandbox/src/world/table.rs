//! An ordered map that remembers which rows were touched since they were last written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row to write, or with no body to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub table: &'static str,
    pub key: String,
    pub row: Option<String>,
}

pub(crate) struct Table<T> {
    name: &'static str,
    rows: BTreeMap<String, T>,
    touched: BTreeSet<String>,
}

impl<T: Serialize + DeserializeOwned> Table<T> {
    pub(crate) fn new(name: &'static str) -> Table<T> {
        Table { name, rows: BTreeMap::new(), touched: BTreeSet::new() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.rows.get(key)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(key)?;
        self.touched.insert(key.to_owned());
        Some(row)
    }

    pub(crate) fn insert(&mut self, key: String, row: T) {
        self.touched.insert(key.clone());
        self.rows.insert(key, row);
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        let row = self.rows.remove(key)?;
        self.touched.insert(key.to_owned());
        Some(row)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let gone = self.rows.iter().filter(|(_, row)| !keep(row)).map(|(key, _)| key.clone());
        self.touched.extend(gone);
        self.rows.retain(|_, row| keep(row));
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.rows.iter()
    }

    /// Rows whose key starts with `prefix`.
    pub(crate) fn range(&self, prefix: String) -> impl Iterator<Item = (&String, &T)> + use<'_, T> {
        self.rows.range(prefix.clone()..).take_while(move |(key, _)| key.starts_with(&prefix))
    }

    pub(crate) fn restore(&mut self, key: String, row: &str) -> Result<(), serde_json::Error> {
        self.rows.insert(key, serde_json::from_str(row)?);
        Ok(())
    }

    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.touched)
            .into_iter()
            .map(|key| Change {
                table: self.name,
                // Plain data with string keys cannot fail to be written.
                row: self.rows.get(&key).and_then(|row| serde_json::to_string(row).ok()),
                key,
            })
            .collect()
    }
}
