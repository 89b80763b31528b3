//! How a stack changes by chance: what people do to a configuration between two runs.

use std::collections::BTreeMap;

use super::rng::Rng;
use super::stack::{Account, Block, Call, Shape, Stack, composite, inner, local, references};

/// Types, the more frequent ones more often.
const KINDS: &[&str] = &[
    "sim.group",
    "sim.network",
    "sim.subnet",
    "sim.cluster",
    "sim.pool",
    "sim.thing",
    "sim.thing",
    "sim.thing",
    "sim.thing",
    "sim.dependant",
    "sim.dependant",
    "sim.dependant",
    "sim.secret",
    "sim.token",
    "sim.database",
    "sim.volume",
    "sim.preview",
    "inner.namespace",
    "inner.object",
    "inner.object",
    "sim.bundle",
    "inner.bundle",
    "core.data",
    "core.random",
    "core.sleep",
    "core.file",
];

const PLATFORM: &[&str] = &["sim.cluster", "inner.namespace", "inner.object", "sim.pool"];

/// The most blocks of a stack.
const MOST_BLOCKS: usize = 9;

const NAMES: &[&str] = &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// A stack to begin with.
pub fn first(rng: &mut Rng) -> Stack {
    let mut stack = Stack::default();
    let mut next = 1;
    if rng.once_in(5) {
        // A cluster and what is in it, as chance alone rarely puts them together.
        for kind in PLATFORM {
            add_of(&mut stack, kind, &mut next, rng);
        }
    }
    for _ in 0..2 + rng.below(6) {
        add(&mut stack, &mut next, rng);
    }
    stack
}

/// The number of the next block.
pub fn next_uid(stack: &Stack) -> u32 {
    stack.blocks.iter().map(|block| block.uid).max().unwrap_or(0) + 1
}

/// Changes one thing.
pub fn mutate(stack: &mut Stack, next: &mut u32, rng: &mut Rng) {
    match rng.below(26) {
        // What it is called by the service: a name that is free, or somebody else's.
        24..=25 => one(stack, rng, |block, rng| block.label = format!("n{}", 1 + rng.below(12))),
        20 => call(stack, rng),
        21 => {
            stack.account = if rng.once_in(2) { Account::Keyed } else { Account::Plain };
        }
        22 => {
            let Some(place) = place(stack, rng) else { return };
            let uid = stack.blocks[place].uid;
            if !stack.tells.remove(&uid) {
                stack.tells.insert(uid);
            }
        }
        23 => one(stack, rng, |block, rng| {
            block.timeout = match rng.below(3) {
                0 => Some("{ create: 30s, update: 5s, delete: 20s }"),
                1 => Some("{ create: 1h, delete: 1h }"),
                _ => None,
            };
        }),
        0..=3 => add(stack, next, rng),
        4..=5 => drop_block(stack, rng),
        6..=9 => one(stack, rng, field),
        10..=11 => one(stack, rng, lifecycle),
        12..=13 => {
            let Some(place) = place(stack, rng) else { return };
            let shape = shape(stack, stack.blocks[place].uid, rng);
            stack.blocks[place].shape = shape;
        }
        14 => rename(stack, rng),
        15 => change_type(stack, rng),
        16 => retarget(stack, rng),
        17 => one(stack, rng, |block, _| block.other = !block.other),
        18 => match rng.below(3) {
            // The module goes, with its provider.
            0 => stack.blocks.retain(|block| !block.module),
            1 => {
                stack.moved.clear();
                stack.removed.clear();
                stack.imports.clear();
            }
            _ => match stack.existing.is_empty() {
                true => stack.existing.push(("sim.preview".to_string(), "preview-1".to_string())),
                false => stack.existing.clear(),
            },
        },
        _ => {
            let Some(place) = place(stack, rng) else { return };
            let (uid, address) = (stack.blocks[place].uid, stack.blocks[place].address(&stack.call));
            let prefix = stack.blocks[place].kind.split('.').nth(1).unwrap_or_default();
            match rng.below(3) {
                0 => stack.imports.push((address, format!("{prefix}-{}", 1 + rng.below(5)))),
                _ => {
                    let earlier: Vec<u32> =
                        stack.blocks.iter().map(|block| block.uid).filter(|other| *other < uid).collect();
                    stack.blocks[place].after = rng.pick(&earlier).copied();
                }
            }
        }
    }
}

