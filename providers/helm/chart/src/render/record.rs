//! Structs of Go that templates look into: fields by their names in Go, and in JSON by their tags.

use std::any::Any;

use aurak_gotemplate::{Field, Object, Value};

/// A field.
pub(super) struct Member {
    pub(super) name: &'static str,
    /// The name of its tag for JSON; nothing if it has none.
    pub(super) tag: &'static str,
    /// Does JSON leave it out when it is empty?
    pub(super) omit_empty: bool,
    pub(super) value: Value,
}

/// A struct, or a pointer to one if its type begins with `*`.
pub(super) struct Record {
    pub(super) type_name: &'static str,
    pub(super) members: Vec<Member>,
}

impl Object for Record {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        match self.members.iter().find(|member| member.name == name) {
            Some(member) => Field::Typed(member.value.clone()),
            None => Field::Missing,
        }
    }

    fn fields(&self) -> Vec<(String, Value)> {
        self.members.iter().map(|member| (member.name.to_owned(), member.value.clone())).collect()
    }

    fn json(&self) -> Vec<(String, Value)> {
        let shown = self.members.iter().filter(|member| !member.omit_empty || member.value.truth());
        shown
            .map(|Member { name, tag, value, .. }| {
                (if tag.is_empty() { name } else { tag }.to_string(), value.clone())
            })
            .collect()
    }

    fn comparable(&self) -> bool {
        false
    }
}

/// `.Chart` of Helm 3: the metadata, whose fields are also its own, and whether it is the root.
pub(super) struct Embedded {
    pub(super) metadata: Record,
    pub(super) shared: Value,
    pub(super) is_root: bool,
}

impl Object for Embedded {
    fn type_name(&self) -> &str {
        "struct { chart.Metadata; IsRoot bool }"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        match name {
            "Metadata" => Field::Typed(self.shared.clone()),
            "IsRoot" => Field::Typed(self.is_root.into()),
            _ => self.metadata.field(name),
        }
    }

    fn fields(&self) -> Vec<(String, Value)> {
        vec![("Metadata".to_owned(), self.shared.clone()), ("IsRoot".to_owned(), self.is_root.into())]
    }

    fn json(&self) -> Vec<(String, Value)> {
        let mut fields = self.metadata.json();
        fields.push(("IsRoot".to_owned(), self.is_root.into()));
        fields
    }

    fn comparable(&self) -> bool {
        false
    }
}
