//! A stack as genes: blocks that can be added, changed and dropped one by one, and that are always
//! rendered into something that the language accepts. A reference to a block that is gone is left
//! out; a block that cannot do without it is left out with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A stack.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Its blocks; a block refers to earlier ones only.
    pub blocks: Vec<Block>,
    /// Renames, `from` and `to`.
    pub moved: Vec<(String, String)>,
    /// Addresses that left, and whether they are deleted.
    pub removed: Vec<(String, bool)>,
    /// Objects to take over.
    pub imports: Vec<(String, String)>,
    /// Objects that are only read: type and id.
    pub existing: Vec<(String, String)>,
    /// Outputs that read blocks, and checks of them.
    pub tells: BTreeSet<u32>,
    /// How the module is called.
    pub call: Call,
    /// How the node of the other account is written.
    pub account: Account,
}

/// How the module is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Call {
    /// From the stack.
    #[default]
    Plain,
    /// From another module.
    Nested,
    /// For keys, of which the first is read.
    Each(Vec<&'static str>),
    /// Perhaps not at all.
    When(bool),
}

/// How the node of the other account is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// As one node.
    #[default]
    Plain,
    /// As one of several with keys.
    Keyed,
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Tells it from all others, whatever it is called.
    pub uid: u32,
    /// Its name.
    pub name: String,
    /// It stands in the module.
    pub module: bool,
    /// It lives in the other account; what lives in a cluster, in the second one.
    pub other: bool,
    /// Its type.
    pub kind: &'static str,
    /// The name of its object.
    pub label: String,
    /// Attributes, as YAML.
    pub fields: BTreeMap<&'static str, String>,
    /// Attributes that hold the id of another block's object.
    pub refs: BTreeMap<&'static str, u32>,
    /// A block that comes first.
    pub after: Option<u32>,
    /// Its instances.
    pub shape: Shape,
    /// Of `lifecycle`, as YAML.
    pub lifecycle: BTreeMap<&'static str, String>,
    /// Its `timeouts`, as YAML.
    pub timeout: Option<&'static str>,
}

/// Which instances a block has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One.
    One,
    /// One or none.
    When(bool),
    /// One or none; only apply can tell.
    WhenLater(u32),
    /// One for each of these.
    Each(Vec<&'static str>),
    /// One for each of what only apply can tell.
    EachLater(u32, bool),
}

/// The attributes of a type that hold ids: name, the types that fit (any where none are named),
/// whether it must be there.
pub fn references(kind: &str) -> &'static [(&'static str, &'static str, bool)] {
    match kind {
        "sim.network" | "sim.database" => &[("group", "sim.group", true)],
        "sim.subnet" => &[("network", "sim.network", true)],
        "sim.cluster" => &[("group", "sim.group", true), ("subnet", "sim.subnet", false)],
        "sim.pool" => &[("cluster", "sim.cluster", true)],
        "sim.dependant" => &[("uses", "", false), ("made_of", "", false), ("all", "", false)],
        "sim.thing" => &[("value", "", false)],
        "core.data" => &[("input", "", false)],
        _ => &[],
    }
}

/// Whether objects of a type live in a cluster.
pub fn inner(kind: &str) -> bool {
    kind.starts_with("inner.")
}

/// Whether a type stands for nothing in an account.
pub fn local(kind: &str) -> bool {
    kind.starts_with("core.")
}

/// Whether a type is many resources.
pub fn composite(kind: &str) -> bool {
    kind.ends_with(".bundle")
}

/// Whether blocks of this type are there once and known, because others live in them.
fn container(kind: &str) -> bool {
    matches!(kind, "sim.group" | "sim.network" | "sim.cluster" | "inner.namespace")
}

impl Block {
    /// Its address, without instances of its own.
    pub fn address(&self, call: &Call) -> String {
        let name = &self.name;
        match call {
            _ if !self.module => name.clone(),
            Call::Plain | Call::When(_) => format!("m.{name}"),
            Call::Nested => format!("w.m.{name}"),
            Call::Each(keys) => format!("m[\"{}\"].{name}", keys.first().copied().unwrap_or("a")),
        }
    }

    /// The same without any instances.
    fn plain_address(&self) -> String {
        if self.module { format!("m.{}", self.name) } else { self.name.clone() }
    }

