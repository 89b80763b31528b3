//! What a sample has to have, by the schema of its type.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::path::Seg;
use aurak_model::schema::Immutable;
use aurak_model::{Attribute, Path, TypeSchema};

use super::sample::{Sample, Way};

/// What the sample lacks, or has for nothing.
pub(super) fn missing(schema: &TypeSchema, sample: &Sample) -> Vec<String> {
    let attributes = all(schema);
    let mut wrong = Vec::new();
    let mut ours = BTreeSet::new();
    for (path, attribute) in &attributes {
        let ways = ways(&attribute.immutable);
        if !ways.is_empty() {
            ours.insert(path.as_str());
        }
        let cases = sample.immutable.get(path).map_or(&[][..], |cases| cases.all());
        for way in ways {
            let tried = cases.iter().any(|case| case.leads_to == way);
            let word = format!("{way:?}").to_lowercase();
            match (tried, sample.excuses(path, way)) {
                (false, false) => wrong.push(format!(
                    "`{path}`: the sample has no case that leads to `{word}`, and does not say why not"
                )),
                (true, true) => {
                    wrong.push(format!("`{path}`: `{word}` is tried, and `not_here` says why not"))
                }
                _ => {}
            }
        }
        if attribute.additive {
            ours.insert(path.as_str());
            if !sample.others.contains_key(path) && !sample.not_here.contains_key(path) {
                wrong.push(format!("`{path}`: others may add to it, and `others` does not"));
            }
        }
    }
    let defaults = attributes.iter().filter(|(_, a)| a.server_default && a.immutable.is_empty());
    let defaults: Vec<&String> = defaults.map(|(path, _)| path).collect();
    if !defaults.is_empty() {
        ours.extend(defaults.iter().map(|path| path.as_str()));
        let said = |path: &&String| sample.others.contains_key(*path) || sample.not_here.contains_key(*path);
        if !defaults.iter().any(said) {
            wrong
                .push("the type has defaults of the service, and in `others` nobody changes one".to_string());
        }
    }
    let known = |path: &String| attributes.get(path);
    for path in sample.immutable.keys().chain(sample.not_here.keys()) {
        if !ours.contains(path.as_str()) {
            wrong.push(format!("`{path}`: the type does not call it immutable, additive or a default"));
        }
    }
    for path in &sample.served {
        if !known(path).is_some_and(|attribute| attribute.computed || attribute.server_default) {
            wrong.push(format!("`{path}` is in `served`, and the type does not leave it to the service"));
        }
    }
    wrong
}

/// The messages of the rules that refuse a change.
pub(super) fn messages(schema: &TypeSchema, path: &str) -> Vec<String> {
    let attributes = all(schema);
    let rules = attributes.get(path).map_or(&[][..], |attribute| &attribute.immutable[..]);
    let message = |rule: &Immutable| match rule {
        Immutable::Refused { message, .. } => Some(message.clone()),
        Immutable::Always | Immutable::When(_) | Immutable::Rotate | Immutable::RotateWhen(_) => None,
    };
    rules.iter().filter_map(message).collect()
}

/// The ways that a change can go: that of each rule, and in place where no rule may hold.
fn ways(rules: &[Immutable]) -> BTreeSet<Way> {
    let mut ways = BTreeSet::new();
    let mut in_place = !rules.is_empty();
    for rule in rules {
        let (way, conditional) = match rule {
            Immutable::Always => (Way::Replace, false),
            Immutable::When(_) => (Way::Replace, true),
            Immutable::Rotate => (Way::Rotate, false),
            Immutable::RotateWhen(_) => (Way::Rotate, true),
            Immutable::Refused { .. } => (Way::Refused, true),
        };
        ways.insert(way);
        in_place &= conditional;
    }
    if in_place {
        ways.insert(Way::Update);
    }
    ways
}

/// All attributes that can be given, by path.
fn all(schema: &TypeSchema) -> BTreeMap<String, &Attribute> {
    let mut found = BTreeMap::new();
    for (name, attribute) in &schema.attributes {
        walk(&Path::key(name.clone()), attribute, &mut found);
    }
    found
}

fn walk<'a>(path: &Path, attribute: &'a Attribute, found: &mut BTreeMap<String, &'a Attribute>) {
    found.insert(path.to_string(), attribute);
    for (name, below) in &attribute.attributes {
        walk(&path.join(name.clone()), below, found);
    }
    if let Some(items) = &attribute.items {
        walk(&path.with(Seg::Any), items, found);
    }
}