fn place(stack: &Stack, rng: &mut Rng) -> Option<usize> {
    (!stack.blocks.is_empty()).then(|| rng.below(stack.blocks.len()))
}

fn one(stack: &mut Stack, rng: &mut Rng, change: impl FnOnce(&mut Block, &mut Rng)) {
    if let Some(place) = place(stack, rng) {
        change(&mut stack.blocks[place], rng);
    }
}

fn add(stack: &mut Stack, next: &mut u32, rng: &mut Rng) {
    let kind = rng.word(KINDS);
    add_of(stack, kind, next, rng);
}

fn add_of(stack: &mut Stack, kind: &'static str, next: &mut u32, rng: &mut Rng) {
    if stack.blocks.len() >= MOST_BLOCKS {
        return drop_block(stack, rng);
    }
    let uid = *next;
    *next += 1;
    let mut block = Block {
        uid,
        name: free_name(stack, rng),
        module: rng.once_in(5),
        other: rng.once_in(6),
        kind,
        label: format!("n{uid}"),
        fields: BTreeMap::new(),
        refs: BTreeMap::new(),
        after: None,
        shape: shape(stack, uid, rng),
        lifecycle: BTreeMap::new(),
        timeout: None,
    };
    required(&mut block, rng);
    for _ in 0..rng.below(3) {
        field(&mut block, rng);
    }
    if rng.once_in(3) {
        lifecycle(&mut block, rng);
    }
    refer(stack, &mut block, rng, next);
    if block.after.is_none() && rng.once_in(3) {
        let earlier: Vec<u32> = stack.blocks.iter().map(|other| other.uid).collect();
        block.after = rng.pick(&earlier).copied();
    }
    stack.blocks.push(block);
    // What was made on the way did not know of what it was made for.
    for place in 1..stack.blocks.len() {
        let (before, rest) = stack.blocks.split_at(place);
        if before.iter().any(|other| other.name == rest[0].name) {
            stack.blocks[place].name = free_name(stack, rng);
        }
    }
}

fn free_name(stack: &Stack, rng: &mut Rng) -> String {
    let taken = |name: &str| stack.blocks.iter().any(|block| block.name == name);
    let free: Vec<&str> = NAMES.iter().copied().filter(|name| !taken(name)).collect();
    rng.pick(&free).copied().unwrap_or("z").to_string()
}

fn drop_block(stack: &mut Stack, rng: &mut Rng) {
    let Some(place) = place(stack, rng) else { return };
    let block = stack.blocks.remove(place);
    if rng.once_in(3) {
        stack.removed.push((block.address(&stack.call), rng.once_in(3)));
    }
}

/// Points every reference of a block somewhere, and makes what it cannot do without.
fn refer(stack: &mut Stack, block: &mut Block, rng: &mut Rng, next: &mut u32) {
    for (attribute, kind, needed) in references(block.kind) {
        let fits: Vec<u32> = stack
            .blocks
            .iter()
            .filter(|other| other.uid < block.uid && !inner(other.kind) && !composite(other.kind))
            .filter(|other| {
                (kind.is_empty() || other.kind == *kind) && (other.other == block.other || local(block.kind))
            })
            .map(|other| other.uid)
            .collect();
        if (*needed || !rng.once_in(3))
            && let Some(target) = rng.pick(&fits)
        {
            block.refs.insert(attribute, *target);
        }
        if *needed && !block.refs.contains_key(attribute) && stack.blocks.len() < MOST_BLOCKS {
            // The container comes first, so it has the block's number and the block a later one.
            let mut parent = Block {
                uid: block.uid,
                name: free_name(stack, rng),
                module: block.module,
                other: block.other,
                kind,
                label: format!("n{}", block.uid),
                fields: BTreeMap::new(),
                refs: BTreeMap::new(),
                after: None,
                shape: Shape::One,
                lifecycle: BTreeMap::new(),
                timeout: None,
            };
            required(&mut parent, rng);
            refer(stack, &mut parent, rng, next);
            let name = parent.name.clone();
            let uid = parent.uid;
            stack.blocks.push(parent);
            if block.name == name {
                block.name = free_name(stack, rng);
            }
            block.uid = *next;
            block.label = format!("n{}", block.uid);
            *next += 1;
            block.refs.insert(attribute, uid);
        }
    }
}

