//! `.Files`: what templates read of a chart that is neither a template nor values.

use std::collections::BTreeMap;

use aurak_gotemplate::Str;
use aurak_goyaml::{Limits, Value as Yaml, to_yaml};

use crate::glob::Glob;
use crate::path::base;
use crate::{Chart, File};

/// Files by their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Str>);

impl FromIterator<(String, Str)> for Files {
    fn from_iter<I: IntoIterator<Item = (String, Str)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl Files {
    /// The files of a chart.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        Self(chart.files.iter().map(|File { name, data }| (name.clone(), data.clone())).collect())
    }

    /// The paths and what is in the files, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Str)> {
        self.0.iter().map(|(name, data)| (name.as_str(), data))
    }

    /// What is in a file; nothing if there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Str {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// The files whose paths match a pattern; all of them if it is a bad one, as in Helm.
    #[must_use]
    pub fn glob(&self, pattern: &str) -> Self {
        let glob = Glob::parse(pattern).unwrap_or_else(Glob::everything);
        let found = self.0.iter().filter(|(name, _)| glob.matches(name));
        Self(found.map(|(name, data)| (name.clone(), data.clone())).collect())
    }

    /// The lines of a file, without the break at its end.
    #[must_use]
    pub fn lines(&self, name: &str) -> Vec<Str> {
        let data = self.get(name);
        if data.is_empty() {
            return Vec::new();
        }
        let text = data.strip_suffix(b"\n").unwrap_or(&data);
        text.split(|byte| *byte == b'\n').map(Str::from).collect()
    }

    /// The files as the data of a `ConfigMap`, under their names without folders.
    #[must_use]
    pub fn as_config(&self) -> String {
        self.yaml(|data| Yaml::from_go_string(data.to_vec()))
    }

    /// The files as the data of a `Secret`, under their names without folders.
    #[must_use]
    pub fn as_secrets(&self) -> String {
        self.yaml(|data| Yaml::String(base64(data)))
    }

    /// Of two files with one name the last one counts, where Go takes one by chance. What cannot be
    /// written is nothing, as in Helm.
    fn yaml(&self, value: impl Fn(&[u8]) -> Yaml) -> String {
        let map = self.0.iter().map(|(name, data)| (base(name).to_owned(), value(data))).collect();
        let mut text = to_yaml(&Yaml::Map(map), &Limits::default()).unwrap_or_default();
        if text.ends_with('\n') {
            text.pop();
        }
        text
    }
}

fn base64(data: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place > group.len() {
                out.push('=');
            } else {
                let letter = (bits >> (18 - 6 * place)) & 0x3F;
                out.push(char::from(LETTERS[letter as usize]));
            }
        }
    }
    out
}
