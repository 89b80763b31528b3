//! The stack of a soak: some hundred resources of every kind, changed by chance from round to round.
//!
//! Names come from pools of fixed size, so that what a state remembers for good (how long something took,
//! by address) has an end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::lifecycle::rng::Rng;

/// How many of each kind there are for each hundred wanted.
const THINGS: usize = 34;
const USERS: usize = 20;
const OBJECTS: usize = 16;
const SECRETS: usize = 6;
const VOLUMES: usize = 5;
const NOTES: usize = 6;
const DATABASES: usize = 2;
const PREVIEWS: usize = 3;
const PARTS: usize = 3;
const CELLS: usize = 2;

/// For each that is wanted, how many names there are to choose from.
const NAMES: usize = 3;

/// What a round does to the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// More of everything.
    Grow,
    /// Less of everything.
    Shrink,
    /// Other values.
    Change,
    /// What cannot change changes: everything of some kinds is made anew.
    Replace,
    /// The cluster is made anew, with all that lives in it.
    Move,
    /// Nothing.
    Rest,
    /// Everything goes.
    Destroy,
}

/// The stack.
#[derive(Clone, Debug)]
pub struct Town {
    /// How many resources it is to have, more or less.
    most: usize,
    round: u64,
    place: usize,
    subnets: BTreeMap<String, usize>,
    pools: BTreeMap<String, (usize, usize)>,
    spaces: BTreeMap<String, usize>,
    things: BTreeMap<String, (u64, u64)>,
    /// What each uses, by what it is made of, and its value.
    users: BTreeMap<String, (String, u64)>,
    objects: BTreeMap<String, (String, u64)>,
    secrets: BTreeMap<String, u64>,
    volumes: BTreeMap<String, usize>,
    notes: BTreeMap<String, u64>,
    databases: BTreeMap<String, u64>,
    previews: BTreeMap<String, u64>,
    parts: BTreeMap<String, u64>,
    cells: BTreeMap<String, u64>,
}

impl Town {
    /// One that has up to so many resources.
    pub fn new(most: usize, rng: &mut Rng) -> Town {
        let mut town = Town {
            most,
            round: 0,
            place: 0,
            subnets: BTreeMap::new(),
            pools: BTreeMap::new(),
            spaces: BTreeMap::new(),
            things: BTreeMap::new(),
            users: BTreeMap::new(),
            objects: BTreeMap::new(),
            secrets: BTreeMap::new(),
            volumes: BTreeMap::new(),
            notes: BTreeMap::new(),
            databases: BTreeMap::new(),
            previews: BTreeMap::new(),
            parts: BTreeMap::new(),
            cells: BTreeMap::new(),
        };
        town.resize(most / 2, rng);
        town
    }

    /// What the next round does.
    pub fn turn(&mut self, rng: &mut Rng) -> Turn {
        self.round += 1;
        let turn = match rng.below(24) {
            0..=5 => Turn::Grow,
            6..=10 => Turn::Shrink,
            11..=16 => Turn::Change,
            17..=19 => Turn::Replace,
            20 => Turn::Move,
            21..=22 => Turn::Rest,
            _ => Turn::Destroy,
        };
        match turn {
            Turn::Grow => self.resize(self.most / 2 + rng.below(self.most / 2 + 1), rng),
            Turn::Shrink => self.resize(self.most / 5 + rng.below(self.most / 3 + 1), rng),
            Turn::Change => self.change(rng),
            Turn::Replace => self.replace(rng),
            Turn::Move => self.place += 1,
            Turn::Rest | Turn::Destroy => {}
        }
        turn
    }

