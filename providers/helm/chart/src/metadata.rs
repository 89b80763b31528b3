//! `Chart.yaml` and `Chart.lock`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use aurak_gotemplate::unicode::is_print;
use aurak_goyaml::Value as Yaml;

use crate::error::quoted;
use crate::path::base;
use crate::shape::{Shape, read_as, text, texts};
use crate::{Error, Helm, Profile};

/// What `Chart.yaml` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// `name`
    pub name: String,
    /// `home`
    pub home: String,
    /// `sources`
    pub sources: Vec<String>,
    /// `version`
    pub version: String,
    /// `description`
    pub description: String,
    /// `keywords`
    pub keywords: Vec<String>,
    /// `maintainers`
    pub maintainers: Vec<Maintainer>,
    /// `icon`
    pub icon: String,
    /// `apiVersion`: `v1` if it is not there.
    pub api_version: String,
    /// `condition`
    pub condition: String,
    /// `tags`
    pub tags: String,
    /// `appVersion`
    pub app_version: String,
    /// `deprecated`
    pub deprecated: bool,
    /// `annotations`
    pub annotations: BTreeMap<String, String>,
    /// `kubeVersion`: a range of versions.
    pub kube_version: String,
    /// `dependencies`; charts made from one chart under several names share theirs in Helm 3.
    pub dependencies: Option<Vec<Rc<RefCell<Dependency>>>>,
    /// `type`: `application`, `library` or nothing.
    pub kind: String,
    /// Was there nothing where somebody should be? Helm says so when it validates.
    null_maintainer: bool,
    /// Was there nothing where a dependency should be?
    null_dependency: bool,
}

/// Somebody who looks after a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// `name`
    pub name: String,
    /// `email`
    pub email: String,
    /// `url`
    pub url: String,
}

/// A chart that a chart wants below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependency {
    /// `name`; the alias, once dependencies are processed.
    pub name: String,
    /// `version`: a range.
    pub version: String,
    /// `repository`
    pub repository: String,
    /// `condition`: paths of values, with commas between.
    pub condition: String,
    /// `tags`
    pub tags: Vec<String>,
    /// Is it wanted, going by conditions and tags?
    pub enabled: bool,
    /// `import-values`: texts, and maps with `child` and `parent`. Once it was imported it is in
    /// `imported` instead.
    pub import_values: Vec<Yaml>,
    /// What was imported: the path below, and the one in the chart itself.
    pub imported: Vec<(String, String)>,
    /// `alias`
    pub alias: String,
}

/// `Chart.lock`: what the dependencies were resolved to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    /// `generated`, as it is written.
    pub generated: String,
    /// `digest`
    pub digest: String,
    /// `dependencies`
    pub dependencies: Vec<Dependency>,
}

const DEPENDENCY: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("version", Shape::Text),
    ("repository", Shape::Text),
    ("condition", Shape::Text),
    ("tags", Shape::List(&Shape::Text, "[]string")),
    ("enabled", Shape::Flag),
    ("import-values", Shape::List(&Shape::Any, "[]interface {}")),
    ("alias", Shape::Text),
];

const MAINTAINER: &[(&str, Shape)] = &[("name", Shape::Text), ("email", Shape::Text), ("url", Shape::Text)];

const METADATA: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("home", Shape::Text),
    ("sources", Shape::List(&Shape::Text, "[]string")),
    ("version", Shape::Text),
    ("description", Shape::Text),
    ("keywords", Shape::List(&Shape::Text, "[]string")),
    (
        "maintainers",
        Shape::List(&Shape::Struct("chart.Maintainer", "Maintainer", MAINTAINER), "[]*chart.Maintainer"),
    ),
    ("icon", Shape::Text),
    ("apiVersion", Shape::Text),
    ("condition", Shape::Text),
    ("tags", Shape::Text),
    ("appVersion", Shape::Text),
    ("deprecated", Shape::Flag),
    ("annotations", Shape::Texts),
    ("kubeVersion", Shape::Text),
    (
        "dependencies",
        Shape::List(&Shape::Struct("chart.Dependency", "Dependency", DEPENDENCY), "[]*chart.Dependency"),
    ),
    ("type", Shape::Text),
];

