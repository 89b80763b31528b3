//! A small stack, drawn from the schemas. What it reads is there before it, so that most stacks load.

use std::collections::BTreeMap;

use aurak_model::schema::Normal;
use aurak_model::{Attribute, Kind};
use serde_json::{Map, Value as Json, json};

use super::super::bytes::Bytes;
use super::super::lang::SCHEMAS;
use super::state;

/// Names of blocks; those that are there come first.
pub(super) const NAMES: &[&str] = &["a", "b", "c", "d", "e", "f"];

/// Keys of instances.
pub(super) const KEYS: &[&str] = &["x", "y"];

/// Types, the more frequent ones more often.
pub(super) const TYPES: &[&str] = &[
    "sim.thing",
    "sim.dependant",
    "sim.group",
    "sim.cluster",
    "sim.thing",
    "sim.pool",
    "sim.network",
    "sim.subnet",
    "sim.secret",
    "sim.token",
    "sim.database",
    "sim.volume",
    "sim.preview",
    "sim.bundle",
    "inner.namespace",
    "inner.object",
    "inner.bundle",
    "core.data",
    "core.random",
    "core.file",
    "core.command",
    "core.sleep",
];

/// Expressions that read nothing of a block.
const PLAIN: &[&str] = &[
    "{{ secret }}",
    "{{ size }}",
    "{{ on }}",
    "{{ fold }}",
    "{{ given }}",
    "{{ file('f') }}",
    "{{ env('E') }}",
    "{{ glob('*') }}",
    "{{ [secret, size] }}",
    "{{ size + 1 if on else none }}",
];

/// Expressions over a part of a block, which stands for `@`.
const READING: &[&str] = &[
    "{{ @ }}",
    "{{ @ }}",
    "{{ @ }}",
    "n-{{ @ }}",
    "{{ [@, size] }}",
    "{{ {'k': @} }}",
    "{{ @ is defined }}",
    "{{ @ | default('z') }}",
    "{{ 1 if @ else 2 }}",
    "{{ @ == secret }}",
    "{{ @ if on else 'z' }}",
    "{{ @ | string | upper }}",
];

/// A block that is there already.
struct There {
    name: &'static str,
    type_name: &'static str,
    group: bool,
}

/// What an expression can read.
#[derive(Default)]
pub(super) struct Around {
    blocks: Vec<There>,
    module: Option<bool>,
    each: bool,
    /// Whether there is nothing to read at all, nor a place for expressions.
    known: bool,
}

impl Around {
    /// Of values that hold no expressions.
    pub(super) fn known() -> Around {
        Around { known: true, ..Around::default() }
    }

    fn expression(&self, bytes: &mut Bytes<'_>) -> String {
        let choice = bytes.below(8);
        if choice == 0 && self.each {
            return (*bytes.pick(&["{{ each.key }}", "{{ each.value }}", "n-{{ each.key }}"])).to_string();
        }
        if choice == 1
            && let Some(group) = self.module
        {
            return if group { "{{ m.x.out }}" } else { "{{ m.out }}" }.to_string();
        }
        let block = match self.blocks.len() {
            0 => None,
            _ if choice == 2 => None,
            n => self.blocks.get(bytes.below(n)),
        };
        let Some(block) = block else { return (*bytes.pick(PLAIN)).to_string() };
        let names: Vec<&str> = SCHEMAS
            .types
            .get(block.type_name)
            .map(|schema| schema.attributes.keys().map(|name| &**name).collect())
            .unwrap_or_default();
        let attribute = match bytes.below(3) {
            0 => *bytes.pick(&names),
            _ => "id",
        };
        let name = block.name;
        if block.group {
            return match bytes.below(4) {
                0 => format!("{{{{ {name} | values | map(attribute='{attribute}') | list }}}}"),
                1 => format!("{{{{ {name} }}}}"),
                _ => bytes.pick(READING).replace('@', &format!("{name}.x.{attribute}")),
            };
        }
        bytes.pick(READING).replace('@', &format!("{name}.{attribute}"))
    }

    fn text(&self, bytes: &mut Bytes<'_>) -> Json {
        match bytes.below(10) {
            0 => json!("n2"),
            1 => json!("thing-1"),
            2 => json!("West Europe"),
            3 => json!("1.30"),
            4..=6 if !self.known => self.expression(bytes).into(),
            _ => json!("n1"),
        }
    }

