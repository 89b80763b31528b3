//! What a type file says under `rest`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_api::type_file;
use aurak_model::path::Seg;
use aurak_model::{Kind, Name, Path, TypeSchema};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::given::{WORD, Words};
use crate::template::{BadTemplate, Template};
use crate::typed::{self, Parts};

/// Where the objects of a type are, and what is particular about them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestSpec {
    /// The version of the interface that the type is written for; `{attribute}` where each object says
    /// that.
    pub version: String,
    /// The path of an object. Attributes that fill its holes are in no body; a hole may also be filled
    /// by the provider, such as `subscription`.
    pub path: Template,
    /// The type is of objects of any type: the attribute that says which. The path is `PARENT/providers/TYPE/NAME`
    /// then, or `PARENT/LAST/NAME` where the parent is what the type is a part of.
    #[serde(default)]
    pub typed: Option<Name>,
    /// Attributes that repeat what stands elsewhere in an answer, whole.
    #[serde(default)]
    pub copies: BTreeMap<Name, Path>,
    /// Whether a change can be made on the condition that nobody else changed the object meanwhile.
    #[serde(default)]
    pub etag: bool,
    /// What is in a body that is read and must not be in one that is sent, beside what the schema
    /// calls computed.
    #[serde(default)]
    pub read_only: Vec<Path>,
    /// Of what is always there, and therefore never deleted: where it has what to begin with.
    #[serde(default)]
    pub reset: BTreeMap<Path, Json>,
    /// The attributes of the path that are GUIDs, made from what stands at these paths where they are
    /// not given.
    #[serde(default)]
    pub guids: BTreeMap<Name, Vec<Path>>,
    /// The attributes that stand for an id in the body by a well-known name.
    #[serde(default)]
    pub words: BTreeMap<Name, Words>,
    /// The attributes that take a request of their own.
    #[serde(default)]
    pub outputs: BTreeMap<Name, Output>,
}

/// An attribute that is asked for by calling an action of the object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The action: the last segment of its path.
    pub post: String,
    /// Where the value is in the answer.
    pub at: Path,
    /// The value is a list: it becomes a map, and this names the member that holds the keys.
    #[serde(default)]
    pub keyed_by: Option<String>,
    /// The member that holds the values of that map.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether the value is text in Base64.
    #[serde(default)]
    pub base64: bool,
}

/// A type with its REST part.
#[derive(Clone, Debug)]
pub struct RestType {
    /// What the engine knows.
    pub schema: Arc<TypeSchema>,
    /// What the driver knows.
    pub spec: RestSpec,
}

/// Why a file is no type of a REST service.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadSpec {
    /// It is no type at all.
    #[error("{0}")]
    NoType(String),
    /// It does not say where its objects are.
    #[error("{0} has no `rest`")]
    NoRest(Name),
    /// The part is not in order.
    #[error("{0}: `rest`: {1}")]
    Wrong(Name, String),
}