const LOCK: &[(&str, Shape)] = &[
    ("generated", Shape::Text),
    ("digest", Shape::Text),
    (
        "dependencies",
        Shape::List(&Shape::Struct("chart.Dependency", "Dependency", DEPENDENCY), "[]*chart.Dependency"),
    ),
];

/// The package in which Go has the types is another one in Helm 4.
fn in_words_of(helm: &Helm<'_>, message: String) -> Error {
    Error::Refused(match helm.profile {
        Profile::Helm3 => message,
        Profile::Helm4 => message.replace("chart.", "v2."),
    })
}

impl Metadata {
    /// Reads a text over what is already there, as Go does: what the text does not name stays.
    pub(crate) fn read(&mut self, helm: &Helm<'_>, input: &[u8]) -> Result<(), Error> {
        let shape = Shape::Struct("chart.Metadata", "Metadata", METADATA);
        let (value, mistake) = read_as(input, &shape, &helm.limits.yaml)?;
        if let Some(message) = mistake {
            return Err(in_words_of(helm, message));
        }
        let Yaml::Map(fields) = value else { return Ok(()) };
        let set = |target: &mut String, name: &str| {
            if let Some(text) = text(&fields, name) {
                text.clone_into(target);
            }
        };
        set(&mut self.name, "name");
        set(&mut self.home, "home");
        set(&mut self.version, "version");
        set(&mut self.description, "description");
        set(&mut self.icon, "icon");
        set(&mut self.api_version, "apiVersion");
        set(&mut self.condition, "condition");
        set(&mut self.tags, "tags");
        set(&mut self.app_version, "appVersion");
        set(&mut self.kube_version, "kubeVersion");
        set(&mut self.kind, "type");
        if let Some(sources) = texts(&fields, "sources") {
            self.sources = sources;
        }
        if let Some(keywords) = texts(&fields, "keywords") {
            self.keywords = keywords;
        }
        if let Some(Yaml::Bool(flag)) = fields.get("deprecated") {
            self.deprecated = *flag;
        }
        if let Some(Yaml::Map(annotations)) = fields.get("annotations") {
            for (key, value) in annotations {
                if let Yaml::String(value) = value {
                    self.annotations.insert(key.clone(), value.clone());
                }
            }
        }
        if let Some(Yaml::List(items)) = fields.get("maintainers") {
            self.maintainers.clear();
            self.null_maintainer = false;
            for item in items {
                let Yaml::Map(fields) = item else {
                    self.null_maintainer = true;
                    continue;
                };
                let of = |name| text(fields, name).unwrap_or_default().to_owned();
                self.maintainers.push(Maintainer { name: of("name"), email: of("email"), url: of("url") });
            }
        }
        if let Some(Yaml::List(items)) = fields.get("dependencies") {
            let before = self.dependencies.take().unwrap_or_default();
            self.null_dependency = false;
            let mut dependencies = Vec::new();
            for (number, item) in items.iter().enumerate() {
                let Yaml::Map(fields) = item else {
                    self.null_dependency = true;
                    continue;
                };
                // Go reads an element over the one that was there.
                let mut dependency = before.get(number).map(|one| one.borrow().clone()).unwrap_or_default();
                dependency.fill(fields);
                dependencies.push(Rc::new(RefCell::new(dependency)));
            }
            self.dependencies = Some(dependencies);
        }
        Ok(())
    }