fn shape(stack: &Stack, uid: u32, rng: &mut Rng) -> Shape {
    let sources: Vec<u32> = stack
        .blocks
        .iter()
        .filter(|block| block.kind == "sim.thing" && block.uid < uid)
        .map(|block| block.uid)
        .collect();
    let source = rng.pick(&sources).copied();
    match (rng.below(12), source) {
        (0..=5, _) => Shape::One,
        (6, _) => Shape::When(rng.once_in(2)),
        (7, Some(source)) => Shape::WhenLater(source),
        (8..=9, Some(source)) => Shape::EachLater(source, rng.once_in(2)),
        _ => Shape::Each(match rng.below(4) {
            0 => vec!["a"],
            1 => vec!["a", "b"],
            2 => vec!["b"],
            _ => vec![],
        }),
    }
}

/// What an object cannot do without.
fn required(block: &mut Block, rng: &mut Rng) {
    let mut set = |name: &'static str, value: &str| {
        block.fields.insert(name, value.to_string());
    };
    match block.kind {
        "sim.subnet" => set("range", "10.1.0.0/16"),
        "sim.cluster" => set("location", "westeurope"),
        "sim.pool" => set("size", rng.word(&["small", "\"{{ fixed }}\""])),
        "sim.secret" => set("value", "canary-1"),
        "sim.bundle" => set("things", rng.word(THINGS)),
        "inner.bundle" => set("objects", rng.word(OBJECTS)),
        "core.sleep" => set("create", rng.word(&["1s", "20s", "\"{{ '1s' if fixed == 'a' else '3s' }}\""])),
        "core.file" => {
            let path = format!("\"{}{{{{ tag }}}}/{{{{ fixed }}}}.txt\"", block.label);
            block.fields.insert("path", path);
            block.fields.insert("content", "\"{{ fixed }}\"".to_string());
        }
        _ => {}
    }
}

const THINGS: &[&str] = &[
    "{ a: { value: 1 } }",
    "{ a: { value: 2 }, b: { value: 1, after: [a] } }",
    "{ b: { fixed: x } }",
    "{ a: { value: 1, fixed: \"{{ fixed }}\" }, c: { } }",
];
const OBJECTS: &[&str] = &["{ a: 1 }", "{ a: 2, b: 1 }", "{ b: 1 }", "{ a: \"{{ fixed }}\", c: 1 }"];

/// Whether an object cannot do without an attribute.
pub fn needed(kind: &str, name: &str) -> bool {
    matches!(
        (kind, name),
        ("sim.subnet", "range")
            | ("sim.cluster", "location")
            | ("sim.pool", "size")
            | ("sim.secret", "value")
            | ("sim.bundle", "things")
            | ("inner.bundle", "objects")
            | ("core.sleep", "create")
            | ("core.file", "path" | "content")
    )
}