    fn shape(&self) -> &Shape {
        if container(self.kind) { &Shape::One } else { &self.shape }
    }
}

impl Stack {
    /// A block.
    pub fn block(&self, uid: u32) -> Option<&Block> {
        self.blocks.iter().find(|block| block.uid == uid)
    }

    /// The files of the stack.
    pub fn render(&self) -> Vec<(String, String)> {
        let there = self.there();
        let mut root = Part::default();
        let mut module = Part::default();
        let clusters = self.clusters(&there);
        let mut with: BTreeMap<String, String> = BTreeMap::new();
        for block in self.blocks.iter().filter(|block| there.contains(&block.uid)) {
            let text = self.render_block(block, &there, &mut with, &mut module.outputs);
            if block.module { &mut module } else { &mut root }.resources.push_str(&text);
        }
        let account = match self.account {
            Account::Plain => "{ type: sim, account: other }",
            Account::Keyed => "{ type: sim, for_each: [other, spare], account: \"{{ each.key }}\" }",
        };
        let mut text = format!(
            "aurak: 1\nname: demo\ninputs:\n  fixed: {{ type: string, default: a }}\nproviders:\n  sim: {{}}\n  \
             other: {account}\n"
        );
        for (name, cluster) in ["inner", "second"].iter().zip(&clusters) {
            let _ = writeln!(
                text,
                "  {name}: {{ type: inner, kubeconfig: \"{{{{ {}.kubeconfig }}}}\" }}",
                cluster.name
            );
        }
        if !self.existing.is_empty() {
            text.push_str("existing:\n");
            for (place, (kind, id)) in self.existing.iter().enumerate() {
                let _ = writeln!(text, "  seen{place}: {{ type: {kind}, id: {id} }}");
            }
        }
        if !root.resources.is_empty() {
            let _ = write!(text, "resources:\n{}", root.resources);
        }
        let has_module = !module.resources.is_empty();
        let mut files = Vec::new();
        if has_module {
            with.insert("fixed".to_string(), "{{ fixed }}".to_string());
            let call = match &self.call {
                Call::Plain => String::new(),
                Call::Nested => String::new(),
                Call::Each(keys) => format!(", for_each: [{}]", keys.join(", ")),
                Call::When(when) => format!(", when: {when}"),
            };
            with.insert(
                "tag".to_string(),
                if matches!(self.call, Call::Each(_)) { "-{{ each.key }}" } else { "" }.to_string(),
            );
            let given: Vec<String> =
                with.iter().map(|(name, value)| format!("{name}: \"{value}\"")).collect();
            let given = given.join(", ");
            if self.call == Call::Nested {
                let _ = writeln!(text, "modules:\n  w: {{ source: ./w, with: {{ {given} }} }}");
                let mut around = "inputs:\n".to_string();
                with.keys().for_each(|name| {
                    let _ = writeln!(around, "  {name}: {{ nullable: true }}");
                });
                around.push_str("modules:\n  m: { source: ../m, with: { inherit: true } }\n");
                if !module.outputs.is_empty() {
                    around.push_str("outputs:\n");
                    for name in module.outputs.keys() {
                        let _ = writeln!(around, "  {name}: {{ value: \"{{{{ m.{name} }}}}\" }}");
                    }
                }
                files.push(("w/module.yaml".to_string(), around));
            } else {
                let _ = writeln!(text, "modules:\n  m: {{ source: ./m{call}, with: {{ {given} }} }}");
            }
            let mut inside = "inputs:\n".to_string();
            with.keys().for_each(|name| {
                let _ = writeln!(inside, "  {name}: {{ nullable: true }}");
            });
            inside.push_str("providers:\n  inside: { type: sim, account: other }\n");
            let _ = write!(inside, "resources:\n{}", module.resources);
            if !module.outputs.is_empty() {
                inside.push_str("outputs:\n");
                for (name, value) in &module.outputs {
                    let _ = writeln!(inside, "  {name}: {{ value: \"{value}\" }}");
                }
            }
            files.push(("m/module.yaml".to_string(), inside));
        }
        let taken: BTreeSet<String> =
            self.blocks.iter().filter(|block| there.contains(&block.uid)).map(Block::plain_address).collect();
        // Without keys and without the module around the module.
        let base = |address: &str| {
            let mut text = String::new();
            let mut inside = false;
            for letter in address.strip_prefix("w.").unwrap_or(address).chars() {
                match letter {
                    '[' => inside = true,
                    ']' => inside = false,
                    letter if !inside => text.push(letter),
                    _ => {}
                }
            }
            text
        };
        let written = self.written_addresses(&there);
        let moved: Vec<String> = self
            .moved
            .iter()
            .filter(|(from, to)| match (from.as_str(), to.as_str()) {
                // The module itself.
                (from @ ("m" | "w.m" | "m[\"a\"]"), to @ ("m" | "w.m" | "m[\"a\"]")) => {
                    has_module && from != self.module_address() && to == self.module_address()
                }
                (from, to) => !taken.contains(&base(from)) && written.iter().any(|there| covers(there, to)),
            })
            .map(|(from, to)| format!("  - {{ from: '{from}', to: '{to}' }}\n"))
            .collect();
        if !moved.is_empty() {
            let _ = write!(text, "moved:\n{}", moved.concat());
        }
        let removed: Vec<String> = self
            .removed
            .iter()
            .filter(|(address, _)| !taken.contains(&base(address)))
            .map(|(address, destroy)| format!("  - {{ address: '{address}', destroy: {destroy} }}\n"))
            .collect();
        if !removed.is_empty() {
            let _ = write!(text, "removed:\n{}", removed.concat());
        }
        let imports: Vec<String> = self
            .imports
            .iter()
            .filter(|(address, _)| written.iter().any(|there| covers(there, address)))
            .map(|(address, id)| format!("  - {{ to: '{address}', id: {id} }}\n"))
            .collect();
        if !imports.is_empty() {
            let _ = write!(text, "imports:\n{}", imports.concat());
        }
        self.render_tells(&there, &mut text);
        files.insert(0, ("aurak.yaml".to_string(), text));
        files
    }

