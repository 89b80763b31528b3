//! A naive planner: what should happen to each address, worked out from the stack as data, the rows
//! and the world, one resource after the other. It shares nothing with the real one, knows a handful
//! of types, and is written to be obviously right.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::Address;
use aurak_tests::world_gen::{Block, Fill, Item, Module, Stack, Term};
use serde_json::Value as Json;

/// The types that it knows.
pub(super) const TYPES: &[&str] =
    &["sim.group", "sim.network", "sim.subnet", "sim.thing", "sim.dependant", "sim.volume", "core.data"];

/// What happens to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    Keep,
    Create,
    Import,
    Update,
    Replace,
    Delete,
    Forget,
}

/// What is recorded of an address.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) type_name: String,
    pub(super) id: String,
    pub(super) desired: Attributes,
    pub(super) retain: bool,
    pub(super) replace_when: Json,
}

pub(super) type Attributes = BTreeMap<String, Json>;

/// What happens to an address, and the attributes that may differ afterwards where its object stays.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) act: Act,
    pub(super) touched: BTreeSet<String>,
}

/// Attributes as they will be; `None` is what only apply can tell.
type Seen = BTreeMap<String, Option<Json>>;

/// What there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Reality {
    /// The state, by address.
    pub(super) rows: BTreeMap<String, Row>,
    /// The objects of the world by id, with their types. Those of `core.data` are in the state alone.
    pub(super) objects: BTreeMap<String, (String, Attributes)>,
}

/// What cannot be changed.
fn is_fixed(type_name: &str, attribute: &str) -> bool {
    matches!(attribute, "name" | "group" | "network" | "location" | "range" | "fixed" | "made_of" | "class")
        && type_name != "core.data"
}

/// What of it can be told only during apply, when it is made; in brackets, when that changes too.
fn computed(type_name: &str) -> &'static [(&'static str, &'static str)] {
    match type_name {
        "sim.thing" => &[("id", ""), ("serial", "value")],
        "core.data" => &[("id", ""), ("output", "input")],
        _ => &[("id", "")],
    }
}

/// Two spellings of one value become the same.
fn normal(attribute: &str, value: &Json) -> Json {
    match (attribute, value) {
        ("location", Json::String(text)) => Json::from(text.to_lowercase().replace(' ', "")),
        ("ranges" | "delegations" | "all", Json::Array(items)) => {
            let mut items: Vec<String> = items.iter().map(Json::to_string).collect();
            items.sort();
            items.dedup();
            items.into()
        }
        _ => value.clone(),
    }
}

pub(super) struct Naive<'a> {
    stack: &'a Stack,
    reality: &'a Reality,
    seen: BTreeMap<String, Seen>,
    outs: BTreeMap<String, Option<Json>>,
    acts: BTreeMap<String, Expected>,
}

/// Where a term stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    /// What addresses begin with: `module.` or `module["key"].`.
    prefix: &'a str,
    blocks: &'a [&'a Block],
    tag: Option<&'a str>,
    key: Option<&'a str>,
    given: Option<&'a Option<Json>>,
}