/// Sets, changes or takes away an attribute.
fn field(block: &mut Block, rng: &mut Rng) {
    let fixed = ["a", "b", "\"{{ fixed }}\""];
    let (name, value): (&'static str, &'static str) = match block.kind {
        "sim.group" => match rng.below(2) {
            0 => ("location", rng.word(&["westeurope", "northeurope", "\"West Europe\""])),
            _ => ("tags", rng.word(&["{ a: x }", "{ a: y, b: z }", "{ c: \"{{ fixed }}\" }"])),
        },
        "sim.network" => match rng.below(2) {
            0 => ("ranges", rng.word(&["[10.0.0.0/8]", "[10.0.0.1/8, 10.9.0.0/16]"])),
            _ => ("tags", rng.word(&["{ a: x }", "{ a: y }"])),
        },
        "sim.subnet" => match rng.below(2) {
            0 => ("range", rng.word(&["10.1.0.0/16", "10.2.0.0/16"])),
            _ => ("delegations", rng.word(&["[x]", "[x, y]"])),
        },
        "sim.cluster" => match rng.below(7) {
            0 => ("location", rng.word(&["westeurope", "northeurope"])),
            1 => ("version", rng.word(&["\"1.30\"", "\"1.31\""])),
            2 => ("overlay", rng.word(&["true", "false"])),
            3 => ("tags", rng.word(&["{ a: x }", "{ a: y }"])),
            4 => (
                "rules",
                rng.word(&["[{ name: a, port: 1 }]", "[{ name: b, port: 2 }, { name: a, port: 1 }]"]),
            ),
            5 => ("admin_password", rng.word(&["canary-2", "canary-3"])),
            _ => ("zones", rng.word(&["[\"1\"]", "[\"2\", \"1\"]"])),
        },
        "sim.pool" => match rng.below(4) {
            0 => ("size", rng.word(&["small", "big", "\"{{ fixed }}\""])),
            1 => ("count", rng.word(&["1", "3"])),
            2 => ("autoscale", rng.word(&["true", "false"])),
            _ => ("labels", rng.word(&["{ a: x }", "{ a: y }"])),
        },
        "sim.thing" => match rng.below(4) {
            0..=1 => ("value", rng.word(&["1", "2", "\"{{ fixed }}\"", "{ a: [1, 2] }"])),
            2 => ("fixed", rng.word(&fixed)),
            _ => ("secret", rng.word(&["canary-4", "canary-5"])),
        },
        "sim.dependant" => ("value", rng.word(&["1", "2", "\"{{ fixed }}\""])),
        "sim.secret" => match rng.below(2) {
            0 => ("value", rng.word(&["canary-1", "canary-6"])),
            _ => ("kind", rng.word(&["text", "other"])),
        },
        "sim.token" => ("scopes", rng.word(&["[x]", "[y, x]"])),
        "sim.database" => match rng.below(3) {
            0 => ("engine", rng.word(&["sql", "document"])),
            1 => ("size_gb", rng.word(&["10", "20", "30"])),
            _ => ("password", rng.word(&["canary-7", "canary-8"])),
        },
        "sim.volume" => match rng.below(2) {
            0 => ("class", rng.word(&["disk", "tape", "\"{{ fixed }}\""])),
            _ => ("size_gb", rng.word(&["1", "2"])),
        },
        "sim.preview" => match rng.below(2) {
            0 => ("replicas", rng.word(&["1", "2", "3"])),
            _ => ("note", rng.word(&["x", "\"{{ fixed }}\""])),
        },
        "inner.namespace" => ("labels", rng.word(&["{ a: x }", "{ b: y }"])),
        "inner.object" => match rng.below(3) {
            0 => ("kind", rng.word(&["config", "\"k-{{ fixed }}\""])),
            1 => ("data", rng.word(&["1", "{ a: 1 }", "\"{{ fixed }}\""])),
            _ => ("secret", rng.word(&["{ a: canary-9 }", "{ a: canary-10, b: canary-9 }"])),
        },
        "core.data" => ("input", rng.word(&["1", "\"{{ fixed }}\"", "{ a: [1, \"{{ fixed }}\"], b: null }"])),
        "core.random" => match rng.below(2) {
            0 => ("keepers", rng.word(&["{ a: 1 }", "{ a: \"{{ fixed }}\" }"])),
            _ => ("kind", rng.word(&["password", "uuid"])),
        },
        "core.sleep" => ("destroy", rng.word(&["1s", "5s"])),
        "core.file" => match rng.below(2) {
            0 => ("content", rng.word(&["a", "b", "\"{{ fixed }}\""])),
            _ => ("mode", rng.word(&["\"0644\"", "\"0600\""])),
        },
        "sim.bundle" => ("things", rng.word(THINGS)),
        "inner.bundle" => ("objects", rng.word(OBJECTS)),
        _ => return,
    };
    let needed = needed(block.kind, name);
    if block.fields.contains_key(name) && !needed && rng.once_in(4) {
        block.fields.remove(name);
    } else {
        block.fields.insert(name, value.to_string());
        if name == "value" {
            block.refs.remove(name);
        }
    }
}

