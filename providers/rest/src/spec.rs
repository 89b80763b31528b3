//! What a type file says under `rest`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_api::type_file;
use aurak_model::{Kind, Name, Path, TypeSchema};
use serde::Deserialize;

use crate::template::Template;

/// Where the objects of a type are, and what is particular about them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestSpec {
    /// The version of the interface that the type is written for.
    pub version: String,
    /// The path of an object. Attributes that fill its holes are in no body; a hole may also be filled
    /// by the provider, such as `subscription`.
    pub path: Template,
    /// Whether a change can be made on the condition that nobody else changed the object meanwhile.
    #[serde(default)]
    pub etag: bool,
    /// What is in a body that is read and must not be in one that is sent, beside what the schema
    /// calls computed.
    #[serde(default)]
    pub read_only: Vec<Path>,
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
        let schema = type_file::load_checked(file, text).map_err(no_type)?;
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
        for name in spec.outputs.keys() {
            if !schema.attributes.get(name).is_some_and(|attribute| attribute.computed && attribute.volatile)
            {
                return Err(wrong(format!("the output `{name}` is no volatile attribute")));
            }
        }
        Ok(RestType { schema: Arc::new(schema), spec })
    }

    /// What fills the holes of an id; `None` where it is no id of this type.
    pub fn take_apart<'i>(&self, id: &'i str) -> Option<BTreeMap<Name, &'i str>> {
        let parts = self.spec.path.take_apart(id)?;
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
            && !self.spec.path.holes().any(|hole| **hole == *name)
    }
}
