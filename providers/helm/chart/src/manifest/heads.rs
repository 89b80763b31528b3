//! The little that Helm reads of a document.

use std::collections::BTreeMap;

use aurak_goyaml::{Limits, Value as Yaml};

use crate::Error;
use crate::shape::{Shape, read_as, text};

/// What Helm reads of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) annotations: BTreeMap<String, String>,
}

const METADATA: &str =
    r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

const HEAD: Shape = Shape::Struct(
    "releaseutil.SimpleHead",
    "SimpleHead",
    &[
        ("apiVersion", Shape::Text),
        ("kind", Shape::Text),
        ("metadata", Shape::Struct(METADATA, "", &[("name", Shape::Text), ("annotations", Shape::Texts)])),
    ],
);

impl Head {
    pub(super) fn read(document: &str, limits: &Limits) -> Result<Self, Error> {
        let (value, mistake) = read_as(document.as_bytes(), &HEAD, limits)?;
        if let Some(message) = mistake {
            return Err(Error::Refused(message));
        }
        let mut head = Self::default();
        let Yaml::Map(fields) = value else { return Ok(head) };
        let of = |fields: &BTreeMap<String, Yaml>, name| text(fields, name).unwrap_or_default().to_owned();
        head.api_version = of(&fields, "apiVersion");
        head.kind = of(&fields, "kind");
        if let Some(Yaml::Map(metadata)) = fields.get("metadata") {
            head.name = of(metadata, "name");
            if let Some(Yaml::Map(annotations)) = metadata.get("annotations") {
                head.annotations =
                    annotations.keys().map(|key| (key.clone(), of(annotations, key))).collect();
            }
        }
        Ok(head)
    }
}