fn lifecycle(block: &mut Block, rng: &mut Rng) {
    let (name, value) = match rng.below(11) {
        9 => (
            "preconditions",
            rng.word(&[
                "[{ that: \"{{ fixed != 'x' }}\", message: never }]",
                "[{ that: \"{{ fixed | length == 1 }}\", message: never }]",
            ]),
        ),
        10 => (
            "postconditions",
            rng.word(&[
                "[{ that: \"{{ self.id != 'nobody' }}\", message: never }]",
                "[{ that: \"{{ self is defined }}\", message: never }]",
            ]),
        ),
        0 => ("prevent_destroy", "true"),
        1 => ("retain", "true"),
        2..=3 => ("create_before_destroy", rng.word(&["true", "false"])),
        4 => {
            // What is taken over before the old one goes is the hardest to get right.
            if rng.once_in(2) {
                block.lifecycle.insert("create_before_destroy", "true".to_string());
            }
            ("adopt", "true")
        }
        5 => (
            "ignore_changes",
            match block.kind {
                "sim.group" | "sim.cluster" => rng.word(&["[tags]", "['*']"]),
                "sim.thing" => rng.word(&["[value]", "[fixed]", "[value, secret]", "['*']"]),
                "sim.pool" => rng.word(&["[count]", "[size]"]),
                _ => "['*']",
            },
        ),
        6 => ("replace_when", rng.word(&["1", "2", "\"{{ fixed }}\""])),
        7 => ("deleted_with", "it"),
        _ => {
            block.lifecycle.clear();
            return;
        }
    };
    if composite(block.kind) && (name == "ignore_changes" || name.ends_with("conditions")) {
        return;
    }
    if block.lifecycle.contains_key(name) && rng.once_in(2) {
        block.lifecycle.remove(name);
    } else {
        block.lifecycle.insert(name, value.to_string());
    }
}

/// Another name, in the module or out of it, mostly with a word about it.
fn rename(stack: &mut Stack, rng: &mut Rng) {
    let Some(place) = place(stack, rng) else { return };
    let call = stack.call.clone();
    let old = stack.blocks[place].address(&call);
    let name = free_name(stack, rng);
    let into = rng.once_in(3) && !inner(stack.blocks[place].kind);
    let block = &mut stack.blocks[place];
    if into {
        block.module = !block.module;
    } else {
        block.name = name;
    }
    let new = block.address(&call);
    if !rng.once_in(5) {
        let pair = match &block.shape {
            Shape::Each(keys) if rng.once_in(4) && !keys.is_empty() => {
                (format!("{old}[\"{}\"]", keys[0]), format!("{new}[\"{}\"]", keys[0]))
            }
            _ => (old, new),
        };
        stack.moved.push(pair);
    }
}

/// The module is called in another way, mostly with a word about it.
fn call(stack: &mut Stack, rng: &mut Rng) {
    let old = stack.module_address();
    stack.call = match rng.below(8) {
        0..=1 => Call::Plain,
        2..=3 => Call::Nested,
        4 => Call::Each(vec!["a", "b"]),
        5 => Call::Each(vec!["a"]),
        6 => Call::Each(Vec::new()),
        _ => Call::When(rng.once_in(2)),
    };
    let new = stack.module_address();
    if old != new && !rng.once_in(4) {
        stack.moved.push((old.to_string(), new.to_string()));
    }
}

/// Another type at the same address.
fn change_type(stack: &mut Stack, rng: &mut Rng) {
    let Some(place) = place(stack, rng) else { return };
    let block = &mut stack.blocks[place];
    let simple =
        ["sim.thing", "sim.dependant", "sim.secret", "sim.volume", "sim.preview", "sim.token", "sim.bundle"];
    let kind = rng.word(&simple);
    block.lifecycle.remove("ignore_changes");
    if !simple.contains(&block.kind) || kind == block.kind {
        return;
    }
    block.kind = kind;
    block.fields.clear();
    block.refs.clear();
    if composite(kind) {
        // It has no `id`.
        block.lifecycle.retain(|name, _| !name.ends_with("conditions"));
    }
    required(block, rng);
    field(block, rng);
}

fn retarget(stack: &mut Stack, rng: &mut Rng) {
    let Some(place) = place(stack, rng) else { return };
    let mut block = stack.blocks[place].clone();
    let optional: Vec<&str> = references(block.kind)
        .iter()
        .filter(|(_, _, needed)| !needed)
        .map(|(attribute, _, _)| *attribute)
        .collect();
    block.refs.retain(|attribute, _| !optional.contains(attribute));
    let earlier = Stack {
        blocks: stack.blocks.iter().filter(|other| other.uid < block.uid).cloned().collect(),
        ..Stack::default()
    };
    for (attribute, kind, needed) in references(block.kind) {
        let fits: Vec<u32> = earlier
            .blocks
            .iter()
            .filter(|other| !inner(other.kind) && !composite(other.kind))
            .filter(|other| other.other == block.other || local(block.kind))
            .filter(|other| kind.is_empty() || other.kind == *kind)
            .map(|other| other.uid)
            .collect();
        if (*needed || !rng.once_in(3))
            && let Some(target) = rng.pick(&fits)
        {
            block.refs.insert(attribute, *target);
        }
    }
    stack.blocks[place] = block;
}
