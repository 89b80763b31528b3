//! A resource as it is kept, and an operation on one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resource {
    /// With the casing of the request that created it; the key of the table is in lower case.
    pub(crate) id: String,
    pub(crate) name: String,
    /// The type with its own casing.
    pub(crate) type_: String,
    /// What a read shows beside id, name and type: location, tags, sku, properties, ...
    pub(crate) body: Map<String, Value>,
    /// What a read does not show: keys, principals, counters.
    pub(crate) hidden: Map<String, Value>,
    /// `provisioningState`
    pub(crate) state: String,
    /// The operation that holds it.
    pub(crate) operation: Option<String>,
    pub(crate) revision: u64,
    pub(crate) created: i64,
    pub(crate) changed: i64,
}

impl Resource {
    pub(crate) fn key(&self) -> String {
        self.id.to_ascii_lowercase()
    }

    /// `properties.a.b` or `sku.name`, by a dotted path.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        at(&self.body, path)
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.at(path).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, path: &str) -> Option<bool> {
        self.at(path).and_then(Value::as_bool)
    }

    pub(crate) fn number(&self, path: &str) -> Option<i64> {
        self.at(path).and_then(Value::as_i64)
    }

    pub(crate) fn set(&mut self, path: &str, value: impl Into<Value>) {
        set(&mut self.body, path, value.into());
    }

    /// Sets what the service fills in when the client said nothing.
    pub(crate) fn fill(&mut self, path: &str, value: impl Into<Value>) {
        if self.at(path).is_none() {
            self.set(path, value);
        }
    }

    pub(crate) fn take(&mut self, path: &str) -> Option<Value> {
        let (parent, last) = match path.rsplit_once('.') {
            None => (&mut self.body, path),
            Some((parent, last)) => (at_mut(&mut self.body, parent)?, last),
        };
        parent.remove(last)
    }

    pub(crate) fn location(&self) -> &str {
        self.text("location").unwrap_or("global")
    }

    pub(crate) fn properties(&self) -> Map<String, Value> {
        self.body.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
    }
}

pub(crate) fn at<'a>(body: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let mut value = body.get(parts.next()?)?;
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}

fn at_mut<'a>(body: &'a mut Map<String, Value>, path: &str) -> Option<&'a mut Map<String, Value>> {
    let mut map = body;
    for part in path.split('.') {
        map = map.get_mut(part)?.as_object_mut()?;
    }
    Some(map)
}

pub(crate) fn set(body: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            body.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let entry = body.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            if let Value::Object(map) = entry {
                set(map, rest, value);
            }
        }
    }
}

/// What happens when an operation ends well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Effect {
    /// The resource is there; create, update and actions.
    Settle,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Progress {
    Running,
    Succeeded,
    Failed { status: u16, code: String, message: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Operation {
    pub(crate) subscription: String,
    /// Key of the resource.
    pub(crate) resource: String,
    /// As a refusal names it: `PutSubnetOperation`, `Upgrading`.
    pub(crate) name: String,
    pub(crate) effect: Effect,
    pub(crate) started: i64,
    pub(crate) ends: i64,
    /// What it will come to; decided when it starts.
    pub(crate) verdict: Progress,
    pub(crate) progress: Progress,
    /// What the answer is when it is done, where that is not the resource: the status of an action.
    pub(crate) done: u16,
}

impl Operation {
    pub(crate) fn runs(&self) -> bool {
        self.progress == Progress::Running
    }
}
