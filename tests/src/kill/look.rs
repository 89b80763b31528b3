//! What a world and a state look like apart from ids and values that were drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_model::{Address, Map, Slot, StateDoc, Value};
use aurak_sim::{Entry, SimObject};

/// A world and its state, so that two that came about differently can be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The objects, a line each.
    pub world: Vec<String>,
    /// The rows, a line each.
    pub rows: Vec<String>,
    /// What else the state keeps, outputs and providers, a line each.
    pub rest: Vec<String>,
    /// How many objects were made for each address, from the world's own log.
    pub made: BTreeMap<String, usize>,
    /// What is wrong whatever it is compared with.
    pub wrong: Vec<String>,
}

/// Looks at both.
pub fn look(objects: &[SimObject], log: &[Entry], doc: &StateDoc) -> Look {
    let words = Words::of(objects, log, doc);
    let mut look = Look::default();
    for object in objects {
        let body = words.value(&Value::from(object.body.clone()));
        let others = if object.made_by.is_none() { ", made by others" } else { "" };
        look.world.push(words.put(&format!("{} in {}: ", object.id, object.world)) + &body + others);
    }
    look.world.sort();
    for row in doc.rows.values() {
        let mut line = format!("{} {}", row.address, row.type_name);
        line.push_str(&format!(" needs {:?}", row.needs.iter().map(Address::as_str).collect::<Vec<_>>()));
        let mut line = words.put(&line);
        for (slot, object) in objects_of(row) {
            let incomplete = if object.incomplete.is_some() { ", incomplete" } else { "" };
            let mut attributes = object.attributes.clone();
            let mut id = words.put(&object.id);
            if !of_world(&row.type_name) {
                // Drawn, and nobody else knows it.
                id.clear();
                if let Value::Map(map) = &mut attributes {
                    Arc::make_mut(map).remove("id");
                }
            }
            let (desired, attributes) = (words.value(&object.desired), words.value(&attributes));
            line.push_str(&format!(" {slot:?} {id}{incomplete} desired {desired} attributes {attributes}"));
        }
        look.rows.push(line);
    }
    look.rows.sort();
    look.rest.extend(doc.outputs.iter().map(|(name, value)| format!("output {name} {}", words.value(value))));
    look.rest.extend(doc.providers.values().map(|provider| {
        let needs: Vec<&str> = provider.needs.iter().map(Address::as_str).collect();
        let config = words.value(&provider.config);
        format!("provider {} {} {config} needs {needs:?}", provider.address, provider.type_name)
    }));
    for entry in log.iter().filter(|entry| entry.made.is_some()) {
        let address = entry.address.as_ref().map_or("?", Address::as_str);
        *look.made.entry(words.put(address)).or_default() += 1;
    }
    look.wrong = wrong(objects, doc);
    look
}

/// A body with its sets of texts in order: the world keeps them in the order of ids.
fn in_order(body: &str) -> String {
    fn sort(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(list) => {
                list.iter_mut().for_each(sort);
                list.sort_by_key(ToString::to_string);
            }
            serde_json::Value::Object(map) => map.values_mut().for_each(sort),
            _ => {}
        }
    }
    match serde_json::from_str(body) {
        Ok(mut value) => {
            sort(&mut value);
            value.to_string()
        }
        Err(_) => body.to_string(),
    }
}

/// Orphans, rows without objects, and what was left open.
fn wrong(objects: &[SimObject], doc: &StateDoc) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for row in doc.rows.values().filter(|row| of_world(&row.type_name)) {
        for (slot, object) in objects_of(row) {
            *named.entry(&object.id).or_default() += 1;
            if slot != Slot::Current {
                wrong.push(format!("`{}` still has an object set aside: {}", row.address, object.id));
            }
            if !objects.iter().any(|other| other.id == object.id) {
                wrong.push(format!("`{}` names {}, which is not there", row.address, object.id));
            }
        }
    }
    for object in objects {
        match named.get(&*object.id) {
            None => wrong.push(format!("orphan: no row names {}", object.id)),
            Some(1) => {}
            Some(n) => wrong.push(format!("{n} rows name {}", object.id)),
        }
    }
    for pending in &doc.pending {
        wrong.push(format!("left open: a call for `{}`", pending.intent.address));
    }
    wrong
}