/// What happens to each address.
pub(super) fn plan(stack: &Stack, reality: &Reality) -> BTreeMap<String, Expected> {
    let mut reality = reality.clone();
    for (from, to) in &stack.moved {
        let old: Vec<String> =
            reality.rows.keys().filter(|address| block_of(address) == *from).cloned().collect();
        for address in old {
            // What has no place under the new name leaves under the old one.
            let new = address.replacen(from.as_str(), to, 1);
            if has(stack, to, &new)
                && let Some(row) = reality.rows.remove(&address)
            {
                reality.rows.insert(new, row);
            }
        }
    }
    let mut naive = Naive {
        stack,
        reality: &reality,
        seen: BTreeMap::new(),
        outs: BTreeMap::new(),
        acts: BTreeMap::new(),
    };
    let root: Vec<&Block> = stack
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Block(block) => Some(block),
            Item::Module(_) => None,
        })
        .collect();
    for item in &stack.items {
        match item {
            Item::Block(block) => naive.block(block, Place { blocks: &root, ..Place::default() }),
            Item::Module(module) => naive.module(module, &root),
        }
    }
    for (address, row) in &reality.rows {
        if !naive.acts.contains_key(address) {
            // Under the name that it has, or the one that it is to get.
            let mut name = Address::parse(address).map_or_else(|_| block_of(address), |it| it.plain());
            let mut named = vec![name.clone()];
            for (from, to) in &stack.moved {
                if name == *from {
                    name.clone_from(to);
                    named.push(name.clone());
                }
            }
            let removed = stack.removed.iter().any(|name| *name == block_of(address) || named.contains(name));
            let kept = row.retain || removed || named.iter().any(|name| says_retain(stack, name));
            let act = if kept { Act::Forget } else { Act::Delete };
            naive.acts.insert(address.clone(), Expected { act, touched: BTreeSet::new() });
        }
    }
    naive.acts
}

/// Whether a block says that its objects stay, though it may have no instance.
fn says_retain(stack: &Stack, name: &str) -> bool {
    stack.items.iter().any(|item| match item {
        Item::Block(block) => block.name == name && block.lifecycle.retain,
        Item::Module(module) => module
            .blocks
            .iter()
            .any(|block| format!("{}.{}", module.name, block.name) == name && block.lifecycle.retain),
    })
}

/// Whether a block of the stack itself has an instance with this address.
fn has(stack: &Stack, name: &str, address: &str) -> bool {
    stack.items.iter().any(|item| match item {
        Item::Block(block) if block.name == name => match &block.each {
            Some(keys) => keys.iter().any(|key| keyed(name, Some(key)) == address),
            None => address == name && block.when.is_none_or(|when| when == stack.flag),
        },
        _ => false,
    })
}

fn block_of(address: &str) -> String {
    address.split('[').next().unwrap_or_default().to_string()
}

fn keyed(name: &str, key: Option<&str>) -> String {
    key.map_or_else(|| name.to_string(), |key| format!("{name}[\"{key}\"]"))
}

