//! What the configuration of a scenario says, read as plain YAML by nobody who plans.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::Address;

use super::stage::Stage;

/// What the configuration says in plain words of what is protected, renamed and let go.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) blocks: BTreeMap<String, Block>,
    /// The blocks that the text of each names.
    pub(super) names: BTreeMap<String, BTreeSet<String>>,
    pub(super) moved: Vec<(String, String)>,
    pub(super) removed: Vec<(String, bool)>,
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) type_name: String,
    pub(super) prevent_destroy: bool,
    pub(super) retain: bool,
    /// It may keep what it does not say: changes are ignored, or it takes over what is there.
    pub(super) keeps: bool,
    /// It stands for one instance, whatever is known when.
    pub(super) single: bool,
    /// It may have no instance.
    pub(super) conditional: bool,
}

impl Config {
    pub(super) fn read(stage: &Stage) -> Config {
        let mut config = Config::default();
        let yaml = |path: &str| {
            let bytes = stage.sources.files.get(path)?;
            serde_yaml::from_slice::<serde_json::Value>(bytes).ok()
        };
        let Some(root) = yaml("aurak.yaml") else { return config };
        config.add("", &root, "");
        let providers = root.get("providers").map(ToString::to_string).unwrap_or_default();
        let inside: Vec<String> = config.blocks.keys().cloned().collect();
        for block in inside {
            config.name(&block, "", &providers);
        }
        config.modules("", "", &root, &providers, &yaml);
        config
    }

    /// The modules that a file calls; `around` is all that was said in the calls around it.
    fn modules(
        &mut self,
        prefix: &str,
        around: &str,
        document: &serde_json::Value,
        providers: &str,
        yaml: &impl Fn(&str) -> Option<serde_json::Value>,
    ) {
        for (name, call) in entries(document, "modules") {
            let source = call.get("source").and_then(|source| source.as_str()).unwrap_or_default();
            let path = format!("{}/module.yaml", source.trim_start_matches(['.', '/']));
            let Some(module) = yaml(&path) else { continue };
            let address = format!("{prefix}{name}");
            let around = format!("{around}{call}");
            self.add(&format!("{address}."), &module, &(around.clone() + providers));
            // What a module gives out.
            let outputs = module.get("outputs").map(ToString::to_string).unwrap_or_default();
            self.name(&address, &format!("{address}."), &outputs);
            self.modules(&format!("{address}."), &around, &module, providers, yaml);
        }
    }

    /// Notes which blocks a text names, seen from a module.
    fn name(&mut self, block: &str, prefix: &str, text: &str) {
        let named = self.names.entry(block.to_string()).or_default();
        for part in expressions(text) {
            let words = part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            named.extend(words.map(|word| format!("{prefix}{word}")));
        }
    }

    fn add(&mut self, prefix: &str, document: &serde_json::Value, call: &str) {
        for (name, block) in entries(document, "resources") {
            let address = format!("{prefix}{name}");
            self.name(&address, prefix, &block.to_string());
            self.name(&address, "", call);

            let says = |word: &str| {
                let said = block.pointer(&format!("/lifecycle/{word}"));
                said.and_then(serde_json::Value::as_bool).unwrap_or(false)
            };
            let (prevent_destroy, retain) = (says("prevent_destroy"), says("retain"));
            let keeps = ["ignore_changes", "adopt"]
                .iter()
                .any(|word| block.pointer(&format!("/lifecycle/{word}")).is_some());
            let keeps = keeps || document.get("imports").is_some();
            let conditional = block.get("when").is_some();
            let single = prefix.is_empty() && block.get("for_each").is_none() && !conditional;
            let type_name = block.get("type").and_then(|name| name.as_str()).unwrap_or_default().to_string();
            let block = Block { type_name, prevent_destroy, retain, keeps, single, conditional };
            self.blocks.insert(format!("{prefix}{name}"), block);
        }
        let list =
            |name: &str| document.get(name).and_then(|list| list.as_array()).cloned().unwrap_or_default();
        for entry in list("moved") {
            let text = |name: &str| {
                entry.get(name).and_then(|text| text.as_str()).map(|text| format!("{prefix}{text}"))
            };
            self.moved.extend(text("from").zip(text("to")));
        }
        for entry in list("removed") {
            let address = entry.get("address").and_then(|text| text.as_str()).unwrap_or_default();
            let destroy = entry.get("destroy").and_then(serde_json::Value::as_bool).unwrap_or(true);
            self.removed.push((format!("{prefix}{address}"), destroy));
        }
    }

    /// The block of an address, also where it is to be renamed. Parts of composites stand for it.
    pub(super) fn block(&self, address: &Address) -> Option<&Block> {
        let mut name = plain(address.as_str());
        if let Some(block) = self.blocks.get(&name) {
            return Some(block);
        }
        // One rename after another: the newer ones stand behind.
        for (from, to) in &self.moved {
            let rest = name.strip_prefix(&plain(from));
            let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('.')) else { continue };
            name = plain(to) + rest;
            if let Some(block) = self.blocks.get(&name) {
                return Some(block);
            }
        }
        None
    }

    pub(super) fn lets_go(&self, address: &Address) -> bool {
        self.removal(address) == Some(false)
    }

    pub(super) fn takes(&self, address: &Address) -> bool {
        self.removal(address) == Some(true)
    }

    fn removal(&self, address: &Address) -> Option<bool> {
        let under = |address: &str, entry: &str| {
            let rest = address.strip_prefix(entry)?;
            (rest.is_empty() || rest.starts_with(['.', '[', '/'])).then(|| rest.to_string())
        };
        // By the name that it has, or by any that the renames give it.
        let mut names = vec![address.as_str().to_string()];
        for (from, to) in &self.moved {
            if let Some(rest) = names.last().and_then(|name| under(name, from)) {
                names.push(format!("{to}{rest}"));
            }
        }
        let covers = |entry: &str| names.iter().any(|name| under(name, entry).is_some());
        // Where one says that it stays, it stays.
        self.removed.iter().filter(|(entry, _)| covers(entry)).map(|(_, destroy)| *destroy).min()
    }
}

/// What of a text in JSON can name a block: expressions, and what says a name in plain.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0));
    let plain = ["\"depends_on\":", "\"deleted_with\":", "\"provider\":", "\"providers\":"];
    let named = plain.into_iter().flat_map(move |key| {
        text.split(key).skip(1).map(|rest| rest.split(['}', ':']).next().unwrap_or_default())
    });
    inside.chain(named)
}

/// An address without keys and without a child.
pub(super) fn plain(address: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in address.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            '/' if !inside => break,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

fn entries<'a>(
    document: &'a serde_json::Value,
    section: &str,
) -> impl Iterator<Item = (&'a String, &'a serde_json::Value)> {
    document.get(section).and_then(|section| section.as_object()).into_iter().flatten()
}