    /// Looks for what Helm does not accept, and takes unprintable characters out.
    pub(crate) fn validate(&mut self, helm: &Helm<'_>) -> Result<(), Error> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().chain(&mut self.keywords).for_each(sanitize);
        if self.api_version.is_empty() {
            return Err(invalid("chart.metadata.apiVersion is required"));
        }
        if self.name.is_empty() {
            return Err(invalid("chart.metadata.name is required"));
        }
        if matches!(self.name.as_str(), "." | "..") {
            return Err(invalid(format!("chart.metadata.name {} is not allowed", quoted(&self.name))));
        }
        if self.name != base(&self.name) {
            return Err(invalid(format!("chart.metadata.name {} is invalid", quoted(&self.name))));
        }
        if self.version.is_empty() {
            return Err(invalid("chart.metadata.version is required"));
        }
        if !helm.versions.is_version(&self.version) {
            return Err(invalid(format!("chart.metadata.version {} is invalid", quoted(&self.version))));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return Err(invalid("chart.metadata.type must be application or library"));
        }
        if self.null_maintainer {
            return Err(invalid("maintainers must not contain empty or null nodes"));
        }
        for maintainer in &mut self.maintainers {
            let Maintainer { name, email, url } = maintainer;
            [name, email, url].into_iter().for_each(sanitize);
        }
        if self.null_dependency {
            return Err(invalid("dependencies must not contain empty or null nodes"));
        }
        let mut seen = BTreeSet::new();
        for dependency in self.dependencies.iter().flatten() {
            let mut dependency = dependency.borrow_mut();
            dependency.validate()?;
            let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if !seen.insert(key.clone()) {
                return Err(invalid(format!("more than one dependency with name or alias {}", quoted(key))));
            }
        }
        Ok(())
    }
}

impl Dependency {
    fn fill(&mut self, fields: &BTreeMap<String, Yaml>) {
        for (target, name) in [
            (&mut self.name, "name"),
            (&mut self.version, "version"),
            (&mut self.repository, "repository"),
            (&mut self.condition, "condition"),
            (&mut self.alias, "alias"),
        ] {
            if let Some(text) = text(fields, name) {
                text.clone_into(target);
            }
        }
        if let Some(tags) = texts(fields, "tags") {
            self.tags = tags;
        }
        if let Some(Yaml::Bool(flag)) = fields.get("enabled") {
            self.enabled = *flag;
        }
        if let Some(Yaml::List(items)) = fields.get("import-values") {
            self.import_values.clone_from(items);
        }
    }

    fn validate(&mut self) -> Result<(), Error> {
        for text in [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition] {
            sanitize(text);
        }
        self.tags.iter_mut().for_each(sanitize);
        if !self.alias.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            return Err(invalid(format!(
                "dependency {} has disallowed characters in the alias",
                quoted(&self.name)
            )));
        }
        Ok(())
    }
}

impl Lock {
    pub(crate) fn read(helm: &Helm<'_>, input: &[u8]) -> Result<Self, Error> {
        let (value, mistake) = read_as(input, &Shape::Struct("chart.Lock", "Lock", LOCK), &helm.limits.yaml)?;
        if let Some(message) = mistake {
            return Err(in_words_of(helm, message));
        }
        let mut lock = Self::default();
        let Yaml::Map(fields) = value else { return Ok(lock) };
        text(&fields, "generated").unwrap_or_default().clone_into(&mut lock.generated);
        text(&fields, "digest").unwrap_or_default().clone_into(&mut lock.digest);
        if let Some(Yaml::List(items)) = fields.get("dependencies") {
            for item in items {
                let mut dependency = Dependency::default();
                if let Yaml::Map(fields) = item {
                    dependency.fill(fields);
                }
                lock.dependencies.push(dependency);
            }
        }
        Ok(lock)
    }
}

fn invalid(text: impl std::fmt::Display) -> Error {
    Error::Refused(format!("validation: {text}"))
}

fn sanitize(text: &mut String) {
    if text.chars().all(|c| c == ' ' || (!c.is_whitespace() && is_print(c.into()))) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| if c.is_whitespace() { Some(' ') } else { is_print(c.into()).then_some(c) })
        .collect();
}