    fn resize(&mut self, wanted: usize, rng: &mut Rng) {
        let share = |of: usize| wanted * of / 100;
        let most = |of: usize| NAMES * (self.most * of / 100).max(1);
        fit(&mut self.subnets, share(2).clamp(1, 8), 12, rng, |rng| rng.below(200));
        fit(&mut self.pools, share(1).clamp(1, 5), 9, rng, |rng| (rng.below(2), rng.below(5)));
        fit(&mut self.spaces, share(1).clamp(1, 5), 9, rng, |rng| rng.below(3));
        fit(&mut self.things, share(THINGS), most(THINGS), rng, |rng| (rng.number() % 9, rng.number() % 3));
        let things: Vec<String> = self.things.keys().cloned().collect();
        let spaces: Vec<String> = self.spaces.keys().cloned().collect();
        let one = |of: &[String], rng: &mut Rng| rng.pick(of).cloned().unwrap_or_default();
        fit(&mut self.users, share(USERS), most(USERS), rng, |rng| (one(&things, rng), rng.number() % 9));
        fit(&mut self.objects, share(OBJECTS), most(OBJECTS), rng, |rng| {
            (one(&spaces, rng), rng.number() % 9)
        });
        for (thing, _) in self.users.values_mut().filter(|(thing, _)| !self.things.contains_key(thing)) {
            *thing = one(&things, rng);
        }
        for (space, _) in self.objects.values_mut().filter(|(space, _)| !self.spaces.contains_key(space)) {
            *space = one(&spaces, rng);
        }
        fit(&mut self.secrets, share(SECRETS), most(SECRETS), rng, Rng::number);
        fit(&mut self.volumes, share(VOLUMES), most(VOLUMES), rng, |rng| rng.below(2));
        fit(&mut self.notes, share(NOTES), most(NOTES), rng, |rng| rng.number() % 9);
        fit(&mut self.databases, share(DATABASES), most(DATABASES), rng, |rng| 1 + rng.number() % 50);
        fit(&mut self.previews, share(PREVIEWS), most(PREVIEWS), rng, |rng| rng.number() % 7);
        fit(&mut self.parts, share(PARTS), most(PARTS), rng, |rng| rng.number() % 9);
        fit(&mut self.cells, share(CELLS) / 2, most(CELLS), rng, |rng| rng.number() % 9);
    }

    /// Other values, for one in so many.
    fn change(&mut self, rng: &mut Rng) {
        let of = 1 + rng.below(6);
        let mut some = |value: &mut u64| {
            if rng.once_in(of) {
                *value = (*value + 1) % 9;
            }
        };
        self.things.values_mut().for_each(|(value, _)| some(value));
        self.users.values_mut().for_each(|(_, value)| some(value));
        self.objects.values_mut().for_each(|(_, value)| some(value));
        self.secrets.values_mut().for_each(&mut some);
        self.notes.values_mut().for_each(&mut some);
        self.previews.values_mut().for_each(&mut some);
        self.parts.values_mut().for_each(&mut some);
        self.cells.values_mut().for_each(&mut some);
        self.pools.values_mut().filter(|_| rng.once_in(of)).for_each(|(_, count)| *count = (*count + 1) % 5);
    }

    /// What cannot change, for one in so many.
    fn replace(&mut self, rng: &mut Rng) {
        let of = 1 + rng.below(4);
        self.things.values_mut().filter(|_| rng.once_in(of)).for_each(|(_, fixed)| *fixed = (*fixed + 1) % 3);
        self.volumes.values_mut().filter(|_| rng.once_in(of)).for_each(|class| *class = 1 - *class);
        self.databases.values_mut().filter(|_| rng.once_in(of)).for_each(|size| *size = 1 + *size / 2);
        self.pools.values_mut().filter(|_| rng.once_in(of)).for_each(|(size, _)| *size = 1 - *size);
        let spaces: Vec<String> = self.spaces.keys().cloned().collect();
        for (space, _) in self.objects.values_mut() {
            if rng.once_in(of) {
                *space = rng.pick(&spaces).cloned().unwrap_or_default();
            }
        }
    }

    /// The files of the stack.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut text = format!(
            "aurak: 1\nname: town\nlet:\n  place: {}\n",
            ["westeurope", "northeurope"][self.place % 2]
        );
        let mut map = |name: &str, lines: Vec<String>| {
            let _ = writeln!(text, "  {name}: {{ {} }}", lines.join(", "));
        };
        map("subnets_of", each(&self.subnets, usize::to_string));
        map("pools_of", each(&self.pools, |(size, count)| format!("{{ size: s{size}, count: {count} }}")));
        map("spaces_of", each(&self.spaces, usize::to_string));
        map(
            "things_of",
            each(&self.things, |(value, fixed)| format!("{{ value: {value}, fixed: f{fixed} }}")),
        );
        map("users_of", each(&self.users, |(uses, value)| format!("{{ uses: {uses}, value: {value} }}")));
        map(
            "objects_of",
            each(&self.objects, |(space, value)| format!("{{ space: {space}, value: {value} }}")),
        );
        map("secrets_of", each(&self.secrets, |value| format!("s{value}")));
        map("volumes_of", each(&self.volumes, |class| ["disk", "fast"][class % 2].to_string()));
        map("notes_of", each(&self.notes, u64::to_string));
        map("databases_of", each(&self.databases, u64::to_string));
        map("previews_of", each(&self.previews, u64::to_string));
        map("parts_of", each(&self.parts, |value| format!("{{ value: {value} }}")));
        map("cells_of", each(&self.cells, u64::to_string));
        text.push_str(RESOURCES);
        [("aurak.yaml".to_string(), text), ("cell/module.yaml".to_string(), CELL.to_string())].into()
    }

    /// A block, to make only a part of it all.
    pub fn part(rng: &mut Rng) -> &'static str {
        rng.word(&["things", "users", "objects", "volumes", "secrets", "cells"])
    }
}