    /// A value that fits an attribute, mostly.
    pub(super) fn value(&self, bytes: &mut Bytes<'_>, attribute: &Attribute, depth: usize) -> Json {
        let any = Attribute::of(Kind::Any);
        if !self.known && bytes.once_in(8) {
            return self.expression(bytes).into();
        }
        let items = attribute.items.as_deref().unwrap_or(&any);
        match attribute.kind {
            _ if !attribute.allowed.is_empty() => json!(&**bytes.pick(&attribute.allowed)),
            Kind::Boolean => json!(bytes.once_in(2)),
            Kind::Integer => json!(attribute.minimum.unwrap_or(0) + bytes.below(5) as i64),
            Kind::Number => json!(1.5),
            Kind::String => match attribute.normal {
                Some(Normal::Cidr) => json!(*bytes.pick(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/16"])),
                Some(Normal::Duration) => json!(*bytes.pick(&["1h", "60m", "PT1H"])),
                Some(Normal::Json) => json!(*bytes.pick(&["{\"a\": 1}", "{ \"a\":1 }", "[]"])),
                _ if attribute.pattern.is_some() => json!(*bytes.pick(&["1.30", "1.29"])),
                _ => self.text(bytes),
            },
            Kind::List => (0..bytes.below(4)).map(|_| self.value(bytes, items, depth + 1)).collect(),
            Kind::Map => {
                let keys = ["k", "l"].iter().take(bytes.below(3));
                keys.map(|key| ((*key).to_string(), self.value(bytes, items, depth + 1))).collect()
            }
            Kind::Object => {
                let mut object = Map::new();
                for (name, attribute) in &attribute.attributes {
                    if attribute.required || bytes.once_in(2) {
                        object.insert(name.to_string(), self.value(bytes, attribute, depth + 1));
                    }
                }
                object.into()
            }
            Kind::Any => match bytes.below(if depth < 3 { 7 } else { 5 }) {
                0 => json!(bytes.below(3)),
                1 => self.text(bytes),
                2 => json!(true),
                3 => json!("v"),
                4 => Json::Null,
                5 => {
                    json!([self.value(bytes, attribute, depth + 1), self.value(bytes, attribute, depth + 1)])
                }
                _ => json!({ "k": self.value(bytes, attribute, depth + 1), "l": 1 }),
            },
        }
    }

    fn any(&self, bytes: &mut Bytes<'_>) -> Json {
        self.value(bytes, &Attribute::of(Kind::Any), 1)
    }
}

/// The files of a stack, as JSON, which is YAML.
pub(super) fn draw(bytes: &mut Bytes<'_>) -> BTreeMap<String, Json> {
    let mut files = BTreeMap::new();
    let inner_group = bytes.once_in(6);
    let (mut around, mut inside) = (Around::default(), Around::default());
    let (mut resources, mut in_module) = (Map::new(), Map::new());
    let count = bytes.below(NAMES.len() + 1);
    for name in NAMES.iter().take(count) {
        if bytes.once_in(6) {
            let block = resource(bytes, &mut inside, name, inner_group);
            in_module.insert((*name).to_string(), block);
        } else {
            let block = resource(bytes, &mut around, name, inner_group);
            resources.insert((*name).to_string(), block);
        }
    }
    let mut stack = Map::new();
    stack.insert("aurak".into(), json!(1));
    stack.insert("name".into(), json!("x"));
    stack.insert(
        "inputs".into(),
        json!({
            "secret": { "type": "string", "sensitive": true, "default": "hush" },
            "size": { "type": "integer", "default": bytes.below(4) },
            "on": { "type": "boolean", "default": bytes.once_in(2) },
        }),
    );
    let nothing = Around::known();
    stack.insert("let".into(), json!({ "fold": nothing.any(bytes), "given": 1 }));
    stack.insert("resources".into(), resources.into());
    if !in_module.is_empty() {
        let mut call = Map::new();
        call.insert("source".into(), json!("./m"));
        call.insert("with".into(), json!({ "inherit": true, "given": around.any(bytes) }));
        let group = meta(bytes, &around, &mut call);
        stack.insert("modules".into(), json!({ "m": call }));
        let module = json!({
            "inputs": { "given": { "type": "any" }, "secret": { "type": "string" }, "size": { "type": "integer" },
                "on": { "type": "boolean" }, "fold": { "type": "any" } },
            "resources": in_module,
            "outputs": { "out": { "value": inside.expression(bytes) } },
        });
        files.insert("m/module.yaml".to_string(), module);
        around.module = Some(group);
    }
    stack.insert("providers".into(), providers(bytes, &around, inner_group));
    rest(bytes, &around, &mut stack);
    files.insert("aurak.yaml".to_string(), stack.into());
    files
}

fn providers(bytes: &mut Bytes<'_>, around: &Around, inner_group: bool) -> Json {
    let mut inner = Map::new();
    for name in ["endpoint", "token", "kubeconfig"] {
        if bytes.once_in(2) {
            // Of a cluster, where there is one; a block that lives in it would close a circle.
            let cluster = around.blocks.iter().find(|block| block.type_name == "sim.cluster" && !block.group);
            let value = match cluster {
                Some(cluster) if !bytes.once_in(4) => json!(format!("{{{{ {}.{name} }}}}", cluster.name)),
                _ => Around::default().text(bytes),
            };
            inner.insert(name.into(), value);
        }
    }
    if inner_group {
        inner.insert("for_each".into(), json!(["x", "y"]));
    }
    json!({ "inner": inner, "other": { "type": "sim", "account": Around::default().text(bytes) } })
}

/// What stands besides resources.
fn rest(bytes: &mut Bytes<'_>, around: &Around, stack: &mut Map<String, Json>) {
    if bytes.once_in(4) {
        let (from, to) = (state::address(bytes).to_string(), state::address(bytes).to_string());
        stack.insert("moved".into(), json!([{ "from": from, "to": to }]));
    }
    if bytes.once_in(6) {
        let to = state::address(bytes).to_string();
        stack.insert("imports".into(), json!([{ "to": to, "id": around.text(bytes) }]));
    }
    if bytes.once_in(6) {
        let address = state::address(bytes).to_string();
        stack.insert("removed".into(), json!([{ "address": address, "destroy": bytes.once_in(2) }]));
    }
    if bytes.once_in(6) {
        let existing =
            json!({ "type": *bytes.pick(&["sim.thing", "sim.cluster"]), "id": around.text(bytes) });
        stack.insert("existing".into(), json!({ "g": existing }));
    }
    if bytes.once_in(4) {
        stack.insert("checks".into(), json!([{ "that": around.expression(bytes), "message": "no" }]));
    }
    if bytes.once_in(2) {
        let out = json!({ "value": around.any(bytes), "sensitive": bytes.once_in(2) });
        stack.insert("outputs".into(), json!({ "o": out }));
    }
}

fn resource(bytes: &mut Bytes<'_>, around: &mut Around, name: &'static str, inner_group: bool) -> Json {
    let type_name = *bytes.pick(TYPES);
    let mut block = Map::new();
    block.insert("type".into(), json!(type_name));
    let group = bytes.once_in(2) && meta(bytes, around, &mut block);
    let own = inner_group && type_name.starts_with("inner.");
    if own {
        let instance = if group { "inner[each.key]" } else { "inner['x']" };
        block.insert("provider".into(), json!(instance));
    } else if type_name.starts_with("sim.") && bytes.once_in(8) {
        block.insert("provider".into(), json!("other"));
    }
    around.each = group;
    if let Some(schema) = SCHEMAS.types.get(type_name) {
        for (name, attribute) in &schema.attributes {
            let given = !attribute.computed || attribute.optional;
            if given && (attribute.required || bytes.once_in(3)) {
                block.insert(name.to_string(), around.value(bytes, attribute, 0));
            }
        }
    }
    if bytes.once_in(3) {
        block.insert("lifecycle".into(), lifecycle(bytes, around));
    }
    if bytes.once_in(8) {
        block.insert("timeouts".into(), json!({ "create": "10m" }));
    }
    around.each = false;
    around.blocks.push(There { name, type_name, group });
    block.into()
}

/// What resources and calls of modules have; whether there are several of it.
fn meta(bytes: &mut Bytes<'_>, around: &Around, block: &mut Map<String, Json>) -> bool {
    if bytes.once_in(4) && !around.blocks.is_empty() {
        let other = around.blocks[bytes.below(around.blocks.len())].name;
        block.insert("depends_on".into(), json!([other]));
    }
    let (key, value) = match bytes.below(6) {
        0 => ("for_each", json!({ "x": { "k": 1 }, "y": around.text(bytes) })),
        1 => ("for_each", json!(["x", "y"])),
        2 => ("for_each", json!(around.expression(bytes))),
        3 => ("when", json!(around.expression(bytes))),
        4 => ("when", json!(bytes.once_in(2))),
        _ => return false,
    };
    block.insert(key.into(), value);
    key == "for_each"
}

fn lifecycle(bytes: &mut Bytes<'_>, around: &Around) -> Json {
    let mut all = Map::new();
    for name in ["prevent_destroy", "create_before_destroy", "retain", "adopt"] {
        if bytes.once_in(5) {
            let value = if bytes.once_in(4) { json!(around.expression(bytes)) } else { json!(true) };
            all.insert(name.into(), value);
        }
    }
    if bytes.once_in(4) {
        all.insert("replace_when".into(), around.any(bytes));
    }
    if bytes.once_in(4) {
        let path =
            *bytes.pick(&["tags", "value", "name", "labels.x", "rules[0].port", "input", "data", "count"]);
        all.insert("ignore_changes".into(), json!([path]));
    }
    if bytes.once_in(6) && !around.blocks.is_empty() {
        all.insert("deleted_with".into(), json!(around.blocks[bytes.below(around.blocks.len())].name));
    }
    for name in ["preconditions", "postconditions"] {
        if bytes.once_in(8) {
            all.insert(name.into(), json!([{ "that": around.expression(bytes), "message": "no" }]));
        }
    }
    all.into()
}
