//! Rendered files into manifests and hooks, each in its order.

use std::collections::BTreeMap;

use super::heads::Head;
use super::order::{compare, install_order};
use super::split::split;
use crate::error::quoted;
use crate::path::base;
use crate::{Error, Helm, Profile};

/// A document that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The file it comes from, with the charts it is in.
    pub path: String,
    /// Its text.
    pub text: String,
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata.name`
    pub name: String,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// `pre-install`
    PreInstall,
    /// `post-install`
    PostInstall,
    /// `pre-delete`
    PreDelete,
    /// `post-delete`
    PostDelete,
    /// `pre-upgrade`
    PreUpgrade,
    /// `post-upgrade`
    PostUpgrade,
    /// `pre-rollback`
    PreRollback,
    /// `post-rollback`
    PostRollback,
    /// `test`, and `test-success` of Helm 2.
    Test,
}

impl Event {
    const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDelete,
        Self::PostDelete,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::Test,
    ];

    /// Its name in annotations and in the record of a release.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let text = if text == "test-success" { "test" } else { text };
        Self::ALL.into_iter().find(|event| event.name() == text)
    }
}

/// A document that runs at some event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `metadata.name`
    pub name: String,
    /// `kind`
    pub kind: String,
    /// The file it comes from, with the charts it is in.
    pub path: String,
    /// Its text.
    pub text: String,
    /// When it runs.
    pub events: Vec<Event>,
    /// Hooks of one event run by weight.
    pub weight: i64,
    /// When it is deleted, as the annotation has it: Helm keeps words it does not know.
    pub delete_policies: Vec<String>,
    /// When its log is shown, as the annotation has it.
    pub log_policies: Vec<String>,
}

/// All that was rendered, sorted for installing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sorted {
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// The manifests.
    pub manifests: Vec<Manifest>,
}

impl Helm<'_> {
    /// Splits and sorts rendered files, by their paths. Partials and empty files are left out.
    ///
    /// # Errors
    ///
    /// If a document is no YAML, or has no head as a document of Kubernetes has; the message says which
    /// file and which line of the document.
    pub fn sort_manifests(&self, files: &BTreeMap<String, String>) -> Result<Sorted, Error> {
        let mut sorted = Sorted::default();
        for (path, text) in files {
            if base(path).starts_with('_') || text.trim().is_empty() {
                continue;
            }
            for document in split(text, self.profile) {
                let head = Head::read(document, &self.limits.yaml)
                    .map_err(|error| self.told(error).within(format!("YAML parse error on {path}")))?;
                self.sort_in(&mut sorted, path, document, head);
            }
        }
        let order = install_order(self.profile);
        sorted.hooks.sort_by(|a, b| compare(order, &a.kind, &b.kind));
        sorted.manifests.sort_by(|a, b| compare(order, &a.kind, &b.kind));
        Ok(sorted)
    }

    /// The package of the type in the message is another one in Helm 4.
    fn told(&self, error: Error) -> Error {
        match (self.profile, error) {
            (Profile::Helm4, Error::Refused(text)) => Error::Refused(text.replace("releaseutil.", "util.")),
            (_, error) => error,
        }
    }

    fn sort_in(&self, sorted: &mut Sorted, path: &str, document: &str, head: Head) {
        let Head { api_version, kind, name, annotations } = head;
        let (path, text) = (path.to_owned(), document.to_owned());
        let Some(hook) = annotations.get("helm.sh/hook") else {
            sorted.manifests.push(Manifest { path, text, api_version, kind, name });
            return;
        };
        let events: Option<Vec<Event>> = words(hook).map(|word| Event::parse(&word)).collect();
        let Some(events) = events else {
            self.warn(format!("info: skipping unknown hook: {}", quoted(hook)));
            return;
        };
        let policies =
            |name: &str| annotations.get(name).map(|text| words(text).collect()).unwrap_or_default();
        let weight = annotations
            .get("helm.sh/hook-weight")
            .and_then(|text| aurak_gotemplate::strconv::parse_int(text, 10).ok());
        sorted.hooks.push(Hook {
            name,
            kind,
            path,
            text,
            events,
            weight: weight.unwrap_or(0),
            delete_policies: policies("helm.sh/hook-delete-policy"),
            log_policies: policies("helm.sh/hook-output-log-policy"),
        });
    }
}

/// The words of an annotation.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(|word| word.trim().to_lowercase())
}