impl RestType {
    /// Reads a type file that was checked before. `given` are the holes that the provider fills.
    pub fn load(file: &str, text: &str, given: &[&str]) -> Result<RestType, BadSpec> {
        let no_type = |diagnostic: Box<aurak_model::Diagnostic>| BadSpec::NoType(diagnostic.summary);
        let mut schema = type_file::load_checked(file, text).map_err(no_type)?;
        let rest = type_file::rest(file, text).map_err(no_type)?;
        let rest = rest.ok_or_else(|| BadSpec::NoRest(schema.name.clone()))?;
        let wrong = |why: String| BadSpec::Wrong(schema.name.clone(), why);
        let spec: RestSpec = serde_json::from_value(rest).map_err(|error| wrong(error.to_string()))?;
        for hole in spec.path.holes() {
            match schema.attributes.get(hole) {
                Some(attribute) if attribute.kind != Kind::String => {
                    return Err(wrong(format!("`{hole}` fills a path and is no text")));
                }
                None if !given.contains(&&**hole) => {
                    return Err(wrong(format!("there is no `{hole}` for the path")));
                }
                _ => {}
            }
        }
        if schema.always == spec.reset.is_empty() {
            let why = "what is `always` there has a `reset`, and nothing else has";
            return Err(wrong(why.to_string()));
        }
        for path in spec.reset.keys() {
            let keys = path.0.iter().all(|seg| matches!(seg, Seg::Key(_)));
            if !keys || schema.attribute(path).is_none() {
                return Err(wrong(format!("`{path}` of `reset` is no attribute")));
            }
        }
        let version = spec.version.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        if let Some(name) = version.filter(|name| !schema.attributes.contains_key(*name)) {
            return Err(wrong(format!("there is no `{name}` for the version")));
        }
        if let Some(typed) = &spec.typed
            && !matches!(&spec.path.holes().collect::<Vec<_>>()[..], [_, ty, _] if *ty == typed)
        {
            return Err(wrong(format!("`{typed}` is not the middle one of three holes of the path")));
        }
        for (name, path) in &spec.copies {
            let computed = schema.attributes.get(name).is_some_and(|a| a.computed && a.kind == Kind::Any);
            if !computed || schema.attribute(path).is_none() {
                return Err(wrong(format!("`{name}` of `copies` is no computed attribute for anything")));
            }
        }
        for (name, paths) in &spec.guids {
            if !spec.path.holes().any(|hole| hole == name) {
                return Err(wrong(format!("`{name}` of `guids` is not in the path")));
            }
            if let Some(path) = paths.iter().find(|path| schema.attribute(path).is_none()) {
                return Err(wrong(format!("`{path}`, of which `{name}` is made, is no attribute")));
            }
        }
        for (name, words) in &spec.words {
            let unknown = words.id.holes().find(|hole| ***hole != *WORD && !given.contains(&&***hole));
            if unknown.is_some() || schema.attribute(&words.at).is_none() {
                return Err(wrong(format!("`{name}` of `words` stands for nothing that there is")));
            }
            let Some(attribute) = schema.attributes.get_mut(name).filter(|a| a.kind == Kind::String) else {
                return Err(wrong(format!("`{name}` of `words` is no text")));
            };
            attribute.allowed = words.known.keys().cloned().collect();
        }
        for name in spec.outputs.keys() {
            if !schema.attributes.get(name).is_some_and(|attribute| attribute.computed && attribute.volatile)
            {
                return Err(wrong(format!("the output `{name}` is no volatile attribute")));
            }
        }
        Ok(RestType { schema: Arc::new(schema), spec })
    }

    /// The attribute that says the version of the interface, where it is not the same for all.
    pub fn version_in(&self) -> Option<&str> {
        self.spec.version.strip_prefix('{')?.strip_suffix('}')
    }

    /// The path of an object, see [`Template::fill`].
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, BadTemplate> {
        let path = &self.spec.path;
        let Some(typed) = &self.spec.typed else { return path.fill(value) };
        let value =
            |hole: &Name| value(hole).ok_or_else(|| BadTemplate::Missing(hole.clone(), path.to_string()));
        let mut others = path.holes().filter(|hole| *hole != typed);
        match (others.next(), others.next()) {
            (Some(parent), Some(name)) => typed::fill(value(parent)?, value(typed)?, value(name)?),
            _ => Err(BadTemplate::Missing(typed.clone(), path.to_string())),
        }
    }

    /// What fills the holes of an id; `None` where it is no id of this type.
    pub fn take_apart<'i>(&self, id: &'i str) -> Option<BTreeMap<Name, Cow<'i, str>>> {
        let parts: BTreeMap<Name, Cow<'i, str>> = match &self.spec.typed {
            None => self.spec.path.take_apart(id)?.into_iter().map(|(k, v)| (k, Cow::Borrowed(v))).collect(),
            Some(_) => {
                let Parts { parent, ty, name } = typed::take_apart(id)?;
                self.spec
                    .path
                    .holes()
                    .cloned()
                    .zip([Cow::Borrowed(parent), ty, Cow::Borrowed(name)])
                    .collect()
            }
        };
        let fits = |hole: &Name, text: &str| {
            let allowed = self.schema.attributes.get(hole).map_or(&[][..], |attribute| &attribute.allowed);
            allowed.is_empty() || allowed.iter().any(|word| word.eq_ignore_ascii_case(text))
        };
        parts.iter().all(|(hole, text)| fits(hole, text)).then_some(parts)
    }

    /// Whether an attribute is a part of the body.
    pub fn in_body(&self, name: &str) -> bool {
        name != "id"
            && !self.spec.outputs.contains_key(name)
            && !self.spec.words.contains_key(name)
            && !self.spec.copies.contains_key(name)
            && self.version_in() != Some(name)
            && !self.spec.path.holes().any(|hole| **hole == *name)
    }
}
