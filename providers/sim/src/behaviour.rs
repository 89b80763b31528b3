//! What the service does with each type, beyond what the type's schema says: where ids come from,
//! what refers to what, what takes long, what the service computes and what it refuses.
//!
//! This is the other side of the type files. The same rule often stands in both, said once for the
//! planner and once for the service, and a test that plans wrongly meets a refusal here.

use aurak_model::{Map, Value};

/// The service's side of a type.
#[derive(Debug)]
pub(crate) struct Behaviour {
    /// The type.
    pub(crate) type_name: &'static str,
    /// What its ids begin with.
    pub(crate) prefix: &'static str,
    /// The natural key, `{attribute}` standing for values; none where only the id tells.
    pub(crate) key: Option<&'static str>,
    /// The collection that lists it, likewise.
    pub(crate) collection: &'static str,
    /// Attributes that hold ids of other objects.
    pub(crate) refs: &'static [Ref],
    /// Seconds that go on after the answer: create, update, delete; 0 where the answer is the end.
    pub(crate) long: [u64; 3],
    /// The attribute that names what takes one change at a time; `id` for the object itself.
    pub(crate) serialise: Option<&'static str>,
    /// Whether a repeated create with the same idempotency key answers with the first object.
    pub(crate) idempotent: bool,
}

/// An attribute that holds the id of another object, or a list of ids.
#[derive(Debug)]
pub(crate) struct Ref {
    /// The attribute.
    pub(crate) attribute: &'static str,
    /// What the target must be; none where anything goes.
    pub(crate) target: Option<&'static str>,
    /// What happens when the target is to go.
    pub(crate) on_delete: OnDelete,
}

/// What happens to what refers to an object that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// The delete is refused.
    Refuse,
    /// It goes too.
    Cascade,
}

const PLAIN: Behaviour = Behaviour {
    type_name: "",
    prefix: "",
    key: None,
    collection: "",
    refs: &[],
    long: [0, 0, 0],
    serialise: None,
    idempotent: true,
};

const IN_GROUP: Ref = Ref { attribute: "group", target: Some("sim.group"), on_delete: OnDelete::Refuse };

const fn uses(attribute: &'static str) -> Ref {
    Ref { attribute, target: None, on_delete: OnDelete::Refuse }
}

const BEHAVIOURS: &[Behaviour] = &[
    Behaviour { type_name: "sim.group", prefix: "group", key: Some("{name}"), collection: "groups", ..PLAIN },
    Behaviour {
        type_name: "sim.network",
        prefix: "network",
        key: Some("{group}/{name}"),
        collection: "networks",
        refs: &[IN_GROUP],
        serialise: Some("id"),
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.subnet",
        prefix: "subnet",
        key: Some("{network}/{name}"),
        collection: "{network}/subnets",
        refs: &[Ref { attribute: "network", target: Some("sim.network"), on_delete: OnDelete::Refuse }],
        serialise: Some("network"),
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.cluster",
        prefix: "cluster",
        key: Some("{group}/{name}"),
        collection: "clusters",
        refs: &[
            IN_GROUP,
            Ref { attribute: "subnet", target: Some("sim.subnet"), on_delete: OnDelete::Refuse },
        ],
        long: [300, 60, 120],
        serialise: Some("id"),
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.pool",
        prefix: "pool",
        key: Some("{cluster}/{name}"),
        collection: "{cluster}/pools",
        refs: &[Ref { attribute: "cluster", target: Some("sim.cluster"), on_delete: OnDelete::Cascade }],
        long: [120, 60, 60],
        serialise: Some("cluster"),
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.thing",
        prefix: "thing",
        key: Some("{name}/{fixed}"),
        collection: "things",
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.dependant",
        prefix: "dependant",
        key: Some("{name}"),
        collection: "dependants",
        refs: &[uses("uses"), uses("made_of"), uses("all")],
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.secret",
        prefix: "secret",
        key: Some("{name}"),
        collection: "secrets",
        ..PLAIN
    },
    Behaviour { type_name: "sim.token", prefix: "token", collection: "tokens", idempotent: false, ..PLAIN },
    Behaviour {
        type_name: "sim.database",
        prefix: "database",
        key: Some("{group}/{name}"),
        collection: "databases",
        refs: &[IN_GROUP],
        long: [60, 0, 0],
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.volume",
        prefix: "volume",
        key: Some("{name}/{class}"),
        collection: "volumes",
        ..PLAIN
    },
    Behaviour {
        type_name: "sim.preview",
        prefix: "preview",
        key: Some("{name}"),
        collection: "previews",
        ..PLAIN
    },
    Behaviour {
        type_name: "inner.namespace",
        prefix: "namespace",
        key: Some("{name}"),
        collection: "namespaces",
        ..PLAIN
    },
    Behaviour {
        type_name: "inner.object",
        prefix: "object",
        key: Some("{namespace}/{kind}/{name}"),
        collection: "{kind}",
        ..PLAIN
    },
];

/// The behaviour of a type; composites have none, because no object of theirs exists.
pub(crate) fn of(type_name: &str) -> Option<&'static Behaviour> {
    BEHAVIOURS.iter().find(|behaviour| behaviour.type_name == type_name)
}

impl Behaviour {
    /// The natural key of an object with these attributes.
    pub(crate) fn key_of(&self, attributes: &Map) -> Option<String> {
        self.key.map(|pattern| fill(pattern, attributes))
    }

    /// Whether an attribute is a part of the natural key: nothing is made without its name.
    pub(crate) fn names(&self, attribute: &str) -> bool {
        self.key.is_some_and(|pattern| pattern.contains(&format!("{{{attribute}}}")))
    }

