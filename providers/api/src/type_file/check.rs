//! Whether a type makes sense: its expressions parse and name what there is, its paths lead
//! somewhere, and its flags do not contradict each other.

use aurak_expr::{ExprError, Template, coerce, matches_whole};
use aurak_model::path::Seg;
use aurak_model::schema::{ActionSchema, Immutable, ReplaceOrder};
use aurak_model::{Attribute, Diagnostic, Kind, Path, Span, TypeSchema, address::is_name};

use super::tree::Tree;

/// Keys that mean the same on every resource.
const META_KEYS: [&str; 8] =
    ["type", "for_each", "when", "depends_on", "provider", "lifecycle", "timeouts", "description"];

/// Names in expressions over the planned attributes.
const SELF: &[&str] = &["self"];
/// Names in predicates on a change.
const CHANGE: &[&str] = &["self", "old", "new"];
/// The same in what a list or map holds.
const CHANGE_IN_ITEM: &[&str] = &["self", "old", "new", "item"];
/// Longer than any pattern for a name has to be; compiling one costs time and memory.
const MAX_PATTERN: usize = 1000;

pub(super) fn check(schema: &TypeSchema, tree: &Tree, found: &mut Vec<Diagnostic>) {
    let rotates = schema.attributes.values().any(rotates);
    let mut checker = Checker { schema, found, item: None, rotates };
    checker.names(tree);
    checker.top(tree);
    if let Some(attributes) = tree.get("attributes") {
        for (name, attribute) in &schema.attributes {
            if let Some(entry) = attributes.value.get(name) {
                checker.attribute(name, attribute, &entry.value);
            }
        }
    }
}

struct Checker<'a> {
    schema: &'a TypeSchema,
    found: &'a mut Vec<Diagnostic>,
    /// What the list or map around the attribute holds.
    item: Option<&'a Attribute>,
    /// Whether an attribute is rotated.
    rotates: bool,
}

/// Whether a change of the attribute or of something in it is made by a rotation.
fn rotates(attribute: &Attribute) -> bool {
    attribute.immutable.iter().any(|rule| matches!(rule, Immutable::Rotate | Immutable::RotateWhen(_)))
        || attribute.items.as_deref().is_some_and(rotates)
        || attribute.attributes.values().any(rotates)
}

impl<'a> Checker<'a> {
    fn fail(&mut self, span: Span, summary: impl Into<String>) {
        self.found.push(Diagnostic::error("type_file", summary).at(span, ""));
    }