fn objects_of(row: &aurak_model::Row) -> impl Iterator<Item = (Slot, &aurak_model::record::Object)> {
    [Slot::Current, Slot::Old, Slot::Temporary].into_iter().filter_map(|slot| Some((slot, row.object(slot)?)))
}

fn of_world(type_name: &str) -> bool {
    type_name.starts_with("sim.") || type_name.starts_with("inner.")
}

/// What stands for ids and drawn values.
struct Words(Vec<(String, String)>);

impl Words {
    fn of(objects: &[SimObject], log: &[Entry], doc: &StateDoc) -> Words {
        // A copy is named after the id of another object: names are put into words twice.
        let ids = objects.iter().map(|object| (object.id.to_string(), name(&object.type_name, &object.body)));
        let mut raw = Words(ids.collect());
        // What was made and is gone shows in the addresses of the log.
        for entry in log.iter().filter(|entry| &*entry.type_name == "sim.thing") {
            let Some(id) = &entry.made else { continue };
            if !raw.0.iter().any(|(known, _)| *known == **id) {
                raw.0.push((id.to_string(), format!("<{} {}>", entry.type_name, entry.what)));
            }
        }
        raw.sort();
        let mut words: Vec<(String, String)> =
            raw.0.iter().map(|(id, word)| (id.clone(), raw.put(word))).collect();
        for row in doc.rows.values().filter(|row| &*row.type_name == "core.random") {
            let Some(object) = &row.current else { continue };
            let drawn = object.attributes.reveal().as_map().and_then(|map| map.get("result").cloned());
            if let Some(Value::String(drawn)) = drawn.as_ref().map(Value::reveal) {
                // As text in JSON has it.
                let quoted = serde_json::to_string(&*drawn).unwrap_or_default();
                words.push((quoted.trim_matches('"').to_string(), format!("<{}>", row.address)));
            }
        }
        let mut words = Words(words);
        words.sort();
        words
    }

    /// Longer ones first, so that none is found in another.
    fn sort(&mut self) {
        self.0.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    }

    /// A value as text, marks and all, with its sets in order.
    fn value(&self, value: &Value) -> String {
        in_order(&self.put(&serde_json::to_string(value).unwrap_or_default()))
    }

    fn put(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (value, word) in &self.0 {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some(at) = rest.find(value.as_str()) {
                let after = &rest[at + value.len()..];
                let before = rest[..at].chars().next_back();
                // `thing-1` is not in `thing-12`, nor in `something-1`.
                let whole = !after.starts_with(|c: char| c.is_ascii_digit())
                    && !before.is_some_and(|c| c.is_ascii_alphanumeric());
                out.push_str(&rest[..at]);
                out.push_str(if whole { word } else { value });
                rest = after;
            }
            out.push_str(rest);
            text = out;
        }
        text
    }
}

/// What an object is called, apart from its id.
fn name(type_name: &str, body: &Map) -> String {
    let attributes = ["namespace", "kind", "owner", "name", "fixed", "class"];
    let named: Vec<&str> =
        attributes.iter().filter_map(|attribute| body.get(attribute).and_then(Value::as_str)).collect();
    format!("<{type_name} {}>", named.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart() {
        let mut words =
            Words(vec![("thing-1".into(), "<one>".into()), ("thing-12".into(), "<twelve>".into())]);
        words.sort();
        assert_eq!(
            words.put("thing-1 thing-12 thing-123 something-1 opens-thing-1-1"),
            "<one> <twelve> thing-123 something-1 opens-<one>-1"
        );
    }
}