    /// What the stack gives out, and what must hold of it.
    fn render_tells(&self, there: &BTreeSet<u32>, text: &mut String) {
        let told: Vec<(u32, String)> = self
            .blocks
            .iter()
            .filter(|block| there.contains(&block.uid) && self.tells.contains(&block.uid) && !block.module)
            .filter_map(|block| Some((block.uid, self.expression_outside(block, "id", false)?)))
            .collect();
        if told.is_empty() {
            return;
        }
        text.push_str("outputs:\n");
        for (uid, value) in &told {
            let _ =
                writeln!(text, "  o{uid}: {{ value: \"{{{{ {value} }}}}\", sensitive: {} }}", uid % 2 == 0);
        }
        text.push_str("checks:\n");
        for (_, value) in &told {
            let _ = writeln!(
                text,
                "  - {{ that: \"{{{{ {value} != 'nobody' }}}}\", message: it must be somebody }}"
            );
        }
    }

    /// Where the module is.
    pub fn module_address(&self) -> &'static str {
        match &self.call {
            Call::Plain | Call::When(_) => "m",
            Call::Nested => "w.m",
            Call::Each(_) => "m[\"a\"]",
        }
    }

    /// The addresses of blocks that are written just now.
    fn written_addresses(&self, there: &BTreeSet<u32>) -> Vec<String> {
        let gone = |block: &Block| match &self.call {
            Call::Each(keys) => block.module && keys.is_empty(),
            Call::When(when) => block.module && !when,
            Call::Plain | Call::Nested => false,
        };
        let blocks = self.blocks.iter().filter(|block| there.contains(&block.uid) && !gone(block));
        blocks.map(|block| block.address(&self.call)).collect()
    }

    /// The blocks that can be there: all that they cannot do without is.
    pub fn there(&self) -> BTreeSet<u32> {
        let mut there = BTreeSet::new();
        for block in &self.blocks {
            let fits = |uid: &u32| there.contains(uid) && self.reaches(block, *uid);
            let whole = references(block.kind)
                .iter()
                .filter(|(_, _, needed)| *needed)
                .all(|(attribute, _, _)| block.refs.get(attribute).is_some_and(fits));
            if whole && (!inner(block.kind) || self.clusters(&there).get(usize::from(block.other)).is_some())
            {
                there.insert(block.uid);
            }
        }
        there
    }

    /// Whether an object of a block can refer to one of another: both live in one account.
    fn reaches(&self, block: &Block, uid: u32) -> bool {
        self.block(uid).is_some_and(|target| {
            // What may be there or not cannot be done without.
            let there = match &self.call {
                Call::Each(keys) => !keys.is_empty(),
                Call::When(when) => *when,
                Call::Plain | Call::Nested => true,
            };
            if target.module && !block.module && !there {
                return false;
            }
            if local(target.kind) && !local(block.kind) {
                return false;
            }
            local(block.kind) || (target.other == block.other && inner(target.kind) == inner(block.kind))
        })
    }

    /// The clusters that inner objects live in.
    fn clusters(&self, there: &BTreeSet<u32>) -> Vec<&Block> {
        let is = |block: &&Block| block.kind == "sim.cluster" && !block.module && there.contains(&block.uid);
        self.blocks.iter().filter(is).take(2).collect()
    }

    fn render_block(
        &self,
        block: &Block,
        there: &BTreeSet<u32>,
        with: &mut BTreeMap<String, String>,
        outputs: &mut BTreeMap<String, String>,
    ) -> String {
        let mut text = format!("  {}:\n    type: {}\n", block.name, block.kind);
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "    {name}: {value}");
        };
        let mut link = |target: u32, attribute: &str, list: bool| {
            let target = self.block(target).filter(|_| there.contains(&target))?;
            let expression = self.expression(block, target, attribute, list)?;
            Some(match (block.module, target.module) {
                (true, false) => {
                    let name = format!("in_{}_{attribute}{}", target.uid, if list { "s" } else { "" });
                    let outside = self.expression_outside(target, attribute, list)?;
                    with.insert(name.clone(), format!("{{{{ {outside} }}}}"));
                    name
                }
                (false, true) => {
                    let name = format!("out_{}_{attribute}{}", target.uid, if list { "s" } else { "" });
                    let inside = self.expression_outside(target, attribute, list)?;
                    outputs.insert(name.clone(), format!("{{{{ {inside} }}}}"));
                    match &self.call {
                        Call::Plain => format!("m.{name}"),
                        Call::Nested => format!("w.{name}"),
                        Call::Each(keys) => format!("m['{}'].{name}", keys.first()?),
                        Call::When(_) => format!("(m.{name} if m else none)"),
                    }
                }
                _ => expression,
            })
        };
        match block.shape() {
            Shape::One => {}
            Shape::When(when) => line("when", &when.to_string()),
            Shape::WhenLater(source) => match self.source(block, *source, there) {
                Some(_) => {
                    if let Some(value) = link(*source, "serial", false) {
                        line("when", &format!("\"{{{{ {value} | default(0, true) > 1 }}}}\""));
                    }
                }
                None => line("when", "true"),
            },
            Shape::Each(keys) => line("for_each", &format!("[{}]", keys.join(", "))),
            Shape::EachLater(source, id) => {
                let attribute = if *id { "id" } else { "serial" };
                let value = self.source(block, *source, there).and_then(|_| link(*source, attribute, false));
                match value {
                    Some(value) => line("for_each", &format!("\"{{{{ ['k-' ~ {value}] }}}}\"")),
                    None => line("for_each", "[k]"),
                }
            }
        }
        let each = matches!(block.shape(), Shape::Each(_) | Shape::EachLater(_, _));
        let tag = if block.module { "{{ tag }}" } else { "" };
        let name = match each {
            true => format!("\"{}{tag}-{{{{ each.key }}}}\"", block.label),
            false => format!("\"{}{tag}\"", block.label),
        };
        match block.kind {
            kind if local(kind) => {}
            "sim.token" => line("owner", &name),
            "sim.bundle" => line("prefix", &name),
            "inner.bundle" => {}
            _ => line("name", &name),
        }
        if inner(block.kind) && block.kind != "inner.namespace" {
            let space = block.after.and_then(|uid| self.block(uid)).filter(|space| {
                space.kind == "inner.namespace"
                    && there.contains(&space.uid)
                    && (space.module, space.other) == (block.module, block.other)
            });
            if let Some(space) = space {
                line("namespace", &format!("\"{{{{ {}.name }}}}\"", space.name));
            }
        }
        for (name, value) in &block.fields {
            if !block.refs.get(name).is_some_and(|uid| there.contains(uid) && self.reaches(block, *uid)) {
                let value = if block.module { value.clone() } else { value.replace("{{ tag }}", "") };
                line(name, &value);
            }
        }
        for (attribute, uid) in &block.refs {
            let list = *attribute == "all";
            if !self.reaches(block, *uid) {
                continue;
            }
            let Some(value) = link(*uid, "id", list) else { continue };
            line(attribute, &format!("\"{{{{ {value} }}}}\""));
        }
        if let Some(before) = block.after.and_then(|uid| self.block(uid))
            && there.contains(&before.uid)
            && before.module == block.module
        {
            line("depends_on", &format!("[{}]", before.name));
        }
        let keyed = self.account == Account::Keyed;
        match (inner(block.kind), block.other, block.module) {
            _ if local(block.kind) => {}
            (true, true, _) => line("provider", "second"),
            (true, false, _) => line("provider", "inner"),
            (false, true, true) => line("provider", "inside"),
            (false, true, false) => line("provider", if keyed { "'other[\"other\"]'" } else { "other" }),
            // The module has one node of its own, which would be chosen otherwise.
            (false, false, true) => line("provider", "sim"),
            (false, false, false) => {}
        }
        if let Some(time) = &block.timeout {
            line("timeouts", time);
        }
        let mut lifecycle: Vec<String> =
            block.lifecycle.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        if let Some(parent) = block.after.and_then(|uid| self.block(uid))
            && block.lifecycle.contains_key("deleted_with")
        {
            lifecycle.retain(|line| !line.starts_with("deleted_with"));
            let lives_in = parent.kind == "inner.namespace" && block.kind == "inner.object";
            let here = (parent.module, parent.other) == (block.module, block.other);
            if lives_in && there.contains(&parent.uid) && here {
                lifecycle.push(format!("deleted_with: {}", parent.name));
            }
        } else {
            lifecycle.retain(|line| !line.starts_with("deleted_with"));
        }
        if !lifecycle.is_empty() {
            line("lifecycle", &format!("{{ {} }}", lifecycle.join(", ")));
        }
        text
    }

    /// A block that a deferred shape may rest on.
    fn source(&self, block: &Block, uid: u32, there: &BTreeSet<u32>) -> Option<&Block> {
        let source = self.block(uid)?;
        let known = *source.shape() == Shape::One && !source.module && !block.module;
        let fits = source.kind == "sim.thing" && source.uid < block.uid && known;
        (there.contains(&uid) && fits).then_some(source)
    }

    /// What stands for a value of `target` where `block` stands.
    fn expression(&self, block: &Block, target: &Block, attribute: &str, list: bool) -> Option<String> {
        if block.module == target.module
            && let (Shape::Each(keys), Shape::Each(others)) = (block.shape(), target.shape())
            && !list
            && !composite(target.kind)
            && keys.iter().all(|key| others.contains(key))
        {
            return Some(format!("{}[each.key].{attribute}", target.name));
        }
        self.expression_outside(target, attribute, list)
    }

    fn expression_outside(&self, target: &Block, attribute: &str, list: bool) -> Option<String> {
        let name = &target.name;
        if composite(target.kind) {
            return None;
        }
        Some(match (target.shape(), list) {
            (Shape::One, false) => format!("{name}.{attribute}"),
            (Shape::One, true) => format!("[{name}.{attribute}]"),
            (Shape::When(_) | Shape::WhenLater(_), false) => {
                format!("({name}.{attribute} if {name} else none)")
            }
            (Shape::When(_) | Shape::WhenLater(_), true) => {
                format!("([{name}.{attribute}] if {name} else [])")
            }
            (Shape::Each(keys), false) => format!("{name}['{}'].{attribute}", keys.first()?),
            (Shape::EachLater(_, _), false) => {
                format!("({name} | values | map(attribute='{attribute}') | first | default(none))")
            }
            (Shape::Each(_) | Shape::EachLater(_, _), true) => {
                format!("{name} | values | map(attribute='{attribute}') | list")
            }
        })
    }
}

/// What a file is made of.
#[derive(Default)]
struct Part {
    resources: String,
    outputs: BTreeMap<String, String>,
}

/// Whether an address is one, or of an instance of it.
fn covers(address: &str, instance: &str) -> bool {
    instance.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}