    fn fail_with_help(&mut self, span: Span, summary: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::error("type_file", summary).at(span, "").help(help));
    }

    fn names(&mut self, tree: &Tree) {
        let name = &self.schema.name;
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() != 2 || !parts.iter().all(|part| is_name(part)) {
            self.fail_with_help(
                place(tree, "name"),
                format!("`{name}` is no name of a type"),
                "write it like `provider.type`",
            );
        }
        let Some(attributes) = tree.get("attributes") else { return };
        for name in self.schema.attributes.keys() {
            let span = attributes.value.get(name).map_or(attributes.span, |entry| entry.span);
            if META_KEYS.contains(&&**name) {
                self.fail(
                    span,
                    format!("`{name}` has a meaning on every resource and cannot be an attribute"),
                );
            } else if !is_name(name) {
                self.fail(span, format!("`{name}` is no name of an attribute"));
            }
        }
    }

    /// What stands at the top of the type. Destructured, so that a new field is not forgotten.
    fn top(&mut self, tree: &Tree) {
        let TypeSchema {
            name: _,
            version,
            description: _,
            attributes: _,
            checks,
            refresh: _,
            collection,
            key,
            within,
            serialise,
            provides,
            requires,
            composite: _,
            preview: _,
            replace,
            always,
            holds_data: _,
            rotate,
            actions,
            timeouts: _,
            usual: _,
            upgrades,
        } = self.schema;
        if *always && key.is_none() {
            let help = "give it a `key`";
            self.fail_with_help(place(tree, "always"), "what is always there is found by its key", help);
        }
        for (name, text) in [("collection", collection), ("key", key), ("serialise", serialise)] {
            if let Some(text) = text {
                self.expression(place(tree, name), text, SELF);
            }
        }
        for (name, texts) in [("provides", provides), ("requires", requires)] {
            for (i, text) in texts.iter().enumerate() {
                self.expression(item_place(tree, name, i), text, SELF);
            }
        }
        for (i, check) in checks.iter().enumerate() {
            let written = item(tree, "checks", i).unwrap_or(tree);
            self.expression(place(written, "that"), &check.that, SELF);
            self.path(place(written, "at"), &check.at);
        }
        for (i, path) in within.iter().enumerate() {
            self.path(item_place(tree, "within", i), path);
        }
        for (name, action) in actions {
            let written = tree.get("actions").map_or(tree, |entry| &entry.value);
            let written = written.get(name).map_or(written, |entry| &entry.value);
            if !is_name(name) {
                self.fail(written.span, format!("`{name}` is no name of an action"));
            }
            let ActionSchema { description: _, args, when, idempotent: _, timeout: _, usual: _ } = action;
            for (arg, text) in args {
                let span = written.get("args").map_or(written.span, |entry| place(&entry.value, arg));
                self.expression(span, text, SELF);
            }
            if let Some(text) = when {
                self.expression(place(written, "when"), text, SELF);
            }
        }
        if let Some(drain) = rotate.as_ref().and_then(|rotate| rotate.drain.as_ref())
            && !actions.contains_key(drain)
        {
            let span = tree.get("rotate").map_or(tree.span, |entry| place(&entry.value, "drain"));
            let help = "say under `actions` what it does";
            self.fail_with_help(span, format!("the type has no action `{drain}`"), help);
        }
        let rotates = self.rotates || *replace == ReplaceOrder::Rotate;
        match rotate {
            None if rotates => self.fail_with_help(
                place(tree, if self.rotates { "attributes" } else { "replace" }),
                "the type does not say how it is rotated",
                "say under `rotate.temporary` what the temporary object differs in",
            ),
            Some(_) if !rotates => self.fail_with_help(
                place(tree, "rotate"),
                "nothing is rotated",
                "say which attributes are: `immutable: rotate`; or `replace: rotate` for all",
            ),
            Some(rotate) => {
                let temporary = tree.get("rotate").and_then(|entry| entry.value.get("temporary"));
                for (path, text) in &rotate.temporary {
                    let span = temporary.map_or(tree.span, |entry| place(&entry.value, path));
                    match Path::parse(path) {
                        Ok(path) => self.path(span, &path),
                        Err(bad) => self.fail(span, bad.to_string()),
                    }
                    self.expression(span, text, SELF);
                }
            }
            None => {}
        }
        let mut before = 0;
        for (i, upgrade) in upgrades.iter().enumerate() {
            let span = item_place(tree, "upgrades", i);
            if upgrade.from <= before || upgrade.from >= *version {
                self.fail(
                    span,
                    format!(
                        "an upgrade from version {}: they go up one by one and end below {version}",
                        upgrade.from
                    ),
                );
            }
            before = upgrade.from;
            for (old, new) in &upgrade.rename {
                for path in [old, new] {
                    match Path::parse(path) {
                        Ok(path) if path.0.iter().all(|seg| matches!(seg, Seg::Key(_))) => {}
                        Ok(path) => self.fail(span, format!("`{path}`: only keys of maps can be renamed")),
                        Err(bad) => self.fail(span, bad.to_string()),
                    }
                }
            }
        }
    }

    /// An attribute and all below it. Destructured, so that a new field is not forgotten.
    fn attribute(&mut self, name: &str, attribute: &'a Attribute, tree: &Tree) {
        let Attribute {
            kind,
            description: _,
            required,
            computed,
            optional,
            default,
            absent,
            server_default,
            sensitive,
            sensitive_when,
            no_secrets,
            write_only,
            volatile,
            immutable,
            changes_with,
            case_insensitive,
            set,
            keyed_by,
            additive,
            yields_when,
            normal,
            allowed,
            pattern,
            example,
            minimum,
            maximum,
            items,
            attributes,
            open,
        } = attribute;
        let list = *kind == Kind::List;
        let map = *kind == Kind::Map;
        let object = *kind == Kind::Object;
        let text = *kind == Kind::String;
        let contradictions: [(bool, &str, &str); 28] = [
            (
                absent.is_some() && (list || map || object || *kind == Kind::Any),
                "absent",
                "that something is not there means a boolean, a number or text",
            ),
            (absent.is_some() && *write_only, "absent", "what never comes back is always left out"),
            (*required && *computed, "computed", "`required` and `computed` contradict each other"),
            (*required && default.is_some(), "default", "what has a default is not `required`"),
            (*required && *server_default, "server_default", "what has a default is not `required`"),
            (*server_default && default.is_some(), "default", "there is one default, ours or the service's"),
            (*computed && default.is_some(), "default", "what is computed has no default"),
            (*optional && !*computed, "optional", "`optional` says only something beside `computed`"),
            (*write_only && *computed, "write_only", "what never comes back is not computed"),
            (
                *volatile && !*computed,
                "volatile",
                "only what is computed is read on use: `volatile` needs `computed`",
            ),
            (
                *computed && !*optional && !immutable.is_empty(),
                "immutable",
                "nobody can change what is only computed",
            ),
            (
                !changes_with.is_empty() && !*computed,
                "changes_with",
                "only what is computed is computed again",
            ),
            (*sensitive && sensitive_when.is_some(), "sensitive_when", "it is always `sensitive`"),
            (*sensitive && *no_secrets, "no_secrets", "it is `sensitive` itself"),
            (*set && !list, "set", "only a list can be a `set`"),
            (keyed_by.is_some() && !list, "keyed_by", "only a list can be told apart by a key"),
            (*set && keyed_by.is_some(), "set", "a list is a `set` or has keys, not both"),
            (*additive && !list && !map && !object, "additive", "only a list or a map can be `additive`"),
            (
                *case_insensitive && !text && !list && !map,
                "case_insensitive",
                "only text and keys have upper and lower case",
            ),
            (normal.is_some() && !text, "normal", "only text has a normal form"),
            (!allowed.is_empty() && !text, "enum", "an `enum` lists texts"),
            (pattern.is_some() && !text, "pattern", "only text can match a pattern"),
            (example.is_some() && pattern.is_none(), "example", "an example is one of a `pattern`"),
            (
                (minimum.is_some() || maximum.is_some()) && (*kind == Kind::Boolean || *kind == Kind::Any),
                if minimum.is_some() { "minimum" } else { "maximum" },
                "only numbers, texts, lists and maps have bounds",
            ),
            (
                minimum.zip(*maximum).is_some_and(|(min, max)| min > max),
                "minimum",
                "`minimum` is above `maximum`",
            ),
            (items.is_some() && !list && !map, "items", "only a list or a map has `items`"),
            (!attributes.is_empty() && !object, "attributes", "only an object has `attributes`"),
            (*open && !object, "open", "only an object can be `open`"),
        ];
        for (wrong, key, why) in contradictions {
            if wrong {
                self.fail(place(tree, key), format!("`{name}`: {why}"));
            }
        }
        if let (Some(key), true, Some(items)) = (keyed_by, list, items)
            && !items.attributes.contains_key(key)
        {
            self.fail(place(tree, "keyed_by"), format!("`{name}`: its items have no `{key}`"));
        }
        if keyed_by.is_some() && list && items.is_none() {
            self.fail(place(tree, "keyed_by"), format!("`{name}`: say under `items` what it holds"));
        }
        match pattern {
            Some(pattern) if pattern.len() > MAX_PATTERN => {
                self.fail(
                    place(tree, "pattern"),
                    format!("`{name}`: the pattern is too long: {MAX_PATTERN} bytes at most"),
                );
            }
            Some(pattern) => {
                if let Err(why) = matches_whole(pattern, "") {
                    self.fail(place(tree, "pattern"), format!("`{name}`: the pattern is broken: {why}"));
                } else if let Some(example) =
                    example.as_ref().filter(|e| matches_whole(pattern, e) == Ok(false))
                {
                    let message = format!("`{name}`: the example `{example}` does not match the pattern");
                    self.fail(place(tree, "example"), message);
                }
            }
            None => {}
        }
        for (key, what, value) in
            [("default", "the default", default), ("absent", "what absence means", absent)]
        {
            if let Some(value) = value
                && let Err(error) = coerce(value, None, attribute)
            {
                self.fail(place(tree, key), format!("`{name}`: {what} does not fit: {}", error.message));
            }
        }
        for (i, path) in changes_with.iter().enumerate() {
            self.path(item_place(tree, "changes_with", i), path);
        }
        let change = if self.item.is_some() { CHANGE_IN_ITEM } else { CHANGE };
        for (key, text, names) in
            [("yields_when", yields_when, change), ("sensitive_when", sensitive_when, SELF)]
        {
            if let Some(text) = text {
                self.expression(place(tree, key), text, names);
            }
        }
        for (i, rule) in immutable.iter().enumerate() {
            let span = rule_place(tree, i);
            if let Some(when) = rule.when() {
                self.expression(span, when, change);
            } else if i + 1 < immutable.len() {
                self.fail(span, format!("`{name}`: this rule always holds, so what follows it never counts"));
            }
        }
        if let (Some(items), Some(entry)) = (items, tree.get("items")) {
            let around = self.item.replace(items);
            self.attribute(&format!("{name}[*]"), items, &entry.value);
            self.item = around;
        }
        if let Some(entries) = tree.get("attributes") {
            for (key, below) in attributes {
                if let Some(entry) = entries.value.get(key) {
                    self.attribute(&format!("{name}.{key}"), below, &entry.value);
                }
            }
        }
    }

    /// A path from the top of the type leads to an attribute.
    fn path(&mut self, span: Span, path: &Path) {
        if path.is_root() {
            self.fail(span, "an empty path");
        } else if let Some(missing) = missing(self.schema, path) {
            let names: Vec<&str> = self.schema.attributes.keys().map(|name| &**name).collect();
            let summary = format!("`{path}`: the type has no `{missing}`");
            match path.0.first() {
                Some(Seg::Key(first)) if path.0.len() == 1 => match aurak_expr::suggest(first, &names) {
                    Some(meant) => self.fail_with_help(span, summary, format!("did you mean `{meant}`?")),
                    None => self.fail(span, summary),
                },
                _ => self.fail(span, summary),
            }
        }
    }

    /// An expression parses, and what it reads of `self` is there.
    fn expression(&mut self, span: Span, text: &str, names: &[&str]) {
        let template = match Template::expression(text) {
            Ok(template) => template,
            Err(ExprError { message, help, .. }) => {
                let diagnostic = Diagnostic::error("type_file", format!("`{text}`: {message}")).at(span, "");
                self.found.push(Diagnostic { help, ..diagnostic });
                return;
            }
        };
        for reference in template.references() {
            if !names.contains(&reference.root.as_str()) {
                self.fail_with_help(
                    span,
                    format!("`{text}`: there is no `{}` here", reference.root),
                    format!(
                        "there is {}",
                        names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
                    ),
                );
            } else if !reference.path.is_empty() {
                let path = Path(reference.path.iter().map(|key| Seg::Key(key.as_str().into())).collect());
                let (owner, missing) = match (reference.root.as_str(), self.item) {
                    ("self", _) => ("the type", missing(self.schema, &path)),
                    ("item", Some(item)) => ("the item", missing_below(item, Path::root(), &path.0)),
                    _ => continue,
                };
                if let Some(missing) = missing {
                    self.fail(span, format!("`{text}`: {owner} has no `{missing}`"));
                }
            }
        }
    }
}