impl Naive<'_> {
    fn module(&mut self, module: &Module, root: &[&Block]) {
        let inside: Vec<&Block> = module.blocks.iter().collect();
        let keys: Vec<Option<&str>> = match &module.each {
            Some(keys) => keys.iter().map(|key| Some(key.as_str())).collect(),
            None => vec![None],
        };
        for key in keys {
            let given =
                self.value(&module.given, Place { blocks: root, key, ..Place::default() }, Json::Null);
            let name = keyed(&module.name, key);
            let prefix = format!("{name}.");
            let tag = Some(key.unwrap_or("o"));
            let place = Place { prefix: &prefix, blocks: &inside, tag, key: None, given: Some(&given) };
            for block in &module.blocks {
                self.block(block, place);
            }
            let out = self.value(&module.out, place, Json::Null);
            self.outs.insert(name, out);
        }
    }

    fn block(&mut self, block: &Block, place: Place<'_>) {
        if block.when.is_some_and(|when| when != self.stack.flag) {
            return;
        }
        match &block.each {
            None => self.instance(block, place),
            Some(keys) => keys.iter().for_each(|key| self.instance(block, Place { key: Some(key), ..place })),
        }
    }

    fn instance(&mut self, block: &Block, place: Place<'_>) {
        let address = format!("{}{}", place.prefix, keyed(&block.name, place.key));
        let mut desired = Seen::new();
        for (name, fill) in block.kind().attributes {
            if *fill == Fill::Name {
                let parts = [Some(block.label.as_str()), place.tag, place.key];
                let text: Vec<&str> = parts.into_iter().flatten().collect();
                desired.insert(name.to_string(), Some(text.join("-").into()));
            } else if let Some(term) = block.attributes.get(name) {
                let value = match (fill, self.value(term, place, Json::Null)) {
                    // A number is written out where text is wanted.
                    (Fill::Mark, Some(Json::Number(number))) => Some(number.to_string().into()),
                    (_, value) => value,
                };
                desired.insert(name.to_string(), value);
            }
        }
        // Nothing is the same as nothing written, but for free values inside.
        desired.retain(|_, value| !matches!(value, Some(Json::Null)));
        if block.type_name == "sim.volume" {
            desired.entry("class".to_string()).or_insert(Some("disk".into()));
            desired.entry("size_gb".to_string()).or_insert(Some(1.into()));
        }
        let replace_when = match &block.lifecycle.replace_when {
            Some(term) => self.value(term, place, Json::Null).unwrap_or_default(),
            None => Json::Null,
        };
        let touched = self.touched(block, &address, &desired);
        let (act, seen) = self.decide(block, &address, desired, &replace_when);
        self.acts.insert(address.clone(), Expected { act, touched });
        self.seen.insert(address, seen);
    }

    /// What a change in place may touch: what is asked for or was, and what changes with that.
    fn touched(&self, block: &Block, address: &str, desired: &Seen) -> BTreeSet<String> {
        let before = self.reality.rows.get(address).into_iter().flat_map(|row| row.desired.keys());
        let mut touched: BTreeSet<String> = desired.keys().chain(before).cloned().collect();
        touched.retain(|name| !block.lifecycle.ignore.contains(&name.as_str()));
        let with = computed(block.type_name).iter().filter(|(_, with)| touched.contains(*with));
        let with: Vec<String> = with.map(|(name, _)| name.to_string()).collect();
        touched.extend(with);
        touched
    }

    fn decide(&self, block: &Block, address: &str, desired: Seen, replace_when: &Json) -> (Act, Seen) {
        let make = |act: Act| {
            let mut seen = desired.clone();
            seen.extend(computed(block.type_name).iter().map(|(name, _)| (name.to_string(), None)));
            if block.type_name == "sim.group" {
                seen.entry("location".to_string()).or_insert(None);
            }
            (act, seen)
        };
        let Some(row) = self.reality.rows.get(address) else { return self.adopt(block, &desired, make) };
        let there = self.reality.objects.get(&row.id);
        if row.type_name != block.type_name {
            let gone = there.is_none() && row.type_name != "core.data";
            return make(if gone { Act::Create } else { Act::Replace });
        }
        let Some((_, live)) = there else { return self.adopt(block, &desired, make) };
        let again = block.lifecycle.replace_when.is_some()
            && row.replace_when != Json::Null
            && row.replace_when != *replace_when;
        let differs = differences(block, &desired, live, Some(&row.desired));
        if again || differs.iter().any(|name| is_fixed(block.type_name, name)) {
            return make(Act::Replace);
        }
        change(block, &desired, live, &differs, if differs.is_empty() { Act::Keep } else { Act::Update })
    }

    /// Makes it, or takes it over where one with its natural key is there.
    fn adopt(&self, block: &Block, desired: &Seen, make: impl Fn(Act) -> (Act, Seen)) -> (Act, Seen) {
        let key: &[&str] = match block.type_name {
            "sim.thing" => &["name", "fixed"],
            "sim.volume" => &["name", "class"],
            _ => return make(Act::Create),
        };
        if !block.lifecycle.adopt || key.iter().any(|name| desired.get(*name) == Some(&None)) {
            return make(Act::Create);
        }
        let is_it = |live: &Attributes| {
            key.iter().all(|name| live.get(*name) == desired.get(*name).and_then(Option::as_ref))
        };
        let mut there =
            self.reality.objects.values().filter(|(of, live)| of == block.type_name && is_it(live));
        match there.next() {
            Some((_, live)) => {
                let differs = differences(block, desired, live, None);
                change(block, desired, live, &differs, Act::Import)
            }
            None => make(Act::Create),
        }
    }

    /// A term as it will be.
    fn value(&self, term: &Term, place: Place<'_>, absent: Json) -> Option<Json> {
        Some(match term {
            Term::Lit(Json::Null) => absent,
            Term::Lit(json) => json.clone(),
            Term::Knob => self.stack.knob.into(),
            Term::Secret => self.stack.secret.clone().into(),
            Term::Given => place.given.cloned().unwrap_or_default()?,
            Term::Key => place.key.into(),
            Term::Of { block, key, attribute } => {
                let address = format!("{}{}", place.prefix, keyed(block, key.as_deref()));
                match self.seen.get(&address) {
                    None => absent,
                    Some(seen) => seen.get(attribute).cloned().unwrap_or(Some(Json::Null))?,
                }
            }
            Term::Every { block, attribute } => {
                let of = place.blocks.iter().find(|other| other.name == *block)?;
                let mut keys = of.each.clone().unwrap_or_default();
                keys.sort();
                let read = |key: &String| Term::Of {
                    block: block.clone(),
                    key: Some(key.clone()),
                    attribute: attribute.clone(),
                };
                let all = keys.iter().map(|key| self.value(&read(key), place, Json::Null));
                all.collect::<Option<Vec<Json>>>()?.into()
            }
            Term::Out { module, key } => self.outs.get(&keyed(module, key.as_deref())).cloned().flatten()?,
            Term::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match self.value(part, place, "-".into())? {
                        Json::String(part) => text.push_str(&part),
                        other => text.push_str(&other.to_string()),
                    }
                }
                text.into()
            }
            Term::List(parts) => {
                let parts = parts.iter().map(|part| self.value(part, place, Json::Null));
                parts.collect::<Option<Vec<Json>>>()?.into()
            }
            Term::Map(parts) => {
                let mut map = serde_json::Map::new();
                for (key, part) in parts {
                    map.insert(key.clone(), self.value(part, place, Json::Null)?);
                }
                map.into()
            }
            Term::If(yes, no) => self.value(if self.stack.flag { yes } else { no }, place, absent)?,
        })
    }
}