    /// The collection of an object with these attributes.
    pub(crate) fn collection_of(&self, attributes: &Map) -> String {
        fill(self.collection, attributes)
    }

    /// What must take one change at a time while an object with this id and these attributes changes.
    pub(crate) fn serialised_on(&self, id: &str, attributes: &Map) -> Option<String> {
        match self.serialise? {
            "id" => Some(id.to_string()),
            attribute => attributes.get(attribute).and_then(Value::as_str).map(str::to_string),
        }
    }
}

/// Puts attributes into a pattern; `-` where there is none.
fn fill(pattern: &str, attributes: &Map) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(attributes.get(name).and_then(Value::as_str).unwrap_or("-"));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// What the service decides by itself, set into `body` before it is kept. `old` is the object before
/// an update. Values that somebody gave stay.
pub(crate) fn compute(type_name: &str, id: &str, body: &mut Map, old: Option<&Map>) {
    body.insert("id", id.into());
    let changed =
        |body: &Map, attribute: &str| old.is_none_or(|old| old.get(attribute) != body.get(attribute));
    // How often something was set: one more than before when it changed.
    let counted = |body: &mut Map, counter: &str, changed: bool| {
        let before = old.and_then(|old| old.get(counter)).and_then(Value::as_int).unwrap_or(0);
        body.insert(counter, Value::Int(if changed { before + 1 } else { before }));
    };
    match type_name {
        "sim.group" => default(body, "location", "westeurope"),
        "sim.cluster" => {
            default(body, "tier", "Standard");
            default(body, "version", "1.30");
            let version = body.get("version").and_then(Value::as_str).unwrap_or("1.30").to_string();
            body.insert("running_version", format!("{version}.4").into());
            body.insert("endpoint", endpoint(id).into());
            default(body, "token", format!("opens-{id}-1"));
            let token = body.get("token").and_then(Value::as_str).unwrap_or_default().to_string();
            body.insert("kubeconfig", kubeconfig(&endpoint(id), &token).into());
            let stopped = body.get("stopped").and_then(Value::as_bool).unwrap_or(false);
            body.insert("state", if stopped { "stopped" } else { "running" }.into());
            if let Some(Value::Map(network)) = body.get("network").cloned() {
                let mut network = (*network).clone();
                default(&mut network, "dns", "10.0.0.10");
                body.insert("network", network.into());
            }
            if let Some(rules) = body.get("rules").and_then(Value::as_list) {
                let rules: Vec<Value> =
                    (0i64..).zip(rules).map(|(place, rule)| ranked(rule, place)).collect();
                body.insert("rules", rules.into());
            }
        }
        "sim.pool" => {
            default(body, "image", "image-1");
            let least = body.get("min").and_then(Value::as_int).unwrap_or(1);
            if body.get("count").is_none() {
                body.insert("count", Value::Int(least));
            }
        }
        "sim.thing" => {
            let changed = changed(body, "value");
            counted(body, "serial", changed);
        }
        "sim.secret" => {
            let changed = changed(body, "value");
            counted(body, "version", changed);
        }
        "inner.object" => {
            let changed = changed(body, "data") || changed(body, "secret");
            counted(body, "generation", changed);
        }
        "sim.token" => default(body, "token", format!("secret-of-{id}")),
        "sim.database" => {
            let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_string();
            body.insert("url", format!("db://{name}.{id}.sim").into());
        }
        "sim.preview" => {
            let wanted = body.get("replicas").and_then(Value::as_int).unwrap_or(1);
            body.insert("effective", Value::Int(wanted + wanted.rem_euclid(2)));
        }
        _ => {}
    }
}

fn default(body: &mut Map, attribute: &str, value: impl Into<Value>) {
    if body.get(attribute).is_none_or(Value::is_null) {
        body.insert(attribute, value.into());
    }
}

fn ranked(rule: &Value, place: i64) -> Value {
    let Value::Map(rule) = rule else { return rule.clone() };
    let mut rule = (**rule).clone();
    default(&mut rule, "priority", 100 + 10 * place);
    rule.into()
}

/// Where a cluster is reached.
pub(crate) fn endpoint(id: &str) -> String {
    format!("https://{id}.sim")
}

fn kubeconfig(endpoint: &str, token: &str) -> String {
    serde_json::json!({ "endpoint": endpoint, "token": token }).to_string()
}

/// Why the service refuses an update that the schema's plain `immutable` does not already rule out.
pub(crate) fn refuse_update(type_name: &str, old: &Map, new: &Map) -> Option<String> {
    let flag = |map: &Map, name: &str| map.get(name).and_then(Value::as_bool).unwrap_or(false);
    let text = |map: &Map, name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    match type_name {
        "sim.cluster" if text(new, "version") < text(old, "version") => {
            Some("a cluster cannot go back to an older version".to_string())
        }
        "sim.cluster" if flag(old, "private") && !flag(new, "private") => {
            Some("a private cluster stays private".to_string())
        }
        "sim.cluster" if flag(old, "overlay") && !flag(new, "overlay") => {
            Some("the overlay of a cluster cannot be taken away".to_string())
        }
        "sim.database" => {
            let size = |map: &Map| map.get("size_gb").and_then(Value::as_int).unwrap_or(0);
            (size(new) < size(old)).then(|| "a database cannot shrink".to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_attributes() {
        let attributes: Map =
            [("cluster", Value::from("cluster-1")), ("name", "a".into())].into_iter().collect();
        assert_eq!(fill("{cluster}/{name}", &attributes), "cluster-1/a");
        assert_eq!(fill("{name}/{fixed}", &attributes), "a/-");
        assert_eq!(fill("groups", &attributes), "groups");
    }
}