/// The part of a path that the type does not know. Below free-form data everything is possible.
fn missing(schema: &TypeSchema, path: &Path) -> Option<Path> {
    let (first, rest) = path.0.split_first()?;
    let so_far = Path(vec![first.clone()]);
    let Seg::Key(name) = first else { return Some(so_far) };
    let Some(attribute) = schema.attributes.get(name) else { return Some(so_far) };
    missing_below(attribute, so_far, rest)
}

/// The same from an attribute on, whose own path is `so_far`.
fn missing_below(mut attribute: &Attribute, mut so_far: Path, rest: &[Seg]) -> Option<Path> {
    for seg in rest {
        so_far.0.push(seg.clone());
        // An expression steps into a list by a key of digits.
        let below = match (attribute.kind, seg) {
            (Kind::List, _) => attribute.items.as_deref(),
            _ => attribute.below(seg),
        };
        match below {
            Some(below) => attribute = below,
            None if attribute.kind == Kind::Any || attribute.open => return None,
            None if matches!(attribute.kind, Kind::List | Kind::Map) && attribute.items.is_none() => {
                return None;
            }
            None => return Some(so_far),
        }
    }
    None
}

/// Where the value of a key stands.
fn place(tree: &Tree, key: &str) -> Span {
    tree.get(key).map_or(tree.span, |entry| match entry.value.span.len {
        0 => entry.span,
        _ => entry.value.span,
    })
}

/// An item of a list.
fn item<'t>(tree: &'t Tree, key: &str, index: usize) -> Option<&'t Tree> {
    tree.get(key)?.value.item(index)
}

/// Where an item of a list stands.
fn item_place(tree: &Tree, key: &str, index: usize) -> Span {
    match item(tree, key, index) {
        Some(item) if item.span.len > 0 => item.span,
        _ => place(tree, key),
    }
}

/// Where a rule of `immutable` stands: its expression, where it has one.
fn rule_place(tree: &Tree, index: usize) -> Span {
    let rule = match item(tree, "immutable", index) {
        Some(rule) => rule,
        None => tree.get("immutable").map_or(tree, |entry| &entry.value),
    };
    let expression = ["when", "rotate_when", "refused"].into_iter().find_map(|key| rule.get(key));
    match expression {
        Some(entry) if entry.value.get("when").is_some() => place(&entry.value, "when"),
        Some(entry) if entry.value.span.len > 0 => entry.value.span,
        Some(entry) => entry.span,
        None => item_place(tree, "immutable", index),
    }
}