/// The attributes that differ from what is there, or are no longer asked for.
fn differences(
    block: &Block,
    desired: &Seen,
    live: &Attributes,
    previous: Option<&Attributes>,
) -> Vec<String> {
    let mut all = Vec::new();
    let owned = previous.into_iter().flatten().filter(|(_, value)| !value.is_null());
    let names = desired.keys().chain(owned.map(|(name, _)| name));
    for name in names.collect::<BTreeSet<_>>() {
        // An empty list is as good as none.
        let is_some = |value: &&Json| !value.is_null() && **value != Json::Array(Vec::new());
        let there = live.get(name).filter(is_some);
        let same = match (desired.get(name), there) {
            (Some(None), _) => false,
            (Some(Some(value)), None) => !is_some(&value),
            (Some(Some(value)), there) => {
                there.is_some_and(|there| normal(name, there) == normal(name, value))
            }
            // The service goes on deciding what nobody decides.
            (None, there) => there.is_none() || name == "location",
        };
        if !same && !block.lifecycle.ignore.contains(&name.as_str()) {
            all.push(name.clone());
        }
    }
    all
}

/// What it is like after a change in place.
fn change(block: &Block, desired: &Seen, live: &Attributes, differs: &[String], act: Act) -> (Act, Seen) {
    let mut seen: Seen = live.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    for name in differs.iter().filter(|name| !desired.contains_key(*name)) {
        seen.remove(name);
    }
    // What the service spells otherwise is read as it is written.
    for (name, value) in desired.iter().filter(|(name, _)| !block.lifecycle.ignore.contains(&name.as_str())) {
        seen.insert(name.clone(), value.clone());
    }
    for (name, with) in computed(block.type_name) {
        if differs.iter().any(|other| other == with) {
            seen.insert(name.to_string(), None);
        }
    }
    (act, seen)
}