const RESOURCES: &str = r#"
providers:
  sim: {}
  inner: { kubeconfig: "{{ cluster.kubeconfig }}" }
resources:
  password: { type: core.random, kind: password, length: 24 }
  group: { type: sim.group, name: town, tags: { place: "{{ place }}" } }
  network: { type: sim.network, group: "{{ group.id }}", name: net, ranges: [10.0.0.0/8] }
  subnets:
    type: sim.subnet
    for_each: "{{ subnets_of }}"
    network: "{{ network.id }}"
    name: "{{ each.key }}"
    range: "10.{{ each.value }}.0.0/16"
  cluster:
    type: sim.cluster
    group: "{{ group.id }}"
    name: main
    location: "{{ place }}"
    admin_password: "{{ password.result }}"
  pools:
    type: sim.pool
    for_each: "{{ pools_of }}"
    cluster: "{{ cluster.id }}"
    name: "{{ each.key }}"
    size: "{{ each.value.size }}"
    count: "{{ each.value.count }}"
  spaces:
    type: inner.namespace
    for_each: "{{ spaces_of }}"
    name: "{{ each.key }}"
    labels: { n: "l{{ each.value }}" }
  objects:
    type: inner.object
    for_each: "{{ objects_of }}"
    namespace: "{{ spaces[each.value.space].name }}"
    name: "{{ each.key }}"
    data: { value: "{{ each.value.value }}" }
    secret: { key: "{{ password.result }}" }
  things:
    type: sim.thing
    for_each: "{{ things_of }}"
    name: "{{ each.key }}"
    value: "{{ each.value.value }}"
    fixed: "{{ each.value.fixed }}"
    secret: "{{ password.result }}"
    # The service refuses to delete what is used, and users go on to the new one.
    lifecycle: { create_before_destroy: true }
  users:
    type: sim.dependant
    for_each: "{{ users_of }}"
    name: "{{ each.key }}"
    uses: "{{ things[each.value.uses].id }}"
    value: "{{ each.value.value }}"
  secrets:
    type: sim.secret
    for_each: "{{ secrets_of }}"
    name: "{{ each.key }}"
    value: "{{ each.value }}"
  volumes:
    type: sim.volume
    for_each: "{{ volumes_of }}"
    name: "{{ each.key }}"
    class: "{{ each.value }}"
  notes:
    type: core.data
    for_each: "{{ notes_of }}"
    input: { value: "{{ each.value }}", group: "{{ group.id }}" }
  databases:
    type: sim.database
    for_each: "{{ databases_of }}"
    group: "{{ group.id }}"
    name: "{{ each.key }}"
    size_gb: "{{ each.value }}"
    password: "{{ password.result }}"
  previews:
    type: sim.preview
    for_each: "{{ previews_of }}"
    name: "{{ each.key }}"
    replicas: "{{ each.value }}"
  bundle: { type: sim.bundle, prefix: part-, things: "{{ parts_of }}" }
  last: { type: sim.dependant, name: last, all: "{{ volumes | values | map(attribute='id') | list }}" }
modules:
  cells: { source: ./cell, for_each: "{{ cells_of }}", with: { name: "{{ each.key }}", value: "{{ each.value }}", group: "{{ group.id }}" } }
outputs:
  endpoint: { value: "{{ cluster.endpoint }}" }
  password: { value: "{{ password.result }}", sensitive: true }
"#;

const CELL: &str = r#"
inputs:
  name: { type: string }
  value: { type: integer }
  group: { type: string }
resources:
  first: { type: sim.thing, name: "cell-{{ name }}", value: "{{ value }}" }
  second: { type: sim.dependant, name: "cell-{{ name }}", uses: "{{ first.id }}", value: "{{ first.serial }}" }
  third: { type: core.data, input: { of: "{{ second.id }}", group: "{{ group }}" } }
"#;

/// Lets a map have so many entries, with names out of so many.
fn fit<T>(
    map: &mut BTreeMap<String, T>,
    count: usize,
    names: usize,
    rng: &mut Rng,
    mut make: impl FnMut(&mut Rng) -> T,
) {
    while map.len() > count {
        let at = rng.below(map.len());
        let Some(name) = map.keys().nth(at).cloned() else { return };
        map.remove(&name);
    }
    while map.len() < count {
        let name = format!("n{}", rng.below(names));
        map.entry(name).or_insert_with(|| make(rng));
    }
}

fn each<T>(map: &BTreeMap<String, T>, value: impl Fn(&T) -> String) -> Vec<String> {
    map.iter().map(|(name, entry)| format!("{name}: {}", value(entry))).collect()
}
